"""The pairs pane: every pair in a table that can be sorted, filtered and reached by keyboard."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.document.document import Document
from dpiat_gui.document.places import places_of
from dpiat_gui.document.selection import Selection
from dpiat_gui.services.theme import Theme
from dpiat_gui.ui.choosing import Chosen
from dpiat_gui.ui.pair_filter import parse_filter
from dpiat_gui.ui.pair_rows import HEADERS, Column, PairRow
from dpiat_gui.ui.pairs_model import ROW_ROLE, PairsModel, PairsProxy
from dpiat_gui.ui.pairs_table import PairsTable
from dpiat_gui.ui.widgets import empty_page, muted, set_state

if TYPE_CHECKING:
    from dpiat_gui.matching.compare import Comparison

_NO_NETWORKS = "Open two networks to see their pairs."
_NO_ROW = "No pair passes the filter."
_FILTER_HELP = """Only rows that pass every term are shown.
  word  or  "two words"      anywhere in the row
  score<0.5   covered>=90%   numbers: <  <=  =  >=  >
  kind:conv   shape:64x3     part of one column
  source:blocks.1   target:head
  state:pinned,weak          auto, pinned, weak, fresh, banned, unused
  change:added               added, removed, changed, same (while comparing)
  -state:auto                a minus leaves out what passes"""


class PairsPanel(QWidget):
    """The pairs table with its filter line, in step with the document's selection.

    Signals
    -------
    centre_requested : Selection
        Enter or a double click on a row: the canvas should show it.
    context_menu_requested : QPoint
        Where on the screen the menu of the selected row should open; the row is selected first.
    count_changed : int
        Number of matched pairs, for the tab's text.
    """

    centre_requested = Signal(object)
    context_menu_requested = Signal(object)
    count_changed = Signal(int)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._following = False
        self._chosen: Chosen | None = None
        self._count = 0
        self.model = PairsModel(self)
        self.proxy = PairsProxy(self)
        self.proxy.setSourceModel(self.model)
        self.filter_line = QLineEdit()
        self.shown = muted()
        self.error = muted(small=True)
        self.table = self._make_table()
        self.empty_text = muted(_NO_NETWORKS)
        self.clear_filter = QPushButton("Clear filter")
        self._stack = QStackedWidget()
        # Plan and coverage take longer than the matching; the table does not wait for them.
        self._coverage_timer = QTimer(self, singleShot=True, interval=0)
        self._lay_out()
        self._connect()
        self._on_matching_changed()

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self.model.set_theme(theme)

    def set_filter_text(self, text: str) -> None:
        """Filter by `text`, as if it were typed."""
        self.filter_line.setText(text)

    def copy_rows(self) -> None:
        """Copy the selected rows, or all that are shown, as tab-separated text with a header."""
        lines = ["\t".join(row) for row in self.cells(selected=True)]
        QGuiApplication.clipboard().setText("\n".join(lines) + "\n")

    def cells(self, *, selected: bool = False) -> list[list[str]]:
        """Return the header and the rows as they are shown: filtered and sorted.

        Parameters
        ----------
        selected
            The selected rows alone, where there are any.
        """
        chosen = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        rows = (chosen if selected else []) or range(self.proxy.rowCount())
        columns = [column for column in Column if not self.table.isColumnHidden(column)]
        found = [[HEADERS[column] for column in columns]]
        return found + [[self._row(at).text(column) for column in columns] for at in rows]

    def show_comparison(self, comparison: "Comparison | None") -> None:
        """Add a column that says how another matching differs; None takes it away."""
        changes = None
        if comparison is not None:
            changes = {
                change.target: (change.kind, change.before.source if change.before else "")
                for change in comparison.changes
            }
        self.table.show_column(Column.BEFORE, comparison is not None)
        with self._keeping_selection():
            self.model.set_changes(changes)
        self._show_what_there_is()

    # -- set-up -------------------------------------------------------------------------

    def _make_table(self) -> PairsTable:
        table = PairsTable()
        table.setAccessibleName("Pairs")
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        # Until a person sorts, unused sources stand between the targets, where they belong.
        table.show_rows(self.proxy)
        table.setColumnHidden(Column.BEFORE, True)
        # Beside the source it has now, where it is seen without scrolling.
        table.horizontalHeader().moveSection(Column.BEFORE, Column.TARGET)
        return table

    def _lay_out(self) -> None:
        self.filter_line.setPlaceholderText("Filter: score<0.5 kind:conv state:pinned")
        self.filter_line.setToolTip(_FILTER_HELP)
        self.filter_line.setAccessibleName("Filter of the pairs")
        self.filter_line.setAccessibleDescription(_FILTER_HELP)
        self.filter_line.setClearButtonEnabled(True)
        self.filter_line.setProperty("pill", True)
        self.error.setProperty("state", "error")
        self.error.hide()
        top = QHBoxLayout()
        top.addWidget(self.filter_line, 3)
        top.addWidget(self.error, 2)
        top.addStretch(1)
        top.addWidget(self.shown)
        self._stack.addWidget(self.table)
        self._stack.addWidget(empty_page(self.empty_text, self.clear_filter))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 0)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self._stack, 1)
        self.setFocusProxy(self.table)

    def _connect(self) -> None:
        document = self._document
        document.matching_changed.connect(self._on_matching_changed)
        document.plan_changed.connect(self._coverage_timer.start)
        document.selection_changed.connect(self._follow)
        self._coverage_timer.timeout.connect(self._fill_covered)
        self.filter_line.textChanged.connect(self._on_filter_changed)
        self.filter_line.installEventFilter(self)
        self.clear_filter.clicked.connect(self.filter_line.clear)
        self.table.selectionModel().currentRowChanged.connect(self._on_row_chosen)
        self.table.selectionModel().selectionChanged.connect(self._on_row_chosen)
        self.table.opened.connect(self._on_opened)
        self.table.doubleClicked.connect(self._on_opened)
        self.table.copied.connect(self.copy_rows)
        self.table.customContextMenuRequested.connect(self._on_context_menu)

    # -- following the document ---------------------------------------------------------

    def _on_matching_changed(self) -> None:
        matching = self._document.matching
        with self._keeping_selection():
            self.model.set_matching(matching)
        count = len(matching.pairs) if matching else 0
        if count != self._count:
            self._count = count
            self.count_changed.emit(count)
        self._coverage_timer.start()
        self._show_what_there_is()
        self._follow()

    def _fill_covered(self) -> None:
        coverage = self._document.coverage
        with self._keeping_selection():
            self.model.set_covered(coverage.by_layer if coverage is not None else {})

    @contextmanager
    def _keeping_selection(self) -> Iterator[None]:
        """Choose nothing while rows change; several that were selected are selected again by their paths."""
        chosen = self._selected_rows()
        self._following = True
        try:
            yield
            if len(chosen) > 1:
                self._select_rows(
                    {(row.source, row.target) if not row.target else row.target for row in chosen}
                )
        finally:
            self._following = False

    def _selected_rows(self) -> list[PairRow]:
        return [self._row(index.row()) for index in self.table.selectionModel().selectedRows()]

    def _select_rows(self, wanted: AbstractSet[object]) -> None:
        """Select the rows of some targets, and of pairs (source, "") without one."""
        chosen = QItemSelection()
        for at in range(self.proxy.rowCount()):
            row = self._row(at)
            if (row.target or (row.source, "")) in wanted:
                index = self.proxy.index(at, 0)
                chosen.select(index, index)
        flags = QItemSelectionModel.SelectionFlag
        self.table.selectionModel().select(chosen, flags.ClearAndSelect | flags.Rows)

    def _follow(self) -> None:
        """Make the row of the document's selection current, if it is shown."""
        if self._following:
            return
        selection = self._document.selection
        row = self._find(selection)
        selected = self.table.selectionModel()
        if row is not None and row == self.table.currentIndex().row() and selected.isRowSelected(row):
            return
        if row is not None and selected.isRowSelected(row) and len(selected.selectedRows()) > 1:
            return  # one of several that are chosen together
        self._following = True
        try:
            if row is None:
                selected.clear()
                return
            index = self.proxy.index(
                row, self.table.currentIndex().column() if self.table.currentIndex().isValid() else 0
            )
            flags = QItemSelectionModel.SelectionFlag
            selected.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.table.scrollTo(index, QAbstractItemView.ScrollHint.EnsureVisible)
        finally:
            self._following = False

    def _find(self, selection: Selection) -> int | None:
        """Return the row of a selection; of a block, that of its first layer which is shown."""
        wanted = self._layer_paths(selection)
        if not wanted:
            return None
        side = 1 if selection.target is not None else 0
        for at in range(self.proxy.rowCount()):
            row = self._row(at)
            if (row.target if side else row.source) in wanted:
                return at
        return None

    def _layer_paths(self, selection: Selection) -> frozenset[str]:
        document = self._document
        path = selection.target if selection.target is not None else selection.source
        network = document.target if selection.target is not None else document.source
        if path is None or network is None:
            return frozenset()
        place = places_of(network, document.options.layer_types).get(path)
        if place is None:
            return frozenset()
        layers = (place.layer,) if place.layer else place.block.layers
        return frozenset(layer.path for layer in layers)

    # -- what a person does -------------------------------------------------------------

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Leave the filter line: Esc clears it, Down and Enter go to the table."""
        if (
            watched is self.filter_line
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
        ):
            if event.key() == Qt.Key.Key_Escape and self.filter_line.text():
                self.filter_line.clear()
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._enter_table()
                return True
        return False

    def _enter_table(self) -> None:
        if not self.proxy.rowCount():
            return
        self.table.setFocus(Qt.FocusReason.TabFocusReason)
        if not self.table.selectionModel().hasSelection():
            # The focus alone makes a row current, and chooses none.
            self.table.selectRow(max(self.table.currentIndex().row(), 0))

    def _on_filter_changed(self, text: str) -> None:
        parsed = parse_filter(text)
        self._following = True
        try:
            self.proxy.set_filter(parsed)
        finally:
            self._following = False
        self.error.setText(parsed.error)
        self.error.setVisible(bool(parsed.error))
        set_state(self.filter_line, "invalid", bool(parsed.error))
        self._show_what_there_is()
        self._follow()

    def _show_what_there_is(self) -> None:
        rows, shown = self.model.rowCount(), self.proxy.rowCount()
        self.shown.setText(
            "" if not rows else f"{shown} rows" if shown == rows else f"{shown} of {rows} rows"
        )
        self._stack.setCurrentIndex(0 if shown else 1)
        error = self._document.match_error
        self.empty_text.setText(_NO_ROW if rows else str(error) if error else _NO_NETWORKS)
        self.clear_filter.setVisible(bool(rows))

    def _on_row_chosen(self) -> None:
        """Select in the document what is current here, and selected: focus alone chooses nothing."""
        current = self.table.currentIndex()
        if not current.isValid() or not self.table.selectionModel().isRowSelected(current.row()):
            return
        self._choose(current.row())
        if not self._following and self._chosen is not None:
            rows = self._selected_rows()
            self._chosen.set_several([(row.source or None, row.target or None) for row in rows], by=self)

    def follow_chosen(self, chosen: Chosen) -> None:
        """Tell which rows are selected together, and select those that others chose."""
        self._chosen = chosen
        chosen.changed.connect(self._show_chosen)

    def _show_chosen(self, by: QObject | None) -> None:
        if by is self or self._chosen is None or not self._chosen.several:
            return
        self._following = True
        try:
            self._select_rows({target or (source, "") for source, target in self._chosen.several})
        finally:
            self._following = False

    def _choose(self, row: int) -> None:
        if self._following:
            return
        self._following = True
        try:
            self._document.select(self._row(row).selection)
        finally:
            self._following = False

    def _on_opened(self) -> None:
        index = self.table.currentIndex()
        if index.isValid():
            self._choose(index.row())
            self.centre_requested.emit(self._document.selection)

    def _on_context_menu(self, where: QPoint) -> None:
        index = self.table.indexAt(where)
        if index.isValid():
            if not self.table.selectionModel().isRowSelected(index.row()):
                self.table.setCurrentIndex(index)
            self._choose(index.row())
            self.context_menu_requested.emit(self.table.viewport().mapToGlobal(where))

    def _row(self, at: int) -> PairRow:
        row = self.proxy.index(at, 0).data(ROW_ROLE)
        assert isinstance(row, PairRow)
        return row
