"""Joins the document and the canvas: values go one way, wishes the other."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from dpiat_gui.canvas.view import MatchView
from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection
from dpiat_gui.services.theme import Theme
from dpiat_gui.ui.editing import Editing


class CanvasLink(QObject):
    """Hands the canvas what the document holds, and the document what the canvas wishes."""

    def __init__(self, document: Document, view: MatchView, editing: Editing) -> None:
        super().__init__(view)
        self._document, self._view = document, view
        view.set_pin_check(document.can_pin)
        document.source_changed.connect(self._networks_changed)
        document.target_changed.connect(self._networks_changed)
        document.matching_changed.connect(self._show_matching)
        document.plan_changed.connect(self._show_matching)
        document.selection_changed.connect(self._show_selection)
        view.selected.connect(editing.select)
        view.pin_requested.connect(editing.pin)
        view.ban_requested.connect(editing.ban)
        view.fresh_requested.connect(editing.fresh)
        view.clear_requested.connect(editing.clear)

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._view.set_theme(theme)

    def remember(self) -> Callable[[], object]:
        """Return a function that goes back to what is selected and seen now."""
        view, selection = self._view, self._document.selection
        transform = view.transform()
        across, down = view.horizontalScrollBar().value(), view.verticalScrollBar().value()

        def go_back() -> None:
            self._document.select(selection)
            view.setTransform(transform)
            view.horizontalScrollBar().setValue(across)
            view.verticalScrollBar().setValue(down)

        return go_back

    def _networks_changed(self) -> None:
        if self._document.matching is None:
            self._view.set_networks(self._document.source, self._document.target)

    def _show_matching(self, _matching: object = None) -> None:
        document = self._document
        if document.matching is None:
            self._view.set_matching(None)
            self._view.set_networks(document.source, document.target)
        else:
            self._view.set_matching(document.matching, document.coverage, document.similarity)

    def _show_selection(self, selection: Selection) -> None:
        self._view.set_selection(selection.source, selection.target)
