"""The recurrence of DPIAT for one pair of sequences (dpiat.md, section 3), with pins."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple, cast

from dpiat_gui.matching.filling import path_values
from dpiat_gui.matching.problems import Problem, make_problem, powers
from dpiat_gui.matching.scores import Scores

MatchedLayer = tuple[int, int, float, int]
"""Two matched layers: source position, target position, score, span length."""


class Span(NamedTuple):
    """A source and the targets it serves, as positions in the two sequences, both ends included."""

    source: int
    first: int
    last: int

    @property
    def length(self) -> int:
        """Number of targets, zero-score members included."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Grid:
    """The scores of two sequences, for reading a few of them one by one.

    Parameters
    ----------
    scores
        A view of an array gives a number faster than the array does, and is made at once.
    rows, columns
        True positions of the kept targets and sources.
    row_keys, column_keys
        Where their scores stand in `scores`.
    """

    scores: "memoryview[float]"
    rows: Sequence[int]
    columns: Sequence[int]
    row_keys: Sequence[int]
    column_keys: Sequence[int]


def view(array: Scores) -> "memoryview[float]":
    """Return a view that gives single numbers faster than the array does."""
    return cast("memoryview[float]", array.data)


def grid_of(problem: Problem) -> Grid:
    """Return the grid of a problem."""
    rows, columns = problem.rows.tolist(), problem.columns.tolist()
    return Grid(view(problem.scores), rows, columns, range(len(rows)), range(len(columns)))


def trace_back(problem: Problem, table: Scores) -> list[Span]:
    """Read the matching out of the table D, in target order, at true positions."""
    grid = grid_of(problem)
    spans = walk_back(grid, view(table), _divisors(problem), problem.pins)
    return [Span(grid.columns[j], grid.rows[first], grid.rows[last]) for j, first, last in spans]


def _divisors(problem: Problem) -> list[float]:
    """Return the divisors of spans by length."""
    rows = problem.rows
    return list(powers(int(rows[-1] - rows[0]) + 1, problem.exponent).tolist()) if len(rows) else []


def walk_back(
    grid: Grid, values: "memoryview[float]", divisors: Sequence[float], pins: Collection[int] = ()
) -> list[Span]:
    """Walk back through a filled table.

    A match stands only where it beats both skips; of two equal skips the source's is taken; of
    two equal spans the shorter one.

    Parameters
    ----------
    grid
        The scores.
    values
        D, with one row and one column more.
    divisors
        Of spans, by length.
    pins
        Kept rows that must not be skipped.

    Returns
    -------
    list of Span
        By kept rows and columns, in target order.
    """
    scores, rows, row_keys, column_keys = grid.scores, grid.rows, grid.row_keys, grid.column_keys
    spans: list[Span] = []
    i, j = len(rows), len(column_keys)
    while i > 0 and j > 0:
        value, without_source = values[i, j], values[i, j - 1]
        without_target = values[i - 1, j] if i - 1 not in pins else -inf
        if value > without_source and value > without_target:
            total, k, last, column = 0.0, i, rows[i - 1] + 1, column_keys[j - 1]
            while True:
                k -= 1
                total += scores[row_keys[k], column]
                if total / divisors[last - rows[k]] + values[k, j - 1] == value:
                    break
            spans.append(Span(j - 1, k, i - 1))
            i, j = k, j - 1
        elif without_target > without_source:
            i -= 1
        else:
            j -= 1
    spans.reverse()
    return spans


def members(grid: Grid, spans: Iterable[Span]) -> tuple[MatchedLayer, ...]:
    """List the members of spans of kept rows, at true positions; those that score 0 are unmatched."""
    scores, rows, row_keys = grid.scores, grid.rows, grid.row_keys
    found = []
    for j, first, last in spans:
        column, source, length = grid.column_keys[j], grid.columns[j], rows[last] - rows[first] + 1
        for k in range(first, last + 1):
            score = scores[row_keys[k], column]
            if score > 0:
                found.append((source, rows[k], score, length))
    return tuple(found)


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
    values = path_values(problem)
    best = float(values[-1, -1])
    if best <= 0:
        return best, ()
    grid = grid_of(problem)
    return best, members(grid, walk_back(grid, view(values), _divisors(problem), problem.pins))
