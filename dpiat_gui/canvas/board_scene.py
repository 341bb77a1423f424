"""A board drawn as items that are updated in place."""

from collections.abc import Iterable, Mapping

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
from dpiat_gui.canvas.items import BlockItem, EdgeItem, LabelItem
from dpiat_gui.canvas.layout import Columns
from dpiat_gui.canvas.levels import Level, Levels
from dpiat_gui.canvas.stage import TURN, Stage
from dpiat_gui.canvas.style import Style


class BoardScene(QGraphicsScene):
    """Draws a board, without anything that is looked at.

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

    def _show_attention_of_edges(self) -> None:
        """Show which edges are looked at."""

    def _show_tints(self) -> None:
        """Show what is looked at where blocks do not draw it themselves."""

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
