"""What lies over the picture and does not scroll with it: headings, cards, notes."""

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from dpiat_gui.canvas.columns import Column, Side
from dpiat_gui.canvas.primitives import Text
from dpiat_gui.canvas.style import Style


class HeadingBar(QWidget):
    """The columns' names above them, whatever is scrolled below.

    Parameters
    ----------
    span
        Gives left side and width of a column, in this widget's pixels.
    parent
        The view.
    below
        True if it stands below what it names.
    """

    def __init__(
        self, span: Callable[[Side], tuple[float, float]], parent: QWidget, below: bool = False
    ) -> None:
        super().__init__(parent)
        self._below = below
        self._span = span
        self._style: Style | None = None
        self._columns: dict[Side, Column | None] = {}
        self._between: tuple[str, ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def show_columns(
        self, columns: Mapping[Side, Column | None], between: Sequence[str], style: Style
    ) -> None:
        """Show the names of columns, and as many words between them as fit."""
        self._columns = dict(columns)
        self._between = tuple(between)
        self._style = style
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the names."""
        painter = QPainter(self)
        style = self._style
        if style is None:
            return
        painter.fillRect(self.rect(), style.color("canvas"))
        taken = 0.0
        for side, column in self._columns.items():
            if column is not None:
                left, width = self._span(side)
                end = self._span(Side.TARGET)[0] if side is Side.SOURCE else float(self.width())
                right = self._paint_column(painter, style, column, left, width, end - left - 8)
                taken = right if side is Side.SOURCE else taken
        self._paint_between(painter, style, taken)
        painter.setPen(style.color("border"))
        line = 0 if self._below else self.height() - 1
        painter.drawLine(0, line, self.width(), line)

    def _paint_column(
        self, painter: QPainter, style: Style, column: Column, left: float, width: float, room: float
    ) -> float:
        """Paint a name within `room`, and its size if it fits above the column of that `width`.

        Returns the right end of what is painted.
        """
        summary, name = column.summary, column.network.name
        face = style.heading if style.heading.width(name) <= room else style.title
        baseline = style.heading.baseline(0, self.height() - 1)
        name = face.fitted(name, room, Qt.TextElideMode.ElideRight)
        Text(left, baseline, name, face.face, style.color("text")).paint(painter)
        x = left + face.width(name) + 14 * style.unit
        if x + style.small.width(summary) <= left + max(width, 0.0):
            Text(x, baseline, summary, style.small.face, style.color("text_muted")).paint(painter)
            return x + style.small.width(summary)
        return left + face.width(name)

    def _paint_between(self, painter: QPainter, style: Style, taken: float) -> None:
        source, target = self._span(Side.SOURCE), self._span(Side.TARGET)
        left, right = max(source[0] + source[1], taken), target[0]
        for count in range(len(self._between), 0, -1):
            text = " · ".join(self._between[:count])
            width = style.small.width(text)
            if width + 16 * style.unit <= right - left:
                baseline = style.heading.baseline(0, self.height() - 1)
                x = (left + right - width) / 2
                Text(x, baseline, text, style.small.face, style.color("text_muted")).paint(painter)
                return


class Card(QFrame):
    """A tooltip-like card beside the pointer that never takes the pointer's events.

    Parameters
    ----------
    parent
        The view.
    delay
        Milliseconds until it appears.
    wrap
        Width at which plain sentences wrap; 0 for rich text that keeps its lines.
    """

    def __init__(self, parent: QWidget, delay: int = 0, wrap: int = 0) -> None:
        super().__init__(parent)
        self._view = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("canvasCard")
        self._label = QLabel(self)
        self._label.setTextFormat(Qt.TextFormat.PlainText if wrap else Qt.TextFormat.RichText)
        self._label.setWordWrap(wrap > 0)
        self._wrap = wrap
        inside = QVBoxLayout(self)
        inside.setContentsMargins(10, 8, 10, 8)
        inside.addWidget(self._label)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(delay)
        self._timer.timeout.connect(self._appear)
        self._at = QPoint()
        self._make_text: Callable[[], str] | None = None
        self.hide()

    def set_style(self, style: Style, border: str = "border_strong") -> None:
        """Take the colours and font of a style."""
        theme = style.theme
        self.setStyleSheet(
            f"#canvasCard {{ background: {theme.overlay}; border: 1px solid {getattr(theme, border)};"
            f" border-radius: 6px; }} #canvasCard QLabel {{ color: {theme.text}; background: transparent; }}"
        )
        self._label.setFont(style.text.face.font)

    def show_text(self, text: str, at: QPoint) -> None:
        """Show a text beside a point of the parent; an empty text hides the card."""
        if text:
            self.promise(lambda: text, at)
        else:
            self.conceal()

    def promise(self, make_text: Callable[[], str], at: QPoint) -> None:
        """Show beside a point of the parent, after the delay, what `make_text` will say then."""
        self._at = at
        self._make_text = make_text
        if self.isVisible() or not self._timer.interval():
            self._appear()
        else:
            self._timer.start()

    def conceal(self) -> None:
        """Hide, and forget what was to be shown."""
        self._timer.stop()
        self._make_text = None
        self.hide()

    def _appear(self) -> None:
        text = self._make_text() if self._make_text else ""
        if not text:
            return
        if text != self._label.text():
            self._label.setText(text)
            if self._wrap:
                measure = self._label.fontMetrics().horizontalAdvance
                needed = max(measure(line) for line in text.split("\n")) + 2
                self._label.setFixedWidth(min(needed, self._wrap))
            self.adjustSize()
        self.move(beside(self._at, QRect(QPoint(), self.sizeHint()), self._view.rect()))
        self.resize(self.sizeHint())
        self.show()
        self.raise_()


def beside(point: QPoint, card: QRect, inside: QRect, distance: int = 18) -> QPoint:
    """Return where a card stands: below and right of a point, or on another side to stay inside."""
    x = point.x() + distance
    if x + card.width() > inside.right() - 4:
        x = point.x() - distance - card.width()
    y = point.y() + distance
    if y + card.height() > inside.bottom() - 4:
        y = point.y() - distance - card.height()
    return QPoint(max(x, inside.left() + 4), max(y, inside.top() + 4))


class Notice(QLabel):
    """A line below the headings that says why the picture looks as it does."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hide()

    def set_style(self, style: Style) -> None:
        """Take the colours and font of a style."""
        theme = style.theme
        self.setFont(style.text.face.font)
        self.setStyleSheet(f"color: {theme.warning}; background: {theme.warning_soft}; padding: 0 14px;")

    def say(self, text: str) -> None:
        """Show a text; an empty one hides the line."""
        self.setText(text)
        self.setVisible(bool(text))
