"""The scene: a board drawn as items, updated in place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtWidgets import QGraphicsScene

from dpiat_gui.canvas.annotations import PathPair
from dpiat_gui.canvas.arc_drawing import ArcDrawing
from dpiat_gui.canvas.arcs import arc_lines
from dpiat_gui.canvas.block_view import BlockView
from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.edge_drawing import EdgeDrawing
from dpiat_gui.canvas.ghosts import GhostItem, GhostKind
from dpiat_gui.canvas.items import WHOLE, BlockItem, EdgeItem, LabelItem
from dpiat_gui.canvas.layout import Columns
from dpiat_gui.canvas.levels import Level, Levels
from dpiat_gui.canvas.stage import TURN, Stage
from dpiat_gui.canvas.style import Style

_MOST_LABELS = 24


@dataclass(frozen=True)
class Attention:
    """What is looked at.

    Parameters
    ----------
    source, target
        The selected pair; either may be missing.
    hover_source, hover_target
        The pair under the pointer.
    focus
        The side the keyboard moves in, None without the keyboard's focus.
    glow
        Places to drop on.
    only_selection
        Whether edges that are not looked at are hidden, once something is selected.
    pulling
        Whether a curve is being pulled, while every edge stands back.
    extra
        Further selected places, of a selection of several rows.
    """

    source: Place | None = None
    target: Place | None = None
    hover_source: Place | None = None
    hover_target: Place | None = None
    focus: Side | None = None
    glow: frozenset[Place] = frozenset()
    only_selection: bool = False
    pulling: bool = False
    extra: frozenset[Place] = frozenset()

    def spot(self, side: Side) -> Place | None:
        """Return the selected place of a side."""
        return self.source if side is Side.SOURCE else self.target

    def hovered(self, side: Side) -> Place | None:
        """Return the place under the pointer of a side."""
        return self.hover_source if side is Side.SOURCE else self.hover_target


class MatchScene(QGraphicsScene):
    """Draws a board.

    Parameters
    ----------
    board
        What is drawn; `rebuild` follows a change of it.
    style
        How it looks.
    """

    rebuilt = Signal()
    """Something was placed or marked anew."""

    def __init__(self, board: Board, style: Style) -> None:
        super().__init__()
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.board = board
        self.style_ = style
        self.stage = Stage()
        self._seen: tuple[float, float] | None = None
        self.attention = Attention()
        self.arcs_visible = True
        self._edges = EdgeItem()
        self.addItem(self._edges)
        self._levels = Levels(self, self)
        self._ghosts = GhostItem()
        self.addItem(self._ghosts)
        self._labels = LabelItem()
        self.addItem(self._labels)
        self._blocks: dict[Side, list[BlockItem]] = {Side.SOURCE: [], Side.TARGET: []}
        self._drawing = EdgeDrawing(board, self.stage, style)

    @property
    def columns(self) -> Columns:
        """The x of the columns; the y of strips."""
        return self.stage.columns

    @property
    def drawing(self) -> EdgeDrawing:
        """The edges as they are drawn now."""
        return self._drawing

    def blocks(self, side: Side) -> tuple[BlockItem, ...]:
        """Return the block items of a column, in order."""
        return tuple(self._blocks[side])

    # following the board

    def rebuild(self) -> None:
        """Draw the board as it is now; items that still fit are kept."""
        for side in Side:
            self._rebuild_column(side)
            self._rebuild_arcs(side)
        bounds = self.bounds()
        self.setSceneRect(bounds)
        self._levels.rebuild(self.stage, self.style_, bounds)
        self.rebuild_edges()
        self._show_tints()
        self.rebuilt.emit()

    def rebuild_edges(self) -> None:
        """Draw the board's edges as they are now."""
        self._show_drawing(EdgeDrawing(self.board, self.stage, self.style_, self._seen))

    def _show_drawing(self, drawing: EdgeDrawing) -> None:
        self._drawing = drawing
        left, right = self.columns.source_right, self.columns.target_left
        reach = 8.0
        bounds = QRectF(left - reach, 0, right - left + 2 * reach, self.board.layout.height)
        self._edges.show_edges(drawing, self.stage.rect(bounds))
        self._ghosts.refresh(self.board, self.stage, self.style_, self.stage.rect(bounds))
        self._show_attention_of_edges()

    def set_ghosts(self, kind: GhostKind, pairs: Iterable[PathPair]) -> None:
        """Draw pairs of paths as ghosts of a kind, in place of those there were."""
        self._ghosts.set_pairs(kind, pairs)
        self._ghosts.refresh(self.board, self.stage, self.style_, self._edges.rect())

    @property
    def ghosts(self) -> GhostItem:
        """The edges that are drawn and are none of the matching's."""
        return self._ghosts

    def _rebuild_column(self, side: Side) -> None:
        column, marks, placed = self.board.columns[side], self.board.marks[side], self.board.placed(side)
        entries = column.entries if column else ()
        items = self._blocks[side]
        while len(items) > len(entries):
            self.removeItem(items.pop())
        while len(items) < len(entries):
            items.append(BlockItem(self._levels.near[side]))
        across, width, board = self.stage.across, self.columns.width, self.board
        folds, notes = board.folds[side], board.notes[side]
        for position, (item, entry, mark, where) in enumerate(
            zip(items, entries, marks, placed, strict=True)
        ):
            if item.isVisible() is where.hidden:
                item.setVisible(not where.hidden)
            if where.hidden:
                continue
            view = BlockView.of(entry, mark, side, width, where, across)
            if folds and position in folds:
                run = folds[position]
                view = view.as_run(entries[run[-1]].path, marks[run.start : run.stop])
            if notes:
                view = view.with_notes(notes, entries[position : position + len(folds.get(position, "1"))])
            item.show_view(view, self.style_)
            corner = self.stage.corner(side, where)
            if item.pos() != corner:
                item.setPos(corner)
            if (item.rotation() != 0) != across:
                item.setRotation(TURN if across else 0)

    def _rebuild_arcs(self, side: Side) -> None:
        column = self.board.columns[side]
        lines = arc_lines(column, self.board.placed(side)) if column and self.arcs_visible else ()
        drawing = ArcDrawing(lines, side, self.columns, self.style_, self.stage.across)
        outer = 0.0 if side is Side.SOURCE else self.stage.left(side) + self.columns.width
        bounds = QRectF(outer, 0, self.columns.margin, self.board.layout.height)
        self._levels.arcs[side].show_arcs(drawing, self.stage, self.stage.rect(bounds))

    def set_arcs_visible(self, visible: bool) -> None:
        """Draw skips and branches outside the columns, or leave them out."""
        self.arcs_visible = visible
        for side in Side:
            self._rebuild_arcs(side)

    def set_stage(self, stage: Stage, seen: tuple[float, float] | None = None) -> bool:
        """Move the columns elsewhere; return whether anything moved.

        Parameters
        ----------
        stage
            Where they stand.
        seen
            The heights of the scene that the screen shows, where columns scroll apart.
        """
        if (stage, seen) == (self.stage, self._seen):
            return False
        self._seen = seen
        turned = (stage.columns, stage.across) != (self.stage.columns, self.stage.across)
        self.stage = stage
        self._levels.move(stage)
        if turned:
            self.rebuild()
        else:
            self._show_drawing(self._drawing.moved(stage, seen))
            self._show_tints()
        return True

    def set_style(self, style: Style) -> None:
        """Draw everything in another style."""
        self.style_ = style
        self.rebuild()

    def set_scale(self, scale: float) -> None:
        """Draw as finely as the zoom shows."""
        if self._levels.set_scale(scale, self.stage, self.style_, self.bounds()):
            self._edges.set_far(self._levels.level is Level.FAR)
            self._show_tints()

    def drawn_views(self, side: Side) -> list[tuple[float, BlockView]]:
        """Return what is drawn of a column: the height of each box, and its view."""
        return [
            (where.top, item.view)
            for item, where in zip(self._blocks[side], self.board.placed(side), strict=True)
            if item.view and not where.hidden
        ]

    def _show_tints(self) -> None:
        """Draw what is looked at where blocks do not draw it themselves."""
        if self._levels.level is Level.FULL:
            return
        state, style = self.attention, self.style_
        spots = dict.fromkeys(state.extra, "selection")
        spots |= {spot: "hover" for spot in (state.hover_source, state.hover_target) if spot}
        spots |= {spot: "selection" for spot in (state.source, state.target) if spot}
        colors = [(spot, style.color(name, 0.7)) for spot, name in spots.items()]
        colors += [(spot, style.color("accent", 0.16)) for spot in state.glow]
        # What is looked at may be left from columns that are no more.
        shown = [(self._boxed(spot), color) for spot, color in colors]
        tints = [(self.rect_of(spot), color) for spot, color in shown if spot is not None]
        self._levels.show_tints(tints, style, self.bounds())

    # what is looked at

    def attend(self, **changes: object) -> None:
        """Change what is looked at, by the names of `Attention`."""
        before, now = self.attention, replace(self.attention, **changes)  # type: ignore[arg-type]
        if now == before:
            return
        self.attention = now
        target = now.target or now.hover_target
        if target is not None and self.board.set_focus(target.entry):
            self.rebuild_edges()
        for side in Side:
            self._show_attention_of_blocks(side, before, now)
        self._show_attention_of_edges()
        self._show_tints()

    def _show_attention_of_blocks(self, side: Side, before: Attention, now: Attention) -> None:
        count = len(self._blocks[side])
        states = [
            _States(self._boxed(state.spot(side)), self._boxed(state.hovered(side)))
            for state in (before, now)
        ]
        touched = {spot.entry for state in states for spot in (state.selected, state.hovered) if spot}
        touched |= {
            self.board.head(side, spot.entry)
            for spot in (before.glow ^ now.glow) | (before.extra ^ now.extra)
            if spot.side is side and spot.entry < count
        }
        glow, extra = self._by_box(side, now.glow), self._by_box(side, now.extra)
        selected, hovered = states[1].selected, states[1].hovered
        for entry in touched:
            self._blocks[side][entry].set_state(
                selected=_row(selected) if selected and selected.entry == entry else None,
                hovered=_row(hovered) if hovered and hovered.entry == entry else None,
                focused=now.focus is side,
                glowing=frozenset(glow.get(entry, ())),
                extra=frozenset(extra.get(entry, ())),
            )

    def _boxed(self, spot: Place | None) -> Place | None:
        """Return the box or row that shows a place; None for one that is no more."""
        if spot is None or spot.entry >= len(self._blocks[spot.side]):
            return None
        head = self.board.head(spot.side, spot.entry)
        return spot if head == spot.entry else Place(spot.side, head)

    def _by_box(self, side: Side, spots: frozenset[Place]) -> dict[int, set[int]]:
        """Return the rows among some places by the entry whose box shows them."""
        found: dict[int, set[int]] = {}
        for spot in spots:
            shown = self._boxed(spot) if spot.side is side else None
            if shown is not None:
                found.setdefault(shown.entry, set()).add(_row(shown))
        return found

    def _show_attention_of_edges(self) -> None:
        state = self.attention
        selected = self._edges_between(state.source, state.target) | self._edges_of_extra()
        hovered = self._edges_between(state.hover_source, state.hover_target)
        rest = 0.28 if hovered else 0.55 if selected else 1.0
        if state.only_selection and (state.source or state.target):
            rest = 0.0
        if state.pulling:
            selected = hovered = frozenset()
            rest = min(rest, 0.35)
        self._edges.lift(selected | hovered, rest)
        labelled = tuple(sorted(hovered or selected))
        shown = labelled if len(labelled) <= _MOST_LABELS else ()
        self._labels.show_labels(self._drawing, shown, self._edges.rect())

    def _edges_of_extra(self) -> frozenset[int]:
        """Return the drawn edges of all selected places, where there are several."""
        found: set[int] = set()
        for spot in self.attention.extra:
            partner = self.board.partner(spot) if spot.side is Side.TARGET else None
            if partner is not None:
                found |= self.board.edges_of(partner, spot)
        return frozenset(found)

    def _edges_between(self, source: Place | None, target: Place | None) -> frozenset[int]:
        """Return the drawn edges of a pair, none if a side is missing."""
        return self.board.edges_of(source, target) if source and target else frozenset()

    # places

    def bounds(self) -> QRectF:
        """Return the rectangle of everything."""
        return self.stage.rect(QRectF(0, 0, self.columns.total, self.board.layout.height))

    def place_at(self, point: QPointF) -> Place | None:
        """Return the entry or row at a point, None beside the columns and in gaps."""
        x, y = self.stage.local(point.x(), point.y())
        for side in Side:
            left = self.stage.left(side)
            if left <= x <= left + self.columns.width:
                return self.board.at(side, y - self.stage.shift(side))
        return None

    def span(self, side: Side, part: QRectF) -> tuple[float, float]:
        """Return the heights of the layout between which a part of the scene shows a column."""
        local, shift = self.stage.rect(part), self.stage.shift(side)
        return local.top() - shift, local.bottom() - shift

    def edge_at(self, point: QPointF, radius: float) -> int | None:
        """Return the edge nearest to a point between the columns, within `radius`."""
        return self._drawing.nearest(point, radius)

    def rect_of(self, spot: Place) -> QRectF:
        """Return the rectangle of an entry or of one of its rows."""
        top, bottom = self.board.extent(spot)
        y = top + self.stage.shift(spot.side)
        return self.stage.rect(QRectF(self.stage.left(spot.side), y, self.columns.width, bottom - top))

    def rects_of(self, spots: Mapping[str, Place] | list[Place]) -> QRectF:
        """Return the rectangle around several places."""
        found = QRectF()
        for spot in spots.values() if isinstance(spots, Mapping) else spots:
            found = found.united(self.rect_of(spot))
        return found


@dataclass(frozen=True, slots=True)
class _States:
    """What of one column is looked at, as boxes and rows that are drawn."""

    selected: Place | None
    hovered: Place | None


def _row(spot: Place) -> int:
    return WHOLE if spot.row is None else spot.row
