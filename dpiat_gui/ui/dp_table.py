"""The table D and the player in the window: their tabs, their actions, and what they ask of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from dpiat_gui.canvas.columns import Side
from dpiat_gui.services.theme import LIGHT, Theme
from dpiat_gui.ui.action_values import Action, matched
from dpiat_gui.ui.tab_values import Tab

if TYPE_CHECKING:
    from dpiat_gui.ui.dp_table_pane import DpTablePane
    from dpiat_gui.ui.main_window import MainWindow
    from dpiat_gui.ui.player_pane import PlayerPane

VIEW = "View"
"""Heading in the shortcuts sheet."""

TABLE, PLAYER = "dp-table", "player"
"""Names of the two tabs."""

ACTIONS: tuple[Action, ...] = (
    Action(
        "show_dp_table",
        "DP ta&ble",
        VIEW,
        ("Ctrl+T",),
        "",
        "Show the table D that the matching is read from: scores, totals and the way back.",
        matched,
    ),
    Action(
        "show_player",
        "Pla&yer",
        VIEW,
        ("Ctrl+Shift+T",),
        "play",
        "Watch the table being filled and read back, step by step; with small examples.",
    ),
)


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
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def make(self) -> None:
        """Build the content now, if it is not there yet."""
        if self._build is not None:
            build, self._build = self._build, None
            content = build()
            self._column.addWidget(content)
            # Else it would be shown only when the event loop turns.
            content.show()

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
        self._table: DpTablePane | None = None
        self._player: PlayerPane | None = None
        self._table_page = LatePage("DP table", self._build_table)
        self._player_page = LatePage("Player", self._build_player)
        self._pages = self._table_page, self._player_page
        # The tabs are made after the features.
        QTimer.singleShot(0, window, lambda: window.tabs.currentChanged.connect(self._make_room))

    @property
    def table(self) -> "DpTablePane":
        """The pane of the table, built if it is not there yet."""
        self._table_page.make()
        assert self._table is not None
        return self._table

    @property
    def player(self) -> "PlayerPane":
        """The player, built if it is not there yet."""
        self._player_page.make()
        assert self._player is not None
        return self._player

    def tabs(self) -> "Sequence[Tab]":
        """Return the two pages."""
        return (Tab(TABLE, "DP table", self._table_page), Tab(PLAYER, "Player", self._player_page))

    def handlers(self) -> Mapping[str, Callable[..., object]]:
        """Return what the actions do."""
        return {"show_dp_table": self.show_table, "show_player": self.show_player}

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        for pane in (self._table, self._player):
            if pane is not None:
                pane.set_theme(theme)

    def show_table(self) -> None:
        """Bring the table to the front, with room for it, the keyboard in its cells."""
        self._window.pages.show(TABLE)
        self._window.lower_height.borrow(self._pages)
        self.table.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_player(self) -> None:
        """Bring the player to the front, with room for it, the keyboard in its table."""
        self._window.pages.show(PLAYER)
        self._window.lower_height.borrow(self._pages)
        self.player.stage.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _make_room(self, _tab: int) -> None:
        """Give a table that comes to the front the height it is read at, however it was chosen."""
        if self._window.isVisible() and self._window.tabs.currentWidget() in self._pages:
            self._window.lower_height.borrow(self._pages)

    def _build_table(self) -> QWidget:
        from dpiat_gui.ui.dp_table_pane import DpTablePane

        self._table = pane = DpTablePane(self._window.document)
        pane.set_theme(self._theme)
        pane.taller_requested.connect(lambda: self._window.lower_height.toggle(self._pages))
        pane.menu_requested.connect(lambda where: self._window.selection_menu.show(where))
        pane.play_requested.connect(self._play)
        return pane

    def _build_player(self) -> QWidget:
        from dpiat_gui.ui.player_pane import PlayerPane

        self._player = pane = PlayerPane(self._window.document)
        pane.set_theme(self._theme)
        pane.taller_requested.connect(lambda: self._window.lower_height.toggle(self._pages))
        pane.revealed.connect(self._window.view.set_revealed_edges)
        pane.inside_played.connect(self._show_block)
        return pane

    def _show_block(self, path: str) -> None:
        """Open a block of the target on the canvas, with its partner, and bring it into sight."""
        view = self._window.view
        view.expand(path, Side.TARGET.value)
        place = view.board.find(Side.TARGET, path)
        if place is not None:
            view.reveal([place])

    def _play(self, inside: tuple[int, int] | None, cell: tuple[int, int] | None) -> None:
        """Play the table that is shown, from its current cell."""
        self.show_player()
        self.player.play_document(inside, cell)
