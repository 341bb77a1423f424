"""What a pin would do before it is made: whether it can hold, what it changes, which costs least."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dpiat_gui.document.facts import Candidate, Facts, candidates
from dpiat_gui.errors import OverrideError
from dpiat_gui.matching.engine import solve
from dpiat_gui.matching.values import Matching, Overrides

if TYPE_CHECKING:
    from dpiat_gui.matching.constraints import Constraints
    from dpiat_gui.matching.tables import ScoreTables

Pair = tuple[str, str]


class PinChecker:
    """Says why pairs cannot be pinned beside some overrides; quick, for it is asked of every row.

    Parameters
    ----------
    tables
        The scores.
    overrides
        Those there are.
    """

    def __init__(self, tables: "ScoreTables", overrides: Overrides) -> None:
        self._tables, self._overrides = tables, overrides
        self._constraints: Constraints | None = None
        self._pinned = {target for _, target in overrides.pins}
        self._kept_off = {target for _, target in overrides.bans} | set(overrides.fresh)

    def belongs_to(self, tables: "ScoreTables", overrides: Overrides) -> bool:
        """Tell whether it was made for these."""
        return tables is self._tables and overrides is self._overrides

    def reason(self, source: str, target: str) -> str | None:
        """Return why a pair cannot be pinned, None if it can; a pin the target has would be replaced."""
        # Here and not above: the window paints before it loads NumPy.
        from dpiat_gui.matching.constraints import pin_problem
        from dpiat_gui.matching.solving import constraints_of

        tables = self._tables
        rest = self._overrides.without(target) if target in self._kept_off else self._overrides
        constraints = self._constraints if rest is self._overrides else None
        if constraints is None:
            try:
                # Pins are held against one another by their order alone, which needs no constraints.
                constraints = constraints_of(tables, replace(rest, pins=()))
            except OverrideError as error:
                return str(error)
            if rest is self._overrides:
                self._constraints = constraints
        pins = self._overrides.pins
        if target in self._pinned:
            pins = tuple(pin for pin in pins if pin[1] != target)
        sides = tables.source_side, tables.target_side
        problem = pin_problem(constraints, *sides, pins, source, target, tables.options)
        return str(problem) if problem else None


class MoveChecker:
    """Says where a pair cannot be moved: as `PinChecker`, without the pin it has now.

    Parameters
    ----------
    tables, overrides
        As for `PinChecker`.
    old
        The pair that is moved.
    """

    def __init__(self, tables: "ScoreTables", overrides: Overrides, old: Pair) -> None:
        self._made_for = tables, overrides
        self._old = old
        rest = replace(overrides, pins=tuple(pin for pin in overrides.pins if pin != old))
        self._checker = PinChecker(tables, rest)

    def belongs_to(self, tables: "ScoreTables", overrides: Overrides, old: Pair) -> bool:
        """Tell whether it was made for these."""
        return tables is self._made_for[0] and overrides is self._made_for[1] and old == self._old

    def reason(self, source: str, target: str) -> str | None:
        """Return why the pair cannot be moved there, None if it can."""
        return self._checker.reason(source, target)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pin would change.

    Parameters
    ----------
    change
        The total score with it, less the present one.
    added, removed
        Pairs of layers that would come and go, by path, in target order.
    """

    change: float
    added: tuple[Pair, ...]
    removed: tuple[Pair, ...]


def outcome_of(tables: "ScoreTables", matching: Matching, overrides: Overrides) -> Outcome | None:
    """Return what other overrides would change, None if they cannot hold.

    Parameters
    ----------
    tables
        The scores `matching` was solved from.
    matching
        The present matching.
    overrides
        All that would hold then.
    """
    try:
        other = solve(tables, overrides)
    except OverrideError:
        return None
    before = {(pair.source, pair.target): None for pair in matching.pairs}
    after = {(pair.source, pair.target): None for pair in other.pairs}
    return Outcome(
        other.score - matching.score,
        tuple(pair for pair in after if pair not in before),
        tuple(pair for pair in before if pair not in after),
    )


def partners(
    tables: "ScoreTables", matching: Matching, facts: Facts, most: int = 10, weigh: bool = True
) -> tuple[Candidate, ...]:
    """Return the partners a row could be pinned to, the least costly first, impossible ones last.

    Parameters
    ----------
    tables, matching
        The scores, and what was solved from them.
    facts
        The row.
    most
        How many to return.
    weigh
        Whether costs that are not known at once are worked out, a solve for each.
    """
    found = candidates(tables, facts, most, matching.overrides)
    if not weigh or any(one.change is not None or one.reason for one in found):
        return found
    checker = PinChecker(tables, matching.overrides)
    weighed = [_weighed(tables, matching, checker, one) for one in found]
    weighed.sort(key=lambda one: (one.change is None, -round(one.change or 0.0, 9), -one.score))
    return tuple(weighed)


def _weighed(
    tables: "ScoreTables", matching: Matching, checker: PinChecker, candidate: Candidate
) -> Candidate:
    pair = candidate.source, candidate.target
    reason = checker.reason(*pair)
    outcome = None if reason else outcome_of(tables, matching, matching.overrides.with_pin(*pair))
    return replace(candidate, change=outcome.change if outcome else None, reason=reason or "")
