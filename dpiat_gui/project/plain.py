"""Small JSON files that anybody may have written: read with care, before anything is made of them."""

import json
import os
from pathlib import Path
from typing import Any

from dpiat_gui.errors import ProjectError

MAX_BYTES = 64 * 2**20
"""No file of this program comes near it; a larger one is something else, and is not read into memory."""
_MEND = "Open a saved copy, or mend the file in a text editor."


def read_plain(path: str | os.PathLike[str], what: str, hint: str) -> bytes:
    """Return the bytes of a small file.

    Parameters
    ----------
    path
        The file.
    what
        What it should hold, for errors: ``project``.
    hint
        How such a file is known.

    Raises
    ------
    ProjectError
        If it is missing, no file, unreadable or too large.
    """
    file = Path(path)
    try:
        if file.is_dir():
            raise ProjectError(f"{file} is a folder.", f"Choose a file. {hint}")
        if not file.is_file():
            raise ProjectError(f"There is no {what} {file}.", "Check the name and the folder.")
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except PermissionError as error:
        raise ProjectError(
            f"No permission to read {file}.", "Ask its owner, or choose another file."
        ) from error
    except (OSError, ValueError) as error:
        raise ProjectError(f"{file} cannot be read: {error}.", "Choose another file.") from error
    if len(data) > MAX_BYTES:
        raise ProjectError(f"{file} is too large to be a {what}.", hint)
    return data


def parse_plain(data: bytes, what: str, hint: str) -> object:
    """Return the JSON value that bytes stand for; each key once, numbers finite, nothing too deep.

    Raises
    ------
    ProjectError
        If they are no such JSON; the message says where it goes wrong.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProjectError(f"The file is not a {what} of this program: it is not text.", hint) from error
    try:
        return json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_each_key_once
        )
    except json.JSONDecodeError as error:
        raise ProjectError(
            f"The {what} is damaged or cut off at line {error.lineno}, column {error.colno}: {error.msg}.",
            _MEND,
        ) from error
    except (ValueError, RecursionError) as error:
        raise ProjectError(
            f"The {what} is damaged: it holds a number too long or is nested too deeply.", _MEND
        ) from error


def _refuse_constant(name: str) -> None:
    raise ProjectError(f"The file holds {name}, which is no number.", f"Replace {name} in the file.")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ProjectError(f"The file holds a number too large: {text[:40]}.", "Replace it in the file.")
    return value


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ProjectError(f"The file gives the field {key[:40]!r} twice.", "Remove one of them.")
            seen.add(key)
    return record
