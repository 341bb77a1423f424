"""The present matching compared: with the automatic one, a step of the history, or another method's."""

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection
from dpiat_gui.document.solving import is_slow
from dpiat_gui.document.state import DocumentState, fitting
from dpiat_gui.errors import DpiatError
from dpiat_gui.services.theme import fixed_font
from dpiat_gui.ui.method_texts import MATCHERS
from dpiat_gui.ui.texts import cost, percent, plural
from dpiat_gui.ui.widgets import muted

if TYPE_CHECKING:
    from dpiat_gui.matching.compare import Comparison
    from dpiat_gui.matching.values import Matching, Pair

AUTOMATIC = ""
KEPT = -1
"""Stands for a step of the history that was chosen before the history went on."""
HEADERS = ("Pair", "Target", "Source here", "Score", "Source there", "Score")
KINDS = {"both": "in both", "added": "only here", "removed": "only there", "changed": "differs"}


@dataclass(frozen=True, slots=True)
class Row:
    """One target of the two matchings.

    Parameters
    ----------
    kind
        One of `KINDS`.
    target
        Its path.
    here, there
        Its pairs in the present matching and in the other, None where it has none.
    """

    kind: str
    target: str
    here: "Pair | None"
    there: "Pair | None"

    @property
    def selection(self) -> Selection:
        """What to select for it."""
        return Selection(self.here.source if self.here else None, self.target)


def rows_of(comparison: "Comparison", present: "Matching", *, all_pairs: bool) -> list[Row]:
    """Return the rows in target order: the differences, and the pairs of both if asked for."""
    rows = [Row(change.kind, change.target, change.after, change.before) for change in comparison.changes]
    if all_pairs:
        rows += [Row("both", pair.target, pair, pair) for pair in comparison.both]
    order = {layer.path: at for at, layer in enumerate(present.target.layers)}
    return sorted(rows, key=lambda row: order.get(row.target, 0))


def other_matching(state: DocumentState, method: str) -> "Matching | None":
    """Return the matching to compare with; overrides count for another method, not for ``""``."""
    if method == AUTOMATIC:
        other = replace(state, overrides=type(state.overrides)())
    else:
        other = replace(state, options=replace(state.options, method=method))
    return fitting(other)[0].matching


class CompareDialog(QDialog):
    """Two matchings of the same networks side by side; a row selects its pair on the canvas.

    It stays open beside the canvas and follows every edit.

    Signals
    -------
    compared : Comparison or None, str
        What the columns and the table should mark, and what the other matching is called; None
        when nothing should be marked any more.
    """

    compared = Signal(object, str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._rows: list[Row] = []
        self._comparison: Comparison | None = None
        self._present: Matching | None = None
        self._step: Matching | None = None
        self.setWindowTitle("Compare matchings")
        self.resize(QSize(780, 420))
        self.other = QComboBox()
        self.other.setAccessibleName("Compare the present matching with")
        self.other.addItem("the automatic matching, without overrides", AUTOMATIC)
        for name, text in MATCHERS.items():
            self.other.addItem(f"the matcher {text}", name)
        self._methods = self.other.count()
        self.other.setMaxVisibleItems(20)
        self.other.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.other.setMinimumContentsLength(40)
        self.every = QCheckBox("Show pairs that are &equal too")
        self.mark = QCheckBox("&Mark in the columns and in the pairs table")
        self.mark.setChecked(True)
        self.mark.setToolTip("A plus is only here, a minus only there; the table gets a column")
        self.figures = QLabel()
        self.figures.setWordWrap(True)
        self.equal = muted()
        self.equal.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.equal.setMinimumHeight(6 * self.fontMetrics().height())
        self.equal.hide()
        self.list = self._make_list()
        self._lay_out()
        self.other.activated.connect(self._chosen)
        self.every.toggled.connect(self._fill)
        self.mark.toggled.connect(self._tell)
        document.undo_stack.indexChanged.connect(self._list_steps)
        document.matching_changed.connect(self._follow)

    def _make_list(self) -> QTreeWidget:
        box = QTreeWidget()
        box.setHeaderLabels(list(HEADERS))
        box.setRootIsDecorated(False)
        box.setUniformRowHeights(True)
        box.setTextElideMode(Qt.TextElideMode.ElideLeft)
        box.setAccessibleName("Pairs of both matchings")
        header = box.header()
        header.setStretchLastSection(False)
        for column in range(len(HEADERS)):
            wide = column in (1, 2, 4)
            mode = QHeaderView.ResizeMode.Stretch if wide else QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(column, mode)
        box.currentItemChanged.connect(self._select)
        return box

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        label = QLabel("Compare &with")
        label.setBuddy(self.other)
        head.addWidget(label)
        head.addWidget(self.other)
        head.addStretch(1)
        head.addWidget(self.every)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 14)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.figures)
        column.addWidget(self.equal)
        column.addWidget(self.list, 1)
        foot = QHBoxLayout()
        foot.addWidget(muted("Here is the present matching, there the other one.", small=True), 1)
        foot.addWidget(self.mark)
        column.addLayout(foot)

    # -- showing ---------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Compare anew whenever it is opened."""
        super().showEvent(event)
        if not event.spontaneous():
            self._list_steps()
            self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Mark nothing any more."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.compared.emit(None, "")

    def compare_with_step(self, index: int) -> None:
        """Compare with the matching after the first `index` steps of the history, and show it."""
        self._list_steps()
        self.other.setCurrentIndex(self.other.findData(index))
        self._chosen()
        self.show()

    def _chosen(self) -> None:
        """Take the matching of a step as it is now: the history may go another way later."""
        other = self.other.currentData()
        if other != KEPT:
            self._step = self._document.snapshot_at(other).matching if isinstance(other, int) else None
        self.refresh()

    def _list_steps(self) -> None:
        """Offer the steps of the history below the methods, the latest first."""
        stack, chosen = self._document.undo_stack, self.other.currentData()
        text = self.other.currentText()
        while self.other.count() > self._methods:
            self.other.removeItem(self.other.count() - 1)
        if isinstance(chosen, int) and self._step is not None:
            self.other.addItem(text, KEPT)
            self.other.setCurrentIndex(self.other.count() - 1)
        names = ["the beginning", *(f"step {at + 1}: {stack.text(at)}" for at in range(stack.count()))]
        for at in reversed(range(len(names))):
            if at != stack.index():
                self.other.addItem(names[at], at)

    def refresh(self) -> None:
        """Solve the other matching and compare."""
        from dpiat_gui.matching.compare import compare

        present, state, method = self._document.matching, self._document.state, self.other.currentData()
        step = self._step
        self._present, self._comparison = present, None
        self._fill()
        if present is None:
            self.figures.setText("Open two networks that can be matched.")
            return
        self.figures.setText("Matching…")

        def work() -> "Comparison | None":
            other = step if step is not None else other_matching(state, method)
            return None if other is None else compare(other, present)

        known = method == AUTOMATIC or step is not None
        options = state.options if known else replace(state.options, method=method)
        slow = step is None and is_slow(replace(state, options=options))
        done = partial(self._compared, present, method)
        self._document.work_out(self, work, done, partial(self._failed, method), slow=slow)

    def _compared(self, present: "Matching", method: str, comparison: "Comparison | None") -> None:
        if present is not self._document.matching or method != self.other.currentData():
            return
        self._comparison = comparison
        self.figures.setText("There is no such matching." if comparison is None else _figures(comparison))
        self._fill()
        self._tell()

    def _tell(self) -> None:
        """Let the columns and the table mark what differs, or nothing."""
        shown = self.isVisible() and self.mark.isChecked()
        self.compared.emit(self._comparison if shown else None, self.other.currentText())

    def _failed(self, method: str, error: DpiatError) -> None:
        if method == self.other.currentData():
            self.figures.setText(str(error))

    def _follow(self) -> None:
        if self.isVisible():
            self.refresh()

    def _fill(self, _every: object = None) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        self._rows = []
        if self._comparison is not None and self._present is not None:
            every = self.every.isChecked()
            self._rows = rows_of(self._comparison, self._present, all_pairs=every)
            self.list.addTopLevelItems([_item(row) for row in self._rows])
        same = self._comparison is not None and not self._comparison.changes
        self.equal.setText(f"Both matchings are the same: every pair is also in {self.other.currentText()}.")
        self.equal.setVisible(same)
        self.list.setVisible(not same or bool(self._rows))
        self.list.blockSignals(False)

    def _select(self) -> None:
        at = self.list.currentIndex().row()
        if 0 <= at < len(self._rows):
            self._document.select(self._rows[at].selection)


def _figures(comparison: "Comparison") -> str:
    words = [
        plural(len(comparison.both), "pair in both", "pairs in both"),
        f"{len(comparison.only_second)} only here",
        f"{len(comparison.only_first)} only there",
        f"{percent(comparison.agreement)} agree",
        f"total score {cost(comparison.score_difference)} against the other",
    ]
    return " · ".join(words)


def _item(row: Row) -> QTreeWidgetItem:
    def told(pair: "Pair | None") -> tuple[str, str]:
        return (pair.source, f"{pair.score:.3f}") if pair else ("–", "")

    here, there = told(row.here), told(row.there)
    item = QTreeWidgetItem([KINDS[row.kind], row.target, *here, *there])
    for column in (1, 2, 3, 4, 5):
        item.setFont(column, fixed_font())
    for column in (1, 2, 4):
        item.setToolTip(column, item.text(column))
    words = f"{KINDS[row.kind]}: {row.target} takes from {here[0]} here, from {there[0]} there"
    item.setData(0, Qt.ItemDataRole.AccessibleTextRole, words)
    return item
