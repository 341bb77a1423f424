"""Explanations where they are asked for: tooltips of technical words, and F1 on the pane in use."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QChildEvent, QEvent, QObject, QTimer
from PySide6.QtGui import QHelpEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QDialog,
    QGroupBox,
    QLabel,
    QTabWidget,
    QToolTip,
    QWidget,
)

from dpiat_gui.services.theme import Theme
from dpiat_gui.ui.words import explanation

if TYPE_CHECKING:
    from dpiat_gui.ui.main_window import MainWindow
    from dpiat_gui.ui.tab_values import Tab

PAGES: Mapping[str, tuple[str, str]] = {
    "Pairs": ("pairs", "All matched and unmatched layers as a table that can be sorted and filtered"),
    "Transfer": ("transfer", "Carry the weights over, and write the checkpoint"),
    "Overrides": ("overrides", "Your corrections of the matching: pins, bans, and targets left fresh"),
    "History": ("overrides", "Every step of undo by name; go back to one, or compare with it"),
    "Coverage": ("coverage", "What becomes of every element of the target"),
    "Health": ("health", "Whether the transferred network works: what explodes, vanishes or is dead"),
    "DP table": ("algorithm", "The table D of the dynamic program that the matching is read from"),
    "Player": ("algorithm", "The table D filled and read back, step by step"),
    "Inspector": ("inspector", "Why the selected pair scores what it scores, and what is copied"),
    "Tensors": ("inspector", "The values of the selected layers: images of filters, histograms, statistics"),
}
"""Help page and tooltip of each tab, by its title."""

COLUMNS, NETWORKS = "picture", "first-match"
"""Help pages of the columns and of the networks' dock."""

DIALOGS: Mapping[str, str] = {
    "Method": "method",
    "Compare matchings": "compare",
    "Open source": "first-match",
    "Open target": "first-match",
    "Export figure": "picture",
    "Accept pairs": "overrides",
}
"""Help page of each dialog that has one, by its title."""


class ExplainingFeature(QObject):
    """Shows what the words of the window mean, and the help page of the pane in use.

    Parameters
    ----------
    window
        The window; the docks that float beside it are followed too.
    """

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        # The docks and their tabs are made after the features.
        QTimer.singleShot(0, self, self._adopt)

    def tabs(self) -> "Sequence[Tab]":
        """Return nothing: what it shows stands over the window."""
        return ()

    def handlers(self) -> Mapping[str, Callable[..., object]]:
        """Return what F1 does."""
        return {"help": self.show_help}

    def set_theme(self, theme: Theme) -> None:
        """Do nothing: it draws nothing itself."""

    def show_help(self) -> None:
        """Open the help at the page of the pane that has the focus."""
        self._window.dialogs.show_help(page=self.page_of(QApplication.focusWidget()))

    def page_of(self, widget: QWidget | None) -> str:
        """Return the help page about a widget: of its tab, else of its dock; ``""`` for the first page."""
        window = self._window
        holders = (window.tabs, window.side_tabs)
        at = widget
        while at is not None:
            if at is window.view:
                return COLUMNS
            if at is window.docks[0]:
                return NETWORKS
            for holder in holders:
                if at is holder:
                    return _page(holder, holder.currentIndex())
                index = holder.indexOf(at)
                if index >= 0:
                    return _page(holder, index)
            at = at.parentWidget()
        return ""

    # -- tooltips --------------------------------------------------------------------------

    def _adopt(self) -> None:
        """Watch the window and its docks, and give the tabs their tooltips."""
        window = self._window
        for holder in (window.tabs, window.side_tabs):
            for index in range(holder.count()):
                _, tip = PAGES.get(_title(holder, index), ("", ""))
                holder.setTabToolTip(index, tip)
        for widget in (window, *window.docks):
            widget.installEventFilter(self)

    def _watch(self, dialog: QDialog) -> None:
        """Explain the words of a dialog too, and let F1 open its page."""
        page = DIALOGS.get(dialog.windowTitle(), "")
        if page:
            dialog.installEventFilter(self)
            # A dialog that is shown again is polished once only.
            shortcut = QShortcut(QKeySequence.StandardKey.HelpContents, dialog)
            shortcut.activated.connect(lambda: self._window.dialogs.show_help(page=page))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Explain the words under the pointer, where nothing else has a tooltip; watch new dialogs."""
        if event.type() == QEvent.Type.ChildPolished and isinstance(event, QChildEvent):
            child = event.child()
            if isinstance(child, QDialog):
                self._watch(child)
            return False
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            # It has come up from the widget under the pointer: none on the way had anything to say.
            root = watched if isinstance(watched, QWidget) else self._window
            words = explanation_of(root.childAt(event.pos()))
            if words:
                QToolTip.showText(event.globalPos(), words, root)
                return True
        return super().eventFilter(watched, event)


def text_of(widget: QWidget | None) -> str:
    """Return what a widget says in letters, ``""`` for one that says nothing."""
    if isinstance(widget, QLabel | QAbstractButton | QCheckBox):
        return widget.text()
    return widget.title() if isinstance(widget, QGroupBox) else ""


def explanation_of(widget: QWidget | None) -> str:
    """Return what a tooltip says of a widget: its own, its field's, its section's, or its words' meaning."""
    if isinstance(widget, QLabel) and not widget.toolTip() and widget.buddy() is not None:
        told = widget.buddy().toolTip()
        if told:
            return told
    words = explanation(text_of(widget))
    at = widget
    while at is not None and not at.isWindow():
        if at.toolTip():
            return at.toolTip()
        at = at.parentWidget()
    return words


def _title(holder: QTabWidget, index: int) -> str:
    """Return the title of a tab without the number that some have."""
    return holder.tabText(index).rstrip("0123456789, ").replace("&", "")


def _page(holder: QTabWidget, index: int) -> str:
    return PAGES.get(_title(holder, index), ("", ""))[0]
