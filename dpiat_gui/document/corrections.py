"""Corrections by hand, one by one: lists of them, what stands in their way, what fits. Pure functions."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dpiat_gui.document.selection import Selection
from dpiat_gui.errors import OverrideError
from dpiat_gui.matching.values import Matching, Overrides

if TYPE_CHECKING:
    from dpiat_gui.matching.tables import ScoreTables

KINDS = ("pin", "ban", "fresh", "operator")
_MEANINGS = {
    "pin": "{target} takes from {source}.",
    "ban": "{target} never takes from {source}.",
    "fresh": "{target} keeps its own initialisation.",
    "operator": "What {target} takes is cut by {operator}.",
}
_NEAR = 3
"""Paths that are offered in place of one that is not there."""


@dataclass(frozen=True, slots=True)
class Override:
    """One override.

    Parameters
    ----------
    kind
        One of `KINDS`.
    source
        Path of the source, None for ``fresh`` and ``operator``.
    target
        Path of the target.
    operator
        Name of the operator, for that kind alone.
    """

    kind: str
    source: str | None
    target: str
    operator: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise OverrideError(f"There is no override named {self.kind!r}.", f"Use {', '.join(KINDS)}.")

    @property
    def meaning(self) -> str:
        """What it does, as a sentence."""
        return _MEANINGS[self.kind].format(source=self.source, target=self.target, operator=self.operator)

    @property
    def text(self) -> str:
        """What it is, in a few words: ``the pin a → b``."""
        if self.operator:
            return f"{self.operator} for {self.target}"
        if self.source is None:
            return f"{self.target} left fresh"
        return f"the {self.kind} {self.source} → {self.target}"

    @property
    def selection(self) -> Selection:
        """What to select for it."""
        return Selection(self.source, self.target)


@dataclass(frozen=True, slots=True)
class Misfit:
    """An override that cannot hold.

    Parameters
    ----------
    override
        The override.
    reason
        Why, one sentence.
    """

    override: Override
    reason: str


def each_of(overrides: Overrides) -> tuple[Override, ...]:
    """Return every override, pins first, each kind in the order it was made."""
    return (
        *(Override("pin", source, target) for source, target in overrides.pins),
        *(Override("ban", source, target) for source, target in overrides.bans),
        *(Override("fresh", None, target) for target in overrides.fresh),
        *(Override("operator", None, target, operator) for target, operator in overrides.operators),
    )


def overrides_of(singles: Iterable[Override]) -> Overrides:
    """Return overrides one by one as a whole."""
    pairs: dict[str, list[tuple[str, str]]] = {"pin": [], "ban": []}
    fresh: list[str] = []
    operators: list[tuple[str, str]] = []
    for one in singles:
        if one.kind == "operator":
            operators.append((one.target, one.operator))
        elif one.source is None:
            fresh.append(one.target)
        else:
            pairs[one.kind].append((one.source, one.target))
    return Overrides(tuple(pairs["pin"]), tuple(pairs["ban"]), tuple(fresh), tuple(operators))


def joined(first: Overrides, more: Overrides) -> Overrides:
    """Return both, those of `more` last."""
    return Overrides(
        first.pins + more.pins,
        first.bans + more.bans,
        first.fresh + more.fresh,
        first.operators + more.operators,
    )


def without(overrides: Overrides, dropped: Collection[Override]) -> Overrides:
    """Return the overrides without some of them."""
    gone = set(dropped)
    return overrides_of(one for one in each_of(overrides) if one not in gone)


def with_pins(overrides: Overrides, pairs: Iterable[tuple[str, str]]) -> Overrides:
    """Return the overrides with the pairs pinned; what contradicts one directly is dropped."""
    wanted = {target: source for source, target in pairs}
    pinned = set(wanted.items())
    pins = tuple(pin for pin in overrides.pins if pin[1] not in wanted)
    bans = tuple(ban for ban in overrides.bans if (ban[1], ban[0]) not in pinned)
    fresh = tuple(path for path in overrides.fresh if path not in wanted)
    more = ((source, target) for target, source in wanted.items())
    return replace(overrides, pins=(*pins, *more), bans=bans, fresh=fresh)


def with_bans(overrides: Overrides, pairs: Sequence[tuple[str, str]]) -> Overrides:
    """Return the overrides with the pairs banned, and no longer pinned."""
    banned = set(pairs)
    pins = tuple(pin for pin in overrides.pins if pin not in banned)
    return replace(overrides, pins=pins, bans=(*overrides.bans, *pairs))


def with_fresh(overrides: Overrides, targets: Sequence[str]) -> Overrides:
    """Return the overrides with the targets left fresh, and no longer pinned."""
    left = set(targets)
    pins = tuple(pin for pin in overrides.pins if pin[1] not in left)
    return replace(overrides, pins=pins, fresh=(*overrides.fresh, *targets))


def in_the_way(tables: "ScoreTables", overrides: Overrides, source: str, target: str) -> tuple[Override, ...]:
    """Return the overrides that keep a pair from being pinned; none if nothing would make it possible.

    A pin that the target has already would be replaced, so it is not among them.

    Parameters
    ----------
    tables
        The scores.
    overrides
        Those there are.
    source, target
        The pair to pin.
    """
    pin = Override("pin", source, target)
    if _problem(tables, overrides_of([pin])):
        return ()
    others = [one for one in each_of(overrides.with_pin(source, target)) if one != pin]
    return tuple(misfit.override for misfit in _fitted(tables, [pin], others)[1])


def fitting_overrides(tables: "ScoreTables", wanted: Overrides) -> tuple[Overrides, tuple[Misfit, ...]]:
    """Return those of the overrides that can hold together, and why each of the others cannot.

    Fresh targets come first, then bans, then pins, each in their order: an override gives way to
    those before it.
    """
    if _problem(tables, wanted) is None:
        return wanted, ()
    ordered = sorted(each_of(wanted), key=lambda one: -KINDS.index(one.kind))
    kept, misfits = _fitted(tables, [], ordered)
    order = {one: at for at, one in enumerate(each_of(wanted))}
    misfits.sort(key=lambda misfit: order[misfit.override])
    fitted = overrides_of(sorted(kept, key=order.__getitem__))
    return fitted, tuple(misfits)


def _fitted(
    tables: "ScoreTables", first: Sequence[Override], others: Sequence[Override]
) -> tuple[list[Override], list[Misfit]]:
    """Add overrides to the first ones as long as they hold; return all that do, and those that do not."""
    kept, misfits = list(first), list[Misfit]()

    def add(some: Sequence[Override]) -> None:
        # By halves: mostly all but one or two fit, and a check of all costs as much as one of a few.
        reason = _problem(tables, overrides_of([*kept, *some])) if some else None
        if reason is None:
            kept.extend(some)
        elif len(some) == 1:
            misfits.append(Misfit(some[0], reason))
        else:
            middle = len(some) // 2
            add(some[:middle])
            add(some[middle:])

    add(others)
    return kept, misfits


def near_overrides(tables: "ScoreTables", kept: Overrides, misfit: Override) -> tuple[Override, ...]:
    """Return overrides like one that does not fit, on paths that are there and nearly its own.

    Parameters
    ----------
    tables
        The scores.
    kept
        The overrides beside which it would stand.
    misfit
        The one that does not fit.
    """
    sources: Sequence[str | None] = [None]
    if misfit.source is not None:
        sources = _near_paths(misfit.source, tables.source_side.places)
    targets = _near_paths(misfit.target, tables.target_side.places)
    found = [
        replace(misfit, source=source, target=target)
        for source in sources
        for target in targets
        if target is not None and (source, target) != (misfit.source, misfit.target)
    ]
    fits = [one for one in found if _problem(tables, joined(kept, overrides_of([one]))) is None]
    return tuple(fits[:_NEAR])


def _near_paths(path: str, places: Collection[str]) -> Sequence[str | None]:
    """Return the path itself if it is there, else those that are most like it, the same name first."""
    if path in places:
        return [path]
    name = path.rpartition(".")[2]
    # Here and not above: the window paints before it needs this.
    from difflib import get_close_matches

    found = get_close_matches(path, places, n=8, cutoff=0.5)
    return sorted(found, key=lambda other: other.rpartition(".")[2] != name)[:_NEAR]


def emptied(before: Matching, after: Matching) -> tuple[str, ...]:
    """Return the target blocks and single layers that took something before and take nothing now."""
    if before.target is not after.target:
        return ()
    taking = {entry.target for entry in after.entry_pairs}
    return tuple(
        dict.fromkeys(
            before.target_entries[entry.target].path
            for entry in before.entry_pairs
            if entry.target not in taking
        )
    )


def found_pairs(matching: Matching, above: float | None = None) -> tuple[tuple[str, str], ...]:
    """Return the pairs of layers that the solver found itself, those above a score alone if one is given."""
    return tuple(
        (pair.source, pair.target)
        for pair in matching.pairs
        if not pair.pinned and (above is None or pair.score >= above)
    )


def found_blocks(matching: Matching) -> tuple[tuple[str, str], ...]:
    """Return the pairs of blocks that the solver found itself."""
    sources, targets = matching.source_entries, matching.target_entries
    return tuple(
        (sources[entry.source].path, targets[entry.target].path)
        for entry in matching.entry_pairs
        if not targets[entry.target].single
        and (sources[entry.source].path, targets[entry.target].path) not in matching.overrides.pins
    )


def _problem(tables: "ScoreTables", overrides: Overrides) -> str | None:
    """Return why the overrides cannot all hold, None if they can; nothing is solved for it."""
    # Here and not above: the window paints before it loads NumPy.
    from dpiat_gui.matching.solving import entry_constraints

    try:
        entry_constraints(tables, overrides)
    except OverrideError as error:
        return error.message
    return None
