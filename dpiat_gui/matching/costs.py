"""What pins would cost, for all candidates of a row at once."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from dpiat_gui.errors import OverrideError
from dpiat_gui.matching.constraints import Place, Side
from dpiat_gui.matching.outlook import Outlook, outlook
from dpiat_gui.matching.solving import check_pin, solve
from dpiat_gui.matching.tables import ScoreTables
from dpiat_gui.matching.values import Overrides

_EXACT = ("dp", "flat")
"""Methods whose totals the tables of both ends know; the others are solved anew for every pin."""

_MOST_CELLS = 3_000_000
"""Above this many spans times sources, a few candidates are solved anew faster than tables are filled."""

_FEW = 16


class PinCost(NamedTuple):
    """What one pin would do.

    A named tuple for the same reason as `Pair`: a row has hundreds of candidates.

    Parameters
    ----------
    source, target
        The pair it would make.
    score
        Score of the two layers or blocks by themselves.
    total
        The best total score with it; None where it cannot be.
    change
        `total` less the best total score as the overrides are; None where it cannot be.
    reason
        Why it cannot be, else empty.
    """

    source: str
    target: str
    score: float
    total: float | None
    change: float | None = None
    reason: str = ""


def pin_costs(
    tables: ScoreTables,
    overrides: Overrides,
    *,
    source: str | None = None,
    target: str | None = None,
    among: Collection[str] | None = None,
) -> tuple[PinCost, ...]:
    """Weigh every pin that one row could get.

    A pin the target has already, and any other override on it, would be replaced.

    Parameters
    ----------
    tables
        The scores.
    overrides
        Those that hold; none of them is broken.
    source, target
        Path of the row, a layer's or a block's; one of the two.
    among
        Paths of the other side to weigh. If left out, all those that score with the row at all.

    Returns
    -------
    tuple of PinCost
        In the order of the other side's sequence.

    Raises
    ------
    OverrideError
        If there is no such path, or the overrides cannot hold.

    Notes
    -----
    For the dynamic programs, some microseconds a candidate once the tables of both ends are filled;
    they are remembered for the overrides asked for last. For other methods, a solve a candidate.
    """
    if (source is None) == (target is None):
        raise ValueError("Name a source or a target, and not both.")
    if target is not None:
        found = list(_of_target(tables, target, among))
        return tuple(_weigh(tables, overrides, overrides.without(target), found, same_target=True))
    assert source is not None
    found = list(_of_source(tables, source, among))
    named = {target for _, target in (*overrides.pins, *overrides.bans)} | set(overrides.fresh)
    shared = [one for one in found if one.target not in named]
    costs = {cost.target: cost for cost in _weigh(tables, overrides, overrides, shared, same_target=False)}
    for one in found:
        # A target that has overrides would lose them: to each its own tables.
        if one.target in named:
            base = overrides.without(one.target)
            costs.update(
                (cost.target, cost) for cost in _weigh(tables, overrides, base, [one], same_target=True)
            )
    return tuple(costs[one.target] for one in found)


def has_quick_costs(tables: ScoreTables) -> bool:
    """Tell whether `pin_costs` answers within a few milliseconds, however many candidates there are."""
    n, m = tables.entries.shape
    return tables.options.method in _EXACT and n * n * m <= _MOST_CELLS


class _Candidate(NamedTuple):
    source: str
    target: str
    score: float
    source_place: Place
    target_place: Place


def _of_target(tables: ScoreTables, target: str, among: Collection[str] | None) -> Iterator[_Candidate]:
    own = tables.target_side.place(target)
    for path, place, score in _candidates(tables, own, among, of_target=True):
        yield _Candidate(path, target, score, place, own)


def _of_source(tables: ScoreTables, source: str, among: Collection[str] | None) -> Iterator[_Candidate]:
    own = tables.source_side.place(source)
    for path, place, score in _candidates(tables, own, among, of_target=False):
        yield _Candidate(source, path, score, own, place)


def _candidates(
    tables: ScoreTables, place: Place, among: Collection[str] | None, *, of_target: bool
) -> Iterator[tuple[str, Place, float]]:
    """Yield path, place and score of the rows of the other side that score with a row, in order."""
    own, other = tables.target_side, tables.source_side
    codes, other_codes = tables.target_alphabet.codes, tables.source_alphabet.codes
    layers, entries = tables.layers, tables.entries
    if not of_target:
        own, other, codes, other_codes = other, own, other_codes, codes
        layers, entries = layers.T, entries.T
    if among is not None:
        for path in among:
            at = other.place(path)
            yield path, at, _score(tables, *((at, place) if of_target else (place, at)))
    elif place.layer is None:
        for position, score in enumerate(entries[place.entry].tolist()):
            path = _path(other, position)
            at = Place(position, None)
            if score > 0 and other.places[path] == at and other.is_block(at) == own.is_block(place):
                yield path, at, score
    else:
        scores = layers[codes[place.entry][place.layer]].tolist()
        for position, (block, code) in enumerate(zip(other.entries, other_codes, strict=True)):
            if not block.single:
                for index, letter in enumerate(code):
                    if scores[letter] > 0:
                        yield block.layers[index].path, Place(position, index), scores[letter]


def _path(side: Side, position: int) -> str:
    block = side.entries[position]
    return block.layers[0].path if block.single else block.path


def _score(tables: ScoreTables, source: Place, target: Place) -> float:
    """Return the score of two places by themselves, 0 for two that may not be matched."""
    if source.layer is None and target.layer is None:
        return float(tables.entries[target.entry, source.entry])
    if source.layer is None or target.layer is None:
        return 0.0
    letters = (
        tables.target_alphabet.codes[target.entry][target.layer],
        tables.source_alphabet.codes[source.entry][source.layer],
    )
    return float(tables.layers[letters])


def _weigh(
    tables: ScoreTables, overrides: Overrides, base: Overrides, found: list[_Candidate], *, same_target: bool
) -> list[PinCost]:
    """Weigh pins that share their target, or else their source, and would come on top of `base`."""
    if not found:
        return []
    if tables.options.method not in _EXACT or not (len(found) > _FEW or has_quick_costs(tables)):
        present = solve(tables, overrides).score
        return [_solved(tables, base, one, present) for one in found]
    present = outlook(tables, overrides).ends.total
    try:
        ahead = outlook(tables, base)
    except OverrideError as error:
        return [_refused(one, str(error)) for one in found]
    reasons = [_reason(tables, ahead, one) for one in found]
    pairs = [
        (one.source_place, one.target_place) for one, reason in zip(found, reasons, strict=True) if not reason
    ]
    totals = iter(ahead.totals(pairs, same_target=same_target))
    return [
        _refused(one, reason) if reason else _held(one, next(totals), present)
        for one, reason in zip(found, reasons, strict=True)
    ]


def _held(one: _Candidate, total: float, present: float) -> PinCost:
    return PinCost(one.source, one.target, one.score, total, total - present)


def _refused(one: _Candidate, reason: str) -> PinCost:
    return PinCost(one.source, one.target, one.score, None, None, reason)


def _reason(tables: ScoreTables, ahead: Outlook, one: _Candidate) -> str:
    if one.score > 0:
        return ahead.reason(one.source_place, one.target_place, one.source, one.target)
    return check_pin(tables, ahead.overrides, one.source, one.target) or ""


def _solved(tables: ScoreTables, base: Overrides, one: _Candidate, present: float) -> PinCost:
    reason = check_pin(tables, base, one.source, one.target)
    if reason:
        return _refused(one, reason)
    try:
        return _held(one, solve(tables, base.with_pin(one.source, one.target)).score, present)
    except OverrideError as error:
        return _refused(one, str(error))
