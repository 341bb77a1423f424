"""Two sequences to be matched, as arrays, and what spans of their rows are worth.

Rows are targets, columns are sources. One source may serve a span of targets, at the price of
dividing the span's summed scores by ``length ** exponent``. Rows and columns that score 0
everywhere are left out beforehand; the span lengths keep true positions.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dpiat_gui.matching.scores import Scores

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Problem:
    """Two sequences to be matched.

    Parameters
    ----------
    scores
        Shape (targets, sources). A cell of minus infinity is one that no span may hold.
    exponent
        x of the span penalty.
    rows, columns
        Positions of the kept targets and sources in the whole sequences, increasing.
    pins
        Kept row -> kept column, for rows that must be served by that column.
    """

    scores: Scores
    exponent: float
    rows: Positions
    columns: Positions
    pins: Mapping[int, int]


def make_problem(scores: Scores, exponent: float, pins: Mapping[int, int] | None = None) -> Problem:
    """Leave out what scores 0 everywhere, and forbid pinned rows to every other source.

    Parameters
    ----------
    scores
        Shape (targets, sources), all at least 0.
    exponent
        x of the span penalty.
    pins
        Target -> source; every pinned cell must score above 0, and no two pins may cross.
    """
    positive = scores > 0
    rows = np.flatnonzero(positive.any(axis=1))
    columns = np.flatnonzero(positive.any(axis=0))
    kept = scores.take(rows, axis=0).take(columns, axis=1)
    kept_pins = {}
    for target, source in (pins or {}).items():
        row, column = int(np.searchsorted(rows, target)), int(np.searchsorted(columns, source))
        value = kept[row, column]
        kept[row, :] = -np.inf
        kept[row, column] = value
        kept_pins[row] = column
    return Problem(kept, exponent, rows, columns, kept_pins)


def powers(longest: int, exponent: float) -> Scores:
    """Return ``length ** exponent`` for lengths 0..longest, by Python's own power."""
    return np.array([1.0] + [length**exponent for length in range(1, longest + 1)])


def span_divisors(positions: Positions, exponent: float, longest: int | None = None) -> Scores:
    """Return the divisor of every span of kept rows.

    Parameters
    ----------
    positions
        Shape (rows, ...): true positions of the kept rows, increasing along the rows.
    exponent
        x of the span penalty.
    longest
        Number of kept rows that a span may have; all of them if left out.

    Returns
    -------
    Scores
        Shape (longest, rows, ...): at [e, i] that of the span of e + 1 kept rows ending at kept row
        i; 1 where there is no such span.
    """
    n = len(positions)
    first = np.arange(n) - np.arange(n if longest is None else longest)[:, None]
    lengths = positions - positions.take(first, axis=0, mode="clip") + 1
    lengths[first < 0] = 1
    return powers(int(lengths.max(initial=0)), exponent).take(lengths)


def run_values(scores: Scores, divisors: Scores, out: Scores | None = None) -> Scores:
    """Return the value of every span for every source.

    Parameters
    ----------
    scores
        Shape (rows, ...).
    divisors
        Shape (longest, rows, ...), as `span_divisors` gives them.
    out
        Where to put the values, shape (longest, rows, ...), of zeros.

    Returns
    -------
    Scores
        Shape (longest, rows, ...): at [e, i] the penalized sum of the span of e + 1 rows ending
        at row i, 0 where there is no such span. It is summed from the last row upward, then
        divided: any other order gives the same numbers but for noise that breaks ties differently.
    """
    n = len(scores)
    runs = np.zeros((len(divisors), *scores.shape)) if out is None else out
    runs[:1] = scores
    for extra in range(1, len(divisors)):
        np.add(runs[extra - 1, extra:], scores[: n - extra], out=runs[extra, extra:])
    runs /= divisors
    return runs


def earlier_values(table: Scores, row: int, shape: tuple[int, ...], back: int = 1) -> Scores:
    """Return a view of a table in which a step along one axis is a step up its rows.

    Parameters
    ----------
    table
        Contiguous.
    row
        The row (of the axis `back`) that the view begins with.
    shape
        Of the view: that of the table, cut, and with one axis more before the axis `back`.
    back
        The axis of the rows.

    Returns
    -------
    Scores
        At [.., e, i, ..] the table's [.., row + i - e, ..]. Made by hand, since `as_strided` takes as long
        as filling a small table.
    """
    strides = table.strides
    steps = (*strides[:back], -strides[back], *strides[back:])
    return np.ndarray(shape, table.dtype, table, row * strides[back], steps)
