"""Correcting by hand: overrides and history as panes, accepting, comparing, files of overrides."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QTimer
from PySide6.QtWidgets import QInputDialog

from dpiat_gui.canvas.annotations import ComparisonOverlay
from dpiat_gui.services.theme import Theme
from dpiat_gui.ui.action_values import Action, WindowState, matched, pair
from dpiat_gui.ui.history_panel import HistoryPanel
from dpiat_gui.ui.override_exchange import OverrideExchange
from dpiat_gui.ui.overrides_panel import OverridesPanel
from dpiat_gui.ui.tab_values import Tab
from dpiat_gui.ui.texts import plural

if TYPE_CHECKING:
    from dpiat_gui.matching.compare import Comparison
    from dpiat_gui.ui.compare_dialog import CompareDialog
    from dpiat_gui.ui.main_window import MainWindow

FILE, MATCH, VIEW = "File", "Match", "View"
"""Headings in the shortcuts sheet."""
OVERRIDES, HISTORY = "overrides", "history"
"""Names of the panes."""
_TEXTS = {
    "pin": ("&Pin selected pair", "&Pin {} selected pairs"),
    "ban": ("&Ban selected pair", "&Ban {} selected pairs"),
    "fresh": ("Leave target &fresh", "Leave {} targets &fresh"),
    "clear_override": ("&Clear this override", "&Clear overrides of {} rows"),
    "accept": ("Acc&ept selected pair", "Acc&ept {} selected pairs"),
}
"""Commands that act on all that is chosen: their words for one row and for several."""


def _row(state: WindowState) -> bool:
    return state.matching and state.selected


def _overridden(state: WindowState) -> bool:
    return state.overrides


ACTIONS: tuple[Action, ...] = (
    Action(
        "pin_to",
        "Pi&n to",
        MATCH,
        ("Ctrl+P",),
        "",
        "Choose what to pin the selected row to: partners with their score and what each would cost.",
        _row,
    ),
    Action(
        "accept",
        _TEXTS["accept"][0],
        MATCH,
        ("Ctrl+Alt+L",),
        "",
        "Pin what the matching found for the selected rows, so that later corrections leave it alone.",
        pair,
    ),
    Action(
        "accept_all",
        "Accept all pai&rs",
        MATCH,
        (),
        "",
        "Pin every pair the matching found.",
        matched,
    ),
    Action(
        "accept_above",
        "Accept pairs abo&ve a score…",
        MATCH,
        (),
        "",
        "Pin every pair the matching found that scores well enough.",
        matched,
    ),
    Action(
        "import_overrides",
        "&Import overrides…",
        MATCH,
        (),
        "",
        "Apply overrides from a file or another project to these networks; what does not fit is reported.",
        matched,
    ),
    Action(
        "export_overrides",
        "Export overri&des…",
        MATCH,
        (),
        "",
        "Write all overrides to a file, to be applied to other networks.",
        _overridden,
    ),
    Action(
        "export_pairs",
        "Export pa&irs…",
        FILE,
        (),
        "",
        "Write the pairs table as CSV, filtered and sorted as it is shown.",
        matched,
    ),
    Action(
        "show_overrides",
        "Ove&rrides",
        VIEW,
        ("Ctrl+Shift+V",),
        "",
        "Show every correction by hand, with what it costs.",
    ),
    Action("show_history", "&History", VIEW, ("Ctrl+H",), "", "Show every step of undo by name."),
)


class CorrectingFeature(QObject):
    """Joins the panes and commands of correcting by hand to the window.

    Parameters
    ----------
    window
        Whose document, canvas, table and messages it uses.
    """

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        document, editing = window.document, window.editing
        self.overrides = OverridesPanel(document)
        self.history = HistoryPanel(document)
        self.exchange = OverrideExchange(
            document, window.notices, window.pairs.cells, window.export_folder, window
        )
        self._compare: CompareDialog | None = None
        self.overrides.enable_requested.connect(editing.enable)
        self.overrides.centre_requested.connect(window.centre)
        self.overrides.import_requested.connect(self.exchange.ask_import)
        self.overrides.export_requested.connect(self.exchange.ask_export)
        self.overrides.count_changed.connect(self._show_count)
        self.history.compare_requested.connect(self._compare_with_step)
        window.pairs.follow_chosen(editing.chosen)
        editing.chosen.changed.connect(self._show_chosen)
        # The actions are made after the features.
        QTimer.singleShot(0, self, self._adopt_actions)

    def tabs(self) -> Sequence["Tab"]:
        """Return the list of overrides and the history."""
        return (Tab(OVERRIDES, "Overrides", self.overrides), Tab(HISTORY, "History", self.history))

    def handlers(self) -> Mapping[str, Callable[..., object]]:
        """Return what its actions do."""
        editing = self._window.editing
        return {
            "pin_to": self.show_partners,
            "accept": partial(editing.on_selection, "accept"),
            "accept_all": editing.accept,
            "accept_above": self.ask_score,
            "import_overrides": self.exchange.ask_import,
            "export_overrides": self.exchange.ask_export,
            "export_pairs": self.exchange.ask_pairs,
            "show_overrides": lambda: self._window.pages.show(OVERRIDES),
            "show_history": lambda: self._window.pages.show(HISTORY),
            "compare": self.show_comparison,
        }

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self.overrides.set_theme(theme)
        self.history.set_theme(theme)

    # -- what the actions do ------------------------------------------------------------------

    def show_partners(self) -> None:
        """Open the menu of partners at the selected row of the table, or in the middle of the columns."""
        table, view = self._window.pairs.table, self._window.view
        if table.hasFocus() and table.currentIndex().isValid():
            where = table.viewport().mapToGlobal(table.visualRect(table.currentIndex()).bottomLeft())
        else:
            where = view.mapToGlobal(QPoint(view.width() // 3, view.height() // 3))
        self.partners.popup(where)
        # The first partner that can be chosen: Enter pins it.
        choosable = [action for action in self.partners.actions() if action.isEnabled() and action.text()]
        if choosable:
            self.partners.setActiveAction(choosable[0])

    def ask_score(self) -> None:
        """Ask from which score on pairs are accepted."""
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle("Accept pairs")
        dialog.setInputMode(QInputDialog.InputMode.DoubleInput)
        dialog.setLabelText("Pin every pair the matching found that scores at least:")
        dialog.setDoubleRange(0.0, 1.0)
        dialog.setDoubleDecimals(2)
        dialog.setDoubleStep(0.05)
        dialog.setDoubleValue(0.8)
        dialog.setOkButtonText("Accept")
        dialog.doubleValueSelected.connect(lambda score: self._window.editing.accept(above=round(score, 2)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def show_comparison(self) -> None:
        """Show the comparison with another matching; it stays open."""
        dialog = self._dialog()
        dialog.show()
        dialog.activateWindow()

    def _compare_with_step(self, index: int) -> None:
        self._dialog().compare_with_step(index)

    def _dialog(self) -> "CompareDialog":
        from dpiat_gui.ui.compare_dialog import CompareDialog

        if self._compare is None:
            self._compare = CompareDialog(self._window.document, self._window, self._window.jobs)
            self._compare.compared.connect(self._mark)
            self._compare.job_started.connect(self._window.running.follow)
        return self._compare

    def _mark(self, comparison: "Comparison | None", name: str) -> None:
        """Mark in the columns and in the table what differs from another matching."""
        overlay = None
        if comparison is not None:
            there, here = (
                tuple((pair.source, pair.target) for pair in pairs)
                for pairs in (comparison.only_first, comparison.only_second)
            )
            overlay = ComparisonOverlay(there, here, f"in {name}", "here")
        self._window.view.set_comparison(overlay)
        self._window.pairs.show_comparison(comparison)

    # -- following ----------------------------------------------------------------------------

    def _adopt_actions(self) -> None:
        """Give the table the commands that act on its rows, and the partners their menu."""
        from dpiat_gui.ui.pin_menu import PinMenu

        window = self._window
        self.partners = PinMenu(window.document, window.editing, window)
        window.commands["pin_to"].setMenu(self.partners)
        window.pairs.table.addActions([window.commands[name] for name in ("ban", "fresh")])
        self._show_count(len(window.document.overrides) + len(window.document.disabled))

    def _show_count(self, count: int) -> None:
        tabs = self._window.tabs
        tabs.setTabText(tabs.indexOf(self.overrides), f"Overrides {count}" if count else "Overrides")

    def _show_chosen(self, _by: object = None) -> None:
        """Let the commands say how many rows they act on."""
        count = len(self._window.editing.chosen.several)
        for name, (one, many) in _TEXTS.items():
            self._window.commands[name].setText(many.format(count) if count else one)
        if count:
            self._window.document.message.emit(f"{plural(count, 'row')} selected.")
