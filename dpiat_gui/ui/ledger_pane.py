"""The coverage pane: every element of the target accounted for, in a table with bars."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection
from dpiat_gui.services.theme import Theme
from dpiat_gui.ui.ledger_model import ENTRY_ROLE, Column, Entry, LedgerModel, LedgerProxy, Level, entries_of
from dpiat_gui.ui.ledger_table import LedgerTable, TotalBar
from dpiat_gui.ui.texts import plural
from dpiat_gui.ui.widgets import empty_page, muted

if TYPE_CHECKING:
    from dpiat_gui.transfer.ledger import Ledger

_LEVELS: tuple[tuple[str, Level], ...] = (("Tensors", "tensors"), ("Layers", "layers"), ("Blocks", "blocks"))
_NO_NETWORKS = "Open two networks to see what becomes of every element of the target."
_NO_ROW = "No row passes the filter."
_FILTER_HELP = (
    "Words that must occur in the name, the source, the state or the reason;\n"
    "a minus leaves out: fresh -bias    set by a step    blocks.2 in part"
)


class LedgerPane(QWidget):
    """The ledger in step with the document: its plan, and its selection both ways.

    Signals
    -------
    centre_requested : Selection
        Enter or a double click on a row: the canvas should show it.
    """

    centre_requested = Signal(object)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._ledger: Ledger | None = None
        self._of: object = None
        self._shown: Ledger | None = None
        self._following = False
        self.model = LedgerModel(self)
        self.proxy = LedgerProxy(self)
        self.proxy.setSourceModel(self.model)
        self.total = TotalBar()
        self.level = QComboBox()
        self.filter_line = QLineEdit()
        self.shown = muted()
        self.exports = QToolButton()
        self.table = self._make_table()
        self.empty_text = muted(_NO_NETWORKS)
        self.clear_filter = QPushButton("Clear filter")
        self._stack = QStackedWidget()
        # Planning and counting wait until the pane is seen, and the matching has been drawn.
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._lay_out()
        self._connect()
        self._show_what_there_is()

    @property
    def ledger(self) -> "Ledger | None":
        """The ledger of the document as it is now; None where there is no matching."""
        plan = self._document.plan
        if plan is None:
            self._ledger = self._of = None
        elif self._of is not plan:
            from dpiat_gui.transfer.ledger import ledger

            self._ledger, self._of = ledger(plan, self._document.target), plan
        return self._ledger

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self.model.set_theme(theme)
        self.table.bars.theme = theme
        self.table.viewport().update()
        self.total.set_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:
        """Count, if that was put off."""
        super().showEvent(event)
        self._timer.start()

    # -- building -----------------------------------------------------------------------

    def _make_table(self) -> LedgerTable:
        table = LedgerTable()
        table.setAccessibleName("Coverage of the target")
        table.show_rows(self.proxy)
        # What is counted stands beside the name, where it is seen without scrolling.
        header = table.horizontalHeader()
        header.moveSection(header.visualIndex(Column.SOURCE), header.visualIndex(Column.STATE))
        return table

    def _lay_out(self) -> None:
        for text, level in _LEVELS:
            self.level.addItem(text, level)
        self.level.setAccessibleName("What a row stands for")
        self.level.setToolTip("One row for each tensor, layer or block of the target")
        self.filter_line.setPlaceholderText("Filter: fresh -bias")
        self.filter_line.setToolTip(_FILTER_HELP)
        self.filter_line.setAccessibleName("Filter of the coverage")
        self.filter_line.setAccessibleDescription(_FILTER_HELP)
        self.filter_line.setClearButtonEnabled(True)
        self.filter_line.setProperty("pill", True)
        self.exports.setText("Exports ▾")
        self.exports.setAccessibleName("Exports")
        self.exports.setToolTip("Write the ledger, the plan or a script that repeats it")
        self.exports.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        label = QLabel("&Rows")
        label.setBuddy(self.level)
        top = QHBoxLayout()
        top.setSpacing(8)
        for widget in (label, self.level):
            top.addWidget(widget)
        top.addWidget(self.filter_line, 3)
        top.addWidget(self.shown)
        top.addStretch(1)
        top.addWidget(self.exports)
        self._stack.addWidget(self.table)
        self._stack.addWidget(empty_page(self.empty_text, self.clear_filter))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 0)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self.total)
        layout.addWidget(self._stack, 1)
        self.setFocusProxy(self.table)

    def _connect(self) -> None:
        document = self._document
        for signal in (document.plan_changed, document.matching_changed):
            signal.connect(self._later)
        document.selection_changed.connect(self._follow)
        self._timer.timeout.connect(self.refresh)
        self.level.currentIndexChanged.connect(self._fill)
        self.filter_line.textChanged.connect(self._on_filter_changed)
        self.filter_line.installEventFilter(self)
        self.clear_filter.clicked.connect(self.filter_line.clear)
        self.table.selectionModel().selectionChanged.connect(self._on_row_chosen)
        self.table.opened.connect(self._on_opened)
        self.table.doubleClicked.connect(self._on_opened)
        self.table.copied.connect(self.copy_rows)

    # -- following the document ---------------------------------------------------------

    def _later(self) -> None:
        if self.isVisible():
            self._timer.start()

    def refresh(self) -> None:
        """Show the ledger of the document, if another is shown."""
        found = self.ledger
        if self._shown is None or self._shown is not found:
            self._shown = found
            self.total.set_amounts(found.total if found else None)
            self._fill()

    def _fill(self) -> None:
        level: Level = self.level.currentData()
        self._following = True
        try:
            self.model.set_entries(entries_of(self._ledger, level) if self._ledger else (), level)
        finally:
            self._following = False
        self.table.show_sums(level != "tensors")
        self._show_what_there_is()
        self._follow()

    def _follow(self) -> None:
        """Make the first row of the document's selected target current, if it is shown."""
        path = self._document.selection.target
        if self._following or not self.model.entries:
            return
        self._following = True
        try:
            selected = self.table.selectionModel()
            row = self._find(path) if path else None
            current = self.table.currentIndex()
            if row is None:
                selected.clear()
            elif not (selected.isRowSelected(current.row()) and self._is_of(current, path)):
                index = self.proxy.index(row, 0)
                flags = QItemSelectionModel.SelectionFlag
                selected.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
                self.table.scrollTo(index, QAbstractItemView.ScrollHint.EnsureVisible)
        finally:
            self._following = False

    def _is_of(self, index: QModelIndex, path: str | None) -> bool:
        entry = index.data(ENTRY_ROLE)
        return isinstance(entry, Entry) and entry.path == path

    def _find(self, path: str) -> int | None:
        """Return the first row of a layer, of the block it is in, or of a block's layers."""
        best: int | None = None
        for at in range(self.proxy.rowCount()):
            entry = self._entry(at)
            if entry.path == path:
                return at
            inside = entry.path.startswith(f"{path}.") or (entry.path and path.startswith(f"{entry.path}."))
            if best is None and inside:
                best = at
        return best

    # -- what a person does -------------------------------------------------------------

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Leave the filter line: Esc clears it, Down and Enter go to the table."""
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if watched is self.filter_line and isinstance(event, QKeyEvent) and pressed:
            if event.key() == Qt.Key.Key_Escape and self.filter_line.text():
                self.filter_line.clear()
                return True
            onward = event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if onward and self.proxy.rowCount():
                self.table.setFocus(Qt.FocusReason.TabFocusReason)
                if not self.table.currentIndex().isValid():
                    self.table.selectRow(0)
                return True
        return False

    def copy_rows(self) -> None:
        """Copy the selected rows, or all that are shown, as tab-separated text with a header."""
        from dpiat_gui.transfer.ledger import PARTS, tsv

        chosen = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        entries = [self._entry(at) for at in chosen or range(self.proxy.rowCount())]
        rows = [entry.row for entry in entries if entry.row is not None]
        if rows:
            text = tsv(rows)
        else:
            lines = [["path", "elements", *PARTS]]
            for entry in entries:
                told = (str(getattr(entry.amounts, name)) for name in ("elements", *PARTS))
                lines.append([entry.path, *told])
            text = "\n".join("\t".join(line) for line in lines) + "\n"
        QGuiApplication.clipboard().setText(text)
        self._document.message.emit(f"{plural(len(entries), 'row')} copied.")

    def _on_filter_changed(self, text: str) -> None:
        self._following = True
        try:
            self.proxy.set_filter(text)
        finally:
            self._following = False
        self._show_what_there_is()
        self._follow()

    def _show_what_there_is(self) -> None:
        rows, shown = self.model.rowCount(), self.proxy.rowCount()
        counted = f"{shown:,} rows" if shown == rows else f"{shown:,} of {rows:,} rows"
        self.shown.setText(counted if rows else "")
        self._stack.setCurrentIndex(0 if shown else 1)
        error = self._document.match_error
        self.empty_text.setText(_NO_ROW if rows else str(error) if error else _NO_NETWORKS)
        self.clear_filter.setVisible(bool(rows))
        self.total.setVisible(bool(rows))
        for widget in (self.level, self.filter_line, self.exports):
            widget.setEnabled(bool(rows))

    def _on_row_chosen(self) -> None:
        """Select in the document what is current here, and selected: focus alone chooses nothing."""
        current = self.table.currentIndex()
        if not current.isValid() or not self.table.selectionModel().isRowSelected(current.row()):
            return
        path = self._entry(current.row()).path
        if self._following or not path:
            return
        self._following = True
        try:
            self._document.select(Selection(target=path))
        finally:
            self._following = False

    def _on_opened(self) -> None:
        if self.table.currentIndex().isValid():
            self._on_row_chosen()
            self.centre_requested.emit(self._document.selection)

    def _entry(self, at: int) -> Entry:
        entry = self.proxy.index(at, Column.NAME).data(ENTRY_ROLE)
        assert isinstance(entry, Entry)
        return entry
