"""What the window's process and the engine say to each other: one JSON object a line.

To the engine::

    {"id": 7, "do": "transfer", "request": {...}}    a request
    {"cancel": 7}                                    stop that request, if it is not over
    {"shutdown": true}                               leave

From the engine::

    {"hello": {"version": ..., "pid": ...}}          once, before anything heavy is imported
    {"ready": {"torch": ..., "timm": ..., ...}}      once, when torch is loaded
    {"id": 7, "progress": {"done", "total", "text"}}
    {"id": 7, "done": {...}}                         exactly one of these three
    {"id": 7, "failed": {"message", "hint", "kind", "trace", "details"}}
    {"id": 7, "cancelled": true}

Requests and answers are plain values; nothing is ever pickled.
"""

import json
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dpiat_gui.errors
from dpiat_gui.errors import Cancelled, DpiatError, EngineError
from dpiat_gui.transfer.values import Progress

__all__ = [
    "PROTOCOL_VERSION",
    "Failure",
    "Plain",
    "Progress",
    "RemoteTrace",
    "Request",
    "decode",
    "encode",
    "error_from_json",
    "failure_of",
    "failure_to_json",
    "progress_from_json",
    "progress_to_json",
    "request_line",
    "request_of",
]

Plain = dict[str, Any]

PROTOCOL_VERSION = 1
_TRACE_LINES = 12


@dataclass(frozen=True, slots=True)
class Request:
    """One thing the engine is asked to do.

    Parameters
    ----------
    number
        The request's number, unique in the life of a client.
    operation
        Name of the operation: ``describe``, ``transfer`` ...
    values
        Its plain values.
    """

    number: int
    operation: str
    values: Plain = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request failed, in plain values.

    Parameters
    ----------
    message, hint
        As of a `DpiatError`.
    kind
        Name of the error's class.
    trace
        The end of the traceback for an error nobody foresaw, else ``""``.
    details
        Other plain attributes of the error.
    """

    message: str
    hint: str = ""
    kind: str = "EngineError"
    trace: str = ""
    details: Plain = field(default_factory=dict)


class RemoteTrace(Exception):  # noqa: N818 - carries a trace, is never raised by itself
    """The traceback of an error in another process, as the cause of the error it became here."""


def encode(message: Mapping[str, Any]) -> bytes:
    """Return a message as one line of UTF-8 JSON.

    Raises
    ------
    TypeError
        If it holds anything but plain values.
    """
    return json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> Plain:
    """Return the message of one line.

    Raises
    ------
    ValueError
        If the line is not a JSON object.
    """
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("a message is a JSON object")
    return message


def request_line(request: Request) -> bytes:
    """Return the line that asks for `request`."""
    return encode({"id": request.number, "do": request.operation, "request": request.values})


def request_of(message: Plain) -> Request:
    """Return the request a message asks for.

    Raises
    ------
    ValueError
        If a part is missing or of the wrong type.
    """
    number, operation, values = message.get("id"), message.get("do"), message.get("request", {})
    if not isinstance(number, int) or not isinstance(operation, str) or not isinstance(values, dict):
        raise ValueError("a request has an id, a name and plain values")
    return Request(number, operation, values)


def progress_to_json(progress: Any) -> Plain:
    """Return a progress (anything with done, total and text) as plain values."""
    return {"done": int(progress.done), "total": int(progress.total), "text": str(progress.text)}


def progress_from_json(values: Plain) -> Progress:
    """Return the progress of plain values, 0 of 0 where they make no sense."""
    try:
        return Progress(int(values["done"]), int(values["total"]), str(values.get("text", "")))
    except (KeyError, TypeError, ValueError):
        return Progress(0, 0)


def failure_of(error: BaseException) -> Failure:
    """Say in plain values why a job failed.

    Parameters
    ----------
    error
        What was raised. A `DpiatError` speaks for itself; anything else was not foreseen, so
        that the end of its trace comes along.
    """
    if isinstance(error, DpiatError):
        known = ("message", "hint")
        details = {name: value for name, value in vars(error).items() if name not in known}
        return Failure(error.message, error.hint, _known_kind(type(error)), _cause(error), _plain(details))
    trace = _short_trace(error)
    if isinstance(error, MemoryError):
        return Failure(
            "There is not enough memory for this.",
            "Close other programs, or choose smaller networks; nothing was written.",
            trace=trace,
        )
    if isinstance(error, RecursionError):
        return Failure(
            "The network is nested too deeply, or its code calls itself without end.",
            "Look at the trace to see where.",
            trace=trace,
        )
    if isinstance(error, SystemExit):
        return Failure(
            "The network's code asked the program to exit.",
            "Guard what it runs on import with `if __name__ == '__main__':`.",
            trace=trace,
        )
    return Failure(
        f"{type(error).__name__}: {error}".strip().removesuffix(":"),
        "This was not foreseen; the details show where it happened.",
        trace=trace,
    )


def failure_to_json(failure: Failure) -> Plain:
    """Return a failure as plain values."""
    return {
        "message": failure.message,
        "hint": failure.hint,
        "kind": failure.kind,
        "trace": failure.trace,
        "details": failure.details,
    }


def error_from_json(values: Plain) -> DpiatError:
    """Return the error that a failed answer stands for; its trace becomes its cause."""
    kind = getattr(dpiat_gui.errors, str(values.get("kind", "")), None)
    if not (isinstance(kind, type) and issubclass(kind, DpiatError)) or kind is Cancelled:
        kind = EngineError
    error = kind(str(values.get("message") or "The job failed."), str(values.get("hint") or ""))
    details = values.get("details")
    if isinstance(details, dict):
        vars(error).update(details)
    if values.get("trace"):
        error.__cause__ = RemoteTrace(str(values["trace"]))
    return error


def _known_kind(kind: type[DpiatError]) -> str:
    """Name the nearest class that the other side can make again."""
    known = (base for base in kind.__mro__ if getattr(dpiat_gui.errors, base.__name__, None) is base)
    return next(known, DpiatError).__name__


def _plain(values: Plain) -> Plain:
    """Keep what JSON can carry."""
    kept: Plain = {}
    for name, value in values.items():
        try:
            json.dumps(value)
        except (TypeError, ValueError, RecursionError):
            value = str(value)
        kept[name] = value
    return kept


def _cause(error: DpiatError) -> str:
    return _short_trace(error.__cause__) if error.__cause__ is not None else ""


def _short_trace(error: BaseException) -> str:
    """Return the end of the traceback: who called is less telling than what broke."""
    try:
        frames = traceback.format_tb(error.__traceback__, limit=-6)
        text = "".join(frames) + "".join(traceback.format_exception_only(error))
    except (MemoryError, RecursionError, ValueError):
        return type(error).__name__
    lines = text.rstrip().splitlines()
    return "\n".join(lines[-_TRACE_LINES:])
