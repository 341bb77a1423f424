"""The table of pairs as a widget: keys, and columns that share the width there is."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QTableView, QWidget

from dpiat_gui.ui.pair_rows import Column

_PATHS = {Column.SOURCE: 19, Column.TARGET: 19, Column.SHAPES: 16}
"""Columns that share the width that is left, with their least widths in characters."""
_FIXED = {Column.KIND: 18, Column.SCORE: 12, Column.STATE: 13, Column.COVERED: 14}
"""Columns that need the same width always, in characters."""
_BEFORE = {Column.BEFORE: 19}
"""One more of the first kind, while another matching is compared."""


class PairsTable(QTableView):
    """The table itself: Enter opens, Ctrl+C copies, columns share the width there is.

    Signals
    -------
    opened
        Enter on a row.
    copied
        Ctrl+C.
    """

    opened = Signal()
    copied = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sized_by_hand = False
        self._sizing = False
        self.horizontalHeader().sectionResized.connect(self._on_section_resized)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share out the width, until a person sets that of a column."""
        super().resizeEvent(event)
        self.share_width()

    def share_width(self) -> None:
        """Give every column what it needs, and share the rest among those of paths."""
        if self._sized_by_hand or not self.model():
            return
        character = self.fontMetrics().averageCharWidth()
        left = self.viewport().width() - sum(_FIXED.values()) * character
        paths = _PATHS if self.isColumnHidden(Column.BEFORE) else _PATHS | _BEFORE
        self._sizing = True
        for column, characters in _FIXED.items():
            self.setColumnWidth(column, characters * character)
        for column, characters in paths.items():
            share = left * characters // sum(paths.values())
            self.setColumnWidth(column, max(share, characters * character))
        self._sizing = False

    def _on_section_resized(self) -> None:
        if not self._sizing and self.isVisible():
            self._sized_by_hand = True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Enter and the key for copying."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.opened.emit()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copied.emit()
        else:
            super().keyPressEvent(event)
