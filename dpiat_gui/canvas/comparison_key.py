"""The key of a comparison: what the edges of two matchings look like, and how many there are."""

from itertools import accumulate

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from dpiat_gui.canvas.annotations import ComparisonOverlay
from dpiat_gui.canvas.badges import minus_badge, plus_badge
from dpiat_gui.canvas.ghosts import GhostKind
from dpiat_gui.canvas.primitives import Box, Line, Primitive, Text, paint_all
from dpiat_gui.canvas.style import Style

_SAMPLE = 34.0
_PAD = 10.0
_SHORT, _NEAR = 20.0, 6.0
"""The same where all stands on one line."""
_LOW = 320.0
"""Height of a view in which a board of three lines would hide the edges it explains."""


class ComparisonKey(QWidget):
    """A small board in the lower corner of the view that takes no events; a line in a low view."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._style: Style | None = None
        self._items: tuple[tuple[str, GhostKind | None], ...] = ()
        self._starts: tuple[float, ...] = ()
        self.hide()

    def set_style(self, style: Style) -> None:
        """Take the colours and fonts of a style."""
        self._style = style
        self.update()

    def stand_in(self, room: QRect, overlay: ComparisonOverlay | None, both: int) -> None:
        """Say what a comparison looks like in the lower left corner of `room`; hide for None."""
        if overlay is None or self._style is None:
            self.hide()
            return
        self._items = (
            (f"in both: {both:,}", None),
            (f"only {overlay.now}: {len(overlay.only_now):,}", GhostKind.NOW),
            (f"only {overlay.before}: {len(overlay.only_before):,}", GhostKind.BEFORE),
        )
        self.setAccessibleName("Comparison: " + ", ".join(text for text, _ in self._items))
        unit = self._style.unit
        texts = [self._style.text.width(text) for text, _ in self._items]
        starts = [0.0, *accumulate(width + (_SHORT + 2 * _NEAR) * unit for width in texts)]
        across = starts.pop() + _NEAR * unit
        self._starts = ()
        width = max(texts) + (_SAMPLE + 3 * _PAD) * unit
        height = self._line() * len(self._items) + 12 * unit
        if room.height() < _LOW * unit and across + 24 * unit <= room.width():
            self._starts = tuple(starts)
            width, height = across, self._line() + 4 * unit
        left, bottom = room.left() + round(12 * unit), room.bottom() - round(12 * unit)
        self.setGeometry(left, round(bottom - height), round(width), round(height))
        self.show()
        self.raise_()
        self.update()

    def _line(self) -> float:
        assert self._style is not None
        return 20 * self._style.unit

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a sample and its words a line."""
        style = self._style
        if style is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(0.5, 0.5, self.width() - 1, self.height() - 1)
        paint_all(painter, [Box(ground, style.color("overlay"), style.color("border_strong"), radius=6)])
        for position, (text, kind) in enumerate(self._items):
            left, top, pad, long = 0.0, 6 * style.unit + position * self._line(), _PAD, _SAMPLE
            if self._starts:
                left, top, pad, long = self._starts[position], 2 * style.unit, _NEAR, _SHORT
            paint_all(painter, _sample(style, left + pad * style.unit, top + self._line() / 2, long, kind))
            left += (long + 2 * pad) * style.unit
            base = style.text.baseline(top, self._line())
            Text(left, base, text, style.text.face, style.color("text")).paint(painter)


def _sample(style: Style, x: float, middle: float, long: float, kind: GhostKind | None) -> list[Primitive]:
    """Return a sample of an edge of both matchings, or of one of them."""
    line = QLineF(x, middle, x + long * style.unit, middle)
    width, centre = 1.6 * style.unit, QPointF(x + long / 2 * style.unit, middle)
    if kind is None:
        return [Line(line, style.score(0.9), width)]
    ink = style.color(kind.value)
    if kind.dashed:
        return [Line(line, ink, width, dashed=True), *minus_badge(style, centre.x(), centre.y(), ink)]
    halo = QColor(ink)
    halo.setAlphaF(0.32)
    return [
        Line(line, halo, 6 * style.unit),
        Line(line, style.score(0.9), width),
        *plus_badge(style, centre.x(), centre.y(), ink),
    ]
