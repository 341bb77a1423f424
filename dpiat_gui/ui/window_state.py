"""Size, place and panes of the window, kept from one run to the next."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

if TYPE_CHECKING:
    from dpiat_gui.services.settings import Settings

LAYOUT_VERSION = 1
LARGEST_FIRST = QSize(1680, 1000)
SHARE_OF_SCREEN = 0.92
LEAST_CENTRE = 0.52
"""Share of the window's width under which the canvas gets some from the panes beside it."""


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
        centre = self._window.centralWidget()
        if centre is not None:
            Narrowing(centre, self)

    def arrange(self) -> None:
        """Give each dock its share of the window."""
        height = self._window.height()
        self._window.resizeDocks(self._docks[:2], self._shares(), Qt.Orientation.Horizontal)
        self._window.resizeDocks(
            self._docks[2:], [min(max(round(height * 0.27), 200), 300)], Qt.Orientation.Vertical
        )

    def make_room(self) -> None:
        """Take from the docks beside the canvas what they have beyond their share of the window."""
        beside = [dock.width() for dock in self._docks[:2]]
        widths = [min(pair) for pair in zip(beside, self._shares(), strict=True)]
        self._window.resizeDocks(self._docks[:2], widths, Qt.Orientation.Horizontal)

    def _shares(self) -> list[int]:
        width = self._window.width()
        return [min(max(round(width * 0.17), 240), 300), min(max(round(width * 0.22), 316), 400)]

    def _first_size(self) -> None:
        screen = QGuiApplication.primaryScreen()
        room = screen.availableSize() * SHARE_OF_SCREEN if screen is not None else LARGEST_FIRST
        self._window.resize(room.boundedTo(LARGEST_FIRST))


class Narrowing(QObject):
    """Lets the panes beside the canvas give way when the window is made narrower.

    Qt takes all of it from the canvas. A pane that a person widens by its edge keeps what it got.
    """

    def __init__(self, centre: QWidget, state: WindowState) -> None:
        super().__init__(centre)
        self._centre, self._state = centre, state
        self._width = centre.window().width()
        centre.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Look whether the window became too narrow for the panes as they are."""
        if event.type() == QEvent.Type.Resize:
            before, self._width = self._width, self._centre.window().width()
            if self._width < before and self._centre.width() < LEAST_CENTRE * self._width:
                # Not now: the window is being laid out.
                QTimer.singleShot(0, self, self._state.make_room)
        return False
