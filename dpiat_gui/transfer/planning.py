"""Planning: what a matching means for every tensor of the target (dpiat.md, section 5)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dpiat_gui.errors import TransferError
from dpiat_gui.matching.values import Matching
from dpiat_gui.networks.flow import Flow
from dpiat_gui.networks.values import Layer, TensorSpec
from dpiat_gui.transfer.operators import OPERATORS, Operator
from dpiat_gui.transfer.operators_axes import boxes_and_picks
from dpiat_gui.transfer.operators_cutting import Cutter
from dpiat_gui.transfer.operators_norms import Magnitudes
from dpiat_gui.transfer.operators_pairs import LayerPair
from dpiat_gui.transfer.options import TransferOptions, with_options
from dpiat_gui.transfer.steps import apply_steps
from dpiat_gui.transfer.structure import channel_map
from dpiat_gui.transfer.values import FreshReason, PlanRow, Slices, TransferPlan

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["OPERATORS", "clip_slices", "plan_transfer", "resolve_plan"]

Flows = tuple[Flow | None, Flow | None]
"""The flows of information of source and target, None where one is not known."""
NAMED = 5
"""Tensors that a note calls by their names at the most."""
_NEWER_NAMES = {
    "weight_g": "parametrizations.weight.original0",
    "weight_v": "parametrizations.weight.original1",
}
"""What torch's newer weight norm calls the parts that its older one stores."""
_NUMBERS = ("float", "bfloat", "complex")
LEFT_ALONE = {
    FreshReason.FROZEN: "Frozen parameters",
    FreshReason.WHOLE_NUMBERS: "Tensors of whole numbers",
    FreshReason.COMPLEX: "Tensors that would take complex numbers, and hold real ones,",
    FreshReason.IN_PARTS: "Weights that one side alone computes of parts, as weight norm does,",
    FreshReason.OTHER_PARTS: "Weights that the two sides compute in different ways,",
}
"""Why a matched tensor takes nothing for what it is, with what a note calls such tensors."""


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


def plan_transfer(
    matching: Matching,
    options: TransferOptions | None = None,
    *,
    seed: int | None = None,
    flows: Flows = (None, None),
    read: "Callable[[str], Tensor] | None" = None,
    frozen: Collection[str] = (),
    **named: Any,
) -> TransferPlan:
    """Plan the transfer a matching stands for.

    Parameters
    ----------
    matching
        Which target layer takes from which source layer; its overrides may name other operators for
        single layers or blocks.
    options
        How; `TransferOptions` for those of its defaults.
    seed
        Of what an operator draws; that of the matching if left out.
    flows
        The flows of information, for what goes by them; those that the networks hold, if left out.
    read
        Gives the source's tensor of a state-dict key. Without it, a plan is provisional where it goes by
        the source's weights, or by a flow that is not known; see `resolve_plan`.
    frozen
        Keys of target parameters that are left alone.
    **named
        Single options in place of `options`.

    Returns
    -------
    TransferPlan
        One row per entry of the target's state dict, in its order.

    Raises
    ------
    TransferError
        If there is no such option or operator, or the source is not the one that was matched.

    Notes
    -----
    Within a pair of layers, tensors correspond by the part of the key after the layer's path
    (``weight``, ``running_mean``, ``act.weight`` ...); the tensors that were scored correspond
    whatever they are called.
    """
    options = with_options(options or TransferOptions(), **named)
    places = _Places(matching, options, _operators(matching, options.operator), frozen)
    places.look_at_channels(matching.options.seed if seed is None else seed, flows, read)
    tensors = matching.target.tree.tensors
    copied = _with_ties(tensors, [places.row(tensor) for tensor in tensors])
    rows, notes = apply_steps(matching, copied, options, frozen)
    without_flow = places.without_flow(flows)
    provisional = read is None and (bool(without_flow) or places.undecided)
    more = places.notes(without_flow, final=read is not None)
    return _plan_of(matching, options, rows, provisional, (*notes, *more, *_left_alone(rows)))


def _plan_of(
    matching: Matching,
    options: TransferOptions,
    rows: tuple[PlanRow, ...],
    provisional: bool,
    notes: tuple[str, ...],
) -> TransferPlan:
    source, target = matching.source, matching.target
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
        provisional=provisional,
        notes=notes,
    )


def resolve_plan(
    plan: TransferPlan,
    matching: Matching,
    read: "Callable[[str], Tensor]",
    *,
    seed: int | None = None,
    flows: Flows = (None, None),
    frozen: Collection[str] = (),
) -> TransferPlan:
    """Return the final plan: what goes by the source's weights, or by flows, is decided.

    Parameters
    ----------
    plan
        A plan of the matching. One that is not provisional is returned as it is.
    matching, read, seed, flows, frozen
        As for `plan_transfer`.

    Raises
    ------
    TransferError
        If the source is not the one that was matched.
    """
    if not plan.provisional:
        return plan
    return plan_transfer(matching, plan.options, seed=seed, flows=flows, read=read, frozen=frozen)


def _operators(matching: Matching, default: str) -> dict[str, Operator]:
    """Return the operator of each target layer, by path; ``""`` stands for all others.

    Raises
    ------
    TransferError
        If there is no such operator.
    """
    asked = dict(matching.overrides.operators)
    for name in (default, *asked.values()):
        if name not in OPERATORS:
            raise TransferError(
                f"There is no transfer operator named {name!r}.", f"Use one of: {', '.join(OPERATORS)}."
            )
    found = {"": OPERATORS[default]}
    if asked:
        for block in matching.target_entries:
            for layer in block.layers:
                own = asked.get(layer.path) or asked.get(block.path)
                if own is not None:
                    found[layer.path] = OPERATORS[own]
    return found


def _left_alone(rows: Sequence[PlanRow]) -> list[str]:
    """Name the tensors that are left alone for what they are."""
    found = []
    for reason, what in LEFT_ALONE.items():
        keys = [row.target for row in rows if row.fresh is reason]
        if keys:
            more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
            found.append(f"{what} are left alone: {', '.join(keys[:NAMED])}{more}.")
    return found


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

    def __init__(
        self,
        matching: Matching,
        options: TransferOptions,
        operators: Mapping[str, Operator],
        frozen: Collection[str],
    ) -> None:
        self._matching = matching
        self._options = options
        self._frozen = frozenset(frozen)
        self._sources = {layer.path: layer for block in matching.source_entries for layer in block.layers}
        self._by_name: dict[str, dict[str, TensorSpec]] = {}
        fresh = set(matching.overrides.fresh)
        self._layers: dict[str, Layer] = {}
        self._fresh_by_hand: set[str] = set()
        self.layer_pairs: dict[str, LayerPair] = {}
        self.cutter: Cutter | None = None
        for block in matching.target_entries:
            for layer in block.layers:
                if layer.path in fresh or block.path in fresh:
                    self._fresh_by_hand.add(layer.path)
                self._layers.update((tensor.key, layer) for tensor in layer.tensors)
                pair = matching.by_target.get(layer.path)
                if pair is not None:
                    operator = operators.get(layer.path) or operators[""]
                    self.layer_pairs[layer.path] = LayerPair(self._sources[pair.source], layer, operator)

    @property
    def undecided(self) -> bool:
        """Whether a choice of channels waits for the source's weights."""
        return self.cutter is not None and self.cutter.undecided

    def look_at_channels(self, seed: int, flows: Flows, read: "Callable[[str], Tensor] | None") -> None:
        """Look at channels where more is asked for than the paper's crop, which goes by shapes alone."""
        names = {pair.operator.name for pair in self.layer_pairs.values()}
        if self._options.align == "paper" and names <= {"clip"}:
            return
        source, target = self._matching.source, self._matching.target
        layers = {layer.path: layer for layer in source.layers}
        self.cutter = Cutter(
            (channel_map(source, flows[0]), channel_map(target, flows[1])),
            self.layer_pairs,
            by_structure=self._options.align == "structure",
            seed=seed,
            magnitudes=Magnitudes(read, layers) if read else None,
        )

    def row(self, tensor: TensorSpec) -> PlanRow:
        """Plan one target tensor."""
        layer = self._layers.get(tensor.key)
        if layer is None:
            return _fresh(tensor, "", FreshReason.NOT_A_LAYER)
        pair = self.layer_pairs.get(layer.path)
        if pair is None:
            by_hand = layer.path in self._fresh_by_hand
            return _fresh(tensor, layer.path, FreshReason.OVERRIDE if by_hand else FreshReason.UNMATCHED)
        if tensor.buffer and not self._options.buffers:
            return _fresh(tensor, layer.path, FreshReason.BUFFERS_OFF)
        ways = {layer.computed_by, pair.source.computed_by}
        if tensor == layer.weight and len(ways) > 1:
            return _fresh(tensor, layer.path, FreshReason.IN_PARTS if "" in ways else FreshReason.OTHER_PARTS)
        given = self._given(tensor, layer, pair.source.path)
        reason = self._obstacle(tensor, given)
        if reason is not None or given is None:
            return _fresh(tensor, layer.path, reason or FreshReason.NOT_IN_SOURCE)
        return self._copying(pair, given, tensor)

    def without_flow(self, flows: Flows) -> tuple[str, ...]:
        """Return the names of networks whose flow of information would matter, and is not known."""
        if self.cutter is None or not (self._options.align == "structure" or self.cutter.untraced):
            return ()
        networks = (self._matching.source, self._matching.target)
        known = zip(networks, flows, strict=True)
        names = (network.name for network, flow in known if flow is None and network.tree.flow is None)
        return tuple(dict.fromkeys(names))

    def notes(self, without_flow: tuple[str, ...], *, final: bool) -> tuple[str, ...]:
        """Say what a person should know of how the plan was made."""
        if self.cutter is None:
            return ()
        found = []
        unknown = f"The flow of information of {' and of '.join(without_flow)} is not known"
        untraced = len(self.cutter.untraced)
        if without_flow and not final:
            found.append(f"{unknown} yet: it is read at the transfer, and channels are aligned by it then.")
        elif without_flow:
            if self._options.align == "structure":
                found.append(f"{unknown}: of the structure, only groups and heads are aligned.")
            if untraced:
                found.append(f"{unknown}: channels are kept by magnitude, and the choice is not traced.")
        elif untraced:
            layers = "1 layer" if untraced == 1 else f"{untraced} layers"
            found.append(
                f"In {layers}, channels could not be traced: there they are kept by magnitude alone."
            )
        if self.cutter.undecided:
            found.append("Which channels are kept is chosen by magnitude at the transfer.")
        return tuple(found)

    def _obstacle(self, tensor: TensorSpec, given: TensorSpec | None) -> FreshReason | None:
        """Return why a tensor cannot take anything of another, None if it can."""
        if given is None:
            return FreshReason.NOT_IN_SOURCE
        if tensor.key in self._frozen:
            return FreshReason.FROZEN
        if len(given.shape) != len(tensor.shape):
            return FreshReason.RANK_DIFFERS
        if 0 in tensor.shape or 0 in given.shape:
            return FreshReason.EMPTY
        whole = [not one.dtype.startswith(_NUMBERS) for one in (given, tensor)]
        # A table of indices makes no sense in parts, nor a number as an index.
        if any(whole) and not (all(whole) and given.shape == tensor.shape):
            return FreshReason.WHOLE_NUMBERS
        if given.dtype.startswith("complex") and not tensor.dtype.startswith("complex"):
            return FreshReason.COMPLEX  # half of each number would be lost
        return None

    def _copying(self, pair: LayerPair, given: TensorSpec, tensor: TensorSpec) -> PlanRow:
        """Return the row of a tensor that takes from another."""
        said = tensor.key, tensor.shape, tensor.dtype, pair.target.path, given.key, given.shape
        plain = self._options.align == "paper" and pair.operator.name == "clip"
        if plain or self.cutter is None or given.shape == tensor.shape == ():
            return PlanRow(*said, *clip_slices(given.shape, tensor.shape))
        axes = self.cutter.axes(pair, given, tensor)
        source_slices, source_picks = boxes_and_picks([axis.source for axis in axes])
        target_slices, target_picks = boxes_and_picks([axis.target for axis in axes])
        return PlanRow(
            *said,
            source_slices,
            target_slices,
            source_picks=source_picks,
            target_picks=target_picks,
            scale=self.cutter.scale(pair, given, tensor),
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
    if not tensor.key.startswith(layer.path):
        return tensor.name
    name = tensor.key[len(layer.path) :].removeprefix(".")
    return _NEWER_NAMES.get(name, name)


def _fresh(tensor: TensorSpec, layer: str, reason: FreshReason) -> PlanRow:
    return PlanRow(tensor.key, tensor.shape, tensor.dtype, layer, fresh=reason)
