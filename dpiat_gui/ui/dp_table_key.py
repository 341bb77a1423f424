"""The key of a table: what its colours and marks mean, on one line."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QFontMetricsF, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from dpiat_gui.services.theme import LIGHT, Theme, score_color
from dpiat_gui.ui.dp_table_texts import WORDS

_GAP, _RAMP = 5, 56

Sample = Callable[[QPainter, QRectF, Theme], None]


def _ring(painter: QPainter, box: QRectF, theme: Theme) -> None:
    painter.setPen(QPen(theme.color("text"), 2))
    painter.drawRect(box)


def _dots(painter: QPainter, box: QRectF, theme: Theme) -> None:
    painter.setPen(QPen(theme.color("text"), 1.5, Qt.PenStyle.DotLine))
    painter.drawRect(box)


def _pin(painter: QPainter, box: QRectF, theme: Theme) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("pin"))
    painter.drawEllipse(box.adjusted(1, 1, -1, -1))


def _ban(painter: QPainter, box: QRectF, theme: Theme) -> None:
    painter.setPen(QPen(theme.color("ban"), 2))
    painter.drawLine(box.topLeft(), box.bottomRight())
    painter.drawLine(box.topRight(), box.bottomLeft())


def _hatch(painter: QPainter, box: QRectF, theme: Theme) -> None:
    painter.setPen(QPen(theme.color("border_strong"), 1))
    painter.setBrush(QBrush(theme.color("border_strong"), Qt.BrushStyle.BDiagPattern))
    painter.drawRect(box)


PAIR, WAY, PIN, BAN, IMPOSSIBLE = "pair", "way back", "pin", "ban", "not possible"
_SAMPLES: dict[str, Sample] = {PAIR: _ring, WAY: _dots, PIN: _pin, BAN: _ban, IMPOSSIBLE: _hatch}


class TableKey(QWidget):
    """A ramp of colours with what its ends mean, and the marks there are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._ends = ("0", "1")
        self._marks: tuple[str, ...] = (PAIR, WAY)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("\n".join(f"{name[:1].upper()}{name[1:]}: {text}" for name, text in WORDS.items()))

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_key(self, least: str, most: str, marks: Sequence[str]) -> None:
        """Say what the ends of the ramp stand for, and which marks are there."""
        self._ends, self._marks = (least, most), tuple(marks)
        self.setAccessibleName(f"Key: colours from {least} to {most}; marks: {', '.join(marks)}")
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of one line."""
        return QSize(300, round(QFontMetricsF(self.font()).height()) + 4)

    def minimumSizeHint(self) -> QSize:
        """Return the same height; marks without room are left out."""
        return QSize(80, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the ramp, then one mark after the other while there is room."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics, height = QFontMetricsF(self.font()), float(self.height())
        x = self._write(painter, 0.0, self._ends[0])
        ramp = QRectF(x + _GAP, height / 2 - 5, _RAMP, 10)
        colors = QLinearGradient(ramp.topLeft(), ramp.topRight())
        for at in range(11):
            colors.setColorAt(at / 10, score_color(at / 10, self._theme))
        painter.fillRect(ramp, colors)
        x = self._write(painter, ramp.right() + _GAP, self._ends[1]) + 4 * _GAP
        for mark in self._marks:
            size = height - 8
            if x + size + _GAP + metrics.horizontalAdvance(mark) > self.width():
                break
            painter.setBrush(Qt.BrushStyle.NoBrush)
            _SAMPLES[mark](painter, QRectF(QPointF(x + 1, 4), QPointF(x + 1 + size, 4 + size)), self._theme)
            x = self._write(painter, x + size + 1.5 * _GAP, mark) + 3.5 * _GAP
        painter.end()

    def _write(self, painter: QPainter, x: float, text: str) -> float:
        """Write a word and return where it ends."""
        width = QFontMetricsF(self.font()).horizontalAdvance(text)
        painter.setPen(self._theme.color("text_muted"))
        painter.drawText(QRectF(x, 0, width + 1, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
        return x + width
