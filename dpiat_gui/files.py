"""Files are written whole or not at all."""

import errno
import glob
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from dpiat_gui.errors import ExportError, WriteError

if sys.platform != "win32":
    import fcntl


@contextmanager
def write_whole(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `path` that takes its place when the block ends well.

    The bytes are flushed to the disk before the rename. If the block raises, or the disk is
    full, the temporary file is removed and whatever stood at `path` stays as it was. What a
    killed process left behind (``.NAME.xxxxxxxx.part``) is removed when `path` is written next. Where
    `path` is a link, the file that it leads to is written.

    Raises
    ------
    ExportError
        If the folder is missing or cannot be written, or the disk is full.
    """
    goal = followed(Path(path))
    try:
        remove_leftovers(goal)
        handle, name = make_part(goal)
    except OSError as error:
        raise write_error(goal, error) from error
    # The lock lasts until both handles are closed: until the file stands under its own name.
    held = os.dup(handle) if sys.platform != "win32" else None
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        copy_mode(goal, Path(name))
        Path(name).replace(goal)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise write_error(goal, error) from error
        raise
    finally:
        if held is not None:
            os.close(held)
    sync_folder(goal.parent)


def followed(path: Path) -> Path:
    """Return the file that a link leads to, there or not; a path that is no link as it is."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def read_json(path: Path, most: int = 2**26) -> Any:
    """Return what a file of JSON holds that anybody may have written.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no JSON, nested too deeply, or longer than `most` bytes.
    """
    with path.open("rb") as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise ValueError(f"more than {most:,} bytes")
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def is_plain_name(name: str) -> bool:
    """Tell whether a text names a file of the folder it is read in, whatever the system.

    Indexes, manifests and journals may come from anybody: what they name is not believed.
    """
    return Path(name).name == name and "\\" not in name and name not in ("", "..")


def make_part(goal: Path) -> tuple[int, str]:
    """Make the temporary file and hold its lock for as long as it is open."""
    while True:
        handle, name = tempfile.mkstemp(prefix=f".{goal.name}.", suffix=".part", dir=goal.parent)
        lock(handle, wait=True)
        if os.fstat(handle).st_nlink:
            return handle, name
        # Another writer took it for a leftover before it was locked.
        os.close(handle)


def remove_leftovers(goal: Path) -> None:
    """Remove temporary files for `goal` whose writer is dead: those that nobody holds locked."""
    for part in goal.parent.glob(f".{glob.escape(goal.name)}.????????.part"):
        remove_leftover(part)


def remove_leftover(part: Path) -> None:
    """Remove a temporary file, unless its writer is alive and holds it locked."""
    try:
        handle = os.open(part, os.O_RDWR)
    except OSError:
        return
    try:
        if lock(handle, wait=False):
            part.unlink(missing_ok=True)
    except OSError:
        pass  # it is in nobody's way
    finally:
        os.close(handle)


def lock(handle: int, *, wait: bool) -> bool:
    """Lock an open file until it is closed, even by a kill; return whether it is locked."""
    if sys.platform == "win32":
        return False  # there nobody can tell a dead writer's file, and it stays
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def copy_mode(goal: Path, written: Path) -> None:
    """Give the new file the permissions of the old one, or those of a file newly made."""
    try:
        mode = goal.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    written.chmod(mode)


def sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def csv_name(text: str) -> str:
    """Return a name as a cell that spreadsheets show: what they would run as a formula gets an apostrophe."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def write_error(path: Path, error: OSError) -> ExportError:
    """Say in plain words why `path` could not be written, and what to do next."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return WriteError(
            f"The disk is full: {path} was not written.",
            "Free some space or choose another folder; the old file, if there was one, is intact.",
        )
    if error.errno == errno.ENOENT:
        return ExportError(f"The folder {path.parent} does not exist.", "Create it or choose another folder.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ExportError(
            f"No permission to write into {path.parent}.", "Choose a folder that you may write to."
        )
    if error.errno in (errno.ENOTDIR, errno.EISDIR):
        return ExportError(f"{path} cannot be a file here: {error.strerror}.", "Choose another name.")
    if error.errno == errno.ENAMETOOLONG:
        return ExportError(f"The name {path.name} is too long for this disk.", "Choose a shorter name.")
    return WriteError(
        f"{path} was not written: {error.strerror or error}.", "Choose another place and try again."
    )
