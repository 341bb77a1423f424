"""Size, place and panes of the window, kept from one run to the next."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDockWidget, QMainWindow

if TYPE_CHECKING:
    from dpiat_gui.services.settings import Settings

LAYOUT_VERSION = 1
LARGEST_FIRST = QSize(1680, 1000)
SHARE_OF_SCREEN = 0.92


class WindowState:
    """Saves and restores the layout; a first run gets one that fits the screen.

    Parameters
    ----------
    window
        The window.
    docks
        Its left, right and bottom dock.
    settings
        Where the layout is kept.
    """

    def __init__(self, window: QMainWindow, docks: Sequence[QDockWidget], settings: "Settings") -> None:
        self._window, self._docks, self._settings = window, tuple(docks), settings

    def save(self) -> None:
        """Keep the layout."""
        self._settings.set_window(
            bytes(self._window.saveGeometry().data()), bytes(self._window.saveState(LAYOUT_VERSION).data())
        )

    def restore(self) -> None:
        """Take up the kept layout, or begin with one that fits."""
        geometry, state = self._settings.window
        if not (geometry and self._window.restoreGeometry(QByteArray(geometry))):
            self._first_size()
        if not (state and self._window.restoreState(QByteArray(state), LAYOUT_VERSION)):
            self.arrange()

    def arrange(self) -> None:
        """Give each dock its share of the window."""
        width, height = self._window.width(), self._window.height()
        left, right, bottom = self._docks
        self._window.resizeDocks(
            [left, right],
            [min(max(round(width * 0.17), 240), 300), min(max(round(width * 0.22), 316), 400)],
            Qt.Orientation.Horizontal,
        )
        self._window.resizeDocks(
            [bottom], [min(max(round(height * 0.27), 200), 300)], Qt.Orientation.Vertical
        )

    def _first_size(self) -> None:
        screen = QGuiApplication.primaryScreen()
        room = screen.availableSize() * SHARE_OF_SCREEN if screen is not None else LARGEST_FIRST
        self._window.resize(room.boundedTo(LARGEST_FIRST))
