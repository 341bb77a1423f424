"""What the colours and lines mean; only what is present is listed."""

from collections.abc import Iterable
from enum import Enum

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QLinearGradient, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from dpiat_gui.document.document import Document
from dpiat_gui.networks.titles import BlockRole, LayerRole, describe, role_of_layer
from dpiat_gui.networks.values import Network
from dpiat_gui.services.theme import LIGHT, Theme, role_color, role_outline, score_color

SWATCH = 12
GAP = 8
RAMP_HEIGHT = 10
RAMP_STEPS = 16
LINE = 30


def roles_of(networks: Iterable[Network]) -> tuple[Enum, ...]:
    """Return the roles present in networks, each text once, in the order of the enumerations."""
    present: set[Enum] = set()
    for network in networks:
        present |= {describe(block).role for block in network.sequence}
        present |= {role_of_layer(layer) for layer in network.layers}
    order: tuple[Enum, ...] = (*BlockRole, *LayerRole)
    found: dict[str, Enum] = {}
    for role in order:
        if role in present:
            found.setdefault(role.name, role)
    return tuple(found.values())


class Legend(QWidget):
    """Roles in columns, the ramp of scores, and the kinds of edges; as tall as it needs to be."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._theme = LIGHT
        self._roles: tuple[Enum, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)
        document.source_changed.connect(self._networks_changed)
        document.target_changed.connect(self._networks_changed)
        self._networks_changed()

    @property
    def roles(self) -> tuple[Enum, ...]:
        """The roles that are listed."""
        return self._roles

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        self.update()

    def _networks_changed(self) -> None:
        networks = [network for network in (self._document.source, self._document.target) if network]
        self._roles = roles_of(networks)
        names = ", ".join(str(role.value) for role in self._roles)
        self.setAccessibleName(f"Legend: {names}; bright edges score high; dashed edges are weak")
        self._fit()

    def _columns(self) -> int:
        widest = max((self.fontMetrics().horizontalAdvance(str(role.value)) for role in self._roles), default=0)
        return max(1, min(3, (self.width() or 200) // (SWATCH + widest + 3 * GAP)))

    def _line(self) -> int:
        return max(self.fontMetrics().lineSpacing() + 3, SWATCH + 4)

    def _fit(self) -> None:
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height that all lines take at this width."""
        rows = -(-len(self._roles) // self._columns()) if self._roles else 0
        states = 3
        return QSize(200, rows * self._line() + 2 * self._line() + GAP + states * self._line() + GAP)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take as many columns as fit."""
        super().resizeEvent(event)
        if self.sizeHint().height() != self.height():
            self._fit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the legend."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = self._draw_roles(painter)
        top = self._draw_ramp(painter, top + GAP / 2)
        self._draw_states(painter, top + GAP / 2)
        painter.end()

    def _text(self, painter: QPainter, x: float, top: float, text: str, color: str = "text") -> None:
        painter.setPen(self._theme.color(color))
        metrics = QFontMetrics(self.font())
        baseline = top + (self._line() + metrics.capHeight()) / 2
        painter.drawText(QPointF(x, baseline), text)

    def _draw_roles(self, painter: QPainter) -> float:
        columns, line = self._columns(), self._line()
        rows = -(-len(self._roles) // columns) if self._roles else 0
        width = self.width() / columns
        for at, role in enumerate(self._roles):
            x, y = (at // rows) * width, (at % rows) * line
            painter.setPen(QPen(role_outline(role, self._theme), 1))
            painter.setBrush(role_color(role, self._theme))
            painter.drawRoundedRect(QRectF(x + 0.5, y + (line - SWATCH) / 2, SWATCH, SWATCH), 3, 3)
            self._text(painter, x + SWATCH + GAP, y, str(role.value))
        return float(rows * line)

    def _draw_ramp(self, painter: QPainter, top: float) -> float:
        line = self._line()
        self._text(painter, 0, top, "Score of a pair", "text_muted")
        metrics = self.fontMetrics()
        left, right = metrics.horizontalAdvance("0") + GAP, metrics.horizontalAdvance("1") + GAP
        bar = QRectF(left, top + line + (line - RAMP_HEIGHT) / 2, self.width() - left - right, RAMP_HEIGHT)
        ramp = QLinearGradient(bar.topLeft(), bar.topRight())
        for step in range(RAMP_STEPS + 1):
            ramp.setColorAt(step / RAMP_STEPS, score_color(step / RAMP_STEPS, self._theme))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ramp)
        painter.drawRoundedRect(bar, RAMP_HEIGHT / 2, RAMP_HEIGHT / 2)
        self._text(painter, 0, top + line, "0", "text_muted")
        self._text(painter, self.width() - metrics.horizontalAdvance("1"), top + line, "1", "text_muted")
        return top + 2 * line

    def _draw_states(self, painter: QPainter, top: float) -> None:
        line = self._line()
        good, weak = score_color(0.8, self._theme), score_color(0.35, self._theme)
        self._draw_line(painter, top, good, Qt.PenStyle.SolidLine)
        self._text(painter, LINE + GAP, top, "matched")
        self._draw_line(painter, top + line, weak, Qt.PenStyle.DashLine)
        self._text(painter, LINE + GAP, top + line, "weak, under 0.5")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("pin"))
        painter.drawEllipse(QPointF(LINE / 2, top + 2.5 * line), SWATCH / 2.6, SWATCH / 2.6)
        self._text(painter, LINE + GAP, top + 2 * line, "pinned by hand")

    def _draw_line(self, painter: QPainter, top: float, color: QColor, style: Qt.PenStyle) -> None:
        pen = QPen(color, 2)
        pen.setStyle(style)
        painter.setPen(pen)
        y = round(top + self._line() / 2)
        painter.drawLine(QPointF(0, y), QPointF(LINE, y))
