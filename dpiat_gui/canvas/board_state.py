"""What a board holds: two columns, a matching, what is open, and where it all stands. No Qt."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from dpiat_gui.canvas.annotations import LayerMark, PathPair
from dpiat_gui.canvas.apart import place_apart
from dpiat_gui.canvas.columns import (
    Column,
    EntryMarks,
    Place,
    Side,
    make_column,
)
from dpiat_gui.canvas.connections import Edges, Rows, connect
from dpiat_gui.canvas.edge_marks import EdgeMark, marks_of_edges, share_of_best
from dpiat_gui.canvas.expansion import Expansion
from dpiat_gui.canvas.layout import Layout, Link, Metrics, Placed, place
from dpiat_gui.canvas.marking import Marked, kept_pairs, links_of, mark_column, plain_marks
from dpiat_gui.canvas.revealing import only_revealed
from dpiat_gui.canvas.runs import merged, place_folded
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import EntryPair, Matching
from dpiat_gui.networks.values import Network


class BoardState:
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
        self.notes: dict[Side, Mapping[str, LayerMark]] = {Side.SOURCE: {}, Side.TARGET: {}}
        """Badges at the ends of rows, by path."""
        self.expansion = Expansion()
        self.matching: Matching | None = None
        self.links: tuple[Link, ...] = ()
        self.layout = Layout()
        self.edges = Edges()
        self.edge_marks: tuple[EdgeMark, ...] = ()
        self.apart = False
        """Whether the columns are placed without gaps, to scroll apart."""
        self.folds: dict[Side, dict[int, range]] = {Side.SOURCE: {}, Side.TARGET: {}}
        """The folded runs of either column, by their first entry."""
        self.revealed: frozenset[PathPair] | None = None
        """The pairs of layers whose edges are drawn; None draws all."""
        self._linked: tuple[tuple[EntryPair, Link], ...] = ()
        self._marked: dict[Side, Marked] = {}
        self._merged_into: dict[int, int] = {}
        self._focus: int | None = None
        self._by_target: dict[int, list[int]] = {}
        self._by_source: dict[int, list[int]] = {}

    @property
    def expanded(self) -> dict[Side, set[int]]:
        """The entries that show their rows, by side."""
        return self.expansion.expanded

    # what is drawn

    def set_networks(self, source: Network | None, target: Network | None, layer_types: str = "all") -> bool:
        """Show two networks, or one, that are not matched; return whether a column changed."""
        changed = False
        for side, network in ((Side.SOURCE, source), (Side.TARGET, target)):
            changed |= self._set_column(side, network, layer_types)
        self.matching = None
        self.links = ()
        self._linked = ()
        self._marked = {}
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
            columns = {Side.SOURCE: source, Side.TARGET: target}
            pairs = kept_pairs([pair for pair, _ in self._linked], matching.entry_pairs)
            self.links = links_of(columns, pairs, () if changed else self._linked)
            self._linked = tuple(zip(pairs, self.links, strict=True))
            for side in Side:
                marked = mark_column(columns, side, matching, self._linked, coverage, self._marked.get(side))
                self._marked[side], self.marks[side] = marked, marked.marks
        self._index_links()
        self.refresh()
        return changed

    def _set_column(self, side: Side, network: Network | None, layer_types: str) -> bool:
        """Put a network into a column, unless it stands there already; keep what stays expanded."""
        old = self.columns[side]
        if network is None:
            self.columns[side] = None
            self.expansion.adopt(side, old, None)
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
        self.columns[side] = new
        self.expansion.adopt(side, old, new)
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
        self.folds = {side: self.expansion.folds(side, self.columns[side]) for side in Side}
        self.layout = place_folded(
            place_apart if self.apart else place,
            source.shapes if source else (),
            target.shapes if target else (),
            self.links,
            self.expanded[Side.SOURCE],
            self.expanded[Side.TARGET],
            self.metrics,
            (self.folds[Side.SOURCE], self.folds[Side.TARGET]),
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
        edges = connect(self.layout, self.links, self._focus, self.metrics.padding, self.rows_rule)
        if self.folds[Side.SOURCE] or self.folds[Side.TARGET]:
            edges = merged(edges, self.layout, self.links)
        if self.revealed is not None and self.matching is not None:
            edges = only_revealed(edges, self.matching, self.revealed)
        self._merged_into = {other: edge.link for edge in edges.edges for other in edge.others}
        self.edges = edges
        self.edge_marks = marks_of_edges(edges.edges, self.matching, self.columns[Side.TARGET])

    def reveal(self, pairs: Iterable[PathPair] | None) -> None:
        """Draw the edges of these pairs of layers alone; None draws all."""
        self.revealed = None if pairs is None else frozenset(pairs)
        self.connect()

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

    def port(self, spot: Place) -> float:
        """Return the height at which edges of an entry, or of one of its rows, end."""
        placed = self.placed(spot.side)[spot.entry]
        return placed.port if spot.row is None else placed.row_port(spot.row)

    def head(self, side: Side, entry: int) -> int:
        """Return the entry whose box stands for an entry: the first of its run while that is folded."""
        placed = self.placed(side)
        # What is looked at may be left from columns that are no more.
        while entry < len(placed) and placed[entry].hidden:
            entry -= 1
        return entry

    def at(self, side: Side, y: float) -> Place | None:
        """Return the entry of a column at a height, or its row there; None in a gap."""
        placed = self.placed(side)
        entry = bisect_right(placed, y, key=lambda item: item.top) - 1
        if entry < 0 or y > placed[entry].bottom:
            return None
        entry = self.head(side, entry)
        found = placed[entry]
        row = bisect_right(found.rows, y) - 1
        if row >= 0 and y < found.rows[row] + found.row_height:
            return Place(side, entry, row)
        return Place(side, entry)
