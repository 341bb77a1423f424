"""The recurrence of DPIAT for one pair of sequences (dpiat.md, section 3), with pins.

Rows are targets, columns are sources. One source may serve a span of targets, at the price
of dividing the span's summed scores by ``length ** exponent``. Rows and columns that score 0
everywhere are left out beforehand; the span lengths keep true positions.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from dpiat_gui.matching.scores import Scores

Positions = NDArray[np.int64]

_MOST_RUNS = 1_000_000
"""Above this many spans times sources their values are made column by column, and fewer of them."""

_SHORT = 4
"""Spans of long sequences are tried up to this many members at every end."""

_LONGEST_STEP = 256
"""By how many members spans of long sequences are lengthened at a time, at the most."""


MatchedLayer = tuple[int, int, float, int]
"""Two matched layers: source position, target position, score, span length."""


@dataclass(frozen=True, slots=True)
class Span:
    """A source and the targets it serves, as positions in the two sequences, both ends included."""

    source: int
    first: int
    last: int

    @property
    def length(self) -> int:
        """Number of targets, zero-score members included."""
        return self.last - self.first + 1


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

    @property
    def divisors(self) -> Scores:
        """Span divisors by [number of kept rows - 1, last kept row]; rows that do not exist give 1."""
        divisors: Scores = span_divisors(self.rows[None, :], self.exponent)[:, 0]
        return divisors


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
    pins = pins or {}
    positive = scores > 0
    rows = np.flatnonzero(positive.any(axis=1))
    columns = np.flatnonzero(positive.any(axis=0))
    kept = scores[np.ix_(rows, columns)]
    kept_pins = {}
    for target, source in pins.items():
        row, column = int(np.searchsorted(rows, target)), int(np.searchsorted(columns, source))
        value = kept[row, column]
        kept[row, :] = -np.inf
        kept[row, column] = value
        kept_pins[row] = column
    return Problem(kept, exponent, rows, columns, kept_pins)


def powers(longest: int, exponent: float) -> Scores:
    """Return ``length ** exponent`` for lengths 0..longest, by Python's own power."""
    return np.array([1.0] + [length**exponent for length in range(1, longest + 1)])


def span_divisors(positions: Positions, exponent: float) -> Scores:
    """Return the divisor of every span of kept rows.

    Parameters
    ----------
    positions
        Shape (problems, rows): true positions of the kept rows.
    exponent
        x of the span penalty.

    Returns
    -------
    Scores
        Shape (rows, problems, rows): at [e, p, i] that of the span of e + 1 kept rows ending at
        kept row i; 1 where there is no such span.
    """
    n = positions.shape[1]
    first = np.arange(n)[None, :] - np.arange(n)[:, None]
    lengths = positions[None, :, :] - positions.T[np.maximum(first, 0)].transpose(0, 2, 1) + 1
    table = powers(int(positions.max(initial=0)) + 1, exponent)
    divisors: Scores = table[np.where((first < 0)[:, None, :], 1, lengths)]
    return divisors


def run_values(scores: Scores, divisors: Scores) -> Scores:
    """Return the value of every span for every source.

    Parameters
    ----------
    scores
        Shape (..., rows).
    divisors
        Shape (rows, ..., rows), as `span_divisors` gives them.

    Returns
    -------
    Scores
        Shape (rows, ..., rows): at [e, ..., i] the penalized sum of the span of e + 1 rows ending
        at row i, 0 where there is no such span. It is summed from the last row upward, then
        divided: any other order gives the same numbers but for noise that breaks ties differently.
    """
    n = scores.shape[-1]
    runs = np.zeros((n, *scores.shape))
    runs[:1] = scores
    sums = scores.copy()
    for extra in range(1, n):
        # Rows that have no such span are left out: about half the work.
        sums[..., extra:] += scores[..., : n - extra]
        np.divide(sums[..., extra:], divisors[extra, ..., extra:], out=runs[extra, ..., extra:])
    return runs


def best_values(problem: Problem) -> Scores:
    """Fill the table D, shape (kept rows + 1, kept columns + 1).

    ``D[i][j]`` is the best score of the first i targets with the first j sources; minus
    infinity where a pin cannot hold any more.
    """
    n, m = problem.scores.shape
    table = np.zeros((m + 1, n + 1))
    if n == 0 or m == 0:
        return table.T
    pinned = sorted(problem.pins)
    if pinned:
        table[0, pinned[0] + 1 :] = -np.inf
    edges = [0, *(row + 1 for row in pinned), n + 1]
    if n * n * m > _MOST_RUNS:
        divisors = powers(int(problem.rows[-1] - problem.rows[0]) + 1, problem.exponent)
        for column in range(m):
            table[column + 1, 1:] = _best_ends(problem, column, table[column], divisors)
            np.maximum(table[column + 1], table[column], out=table[column + 1])
            for start, stop in pairwise(edges):
                np.maximum.accumulate(table[column + 1, start:stop], out=table[column + 1, start:stop])
        return table.T
    divisors = problem.divisors
    runs = run_values(np.ascontiguousarray(problem.scores.T), divisors[:, None])
    padded = np.full(2 * n, -np.inf)
    # earlier[e, i] is the value before the span of e + 1 rows that ends at row i.
    earlier = as_strided(padded[n - 1 :], (n, n), (-padded.strides[0], padded.strides[0]), writeable=False)
    candidates = np.empty((n, n))
    for column in range(m):
        before, now = table[column], table[column + 1]
        padded[n - 1 : 2 * n - 1] = before[:-1]
        np.add(earlier, runs[:, column], out=candidates)
        np.maximum.reduce(candidates, axis=0, out=now[1:])
        np.maximum(now, before, out=now)
        for start, stop in pairwise(edges):
            np.maximum.accumulate(now[start:stop], out=now[start:stop])
    return table.T


def _best_ends(problem: Problem, column: int, before: Scores, divisors: Scores) -> Scores:
    """Return the best value of a span of this source ending at each kept row, shape (rows,).

    Parameters
    ----------
    problem
        The two sequences.
    column
        The source.
    before
        The table without that source, shape (rows + 1,).
    divisors
        Of spans, by length.

    Notes
    -----
    For long sequences. Only rows that the source scores (or must not hold) can end or begin a
    span, and spans are lengthened only while they may still beat going without the source.
    """
    scores = problem.scores[:, column]
    ends = np.flatnonzero(scores)
    result = np.full(len(scores), -np.inf)
    if not len(ends) or scores[ends].max() <= 0:
        return result
    own, positions, starts, floor = scores[ends], problem.rows[ends], before[ends], before[ends + 1]
    # A span of one member, and a few more, are worth a look at every end.
    sums, best = own.copy(), own + starts
    for extra in range(1, min(_SHORT, len(ends))):
        sums[extra:] += own[:-extra]
        lengths = positions[extra:] - positions[:-extra] + 1
        np.maximum(best[extra:], sums[extra:] / divisors[lengths] + starts[:-extra], out=best[extra:])
    held = np.concatenate(([0.0], np.cumsum(np.maximum(own, 0.0))))
    # After a pinned row the table may fall; a bound needs the highest start so far.
    highest = np.maximum.accumulate(starts)
    live, extra, step = np.arange(_SHORT, len(ends)), _SHORT, _SHORT
    while len(live):
        live = live[_may_gain(live, extra, held, positions, highest, np.maximum(floor, best), divisors)]
        first = live[None, :] - np.arange(extra, extra + step)[:, None]
        there = first >= 0
        np.maximum(first, 0, out=first)
        steps = np.empty((step + 1, len(live)))
        steps[0] = sums[live]
        np.copyto(steps[1:], np.where(there, own[first], 0.0))
        np.add.accumulate(steps, axis=0, out=steps)
        values = steps[1:] / divisors[positions[live] - positions[first] + 1] + starts[first]
        values[~there] = -np.inf
        best[live] = np.maximum(best[live], values.max(axis=0))
        sums[live] = steps[-1]
        extra, step = extra + step, min(2 * step, _LONGEST_STEP)
        live = live[live >= extra]
    result[ends] = best
    return result


def _may_gain(
    live: Positions,
    extra: int,
    held: Scores,
    positions: Positions,
    highest: Scores,
    floor: Scores,
    divisors: Scores,
) -> NDArray[np.bool_]:
    """Tell which ends may still gain from a span of `extra` or more members before the last.

    Spans of k to 2 k members before the last hold no more than the sum of the 2 k + 1 (of which
    `held` has the running sums), start no higher than the shortest of them, and are divided by no
    less than it.
    """
    gains = np.zeros(len(live), dtype=bool)
    shortest = extra
    while len(live) and shortest <= live[-1]:
        first, furthest = np.maximum(live - shortest, 0), np.maximum(live - 2 * shortest, 0)
        most = held[live + 1] - held[furthest]
        bound = highest[first] + most / divisors[positions[live] - positions[first] + 1]
        # The bound is rounded otherwise than the values: leave it a hair of room.
        gains |= (live >= shortest) & (bound * (1 + 1e-9) + 1e-9 > floor[live])
        shortest *= 2
    return gains


def trace_back(problem: Problem, table: Scores) -> list[Span]:
    """Read the matching out of the table D, in target order, at true positions."""
    return walk_back(
        problem.rows.tolist(),
        problem.columns.tolist(),
        problem.scores.tolist(),
        table.tolist(),
        problem.exponent,
        problem.pins,
    )


def walk_back(
    rows: Sequence[int],
    columns: Sequence[int],
    scores: Sequence[Sequence[float]],
    values: Sequence[Sequence[float]],
    exponent: float,
    pins: Collection[int] = (),
) -> list[Span]:
    """Walk back through a filled table.

    A match stands only where it beats both skips; of two equal skips the source's is taken; of
    two equal spans the shorter one.

    Parameters
    ----------
    rows, columns
        True positions of the kept targets and sources.
    scores
        Scores by kept row and column.
    values
        D, with one row and one column more.
    exponent
        x of the span penalty.
    pins
        Kept rows that must not be skipped.
    """
    divisor = powers(rows[-1] - rows[0] + 1, exponent).tolist() if rows else []
    spans: list[Span] = []
    i, j = len(rows), len(columns)
    while i > 0 and j > 0:
        value, without_source = values[i][j], values[i][j - 1]
        without_target = values[i - 1][j] if i - 1 not in pins else -np.inf
        if value > without_source and value > without_target:
            total, k, last = 0.0, i, rows[i - 1]
            while True:
                k -= 1
                total += scores[k][j - 1]
                if total / divisor[last - rows[k] + 1] + values[k][j - 1] == value:
                    break
            spans.append(Span(columns[j - 1], rows[k], last))
            i, j = k, j - 1
        elif without_target > without_source:
            i -= 1
        else:
            j -= 1
    spans.reverse()
    return spans


def match_cells(
    cells: Scores, exponent: float, pins: Mapping[int, int] | None = None
) -> tuple[float, tuple[MatchedLayer, ...]]:
    """Match two sequences by themselves.

    Parameters
    ----------
    cells
        Scores, shape (targets, sources).
    exponent
        x of the span penalty.
    pins
        Target -> source that must serve it.

    Returns
    -------
    (float, tuple)
        D, and the matched pairs in target order; minus infinity and none where pins cannot hold.
    """
    problem = make_problem(cells, exponent, pins)
    values = best_values(problem)
    best = float(values[-1, -1])
    return best, members(trace_back(problem, values), cells.tolist()) if best > 0 else ()


def members(spans: Iterable[Span], cells: Sequence[Sequence[float]]) -> tuple[MatchedLayer, ...]:
    """List the members of spans; those that score 0 are unmatched."""
    return tuple(
        (span.source, target, cells[target][span.source], span.length)
        for span in spans
        for target in range(span.first, span.last + 1)
        if cells[target][span.source] > 0
    )
