"""The pages that features add to the tabs of the docks: put in, shown, and pointed at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QDockWidget, QTabWidget, QWidget

from dpiat_gui.ui.panes import first_focus
from dpiat_gui.ui.tab_values import Tab


@dataclass(frozen=True, slots=True)
class Shelf:
    """Tabs, and the dock that they are in.

    Parameters
    ----------
    tabs
        The tabs.
    dock
        The dock.
    """

    tabs: QTabWidget
    dock: QDockWidget


class FeaturePages:
    """Knows where the page of each feature stands.

    Parameters
    ----------
    window
        The window, in whose places tabs are told.
    shelves
        Where pages can stand, by the name of the dock.
    tabs
        The pages, in their order.
    """

    def __init__(self, window: QWidget, shelves: Mapping[str, Shelf], tabs: Sequence[Tab]) -> None:
        self._window = window
        self._places: dict[str, tuple[Shelf, QWidget]] = {}
        for tab in tabs:
            shelf = shelves[tab.dock]
            shelf.tabs.addTab(tab.page, tab.title)
            self._places[tab.name] = (shelf, tab.page)
        for shelf in shelves.values():
            # A single page needs no tab to tell it from others: its dock has a title.
            shelf.tabs.tabBar().setVisible(shelf.tabs.count() > 1)

    def show(self, name: str) -> None:
        """Bring a page to the front and put the focus into it."""
        shelf, page = self._places[name]
        shelf.dock.show()
        shelf.tabs.setCurrentWidget(page)
        first_focus(page).setFocus(Qt.FocusReason.OtherFocusReason)

    def is_shown(self, name: str) -> bool:
        """Tell whether a page is at the front."""
        shelf, page = self._places[name]
        return shelf.tabs.isVisible() and shelf.tabs.currentWidget() is page

    def tab_rect(self, name: str) -> QRect | None:
        """Return where the tab of a page is, in the window; None if its dock is closed."""
        shelf, page = self._places[name]
        if not shelf.tabs.isVisible():
            return None
        bar = shelf.tabs.tabBar()
        rect = bar.tabRect(shelf.tabs.indexOf(page))
        return QRect(bar.mapTo(self._window, rect.topLeft()), rect.size())
