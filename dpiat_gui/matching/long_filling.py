"""Filling the table D of long sequences: only spans that may still beat going without their source."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from dpiat_gui.matching.problems import Problem, earlier_values, powers
from dpiat_gui.matching.scores import Scores

_FIRST = 8
"""Spans of up to this many members are always tried; longer ones by twice as many at a time."""

_MOST_SHARED = 20_000_000
"""Values of spans that are held at a time, for sources that are equal to share."""


_OFTEN = 4
"""Sources that are equal to this many others, on average, are worth finding their highest spans."""


class _Runs:
    """The spans of a source, made as far as they are asked for.

    Parameters
    ----------
    source
        Its scores, shape (kept rows,).
    problem
        Where they come from.

    Attributes
    ----------
    ends
        Kept rows that the source scores, or must not hold. No other row begins or ends a best span.
    """

    def __init__(self, source: Scores, problem: Problem) -> None:
        self.ends = np.flatnonzero(source)
        self._own = source[self.ends]
        self._positions = problem.rows[self.ends]
        longest = int(self._positions[-1] - self._positions[0]) + 1 if len(self.ends) else 0
        self._divisors = powers(longest, problem.exponent)
        self._sums = self._own.copy()
        self._steps: list[Scores] = []
        self._bounds: dict[int, Scores] = {}
        self.size = 0

    def step(self, first: int) -> Scores:
        """Return the spans of certain numbers of ends: up to `_FIRST`, then twice as many at a time.

        Parameters
        ----------
        first
            Number of further ends of the shortest: 0, `_FIRST`, or twice the one before.

        Returns
        -------
        Scores
            Shape (numbers, ends): at [e, i] the value of the span of first + e + 1 ends that ends at
            the i-th; minus infinity where there is none.
        """
        at = 0 if first == 0 else (first // _FIRST).bit_length()
        while len(self._steps) <= at:
            self._lengthen(_FIRST << (len(self._steps) - 1) if self._steps else 0)
        return self._steps[at]

    def _lengthen(self, first: int) -> None:
        """Sum from the last end upward, as `run_values` does."""
        count = len(self.ends)
        values = np.full((min(2 * first or _FIRST, count) - first, count), -np.inf)
        for extra, row in enumerate(values, first):
            if extra:
                self._sums[extra:] += self._own[: count - extra]
            lengths = self._positions[extra:] - self._positions[: count - extra] + 1
            np.divide(self._sums[extra:], self._divisors.take(lengths), out=row[extra:])
        self._steps.append(values)
        self.size += values.size

    def highest(self, first: int) -> Scores:
        """Return a bound of the spans of `first` or more further ends, by their last, shape (ends,)."""
        bound = self._bounds.get(first)
        if bound is None:
            bound = self._bounds[first] = self._bound(first)
        return bound

    def _bound(self, first: int) -> Scores:
        """Bound spans by the sum of twice as many ends as the shortest of them.

        Spans of k to 2 k further ends hold no more than the sum of 2 k + 1, and are divided by no
        less than the shortest of them.
        """
        count = len(self.ends)
        held = np.concatenate(([0.0], np.cumsum(np.maximum(self._own, 0.0))))
        bound = np.full(count, -np.inf)
        while first < count:
            last = np.arange(first, count)
            most = held[last + 1] - held[np.maximum(last - 2 * first, 0)]
            lengths = self._positions[first:] - self._positions[: count - first] + 1
            np.maximum(bound[first:], most / self._divisors[lengths], out=bound[first:])
            first *= 2
        # It is rounded otherwise than the values: leave it a hair of room.
        return bound * (1 + 1e-9) + 1e-9

    def find_highest(self) -> None:
        """Make all spans, so that the bounds are the highest of them."""
        count = len(self.ends)
        firsts = [_FIRST << at for at in range(count.bit_length()) if _FIRST << at < count]
        bound = np.full(count, -np.inf)
        for first in reversed(firsts):
            self.step(first)
            bound = np.maximum(bound, self._steps[(first // _FIRST).bit_length()].max(axis=0))
            self._bounds[first] = bound


def fill_long(problem: Problem) -> Scores:
    """Fill the table D, shape (kept rows + 1, kept columns + 1), as `filling.best_values` does."""
    n, m = problem.scores.shape
    table = np.zeros((m + 1, n + 1))
    pinned = sorted(problem.pins)
    if pinned:
        table[0, pinned[0] + 1 :] = -np.inf
    edges = list(pairwise([0, *(row + 1 for row in pinned), n + 1]))
    for runs, before, now in zip(_all_runs(problem), table, table[1:], strict=False):
        now[:] = before
        if len(runs.ends):
            ends = runs.ends + 1
            now[ends] = np.maximum(before[ends], _best_ends(runs, before))
        for start, stop in edges:
            np.maximum.accumulate(now[start:stop], out=now[start:stop])
    return table.T


def _all_runs(problem: Problem) -> Iterator[_Runs]:
    """Yield the spans of every source; equal sources share them while there is room."""
    sources = np.ascontiguousarray(problem.scores.T)
    keys = [source.tobytes() for source in sources]
    often = len(keys) >= _OFTEN * len(set(keys))
    known: dict[bytes, _Runs] = {}
    held = 0
    for key, source in zip(keys, sources, strict=True):
        runs = known.get(key)
        if runs is None:
            runs = _Runs(source, problem)
            if often and held + len(runs.ends) ** 2 <= _MOST_SHARED:
                runs.find_highest()
            if held + runs.size <= _MOST_SHARED:
                known[key] = runs
        size = runs.size
        yield runs
        held += runs.size - size


def _best_ends(runs: _Runs, before: Scores) -> Scores:
    """Return the best value of a span of this source ending at each of its ends, shape (ends,).

    Parameters
    ----------
    runs
        Its spans.
    before
        The table without that source, shape (rows + 1,).
    """
    count = len(runs.ends)
    # starts[i] is what a span that begins at the i-th end builds on; there is none above the first.
    padded = np.full(2 * count, -np.inf)
    starts = padded[count:]
    starts[:] = before[runs.ends]
    # earlier[e, i] is the value before the span of e + 1 ends that ends at the i-th.
    earlier = earlier_values(padded, count, (count, count), back=0)
    best: Scores = (earlier[:_FIRST] + runs.step(0)).max(axis=0)
    floor = before[runs.ends + 1]
    # After a pinned row the table may fall; a bound needs the highest start so far.
    highest = np.maximum.accumulate(starts)
    first = _FIRST
    while first < count:
        bound = highest[: count - first] + runs.highest(first)[first:]
        gains = np.flatnonzero(bound > np.maximum(floor[first:], best[first:]))
        if not len(gains):
            break
        live = slice(first + gains[0], first + gains[-1] + 1)
        values = earlier[first : 2 * first, live] + runs.step(first)[:, live]
        np.maximum(best[live], values.max(axis=0), out=best[live])
        first *= 2
    return best
