"""Reading and writing project files."""

import json
import os
from pathlib import Path
from typing import Any

from dpiat_gui.errors import ProjectError
from dpiat_gui.files import write_whole
from dpiat_gui.project.records import FORMAT, from_record, to_record
from dpiat_gui.project.values import SUFFIX, NetworkRecord, Project

__all__ = [
    "FORMAT",
    "SUFFIX",
    "NetworkRecord",
    "Project",
    "dump_project",
    "load_project",
    "parse_project",
    "save_project",
]

MAX_BYTES = 64 * 2**20
"""No project comes near it; a larger file is something else, and is not read into memory."""


def save_project(project: Project, path: str | os.PathLike[str]) -> None:
    """Write the project, whole or not at all; the same project gives the same bytes.

    Raises
    ------
    ExportError
        If the file cannot be written.
    ProjectError
        If `Project.view` or `Project.extra` holds what JSON cannot.
    """
    data = dump_project(project)
    with write_whole(path) as stream:
        stream.write(data)


def load_project(path: str | os.PathLike[str]) -> Project:
    """Read a project file of this version or an older one.

    Raises
    ------
    ProjectError
        If the file is missing, unreadable, damaged or newer; the hint names the field.
    """
    return parse_project(_read(Path(path)))


def dump_project(project: Project) -> bytes:
    """Return the bytes of the project's file: JSON, indented, UTF-8."""
    try:
        text = json.dumps(to_record(project), ensure_ascii=False, indent=2, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ProjectError(
            "The project holds a value that a project file cannot.", "It came from the state of the window."
        ) from error
    try:
        return f"{text}\n".encode()
    except UnicodeEncodeError:
        # A path whose bytes are not UTF-8 arrives as lone surrogates, which only escapes can carry.
        return f"{json.dumps(to_record(project), indent=2, allow_nan=False)}\n".encode()


def parse_project(data: bytes) -> Project:
    """Return the project that the bytes of a file stand for.

    Raises
    ------
    ProjectError
        As `load_project`.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProjectError(
            "The file is not a project of this program: it is not text.", f"A project ends in {SUFFIX}."
        ) from error
    try:
        record = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_each_key_once
        )
    except json.JSONDecodeError as error:
        raise ProjectError(
            f"The project is damaged or cut off at line {error.lineno}, column {error.colno}: {error.msg}.",
            "Open a saved copy, or mend the file in a text editor.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise ProjectError(
            "The project is damaged: it holds a number too long or is nested too deeply.",
            "Open a saved copy, or mend the file in a text editor.",
        ) from error
    return from_record(record)


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ProjectError(f"{path} is a folder.", f"Choose a file that ends in {SUFFIX}.")
        if not path.is_file():
            raise ProjectError(f"There is no project {path}.", "Check the name and the folder.")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except PermissionError as error:
        raise ProjectError(
            f"No permission to read {path}.", "Ask its owner, or choose another file."
        ) from error
    except (OSError, ValueError) as error:
        raise ProjectError(f"{path} cannot be read: {error}.", "Choose another file.") from error
    if len(data) > MAX_BYTES:
        raise ProjectError(
            f"{path} is too large to be a project.", f"A project is a small JSON file that ends in {SUFFIX}."
        )
    return data


def _refuse_constant(name: str) -> None:
    raise ProjectError(f"The project holds {name}, which is no number.", f"Replace {name} in the file.")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ProjectError(f"The project holds a number too large: {text[:40]}.", "Replace it in the file.")
    return value


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ProjectError(f"The project gives the field {key[:40]!r} twice.", "Remove one of them.")
            seen.add(key)
    return record
