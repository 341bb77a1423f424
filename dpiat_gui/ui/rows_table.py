"""What tables of rows share: the keyboard, the look, and columns that share the width there is."""

from PySide6.QtCore import QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget


class RowsTable(QTableView):
    """A table of whole rows: Enter opens, Ctrl+C copies, columns share the width there is.

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
        self._sized_by_hand = self._sizing = False
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        # The end of a path tells more than its beginning.
        self.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(round(self.fontMetrics().height() * 1.6))
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().sectionResized.connect(self._on_section_resized)

    def show_rows(self, proxy: QSortFilterProxyModel) -> None:
        """Show the rows of a model, in its own order until a person sorts."""
        self.setModel(proxy)
        self.setSortingEnabled(True)
        proxy.sort(-1)
        header = self.horizontalHeader()
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorClearable(True)

    def show_column(self, column: int, shown: bool) -> None:
        """Show a column or hide it, and share the width among those that are shown."""
        # Qt reports a column that appears like one that a person made wider.
        self._sizing = True
        self.setColumnHidden(column, not shown)
        self._sizing = False
        self.share_width()

    def share_width(self) -> None:
        """Give every column what it needs, and share the rest, until a person sets a width."""
        if self._sized_by_hand or not self.model():
            return
        self._sizing = True
        self._set_widths(self.viewport().width(), self.fontMetrics().averageCharWidth())
        self._sizing = False

    def _set_widths(self, width: int, character: int) -> None:
        """Set the width of every column; `width` is that of all, `character` that of a letter."""
        raise NotImplementedError

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share out the width."""
        super().resizeEvent(event)
        self.share_width()

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
