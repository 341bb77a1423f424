"""The state of the picture: two columns, a matching, what is expanded, and where it all stands.

No Qt: the scene and the figure writer both draw what a board says.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping

from dpiat_gui.canvas.apart import place_apart
from dpiat_gui.canvas.columns import (
    Column,
    EntryMarks,
    Place,
    Side,
    links_of,
    make_column,
    marks_of,
    plain_marks,
)
from dpiat_gui.canvas.connections import Edge, Edges, Rows, connect
from dpiat_gui.canvas.edge_marks import EdgeMark, marks_of_edges, share_of_best
from dpiat_gui.canvas.layout import Layout, Link, Metrics, Placed, place
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import Matching
from dpiat_gui.networks.values import Network


class Board:
    """Two columns and the matching between them, placed.

    Parameters
    ----------
    metrics
        Heights of what is drawn.
    """

    def __init__(self, metrics: Metrics | None = None) -> None:
        self.metrics = metrics or Metrics()
        self.columns: dict[Side, Column | None] = {Side.SOURCE: None, Side.TARGET: None}
        self.marks: dict[Side, tuple[EntryMarks, ...]] = {Side.SOURCE: (), Side.TARGET: ()}
        self.expanded: dict[Side, set[int]] = {Side.SOURCE: set(), Side.TARGET: set()}
        self.matching: Matching | None = None
        self.links: tuple[Link, ...] = ()
        self.layout = Layout()
        self.edges = Edges()
        self.edge_marks: tuple[EdgeMark, ...] = ()
        self.apart = False
        """Whether the columns are placed without gaps, to scroll apart."""
        self._focus: int | None = None
        self._by_target: dict[int, list[int]] = {}
        self._by_source: dict[int, list[int]] = {}

    # what is drawn

    def set_networks(self, source: Network | None, target: Network | None, layer_types: str = "all") -> bool:
        """Show two networks, or one, that are not matched; return whether a column changed."""
        changed = False
        for side, network in ((Side.SOURCE, source), (Side.TARGET, target)):
            changed |= self._set_column(side, network, layer_types)
        self.matching = None
        self.links = ()
        self._index_links()
        for side, column in self.columns.items():
            self.marks[side] = plain_marks(column) if column else ()
        self.refresh()
        return changed

    def set_matching(self, matching: Matching, coverage: Mapping[str, float] | None = None) -> bool:
        """Show a matching; return whether a column changed, rather than only what is said of it."""
        changed = self._set_column(Side.SOURCE, matching.source, matching.options.layer_types)
        changed |= self._set_column(Side.TARGET, matching.target, matching.options.layer_types)
        self.matching = matching
        source, target = self.columns[Side.SOURCE], self.columns[Side.TARGET]
        if source and target:
            self.links = links_of(source, target, matching)
            self.marks[Side.SOURCE] = marks_of(source, Side.SOURCE, matching)
            self.marks[Side.TARGET] = marks_of(target, Side.TARGET, matching, coverage)
        self._index_links()
        self.refresh()
        return changed

    def _set_column(self, side: Side, network: Network | None, layer_types: str) -> bool:
        """Put a network into a column, unless it stands there already; keep what stays expanded."""
        old = self.columns[side]
        if network is None:
            self.columns[side] = None
            self.expanded[side] = set()
            return old is not None
        if (
            old
            and old.layer_types == layer_types
            and (
                old.network is network
                or (old.network.method == network.method and old.network.tree == network.tree)
            )
        ):
            return False
        new = make_column(network, layer_types)
        if old and old.entries == new.entries:
            self.columns[side] = new
            return False
        paths = {old.entries[i].path for i in self.expanded[side]} if old else set()
        self.columns[side] = new
        self.expanded[side] = {
            i for i, entry in enumerate(new.entries) if entry.path in paths and not entry.single
        }
        return True

    def _index_links(self) -> None:
        self._by_target = {}
        self._by_source = {}
        for position, link in enumerate(self.links):
            self._by_target.setdefault(link.target, []).append(position)
            self._by_source.setdefault(link.source, []).append(position)

    @property
    def rows_rule(self) -> Rows:
        """Which pairs of rows are drawn: those that can be without crossing, or all where pairs may cross."""
        if self.matching is None:
            return Rows.LEAD
        if METHODS[self.matching.options.method].layerwise:
            return Rows.LAYERS
        return Rows.LEAD if self.matching.keeps_order else Rows.ALL

    # where it stands

    def refresh(self) -> None:
        """Place everything anew."""
        source, target = self.columns[Side.SOURCE], self.columns[Side.TARGET]
        self.layout = (place_apart if self.apart else place)(
            source.shapes if source else (),
            target.shapes if target else (),
            self.links,
            self.expanded[Side.SOURCE],
            self.expanded[Side.TARGET],
            self.metrics,
        )
        self.connect()

    def show_layout(self, layout: Layout) -> None:
        """Stand as `layout` says until the next `refresh`: a step of a change that is seen."""
        self.layout = layout
        self.connect()

    def set_focus(self, target: int | None) -> bool:
        """Look at a target entry: if its source serves others too, its rows are the ones connected.

        Returns whether any edge changed.
        """
        if target is None or target == self._focus:
            return False
        self._focus = target
        before = self.edges
        for position in self._by_target.get(target, ()):
            if len(self._by_source[self.links[position].source]) > 1:
                self.connect()
                break
        return self.edges is not before

    def connect(self) -> None:
        """Connect what is placed."""
        self.edges = connect(self.layout, self.links, self._focus, self.metrics.padding, self.rows_rule)
        self.edge_marks = marks_of_edges(self.edges.edges, self.matching, self.columns[Side.TARGET])

    def link_score(self, link: int) -> float:
        """Return the score of a pair of entries as a share of the best there could be, 0..1."""
        target = self.columns[Side.TARGET]
        if self.matching is None or target is None:
            return 0.0
        return share_of_best(self.matching.entry_pairs[link], target)

    @property
    def counts(self) -> str:
        """How many pairs there are, and how many of them cross where that can be."""
        if self.matching is None:
            return ""
        pairs = len(self.matching.pairs)
        words = f"{pairs} pair{'' if pairs == 1 else 's'}"
        crossings = 0 if self.matching.keeps_order else self.matching.crossings
        if crossings:
            words += f" · {crossings:,} crossing{'' if crossings == 1 else 's'}"
        return words

    def placed(self, side: Side) -> tuple[Placed, ...]:
        """Return where the entries of a column stand."""
        return self.layout.source if side is Side.SOURCE else self.layout.target

    def extent(self, spot: Place) -> tuple[float, float]:
        """Return top and bottom of an entry or, where it shows, of one of its rows."""
        placed = self.placed(spot.side)[spot.entry]
        if spot.row is None or not placed.expanded:
            return placed.top, placed.bottom
        top = placed.rows[spot.row]
        return top, top + placed.row_height

    def at(self, side: Side, y: float) -> Place | None:
        """Return the entry of a column at a height, or its row there; None in a gap."""
        placed = self.placed(side)
        entry = bisect_right(placed, y, key=lambda item: item.top) - 1
        if entry < 0 or y > placed[entry].bottom:
            return None
        found = placed[entry]
        row = bisect_right(found.rows, y) - 1
        if row >= 0 and y < found.rows[row] + found.row_height:
            return Place(side, entry, row)
        return Place(side, entry)

    # names

    def find(self, side: Side, path: str | None) -> Place | None:
        """Return where a path stands in a column, None if it does not."""
        column = self.columns[side]
        found = column.places.get(path) if column and path is not None else None
        return Place(side, *found) if found else None

    def path(self, spot: Place | None) -> str | None:
        """Return the module path of a place."""
        column = self.columns[spot.side] if spot else None
        return column.path(spot.entry, spot.row) if spot and column else None

    def shown(self, spot: Place) -> Place:
        """Return the place itself, or its entry while its rows are hidden."""
        if spot.row is not None and spot.entry not in self.expanded[spot.side]:
            return Place(spot.side, spot.entry)
        return spot

    # partners

    def links_at(self, side: Side, entry: int) -> tuple[int, ...]:
        """Return the positions of the links of an entry."""
        found = self._by_source if side is Side.SOURCE else self._by_target
        return tuple(found.get(entry, ()))

    def row_of(self, spot: Place) -> int | None:
        """Return the row of a place; a layer that stands by itself is its own only row."""
        column = self.columns[spot.side]
        single = column is not None and column.entries[spot.entry].single
        return 0 if single else spot.row

    def _place(self, side: Side, entry: int, row: int | None) -> Place:
        """Return the place of a row; of the entry for a layer that stands by itself."""
        column = self.columns[side]
        single = column is not None and column.entries[entry].single
        return Place(side, entry, None if single else row)

    def partner(self, spot: Place) -> Place | None:
        """Return what a place is matched to, None if to nothing.

        Of several it is the one whose rows are connected, else the one it faces, else the first.
        """
        lead = self.edges.leads.get(spot.entry) if spot.side is Side.SOURCE else None
        positions = sorted(
            self.links_at(spot.side, spot.entry),
            key=lambda position: (position != lead, position not in self.layout.spine),
        )
        mine = 0 if spot.side is Side.SOURCE else 1
        row = self.row_of(spot)
        for position in positions:
            link = self.links[position]
            entry = link.target if spot.side is Side.SOURCE else link.source
            if row is None:
                return Place(spot.side.other, entry)
            for rows in link.rows:
                if rows[mine] == row:
                    return self._place(spot.side.other, entry, rows[1 - mine])
        return None

    def ends(self, edge: int) -> tuple[Place, Place]:
        """Return source and target of a drawn edge."""
        drawn = self.edges.edges[edge]
        link = self.links[drawn.link]
        rows: tuple[int | None, int | None] = (None, None)
        if drawn.pair is not None:
            rows = link.rows[drawn.pair]
        return self._place(Side.SOURCE, link.source, rows[0]), self._place(Side.TARGET, link.target, rows[1])

    def edges_of(self, source: Place | None, target: Place | None) -> frozenset[int]:
        """Return the drawn edges that stand for a pair of places, or for all pairs of one place."""
        spots = {spot.side: self.shown(spot) for spot in (source, target) if spot is not None}
        if not spots:
            return frozenset()
        side, spot = next(iter(spots.items()))
        found: set[int] = set()
        edges = self.edges.edges
        for link in self.links_at(side, spot.entry):
            # Edges stand in the order of their links.
            first, last = bisect_left(edges, link, key=_link_of), bisect_right(edges, link, key=_link_of)
            found.update(i for i in range(first, last) if _stands_for(self.ends(i), spots))
        return frozenset(found)

    # expansion

    def expand(self, spots: Iterable[Place], open_them: bool = True, partners: bool = True) -> bool:
        """Expand or collapse blocks, with their partners; return whether anything changed.

        Places of single layers are left alone; `refresh` follows by itself.
        """
        before = {side: set(entries) for side, entries in self.expanded.items()}
        for spot in spots:
            wanted = [(spot.side, spot.entry)]
            if partners:
                wanted += self._partner_entries(spot, open_them)
            for side, entry in wanted:
                self._open(side, entry, open_them)
        if self.expanded == before:
            return False
        self.refresh()
        return True

    def _partner_entries(self, spot: Place, open_them: bool) -> list[tuple[Side, int]]:
        """Return what opens or closes with an entry: its partners, unless another one needs them open.

        Where pairs may cross, a block can have a partner in every other one: only the one it faces counts.
        """
        ordered = self.matching is None or self.matching.keeps_order
        found = []
        for position in self.links_at(spot.side, spot.entry):
            if not ordered and position not in self.layout.spine:
                continue
            link = self.links[position]
            other = Place(spot.side.other, link.target if spot.side is Side.SOURCE else link.source)
            if open_them or not self._needed(other, spot.entry):
                found.append((other.side, other.entry))
        return found

    def _needed(self, spot: Place, without: int) -> bool:
        """Tell whether an expanded partner, but for one, keeps an entry open."""
        links = [self.links[position] for position in self.links_at(spot.side, spot.entry)]
        others = {link.target if spot.side is Side.SOURCE else link.source for link in links} - {without}
        return bool(others & self.expanded[spot.side.other])

    def _open(self, side: Side, entry: int, open_it: bool) -> None:
        column = self.columns[side]
        if column is None or column.entries[entry].single:
            return
        if open_it:
            self.expanded[side].add(entry)
        else:
            self.expanded[side].discard(entry)

    def everything(self) -> list[Place]:
        """Return the places of all entries of both columns."""
        return [
            Place(side, entry)
            for side, column in self.columns.items()
            if column
            for entry in range(len(column.entries))
        ]


def _link_of(edge: Edge) -> int:
    return edge.link


def _stands_for(ends: Iterable[Place], spots: Mapping[Side, Place]) -> bool:
    """Tell whether an edge between `ends` stands for a pair of places, or for pairs of one place."""
    for end in ends:
        wanted = spots.get(end.side)
        if wanted is None:
            continue
        if end.entry != wanted.entry:
            return False
        if wanted.row is not None and end.row is not None and end.row != wanted.row:
            return False
    return True
