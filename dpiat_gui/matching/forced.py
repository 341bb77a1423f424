"""What a matching is worth with one more pair forced into it, from tables of both ends.

A forced pair of row t and column j lies in some span of j. All that comes before the span is in
the table D of the first rows and columns, all that comes after it in the table of the last ones,
and neither knows of the pair. To cut the problem in two at the pair itself would be wrong: its
source may serve the pair's neighbours as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from dpiat_gui.matching.blocks import Batch, fill_batch
from dpiat_gui.matching.filling import best_values
from dpiat_gui.matching.problems import Problem, make_problem, powers, run_values, span_divisors
from dpiat_gui.matching.scores import Scores

_MOST_CELLS = 2_000_000
"""Number of values of spans that are looked at in one go."""


@dataclass(frozen=True)
class BothEnds:
    """A problem with its tables from both ends, at true positions.

    Parameters
    ----------
    scores
        Shape (targets, sources); minus infinity where a pin forbids the source.
    exponent
        x of the span penalty.
    before
        D, shape (targets + 1, sources + 1): the best of the first i targets and j sources.
    after
        The best of the targets from i on and the sources from j on, of the same shape.
    """

    scores: Scores = field(repr=False)
    exponent: float
    before: Scores = field(repr=False)
    after: Scores = field(repr=False)

    @property
    def total(self) -> float:
        """What the problem is worth; minus infinity where pins cannot hold."""
        return float(self.before[-1, -1])

    def with_row(self, row: int, columns: NDArray[np.int64], own: Scores, of: NDArray[np.int64]) -> Scores:
        """Return the best totals that have a row in a span of certain columns.

        Parameters
        ----------
        row
            The target.
        columns
            The sources, each once.
        own
            Scores of the pairs to force, shape (pairs,): they take the place of the table's.
        of
            Which of `columns` each pair has, shape (pairs,).
        """
        n = len(self.scores)
        width = max(1, _MOST_CELLS // ((row + 1) * (n - row)))
        rest = np.empty((n, len(columns)))
        for at in range(0, len(columns), width):
            rest[:, at : at + width] = self._around(row, columns[at : at + width])
        totals: Scores = (rest[:, of] + own / powers(n, self.exponent)[1:, None]).max(axis=0)
        return totals

    def _around(self, row: int, columns: NDArray[np.int64]) -> Scores:
        """Return the best that a span holding the row has beside the row's own score.

        Shape (targets, columns): by length of the span, from 1.
        """
        n, scores = len(self.scores), self.scores[:, columns]
        above, below = row + 1, n - row
        # Sums of the rows from the span's first to the row, and from the row to its last, without it.
        up = np.zeros((above, len(columns)))
        np.add.accumulate(scores[:row][::-1], axis=0, out=up[1:])
        down = np.zeros((below, len(columns)))
        np.add.accumulate(scores[row + 1 :], axis=0, out=down[1:])
        # At [a, b] the span from a rows above the row to b rows below it; then, read askew, by length.
        table = np.full((above, n + 1, len(columns)), -np.inf)
        spans = table[:, :below]
        np.add(up[:, None], down, out=spans)
        length = np.arange(above)[:, None] + np.arange(1, below + 1)
        spans /= powers(n, self.exponent)[length][..., None]
        spans += self.before[row::-1, columns][:, None]
        spans += self.after[row + 1 :, columns + 1]
        across, along, inside = table.strides
        askew = as_strided(table, (above, n, len(columns)), (across - along, along, inside), writeable=False)
        best: Scores = askew.max(axis=0)
        return best

    def with_column(self, column: int, rows: NDArray[np.int64], own: Scores) -> Scores:
        """Return the best totals that have certain rows in a span of a column.

        Parameters
        ----------
        column
            The source.
        rows
            The target of each pair to force, shape (pairs,).
        own
            Scores of the pairs, shape (pairs,): they take the place of the table's.
        """
        n = len(self.scores)
        scores = np.ascontiguousarray(self.scores[:, column])
        divisors = span_divisors(np.arange(n), self.exponent)
        first = np.arange(n) - np.arange(n)[:, None]
        spans = run_values(scores, divisors)
        spans += self.before[:, column].take(first, mode="clip")
        spans += self.after[1:, column + 1]
        spans[first < 0] = -np.inf
        lengths = powers(n, self.exponent)[1:, None]
        totals: Scores = (_held(spans)[:, rows] + (own - scores[rows]) / lengths).max(axis=0)
        return totals


def _held(spans: Scores) -> Scores:
    """Return the best span that holds a row, by number of further rows and by row.

    Parameters
    ----------
    spans
        Shape (rows, rows): at [e, i] the span of e + 1 rows that ends at row i.
    """
    n = len(spans)
    best = np.full((n, 2 * n), -np.inf)
    best[:, :n] = spans
    held = np.empty_like(spans)
    width = 1
    # At [e, i], best is the best of the spans that end at the width rows from i on.
    while width <= n:
        for extra in range(width - 1, min(2 * width - 1, n)):
            shift = extra + 1 - width
            np.maximum(best[extra, :n], best[extra, shift : shift + n], out=held[extra])
        np.maximum(best[:, :-width], best[:, width:], out=best[:, :-width])
        width *= 2
    return held


def both_ends(scores: Scores, exponent: float, pins: Mapping[int, int] | None = None) -> BothEnds:
    """Fill a problem's tables from both ends.

    Parameters
    ----------
    scores, exponent, pins
        As for `make_problem`.
    """
    problem = make_problem(scores, exponent, pins)
    n, m = problem.scores.shape
    backward = Problem(
        np.ascontiguousarray(problem.scores[::-1, ::-1]),
        exponent,
        len(scores) - 1 - problem.rows[::-1],
        scores.shape[1] - 1 - problem.columns[::-1],
        {n - 1 - row: m - 1 - column for row, column in problem.pins.items()},
    )
    # What was left out stands between two kept rows or columns: nothing is gained there.
    rows = np.searchsorted(problem.rows, np.arange(len(scores) + 1))
    columns = np.searchsorted(problem.columns, np.arange(scores.shape[1] + 1))
    before, after = best_values(problem), best_values(backward)[::-1, ::-1]
    shown = scores.copy()
    for target, source in (pins or {}).items():
        shown[target, :] = -np.inf
        shown[target, source] = scores[target, source]
    return BothEnds(
        shown,
        exponent,
        before.take(rows, axis=0).take(columns, axis=1),
        after.take(rows, axis=0).take(columns, axis=1),
    )


def forced_values(runs: Scores, before: Scores, after: Scores) -> Scores:
    """Return the best totals with each row in a span of each column.

    Parameters
    ----------
    runs
        Values of spans, shape (rows, rows, ...): at [e, i] that of e + 1 rows ending at row i.
    before, after
        What the first i rows (the rows from i on) are worth beside the column, shape (rows + 1, ...).

    Returns
    -------
    Scores
        Shape (rows, ...).
    """
    n = len(runs)
    spans = np.full((n, *runs.shape[1:]), -np.inf)
    for extra in range(n):
        first = np.arange(n - extra)
        spans[first, first + extra] = before[: n - extra] + runs[extra, extra:] + after[extra + 1 :]
    # A span holds a row if it begins there or above, and ends there or below.
    np.maximum.accumulate(spans, axis=0, out=spans)
    upward = spans[:, ::-1]
    np.maximum.accumulate(upward, axis=1, out=upward)
    held: Scores = spans[np.arange(n), np.arange(n)]
    return held


def forced_cells(scores: Scores, exponent: float, pins: Mapping[int, int] | None = None) -> Scores:
    """Return what two sequences are worth with each pair forced, shape as `scores`.

    Minus infinity where the pins forbid the pair.
    """
    ends = both_ends(scores, exponent, pins)
    divisors = span_divisors(np.arange(len(scores)), exponent)[..., None]
    return forced_values(run_values(ends.scores, divisors), ends.before[:, :-1], ends.after[:, 1:])


def forced_in_batch(batch: Batch, columns: NDArray[np.int64], layers: Scores, exponent: float) -> Scores:
    """Return what pairs of blocks are worth with each pair of their layers forced.

    Parameters
    ----------
    batch, columns, layers, exponent
        As for `fill_batch`.

    Returns
    -------
    Scores
        Shape (rows, longest source, sources, targets), by scored layers.
    """
    n, count = batch.letters.shape
    sources, longest = columns.shape
    # Read from the end, padding comes first; it is worth nothing there either.
    forward = fill_batch(batch, columns, layers, exponent)[:-1, n - 1 :]
    backward = fill_batch(batch.reversed, columns[:, ::-1], layers, exponent)[-2::-1, n - 1 :][:, ::-1]
    runs = run_values(
        np.ascontiguousarray(layers[batch.letters].transpose(0, 2, 1)),
        span_divisors(batch.positions, exponent)[:, :, None],
    )
    inside = runs.take(columns.T.ravel(), axis=2).reshape(n, n, longest, sources, count)
    return forced_values(inside, forward.swapaxes(0, 1), backward.swapaxes(0, 1))
