"""Checkpoints on disk: what may be written where, and .pth through torch; whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, cast

from dpiat_gui.errors import DpiatError, ExportError, WriteError
from dpiat_gui.file_sets import FileSet
from dpiat_gui.files import followed, write_error
from dpiat_gui.networks.folders import expanded

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES: Mapping[str, Literal["safetensors", "pth"]] = {
    ".safetensors": "safetensors",
    ".pth": "pth",
    ".pt": "pth",
}
"""The format of a checkpoint, by the suffix of its name."""

CHUNK = 8 << 20
"""Bytes that are written between two looks at whether to go on."""

_PTH_OVERHEAD = 512
"""Bytes that torch adds for each tensor at most: name, directory entry, 64-byte alignment."""


def check_output(
    path: str | os.PathLike[str], *, in_use: Iterable[Path] = (), suffixes: Collection[str] = tuple(SUFFIXES)
) -> Path:
    """Check, before any work, that a checkpoint can be written there.

    Parameters
    ----------
    path
        The file to write.
    in_use
        Files that are read meanwhile and must not be replaced.
    suffixes
        What the name may end in.

    Returns
    -------
    Path
        The path, with ``~`` expanded; of a link, the file that it leads to.

    Raises
    ------
    ExportError
        If the suffix is unknown, the folder is missing or cannot be written, the path is a
        folder, or the file is one of those in use.
    """
    goal = expanded(path)
    if goal.suffix.lower() not in suffixes:
        raise ExportError(
            f"{goal.name!r} does not say what kind of file to write.",
            f"Let the name end in one of: {', '.join(suffixes)}.",
        )
    try:
        goal = followed(goal)
        if goal.is_dir():
            raise ExportError(f"{goal} is a folder.", "Add the name of a file.")
        if not goal.parent.is_dir():
            raise ExportError(
                f"The folder {goal.parent} does not exist.", "Create it or choose another folder."
            )
        check_unused([goal], in_use)
        # Permissions alone do not tell: a disk may be read-only, and root is above permissions. The
        # name is as long as the one that the file has until it takes its place.
        with tempfile.NamedTemporaryFile(prefix=f".{goal.name}.", suffix=".part", dir=goal.parent):
            pass
    except OSError as error:
        raise write_error(goal, error) from error
    return goal


def check_unused(goals: Iterable[Path], in_use: Iterable[Path]) -> None:
    """Check that no file would replace one that is read meanwhile, by whatever name.

    Raises
    ------
    ExportError
        If one would.
    """
    # Path.exists complains of a name that no disk takes.
    read = [used for used in in_use if os.path.exists(used)]  # noqa: PTH110
    for goal in goals:
        if os.path.exists(goal) and any(goal.samefile(used) for used in read):  # noqa: PTH110
            raise ExportError(f"{goal} is one of the files being read.", "Choose another name.")


def check_space(goal: Path, needed: int) -> None:
    """Check that the disk has room for a file of `needed` bytes beside the one it may replace.

    Raises
    ------
    ExportError
        If it has not.
    """
    free = shutil.disk_usage(goal.parent).free
    if free < needed:
        raise WriteError(
            f"{goal.name} needs {_size_text(needed)}, and the disk has {_size_text(free)} free.",
            "Free some space or choose another folder.",
        )


def _size_text(size: int) -> str:
    value = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{size} bytes" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def write_pth(
    files: FileSet,
    path: Path,
    tensors: Mapping[str, "Tensor"],
    *,
    watch: Callable[[int], None] = lambda written: None,
) -> int:
    """Write a state dict as torch.save does.

    The format is a zip of raw tensors and one pickle that names them; it holds tensors alone and
    loads with ``torch.load(path, weights_only=True)``. It has no place for metadata. Equal
    tensors give equal bytes.

    Parameters
    ----------
    files
        What it takes its place with.
    path
        The file to write.
    tensors
        The state dict, in order. Tensors that share memory are stored once, as torch does.
    watch
        Called with the bytes written so far; what it raises ends the writing.

    Returns
    -------
    int
        Size of the file.

    Raises
    ------
    ExportError
        If the disk is too small or refuses.
    """
    from collections import OrderedDict

    import torch

    needed = sum(tensor.numel() * tensor.element_size() + _PTH_OVERHEAD for tensor in tensors.values())
    check_space(path, needed)
    with files.file(path) as stream:
        patient = _PatientStream(stream, watch)
        torch.save(OrderedDict(tensors), cast("IO[bytes]", patient))
        if patient.error is not None:
            raise patient.error
    return patient.written


class _PatientStream:
    """Passes bytes on until something goes wrong, then keeps the error and swallows the rest.

    torch's writer calls it from C++, also while it cleans up after an error; one raised there
    would come out as another error, or end the process.
    """

    def __init__(self, stream: IO[bytes], watch: Callable[[int], None]) -> None:
        self._stream = stream
        self._watch = watch
        self.written = 0
        self.error: OSError | DpiatError | None = None

    def write(self, data: bytes | memoryview) -> int:
        """Write, or swallow."""
        view = memoryview(data).cast("B")
        size = len(view)
        if self.error is None:
            try:
                for at in range(0, size, CHUNK):
                    self._watch(self.written)
                    self.written += self._stream.write(view[at : at + CHUNK])
            except (OSError, DpiatError) as error:
                self.error = error
        return size

    def flush(self) -> None:
        """Leave flushing to whoever opened the stream."""
