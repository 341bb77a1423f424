"""Checkpoints: what is in them, without their weights; and their weights, one by one."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.buffers import is_buffer
from dpiat_gui.networks.file_checks import check_file, first_bytes, readable
from dpiat_gui.networks.pickles import clean_keys, load_pickled, unwrap_state_dict
from dpiat_gui.networks.safetensors_header import SafetensorsHeader, read_header
from dpiat_gui.networks.sharded import checkpoint_files, is_index
from dpiat_gui.networks.values import TensorSpec

if TYPE_CHECKING:
    import torch

__all__ = [
    "WeightFile",
    "is_safetensors",
    "open_weights",
    "read_pickled_shapes",
    "read_safetensors_header",
    "read_specs",
    "unwrap_state_dict",
]


def read_safetensors_header(path: Path | str) -> list[TensorSpec]:
    """Return the tensors of a .safetensors file in file order, from its header alone.

    Parameters
    ----------
    path
        The file; wrappers' prefixes of its keys (``module.`` ...) are left out.

    Raises
    ------
    SourceError
        If it is missing, a folder, cut off or damaged, or holds no tensors.
    """
    return _renamed(_header(Path(path)).tensors)[0]


def read_pickled_shapes(path: Path | str) -> list[TensorSpec]:
    """Return the tensors of a .pth, .pt or .bin file in state-dict order; imports torch.

    Only torch's weights-only loader reads it, and where the file's format allows, weights stay
    on the disk.

    Raises
    ------
    SourceError
        If it is missing, a folder, empty, cut off or damaged, holds code or no tensors.
    """
    return _specs_of(unwrap_state_dict(load_pickled(Path(path)), str(path)))


def read_specs(path: Path | str) -> list[TensorSpec]:
    """Return the tensors of a checkpoint of either kind, as told by its first bytes.

    Raises
    ------
    SourceError
        As `read_safetensors_header` and `read_pickled_shapes`.
    """
    file = Path(path)
    return read_safetensors_header(file) if is_safetensors(file) else read_pickled_shapes(file)


def is_safetensors(path: Path | str) -> bool:
    """Tell whether a file is read by its header: by its ending, else by its first bytes."""
    file = Path(path)
    if file.suffix.lower() == ".safetensors" or is_index(file):
        return True
    with readable(file):
        return file.is_file() and first_bytes(file)[8:10] in (b'{"', b"{}")


def open_weights(path: Path | str) -> "WeightFile":
    """Open a checkpoint for reading its weights one by one; a context manager.

    Raises
    ------
    SourceError
        As `read_specs`.
    """
    return WeightFile(Path(path))


class WeightFile:
    """A checkpoint's weights by key, read when asked for.

    Parameters
    ----------
    path
        The file. A .safetensors file and a .pth in torch's zip format are mapped into
        memory, so that a tensor costs nothing until its values are used; an older .pth is
        loaded whole.

    Notes
    -----
    Keys are those of `read_specs`: wrappers around the weights and prefixes are left out. A
    tensor may lie in the file itself: copy it before changing it, and use it no longer than
    the file is open.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: Callable[[str], torch.Tensor]
        self._closing: Any = None
        self.metadata: dict[str, str] = {}
        if is_safetensors(path):
            self._open_safetensors()
        else:
            state = unwrap_state_dict(load_pickled(path), str(path))
            self.specs = tuple(_specs_of(state))
            self._read = state.__getitem__

    def _open_safetensors(self) -> None:
        from safetensors import SafetensorError, safe_open

        header = _header(self.path)
        specs, names = _renamed(header.tensors)
        self.specs, self.metadata = tuple(specs), header.metadata
        mapped: dict[str, torch.Tensor] = {}
        opened: dict[str, Any] = {}
        for file in checkpoint_files(self.path):
            own = _own_header(file)
            mapped |= _mapped(file, own)
            if all(tensor.key in mapped for tensor in own.tensors):
                continue
            try:
                reader = safe_open(str(file), framework="pt", device="cpu")
            except (SafetensorError, OSError) as error:
                raise SourceError(f"{file} cannot be read: {error}.", "Copy or download it again.") from error
            opened |= {tensor.key: reader for tensor in own.tensors}
        self._closing = opened

        def read(key: str) -> "torch.Tensor":
            found = mapped.get(names[key])
            if found is not None:
                return found
            tensor: torch.Tensor = opened[names[key]].get_tensor(names[key])
            return tensor

        self._read = read

    def keys(self) -> list[str]:
        """Keys in state-dict order, or file order for .safetensors."""
        return [spec.key for spec in self.specs]

    def read(self, key: str) -> "torch.Tensor":
        """Return the tensor of that key, on the CPU.

        Raises
        ------
        SourceError
            If there is none.
        """
        try:
            return self._read(key).detach()
        except KeyError as error:
            raise SourceError(
                f"{self.path} holds no tensor named {key!r}.", "Open the file again: it may have changed."
            ) from error

    def close(self) -> None:
        """Let go of the file."""

        def closed(key: str) -> "torch.Tensor":
            raise SourceError(f"{self.path} is closed.", "Open it again.")

        self._read, self._closing = closed, None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _mapped(path: Path, header: SafetensorsHeader) -> "dict[str, torch.Tensor]":
    """Map the tensors of a .safetensors file into memory, all at once, as far as torch can view them.

    Asking the format's own reader for each takes twelve times as long.
    """
    import numpy as np
    import torch

    sizes = {
        spec.key: spec.elements * getattr(torch, spec.dtype).itemsize
        for spec in header.tensors
        if hasattr(torch, spec.dtype) and not spec.dtype.startswith("float4")
    }
    at = path.stat().st_size - sum(sizes.values())
    if len(sizes) < len(header.tensors) or not any(sizes.values()):
        return {}
    # Pages of a private mapping are the file's own until someone writes into them; nobody does.
    data = np.asarray(np.memmap(path, np.uint8, "c"))
    found = {}
    for spec in header.tensors:
        dtype, size = getattr(torch, spec.dtype), sizes[spec.key]
        if at % dtype.itemsize == 0:
            # A storage of its own for each: torch.save writes whole storages.
            found[spec.key] = torch.from_numpy(data[at : at + size]).view(dtype).view(spec.shape)
        at += size
    return found


def _renamed(tensors: Sequence[TensorSpec]) -> tuple[list[TensorSpec], dict[str, str]]:
    """Clean the keys; also return the file's own key by the clean one."""
    clean = clean_keys([spec.key for spec in tensors])
    specs = [
        TensorSpec(clean[spec.key], spec.shape, spec.dtype, spec.buffer)
        for spec in tensors
        if spec.key in clean
    ]
    return specs, {new: old for old, new in clean.items()}


def _specs_of(state: "Mapping[str, torch.Tensor]") -> list[TensorSpec]:
    specs = []
    first: dict[Any, str] = {}
    for key, tensor in state.items():
        dtype = str(tensor.dtype).removeprefix("torch.")
        tied = first.setdefault(_place(tensor, key), key)
        specs.append(
            TensorSpec(key, tuple(tensor.shape), dtype, is_buffer(key, dtype), tied if tied != key else "")
        )
    return specs


def _place(tensor: "torch.Tensor", key: str) -> Any:
    """Where a tensor's values lie: equal for tied tensors."""
    import torch

    if tensor.layout is not torch.strided or tensor.numel() == 0:
        return key
    return (tensor.untyped_storage().data_ptr(), tensor.storage_offset(), tensor.shape, tensor.stride())


def _header(path: Path) -> SafetensorsHeader:
    """Read the header of a file, or of all shards of an index one after the other."""
    headers = [_own_header(file) for file in checkpoint_files(path)]
    tensors = tuple(tensor for header in headers for tensor in header.tensors)
    if len({tensor.key for tensor in tensors}) < len(tensors):
        raise SourceError(f"{path} names files that hold the same tensor.", "Download the shards again.")
    if not tensors:
        raise SourceError(f"{path} holds no weights.", "Choose another checkpoint.")
    return SafetensorsHeader(tensors, headers[0].metadata)


def _own_header(path: Path) -> SafetensorsHeader:
    check_file(path)
    with readable(path):
        return read_header(path)
