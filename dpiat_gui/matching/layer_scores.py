"""How well two layers match: the score of their shapes (paper, section on matching; dpiat.md, section 2).

Plain numbers: the window's columns ask for these before NumPy is loaded.
"""

from collections.abc import Hashable, Sequence

from dpiat_gui.networks.kinds import SCORED_KINDS, LayerKind
from dpiat_gui.networks.values import Layer


def layer_type(layer: Layer, layer_types: str) -> Hashable | None:
    """Return what two layers must have in common to score at all, None for a layer that never scores.

    Bare parameters are told apart by name, so that a class token is never compared with a
    positional embedding. With ``all``, a SyncBatchNorm is the BatchNorm2d it stands for.
    """
    kind, weight = layer.kind, layer.weight
    if weight is None or kind not in SCORED_KINDS[layer_types] or 0 in weight.shape:
        return None
    if kind is LayerKind.PARAMETER:
        return (kind, weight.name)
    if kind is LayerKind.SYNC_BATCH_NORM:
        return LayerKind.BATCH_NORM2D
    return kind


def shape_ratios(source: Sequence[int], target: Sequence[int]) -> tuple[float, ...]:
    """Return ``min(s / t, t / s)`` for every dimension, the factors of the score."""
    return tuple(min(s / t, t / s) for s, t in zip(source, target, strict=True))


def layer_score(source: Layer, target: Layer, layer_types: str = "all") -> float:
    """Return the score of two layers: the product of their shapes' ratios, in 0..1.

    It is 0 for layers of different types or ranks, and for layers without a weight.
    """
    kind = layer_type(source, layer_types)
    if kind is None or kind != layer_type(target, layer_types):
        return 0.0
    s, t = source.shape, target.shape
    if s is None or t is None or len(s) != len(t):
        return 0.0
    score = 1.0
    for ratio in shape_ratios(s, t):
        score *= ratio
    return score
