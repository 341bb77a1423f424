"""Why a pair was matched: its parts, the tables it was read from, and what else could have been.

All values are plain; the parts of all pairs add up to the total score.
"""

from dataclasses import dataclass, field

import numpy as np

from dpiat_gui.errors import MatchError
from dpiat_gui.matching.filling import best_values
from dpiat_gui.matching.layer_scores import shape_ratios
from dpiat_gui.matching.methods import METHODS, Rule
from dpiat_gui.matching.problems import Problem, make_problem, powers
from dpiat_gui.matching.recurrence import Span, trace_back
from dpiat_gui.matching.scores import Scores
from dpiat_gui.matching.solving import entry_constraints, inner_constraints, solve
from dpiat_gui.matching.tables import ScoreTables
from dpiat_gui.matching.values import Matching, Overrides, Pair


@dataclass(frozen=True, slots=True)
class SpanValue:
    """One way to end a span at a cell.

    Parameters
    ----------
    first
        First target of the span; it ends at the cell's.
    total
        Sum of the scores of its members.
    divisor
        ``length ** exponent``.
    before
        What the table holds before the span.
    """

    first: int
    total: float
    divisor: float
    before: float

    @property
    def value(self) -> float:
        """What the cell would be worth by this span."""
        return self.before + self.total / self.divisor


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table D and its candidates.

    Parameters
    ----------
    row, column
        Number of targets and of sources considered.
    value
        The best of the candidates.
    without_target, without_source
        The two skips: the target takes nothing, the source gives nothing. Minus infinity for a
        target that is pinned.
    spans
        The spans of this source that end at this target, the shortest first.
    choice
        ``target`` or ``source`` for a skip, ``match`` for the best span.
    """

    row: int
    column: int
    value: float
    without_target: float
    without_source: float
    spans: tuple[SpanValue, ...]
    choice: str


@dataclass(frozen=True)
class DpTable:
    """A filled table, at true positions.

    Parameters
    ----------
    scores
        Shape (targets, sources); minus infinity where a pin forbids the source.
    values
        D, shape (targets + 1, sources + 1).
    spans
        What was read out of it, in target order.
    exponent
        x of the span penalty.
    pinned
        Targets that must not be skipped.
    """

    scores: Scores = field(repr=False)
    values: Scores = field(repr=False)
    spans: tuple[Span, ...]
    exponent: float
    pinned: frozenset[int] = frozenset()

    def cell(self, row: int, column: int) -> Cell:
        """Return the cell of the first `row` targets and `column` sources, both at least 1.

        Raises
        ------
        IndexError
            If there is no such cell.
        """
        targets, sources = self.scores.shape
        if not (1 <= row <= targets and 1 <= column <= sources):
            raise IndexError(f"There is no cell ({row}, {column}) in a table of {targets} by {sources}.")
        divisors = powers(row, self.exponent)
        spans, total = [], 0.0
        for first in range(row - 1, -1, -1):
            total += float(self.scores[first, column - 1])
            before = float(self.values[first, column - 1])
            spans.append(SpanValue(first, total, float(divisors[row - first]), before))
        without_target = float(self.values[row - 1, column]) if row - 1 not in self.pinned else -np.inf
        without_source = float(self.values[row, column - 1])
        value = float(self.values[row, column])
        if max(span.value for span in spans) > max(without_target, without_source):
            choice = "match"
        else:
            choice = "target" if without_target > without_source else "source"
        return Cell(row, column, value, without_target, without_source, tuple(spans), choice)


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another partner of a target.

    Parameters
    ----------
    source
        Path of the source layer, None if the target would stay fresh.
    score
        Score of the two layers by themselves.
    total
        The best total score with it; None where that cannot be.
    reason
        Why it cannot be, else empty.
    """

    source: str | None
    score: float
    total: float | None
    reason: str = ""


@dataclass(frozen=True)
class Explanation:
    """Why a target layer has the source it has.

    Parameters
    ----------
    pair
        The matched layers.
    ratios
        ``min(s / t, t / s)`` of every dimension; their product is the pair's score.
    inner_penalty
        What the span of layers inside the blocks multiplies the score by.
    factor
        The skip factor of the two blocks; it decided something where it is below 1.
    entry_penalty
        What the span of target entries multiplies it by.
    contribution
        ``score * inner_penalty * factor * entry_penalty``: the pair's part of the total score.
    entry_span
        Target entries that the source's entry serves.
    total
        Total score of the matching.
    runner_up
        What the target would get if this pair were banned.
    """

    pair: Pair
    ratios: tuple[float, ...]
    inner_penalty: float
    factor: float
    entry_penalty: float
    contribution: float
    entry_span: int
    total: float
    runner_up: Alternative

    @property
    def cost(self) -> float:
        """What the total loses if this pair is banned."""
        return self.total - (self.runner_up.total or 0.0)


def contributions(matching: Matching) -> dict[str, float]:
    """Return what each pair adds to the total score, by its target; they sum to the total."""
    exponent = matching.options.exponent
    return {
        pair.target: pair.score * (pair.span * entry.span) ** -exponent * entry.factor
        for entry in matching.entry_pairs
        for pair in entry.pairs
    }


def explain_pair(tables: ScoreTables, matching: Matching, target: str) -> Explanation:
    """Explain the pair of a target layer.

    Parameters
    ----------
    tables
        The scores the matching was solved from.
    matching
        The matching.
    target
        Path of a matched target layer.

    Raises
    ------
    MatchError
        If that layer is not matched.
    """
    for entry in matching.entry_pairs:
        for pair in entry.pairs:
            if pair.target == target:
                exponent = matching.options.exponent
                source_layer = next(layer for layer in tables.source.layers if layer.path == pair.source)
                target_layer = next(layer for layer in tables.target.layers if layer.path == target)
                inner, outer = pair.span**-exponent, entry.span**-exponent
                return Explanation(
                    pair=pair,
                    ratios=shape_ratios(source_layer.shape or (), target_layer.shape or ()),
                    inner_penalty=inner,
                    factor=entry.factor,
                    entry_penalty=outer,
                    contribution=pair.score * inner * entry.factor * outer,
                    entry_span=entry.span,
                    total=matching.score,
                    runner_up=_runner_up(tables, matching, pair),
                )
    raise MatchError(f"{target} is not matched.", "Choose a target layer that has a source.")


def _runner_up(tables: ScoreTables, matching: Matching, pair: Pair) -> Alternative:
    banned = solve(tables, matching.overrides.with_ban(pair.source, pair.target))
    other = banned.by_target.get(pair.target)
    if other is None:
        return Alternative(None, 0.0, banned.score)
    return Alternative(other.source, other.score, banned.score)


def entry_table(tables: ScoreTables, overrides: Overrides) -> DpTable:
    """Return the table of the outer phase: target entries by source entries.

    Raises
    ------
    MatchError
        If the method fills no such table.
    """
    if METHODS[tables.options.method].entries is not Rule.ORDERED:
        raise _no_table(tables)
    scores, pins = entry_constraints(tables, overrides)
    return _filled(scores, tables.options.exponent, pins)


def inner_table(tables: ScoreTables, overrides: Overrides, source: int, target: int) -> DpTable:
    """Return the table of two entries' layers, by their positions in the two sequences.

    Raises
    ------
    MatchError
        If the method fills no such table.
    """
    if METHODS[tables.options.method].layers is not Rule.ORDERED:
        raise _no_table(tables)
    cells, pins = inner_constraints(tables, overrides, source, target)
    return _filled(cells, tables.options.exponent, pins)


def _no_table(tables: ScoreTables) -> MatchError:
    return MatchError(
        f"The method {tables.options.method!r} assigns pairs; it fills no table there.",
        "Choose the method dp to see one.",
    )


def _filled(scores: Scores, exponent: float, pins: dict[int, int]) -> DpTable:
    """Solve a problem and spread its table over the rows and columns that were left out."""
    problem = make_problem(scores, exponent, pins)
    values = best_values(problem)
    rows = np.searchsorted(problem.rows, np.arange(len(scores) + 1))
    columns = np.searchsorted(problem.columns, np.arange(scores.shape[1] + 1))
    shown = scores.copy()
    for target, source in pins.items():
        shown[target, :] = -np.inf
        shown[target, source] = scores[target, source]
    return DpTable(
        shown,
        values[np.ix_(rows, columns)],
        tuple(trace_back(problem, values)),
        exponent,
        frozenset(_true_rows(problem)),
    )


def _true_rows(problem: Problem) -> list[int]:
    return [int(problem.rows[row]) for row in problem.pins]
