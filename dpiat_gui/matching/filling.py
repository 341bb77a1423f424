"""Filling the table D of one pair of sequences (dpiat.md, section 3), with pins."""

from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from dpiat_gui.matching.problems import Positions, Problem, powers, run_values, span_divisors
from dpiat_gui.matching.scores import Scores

_MOST_RUNS = 1_000_000
"""Above this many spans times sources their values are made column by column, and fewer of them."""

_MOST_FULL = 150_000
"""Up to this many spans times sources, to leave some out gains nothing."""

_GUESS = 8
"""Spans are first tried up to this many members; mostly that proves to be enough."""

_SHORT = 4
"""Spans of long sequences are tried up to this many members at every end."""

_LONGEST_STEP = 256
"""By how many members spans of long sequences are lengthened at a time, at the most."""


def best_values(problem: Problem) -> Scores:
    """Fill the table D, shape (kept rows + 1, kept columns + 1).

    ``D[i][j]`` is the best score of the first i targets with the first j sources; minus
    infinity where a pin cannot hold any more.
    """
    n, m = problem.scores.shape
    if n == 0 or m == 0:
        return np.zeros((n + 1, m + 1))
    if n * n * m > _MOST_RUNS:
        return _fill_long(problem)
    return _fill(problem, n)


def path_values(problem: Problem) -> Scores:
    """Fill the table D as far as reading the matching out of it needs, shape as `best_values`.

    The last cell and every cell on a best way to it are those of D, and no other cell is above it:
    what is read out is the same. In large tables, spans too long for any best matching are left
    out.
    """
    n, m = problem.scores.shape
    if n * n * m <= _MOST_FULL:
        return best_values(problem)
    table = _fill(problem, _GUESS)
    longest = longest_worthwhile(problem, float(table[-1, -1]))
    if longest <= _GUESS:
        return table
    if longest * n * m <= _MOST_RUNS or 4 * longest <= n:
        return _fill(problem, longest)
    return best_values(problem)


def longest_worthwhile(problem: Problem, reached: float) -> int:
    """Return how many kept rows a span of a matching worth `reached` or more can have at the most.

    No matching is worth more than the sum of every row's highest score, and a span of l rows loses
    at least ``1 - l ** -exponent`` of its rows' share of that sum.
    """
    highest = problem.scores.max(axis=1)
    held = np.concatenate(([0.0], np.cumsum(highest)))
    # Leave a hair of room: sums are rounded, and what is just as good must stay.
    slack = (held[-1] - reached) * (1 + 1e-9) + 1e-6
    low, high = 1, len(highest)
    # What spans of l rows lose at the least grows with l.
    while low < high:
        middle = (low + high + 1) // 2
        loss = (held[middle:] - held[:-middle]).min() * (1.0 - float(middle) ** -problem.exponent)
        low, high = (low, middle - 1) if loss > slack else (middle, high)
    return low


def _fill(problem: Problem, longest: int) -> Scores:
    """Fill the table D with spans of up to `longest` kept rows."""
    n, m = problem.scores.shape
    runs, numbers = _runs(problem, longest)
    # Rows above the table are minus infinity: what a span that begins there would build on.
    table = np.full((m + 1, longest + n), -np.inf)
    pinned = sorted(problem.pins)
    first = longest - 1
    table[:, first] = 0.0
    table[0, first : first + pinned[0] + 1 if pinned else None] = 0.0
    across, down = table.strides
    # starts[j, e, i] is what a span of e rows that ends at row i builds on; with no row, it is
    # what row i is worth without source j.
    starts = as_strided(table[:, longest:], (m, longest + 1, n), (across, -down, down), writeable=False)
    candidates = np.empty((longest + 1, n))
    edges = pairwise([longest, *(longest + row for row in pinned if row), longest + n])
    # Values grow along the rows, but none may be carried past a pinned row.
    segments = zip(*(table[1:, start:stop] for start, stop in edges), strict=True)
    columns = zip(numbers, starts, table[1:, longest:], segments, strict=True)
    add, highest, carry = np.add, np.maximum.reduce, np.maximum.accumulate
    values = list(runs)
    for number, before, now, parts in columns:
        add(before, values[number], candidates)
        highest(candidates, 0, None, now)
        for part in parts:
            carry(part, 0, None, part)
    return table[:, first:].T


def _runs(problem: Problem, longest: int) -> tuple[Scores, list[int]]:
    """Return the values of spans for distinct sources, and each source's number among them.

    Shape (distinct, longest + 1, rows): at [.., e, i] that of the span of e rows ending at row i.
    """
    sources = np.ascontiguousarray(problem.scores.T)
    known: dict[bytes, int] = {}
    numbers: list[int] = []
    first: list[int] = []
    for column, source in enumerate(sources):
        number = known.setdefault(source.tobytes(), len(known))
        numbers.append(number)
        if number == len(first):
            first.append(column)
    distinct = sources.take(first, axis=0)
    divisors = span_divisors(problem.rows, problem.exponent, longest)
    runs = np.zeros((len(distinct), longest + 1, len(problem.rows)))
    run_values(distinct.T, divisors[..., None], out=runs[:, 1:].transpose(1, 2, 0))
    return runs, numbers


def _fill_long(problem: Problem) -> Scores:
    """Fill the table D of long sequences."""
    n, m = problem.scores.shape
    table = np.zeros((m + 1, n + 1))
    pinned = sorted(problem.pins)
    if pinned:
        table[0, pinned[0] + 1 :] = -np.inf
    edges = [0, *(row + 1 for row in pinned), n + 1]
    divisors = powers(int(problem.rows[-1] - problem.rows[0]) + 1, problem.exponent)
    for column in range(m):
        table[column + 1, 1:] = _best_ends(problem, column, table[column], divisors)
        np.maximum(table[column + 1], table[column], out=table[column + 1])
        for start, stop in pairwise(edges):
            np.maximum.accumulate(table[column + 1, start:stop], out=table[column + 1, start:stop])
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
