"""The table D and the player in the window: their tabs, their actions, and what they ask of it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from dpiat_gui.services.theme import LIGHT, Theme
from dpiat_gui.ui.features import Tab

if TYPE_CHECKING:
    from dpiat_gui.ui.dp_table_pane import DpTablePane
    from dpiat_gui.ui.main_window import MainWindow

TABLE = "dp-table"
"""Names of the tabs."""

_TALL = 0.62
"""Share of the window that the pane takes where more room is wanted."""


class LatePage(QWidget):
    """A page that is built when it is first shown: until then it costs nothing.

    Parameters
    ----------
    name
        Accessible name.
    build
        Makes the content.
    """

    def __init__(self, name: str, build: Callable[[], QWidget]) -> None:
        super().__init__()
        self._build: Callable[[], QWidget] | None = build
        self.setAccessibleName(name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)

    def make(self) -> None:
        """Build the content now, if it is not there yet."""
        if self._build is not None:
            build, self._build = self._build, None
            layout = self.layout()
            assert layout is not None
            layout.addWidget(build())

    def showEvent(self, event: QShowEvent) -> None:
        """Build the content."""
        self.make()
        super().showEvent(event)


class DpTableFeature:
    """Brings the table D and the player into the window.

    Parameters
    ----------
    window
        The window.
    """

    def __init__(self, window: "MainWindow") -> None:
        self._window = window
        self._theme = LIGHT
        self._height = 0
        self._table: DpTablePane | None = None
        self._page = LatePage("DP table", self._build_table)

    @property
    def table(self) -> "DpTablePane":
        """The pane of the table, built if it is not there yet."""
        self._page.make()
        assert self._table is not None
        return self._table

    def tabs(self) -> Sequence[Tab]:
        """Return the two pages."""
        return (Tab(TABLE, "DP table", self._page),)

    def handlers(self) -> Mapping[str, Callable[..., object]]:
        """Return what the actions do."""
        return {"show_dp_table": partial(self._window.show_tab, TABLE)}

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        if self._table is not None:
            self._table.set_theme(theme)

    def _build_table(self) -> QWidget:
        from dpiat_gui.ui.dp_table_pane import DpTablePane

        self._table = DpTablePane(self._window.document)
        self._table.set_theme(self._theme)
        self._table.taller_requested.connect(self._toggle_height)
        self._table.menu_requested.connect(lambda where: self._window.selection_menu.show(where))
        return self._table

    def _toggle_height(self) -> None:
        """Give the dock most of the window, or what it had before."""
        dock, window = self._window.docks[2], self._window
        tall = round(window.height() * _TALL)
        if dock.height() < tall - 20:
            self._height, height = dock.height(), tall
        else:
            height = self._height or round(window.height() * 0.3)
        window.resizeDocks([dock], [height], Qt.Orientation.Vertical)
