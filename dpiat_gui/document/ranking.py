"""Where a pair stands among the partners that its target, or its source, could have."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dpiat_gui.document.facts import Facts, block_score
from dpiat_gui.document.places import Place, pair_score, places_of
from dpiat_gui.matching.values import Matching

if TYPE_CHECKING:
    from dpiat_gui.matching.explain import Alternative
    from dpiat_gui.matching.tables import ScoreTables

_EQUAL = 1e-12


@dataclass(frozen=True, slots=True)
class Rank:
    """The rank of a pair by its score alone.

    Parameters
    ----------
    place
        1 for the best; pairs of equal scores share the better place.
    of
        Number of sources that score above 0 with the target, this one included.
    best, best_score
        The source that scores highest, the nearest of equals, and its score.
    """

    place: int
    of: int
    best: str
    best_score: float


def rank_of(tables: "ScoreTables", facts: Facts) -> Rank | None:
    """Return the rank of a selected pair's source among the sources of its target.

    Parameters
    ----------
    tables
        The scores.
    facts
        What is selected; None is returned unless it is a pair that scores above 0.
    """
    source, target = facts.source, facts.target
    if source is None or target is None or not facts.score:
        return None
    own = facts.score
    places = places_of(tables.source, tables.options.layer_types).values()
    scores = [
        (_score(tables, place, target), -abs(place.entry - source.entry), place.path)
        for place in places
        if (place.layer is None) == (target.layer is None)
    ]
    known = [item for item in scores if item[0] > 0]
    if not known:
        return None
    best = max(known)
    return Rank(1 + sum(1 for item in known if item[0] > own + _EQUAL), len(known), best[2], best[0])


def _score(tables: "ScoreTables", source: Place, target: Place) -> float:
    if source.layer is None or target.layer is None:
        return block_score(tables, source, target)
    return pair_score(source, target, tables.options)


def block_runner_up(tables: "ScoreTables", matching: Matching, source: str, target: str) -> "Alternative":
    """Return what a target block would get if its pair were banned: one solve.

    Parameters
    ----------
    tables, matching
        What is matched.
    source, target
        Paths of two blocks that are matched to each other.
    """
    from dpiat_gui.matching.explain import Alternative
    from dpiat_gui.matching.solving import solve

    banned = solve(tables, matching.overrides.with_ban(source, target))
    for entry in banned.entry_pairs:
        if banned.target_entries[entry.target].path == target:
            return Alternative(banned.source_entries[entry.source].path, entry.score, banned.score)
    return Alternative(None, 0.0, banned.score)
