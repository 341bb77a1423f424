"""Where the numbers of a transfer come from, and the device they meet on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dpiat_gui.networks.references import SourceReference
from dpiat_gui.transfer.copying import bits, converted, find_tensor, put, taken
from dpiat_gui.transfer.dtypes import ConversionLoss
from dpiat_gui.transfer.pieces import PIECE
from dpiat_gui.transfer.values import PlanRow

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from dpiat_gui.networks.factories import TrustStore

Read = Callable[[str], "Tensor"]
"""Gives the tensor of a state-dict key; raises `KeyError` if there is none."""


class Copier:
    """Brings source tensors into target tensors, by way of a device.

    The device only moves bits: dtypes are converted on the CPU, and what travels are integers
    of the same size. So every device gives the same bytes, not-a-numbers included.

    Parameters
    ----------
    read
        The source's tensors, in the CPU's memory.
    device
        ``cpu``, ``cuda:N`` or ``mps``.
    piece
        Bytes of a target tensor that are made at a time.

    Attributes
    ----------
    loss
        What did not survive a change of dtype so far.
    """

    def __init__(self, read: Read, device: str, piece: int = PIECE) -> None:
        self._read = read
        self._device = device
        self.piece = piece
        self.loss = ConversionLoss()

    def whole(self, row: PlanRow, dtype: "torch.dtype") -> "Tensor":
        """Return the value of a target that the row covers wholly; may share the source's memory."""
        import torch

        if row.constant is not None:
            return torch.full(row.target_shape, row.constant, dtype=dtype)
        return self._part(row, dtype)

    def into(self, row: PlanRow, target: "Tensor") -> None:
        """Carry out a row in place, on a target in the CPU's memory."""
        if row.constant is not None:
            target.fill_(row.constant)
            return
        if not row.padded:
            target.copy_(self.whole(row, target.dtype))
            return
        part = self._part(row, target.dtype)
        if self._stays(target.dtype):
            put(row, target, part)
            return
        work = bits(target).to(self._device)
        put(row, work, bits(part).to(self._device))
        bits(target).copy_(work)

    def _part(self, row: PlanRow, dtype: "torch.dtype") -> "Tensor":
        """Return what the row takes, in the CPU's memory and the target's dtype."""
        assert row.source is not None
        source = find_tensor(self._read, row.source, row.source_shape, "source").detach()
        if source.dtype != dtype or row.scale != 1.0 or self._stays(dtype):
            return converted(row, taken(row, source), dtype, self.loss)
        return taken(row, bits(source).to(self._device)).contiguous().cpu().view(dtype)

    def _stays(self, dtype: "torch.dtype") -> bool:
        """Tell whether the work is done in the CPU's memory; no integer is as wide as complex128."""
        return self._device == "cpu" or dtype.itemsize > 8


@contextmanager
def open_source(
    reference: SourceReference, *, seed: int, trust: "TrustStore | None" = None
) -> Iterator[Read]:
    """Open the weights a transfer takes from: lazily for a file, built for anything else."""
    if reference.kind == "checkpoint":
        from dpiat_gui.networks.checkpoints import open_weights

        with open_weights(reference.name) as weights:
            yield weights.read
    else:
        from dpiat_gui.networks.sources import build_module

        yield build_module(reference, seed=seed, trust=trust).cpu().state_dict().__getitem__
