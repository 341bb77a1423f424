"""Filling the table D of one pair of sequences (dpiat.md, section 3), with pins."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from dpiat_gui.matching.long_filling import fill_long
from dpiat_gui.matching.problems import Problem, earlier_values, run_values, span_divisors
from dpiat_gui.matching.scores import Scores

_MOST_RUNS = 1_000_000
"""Above this many spans times sources, fewer of them are tried."""

_MOST_FULL = 150_000
"""Up to this many spans times sources, to leave some out gains nothing."""

_GUESS = 8
"""Spans are first tried up to this many members; mostly that proves to be enough."""

_MOST_SHARED = 20_000_000
"""Values of spans that are held at a time, for sources that are equal to share."""


def best_values(problem: Problem) -> Scores:
    """Fill the table D, shape (kept rows + 1, kept columns + 1).

    ``D[i][j]`` is the best score of the first i targets with the first j sources; minus
    infinity where a pin cannot hold any more.
    """
    n, m = problem.scores.shape
    if n == 0 or m == 0:
        return np.zeros((n + 1, m + 1))
    if n * n * m > _MOST_RUNS:
        return fill_long(problem)
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
    guess = min(n, _GUESS)
    table = _fill(problem, guess)
    longest = longest_worthwhile(problem, float(table[-1, -1]))
    if longest <= guess:
        return table
    if longest * n * m <= _MOST_RUNS:
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
    # Rows above the table are minus infinity: what a span that begins there would build on.
    table = np.full((m + 1, longest + n), -np.inf)
    pinned = sorted(problem.pins)
    first = longest - 1
    table[:, first] = 0.0
    table[0, first : first + pinned[0] + 1 if pinned else None] = 0.0
    # starts[j, e, i] is what a span of e rows that ends at row i builds on; with no row, it is
    # what row i is worth without source j.
    starts = earlier_values(table, longest, (m, longest + 1, n))
    candidates = np.empty((longest + 1, n))
    edges = pairwise([longest, *(longest + row for row in pinned if row), longest + n])
    # Values grow along the rows, but none may be carried past a pinned row.
    segments = zip(*(table[1:, start:stop] for start, stop in edges), strict=True)
    columns = zip(_runs(problem, longest), starts, table[1:, longest:], segments, strict=True)
    add, highest, carry = np.add, np.maximum.reduce, np.maximum.accumulate
    for runs, before, now, parts in columns:
        add(before, runs, candidates)
        highest(candidates, 0, None, now)
        for part in parts:
            carry(part, 0, None, part)
    return table[:, first:].T


def _runs(problem: Problem, longest: int) -> Iterator[Scores]:
    """Yield the values of spans for every source; equal sources share them.

    Shape (longest + 1, rows): at [e, i] that of the span of e rows ending at row i.
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
    divisors = span_divisors(problem.rows, problem.exponent, longest)
    if len(first) * divisors.size > _MOST_SHARED:
        # Too many to hold at a time.
        one = np.zeros((longest + 1, len(problem.rows)))
        for source in sources:
            run_values(source, divisors, out=one[1:])
            yield one
        return
    runs = np.zeros((len(first), longest + 1, len(problem.rows)))
    run_values(sources.take(first, axis=0).T, divisors[..., None], out=runs[:, 1:].transpose(1, 2, 0))
    yield from map(list(runs).__getitem__, numbers)
