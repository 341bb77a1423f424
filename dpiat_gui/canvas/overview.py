"""The strips beside the columns: the whole of either at once, its problems, what of it is seen."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QPolygonF
from PySide6.QtWidgets import QToolTip, QWidget

from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.style import Style
from dpiat_gui.canvas.troubles import Tick, Trouble, ticks, troubles_at

WIDTH = 18
"""Of a strip, in units."""

_LEAST = 2.0
"""Pixels of the smallest tick."""

_COLORS = {Side.SOURCE: "unmatched", Side.TARGET: "fresh"}
_FREE = {Side.SOURCE: "gives nothing", Side.TARGET: "fresh: takes nothing"}
_GROOVE = (0.24, 0.76)
"""The middle of a strip, where roles are shown; left and right of it there is room for marks."""

_KEY = (
    "Across: {free}. Outside: a weak match, or a block with gaps. Inside, a wedge: cropped;"
    " two ticks: one source for several targets. A line down the middle: weights never matched."
)


class OverviewStrip(QWidget):
    """The whole of a column at once, beside it.

    Parameters
    ----------
    board
        What is drawn.
    side
        The column.
    span
        Gives the part of the column that is seen, as two heights of the layout.
    parent
        The view.
    """

    jumped = Signal(float)
    """A height of the layout that should come to the middle of the view."""

    def __init__(
        self, board: Board, side: Side, span: Callable[[Side], tuple[float, float]], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._board, self._side, self._span = board, side, span
        self._style: Style | None = None
        self._picture: QPixmap | None = None
        self._across = False
        self._grip: float | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(f"Overview of the {side.value}")
        self.setAccessibleDescription(_KEY.format(free=_FREE[side]))
        self.hide()

    def set_style(self, style: Style) -> None:
        """Take the colours of a style."""
        self._style = style
        self.forget()

    def set_across(self, across: bool) -> None:
        """Run from left to right rather than from top to bottom."""
        if across != self._across:
            self._across = across
            self.forget()

    def forget(self) -> None:
        """Draw anew what may have changed."""
        self._picture = None
        self.update()

    # -- painting -----------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the kept picture, and the frame of what is seen over it."""
        if self._style is None:
            return
        ratio = self.devicePixelRatioF()
        size = QSize(round(self.width() * ratio), round(self.height() * ratio))
        if self._picture is None or self._picture.size() != size:
            self._picture = self._draw(self._style, size, ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        low, high = (self._pixels(y) for y in self._span(self._side))
        if high - low < self._length() - 1:
            end = min(high, self._length()) - 1
            frame = self._oriented(QRectF(0.5, max(low, 0.0) + 0.5, self._breadth() - 1, max(end - low, 4.0)))
            painter.setPen(self._style.color("accent"))
            painter.setBrush(self._style.color("accent", 0.16))
            painter.drawRect(frame)

    def _draw(self, style: Style, size: QSize, ratio: float) -> QPixmap:
        """Return the picture without the frame."""
        picture = QPixmap(size)
        picture.setDevicePixelRatio(ratio)
        picture.fill(style.color("canvas"))
        painter = QPainter(picture)
        self._fill_along(painter, 0.0, self._length(), *_GROOVE, style.color("surface"))
        found = list(ticks(self._board, self._side))
        for tick in found:
            if tick.role is not None:
                self._fill(painter, tick, *_GROOVE, QColor(style.role(tick.role)))
        for tick in found:
            for trouble in reversed(tick.troubles):
                self._mark(painter, style, tick, trouble)
        painter.end()
        return picture

    def _fill(self, painter: QPainter, tick: Tick, left: float, right: float, color: QColor) -> None:
        top, bottom = self._pixels(tick.top), self._pixels(tick.bottom)
        # A pixel stays free between ticks, as far as there is room.
        thickness = max(bottom - top - 1, min(_LEAST, bottom - top + 1))
        width = self._breadth()
        painter.fillRect(self._oriented(QRectF(left * width, top, (right - left) * width, thickness)), color)

    def _mark(self, painter: QPainter, style: Style, tick: Tick, trouble: Trouble) -> None:
        """Draw a trouble by place and shape as well as by colour."""
        inner, outer = (_GROOVE[1], 1.0), (0.0, _GROOVE[0])
        if self._side is Side.TARGET:
            inner, outer = outer, inner
        if trouble is Trouble.FREE:
            self._fill(painter, tick, 0.0, 1.0, style.color(_COLORS[self._side]))
        elif trouble is Trouble.WEAK:
            self._fill(painter, tick, *outer, style.color("warning"))
        elif trouble is Trouble.CROPPED:
            self._wedge(painter, tick, *inner, style.color("text_muted"))
        elif trouble is Trouble.REUSED:
            low, high = self._along(tick)
            third = max((high - low) / 3, 1.0)
            for start in (low, high - third):
                self._fill_along(painter, start, start + third * 0.7, *inner, style.color("accent"))
        else:
            self._fill(painter, tick, 0.46, 0.54, style.color("text"))

    def _along(self, tick: Tick) -> tuple[float, float]:
        """Return where a tick begins and ends, in pixels along the strip."""
        low = self._pixels(tick.top)
        return low, max(self._pixels(tick.bottom), low + _LEAST)

    def _fill_along(
        self, painter: QPainter, low: float, high: float, left: float, right: float, color: QColor
    ) -> None:
        breadth = self._breadth()
        rect = QRectF(left * breadth, low, (right - left) * breadth, high - low)
        painter.fillRect(self._oriented(rect), color)

    def _wedge(self, painter: QPainter, tick: Tick, left: float, right: float, color: QColor) -> None:
        """Draw a triangle that narrows towards the groove."""
        low, high = self._along(tick)
        breadth = self._breadth()
        tip, base = (left, right) if left >= _GROOVE[1] else (right, left)
        corners = [(base * breadth, low), (base * breadth, high), (tip * breadth, (low + high) / 2)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPolygon(QPolygonF([QPointF(y, x) if self._across else QPointF(x, y) for x, y in corners]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    # -- places -------------------------------------------------------------------------

    def _oriented(self, rect: QRectF) -> QRectF:
        return QRectF(rect.y(), rect.x(), rect.height(), rect.width()) if self._across else rect

    def _length(self) -> float:
        return float(self.width() if self._across else self.height())

    def _breadth(self) -> float:
        return float(self.height() if self._across else self.width())

    def _pixels(self, y: float) -> float:
        return y / max(self._board.layout.height, 1.0) * self._length()

    def _height_at(self, point: QPointF) -> float:
        along = point.x() if self._across else point.y()
        return along / max(self._length(), 1.0) * self._board.layout.height

    # -- pointer ------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go where is pressed; inside the frame, take hold of it."""
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        here = self._height_at(event.position())
        low, high = self._span(self._side)
        self._grip = here - (low + high) / 2 if low <= here <= high else 0.0
        self.jumped.emit(here - self._grip)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        if self._grip is not None:
            self.jumped.emit(self._height_at(event.position()) - self._grip)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._grip = None

    def event(self, event: QEvent) -> bool:
        """Say on hovering what is where the pointer is, and how to read the marks."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.words_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def words_at(self, point: QPointF) -> str:
        """Return what a point of the strip stands for, what is worth a look there, and the key."""
        spot = self.place_at(point)
        lines = [f"The whole {self._side.value}: click or drag to go there."]
        if spot is not None:
            words = [
                _FREE[self._side] if trouble is Trouble.FREE else trouble.value
                for trouble in troubles_at(self._board, spot)
            ]
            lines.insert(0, f"{self._board.path(spot)}: {', '.join(words) or 'nothing to look at'}")
        return "\n".join([*lines, _KEY.format(free=_FREE[self._side])])

    def place_at(self, point: QPointF) -> Place | None:
        """Return the entry or row that a point of the strip stands for."""
        return self._board.at(self._side, self._height_at(point))


def strip_rects(inside: QRect, breadth: int, across: bool) -> dict[Side, QRect]:
    """Return where the strips stand: left and right of `inside`, or above and below it."""
    if across:
        return {
            Side.SOURCE: QRect(inside.left(), inside.top() - breadth, inside.width(), breadth),
            Side.TARGET: QRect(inside.left(), inside.bottom() + 1, inside.width(), breadth),
        }
    return {
        Side.SOURCE: QRect(inside.left() - breadth, inside.top(), breadth, inside.height()),
        Side.TARGET: QRect(inside.right() + 1, inside.top(), breadth, inside.height()),
    }
