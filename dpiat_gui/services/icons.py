"""Icons: line drawings in resources/icons, drawn in the colours of a theme."""

from functools import cache
from importlib import resources

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from dpiat_gui.services.palettes import Theme

SIZES = (18, 36)
"""Edge lengths drawn ahead, in pixels: for common screens and for dense ones."""

_DRAWN_IN = "#000000"
_COLORS = (
    (QIcon.Mode.Normal, QIcon.State.Off, "text"),
    (QIcon.Mode.Disabled, QIcon.State.Off, "text_disabled"),
    (QIcon.Mode.Normal, QIcon.State.On, "accent_text"),
)


def icon(name: str, theme: Theme) -> QIcon:
    """Return the named icon in the colours of `theme`.

    Raises
    ------
    FileNotFoundError
        If there is no such icon.
    """
    drawing = _drawing(name)
    made = QIcon()
    for mode, state, color in _COLORS:
        renderer = QSvgRenderer(QByteArray(drawing.replace(_DRAWN_IN, str(getattr(theme, color))).encode()))
        for size in SIZES:
            made.addPixmap(_pixmap(renderer, size), mode, state)
    return made


@cache
def _drawing(name: str) -> str:
    return (resources.files("dpiat_gui.resources") / "icons" / f"{name}.svg").read_text("utf-8")


def _pixmap(renderer: QSvgRenderer, size: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap
