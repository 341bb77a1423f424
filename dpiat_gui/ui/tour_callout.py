"""What a tour shows: a callout with words and buttons, and a ring around what it points at."""

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from dpiat_gui.services.theme import Theme
from dpiat_gui.ui.widgets import muted, primary

WIDTH = 320
GAP = 14
_OUTSET = 4
_MARGIN = 8


class Ring(QWidget):
    """A frame around a rectangle of the window, the rest a little darker; the mouse does not feel it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._hole = QRect()
        self._color = QColor()
        self._shade = QColor()

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._color = QColor(theme.accent)
        self._shade = QColor(0, 0, 0, 96 if theme.dark else 44)
        self.update()

    def surround(self, hole: QRect | None) -> None:
        """Draw around a rectangle; None takes the ring away."""
        if (hole or QRect()) != self._hole:
            self._hole = QRect(hole or QRect())
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the shade and the ring."""
        if self._hole.isEmpty():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hole = QRectF(self._hole.adjusted(-_OUTSET, -_OUTSET, _OUTSET, _OUTSET)).intersected(
            QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        )
        shade, window = QPainterPath(), QPainterPath()
        window.addRect(QRectF(self.rect()))
        shade.addRoundedRect(hole, 6, 6)
        painter.fillPath(window.subtracted(shade), self._shade)
        painter.setPen(QPen(self._color, 2.5))
        painter.drawRoundedRect(hole, 6, 6)


class Callout(QFrame):
    """The words of a step, with the buttons to go on, back, or leave."""

    next_requested = Signal()
    back_requested = Signal()
    leave_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("tourCallout")
        self.setFixedWidth(WIDTH)
        self.title = QLabel()
        self.title.setProperty("heading", True)
        self.title.setWordWrap(True)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.count = muted()
        self.leave = QPushButton("Leave")
        self.leave.setToolTip("Leave the tour (Esc)")
        self.back = QPushButton("Back")
        self.next = primary("Next")
        self.leave.clicked.connect(self.leave_requested)
        self.back.clicked.connect(self.back_requested)
        self.next.clicked.connect(self.next_requested)
        buttons = QHBoxLayout()
        buttons.addWidget(self.count)
        buttons.addStretch(1)
        for one in (self.leave, self.back, self.next):
            buttons.addWidget(one)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.text)
        column.addLayout(buttons)

    def show_words(self, title: str, text: str, at: int, count: int, *, asks: bool) -> None:
        """Show a step: the `at`-th of `count`, counted from 0; one that asks for something may be skipped."""
        self.title.setText(title)
        self.text.setText(text)
        self.count.setText(f"{at + 1} of {count}")
        self.back.setEnabled(at > 0)
        last = at + 1 == count
        self.next.setText("Finish" if last else "Skip" if asks else "Next")
        self.setAccessibleName(f"Tour, step {at + 1} of {count}: {title}")
        self.setAccessibleDescription(text)
        self._column.activate()
        self.resize(WIDTH, self._column.totalHeightForWidth(WIDTH))

    def stand_by(self, hole: QRect | None, room: QRect, aside: QRect | None = None) -> None:
        """Stand beside a rectangle without covering it, in the middle of the room for None."""
        self.move(callout_place(hole, self.size(), room, aside))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave with Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave_requested.emit()
        else:
            super().keyPressEvent(event)


def callout_place(hole: QRect | None, size: QSize, room: QRect, aside: QRect | None = None) -> QPoint:
    """Return where a callout of a size stands: beside `hole` where there is room, never on it.

    Parameters
    ----------
    hole
        What it points at, None for nothing.
    size
        Of the callout.
    room
        Where it may stand.
    aside
        What it leaves in sight too, if there is another place beside `hole`.
    """
    inner = room.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
    if hole is None or hole.isEmpty():
        return QPoint(room.center().x() - size.width() // 2, room.center().y() - size.height() // 2)
    middle = QPoint(hole.center().x() - size.width() // 2, hole.center().y() - size.height() // 2)
    # Beside what it points at; or, further away, beside that and what is to stay in sight.
    around = [hole] if aside is None else [hole, hole.united(aside)]
    corners = [
        corner
        for rect in around
        for corner in (
            QPoint(rect.right() + GAP, middle.y()),
            QPoint(rect.left() - GAP - size.width(), middle.y()),
            QPoint(middle.x(), rect.bottom() + GAP),
            QPoint(middle.x(), rect.top() - GAP - size.height()),
        )
    ]
    ringed = hole.adjusted(-_OUTSET, -_OUTSET, _OUTSET, _OUTSET)
    places = [QRect(_within(corner, size, inner), size) for corner in corners]
    beside = [place for place in places if inner.contains(place) and not place.intersects(ringed)]
    if beside:
        # The first of those that cover the least of what is to stay in sight.
        covered = [_area(place.intersected(aside)) if aside is not None else 0 for place in beside]
        return beside[covered.index(min(covered))].topLeft()
    # What it points at fills the window: stand in its lower right corner.
    return QPoint(
        min(hole.right(), inner.right()) - size.width() - GAP,
        min(hole.bottom(), inner.bottom()) - size.height() - GAP,
    )


def _area(rect: QRect) -> int:
    return rect.width() * rect.height() if rect.isValid() else 0


def _within(corner: QPoint, size: QSize, inner: QRect) -> QPoint:
    x = max(inner.left(), min(corner.x(), inner.right() + 1 - size.width()))
    y = max(inner.top(), min(corner.y(), inner.bottom() + 1 - size.height()))
    return QPoint(x, y)
