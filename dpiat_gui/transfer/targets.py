"""The target's own values, and what a transfer makes of them, piece by piece."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dpiat_gui.networks.references import SourceReference
from dpiat_gui.networks.values import TensorSpec
from dpiat_gui.transfer.copying import checked_tensor, find_tensor
from dpiat_gui.transfer.dtypes import size_of
from dpiat_gui.transfer.pieces import boxes, part_of, within
from dpiat_gui.transfer.values import PlanRow, Slices, TransferPlan
from dpiat_gui.transfer.weights import Copier, Read, in_main_memory

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from dpiat_gui.networks.factories import TrustStore


@contextmanager
def open_target(
    reference: SourceReference, plan: TransferPlan, *, seed: int, trust: "TrustStore | None" = None
) -> Iterator["Target"]:
    """Open the target's own values: a checkpoint's, or an initialisation under the seed.

    A timm model of which the plan leaves nothing to its own initialisation is not built at all.
    """
    if reference.kind == "checkpoint":
        from dpiat_gui.networks.checkpoints import open_weights

        with open_weights(reference.name) as weights:
            yield Target(plan, weights.read)
    elif reference.kind == "timm" and not needs_own(plan):
        yield Target(plan, _nothing)
    else:
        from dpiat_gui.networks.sources import build_module
        from dpiat_gui.networks.torch_modules import copied

        module = build_module(reference, seed=seed, trust=trust)
        if reference.runs_code:
            # The person's code may hand out a module that it keeps, or gives the source too.
            module = copied(module)
        yield ModuleTarget(plan, in_main_memory(module, "target"))


def needs_own(plan: TransferPlan) -> bool:
    """Tell whether any element keeps the target's own value."""
    return any(row.elements > row.copied + row.set for row in plan.rows)


def _nothing(key: str) -> "Tensor":
    """Stand in for values that nobody needs, but tensors without elements."""
    raise KeyError(key)


class Target:
    """A target whose own values are read one at a time.

    Parameters
    ----------
    plan
        What becomes of each tensor.
    read
        The target's own tensors; they are not changed.

    Attributes
    ----------
    specs
        What the finished checkpoint holds, in state-dict order.
    """

    def __init__(self, plan: TransferPlan, read: Read) -> None:
        self._rows = plan.by_target
        self._read = read
        self._memory: Tensor | None = None
        self.specs = tuple(TensorSpec(row.target, row.target_shape, row.target_dtype) for row in plan.rows)

    def own(self, key: str) -> "Tensor":
        """Return the target's own tensor; it may lie in a file's memory."""
        import torch

        row = self._rows[key]
        if not row.elements:
            return torch.empty(row.target_shape, dtype=getattr(torch, row.target_dtype))
        return find_tensor(self._read, row.target, row.target_shape, "target").detach()

    def pieces(self, key: str, copier: Copier) -> Iterator["Tensor"]:
        """Yield the finished tensor of a key in row-major pieces; each until the next is asked for.

        All that are made are made in the same memory.
        """
        import torch

        row = self._rows.get(key)
        if row is None or row.fresh is not None:
            yield self.own(key)
            return
        dtype = getattr(torch, row.target_dtype)
        if row.exact and (as_it_is := copier.as_it_is(row, dtype)) is not None:
            yield as_it_is
            return
        if row.elements * dtype.itemsize <= copier.piece:
            yield self._piece(row, row, None, dtype, copier)
            return
        for box in boxes(row.target_shape, dtype.itemsize, copier.piece):
            yield self._piece(row, within(row, box), box, dtype, copier)

    def _piece(
        self, row: PlanRow, part: PlanRow, box: Slices | None, dtype: "torch.dtype", copier: Copier
    ) -> "Tensor":
        """Return what becomes of a part of a row's target; None stands for the whole of it."""
        if part.fresh is not None:
            return self._own_part(row.target, box)
        if row.exact:
            return copier.whole(part, dtype)
        made = self._space(part, dtype)
        if part.padded:
            made.copy_(self._own_part(row.target, box))
        copier.into(part, made)
        return made

    def _own_part(self, key: str, box: Slices | None) -> "Tensor":
        own = self.own(key)
        return own if box is None else part_of(own, box)

    def picked_rows(self, keys: Iterable[str], piece: int) -> Iterator[PlanRow]:
        """Yield the rows, cut as `pieces` cuts them, whose elements must be picked one by one."""
        for key in keys:
            row = self._rows.get(key)
            if row is None or row.source is None or row.exact:
                continue
            for box in boxes(row.target_shape, size_of(row.target_dtype), piece):
                part = within(row, box)
                if part.fresh is None:
                    yield part

    def whole(self, key: str, copier: Copier, check: Callable[[], None] = lambda: None) -> "Tensor":
        """Return the finished tensor of a key, in memory of its own or where its values lie already."""
        import torch

        row = self._rows.get(key)
        if row is None or row.fresh is not None:
            return self.own(key)
        dtype = getattr(torch, row.target_dtype)
        if row.exact:
            return copier.whole(row, dtype)
        made = torch.empty(row.target_shape, dtype=dtype)
        if row.padded:
            made.copy_(self.own(key))
        _carry_out(row, made, copier, check)
        return made

    def _space(self, row: PlanRow, dtype: "torch.dtype") -> "Tensor":
        """Return memory for a tensor; what is in it is of no meaning."""
        import torch

        size = row.elements * dtype.itemsize
        if self._memory is None or self._memory.numel() < size:
            self._memory = torch.empty(size, dtype=torch.uint8)
        return self._memory[:size].view(dtype).view(row.target_shape)


class ModuleTarget(Target):
    """A target that was built for this transfer.

    Tensors that share memory (tied weights, a module registered twice, views) are finished together
    and in place, in state-dict order, so that the checkpoint says what the module would hold.

    Parameters
    ----------
    plan
        What becomes of each tensor.
    module
        The module, in the CPU's memory. Of what shares memory, its own values are changed.

    Attributes
    ----------
    module
        The module.

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
        super().__init__(plan, state.__getitem__)
        self.module = module
        self.specs = tuple(
            TensorSpec(key, tuple(value.shape), str(value.dtype).removeprefix("torch."))
            for key, value in state.items()
        )
        self._state = state
        sharing: dict[int, list[str]] = {}
        for key, value in state.items():
            if value.numel():
                sharing.setdefault(value.untyped_storage().data_ptr(), []).append(key)
        self._shared = {key: keys for keys in sharing.values() if len(keys) > 1 for key in keys}
        self._finished: set[str] = set()

    def picked_rows(self, keys: Iterable[str], piece: int) -> Iterator[PlanRow]:
        """Yield the rows as `Target.picked_rows`, without those of shared memory."""
        yield from super().picked_rows((key for key in keys if key not in self._shared), piece)

    def own(self, key: str) -> "Tensor":
        """Return the module's own tensor; if it shares memory, as it stands now."""
        return self._state[key].detach()

    def pieces(self, key: str, copier: Copier) -> Iterator["Tensor"]:
        """Yield the finished tensor of a key, as `Target.pieces`."""
        if key not in self._shared:
            yield from super().pieces(key, copier)
        else:
            yield self.whole(key, copier, copier.check)

    def whole(self, key: str, copier: Copier, check: Callable[[], None] = lambda: None) -> "Tensor":
        """Return the finished tensor of a key, as `Target.whole`."""
        if key not in self._shared:
            return super().whole(key, copier, check)
        for name in self._shared[key]:
            row = self._rows.get(name)
            if name not in self._finished and row is not None and row.fresh is None:
                _carry_out(row, self._state[name], copier, check)
            self._finished.add(name)
        return self._state[key]

    def finish(self, copier: Copier, check: Callable[[], None] = lambda: None) -> None:
        """Carry out the plan on the module itself, so that it can be run; what is yielded stays the same."""
        for key, row in self._rows.items():
            if key in self._shared:
                self.whole(key, copier, check)
            elif row.fresh is None:
                _carry_out(row, self._state[key], copier, check)


def _carry_out(row: PlanRow, target: "Tensor", copier: Copier, check: Callable[[], None]) -> None:
    """Carry out a row in place, piece by piece."""
    for box in boxes(row.target_shape, target.element_size(), copier.piece):
        check()
        part = within(row, box)
        if part.fresh is None:
            copier.into(part, part_of(target, box))
