"""What a matching says of every row and entry of a column.

After an edit almost everything is as it was: the marks of an entry are kept for as long as its
pairs, its coverage and the overrides that name it stay the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dpiat_gui.canvas.columns import Column, Entry, EntryMarks, Mark, RowState, Side
from dpiat_gui.canvas.layout import Link
from dpiat_gui.matching.values import EntryPair, Matching

WEAK = 0.5
"""A score below this is weak: its edge is dashed."""

PLAIN = Mark()
UNSUPPORTED = Mark(unsupported=True)

_NONE_NAMED = (False, False, False)

_Linked = tuple[tuple[EntryPair, Link], ...]
_Named = frozenset[tuple[str, str]]
"""Kinds of overrides with the paths they name."""


@dataclass(frozen=True)
class Marked:
    """The marks of a column, with what they were made from.

    Parameters
    ----------
    column, other
        The column, and the one on the other side.
    keys
        What the marks of each entry depend on.
    marks
        The marks of each entry.
    """

    column: Column
    other: Column
    keys: tuple[tuple[_Linked, tuple[float | None, ...], _Named], ...]
    marks: tuple[EntryMarks, ...]


def plain_marks(column: Column) -> tuple[EntryMarks, ...]:
    """Return the marks of a column that is not matched."""
    return tuple(
        EntryMarks(PLAIN, tuple(UNSUPPORTED if row.unsupported else PLAIN for row in entry.rows))
        for entry in column.entries
    )


def kept_pairs(old: Sequence[EntryPair], new: Sequence[EntryPair]) -> tuple[EntryPair, ...]:
    """Return the new pairs, by the very objects among the old ones that equal them."""
    known = {(pair.source, pair.target): pair for pair in old}
    found = []
    for pair in new:
        before = known.get((pair.source, pair.target))
        found.append(before if before is not None and before == pair else pair)
    return tuple(found)


def mark_column(
    columns: Mapping[Side, Column],
    side: Side,
    matching: Matching,
    linked: Sequence[tuple[EntryPair, Link]],
    coverage: Mapping[str, float] | None = None,
    before: Marked | None = None,
) -> Marked:
    """Return what `matching` says of every row of a column.

    Parameters
    ----------
    columns
        Both columns.
    side
        Which of the two is marked.
    matching
        The matching.
    linked
        Its pairs of entries with their links.
    coverage
        By target layer, the share of its elements that come from the source.
    before
        Marks of the same column by an earlier matching, to take over what has not changed.
    """
    column, other = columns[side], columns[side.other]
    by_entry: dict[int, list[tuple[EntryPair, Link]]] = {}
    for pair, link in linked:
        by_entry.setdefault(link.source if side is Side.SOURCE else link.target, []).append((pair, link))
    named = _named_entries(column, side, matching)
    shares = coverage if coverage is not None and side is Side.TARGET else {}
    old = before if before and before.column is column and before.other is other else None
    keys, marks = [], []
    seen: dict[tuple[object, ...], Mark] = {}
    for position, entry in enumerate(column.entries):
        key = (
            tuple(by_entry.get(position, ())),
            tuple([shares.get(path) for path in entry.paths]) if shares else (),
            named.get(position, frozenset()),
        )
        if old is not None and old.keys[position] == key:
            keys.append(old.keys[position])
            marks.append(old.marks[position])
        else:
            keys.append(key)
            marks.append(_marks_of_entry(entry, other, side, key, seen))
    return Marked(column, other, tuple(keys), tuple(marks))


def _named_entries(column: Column, side: Side, matching: Matching) -> dict[int, _Named]:
    """Return by entry the overrides that name it, or a layer in it."""
    overrides, mine = matching.overrides, 0 if side is Side.SOURCE else 1
    named: list[tuple[str, str]] = [("pin", pin[mine]) for pin in overrides.pins]
    named += [("ban", ban[mine]) for ban in overrides.bans]
    named += [("fresh", path) for path in overrides.fresh] if side is Side.TARGET else []
    found: dict[int, set[tuple[str, str]]] = {}
    for kind, path in named:
        if path in column.places:
            found.setdefault(column.places[path][0], set()).add((kind, path))
    return {entry: frozenset(kinds) for entry, kinds in found.items()}


def _marks_of_entry(
    entry: Entry,
    other: Column,
    side: Side,
    key: tuple[_Linked, tuple[float | None, ...], _Named],
    seen: dict[tuple[object, ...], Mark],
) -> EntryMarks:
    linked, shares, named = key
    flags = _flags_of_matched(entry, other, side, linked)
    rows = []
    for position, row in enumerate(entry.rows):
        found, share = flags.get(position), shares[position] if shares and row.scored else None
        kinds = _NONE_NAMED
        if named:
            path = row.layer.path
            kinds = (("pin", path) in named, ("ban", path) in named, ("fresh", path) in named)
        # Few marks differ: thousands of equal ones would keep the garbage collector busy.
        looks = (found, share, kinds, row.scored, row.unsupported)
        mark = seen.get(looks)
        if mark is None:
            free = RowState.FREE if row.scored else RowState.PLAIN
            state = RowState.MATCHED if found else free
            mark = Mark(state, share, *kinds, *(found or _NONE_NAMED), row.unsupported)
            seen[looks] = mark
        rows.append(mark)
    return EntryMarks(_whole(entry, rows, named), tuple(rows))


def _flags_of_matched(
    entry: Entry, other: Column, side: Side, linked: _Linked
) -> dict[int, tuple[bool, bool, bool]]:
    """Return by matched row of an entry whether it is weak, cropped, and of a source that is reused."""
    from_source = side is Side.SOURCE
    shapes = entry.shapes
    flags: dict[int, tuple[bool, bool, bool]] = {}
    for pair, link in linked:
        facing = other.entries[link.target if from_source else link.source].shapes
        spans = pair.span > 1
        for (i, j), row in zip(link.rows, pair.pairs, strict=True):
            mine = i if from_source else j
            cropped = _is_cropped(shapes[i], facing[j]) if from_source else _is_cropped(facing[i], shapes[j])
            found = (row.score < WEAK, cropped, spans or row.span > 1)
            before = flags.get(mine)
            if before is not None:
                found = (found[0] or before[0], found[1] or before[1], found[2] or before[2])
            flags[mine] = found
    return flags


def _is_cropped(source: tuple[int, ...] | None, target: tuple[int, ...] | None) -> bool:
    """Tell whether some of a source's elements find no room in the target."""
    if source is None or target is None or source == target:
        return False
    return any(s > t for s, t in zip(source, target, strict=False))


def _whole(entry: Entry, rows: Sequence[Mark], named: _Named) -> Mark:
    """Return the mark of an entry: what is hidden inside a collapsed block still shows on it."""
    if entry.single:
        return rows[0]
    state = RowState.PLAIN
    covered = total = 0.0
    for mark, elements in zip(rows, entry.elements, strict=True):
        if mark.state is RowState.MATCHED or state is RowState.PLAIN:
            state = mark.state
        if mark.coverage is not None:
            covered += mark.coverage * elements
            total += elements
    kinds = {kind for kind, _ in named}
    share = covered / total if total else None
    return Mark(state, share, "pin" in kinds, "ban" in kinds, "fresh" in kinds, *_any_flags(rows))


def _any_flags(marks: Iterable[Mark]) -> tuple[bool, bool, bool, bool]:
    weak = cropped = reused = unsupported = False
    # Most rows of a block have one and the same mark.
    for mark in {id(mark): mark for mark in marks}.values():
        weak, cropped = weak or mark.weak, cropped or mark.cropped
        reused, unsupported = reused or mark.reused, unsupported or mark.unsupported
    return weak, cropped, reused, unsupported


def combined_marks(run: Sequence[EntryMarks]) -> EntryMarks:
    """Return what is said of several equal blocks at once: a row is free if it is in any of them."""
    rows = tuple(_combined([marks.rows[i] for marks in run]) for i in range(len(run[0].rows)))
    whole = _combined([marks.whole for marks in run])
    if any(marks.whole.state is RowState.MATCHED for marks in run):
        whole = replace(whole, state=RowState.MATCHED)
    return EntryMarks(whole, rows)


def _combined(marks: Sequence[Mark]) -> Mark:
    states = [mark.state for mark in marks]
    state = RowState.FREE if RowState.FREE in states else states[0]
    shares = [mark.coverage for mark in marks if mark.coverage is not None]
    return Mark(
        state,
        sum(shares) / len(shares) if shares else None,
        any(mark.pinned for mark in marks),
        any(mark.banned for mark in marks),
        any(mark.fresh for mark in marks),
        *_any_flags(marks),
    )


def links_of(
    columns: Mapping[Side, Column],
    pairs: Sequence[EntryPair],
    before: Sequence[tuple[EntryPair, Link]] = (),
) -> tuple[Link, ...]:
    """Return pairs of entries by position, for the layout; of pairs that are as before, the same links."""
    left, right = columns[Side.SOURCE].places, columns[Side.TARGET].places
    known = {id(pair): link for pair, link in before}
    found = []
    for pair in pairs:
        link = known.get(id(pair))
        if link is None:
            rows = tuple([(left[p.source][1] or 0, right[p.target][1] or 0) for p in pair.pairs])
            link = Link(pair.source, pair.target, rows)
        found.append(link)
    return tuple(found)
