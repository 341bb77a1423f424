"""Reading and writing project files."""

import json
import os

from dpiat_gui.errors import ProjectError
from dpiat_gui.files import write_whole
from dpiat_gui.project.plain import parse_plain, read_plain
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
    return parse_project(
        read_plain(path, "project", f"A project is a small JSON file that ends in {SUFFIX}.")
    )


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
    return from_record(parse_plain(data, "project", f"A project ends in {SUFFIX}."))
