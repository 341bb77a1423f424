"""More height for the lower dock while a pane that needs it is at the front."""

from collections.abc import Container
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from dpiat_gui.ui.main_window import MainWindow

SHARE = 0.62
"""Share of the window's height that a pane takes which says no other."""
_USUAL = 0.3
"""Share of the window's height that the dock takes where nobody chose another."""
_BESIDE_NOTHING = 0.72
"""Share that it is lent while no network is open: the canvas has nothing but two buttons to show."""


class BorrowedHeight:
    """Lends the lower dock height of the canvas, and gives it back when another pane comes to the front.

    There is one of a window: of two, the one would take away what the other has lent.

    Parameters
    ----------
    window
        The window.
    """

    def __init__(self, window: "MainWindow") -> None:
        self._window = window
        self._pages: Container[QWidget | None] = ()
        self._share, self._before = SHARE, 0
        self._lent = self._listening = False

    def borrow(self, pages: Container[QWidget | None], share: float = SHARE) -> None:
        """Give the dock much of the window, unless it has about as much already.

        Parameters
        ----------
        pages
            The pages that need the height; it is given back when another one comes to the front.
        share
            Of the window's height that they take.
        """
        self._pages = pages
        if self._window.docks[2].height() < (self._wanted(share) - 0.17) * self._window.height():
            self._lend(share)

    def toggle(self, pages: Container[QWidget | None], share: float = SHARE) -> None:
        """Give the dock much of the window, or what it had before; see `borrow`."""
        self._pages = pages
        if self._window.docks[2].height() < self._tall(share) - 20:
            self._lend(share)
        else:
            self._return()

    def _lend(self, share: float) -> None:
        dock, window = self._window.docks[2], self._window
        self._share = share
        if not self._lent:
            self._before, self._lent = dock.height(), True
        if not self._listening:
            self._listening = True
            window.tabs.currentChanged.connect(self._give_back)
        window.resizeDocks([dock], [self._tall(share)], Qt.Orientation.Vertical)

    def _return(self) -> None:
        window, self._lent = self._window, False
        height = self._before or round(window.height() * _USUAL)
        window.resizeDocks([window.docks[2]], [height], Qt.Orientation.Vertical)

    def _wanted(self, share: float) -> float:
        document = self._window.document
        empty = document.source is None and document.target is None
        return max(share, _BESIDE_NOTHING) if empty else share

    def _tall(self, share: float) -> int:
        window = self._window
        # In a low window the canvas has less to lend: it keeps its least height.
        spare = window.view.height() - window.view.minimumHeight()
        return min(round(window.height() * self._wanted(share)), window.docks[2].height() + spare)

    def _give_back(self, tab: int) -> None:
        """Let the canvas have its height again when a pane that needs less comes to the front."""
        if self._lent and self._window.tabs.widget(tab) not in self._pages:
            self._lent = False
            # Whoever has made the dock lower meanwhile has chosen its height.
            if self._window.docks[2].height() >= self._tall(self._share) - 20:
                self._return()
