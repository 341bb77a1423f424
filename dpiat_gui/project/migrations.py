"""Old project files are brought up to date step by step; newer ones are refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dpiat_gui.errors import ProjectError

Record = dict[str, Any]

VERSION = 2
"""The version this program writes.

A new option of the matching or the transfer needs no new version if files without it mean what
its preset says; it needs one, and a step that writes the old behaviour, if they do not.
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One step from a version to the next.

    Parameters
    ----------
    before, after
        The versions the step leads from and to; ``after == before + 1``.
    change
        Takes a whole record of the older version and returns one of the newer. It may change
        the record it is given, must keep keys it does not know, and need not set ``version``.
    """

    before: int
    after: int
    change: Callable[[Record], Record]


def _with_disabled(record: Record) -> Record:
    """Give the overrides a place for those that are switched off; before, every one counted.

    What stood there under this name meant nothing to version 1, and is handed on beside it.
    """
    overrides = record.get("overrides")
    if overrides is None:
        overrides = record["overrides"] = {}
    if not isinstance(overrides, dict):
        return record  # the reader says what is wrong with it
    if "disabled" in overrides:
        overrides["disabled (version 1)"] = overrides["disabled"]
    overrides["disabled"] = {"pins": [], "bans": [], "fresh": []}
    return record


STEPS: tuple[Step, ...] = (Step(1, 2, _with_disabled),)
"""Every step there is."""


def migrate(record: Mapping[str, Any], *, steps: Sequence[Step] = STEPS, version: int = VERSION) -> Record:
    """Return `record` as a record of `version`.

    Parameters
    ----------
    record
        A whole project record with an integer under ``version``; it is not changed itself.
    steps
        The steps to choose from.
    version
        The version to arrive at.

    Raises
    ------
    ProjectError
        If the record is newer than `version`, no chain of steps leads there, or a step
        stumbles over the record.
    """
    at: int = record["version"]
    if at > version:
        raise ProjectError(
            f"The project was saved by a newer program: version {at}; this one reads up to {version}.",
            "Update this program, or save the project again from the one it came from.",
        )
    by_start = {step.before: step for step in steps}
    current = dict(record)
    while at < version:
        step = by_start.get(at)
        if step is None:
            raise ProjectError(
                f"The project has version {at}, and nothing leads from there to version {version}.",
                "Check the field version.",
            )
        try:
            current = step.change(_copy(current))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise ProjectError(
                f"The project could not be brought from version {step.before} to {step.after}.",
                "The file is damaged, or was changed by hand; a saved copy may still open.",
            ) from error
        at = step.after
        current["version"] = at
    return current


def _copy(value: Any) -> Any:
    """Return a deep copy of plain JSON, so that a step cannot change what it was given."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value
