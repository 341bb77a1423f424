"""Files that take their places together, or not at all."""

import errno
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from dpiat_gui.errors import ExportError
from dpiat_gui.files import (
    copy_mode,
    is_plain_name,
    lock,
    make_part,
    remove_leftovers,
    sync_folder,
    write_error,
)

_BUFFER = 1 << 18
_LONGEST_JOURNAL = 2**24


class FileSet:
    """Files of one folder that take their places together; see `write_set`.

    Parameters
    ----------
    head
        The file that makes the others known, such as an index; it takes its place last.
    """

    def __init__(self, head: Path) -> None:
        self.head = head
        self._parts: dict[Path, Path] = {}
        self._held = ExitStack()

    @contextmanager
    def file(self, path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
        """Open one file of the set for writing; its bytes are on the disk when the block ends.

        Raises
        ------
        ExportError
            As `write_whole`.
        """
        goal = Path(path)
        if goal.parent != self.head.parent or goal in self._parts:
            raise ValueError(f"{goal} has no place in the set of {self.head}")
        try:
            if goal.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            remove_leftovers(goal)
            handle, name = make_part(goal)
            self._parts[goal] = Path(name)
            if sys.platform != "win32":
                self._held.callback(os.close, os.dup(handle))
            # Networks have hundreds of small tensors: they are gathered here, not in the kernel.
            with os.fdopen(handle, "wb", buffering=_BUFFER) as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            copy_mode(goal, Path(name))
        except OSError as error:
            raise write_error(goal, error) from error

    def part(self, path: str | os.PathLike[str]) -> Path:
        """Return where a file of the set lies until it takes its place."""
        return self._parts[Path(path)]

    def _close(self) -> None:
        for part in self._parts.values():
            part.unlink(missing_ok=True)
        self._held.close()

    def _commit(self, removes: Callable[[], Sequence[Path]]) -> None:
        goals = sorted(self._parts, key=lambda goal: goal == self.head)
        moves = [(self._parts[goal], goal) for goal in goals]
        try:
            with _turn(self.head.parent):
                gone = [path for path in removes() if path not in self._parts]
                if len(moves) == 1 and not gone:
                    moves[0][0].replace(moves[0][1])
                elif moves:
                    with _journal(self.head, moves, gone):
                        _move_all(moves)
                        for path in gone:
                            path.unlink(missing_ok=True)
                        sync_folder(self.head.parent)
                sync_folder(self.head.parent)
        except OSError as error:
            raise write_error(self.head, error) from error


@contextmanager
def write_set(
    head: str | os.PathLike[str],
    *,
    removes: Callable[[], Sequence[Path]] = lambda: (),
) -> Iterator[FileSet]:
    """Write several files of one folder, all of them or none.

    They are written beside their places, and take them when the block ends well. Should the
    process be killed in the very moment they do, a journal stays (``.NAME.commit``), and the next
    `write_set` or `finish_set` of the same head completes the set.

    Parameters
    ----------
    head
        The file that makes the others known, such as an index; it takes its place last.
    removes
        Asked for files of an older set, to be removed once the new one is complete.

    Raises
    ------
    ExportError
        If a file cannot be written. What stood there stays as it was.
    """
    goal = Path(head)
    finish_set(goal)
    files = FileSet(goal)
    try:
        yield files
        files._commit(removes)
    finally:
        files._close()


def finish_set(head: str | os.PathLike[str]) -> bool:
    """Complete a set whose writer was killed while the files took their places.

    Returns
    -------
    bool
        Whether there was one.

    Raises
    ------
    ExportError
        If its files cannot be renamed.
    """
    goal = Path(head)
    journal = _journal_of(goal)
    try:
        handle = os.open(journal, os.O_RDWR)
    except OSError:
        return False
    try:
        locked = lock(handle, wait=False) or sys.platform == "win32"
        if not locked or not os.fstat(handle).st_nlink:
            return False  # its writer is alive, or was until just now
        moves, removes = _told(json.loads(os.read(handle, _LONGEST_JOURNAL)))
        for part, name in moves:
            if (goal.parent / part).exists():
                (goal.parent / part).replace(goal.parent / name)
        for name in removes:
            (goal.parent / name).unlink(missing_ok=True)
        journal.unlink(missing_ok=True)
    except OSError as error:
        raise write_error(goal, error) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ExportError(
            f"{journal} is damaged.", "Remove it; the files it speaks of may be of two different sets."
        ) from error
    finally:
        os.close(handle)
    sync_folder(goal.parent)
    return True


def _told(record: Any) -> tuple[list[tuple[str, str]], list[str]]:
    """Return what a journal says to rename and to remove; none of it outside its own folder.

    A journal may come with a folder that somebody else made: what it names is not believed.

    Raises
    ------
    ValueError, KeyError, TypeError
        If it is none of ours.
    """
    moves = [(str(part), str(name)) for part, name in record["moves"]]
    removes = [str(name) for name in record["removes"]]
    for name in (*removes, *(name for move in moves for name in move)):
        if not is_plain_name(name):
            raise ValueError("a name elsewhere")
    if any(not (part.startswith(f".{name}.") and part.endswith(".part")) for part, name in moves):
        raise ValueError("a file that no writer leaves")
    return moves, removes


def _journal_of(head: Path) -> Path:
    return head.with_name(f".{head.name}.commit")


@contextmanager
def _journal(head: Path, moves: Sequence[tuple[Path, Path]], removes: Sequence[Path]) -> Iterator[None]:
    """Keep a record of what is renamed while that is done; locked, so that nobody else completes it."""
    journal = _journal_of(head)
    remove_leftovers(journal)
    handle, name = make_part(journal)
    record = {
        "moves": [[part.name, goal.name] for part, goal in moves],
        "removes": [path.name for path in removes],
    }
    try:
        os.write(handle, json.dumps(record).encode())
        os.fsync(handle)
        Path(name).replace(journal)
        sync_folder(head.parent)
        yield
        journal.unlink(missing_ok=True)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        journal.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Wait until no other writer's files take their places in a folder, so that sets do not mix."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders, and one may be written to and not read
        yield
        return
    try:
        lock(handle, wait=True)
        yield
    finally:
        os.close(handle)


def _move_all(moves: Sequence[tuple[Path, Path]]) -> None:
    """Let files take their places; if one cannot, put back what stood there."""
    done: list[tuple[Path, Path | None]] = []
    try:
        for part, goal in moves:
            done.append((goal, _set_aside(goal)))
            part.replace(goal)
    except BaseException:
        for goal, old in reversed(done):
            if old is not None:
                old.replace(goal)
                old.unlink(missing_ok=True)  # two names of one file are not replaced by each other
            elif not any(part.exists() for part, name in moves if name == goal):
                goal.unlink(missing_ok=True)
        raise
    for _, old in done:
        if old is not None:
            old.unlink(missing_ok=True)


def _set_aside(goal: Path) -> Path | None:
    """Give the old file, where there is one, a second name under which it outlives its replacement."""
    if not goal.exists():
        return None
    old = goal.with_name(f".{goal.name}.{os.getpid():08x}.part")
    old.unlink(missing_ok=True)
    try:
        os.link(goal, old)
    except OSError:
        goal.replace(old)  # this kind of disk knows no second names
    return old
