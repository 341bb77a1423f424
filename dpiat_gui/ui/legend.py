"""The legend pane: what the colours and lines mean; only what is present is listed."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QLinearGradient, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from dpiat_gui.canvas.legend import Legend, legend
from dpiat_gui.canvas.legend_drawing import state_sample
from dpiat_gui.canvas.primitives import paint_all
from dpiat_gui.canvas.style import Style
from dpiat_gui.document.document import Document
from dpiat_gui.services.theme import LIGHT, Theme

SWATCH = 12
GAP = 7
RAMP_HEIGHT = 10
SAMPLE = 26
EMPTY = Legend((), (), ())
SOON_MS = 10
"""After a change the matching itself is painted first; then there is time for its legend."""


class LegendPanel(QWidget):
    """Roles in columns, the ramp of scores, and the states of edges and rows."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._theme = LIGHT
        self._style = Style(LIGHT)
        self._legend = EMPTY
        self._stale = False
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        for signal in (document.source_changed, document.target_changed, document.matching_changed):
            signal.connect(self._refresh_later)
        self._refresh()

    @property
    def legend(self) -> Legend:
        """What is listed."""
        if self._stale:
            self._refresh()
        return self._legend

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        self._style = Style(theme)
        self._refresh()

    def _refresh_later(self) -> None:
        """Refresh once for all signals of one change, when what changed is drawn."""
        if not self._stale:
            self._stale = True
            QTimer.singleShot(SOON_MS, self, self._refresh)

    def _refresh(self) -> None:
        self._stale = False
        document = self._document
        self._legend = legend(document.source, document.target, self._theme, document.matching)
        words = [name for name, _ in self._legend.roles] + [state.value for state in self._legend.states]
        self.setAccessibleName(f"Legend: {', '.join(words)}")
        self._fit()

    def _columns(self) -> int:
        widest = max(
            (self.fontMetrics().horizontalAdvance(name) for name, _ in self._legend.roles), default=0
        )
        # The last column needs no gap after it.
        return max(1, min(3, ((self.width() or 200) + GAP) // (SWATCH + widest + 2 * GAP)))

    def _line(self) -> int:
        return max(self.fontMetrics().lineSpacing() + 3, SWATCH + 4)

    def _fit(self) -> None:
        self.setFixedHeight(self.sizeHint().height())
        room = self.width() - SAMPLE * self._style.unit - GAP
        texts = [state.value for state in self._legend.states]
        # What a narrow pane cuts can still be read.
        self.setToolTip(
            "\n".join(text for text in texts if self.fontMetrics().horizontalAdvance(text) > room)
        )
        self.update()

    def _role_rows(self) -> int:
        return -(-len(self._legend.roles) // self._columns())

    def sizeHint(self) -> QSize:
        """Return the height that all lines take at this width."""
        rows = self._role_rows() + len(self._legend.states) + (1 if self._legend.ramp else 0)
        return QSize(200, rows * self._line() + 2 * GAP)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take as many columns as fit."""
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the legend."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = self._draw_roles(painter)
        if self._legend.ramp:
            top = self._draw_ramp(painter, top + GAP / 2)
        self._draw_states(painter, top + GAP / 2)
        painter.end()

    def _text(self, painter: QPainter, x: float, top: float, text: str, color: str = "text") -> None:
        painter.setPen(self._theme.color(color))
        metrics = self.fontMetrics()
        baseline = top + (self._line() + metrics.capHeight()) / 2
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(self.width() - x))
        painter.drawText(QPointF(x, baseline), shown)

    def _draw_roles(self, painter: QPainter) -> float:
        line, rows = self._line(), self._role_rows()
        width = self.width() / self._columns()
        for at, (name, color) in enumerate(self._legend.roles):
            x, y = (at // rows) * width, (at % rows) * line
            painter.setPen(QPen(self._theme.color("border_strong"), 0.6))
            painter.setBrush(color)
            painter.drawRoundedRect(QRectF(x + 0.5, y + (line - SWATCH) / 2, SWATCH, SWATCH), 3, 3)
            self._text(painter, x + SWATCH + GAP, y, name)
        return float(rows * line)

    def _draw_ramp(self, painter: QPainter, top: float) -> float:
        line, metrics = self._line(), self.fontMetrics()
        self._text(painter, 0, top, "Score 0", "text_muted")
        left, right = metrics.horizontalAdvance("Score 0") + GAP, metrics.horizontalAdvance("1") + GAP
        bar = QRectF(left, top + (line - RAMP_HEIGHT) / 2, self.width() - left - right, RAMP_HEIGHT)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        last = len(self._legend.ramp) - 1
        for step, color in enumerate(self._legend.ramp):
            gradient.setColorAt(step / last, color)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, RAMP_HEIGHT / 2, RAMP_HEIGHT / 2)
        self._text(painter, self.width() - metrics.horizontalAdvance("1"), top, "1", "text_muted")
        return top + line

    def _draw_states(self, painter: QPainter, top: float) -> None:
        line = self._line()
        for row, state in enumerate(self._legend.states):
            y = top + row * line
            paint_all(painter, state_sample(self._style, 0, y + line / 2, state))
            self._text(painter, SAMPLE * self._style.unit + GAP, y, state.value)
