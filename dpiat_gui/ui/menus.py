"""The menu bar as data, read from the table of actions."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu

SEPARATOR = ""
RECENT = "@recent"
DOCKS = "@docks"
MATCHERS = "@matchers"
STANDARDIZATIONS = "@standardizations"
SUBMENUS = {
    RECENT: "&Recent projects",
    DOCKS: "&Panes",
    MATCHERS: "Ma&tcher",
    STANDARDIZATIONS: "&Standardization",
}
"""Submenus that others fill."""

MENUS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "&File",
        (
            "open_source",
            "open_target",
            "swap",
            "demo",
            SEPARATOR,
            "new_project",
            "open_project",
            RECENT,
            "save",
            "save_as",
            SEPARATOR,
            "show_transfer",
            "export_figure",
            "export_pairs",
            "export_report",
            SEPARATOR,
            "settings",
            "quit",
        ),
    ),
    (
        "&Edit",
        (
            "undo",
            "redo",
            SEPARATOR,
            "find",
            "find_next",
            "find_previous",
            SEPARATOR,
            "copy_row",
            "copy_name",
            SEPARATOR,
            "next_problem",
            "previous_problem",
        ),
    ),
    (
        "&Match",
        (
            "pin",
            "pin_to",
            "fit_by",
            "ban",
            "fresh",
            SEPARATOR,
            "accept",
            "accept_all",
            "accept_above",
            SEPARATOR,
            "clear_override",
            "clear_overrides",
            "import_overrides",
            "export_overrides",
            SEPARATOR,
            MATCHERS,
            STANDARDIZATIONS,
            "method",
            SEPARATOR,
            "compare",
            "rematch",
        ),
    ),
    (
        "&View",
        (
            "zoom_in",
            "zoom_out",
            "zoom_reset",
            "fit_all",
            "fit_selection",
            SEPARATOR,
            "expand_all",
            "collapse_all",
            "fold_runs",
            "coupled",
            "only_selection_edges",
            SEPARATOR,
            "linked",
            "strips",
            "overview",
            "arcs",
            SEPARATOR,
            "show_overrides",
            "show_history",
            "show_dp_table",
            "show_tensors",
            "show_player",
            SEPARATOR,
            "next_pane",
            "previous_pane",
            DOCKS,
            "full_screen",
        ),
    ),
    (
        "&Transfer",
        (
            "run_transfer",
            "check",
            "cancel",
            SEPARATOR,
            "show_coverage",
            "export_ledger",
            "export_plan",
            "export_script",
            SEPARATOR,
            "write_manifest",
            "verify_file",
        ),
    ),
    (
        "&Help",
        (
            "help",
            "shortcuts",
            SEPARATOR,
            "tour_first",
            "tour_correct",
            "tour_transfer",
            "tour_decides",
            SEPARATOR,
            "about",
        ),
    ),
)


SELECTION = (
    "pin",
    "ban",
    "fresh",
    SEPARATOR,
    "pin_to",
    "fit_by",
    "accept",
    "clear_override",
    SEPARATOR,
    "fit_selection",
    "copy_row",
    "copy_name",
)


BACKGROUND = (
    "fit_all",
    "expand_all",
    "collapse_all",
    SEPARATOR,
    "open_source",
    "open_target",
)
"""What makes sense where nothing is pointed at."""


class SelectionMenu:
    """What can be done with the selection, as a menu where it was asked for.

    Parameters
    ----------
    window
        Owner.
    actions
        All actions of the window, by id.
    """

    def __init__(self, window: QMainWindow, actions: Mapping[str, QAction]) -> None:
        self._window, self._actions = window, actions

    def build(self, names: Sequence[str] = SELECTION) -> QMenu:
        """Return the menu of some actions; it is gone when it closes."""
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in names:
            if name == SEPARATOR:
                menu.addSeparator()
            else:
                menu.addAction(self._actions[name])
        return menu

    def show(self, position: QPoint) -> None:
        """Open the menu at a place on the screen."""
        self.build().popup(position)

    def show_on_canvas(self, source: str | None, target: str | None, position: QPoint) -> None:
        """Open the menu of what is selected; where nothing is, one that is about the whole drawing."""
        self.build(SELECTION if source or target else BACKGROUND).popup(position)


def build_menus(window: QMainWindow, actions: Mapping[str, QAction]) -> dict[str, QMenu]:
    """Fill the menu bar; returns the submenus that others fill, by their mark."""
    filled_by_others: dict[str, QMenu] = {}
    for title, entries in MENUS:
        menu = window.menuBar().addMenu(title)
        for entry in entries:
            if entry == SEPARATOR:
                menu.addSeparator()
            elif entry in SUBMENUS:
                filled_by_others[entry] = menu.addMenu(SUBMENUS[entry])
            else:
                menu.addAction(actions[entry])
    return filled_by_others
