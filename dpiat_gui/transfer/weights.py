"""Where the numbers of a transfer come from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dpiat_gui.networks.references import SourceReference
from dpiat_gui.transfer.copying import checked_tensor, converted, find_tensor, put, taken
from dpiat_gui.transfer.dtypes import ConversionLoss
from dpiat_gui.transfer.pieces import PIECE
from dpiat_gui.transfer.values import PlanRow

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from dpiat_gui.networks.factories import TrustStore
    from dpiat_gui.transfer.staging import Stager

Read = Callable[[str], "Tensor"]
"""Gives the tensor of a state-dict key; raises `KeyError` if there is none."""


class Copier:
    """Brings source tensors into target tensors; a device may pick them.

    Parameters
    ----------
    read
        The source's tensors, in the CPU's memory.
    piece
        Bytes of a target tensor that are made at a time.
    check
        Called between pieces where nobody else gets to ask; what it raises ends the work.

    Attributes
    ----------
    loss
        What did not survive a change of dtype so far.
    stager
        What picks elements on a device; None where the CPU does all.
    """

    def __init__(self, read: Read, piece: int = PIECE, check: Callable[[], None] = lambda: None) -> None:
        self._read = read
        self.piece = piece
        self.loss = ConversionLoss()
        self.stager: Stager | None = None
        self.check = check

    def whole(self, row: PlanRow, dtype: "torch.dtype") -> "Tensor":
        """Return the value of a target that the row covers wholly; may share the source's memory."""
        import torch

        if row.constant is not None:
            return torch.full(row.target_shape, row.constant, dtype=dtype)
        return self._part(row, dtype)

    def as_it_is(self, row: PlanRow, dtype: "torch.dtype") -> "Tensor | None":
        """Return the source tensor of an exact row where its very memory will do; None elsewhere."""
        assert row.source is not None
        source = find_tensor(self._read, row.source, row.source_shape, "source").detach()
        return source if source.dtype == dtype else None

    def into(self, row: PlanRow, target: "Tensor") -> None:
        """Carry out a row in place, on a target in the CPU's memory."""
        if row.constant is not None:
            target.fill_(row.constant)
        elif row.padded:
            put(row, target, self._part(row, target.dtype))
        else:
            target.copy_(self._part(row, target.dtype))

    def notes(self) -> tuple[str, ...]:
        """Say what a person should know of how it went, one sentence each."""
        if self.stager is not None and self.stager.failed:
            return ("The device ran out of memory; what was left was copied on the CPU.",)
        return ()

    def _part(self, row: PlanRow, dtype: "torch.dtype") -> "Tensor":
        """Return what the row takes, in the CPU's memory and the target's dtype."""
        assert row.source is not None
        found = self.stager.take(row) if self.stager is not None else None
        if found is not None:
            return found
        source = find_tensor(self._read, row.source, row.source_shape, "source").detach()
        return converted(row, taken(row, source), dtype, self.loss)


def asking(read: Read, check: Callable[[], None]) -> Read:
    """Return `read`, with `check` called before each tensor; what that raises ends the work."""

    def ask(key: str) -> "Tensor":
        check()
        return read(key)

    return ask


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

        module = build_module(reference, seed=seed, trust=trust)
        yield in_main_memory(module, "source").state_dict().__getitem__


def in_main_memory(module: "nn.Module", side: str) -> "nn.Module":
    """Bring a module into the CPU's memory.

    Raises
    ------
    TransferError
        If one of its tensors holds no values.
    """
    for key, value in module.state_dict().items():
        if getattr(value, "is_meta", False):
            checked_tensor(value, key, tuple(value.shape), side)
    return module.cpu()
