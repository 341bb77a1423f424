"""Reading a written checkpoint back, from the disk, by nothing but its own description."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dpiat_gui.errors import WriteError
from dpiat_gui.transfer.dtypes import SAFETENSORS_CODES

if TYPE_CHECKING:
    from torch import Tensor

Array = np.ndarray[Any, np.dtype[Any]]


class Held:
    """The tensors of a written file as raw bytes, read by nothing but its own description.

    Parameters
    ----------
    path
        A .safetensors file.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > path.stat().st_size:
                raise ValueError("no header")
            header = json.loads(stream.read(length))
        self.metadata: dict[str, str] = header.pop("__metadata__", {})
        self._places = header
        # Nothing cannot be mapped: a file may hold tensors without elements alone.
        is_empty = path.stat().st_size == 8 + length
        self._data: Array = np.zeros(0, np.uint8) if is_empty else np.memmap(path, np.uint8, "r", 8 + length)

    @property
    def keys(self) -> list[str]:
        """Keys of the tensors."""
        return list(self._places)

    def kind(self, key: str) -> tuple[str, tuple[int, ...]]:
        """Return dtype, as torch names it, and shape of a tensor."""
        place = self._places[key]
        return _NAMES.get(place["dtype"], place["dtype"]), tuple(place["shape"])

    def size(self, key: str) -> int:
        """Return the bytes of a tensor."""
        begin, end = self._places[key]["data_offsets"]
        return int(end - begin)

    def data(self, key: str) -> Array:
        """Return the bytes of a tensor."""
        begin, end = self._places[key]["data_offsets"]
        return self._data[begin:end]


class _HeldPickled(Held):
    """The tensors of a written .pth file as raw bytes."""

    def __init__(self, path: Path) -> None:
        import torch

        self.metadata = {}
        self._tensors: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True, mmap=True)

    @property
    def keys(self) -> list[str]:
        return list(self._tensors)

    def kind(self, key: str) -> tuple[str, tuple[int, ...]]:
        tensor = self._tensors[key]
        return str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)

    def size(self, key: str) -> int:
        return self._tensors[key].nbytes

    def data(self, key: str) -> Array:
        return bytes_of(self._tensors[key])


_NAMES = {code: name for name, code in SAFETENSORS_CODES.items()}


@contextmanager
def opened(path: Path) -> Iterator[Held]:
    """Open a written file of either kind, from the disk itself where the system lets us.

    Raises
    ------
    WriteError
        If it cannot be read at all.
    """
    import pickle

    try:
        with path.open("rb") as stream:
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            start = stream.read(4)
        held = _HeldPickled(path) if start == b"PK\x03\x04" else Held(path)
    except (
        *(OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError),
        pickle.UnpicklingError,
    ) as error:
        raise refused(path, "it cannot be read back") from error
    yield held


def bytes_of(tensor: "Tensor") -> Array:
    """Return a tensor's elements in row-major order as bytes; without a copy where they lie so."""
    import torch

    flat = tensor.detach().contiguous().reshape(-1)
    found: Array = flat.view(torch.uint8).numpy() if flat.numel() else np.zeros(0, np.uint8)
    return found


def refused(path: Path, what: str) -> WriteError:
    """Say that a written file is not as it should be."""
    return WriteError(
        f"The written file is not what it should be: {what}.",
        "The disk or the memory may be at fault; nothing was replaced. Write it again, elsewhere if you can.",
    )
