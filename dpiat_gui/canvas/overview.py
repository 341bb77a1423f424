"""The strips beside the columns: the whole of either at once, its problems, what of it is seen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Place, RowState, Side
from dpiat_gui.canvas.edge_marks import WEAK
from dpiat_gui.canvas.style import Style

WIDTH = 16
"""Of a strip, in units."""

_LEAST = 2.0
"""Pixels of the smallest tick."""

_COLORS = {Side.SOURCE: "unmatched", Side.TARGET: "fresh"}


class Trouble(Enum):
    """What is wrong with a row or an entry, from least to worst."""

    NONE = 0
    WEAK = 1
    FREE = 2


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of a strip.

    Parameters
    ----------
    top, bottom
        Heights, in the layout's units.
    role
        Role of the entry it stands for; None for a mark of trouble alone.
    trouble
        What is wrong there.
    """

    top: float
    bottom: float
    role: Enum | None
    trouble: Trouble


def ticks(board: Board, side: Side) -> Iterator[Tick]:
    """Yield what a strip shows: every entry of a column, and every row of it with a trouble that shows."""
    column = board.columns[side]
    if column is None:
        return
    weak = _weak_rows(board, side)
    for entry, (shown, marks, placed) in enumerate(
        zip(column.entries, board.marks[side], board.placed(side), strict=True)
    ):
        troubles = [_trouble(mark.state, (entry, row) in weak) for row, mark in enumerate(marks.rows)]
        worst = max(troubles, key=_rank, default=Trouble.NONE)
        if placed.expanded:
            yield Tick(placed.top, placed.bottom, shown.role, Trouble.NONE)
            for top, trouble in zip(placed.rows, troubles, strict=True):
                if trouble is not Trouble.NONE:
                    yield Tick(top, top + placed.row_height, None, trouble)
        else:
            # A block of which anything is matched counts as weak, not as free.
            matched = marks.whole.state is RowState.MATCHED
            yield Tick(
                placed.top, placed.bottom, shown.role, Trouble.WEAK if matched and worst.value else worst
            )


def _rank(trouble: Trouble) -> int:
    return trouble.value


def _trouble(state: RowState, weak: bool) -> Trouble:
    if state is RowState.FREE:
        return Trouble.FREE
    return Trouble.WEAK if weak else Trouble.NONE


def _weak_rows(board: Board, side: Side) -> set[tuple[int, int]]:
    """Return entry and row of every layer with a weak partner."""
    if board.matching is None:
        return set()
    found = set()
    for link, pair in zip(board.links, board.matching.entry_pairs, strict=True):
        for (i, j), row in zip(link.rows, pair.pairs, strict=True):
            if row.score < WEAK:
                found.add((link.source, i) if side is Side.SOURCE else (link.target, j))
    return found


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
        self.setToolTip(f"The whole {side.value}: click or drag to go there")
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
        groove = self._oriented(QRectF(self._breadth() * 0.22, 0, self._breadth() * 0.56, self._length()))
        painter.fillRect(groove, style.color("surface"))
        found = list(ticks(self._board, self._side))
        for tick in found:
            if tick.role is not None:
                self._fill(painter, tick, 0.22, 0.78, QColor(style.role(tick.role)))
        for tick in found:
            # The worse it is, the wider it is drawn: colour is not the only cue.
            if tick.trouble is Trouble.FREE:
                self._fill(painter, tick, 0.0, 1.0, style.color(_COLORS[self._side]))
            elif tick.trouble is Trouble.WEAK:
                low, high = (0.0, 0.22) if self._side is Side.SOURCE else (0.78, 1.0)
                self._fill(painter, tick, low, high, style.color("warning"))
        painter.end()
        return picture

    def _fill(self, painter: QPainter, tick: Tick, left: float, right: float, color: QColor) -> None:
        top, bottom = self._pixels(tick.top), self._pixels(tick.bottom)
        # A pixel stays free between ticks, as far as there is room.
        thickness = max(bottom - top - 1, min(_LEAST, bottom - top + 1))
        width = self._breadth()
        painter.fillRect(self._oriented(QRectF(left * width, top, (right - left) * width, thickness)), color)

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
