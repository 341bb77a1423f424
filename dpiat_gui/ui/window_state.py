"""Size, place and panes of the window, kept from one run to the next."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QFontInfo, QGuiApplication
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

if TYPE_CHECKING:
    from dpiat_gui.services.settings import Settings

LAYOUT_VERSION = 1
LARGEST_FIRST = QSize(1680, 1000)
SHARE_OF_SCREEN = 0.92
SMALL = 1100
"""Width of a screen or window under which the panes beside the canvas may be narrower."""
LEAST, LEAST_SMALL, USUAL_SMALL = (244, 316), (196, 248), (208, 316)
"""The least widths of the left and right pane; where there is little room, those and the ones at first."""
MOST_BESIDE = 0.46
"""Share of the window's width that the panes beside the canvas get at most for being of large text."""
USUAL_TEXT = 13.0
"""Pixels of the text for which these widths are meant; larger text gets wider panes."""
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
        self.limit()

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

    def limit(self) -> None:
        """Let the panes beside the canvas be no narrower than the room allows."""
        for dock, width in zip(self._docks, self._least(), strict=False):
            if dock.minimumWidth() != width:
                dock.setMinimumWidth(width)

    def _room(self) -> int:
        screen = self._window.screen()
        return min(self._window.width(), screen.availableSize().width() if screen is not None else SMALL)

    def _least(self) -> tuple[int, int]:
        return LEAST if self._room() >= SMALL else LEAST_SMALL

    def _larger(self, together: int) -> float:
        """Return how much wider than usual the panes are for the size of the text."""
        text = QFontInfo(self._window.font()).pixelSize() / USUAL_TEXT
        return max(min(text, MOST_BESIDE * self._window.width() / together), 1.0)

    def make_room(self) -> None:
        """Take from the docks beside the canvas what they have beyond their share of the window."""
        beside = [dock.width() for dock in self._docks[:2]]
        widths = [min(pair) for pair in zip(beside, self._shares(), strict=True)]
        self._window.resizeDocks(self._docks[:2], widths, Qt.Orientation.Horizontal)

    def _shares(self) -> list[int]:
        width = self._window.width()
        # With less the inspector is cut; who wants that pulls its edge.
        left, right = LEAST if self._room() >= SMALL else USUAL_SMALL
        larger = self._larger(left + right)
        return [
            min(max(round(width * share), round(least * larger)), round(most * larger))
            for share, least, most in ((0.17, left, 300), (0.22, right, 400))
        ]

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
            if (self._width < SMALL) != (before < SMALL):
                QTimer.singleShot(0, self, self._state.limit)
            if self._width < before and self._centre.width() < LEAST_CENTRE * self._width:
                # Not now: the window is being laid out.
                QTimer.singleShot(0, self, self._state.make_room)
        return False
