"""Statistics, histograms and small pictures of tensors, however large."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from math import inf, isqrt, nan, prod, sqrt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

BINS = 64
MOST_ROWS = 512
"""Rows and columns of a matrix that are drawn, at most."""
MOST_FILTERS = 256
"""Filters, and channels of each, that are drawn, at most."""
MOST_VALUES = 1 << 20
"""Values of a picture, at most."""
MOST_POINTS = 4096
"""Values of a vector that are drawn, at most."""
_CHUNK = 1 << 18  # of what the processor's cache holds: twenty times as fast as what it does not


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a tensor's values are; infinities and not-a-numbers are counted and left out of the rest.

    Parameters
    ----------
    elements
        Number of elements.
    mean, std, low, high, rms
        Of the finite ones; `std` divides by one less than their number, as ``torch.std``. None where
        there are too few.
    zeros
        Number of elements that are exactly 0.
    not_a_number, infinite
        Numbers of elements that are so.
    """

    elements: int
    mean: float | None
    std: float | None
    low: float | None
    high: float | None
    rms: float | None
    zeros: int
    not_a_number: int
    infinite: int

    def to_json(self) -> dict[str, Any]:
        """Return the statistics as plain JSON."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


def statistics_of(tensor: "torch.Tensor") -> Statistics:
    """Return the statistics of all elements, in double precision, some at a time."""
    low, high = inf, -inf
    total = squares = 0.0
    count = zeros = not_a_number = 0
    for part, finite in _chunks(tensor):
        not_a_number += int(part.isnan().sum())
        count += finite.numel()
        if finite.numel():
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
            total += float(finite.sum())
            squares += float(finite.square().sum())
            zeros += int((finite == 0).sum())
    elements = tensor.numel()
    infinite = elements - count - not_a_number
    if not count:
        return Statistics(elements, None, None, None, None, None, 0, not_a_number, infinite)
    mean = total / count
    # A second pass: the difference of two large sums would lose the digits that matter.
    spread = sum(float((finite - mean).square().sum()) for _, finite in _chunks(tensor))
    std = sqrt(spread / (count - 1)) if count > 1 else None
    return Statistics(elements, mean, std, low, high, sqrt(squares / count), zeros, not_a_number, infinite)


def histogram_of(tensor: "torch.Tensor", low: float, high: float, bins: int = BINS) -> list[int]:
    """Return how many finite elements lie in each of `bins` equal parts from `low` to `high`."""
    import torch

    counts = torch.zeros(bins, dtype=torch.float64)
    for _, finite in _chunks(tensor):
        counts += torch.histc(finite, bins, low, high)
    return [int(count) for count in counts]


def common_range(all_statistics: Sequence[Statistics]) -> tuple[float, float]:
    """Return the range that holds all finite values of several tensors; never empty."""
    low = min((one.low for one in all_statistics if one.low is not None), default=0.0)
    high = max((one.high for one in all_statistics if one.high is not None), default=0.0)
    if high > low:
        return low, high
    margin = abs(low) * 0.05 or 1.0
    return low - margin, high + margin


def _chunks(tensor: "torch.Tensor") -> "Iterator[tuple[torch.Tensor, torch.Tensor]]":
    """Yield parts of a tensor in double precision, each with its finite elements alone."""
    import torch

    flat = tensor.detach().reshape(-1)
    if flat.is_complex():
        flat = torch.view_as_real(flat).reshape(-1)
    for begin in range(0, flat.numel(), _CHUNK):
        part = flat[begin : begin + _CHUNK].to(torch.float64)
        # Picking elements takes longer than all the rest; where their sum is finite, all of them are.
        yield part, part if part.sum().isfinite() else part[part.isfinite()]


@dataclass(frozen=True)
class Picture:
    """What of a tensor is drawn.

    Parameters
    ----------
    layout
        ``line`` for one dimension, ``matrix`` for two (and convolutions by single points),
        ``filters`` for kernels.
    values
        float32; shape (n,), (rows, columns), or (filters, channels, height, width).
    shown, of
        How many of what there is are in it, along the first one or two dimensions.
    """

    layout: str
    values: "torch.Tensor"
    shown: tuple[int, ...]
    of: tuple[int, ...]

    @property
    def sampled(self) -> bool:
        """Whether some are left out."""
        return self.shown != self.of


def picture_of(tensor: "torch.Tensor") -> Picture:
    """Return a picture of a tensor: all of it, or evenly spaced rows, columns, filters or channels."""
    import torch

    tensor = tensor.detach()
    if tensor.is_complex():
        tensor = tensor.abs()
    if tensor.ndim == 3 and tensor.shape[0] == 1:
        # A position embedding is the matrix that its last two dimensions are.
        tensor = tensor[0]
    if tensor.ndim <= 1:
        return _taken("line", tensor.reshape(-1), (MOST_POINTS,))
    if tensor.ndim > 5 or tensor.numel() == 0:
        tensor = tensor.flatten(1)
    points = prod(tensor.shape[2:])
    if points == 1:
        return _taken("matrix", tensor.reshape(tensor.shape[:2]), (MOST_ROWS, MOST_ROWS))
    if points > MOST_VALUES // 4:
        return _taken("matrix", tensor.flatten(1), (MOST_ROWS, MOST_ROWS))
    height = prod(tensor.shape[2:-1])
    kernels = tensor.reshape(*tensor.shape[:2], height, tensor.shape[-1])
    # As many as there is room for, alike on both sides.
    most = min(MOST_FILTERS, max(2, isqrt(MOST_VALUES // points)))
    few = min(kernels.shape[:2])
    other = max(most, MOST_VALUES // points // max(few, 1)) if few < most else most
    return _taken("filters", kernels.to(torch.float32), (min(other, 4 * MOST_FILTERS),) * 2)


def _taken(layout: str, tensor: "torch.Tensor", most: tuple[int, ...]) -> Picture:
    """Take evenly spaced indices along the first dimensions, at most so many of each."""
    import torch

    of = tuple(tensor.shape[: len(most)])
    for dimension, limit in enumerate(most):
        size = tensor.shape[dimension]
        if size > limit:
            where = torch.linspace(0, size - 1, limit, dtype=torch.float64).round().long()
            tensor = tensor.index_select(dimension, where)
    values = tensor.to(torch.float32).contiguous()
    return Picture(layout, values, tuple(values.shape[: len(most)]), of)


def reach_of(values: "torch.Tensor") -> float:
    """Return what 99.5 % of the finite magnitudes stay below: where colours end; nan for none."""
    magnitudes = values[values.isfinite()].abs().reshape(-1)
    if not magnitudes.numel():
        return nan
    rank = max(1, round(0.995 * magnitudes.numel()))
    reach = float(magnitudes.kthvalue(rank).values)
    return reach if reach > 0 else float(magnitudes.max())
