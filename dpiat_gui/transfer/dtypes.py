"""The dtypes a checkpoint may hold: torch's names, sizes and safetensors' codes."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dpiat_gui.errors import TransferError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

SIZES = {
    "complex128": 16,
    "complex64": 8,
    "float64": 8,
    "int64": 8,
    "uint64": 8,
    "float32": 4,
    "int32": 4,
    "uint32": 4,
    "float16": 2,
    "bfloat16": 2,
    "int16": 2,
    "uint16": 2,
    "int8": 1,
    "uint8": 1,
    "bool": 1,
    "float8_e4m3fn": 1,
    "float8_e4m3fnuz": 1,
    "float8_e5m2": 1,
    "float8_e5m2fnuz": 1,
}
"""Bytes of one element, by torch's name of the dtype."""

SAFETENSORS_CODES = {
    "complex64": "C64",
    "float64": "F64",
    "int64": "I64",
    "uint64": "U64",
    "float32": "F32",
    "int32": "I32",
    "uint32": "U32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int16": "I16",
    "uint16": "U16",
    "int8": "I8",
    "uint8": "U8",
    "bool": "BOOL",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2": "F8_E5M2",
    "float8_e5m2fnuz": "F8_E5M2FNUZ",
}
"""safetensors' code, by torch's name of the dtype."""


def size_of(dtype: str) -> int:
    """Return the bytes of one element.

    Raises
    ------
    TransferError
        If no checkpoint holds such a dtype.
    """
    size = SIZES.get(dtype)
    if size is None:
        raise TransferError(f"Tensors of dtype {dtype} cannot be transferred.", "Convert the network first.")
    return size


@dataclass
class ConversionLoss:
    """Counts what does not survive a change of dtype.

    Attributes
    ----------
    tensors
        Tensors whose dtype was changed.
    overflowed
        Finite values that became infinite, or not a number: the target's dtype ends before them.
    vanished
        Values other than 0 that became 0.
    rounded
        Values that became another value near by; the two above are not among them.
    """

    tensors: int = 0
    overflowed: int = 0
    vanished: int = 0
    rounded: int = 0
    _keys: set[str] = field(default_factory=set, repr=False)

    def compare(self, before: "Tensor", after: "Tensor", key: str = "") -> None:
        """Count what was lost between two tensors of equal shape on the CPU.

        Parameters
        ----------
        before, after
            The values before the change of dtype, and after it.
        key
            Whose they are: the pieces of one tensor count as one.
        """
        if key not in self._keys:
            self.tensors += 1
        self._keys.update({key} - {""})
        if before.dtype.is_floating_point and before.dtype.itemsize == 1:
            before = before.float()  # eight bits are too few for torch to compare them
        if not before.numel() or (after.dtype.itemsize > 1 and _holds(after.dtype, before.dtype)):
            return  # every value of the one is a value of the other
        back = after.to(before.dtype)
        changed = (back != before) & ~(back.isnan() & before.isnan())
        if not changed.any():
            return
        beyond = changed & before.isfinite() & ~back.isfinite()
        gone = changed & (back == 0)
        self.overflowed += int(beyond.sum())
        self.vanished += int(gone.sum())
        self.rounded += int((changed & ~beyond & ~gone).sum())

    def notes(self) -> tuple[str, ...]:
        """Say what was lost, one sentence each."""
        found = []
        if self.tensors:
            plural = "tensors were" if self.tensors > 1 else "tensor was"
            text = f"{self.tensors} {plural} converted to the target's dtype"
            found.append(f"{text}; {self.rounded:,} values were rounded." if self.rounded else f"{text}.")
        if self.overflowed:
            found.append(
                f"{self.overflowed:,} values are too large for the target's dtype and became infinite."
            )
        if self.vanished:
            found.append(f"{self.vanished:,} values are too small for the target's dtype and became 0.")
        return tuple(found)


def _holds(wider: "torch.dtype", dtype: "torch.dtype") -> bool:
    """Tell whether every value of one dtype is a value of the other."""
    import torch

    return torch.promote_types(dtype, wider) == wider
