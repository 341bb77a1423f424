"""Planning: what a matching means for every tensor of the target (dpiat.md, section 5)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from dpiat_gui.errors import TransferError
from dpiat_gui.matching.values import Matching
from dpiat_gui.networks.values import Layer, TensorSpec
from dpiat_gui.transfer.options import TransferOptions, with_options
from dpiat_gui.transfer.steps import apply_steps
from dpiat_gui.transfer.values import FreshReason, PlanRow, Slices, TransferPlan

Operator = Callable[[tuple[int, ...], tuple[int, ...]], tuple[Slices, Slices]]


@lru_cache(maxsize=2**16)
def clip_slices(source: tuple[int, ...], target: tuple[int, ...]) -> tuple[Slices, Slices]:
    """Cut two shapes of equal rank to their common centre (paper, appendix A.2).

    Parameters
    ----------
    source, target
        Shapes ``s`` and ``t``.

    Returns
    -------
    tuple of Slices
        Source and target slices. In every dimension k both select ``min(s_k, t_k)`` elements; the
        longer side starts at ``floor(abs(s_k - t_k) / 2)``, the shorter one at 0.

    Raises
    ------
    ValueError
        If the ranks differ.
    """
    if source == target:
        whole = tuple((0, size) for size in source)
        return whole, whole
    sizes = [min(s, t) for s, t in zip(source, target, strict=True)]
    return _centred(source, sizes), _centred(target, sizes)


def _centred(shape: tuple[int, ...], sizes: list[int]) -> Slices:
    starts = [(whole - size) // 2 for whole, size in zip(shape, sizes, strict=True)]
    return tuple((start, start + size) for start, size in zip(starts, sizes, strict=True))


OPERATORS: Mapping[str, Operator] = {"clip": clip_slices}
"""How a pair of tensors is cut to fit, by name."""


def plan_transfer(matching: Matching, options: TransferOptions | None = None, **named: Any) -> TransferPlan:
    """Plan the transfer a matching stands for.

    Parameters
    ----------
    matching
        Which target layer takes from which source layer.
    options
        How; `TransferOptions` for those of its defaults.
    **named
        Single options in place of those.

    Returns
    -------
    TransferPlan
        One row per entry of the target's state dict, in its order.

    Raises
    ------
    TransferError
        If there is no such option or operator.

    Notes
    -----
    Within a pair of layers, tensors correspond by the part of the key after the layer's path
    (``weight``, ``running_mean``, ``act.weight`` ...); the tensors that were scored correspond
    whatever they are called.
    """
    options = with_options(options or TransferOptions(), **named)
    cut = OPERATORS.get(options.operator)
    if cut is None:
        raise TransferError(
            f"There is no transfer operator named {options.operator!r}.",
            f"Use one of: {', '.join(OPERATORS)}.",
        )
    places = _Places(matching, cut, options.buffers)
    source, target = matching.source, matching.target
    copied = _with_ties(target.tree.tensors, [places.row(tensor) for tensor in target.tree.tensors])
    rows, notes = apply_steps(matching, copied, options)
    return TransferPlan(
        source_name=source.name,
        source_origin=source.origin,
        source_fingerprint=source.fingerprint,
        target_name=target.name,
        target_origin=target.origin,
        target_fingerprint=target.fingerprint,
        options=options,
        rows=rows,
        source_elements=sum(tensor.elements for tensor in source.tree.tensors),
        notes=notes,
    )


def _with_ties(tensors: Sequence[TensorSpec], rows: Sequence[PlanRow]) -> tuple[PlanRow, ...]:
    """Let the keys of one tensor agree: all take what the first of them takes that takes anything.

    Whoever applies the plan to a checkpoint, where each key has values of its own, then gets
    what the module would hold.
    """
    leading: dict[str, PlanRow] = {}
    for tensor, row in zip(tensors, rows, strict=True):
        first = leading.setdefault(tensor.tied_to or tensor.key, row)
        if first.source is None and row.source is not None:
            leading[tensor.tied_to or tensor.key] = row
    return tuple(
        _tied(row, leading[tensor.tied_to or tensor.key]) for tensor, row in zip(tensors, rows, strict=True)
    )


def _tied(row: PlanRow, leading: PlanRow) -> PlanRow:
    outside = row.fresh is FreshReason.NOT_A_LAYER
    if row is leading or (leading.source is None and not outside):
        return row
    return replace(leading, target=row.target, layer=leading.layer if outside else row.layer)


class _Places:
    """Looks up what a matching says of a tensor of the target."""

    def __init__(self, matching: Matching, cut: Operator, buffers: bool) -> None:
        self._cut = cut
        self._buffers = buffers
        self._pairs = matching.by_target
        self._sources = {layer.path: layer for block in matching.source_entries for layer in block.layers}
        self._by_name: dict[str, dict[str, TensorSpec]] = {}
        fresh = set(matching.overrides.fresh)
        self._layers: dict[str, Layer] = {}
        self._fresh_by_hand: set[str] = set()
        for block in matching.target_entries:
            for layer in block.layers:
                if layer.path in fresh or block.path in fresh:
                    self._fresh_by_hand.add(layer.path)
                self._layers.update((tensor.key, layer) for tensor in layer.tensors)

    def row(self, tensor: TensorSpec) -> PlanRow:
        """Plan one target tensor."""
        layer = self._layers.get(tensor.key)
        if layer is None:
            return _fresh(tensor, "", FreshReason.NOT_A_LAYER)
        pair = self._pairs.get(layer.path)
        if pair is None:
            by_hand = layer.path in self._fresh_by_hand
            return _fresh(tensor, layer.path, FreshReason.OVERRIDE if by_hand else FreshReason.UNMATCHED)
        if tensor.buffer and not self._buffers:
            return _fresh(tensor, layer.path, FreshReason.BUFFERS_OFF)
        given = self._given(tensor, layer, pair.source)
        if given is None:
            return _fresh(tensor, layer.path, FreshReason.NOT_IN_SOURCE)
        if len(given.shape) != len(tensor.shape):
            return _fresh(tensor, layer.path, FreshReason.RANK_DIFFERS)
        if 0 in tensor.shape or 0 in given.shape:
            return _fresh(tensor, layer.path, FreshReason.EMPTY)
        return PlanRow(
            tensor.key,
            tensor.shape,
            tensor.dtype,
            layer.path,
            given.key,
            given.shape,
            *self._cut(given.shape, tensor.shape),
        )

    def _given(self, tensor: TensorSpec, layer: Layer, source: str) -> TensorSpec | None:
        """Return the tensor of the source layer that `tensor` of the target layer takes from."""
        inside = self._by_name.get(source)
        if inside is None:
            giving = self._sources[source]
            inside = {_inner_name(one, giving): one for one in giving.tensors}
            self._by_name[source] = inside
        given = inside.get(_inner_name(tensor, layer))
        if given is None and tensor == layer.weight:
            # Parameters of the same kind were matched by shape, whatever their authors called them.
            return self._sources[source].weight
        return given


def _inner_name(tensor: TensorSpec, layer: Layer) -> str:
    """Return the part of the key after the layer's path; empty for a bare parameter itself."""
    if tensor.key.startswith(layer.path):
        return tensor.key[len(layer.path) :].removeprefix(".")
    return tensor.name


def _fresh(tensor: TensorSpec, layer: str, reason: FreshReason) -> PlanRow:
    return PlanRow(tensor.key, tensor.shape, tensor.dtype, layer, fresh=reason)
