"""The list of a comparison: a line for each target, in any order of its columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from dpiat_gui.services.theme import fixed_font
from dpiat_gui.ui.comparing import KIND_TIPS, KINDS, Row
from dpiat_gui.ui.texts import cost

HEADERS: tuple[tuple[str, str], ...] = (
    ("Pair", "Whether both matchings have the pair, one of them alone, or each another"),
    ("Target", "The layer that takes; sorted by its place in the network"),
    ("Source here", "What gives to it in the present matching"),
    ("Score", "The score of the present pair: 1 for equal shapes, 0 for nothing in common"),
    ("Source there", "What gives to it in the other matching"),
    ("Score", "The score of the other pair: 1 for equal shapes, 0 for nothing in common"),
    (
        "To the total",
        "What the target adds to the total here less what it adds there: its score, lowered by spans and "
        "by a skip that is lost",
    ),
)
_PATHS, _NUMBERS = (1, 2, 4), (3, 5, 6)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class CompareList(QTreeWidget):
    """Lines of two matchings; going to a line tells of it, by mouse or keyboard.

    Signals
    -------
    chosen : Row
        The current line is another.
    """

    chosen = Signal(Row)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderLabels([text for text, _ in HEADERS])
        for column, (_, tip) in enumerate(HEADERS):
            self.headerItem().setToolTip(column, f"{tip}. Click to sort by it.")
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self.setAccessibleName("Pairs of both matchings")
        header = self.header()
        header.setStretchLastSection(False)
        for column in range(len(HEADERS)):
            wide = column in _PATHS
            mode = QHeaderView.ResizeMode.Stretch if wide else QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(column, mode)
        self.sortByColumn(1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self.currentItemChanged.connect(self._tell)
        self.itemClicked.connect(self._tell)

    def show_rows(self, rows: Sequence[Row], order: Mapping[str, int]) -> None:
        """Show other lines, in the order that was chosen; `order` holds the places of the targets."""
        self.blockSignals(True)
        self.clear()
        # Sorted once at the end, not at each line.
        self.setSortingEnabled(False)
        self.addTopLevelItems([_Line(row, order.get(row.target, len(order))) for row in rows])
        self.setSortingEnabled(True)
        self.blockSignals(False)

    def _tell(self, item: QTreeWidgetItem | None, _before: object = None) -> None:
        if isinstance(item, _Line):
            self.chosen.emit(item.row)


class _Line(QTreeWidgetItem):
    """A line that sorts by what it means rather than by its letters."""

    def __init__(self, row: Row, place: int) -> None:
        here, there = (
            (pair.source, f"{pair.score:.3f}") if pair else ("–", "") for pair in (row.here, row.there)
        )
        difference = "" if row.kind == "both" and cost(row.difference) == "±0" else cost(row.difference)
        super().__init__([KINDS[row.kind], row.target, *here, *there, difference])
        self.row = row
        scores = [pair.score if pair else -1.0 for pair in (row.here, row.there)]
        kinds = list(KINDS)
        self._keys: tuple[Any, ...] = (
            (kinds.index(row.kind), place),
            place,
            here[0],
            scores[0],
            there[0],
            scores[1],
            row.difference,
        )
        for column in range(1, len(HEADERS)):
            self.setFont(column, fixed_font())
        for column in _NUMBERS:
            self.setTextAlignment(column, _RIGHT)
        self.setToolTip(0, KIND_TIPS[row.kind])
        for column in _PATHS:
            self.setToolTip(column, self.text(column))
        words = f"{KINDS[row.kind]}: {row.target} takes from {here[0]} here, from {there[0]} there"
        self.setData(0, Qt.ItemDataRole.AccessibleTextRole, words)

    def __lt__(self, other: QTreeWidgetItem) -> bool:
        tree = self.treeWidget()
        column = tree.sortColumn() if tree is not None else 1
        if not isinstance(other, _Line):
            return False
        return bool(self._keys[column] < other._keys[column])
