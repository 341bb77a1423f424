"""More height for the lower dock while a pane that needs it is at the front."""

from collections.abc import Callable, Container
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from dpiat_gui.ui.main_window import MainWindow

_USUAL = 0.3
"""Share of the window's height that the dock takes where nobody chose another."""
_BESIDE_NOTHING = 0.72
"""Share that it is lent while no network is open: the canvas has nothing but two buttons to show."""


class BorrowedHeight:
    """Lends the lower dock height of the canvas, and gives it back when another pane comes to the front.

    Parameters
    ----------
    window
        The window.
    pages
        The pages that need the height.
    tall
        Share of the window's height that they take.
    """

    def __init__(
        self, window: "MainWindow", pages: Callable[[], Container[QWidget | None]], tall: float = 0.62
    ) -> None:
        self._window, self._pages, self._usual_share = window, pages, tall
        self._before = 0
        self._lent = self._listening = False

    def borrow(self) -> None:
        """Give the dock much of the window, unless it has about as much already."""
        if self._window.docks[2].height() < (self._share - 0.17) * self._window.height():
            self.toggle()

    def toggle(self) -> None:
        """Give the dock much of the window, or what it had before."""
        dock, window = self._window.docks[2], self._window
        if dock.height() < self._tall - 20:
            self._before, height = dock.height(), self._tall
            self._lent = True
            if not self._listening:
                self._listening = True
                window.tabs.currentChanged.connect(self._give_back)
        else:
            height = self._before or round(window.height() * _USUAL)
            self._lent = False
        window.resizeDocks([dock], [height], Qt.Orientation.Vertical)

    @property
    def _share(self) -> float:
        document = self._window.document
        empty = document.source is None and document.target is None
        return max(self._usual_share, _BESIDE_NOTHING) if empty else self._usual_share

    @property
    def _tall(self) -> int:
        window = self._window
        # In a low window the canvas has less to lend: it keeps its least height.
        spare = window.view.height() - window.view.minimumHeight()
        return min(round(window.height() * self._share), window.docks[2].height() + spare)

    def _give_back(self, tab: int) -> None:
        """Let the canvas have its height again when a pane that needs less comes to the front."""
        if self._lent and self._window.tabs.widget(tab) not in self._pages():
            self._lent = False
            if self._window.docks[2].height() >= self._tall - 20:
                self.toggle()
