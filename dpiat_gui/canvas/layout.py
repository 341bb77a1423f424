"""Where blocks, rows and ports stand: pure functions from structure to numbers.

Heights only; the x of columns comes from `Columns`, so that a resize moves no row. One unit is
one pixel at 100 %.
"""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dpiat_gui.canvas.alignment import Group, align, spine


@dataclass(frozen=True, slots=True)
class Metrics:
    """Heights of what is drawn; made from the system's font by `dpiat_gui.canvas.style`.

    Parameters
    ----------
    collapsed
        Height of a collapsed block: a title and a line of chips.
    single
        Height of a layer that stands by itself.
    header
        Height of an expanded block's title.
    row
        Height of a row.
    padding
        Space below the last row of an expanded block.
    fold
        What a folded run of blocks is higher than one of them.
    spacing
        Space between entries of a column.
    margin
        Space above the first and below the last entry.
    """

    collapsed: float = 40.0
    single: float = 26.0
    header: float = 26.0
    row: float = 18.0
    padding: float = 8.0
    fold: float = 6.0
    spacing: float = 8.0
    margin: float = 16.0


@dataclass(frozen=True, slots=True)
class Columns:
    """The x of the two columns.

    Parameters
    ----------
    margin
        Space left of the sources and right of the targets.
    width
        Width of a column.
    gap
        Space between the columns, where the edges run.
    """

    margin: float = 28.0
    width: float = 340.0
    gap: float = 320.0

    @classmethod
    def fitting(cls, available: float, unit: float = 1.0) -> "Columns":
        """Return columns that fill `available`, within what reads well.

        Parameters
        ----------
        available
            Width to fill.
        unit
            Scale of the widths, for larger system fonts.
        """
        margin = 28.0 if available >= 900 * unit else 14.0
        inner = available - 2 * margin
        # Narrow views give up the gap first: text needs its room, a curve does not.
        least = max(min(inner * 0.16, 96.0 * unit), 56.0 * unit)
        gap = min(max((inner - 520.0 * unit) * 0.6, least), 420.0 * unit)
        width = min(max((inner - gap) / 2, 176.0 * unit), 420.0 * unit)
        gap = min(max(inner - 2 * width, gap), 560.0 * unit)
        # Rounded down, so that no scroll bar appears for half a pixel.
        return cls(margin, float(int(width)), float(int(gap)))

    @classmethod
    def stacked(cls, available: float, unit: float = 1.0) -> "Columns":
        """Return strips, one above the other, that fill the height `available` as far as reads well."""
        margin = (24.0 if available >= 620 * unit else 16.0) * unit
        inner = available - 2 * margin
        width = min(max(inner * 0.36, 214.0 * unit), 280.0 * unit)
        gap = min(max(inner - 2 * width, 72.0 * unit), 300.0 * unit)
        return cls(margin, float(int(width)), float(int(gap)))

    @property
    def source_left(self) -> float:
        """Left side of the sources."""
        return self.margin

    @property
    def source_right(self) -> float:
        """Right side of the sources, where edges begin."""
        return self.margin + self.width

    @property
    def target_left(self) -> float:
        """Left side of the targets, where edges end."""
        return self.margin + self.width + self.gap

    @property
    def total(self) -> float:
        """Width of everything."""
        return 2 * (self.margin + self.width) + self.gap


@dataclass(frozen=True, slots=True)
class EntryShape:
    """What the layout needs to know of an entry.

    Parameters
    ----------
    key
        What it is; unmatched entries of equal keys face each other where they can.
    rows
        One key a layer.
    single
        True for a layer that stands by itself, which never expands.
    times
        Number of equal blocks it stands for, more than one while their run is folded.
    """

    key: Hashable
    rows: tuple[Hashable, ...]
    single: bool = False
    times: int = 1


@dataclass(frozen=True, slots=True)
class Link:
    """A matched pair of entries.

    Parameters
    ----------
    source, target
        Positions of the entries.
    rows
        Matched rows, as (source row, target row).
    """

    source: int
    target: int
    rows: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an entry stands.

    Parameters
    ----------
    top, height
        Of its box.
    header
        Height of its title, from the top; the whole height if it is not expanded.
    rows
        Top of each row; empty unless expanded.
    row_height
        Height of each row.
    single
        True for a layer that stands by itself.
    hidden
        True if the box of an earlier entry, which stands at the same place, stands for it too.
    """

    top: float
    height: float
    header: float
    rows: tuple[float, ...] = ()
    row_height: float = 0.0
    single: bool = False
    hidden: bool = False

    @property
    def bottom(self) -> float:
        """Lower side of its box."""
        return self.top + self.height

    @property
    def expanded(self) -> bool:
        """True if its rows are shown."""
        return bool(self.rows)

    @property
    def port(self) -> float:
        """Height at which edges of the whole entry end."""
        return self.top + self.header / 2

    def row_port(self, row: int) -> float:
        """Height at which edges of a row end: of the whole entry while its rows are hidden."""
        return self.rows[row] + self.row_height / 2 if self.rows else self.port


@dataclass(frozen=True)
class Layout:
    """Both columns, placed.

    Parameters
    ----------
    source, target
        The entries of either column, in order.
    height
        Of everything, margins included.
    spine
        Positions of the links whose entries face each other; all of them unless links cross.
    """

    source: tuple[Placed, ...] = ()
    target: tuple[Placed, ...] = ()
    height: float = 0.0
    spine: frozenset[int] = frozenset()


def place(
    sources: Sequence[EntryShape],
    targets: Sequence[EntryShape],
    links: Sequence[Link],
    open_sources: Collection[int] = (),
    open_targets: Collection[int] = (),
    metrics: Metrics | None = None,
) -> Layout:
    """Place two columns in the aligned layout: matched entries face each other.

    Parameters
    ----------
    sources, targets
        The entries of either column, in order.
    links
        The matched pairs, in target order; they may cross.
    open_sources, open_targets
        Positions of expanded entries.
    metrics
        Heights; the defaults if None.

    Notes
    -----
    Where one source serves one target and both are expanded, their rows face each other too.
    A source that serves several targets stands beside the middle of their span. Of links that
    cross, or of several sources of one target, those of the heaviest chain face each other.
    Networks with nothing in common both begin at the top: a gap as long as the other one would look
    like a column without layers.
    """
    metrics = metrics or Metrics()
    chosen = spine([(link.source, link.target) for link in links], [len(link.rows) for link in links])
    facing = [links[position] for position in chosen]
    if facing:
        groups = align(
            [entry.key for entry in sources],
            [entry.key for entry in targets],
            [(link.source, link.target) for link in facing],
        )
    else:
        groups = (Group(range(len(sources)), range(len(targets))),) if sources or targets else ()
    by_target = {link.target: link for link in facing}
    left: list[Placed] = []
    right: list[Placed] = []
    y = metrics.margin
    for group in groups:
        of_source = [entry_size(sources[i], i in open_sources, metrics) for i in group.sources]
        of_target = [entry_size(targets[i], i in open_targets, metrics) for i in group.targets]
        if group.linked and len(group.targets) == 1:
            of_source, of_target = _facing(of_source, of_target, sources, targets, group, by_target, metrics)
        height = max(stack_height(of_source, metrics), stack_height(of_target, metrics))
        centred = group.linked and len(group.targets) > 1
        left.extend(stack(of_source, y, height if centred else None, metrics))
        right.extend(stack(of_target, y, height if centred else None, metrics))
        y += height + metrics.spacing
    height = y - metrics.spacing + metrics.margin if groups else 0.0
    return Layout(tuple(left), tuple(right), height, frozenset(chosen))


@dataclass(frozen=True, slots=True)
class EntrySize:
    """Height of an entry and the slot of each of its rows."""

    height: float
    header: float
    slots: tuple[int, ...] = ()
    single: bool = False


def entry_size(entry: EntryShape, expanded: bool, metrics: Metrics) -> EntrySize:
    """Return the height an entry takes by itself."""
    if entry.single:
        return EntrySize(metrics.single, metrics.single, single=True)
    if entry.times > 1:
        return EntrySize(metrics.collapsed + metrics.fold, metrics.collapsed)
    if not expanded or not entry.rows:
        return EntrySize(metrics.collapsed, metrics.collapsed)
    return _open_size(tuple(range(len(entry.rows))), len(entry.rows), metrics)


def _open_size(slots: tuple[int, ...], count: int, metrics: Metrics) -> EntrySize:
    return EntrySize(metrics.header + count * metrics.row + metrics.padding, metrics.header, slots)


def _facing(
    of_source: list[EntrySize],
    of_target: list[EntrySize],
    sources: Sequence[EntryShape],
    targets: Sequence[EntryShape],
    group: Group,
    by_target: dict[int, Link],
    metrics: Metrics,
) -> tuple[list[EntrySize], list[EntrySize]]:
    """Let the rows of two facing expanded blocks face each other, with gaps where one has none."""
    if not (of_source[0].slots and of_target[0].slots):
        return of_source, of_target
    link = by_target[group.targets.start]
    left, right, slots = row_slots(sources[link.source].rows, targets[link.target].rows, link.rows)
    return [_open_size(left, slots, metrics)], [_open_size(right, slots, metrics)]


@lru_cache(maxsize=4096)
def row_slots(
    sources: tuple[Hashable, ...], targets: tuple[Hashable, ...], links: tuple[tuple[int, int], ...]
) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Return the slot of every row of two facing blocks, and the number of slots.

    A row that serves a span of rows stands beside the middle one. Networks are made of few kinds
    of blocks, and blocks stay as they are from edit to edit: answers are remembered.
    """
    left: list[int] = []
    right: list[int] = []
    slot = 0
    # Rows that cross stand as those of the longest chain let them.
    chosen = spine(links, [1.0] * len(links))
    for group in align(sources, targets, [links[position] for position in chosen]):
        first = slot + (len(group.targets) - 1) // 2 if group.linked else slot
        left.extend(range(first, first + len(group.sources)))
        right.extend(range(slot, slot + len(group.targets)))
        slot += max(len(group.sources), len(group.targets))
    return tuple(left), tuple(right), slot


def stack_height(sizes: Sequence[EntrySize], metrics: Metrics) -> float:
    """Return the height of entries below each other."""
    if not sizes:
        return 0.0
    return sum(size.height for size in sizes) + metrics.spacing * (len(sizes) - 1)


def stack(sizes: Sequence[EntrySize], y: float, centre_in: float | None, metrics: Metrics) -> list[Placed]:
    """Place entries below each other from `y`, in the middle of a height if one is given."""
    if centre_in is not None:
        # Whole pixels keep text and hairlines crisp.
        y += (centre_in - stack_height(sizes, metrics)) // 2
    placed = []
    for size in sizes:
        rows = tuple(y + size.header + slot * metrics.row for slot in size.slots)
        placed.append(Placed(y, size.height, size.header, rows, metrics.row if rows else 0.0, size.single))
        y += size.height + metrics.spacing
    return placed
