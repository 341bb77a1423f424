"""The state of the picture: two columns, a matching, what is expanded, and where it all stands.

No Qt: the scene and the figure writer both draw what a board says.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping

from dpiat_gui.canvas import expanding
from dpiat_gui.canvas.board_state import BoardState
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.connections import Edge


class Board(BoardState):
    """A placed matching that can be asked what stands where, and what is matched to what."""

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
        """Return the place itself, or the box that stands for it while it is hidden."""
        head = self.head(spot.side, spot.entry)
        if head != spot.entry or (spot.row is not None and spot.entry not in self.expanded[spot.side]):
            return Place(spot.side, head)
        return spot

    def members(self, spot: Place) -> range:
        """Return the entries that the box of a place stands for: its run while that is folded."""
        head = self.head(spot.side, spot.entry)
        return self.folds[spot.side].get(head) or range(spot.entry, spot.entry + 1)

    def run_at(self, side: Side, entry: int) -> range | None:
        """Return the run of equal blocks an entry is in, folded or not; None if it is in none."""
        column = self.columns[side]
        return next((run for run in column.runs if entry in run), None) if column else None

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
        for member in self.members(spot):
            for link in self.links_at(side, member):
                # Edges stand in the order of their links; one of a folded run has the first one's place.
                link = self._merged_into.get(link, link)
                first, last = bisect_left(edges, link, key=_link_of), bisect_right(edges, link, key=_link_of)
                found.update(
                    i for i in range(first, last) if _stands_for(map(self.shown, self.ends(i)), spots)
                )
        return frozenset(found)

    # expansion

    def expand(self, spots: Iterable[Place], open_them: bool = True, partners: bool = True) -> bool:
        """Expand or collapse blocks, with their partners; return whether anything changed.

        Places of single layers are left alone; `refresh` follows by itself.
        """
        return self._changed(expanding.expand(self, spots, open_them, partners))

    def unfold(self, spots: Iterable[Place], partners: bool = True) -> bool:
        """Show the members of the runs that places are in, and of their partners'."""
        return self._changed(expanding.unfold(self, spots, partners))

    def fold(self, spots: Iterable[Place], partners: bool = True) -> bool:
        """Fold the runs that places are in again, with their partners'."""
        return self._changed(expanding.fold(self, spots, partners))

    def set_folding(self, folding: bool) -> bool:
        """Draw every run of equal blocks as one box, or none."""
        return self._changed(expanding.set_folding(self, folding))

    def _changed(self, changed: bool) -> bool:
        if changed:
            self.refresh()
        return changed

    def is_folded(self, spot: Place) -> bool:
        """Tell whether one box stands for the run that a place is in."""
        return len(self.members(spot)) > 1

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
