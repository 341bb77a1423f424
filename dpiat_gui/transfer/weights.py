"""Where the numbers of a transfer come from, and the device they meet on."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from dpiat_gui.networks.references import SourceReference
from dpiat_gui.networks.values import TensorSpec
from dpiat_gui.transfer.copying import bits, checked_tensor, converted, find_tensor, put, taken
from dpiat_gui.transfer.dtypes import ConversionLoss, size_of
from dpiat_gui.transfer.values import PlanRow, TransferPlan

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

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

    Attributes
    ----------
    loss
        What did not survive a change of dtype so far.
    """

    def __init__(self, read: Read, device: str) -> None:
        self._read = read
        self._device = device
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


class TargetValues(Protocol):
    """The target's own values, and what a transfer makes of them."""

    specs: tuple[TensorSpec, ...]
    """What the finished checkpoint holds, in state-dict order."""

    def value(self, key: str, copier: Copier) -> "Tensor":
        """Return the finished tensor of a key."""
        ...


@contextmanager
def open_target(
    reference: SourceReference,
    plan: TransferPlan,
    *,
    seed: int,
    trust: "TrustStore | None" = None,
    one_at_a_time: bool = True,
) -> Iterator[TargetValues]:
    """Open the target's own values: a checkpoint's, or an initialisation under the seed.

    With `one_at_a_time`, a finished tensor may only be used until the next one is asked for.
    """
    if reference.kind == "checkpoint":
        from dpiat_gui.networks.checkpoints import open_weights

        with open_weights(reference.name) as weights:
            yield FileTarget(plan, weights.read, one_at_a_time=one_at_a_time)
    else:
        from dpiat_gui.networks.sources import build_module

        module = build_module(reference, seed=seed, trust=trust)
        if reference.runs_code:
            # The person's code may hand out a module that it keeps, or gives the source too.
            module = copy.deepcopy(module)
        yield ModuleTarget(plan, module.cpu())


class FileTarget:
    """A target whose own values stand in a checkpoint, read one at a time.

    Parameters
    ----------
    plan
        What becomes of each tensor.
    read
        The checkpoint's tensors; they are not changed.
    one_at_a_time
        Whether all finished tensors are made in the same memory, as large as the largest.
    """

    def __init__(self, plan: TransferPlan, read: Read, *, one_at_a_time: bool) -> None:
        self._rows = plan.by_target
        self._read = read
        self._one_at_a_time = one_at_a_time
        self._memory: Tensor | None = None
        self.specs = tuple(TensorSpec(row.target, row.target_shape, row.target_dtype) for row in plan.rows)

    def value(self, key: str, copier: Copier) -> "Tensor":
        """Return the finished tensor of a key; it may lie in a file's memory."""
        import torch

        row = self._rows[key]
        if row.exact:
            return copier.whole(row, getattr(torch, row.target_dtype))
        if row.fresh is not None:
            return self._own(row)
        made = self._space(row)
        if row.padded:
            made.copy_(self._own(row))
        copier.into(row, made)
        return made

    def _own(self, row: PlanRow) -> "Tensor":
        return find_tensor(self._read, row.target, row.target_shape, "target").detach()

    def _space(self, row: PlanRow) -> "Tensor":
        """Return memory for the row's target tensor; what is in it is of no meaning."""
        import torch

        dtype = getattr(torch, row.target_dtype)
        if not self._one_at_a_time:
            return torch.empty(row.target_shape, dtype=dtype)
        if self._memory is None:
            made = [row for row in self._rows.values() if row.fresh is None and not row.exact]
            self._memory = torch.empty(
                max(row.elements * size_of(row.target_dtype) for row in made), dtype=torch.uint8
            )
        size = row.elements * size_of(row.target_dtype)
        return self._memory[:size].view(dtype).view(row.target_shape)


class ModuleTarget:
    """A target that was built for this transfer; the finished values take its own ones' place.

    Tensors that share memory (tied weights, a module registered twice) are finished together,
    in state-dict order, so that the checkpoint says what the module would hold.

    Parameters
    ----------
    plan
        What becomes of each tensor.
    module
        The module, in the CPU's memory. It is changed.

    Raises
    ------
    TransferError
        If it is not the network that was planned for.
    """

    def __init__(self, plan: TransferPlan, module: "nn.Module") -> None:
        import torch

        # Extra state may be anything at all; only tensors go into a checkpoint.
        state = {key: value for key, value in module.state_dict().items() if isinstance(value, torch.Tensor)}
        for row in plan.rows:
            checked_tensor(state.get(row.target), row.target, row.target_shape, "target")
        self._state = state
        self.specs = tuple(
            TensorSpec(key, tuple(value.shape), str(value.dtype).removeprefix("torch."))
            for key, value in state.items()
        )
        self._waiting: dict[int, list[PlanRow]] = {}
        for row in plan.rows:
            if row.fresh is None:
                self._waiting.setdefault(self._memory(row.target), []).append(row)

    def _memory(self, key: str) -> int:
        return self._state[key].untyped_storage().data_ptr()

    def value(self, key: str, copier: Copier) -> "Tensor":
        """Return the finished tensor of a key: the module's own, changed in place."""
        for row in self._waiting.pop(self._memory(key), ()):
            copier.into(row, self._state[row.target])
        return self._state[key]
