"""How one dimension of a source tensor is cut, or filled, to fit a target's, index by index.

What goes by the source's weights takes their magnitudes as arrays; nothing here reads a tensor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod, sqrt
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from dpiat_gui.transfer.values import Indices, Picks, Slices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Norms = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Axis:
    """Which source indices go to which target indices along one dimension; target indices rise."""

    source: Indices
    target: Indices

    def shifted(self, source: int, target: int) -> "Axis":
        """Return the axis as a part that begins at these indices."""
        return Axis(moved(self.source, source), moved(self.target, target))


def compact(indices: Sequence[int]) -> Indices:
    """Return indices as a range where they are one that rises by one."""
    if isinstance(indices, range):
        return indices
    start, stop = indices[0], indices[-1] + 1
    if stop - start == len(indices) and list(indices) == list(range(start, stop)):
        return range(start, stop)
    return tuple(indices)


def moved(indices: Indices, by: int) -> Indices:
    """Return all indices `by` further on."""
    if isinstance(indices, range):
        return range(indices.start + by, indices.stop + by)
    return tuple(index + by for index in indices)


def boxes_and_picks(axes: Sequence[Indices]) -> tuple[Slices, Picks]:
    """Return what a row of the plan holds of one side's indices."""
    slices = tuple(
        # Python looks at every number of a range for its least and largest.
        (one.start, one.stop) if isinstance(one, range) else (min(one), max(one) + 1)
        for one in axes
    )
    if all(isinstance(one, range) for one in axes):
        return slices, ()
    return slices, tuple(None if isinstance(one, range) else one for one in axes)


@lru_cache(maxsize=2**14)
def clip_axis(source: int, target: int) -> Axis:
    """Cut both sizes to their common centre (paper, appendix A.2)."""
    size = min(source, target)
    first, to = (source - size) // 2, (target - size) // 2
    return Axis(range(first, first + size), range(to, to + size))


@lru_cache(maxsize=2**12)
def full_axis(source: int, target: int, seed: int) -> Axis:
    """As `clip_axis`, and repeat source indices where the target is larger.

    Notes
    -----
    Which indices are repeated depends on the two sizes and the seed alone. So weight, bias and
    statistics of a layer, its norm, and the input of the layer after it repeat the same channels.
    No index is repeated again before every other one was.
    """
    if target <= source:
        return clip_axis(source, target)
    # Of Python's generators only random() promises the same numbers in every version.
    generator = Random(f"{seed} {source} {target}")
    drawn: list[int] = []
    while len(drawn) < target - source:
        keys = [generator.random() for _ in range(source)]
        drawn += sorted(range(source), key=keys.__getitem__)
    first = (target - source) // 2
    repeated = drawn[: target - source]
    return Axis(
        compact([*repeated[:first], *range(source), *repeated[first:]]),
        range(target),
    )


@lru_cache(maxsize=2**10)
def edge_axis(source: int, target: int) -> Axis:
    """As `clip_axis`, and repeat the first and last index where the target is larger.

    For the inside of a kernel, where the order of indices is a place.
    """
    if target <= source:
        return clip_axis(source, target)
    first = (target - source) // 2
    return Axis(compact([min(max(index - first, 0), source - 1) for index in range(target)]), range(target))


def largest_axis(target: int, norms: "Norms") -> Axis:
    """Keep the indices of the largest norms where the source is larger, in rising order.

    Parameters
    ----------
    target
        Size of the target's dimension.
    norms
        One for each source index.

    Notes
    -----
    Of equal norms those nearest to the centre are kept: with all norms equal, the centre crop. A
    norm that is no number counts as 0. Where the target is larger, as `clip_axis`.
    """
    source = len(norms)
    if target >= source:
        return clip_axis(source, target)
    centre = (source - target) // 2 + (target - 1) / 2
    away = np.abs(np.arange(source) - centre)
    order = np.lexsort((away, -np.nan_to_num(norms, nan=0.0, posinf=np.inf)))
    return Axis(compact(sorted(order[:target].tolist())), range(target))


def product_axis(sizes: Sequence[tuple[int, int]], axes: Sequence[Axis]) -> Axis:
    """Return the axis of a dimension that several are folded into, the last one running fastest.

    Parameters
    ----------
    sizes
        Of each folded dimension, in source and target.
    axes
        One for each.
    """
    if all(
        axis.source == axis.target == range(one) == range(other)
        for (one, other), axis in zip(sizes, axes, strict=True)
    ):
        whole = range(prod(one for one, _ in sizes))
        return Axis(whole, whole)
    source, target = [0], [0]
    for (source_size, target_size), axis in zip(sizes, axes, strict=True):
        source = [index * source_size + one for index in source for one in axis.source]
        target = [index * target_size + one for index in target for one in axis.target]
    return Axis(compact(source), compact(target))


def joined_axis(parts: Sequence[Axis]) -> Axis:
    """Return the axis of parts that lie one after the other, each moved to its place already."""
    if len(parts) == 1:
        return parts[0]
    return Axis(
        compact([index for part in parts for index in part.source]),
        compact([index for part in parts for index in part.target]),
    )


def width_scale(source_inputs: int, target_inputs: int) -> float:
    """Return the factor by which ``clip-normalized`` scales a weight.

    Parameters
    ----------
    source_inputs, target_inputs
        Number of inputs that each output sums up: channels times kernel elements, of one group.

    Returns
    -------
    float
        ``sqrt(source_inputs / target_inputs)``.

    Notes
    -----
    Let an output be the sum of n products of a weight (variance v) and an input (second moment q):
    its variance is n v q. Initialisations take v = c / n, and a trained layer still keeps about that
    scale. Of the target's n_t inputs, n_c take copied weights of variance a² c / n_s, the others
    fresh ones of variance c / n_t. The output keeps the variance c q if
    a² n_c / n_s + (n_t - n_c) / n_t = 1, that is a = sqrt(n_s / n_t), however many n_c are
    copied: larger than 1 where inputs are cut away, smaller where fresh ones are added. Biases are
    added after the sum and stay; so do norms and their statistics, since what they see keeps its scale.
    """
    return sqrt(source_inputs / target_inputs)


def inputs_of(shape: Sequence[int], groups: int, *, transposed: bool) -> int:
    """Return how many inputs each output of a conv or linear weight sums up."""
    if transposed:
        return shape[0] // groups * prod(shape[2:])
    return prod(shape[1:])
