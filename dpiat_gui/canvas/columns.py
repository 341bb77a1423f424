"""What is drawn of a network: its entries with their rows, and what a matching says of each.

The structure of a column follows from the network alone and is made once; the marks change with
every edit. Plain values, no Qt.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cached_property

from dpiat_gui.canvas.equality import equal_runs
from dpiat_gui.canvas.layout import EntryShape
from dpiat_gui.matching.layer_scores import layer_type
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
    def unsupported(self) -> bool:
        """True for weights of a kind that is never matched."""
        return not self.scored and bool(self.layer.tensors)

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
    def paths(self) -> tuple[str, ...]:
        """Module paths of its rows."""
        return tuple(row.layer.path for row in self.rows)

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...] | None, ...]:
        """Shapes of its rows' weights."""
        return tuple(row.layer.shape for row in self.rows)

    @cached_property
    def elements(self) -> tuple[int, ...]:
        """Number of elements of each of its rows' tensors."""
        return tuple(sum(tensor.elements for tensor in row.layer.tensors) for row in self.rows)

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
    weak
        Whether it has a partner with a low score.
    cropped
        Whether the source's tensor is larger than the target's, so that some of it is cut off.
    reused
        Whether its source serves several targets.
    unsupported
        Whether it has weights of a kind that is never matched.
    """

    state: RowState = RowState.PLAIN
    coverage: float | None = None
    pinned: bool = False
    banned: bool = False
    fresh: bool = False
    weak: bool = False
    cropped: bool = False
    reused: bool = False
    unsupported: bool = False


@dataclass(frozen=True, slots=True)
class EntryMarks:
    """Marks of an entry and of its rows."""

    whole: Mark
    rows: tuple[Mark, ...]
