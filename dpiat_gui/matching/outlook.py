"""The matching under some overrides, seen from both ends: where one more pin would lead."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dpiat_gui.matching.constraints import Constraints, Place, pin_problem
from dpiat_gui.matching.forced import BothEnds, both_ends, forced_cells
from dpiat_gui.matching.scores import Scores
from dpiat_gui.matching.solving import constraints_of
from dpiat_gui.matching.tables import ScoreTables, constrained_cells, constrained_scores, emptied
from dpiat_gui.matching.values import Overrides

_KEPT = 4
"""Outlooks kept with the scores: those of the overrides asked for last."""


@dataclass(frozen=True)
class Outlook:
    """What one more pin under some overrides would lead to, exact for the dynamic programs.

    Parameters
    ----------
    tables
        The scores.
    overrides
        Those that hold already.
    constraints
        The same by position.
    ends
        The outer phase's tables from both ends.
    """

    tables: ScoreTables = field(repr=False)
    overrides: Overrides
    constraints: Constraints = field(repr=False)
    ends: BothEnds = field(repr=False)
    _inside: dict[tuple[int, int], Scores] = field(default_factory=dict, repr=False, compare=False)

    def reason(self, source: Place, target: Place, source_path: str, target_path: str) -> str:
        """Return why two places that score cannot be pinned, in the words of `check_pin`; else empty."""
        if not self.constraints:
            return ""
        tables = self.tables
        sides = tables.source_side, tables.target_side
        problem = pin_problem(
            self.constraints,
            *sides,
            self.overrides.pins,
            source_path,
            target_path,
            tables.options,
            scored=True,
        )
        if problem is None and self.worth(source, target) <= 0:
            problem = emptied(tables, source.entry, target.entry)
        return str(problem) if problem else ""

    def worth(self, source: Place, target: Place) -> float:
        """Return what the entries of two places are worth to the outer phase with the pair forced."""
        if source.layer is None or target.layer is None:
            return float(self.ends.scores[target.entry, source.entry])
        value = self._forced(source, target, source.layer, target.layer)
        return value * self.tables.factor(source.entry, target.entry)

    def _forced(self, source: Place, target: Place, source_layer: int, target_layer: int) -> float:
        """Return the score of two blocks with a pair of their layers forced."""
        tables, constraints = self.tables, self.constraints
        at = source.entry, target.entry
        numbers = tables.source_alphabet.numbers[at[0]], tables.target_alphabet.numbers[at[1]]
        batched = tables.forced.get(numbers[1])
        if at not in constraints.inner and at[1] not in constraints.fresh_layers and batched is not None:
            values, place = batched
            codes = tables.source_alphabet.codes[at[0]], tables.target_alphabet.codes[at[1]]
            row = target_layer - codes[1][:target_layer].count(0)
            column = source_layer - codes[0][:source_layer].count(0)
            return float(values[row, column, numbers[0], place])
        known = self._inside.get(at)
        if known is None:
            inner = constraints.inner.get(at)
            cells = constrained_cells(tables, constraints, *at)
            known = forced_cells(cells, tables.options.exponent, inner.pins if inner else None)
            self._inside[at] = known
        return float(known[target_layer, source_layer])

    def totals(self, pairs: Sequence[tuple[Place, Place]], *, same_target: bool) -> list[float]:
        """Return the total score with each pair pinned.

        Parameters
        ----------
        pairs
            (source, target), none of which has a reason against it.
        same_target
            Whether all pairs have the same target; else they have the same source.
        """
        if not pairs:
            return []
        own = np.array([self.worth(source, target) for source, target in pairs])
        if same_target:
            columns, of = np.unique([source.entry for source, _ in pairs], return_inverse=True)
            totals = self.ends.with_row(pairs[0][1].entry, columns, own, of)
        else:
            rows = np.array([target.entry for _, target in pairs])
            totals = self.ends.with_column(pairs[0][0].entry, rows, own)
        return list(totals.tolist())


def outlook(tables: ScoreTables, overrides: Overrides) -> Outlook:
    """Return the outlook under overrides; that of the last few is remembered.

    Raises
    ------
    OverrideError
        If an override cannot hold.
    """
    known = tables._outlooks
    found = known.get(overrides)
    if found is None:
        constraints = constraints_of(tables, overrides)
        scores = constrained_scores(tables, constraints)
        ends = both_ends(scores, tables.options.exponent, constraints.pins)
        found = Outlook(tables, overrides, constraints, ends)
        while len(known) >= _KEPT:
            known.pop(next(iter(known)), None)
        known[overrides] = found
    return found
