"""Large tensors in pieces: so that memory is bounded, and a wish to stop is heard inside one, too."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from dpiat_gui.transfer.values import FreshReason, Indices, PlanRow, Slices

if TYPE_CHECKING:
    from torch import Tensor

PIECE = 8 << 20
"""Bytes of a target tensor that are made at a time."""


def boxes(shape: tuple[int, ...], width: int, most: int = PIECE) -> Iterator[Slices]:
    """Cut a tensor into boxes that follow each other in row-major order.

    Parameters
    ----------
    shape
        Of the tensor.
    width
        Bytes of an element.
    most
        Bytes of a box; one element at least.

    Yields
    ------
    Slices
        (start, stop) per dimension. Each box is one run of the tensor's elements.
    """
    whole = tuple((0, size) for size in shape)
    if prod(shape) * width <= most or not shape:
        yield whole
        return
    # The first dimension in which a single index fits is cut; those before it go one by one.
    at = next((k for k in range(len(shape)) if prod(shape[k + 1 :]) * width <= most), len(shape) - 1)
    step = max(1, most // (prod(shape[at + 1 :]) * width))
    starts = [0] * at
    while True:
        before = tuple((start, start + 1) for start in starts)
        for start in range(0, shape[at], step):
            yield (*before, (start, min(start + step, shape[at])), *whole[at + 1 :])
        for k in reversed(range(at)):
            starts[k] += 1
            if starts[k] < shape[k]:
                break
            starts[k] = 0
        else:
            return


def part_of(tensor: "Tensor", box: Slices) -> "Tensor":
    """Return the part of a tensor within a box, as a view."""
    for k, (start, stop) in enumerate(box):
        if stop - start != tensor.shape[k]:
            tensor = tensor.narrow(k, start, stop - start)
    return tensor


def within(row: PlanRow, box: Slices) -> PlanRow:
    """Return what a row does to the part of its target within a box, as a row for a target of that size.

    Parameters
    ----------
    row
        What happens to the whole target.
    box
        (start, stop) per dimension of the target.
    """
    shape = tuple(stop - start for start, stop in box)
    if shape == row.target_shape:
        return row
    if row.source is None:
        return replace(row, target_shape=shape)
    sides: list[tuple[Indices, Indices]] = []
    for taken, filled, (start, stop) in zip(row.source_indices, row.target_indices, box, strict=True):
        first, last = bisect_left(filled, start), bisect_left(filled, stop)
        if first == last:  # nothing of the box is filled
            return PlanRow(row.target, shape, row.target_dtype, row.layer, fresh=FreshReason.UNMATCHED)
        sides.append((taken[first:last], _moved(filled[first:last], start)))
    taken_by, filled_by = zip(*sides, strict=True)
    return replace(
        row,
        target_shape=shape,
        source_slices=tuple(map(_box_of, taken_by)),
        target_slices=tuple(map(_box_of, filled_by)),
        source_picks=_picks(taken_by),
        target_picks=_picks(filled_by),
    )


def _moved(indices: Indices, by: int) -> Indices:
    if isinstance(indices, range):
        return range(indices.start - by, indices.stop - by)
    return tuple(index - by for index in indices)


def _box_of(indices: Indices) -> tuple[int, int]:
    if isinstance(indices, range):
        return indices.start, indices.stop
    return min(indices), max(indices) + 1


def _picks(sides: Sequence[Indices]) -> tuple[tuple[int, ...] | None, ...]:
    if all(isinstance(indices, range) for indices in sides):
        return ()
    return tuple(None if isinstance(indices, range) else indices for indices in sides)
