"""Fonts, measures and colours of the picture, from the system's font and the theme."""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QFontMetricsF, QGuiApplication

from dpiat_gui.canvas.layout import Metrics
from dpiat_gui.canvas.primitives import Face
from dpiat_gui.services.palettes import Theme, role_color, role_outline, score_color

_SANS = "'DejaVu Sans', 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
_MONO = "'DejaVu Sans Mono', Consolas, Menlo, monospace"
_STEPS = 64


@dataclass(frozen=True)
class Measured:
    """A face with its measures.

    Parameters
    ----------
    face
        The face.
    metrics
        Its measures.
    """

    face: Face
    metrics: QFontMetricsF

    def width(self, text: str) -> float:
        """Return the width of `text`."""
        return self.metrics.horizontalAdvance(text)

    def fitted(self, text: str, width: float, mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> str:
        """Return `text`, shortened by an ellipsis if it is wider than `width`; empty if that says nothing."""
        if self.width(text) <= width:
            return text
        short = self.metrics.elidedText(text, mode, width)
        return short if len(short) > 2 else ""

    def baseline(self, top: float, height: float) -> float:
        """Return the baseline of a line of text in the middle of a strip."""
        return round(top + (height + self.metrics.capHeight()) / 2)


class Style:
    """How things look.

    Parameters
    ----------
    theme
        Colours.
    base
        Font that all sizes follow; the application's if None.

    Notes
    -----
    A style is never changed: another theme or font makes another style.
    """

    def __init__(self, theme: Theme, base: QFont | None = None) -> None:
        self.theme = theme
        base = QFont(base or QGuiApplication.font())
        mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        pixels = max(float(QFontInfo(base).pixelSize()), 6.0)
        self.unit = pixels / 12.0
        self.title = _face(base, pixels, _SANS, bold=True)
        self.text = _face(base, pixels * 0.92, _SANS)
        self.small = _face(base, pixels * 0.82, _SANS)
        self.strong = _face(base, pixels * 0.86, _SANS, bold=True)
        self.mono = _face(mono, pixels * 0.84, _MONO)
        self.heading = _face(base, pixels * 1.4, _SANS, bold=True)
        self._scores = tuple(score_color(step / _STEPS, theme) for step in range(_STEPS + 1))
        self._roles: dict[Enum, QColor] = {}
        self._outlines: dict[Enum, QColor] = {}

    @cached_property
    def metrics(self) -> Metrics:
        """Heights for the layout, in whole pixels."""
        title, row = self.title.metrics.height(), self.text.metrics.height()
        return Metrics(
            collapsed=round(title * 1.45 + 18 * self.unit),
            single=round(title * 1.35 + 6 * self.unit),
            header=round(title * 1.35 + 6 * self.unit),
            row=round(row * 1.22 + 1),
            padding=round(7 * self.unit),
            fold=round(6 * self.unit),
            spacing=round(8 * self.unit),
            margin=round(14 * self.unit),
        )

    def color(self, name: str, alpha: float = 1.0) -> QColor:
        """Return the theme's colour of that name."""
        made = self.theme.color(name)
        if alpha < 1:
            made.setAlphaF(alpha)
        return made

    def score(self, score: float) -> QColor:
        """Return the colour of a score."""
        return self._scores[round(min(max(score, 0.0), 1.0) * _STEPS)]

    def role(self, role: Enum) -> QColor:
        """Return the fill of a role."""
        if role not in self._roles:
            self._roles[role] = role_color(role, self.theme)
        return self._roles[role]

    def outline(self, role: Enum) -> QColor:
        """Return a colour of a role that stands out from the ground as a thin line."""
        if role not in self._outlines:
            self._outlines[role] = role_outline(role, self.theme)
        return self._outlines[role]


def _face(base: QFont, pixels: float, fallback: str, bold: bool = False) -> Measured:
    font = QFont(base)
    font.setPixelSize(max(round(pixels), 1))
    font.setBold(bold)
    # Text is placed for 100 % and must not jump between zoom steps.
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return Measured(Face(font, fallback, font.pixelSize(), bold), QFontMetricsF(font))
