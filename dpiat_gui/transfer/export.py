"""Checkpoints on disk: .safetensors tensor by tensor, .pth through torch; whole or not at all."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, cast

from dpiat_gui.errors import DpiatError, ExportError
from dpiat_gui.files import write_error, write_whole
from dpiat_gui.networks.values import TensorSpec
from dpiat_gui.transfer.dtypes import SAFETENSORS_CODES, size_of

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES: Mapping[str, Literal["safetensors", "pth"]] = {
    ".safetensors": "safetensors",
    ".pth": "pth",
    ".pt": "pth",
}
"""The format of a checkpoint, by the suffix of its name."""

_HEADER_ALIGNMENT = 8
_PTH_OVERHEAD = 512
"""Bytes that torch adds for each tensor at most: name, directory entry, 64-byte alignment."""


def check_output(path: str | os.PathLike[str], *, in_use: Iterable[Path] = ()) -> Path:
    """Check, before any work, that a checkpoint can be written there.

    Parameters
    ----------
    path
        The file to write.
    in_use
        Files that are read meanwhile and must not be replaced.

    Returns
    -------
    Path
        The path, with ``~`` expanded.

    Raises
    ------
    ExportError
        If the suffix is unknown, the folder is missing or cannot be written, the path is a
        folder, or the file is one of those in use.
    """
    goal = Path(path).expanduser()
    if goal.suffix.lower() not in SUFFIXES:
        raise ExportError(
            f"{goal.name!r} does not say what kind of file to write.",
            f"Let the name end in one of: {', '.join(SUFFIXES)}.",
        )
    if goal.is_dir():
        raise ExportError(f"{goal} is a folder.", "Add the name of a file.")
    if not goal.parent.is_dir():
        raise ExportError(f"The folder {goal.parent} does not exist.", "Create it or choose another folder.")
    for used in in_use:
        if goal.exists() and used.exists() and goal.samefile(used):
            raise ExportError(f"{goal} is one of the two networks being read.", "Choose another name.")
    try:
        # Permissions alone do not tell: a disk may be read-only, and root is above permissions.
        with tempfile.TemporaryFile(dir=goal.parent):
            pass
    except OSError as error:
        raise write_error(goal, error) from error
    return goal


def check_space(goal: Path, needed: int) -> None:
    """Check that the disk has room for a file of `needed` bytes beside the one it may replace.

    Raises
    ------
    ExportError
        If it has not.
    """
    free = shutil.disk_usage(goal.parent).free
    if free < needed:
        raise ExportError(
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


@dataclass(frozen=True)
class Layout:
    """Where everything stands in a .safetensors file.

    Parameters
    ----------
    header
        The file's beginning: the header's length and the header, padded with spaces.
    order
        The tensors as they follow.
    bytes
        Size of the whole file.
    """

    header: bytes
    order: tuple[TensorSpec, ...]
    bytes: int


def safetensors_layout(specs: Iterable[TensorSpec], metadata: Mapping[str, str]) -> Layout:
    """Lay out a .safetensors file.

    Wide elements come first, so that every tensor is aligned to its own element; within a width
    the tensors keep their order. Equal input gives equal bytes.

    Raises
    ------
    ExportError
        If the format has no code for a dtype.
    """
    order = tuple(sorted(specs, key=lambda spec: -size_of(spec.dtype)))
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    at = 0
    for spec in order:
        code = SAFETENSORS_CODES.get(spec.dtype)
        if code is None:
            raise ExportError(
                f"A .safetensors file cannot hold {spec.key}: its dtype is {spec.dtype}.",
                "Choose a .pth file.",
            )
        end = at + spec.elements * size_of(spec.dtype)
        header[spec.key] = {"dtype": code, "shape": list(spec.shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _HEADER_ALIGNMENT)
    return Layout(len(text).to_bytes(8, "little") + text, order, 8 + len(text) + at)


def write_safetensors(
    path: str | os.PathLike[str],
    specs: Iterable[TensorSpec],
    read: Callable[[TensorSpec], "Tensor"],
    metadata: Mapping[str, str],
) -> int:
    """Write a .safetensors file, tensor by tensor, whole or not at all.

    Parameters
    ----------
    path
        The file to write.
    specs
        What it holds.
    read
        Gives the tensor of each spec, in the order of the layout, once; what it raises ends the
        writing and leaves the old file as it was.
    metadata
        Strings for the header.

    Returns
    -------
    int
        Size of the file.

    Raises
    ------
    ExportError
        If the disk is too small or refuses, or a tensor is not what its spec says.
    """
    goal = Path(path)
    layout = safetensors_layout(specs, metadata)
    check_space(goal, layout.bytes)
    with write_whole(goal) as stream:
        stream.write(layout.header)
        for spec in layout.order:
            # No name is given to the tensor here: it is gone before the next one is asked for.
            _write_tensor(stream, spec, read(spec))
    return layout.bytes


def _write_tensor(stream: IO[bytes], spec: TensorSpec, tensor: "Tensor") -> None:
    """Write a tensor's elements in row-major order; at most one copy of it is made."""
    import torch

    if tuple(tensor.shape) != spec.shape or str(tensor.dtype) != f"torch.{spec.dtype}":
        raise ExportError(
            f"{spec.key} is {tensor.dtype} {tuple(tensor.shape)}, not {spec.dtype} {spec.shape}.",
            "The network is not the one that was matched; match the two again.",
        )
    if tensor.numel():
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        stream.write(flat.view(torch.uint8).numpy().data)


def write_pth(
    path: str | os.PathLike[str],
    tensors: Mapping[str, "Tensor"],
    *,
    watch: Callable[[int], None] = lambda written: None,
) -> int:
    """Write a state dict as torch.save does, whole or not at all.

    The format is a zip of raw tensors and one pickle that names them; it holds tensors alone and
    loads with ``torch.load(path, weights_only=True)``. It has no place for metadata. Equal
    tensors give equal bytes.

    Parameters
    ----------
    path
        The file to write.
    tensors
        The state dict, in order. Tensors that share memory are stored once, as torch does.
    watch
        Called with the bytes written so far; what it raises ends the writing and leaves the old
        file as it was.

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

    goal = Path(path)
    needed = sum(tensor.numel() * tensor.element_size() + _PTH_OVERHEAD for tensor in tensors.values())
    check_space(goal, needed)
    with write_whole(goal) as stream:
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
        size = memoryview(data).nbytes
        if self.error is None:
            try:
                self._stream.write(data)
                self.written += size
                self._watch(self.written)
            except (OSError, DpiatError) as error:
                self.error = error
        return size

    def flush(self) -> None:
        """Leave flushing to whoever opened the stream."""
