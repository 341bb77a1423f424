"""The items of the scene: a block each, the edges, and the far view of everything.

All are rectangles to Qt, so that it asks no Python for their bounds; only painting is ours.
"""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from dpiat_gui.canvas.arc_drawing import ArcDrawing
from dpiat_gui.canvas.block_drawing import RADIUS, draw_block, draw_silhouettes
from dpiat_gui.canvas.block_view import BlockView
from dpiat_gui.canvas.edge_drawing import EdgeDrawing
from dpiat_gui.canvas.primitives import Primitive, Text, paint_all
from dpiat_gui.canvas.stage import Stage
from dpiat_gui.canvas.style import Style

TEXT_SCALE = 0.55
"""Zoom under which blocks are sketched: bars stand for text."""

SMALL_SCALE = 0.66
"""Zoom under which small print, shapes and shares, is left out."""

FAR_SCALE = 0.22
"""Zoom under which blocks are drawn as plain rectangles, all at once."""

WHOLE = -1
"""Stands for a block as a whole where a row's number is expected."""

_OVERHANG = 7.0
"""How far badges and focus rings reach out of a block's box."""


def scale_of(painter: QPainter) -> float:
    """Return the zoom a painter draws at, whichever way it is turned."""
    transform = painter.worldTransform()
    return max(abs(transform.m22()), abs(transform.m12()))


class BlockItem(QGraphicsRectItem):
    """A block of either column, painting its own rows."""

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self.view: BlockView | None = None
        self._style: Style | None = None
        self._full: list[Primitive] | None = None
        self._plain: list[Primitive] | None = None
        self._selected: int | None = None
        self._hovered: int | None = None
        self._glowing: frozenset[int] = frozenset()
        self._extra: frozenset[int] = frozenset()
        self._focused = False

    def show_view(self, view: BlockView, style: Style) -> None:
        """Draw `view`; nothing happens if it is drawn already."""
        if style is self._style and view == self.view:
            return
        self.view = view
        self._style = style
        self._full = self._plain = None
        rect = QRectF(-_OVERHANG, -_OVERHANG, view.width + 2 * _OVERHANG, view.height + 2 * _OVERHANG)
        if rect != self.rect():
            self.setRect(rect)
        self.update()

    def set_state(
        self,
        selected: int | None = None,
        hovered: int | None = None,
        focused: bool = False,
        glowing: frozenset[int] = frozenset(),
        extra: frozenset[int] = frozenset(),
    ) -> None:
        """Show which row, or `WHOLE` block, is selected, under the pointer, or a place to drop.

        Rows in `extra` are selected beside the one that the keyboard is at.
        """
        state = (selected, hovered, focused, glowing, extra)
        if state != (self._selected, self._hovered, self._focused, self._glowing, self._extra):
            self._selected, self._hovered, self._focused, self._glowing, self._extra = state
            self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the block."""
        if self.view is None or self._style is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._full is None:
            self._full = draw_block(self.view, self._style)
        drawing = self._full
        if scale_of(painter) < SMALL_SCALE:
            if self._plain is None:
                self._plain = _without_small_print(drawing, self._style)
            drawing = self._plain
        # The box and its colour bar, then the tints of states, then what is written on them.
        paint_all(painter, drawing[:2])
        self._paint_tints(painter)
        paint_all(painter, drawing[2:])
        self._paint_rims(painter)

    def _paint_tints(self, painter: QPainter) -> None:
        assert self._style is not None
        painter.setPen(Qt.PenStyle.NoPen)
        for row in self._glowing:
            self._tint(painter, row, self._style.color("accent", 0.16))
        if self._hovered is not None:
            self._tint(painter, self._hovered, self._style.color("hover"))
        for row in self._extra - {self._selected}:
            self._tint(painter, row, self._style.color("selection"))
        if self._selected is not None:
            self._tint(painter, self._selected, self._style.color("selection"))

    def _tint(self, painter: QPainter, row: int, color: QColor) -> None:
        painter.setBrush(color)
        painter.drawRoundedRect(self._row_rect(row), 3, 3)

    def _paint_rims(self, painter: QPainter) -> None:
        assert self.view is not None
        assert self._style is not None
        if self._selected is None and not self._glowing and not self._extra:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        box = QRectF(0, 0, self.view.width, self.view.box_height)
        painter.setPen(QPen(self._style.color("accent"), 1.6))
        painter.drawRoundedRect(box, RADIUS, RADIUS)
        if self._focused and self._selected is not None:
            painter.setPen(QPen(self._style.color("focus"), 1.6))
            if self._selected == WHOLE or not self.view.rows:
                painter.drawRoundedRect(box.adjusted(-3, -3, 3, 3), RADIUS + 2, RADIUS + 2)
            else:
                painter.drawRoundedRect(self._row_rect(self._selected), 3, 3)

    def _row_rect(self, row: int) -> QRectF:
        assert self.view is not None
        assert self._style is not None
        left, right = 8 * self._style.unit, self.view.width - 2
        if row == WHOLE or not self.view.rows:
            height = self.view.header if self.view.rows else self.view.box_height
            return QRectF(left, 2, right - left, height - 4)
        return QRectF(left, self.view.rows[row], right - left, self.view.row_height)


def _without_small_print(drawing: list[Primitive], style: Style) -> list[Primitive]:
    small = (style.mono.face, style.small.face)
    return [shape for shape in drawing if not (isinstance(shape, Text) and shape.face in small)]


class EdgeItem(QGraphicsRectItem):
    """Everything between the columns, painted by one item and culled by height."""

    def __init__(self) -> None:
        super().__init__()
        self.setPen(QPen(Qt.PenStyle.NoPen))
        # Asking for the exposed strip is what makes culling possible.
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self._drawing: EdgeDrawing | None = None
        self._lifted: frozenset[int] = frozenset()
        self._rest = 1.0
        self._far = False

    def show_edges(self, drawing: EdgeDrawing, bounds: QRectF) -> None:
        """Draw the edges of a new state of the board."""
        self._drawing = drawing
        self._lifted = frozenset()
        self.setRect(bounds)
        self.update()

    def set_far(self, far: bool) -> None:
        """Draw hairlines, or the curves themselves."""
        if far != self._far:
            self._far = far
            self.update()

    def lift(self, lifted: frozenset[int], rest: float) -> None:
        """Draw some edges thicker and on top, the others with the opacity `rest`."""
        if (lifted, rest) != (self._lifted, self._rest):
            self._lifted, self._rest = lifted, rest
            self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the edges that the exposed strip shows."""
        if self._drawing is None:
            return
        exposed = self._drawing.stage.rect(option.exposedRect)
        if self._far:
            painter.setOpacity(self._rest)
            self._drawing.paint_hairlines(painter)
            painter.setOpacity(1.0)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._drawing.paint(painter, exposed.top(), exposed.bottom(), self._lifted, self._rest)


class LabelItem(QGraphicsRectItem):
    """The scores of the edges that are looked at, above everything."""

    def __init__(self) -> None:
        super().__init__()
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self.setZValue(2)
        self._drawing: EdgeDrawing | None = None
        self._edges: tuple[int, ...] = ()
        self._held: tuple[int, ...] = ()

    def show_labels(
        self,
        drawing: EdgeDrawing | None,
        edges: tuple[int, ...],
        bounds: QRectF,
        held: tuple[int, ...] = (),
    ) -> None:
        """Draw the scores of some edges of a drawing, and the grips of those in `held`."""
        if (drawing, edges, held) != (self._drawing, self._edges, self._held):
            self._drawing, self._edges, self._held = drawing, edges, held
            self.setRect(bounds)
            self.setVisible(bool(edges or held))
            self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the scores."""
        if self._drawing is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._drawing.paint_labels(painter, self._edges, scale_of(painter))
            self._drawing.paint_grips(painter, self._held, scale_of(painter))


class ArcItem(QGraphicsRectItem):
    """The arcs outside a column, painted by one item and culled by height."""

    def __init__(self) -> None:
        super().__init__()
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self._drawing: ArcDrawing | None = None
        self._stage = Stage()

    def show_arcs(self, drawing: ArcDrawing, stage: Stage, bounds: QRectF) -> None:
        """Draw other arcs."""
        self._drawing, self._stage = drawing, stage
        self.setRect(bounds)
        self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the arcs that the exposed strip shows."""
        if self._drawing is None:
            return
        exposed = self._stage.rect(option.exposedRect)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._drawing.paint(painter, exposed.top(), exposed.bottom())


class FarItem(QGraphicsRectItem):
    """All blocks at once, as plain rectangles, for a zoom at which each is a speck."""

    def __init__(self) -> None:
        super().__init__()
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self._batches: list[tuple[QColor, list[QRectF]]] = []

    def show_views(
        self, views: list[tuple[QPointF, BlockView]], style: Style, bounds: QRectF, across: bool = False
    ) -> None:
        """Draw blocks, given by corner and view."""
        found = draw_silhouettes(views, style, across)
        self._batches = [(QColor.fromRgba(rgba), rects) for rgba, rects in found.items()]
        self.setRect(bounds)
        self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint a batch of rectangles a colour."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        for color, rects in self._batches:
            painter.setBrush(color)
            painter.drawRects(rects)
