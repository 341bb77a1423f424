"""The state of the picture: two columns, a matching, what is expanded, and where it all stands.

No Qt: the scene and the figure writer both draw what a board says.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
from dpiat_gui.canvas.connections import Edge, Edges, connect
from dpiat_gui.canvas.layout import Layout, Link, Metrics, Placed, place
from dpiat_gui.matching.values import Matching
from dpiat_gui.networks.values import Network

WEAK = 0.5
"""A score below this is weak: its edge is dashed."""


@dataclass(frozen=True, slots=True)
class EdgeMark:
    """How an edge is drawn.

    Parameters
    ----------
    score
        Of the two layers; of two blocks, their inner score as a share of the best there could be.
    count
        Number of pairs of layers it stands for.
    pinned
        True if an override asks for it.
    """

    score: float
    count: int = 1
    pinned: bool = False

    @property
    def weak(self) -> bool:
        """True if it is drawn as a weak match."""
        return self.score < WEAK


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
        self._focus: int | None = None
        self._by_target: dict[int, int] = {}
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
        self._by_target = {link.target: position for position, link in enumerate(self.links)}
        self._by_source = {}
        for position, link in enumerate(self.links):
            self._by_source.setdefault(link.source, []).append(position)

    # where it stands

    def refresh(self) -> None:
        """Place everything anew."""
        source, target = self.columns[Side.SOURCE], self.columns[Side.TARGET]
        self.layout = place(
            source.shapes if source else (),
            target.shapes if target else (),
            self.links,
            self.expanded[Side.SOURCE],
            self.expanded[Side.TARGET],
            self.metrics,
        )
        self._connect()

    def set_focus(self, target: int | None) -> bool:
        """Look at a target entry: if its source serves others too, its rows are the ones connected.

        Returns whether any edge changed.
        """
        if target is None or target == self._focus:
            return False
        self._focus = target
        before = self.edges
        position = self._by_target.get(target)
        if position is not None and len(self._by_source[self.links[position].source]) > 1:
            self._connect()
        return self.edges is not before

    def _connect(self) -> None:
        self.edges = connect(self.layout, self.links, self._focus, self.metrics.padding)
        self.edge_marks = tuple(self._edge_mark(edge) for edge in self.edges.edges)

    def _edge_mark(self, edge: Edge) -> EdgeMark:
        target = self.columns[Side.TARGET]
        if self.matching is None or target is None:
            return EdgeMark(1.0)
        pair = self.matching.entry_pairs[edge.link]
        if edge.pair is not None:
            row = pair.pairs[edge.pair]
            return EdgeMark(row.score, 1, row.pinned)
        return EdgeMark(self.link_score(edge.link), len(pair.pairs), pair.pinned)

    def link_score(self, link: int) -> float:
        """Return the score of a pair of entries as a share of the best there could be, 0..1."""
        target = self.columns[Side.TARGET]
        if self.matching is None or target is None:
            return 0.0
        pair = self.matching.entry_pairs[link]
        best = sum(row.scored for row in target.entries[pair.target].rows)
        return min(pair.score / best, 1.0) if best else 0.0

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
        if side is Side.SOURCE:
            return tuple(self._by_source.get(entry, ()))
        position = self._by_target.get(entry)
        return () if position is None else (position,)

    def partner(self, spot: Place) -> Place | None:
        """Return what a place is matched to, None if to nothing.

        Of several targets of one source it is the one whose rows are connected, or the first.
        """
        positions = self.links_at(spot.side, spot.entry)
        if not positions:
            return None
        lead = self.edges.leads.get(self.links[positions[0]].source)
        ordered = sorted(positions, key=lambda position: position != lead)
        mine = 0 if spot.side is Side.SOURCE else 1
        for position in ordered:
            link = self.links[position]
            entry = link.target if spot.side is Side.SOURCE else link.source
            if spot.row is None:
                return Place(spot.side.other, entry)
            for rows in link.rows:
                if rows[mine] == spot.row:
                    return Place(spot.side.other, entry, rows[1 - mine])
        return None

    def ends(self, edge: int) -> tuple[Place, Place]:
        """Return source and target of a drawn edge."""
        drawn = self.edges.edges[edge]
        link = self.links[drawn.link]
        rows: tuple[int | None, int | None] = (None, None)
        if drawn.pair is not None:
            rows = link.rows[drawn.pair]
        return Place(Side.SOURCE, link.source, rows[0]), Place(Side.TARGET, link.target, rows[1])

    def edges_of(self, source: Place | None, target: Place | None) -> frozenset[int]:
        """Return the drawn edges that stand for a pair of places, or for all pairs of one place."""
        spots = {spot.side: self.shown(spot) for spot in (source, target) if spot is not None}
        if not spots:
            return frozenset()
        side, spot = next(iter(spots.items()))
        links = self.links_at(side, spot.entry)
        if not links:
            return frozenset()
        # Edges stand in the order of their links, and the links of an entry are neighbours.
        first = bisect_left(self.edges.edges, min(links), key=_link_of)
        last = bisect_right(self.edges.edges, max(links), key=_link_of)
        return frozenset(i for i in range(first, last) if _stands_for(self.ends(i), spots))

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
        """Return what opens or closes with an entry: its partners, unless another one needs them open."""
        links = [self.links[position] for position in self.links_at(spot.side, spot.entry)]
        if spot.side is Side.SOURCE:
            return [(Side.TARGET, link.target) for link in links]
        found = []
        for link in links:
            others = {self.links[i].target for i in self._by_source[link.source]} - {spot.entry}
            if open_them or not others & self.expanded[Side.TARGET]:
                found.append((Side.SOURCE, link.source))
        return found

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
