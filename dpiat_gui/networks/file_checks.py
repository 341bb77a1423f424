"""What can be wrong with a file before anything in it is understood, in plain words."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dpiat_gui.errors import SourceError


def cut_off(path: Path) -> SourceError:
    """Return the error for a file whose end is missing, nobody knows how much of it."""
    return SourceError(f"{path} is cut off: its end is missing.", "Copy or download it again, whole.")


def damaged(path: Path) -> SourceError:
    """Return the error for a file that cannot be read, with what it looks like instead."""
    start = first_bytes(path).lstrip().lower()
    if start.startswith(b"version https://git-lfs"):
        return SourceError(
            f"{path} is only a pointer of Git LFS to the file.", "Fetch the file itself: git lfs pull."
        )
    if start.startswith((b"<!doctype", b"<html")):
        return SourceError(f"{path} is a web page, not a checkpoint.", "Download the file itself.")
    return SourceError(
        f"{path} is damaged, or no checkpoint of torch.", "Copy or download it again, or choose another."
    )


def check_file(path: Path) -> None:
    """See that there is a file with something in it.

    Raises
    ------
    SourceError
        If it is missing, a folder, no regular file, or empty.
    """
    with readable(path):
        if path.is_dir():
            raise _folder(path)
        if not path.exists():
            if path.is_symlink():
                raise SourceError(f"{path} is a link that leads to no file.", "Name the file itself.")
            raise SourceError(f"There is no file {path}.", "Check the path.")
        if not path.is_file():
            # Of a pipe nobody could read the tensors one by one; its reader would wait for ever.
            raise SourceError(f"{path} is a pipe or a device, no file.", "Save it to a file first.")
        if not first_bytes(path):
            raise SourceError(f"{path} is empty.", "Copy or download it again.")


def _folder(path: Path) -> SourceError:
    inside = sorted(file.name for file in path.iterdir() if file.suffix in (".safetensors", ".pth", ".bin"))
    hint = f"Choose a file inside it: {', '.join(inside[:3])}." if inside else "Choose a checkpoint file."
    return SourceError(f"{path} is a folder.", hint)


def first_bytes(path: Path) -> bytes:
    """Return what a file begins with."""
    with path.open("rb") as stream:
        return stream.read(64)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Within this block, a system's complaint becomes a `SourceError`."""
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror or error}.", "Check the file and its permissions."
        ) from error
