"""Pairs of matched layers, and what each dimension of their tensors holds."""

from collections.abc import Iterable
from dataclasses import dataclass

from dpiat_gui.networks.kinds import DIMENSIONAL, NORMS, LayerKind
from dpiat_gui.networks.values import Layer, TensorSpec
from dpiat_gui.transfer.operators import Operator
from dpiat_gui.transfer.structure import TRANSPOSED, ChannelMap, Channels, LayerChannels

OUT, IN, INSIDE, PLACE, OTHER = "out", "in", "inside", "place", "other"
"""What a dimension holds: channels a layer gives, channels it takes, those of one group, a kernel's
places, anything else."""

MIXING = DIMENSIONAL | {LayerKind.IN_PROJECTION}
"""Layers that sum up their inputs."""


@dataclass(frozen=True, slots=True)
class LayerPair:
    """Two matched layers and the operator that cuts the one to fit the other."""

    source: Layer
    target: Layer
    operator: Operator


Maps = tuple[ChannelMap, ChannelMap]
"""The channels of source and target."""


def held_by(pair: LayerPair, tensor: TensorSpec, maps: Maps) -> tuple[str, ...]:
    """Return what each dimension of a target tensor holds."""
    kind, rank = pair.target.kind, len(tensor.shape)
    if kind in MIXING:
        return _held_beside_weight(pair, tensor, maps)
    if kind is LayerKind.EMBEDDING and tensor == pair.target.weight and rank == 2:
        return (OTHER, OUT)
    if kind in NORMS or kind is LayerKind.PRELU:
        return _one_by_one(rank)
    known = channels_of(pair, maps)
    if kind is LayerKind.PARAMETER and known is not None and tensor == pair.target.weight:
        width = sum(maps[1].sizes[one] for one in known[1].outputs.sets)
        if tensor.shape.count(width) == 1:
            return tuple(OUT if size == width else OTHER for size in tensor.shape)
    return (OTHER,) * rank


def channels_of(pair: LayerPair, maps: Maps) -> tuple[LayerChannels, LayerChannels] | None:
    """Return the channels of both layers, None where those of one are not known."""
    source, target = maps[0].layers.get(pair.source.path), maps[1].layers.get(pair.target.path)
    return None if source is None or target is None else (source, target)


def side_of(layers: tuple[LayerChannels, LayerChannels], what: str) -> tuple[Channels, Channels]:
    """Return what both layers take, or what they give."""
    if what == IN:
        return layers[0].inputs, layers[1].inputs
    return layers[0].outputs, layers[1].outputs


def groups_in(channels: ChannelMap, layer: Layer) -> int:
    """Return the groups of a layer."""
    known = channels.layers.get(layer.path)
    return known.groups if known else 1


def makers_of(pairs: Iterable[LayerPair], maps: Maps) -> dict[tuple[int, int], list[LayerPair]]:
    """Return the traced pairs of layers that make the channels of two sets, by the sets' numbers."""
    found: dict[tuple[int, int], list[LayerPair]] = {}
    for pair in pairs:
        known = channels_of(pair, maps)
        if pair.source.kind not in MIXING or not pair.operator.traces or known is None:
            continue
        if not any(one.depthwise or len(one.outputs.sets) > 1 for one in known):
            found.setdefault((known[0].outputs.sets[0], known[1].outputs.sets[0]), []).append(pair)
    return found


def _held_beside_weight(pair: LayerPair, tensor: TensorSpec, maps: Maps) -> tuple[str, ...]:
    """Return what each dimension holds of a weight, a bias, or what scales or masks the weight."""
    rank, weight = len(tensor.shape), pair.target.weight
    if weight is None or rank != len(weight.shape):
        return _one_by_one(rank)
    held = _held_by_weight(pair, rank, maps)
    if tensor == weight:
        return held
    # The norms of a weight's filters have the weight's rank, and 1 in most dimensions.
    sizes = zip(held, tensor.shape, weight.shape, strict=True)
    return tuple(what if size == full else OTHER for what, size, full in sizes)


def _held_by_weight(pair: LayerPair, rank: int, maps: Maps) -> tuple[str, ...]:
    grouped = groups_in(maps[0], pair.source) > 1 or groups_in(maps[1], pair.target) > 1
    if pair.target.kind in TRANSPOSED:
        first, second = IN, INSIDE if grouped else OUT
    else:
        first, second = OUT, INSIDE if grouped else IN
    return (first, second, *[PLACE] * (rank - 2))


def _one_by_one(rank: int) -> tuple[str, ...]:
    return (OUT,) if rank == 1 else (OTHER,) * rank
