"""Icons: line drawings in resources/icons, drawn in the colours of a theme."""

from functools import cache
from importlib import resources

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from dpiat_gui.services.palettes import Theme

SIZES = (16, 20, 24, 32, 48)
"""Edge lengths drawn ahead, in pixels: what toolbars and menus ask for at scales from 1 to 2.

Drawn ahead rather than by a `QIconEngine`: one written in Python crashes when Qt copies its icon.
"""

_APP_SIZES = (16, 24, 32, 48, 64, 128, 256)
_DRAWN_IN = "currentColor"
_COLORS = (
    (QIcon.Mode.Normal, QIcon.State.Off, "text"),
    (QIcon.Mode.Disabled, QIcon.State.Off, "text_disabled"),
    (QIcon.Mode.Normal, QIcon.State.On, "accent_text"),
)


def icon(name: str, theme: Theme, color: str = "") -> QIcon:
    """Return the named icon in the colours of `theme`.

    Parameters
    ----------
    name
        Name of a drawing in resources/icons.
    theme
        Its text colours are used: usual, disabled and checked.
    color
        Name of one of the theme's colours to draw it in instead, such as ``"error"``.

    Raises
    ------
    FileNotFoundError
        If there is no such icon.
    """
    made = QIcon()
    for mode, state, usual in _COLORS:
        shade = color if color and mode == QIcon.Mode.Normal else usual
        renderer = _renderer(name, theme.color(shade))
        for size in SIZES:
            made.addPixmap(_drawn(renderer, size), mode, state)
    return made


def pixmap(name: str, theme: Theme, size: int, ratio: float = 1.0, color: str = "text") -> QPixmap:
    """Return one icon as a pixmap, for labels and drawings.

    Parameters
    ----------
    name
        Name of a drawing.
    theme
        Where the colour comes from.
    size
        Edge length in device-independent pixels.
    ratio
        Device pixel ratio of where it will be shown.
    color
        Name of the theme's colour.
    """
    drawn = _drawn(_renderer(name, theme.color(color)), max(1, round(size * ratio)))
    drawn.setDevicePixelRatio(ratio)
    return drawn


def app_icon() -> QIcon:
    """Return the program's own icon, which has the same colours in every theme."""
    renderer = QSvgRenderer(QByteArray(_drawing("app").encode()))
    made = QIcon()
    for size in _APP_SIZES:
        made.addPixmap(_drawn(renderer, size))
    return made


@cache
def _drawing(name: str) -> str:
    return (resources.files("dpiat_gui.resources") / "icons" / f"{name}.svg").read_text("utf-8")


def _renderer(name: str, color: QColor) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_drawing(name).replace(_DRAWN_IN, color.name()).encode()))


def _drawn(renderer: QSvgRenderer, size: int) -> QPixmap:
    drawn = QPixmap(size, size)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return drawn
