"""What is drawn of a network: its entries with their rows, and what a matching says of each.

The structure of a column follows from the network alone and is made once; the marks change with
every edit. Plain values, no Qt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from functools import cached_property

from dpiat_gui.canvas.equality import equal_runs
from dpiat_gui.canvas.layout import EntryShape, Link
from dpiat_gui.matching.layer_scores import layer_type
from dpiat_gui.matching.values import EntryPair, Matching
from dpiat_gui.networks.titles import BlockRole, LayerRole, describe, format_shape, role_of_layer
from dpiat_gui.networks.values import Block, Layer, Network


class Side(StrEnum):
    """One of the two columns."""

    SOURCE = "source"
    TARGET = "target"

    @property
    def other(self) -> "Side":
        """The column on the other side."""
        return Side.TARGET if self is Side.SOURCE else Side.SOURCE


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of a column, or one of its rows.

    Parameters
    ----------
    side
        The column.
    entry
        Position of the entry.
    row
        Position of the layer inside a block; None for the entry as a whole.
    """

    side: Side
    entry: int
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A layer as it is drawn.

    Parameters
    ----------
    layer
        The layer.
    block
        Path of the block it is in.
    role
        For its colour.
    scored
        False for a layer that can never be matched.
    """

    layer: Layer
    block: str
    role: LayerRole
    scored: bool

    @property
    def name(self) -> str:
        """Its path below the block's."""
        return local_name(self.layer.path, self.block)

    @property
    def shape(self) -> str:
        """Shape of its weight as text, empty if it has none."""
        return format_shape(self.layer.shape)


@dataclass(frozen=True)
class Entry:
    """A block, or a layer that stands by itself, as it is drawn.

    Parameters
    ----------
    block
        The entry of the network.
    title, subtitle
        What it is.
    role
        For its colour.
    rows
        Its layers.
    """

    block: Block
    title: str
    subtitle: str
    role: BlockRole
    rows: tuple[Row, ...]

    @property
    def path(self) -> str:
        """Module path."""
        return self.block.path

    @property
    def single(self) -> bool:
        """True for a layer that stands by itself."""
        return self.block.single

    @cached_property
    def scored_rows(self) -> int:
        """Number of its layers that can be matched."""
        return sum(row.scored for row in self.rows)

    @property
    def scored(self) -> bool:
        """True if any of its layers can be matched."""
        return self.scored_rows > 0


@dataclass(frozen=True)
class Column:
    """A network as it is drawn.

    Parameters
    ----------
    network
        The network.
    layer_types
        The option its entries were chosen by.
    entries
        Its entries, in order.
    """

    network: Network
    layer_types: str
    entries: tuple[Entry, ...]

    @cached_property
    def places(self) -> dict[str, tuple[int, int | None]]:
        """The entry and row of every path; a layer's path goes before a block's of the same name."""
        places: dict[str, tuple[int, int | None]] = {}
        for position, entry in enumerate(self.entries):
            if not entry.single:
                places.update({row.layer.path: (position, i) for i, row in enumerate(entry.rows)})
        for position, entry in enumerate(self.entries):
            places.setdefault(entry.path, (position, None))
        return places

    @cached_property
    def shapes(self) -> tuple[EntryShape, ...]:
        """What the layout needs to know."""
        return tuple(
            EntryShape(
                # Blocks without a partner are not told apart: any two of a role face each other.
                key=(entry.role, entry.single),
                rows=tuple(row.layer.kind for row in entry.rows),
                single=entry.single,
            )
            for entry in self.entries
        )

    @cached_property
    def runs(self) -> tuple[range, ...]:
        """The runs of two or more equal blocks: of the same title, and of layers of the same shapes."""
        return equal_runs(
            [
                None
                if entry.single
                else (entry.title, tuple((row.layer.kind, row.layer.shape) for row in entry.rows))
                for entry in self.entries
            ]
        )

    @property
    def summary(self) -> str:
        """Size of the network, such as ``4.8 M · 25 entries``."""
        count = len(self.entries)
        return f"{compact_count(self.network.parameters)} · {count} {'entry' if count == 1 else 'entries'}"

    def path(self, entry: int, row: int | None) -> str:
        """Return the module path of an entry or of one of its rows."""
        found = self.entries[entry]
        return found.path if row is None else found.rows[row].layer.path


def make_column(network: Network, layer_types: str = "all") -> Column:
    """Return `network` as it is drawn when matched with the given layer types."""
    return Column(
        network,
        layer_types,
        tuple(_entry(block, layer_types) for block in network.entries_for(layer_types)),
    )


def _entry(block: Block, layer_types: str) -> Entry:
    title = describe(block)
    rows = tuple(
        Row(layer, block.path, role_of_layer(layer), layer_type(layer, layer_types) is not None)
        for layer in block.layers
    )
    return Entry(block, title.title, title.subtitle, title.role, rows)


def local_name(path: str, block: str) -> str:
    """Return a layer's path below its block's."""
    return path.removeprefix(f"{block}.") if block else path


def compact_count(number: int) -> str:
    """Write a number of parameters shortly: ``4.8 M``, ``52 k``, ``860``."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        # From where the smaller unit would be rounded up to a thousand.
        if number >= 0.9995 * size:
            value = number / size
            return f"{value:.1f} {unit}" if value < 99.95 else f"{value:.0f} {unit}"
    return str(number)


class RowState(Enum):
    """What becomes of a layer."""

    PLAIN = "plain"
    """It never takes part, or nothing is matched yet."""
    MATCHED = "matched"
    FREE = "free"
    """A source layer that gives nothing, or a target layer that takes nothing."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a matching and its overrides say of a row, or of an entry as a whole.

    Parameters
    ----------
    state
        What becomes of it.
    coverage
        Share of its elements that come from the source; None if not known, or on the source's side.
    pinned, banned, fresh
        The overrides that name it.
    """

    state: RowState = RowState.PLAIN
    coverage: float | None = None
    pinned: bool = False
    banned: bool = False
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class EntryMarks:
    """Marks of an entry and of its rows."""

    whole: Mark
    rows: tuple[Mark, ...]


PLAIN = Mark()


def plain_marks(column: Column) -> tuple[EntryMarks, ...]:
    """Return the marks of a column that is not matched."""
    return tuple(EntryMarks(PLAIN, (PLAIN,) * len(entry.rows)) for entry in column.entries)


def marks_of(
    column: Column, side: Side, matching: Matching, coverage: Mapping[str, float] | None = None
) -> tuple[EntryMarks, ...]:
    """Return what `matching` says of every row of a column.

    Parameters
    ----------
    column
        The column, of the matching's source or target.
    side
        Which of the two.
    matching
        The matching.
    coverage
        By target layer, the share of its elements that come from the source.
    """
    overrides = matching.overrides
    mine = 0 if side is Side.SOURCE else 1
    pinned = {pin[mine] for pin in overrides.pins}
    banned = {ban[mine] for ban in overrides.bans}
    fresh = set(overrides.fresh) if side is Side.TARGET else set()
    matched = matching.by_source if side is Side.SOURCE else matching.by_target
    if side is Side.SOURCE:
        coverage = None
    named = (pinned, banned, fresh)
    seen: dict[tuple[RowState, float | None, bool, bool, bool], Mark] = {}
    marks = []
    for entry in column.entries:
        rows = []
        for row in entry.rows:
            path = row.layer.path
            free = RowState.FREE if row.scored else RowState.PLAIN
            state = RowState.MATCHED if path in matched else free
            share = coverage.get(path) if coverage is not None and row.scored else None
            key = (state, share, path in pinned, path in banned, path in fresh)
            # Few marks differ: thousands of equal ones would keep the garbage collector busy.
            mark = seen.get(key)
            if mark is None:
                mark = seen[key] = Mark(*key)
            rows.append(mark)
        marks.append(EntryMarks(_whole(entry, rows, named), tuple(rows)))
    return tuple(marks)


def _whole(entry: Entry, rows: Sequence[Mark], named: tuple[set[str], set[str], set[str]]) -> Mark:
    if entry.single:
        return rows[0]
    state = RowState.PLAIN
    covered = total = 0.0
    # What is hidden inside a collapsed block still shows on it.
    pinned, banned, fresh = (entry.path in paths for paths in named)
    for row, mark in zip(entry.rows, rows, strict=True):
        if mark.state is RowState.MATCHED or state is RowState.PLAIN:
            state = mark.state
        pinned, banned, fresh = pinned or mark.pinned, banned or mark.banned, fresh or mark.fresh
        if mark.coverage is not None:
            elements = sum(tensor.elements for tensor in row.layer.tensors)
            covered += mark.coverage * elements
            total += elements
    return Mark(state, covered / total if total else None, pinned, banned, fresh)


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
    )


def links_of(source: Column, target: Column, matching: Matching) -> tuple[Link, ...]:
    """Return the pairs of `matching` by position, for the layout."""
    return tuple(
        Link(pair.source, pair.target, _row_links(source, target, pair)) for pair in matching.entry_pairs
    )


def _row_links(source: Column, target: Column, pair: EntryPair) -> tuple[tuple[int, int], ...]:
    left, right = source.places, target.places
    return tuple((left[p.source][1] or 0, right[p.target][1] or 0) for p in pair.pairs)
