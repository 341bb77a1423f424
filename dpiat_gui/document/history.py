"""The history of the document: how an edit becomes a step that can be undone."""

from PySide6.QtCore import QObject

from dpiat_gui.document import edits
from dpiat_gui.document.commands import Change
from dpiat_gui.document.readable import ReadableDocument
from dpiat_gui.document.selection import Selection
from dpiat_gui.document.state import DocumentState, Snapshot, fitting, solved

UNDO_LIMIT = 500
"""Steps of undo; each holds two small values, and shares networks and tables with the others."""


class RecordedDocument(ReadableDocument):
    """The document with its history: every edit is computed whole, then pushed as one flat step."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack.setUndoLimit(UNDO_LIMIT)
        self.undo_stack.cleanChanged.connect(self._on_clean_changed)

    def _on_clean_changed(self, clean: bool) -> None:
        self.modified_changed.emit(not clean)

    def _edit(
        self, text: str, state: DocumentState, setting: str = "", asked: Selection | None = None
    ) -> bool:
        """Push `state` as one step, unless it is what there is already.

        `asked` is selected with it, in one change of the selection.
        """
        if state == self.state:
            return False
        after = solved(state, self._snapshot)
        if asked is not None:
            self._asked = asked
        self._push(text, after, setting)
        return True

    def _refit(self, text: str, state: DocumentState, setting: str = "") -> None:
        """Push `state` with the overrides that fit it, and report the others."""
        if state == self.state:
            return
        snapshot, reasons = fitting(state, self._snapshot)
        self._push(text, snapshot, setting)
        if snapshot.error is not None:
            self.message.emit(str(snapshot.error))
        elif reasons:
            self.message.emit(edits.dropped_text(reasons))

    def _push(self, text: str, after: Snapshot, setting: str = "") -> None:
        self.undo_stack.push(Change(text, self._snapshot, after, self._assign, setting))
