"""Joins the document and the canvas: values go one way, wishes the other."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer

from dpiat_gui.canvas.annotations import PinPreview
from dpiat_gui.canvas.view import MatchView
from dpiat_gui.document.document import Document
from dpiat_gui.document.pinning import Outcome
from dpiat_gui.document.selection import Selection
from dpiat_gui.services.theme import Theme
from dpiat_gui.ui.editing import Editing

CANVAS = "canvas"
"""Where a project's view keeps the state of the canvas."""


class CanvasLink(QObject):
    """Hands the canvas what the document holds, and the document what the canvas wishes."""

    def __init__(self, document: Document, view: MatchView, editing: Editing) -> None:
        super().__init__(view)
        self._document, self._view = document, view
        self._expected: Mapping[str, Any] | None = None
        view.set_pin_check(document.can_pin)
        view.set_pin_preview(self._preview)
        view.set_repin_preview(self._preview_move)
        view.set_repin_check(lambda s, t, new_s, new_t: document.can_repin((s, t), (new_s, new_t)))
        document.source_changed.connect(self._networks_changed)
        document.target_changed.connect(self._networks_changed)
        document.matching_changed.connect(self._show_matching)
        document.plan_changed.connect(self._show_matching)
        document.selection_changed.connect(self._show_selection)
        view.selected.connect(editing.select)
        view.pin_requested.connect(editing.pin)
        view.pin_refused.connect(editing.explain_refusal)
        view.repin_requested.connect(editing.repin)
        self._chosen = editing.chosen
        view.multi_selected.connect(partial(self._chosen.set_several, by=view))
        self._chosen.changed.connect(self._show_several)
        view.ban_requested.connect(editing.ban)
        view.fresh_requested.connect(editing.fresh)
        view.clear_requested.connect(editing.clear)

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._view.set_theme(theme)

    def remember(self) -> Callable[[], object]:
        """Return a function that goes back to what is selected and seen now."""
        selection, seen = self._document.selection, self._view.view_state()

        def go_back() -> None:
            self._document.select(selection)
            self._view.restore_view_state(seen)

        return go_back

    def view_state(self) -> dict[str, Any]:
        """Return the state of the canvas, to be saved with the project."""
        return {**self._document.view, CANVAS: self._view.view_state()}

    def expect(self, view: Mapping[str, Any]) -> None:
        """Go back to what `view_state` gave as soon as the project's matching is there."""
        seen = view.get(CANVAS)
        self._expected = seen if isinstance(seen, Mapping) else None

    def _preview(self, source: str, target: str) -> PinPreview | None:
        """Return what pinning a pair would change, while a curve is held over its target."""
        return _told(self._document.outcome_of_pin(source, target))

    def _preview_move(self, source: str, target: str, new_source: str, new_target: str) -> PinPreview | None:
        """Return what moving an end of a pair would change."""
        return _told(self._document.outcome_of_move((source, target), (new_source, new_target)))

    def _show_several(self, by: QObject | None) -> None:
        if by is not self._view:
            self._view.set_multi_selection(self._chosen.several)

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
            expected, self._expected = self._expected, None
            if expected is not None:
                # The scroll bars know their new ranges once the event loop has turned.
                QTimer.singleShot(0, self, partial(self._view.restore_view_state, expected))

    def _show_selection(self, selection: Selection) -> None:
        self._view.set_selection(selection.source, selection.target)


def _told(outcome: Outcome | None) -> PinPreview | None:
    return PinPreview(outcome.change, outcome.added, outcome.removed) if outcome is not None else None
