"""Overrides in a file of their own: made for one pair of networks, to be applied to another."""

import json
import os
from dataclasses import dataclass, field
from typing import Any

from dpiat_gui.errors import ProjectError
from dpiat_gui.files import write_whole
from dpiat_gui.matching.values import Overrides
from dpiat_gui.project.plain import parse_plain, read_plain
from dpiat_gui.project.records import check_depth, from_record, override_records, read_overrides

FORMAT = "dpiat-overrides"
"""What the field ``format`` says; by it such a file is known from any other JSON."""
VERSION = 1
"""The version this program writes; newer ones are refused."""
SUFFIX = ".overrides.json"
MAX_OVERRIDES = 100_000
"""No person makes as many; a longer list is a mistake, and would only hold up the window."""
_HINT = f"Overrides are exported to a small JSON file, such as NAME{SUFFIX}."
_WHAT = "list of overrides"


@dataclass(frozen=True)
class OverrideList:
    """Overrides by path, with a word on where they were made.

    Parameters
    ----------
    overrides, disabled
        Those that count, and those that are switched off.
    source, target
        Names of the networks they were made for, for a person to read.
    """

    overrides: Overrides = field(default_factory=Overrides)
    disabled: Overrides = field(default_factory=Overrides)
    source: str = ""
    target: str = ""


def save_overrides(listed: OverrideList, path: str | os.PathLike[str]) -> None:
    """Write overrides to a file, whole or not at all.

    Raises
    ------
    ExportError
        If the file cannot be written.
    """
    with write_whole(path) as stream:
        stream.write(dump_overrides(listed))


def dump_overrides(listed: OverrideList) -> bytes:
    """Return the bytes of the file: JSON, indented; equal lists give equal bytes."""
    record = {
        "format": FORMAT,
        "version": VERSION,
        "source": listed.source,
        "target": listed.target,
        **override_records(listed.overrides),
        "disabled": override_records(listed.disabled),
    }
    text = json.dumps(record, ensure_ascii=False, indent=2)
    try:
        return f"{text}\n".encode()
    except UnicodeEncodeError:
        # A name whose bytes are not UTF-8 arrives as lone surrogates, which only escapes can carry.
        return f"{json.dumps(record, indent=2)}\n".encode()


def load_overrides(path: str | os.PathLike[str]) -> OverrideList:
    """Read overrides that were exported, or those of a project file.

    Raises
    ------
    ProjectError
        If the file is missing, unreadable, damaged, newer, or holds something else.
    """
    return parse_overrides(read_plain(path, _WHAT, _HINT))


def parse_overrides(data: bytes) -> OverrideList:
    """Return the overrides that the bytes of a file stand for.

    Raises
    ------
    ProjectError
        As `load_overrides`.
    """
    record = parse_plain(data, _WHAT, _HINT)
    if not isinstance(record, dict) or record.get("format") not in (FORMAT, "dpiat-project"):
        raise ProjectError("The file holds no overrides of this program.", _HINT)
    if record["format"] != FORMAT:
        return _of_project(record)
    version = record.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ProjectError("The file has no version that makes sense.", _HINT)
    if version > VERSION:
        raise ProjectError(
            f"The overrides were exported by a newer program: version {version}; "
            f"this one reads up to {VERSION}.",
            "Update this program, or export them again from the one they came from.",
        )
    check_depth(record)
    ignored: dict[str, Any] = {}
    off = record.get("disabled")
    if off is not None and not isinstance(off, dict):
        raise ProjectError("The file has a field that makes no sense: disabled.", "It must be an object.")
    overrides = read_overrides(record, ignored, "overrides")
    disabled = read_overrides(off or {}, ignored, "disabled")
    if len(overrides) + len(disabled) > MAX_OVERRIDES:
        raise ProjectError(f"The file holds more than {MAX_OVERRIDES:,} overrides.", _HINT)
    return OverrideList(overrides, disabled, _name(record, "source"), _name(record, "target"))


def _of_project(record: dict[str, Any]) -> OverrideList:
    project = from_record(record)
    names = [side.name or side.reference if side else "" for side in (project.source, project.target)]
    return OverrideList(project.overrides, project.disabled, *names)


def _name(record: dict[str, Any], side: str) -> str:
    value = record.get(side, "")
    return value if isinstance(value, str) else ""
