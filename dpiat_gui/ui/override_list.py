"""The list of overrides as a widget: its columns, how they sort, and its keys."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

OVERRIDE_ROLE = Qt.ItemDataRole.UserRole + 1
KEY_ROLE = Qt.ItemDataRole.UserRole + 2
"""What a cell is sorted by."""
KIND, SOURCE, TARGET, HERE, ALONE, STATE = range(6)
HEADERS = ("Kind", "Source", "Target", "Costs", "Alone", "State")
TIPS = (
    "Tick: the override counts. Without the tick it is kept, and has no effect (Space).",
    "Path of the source layer or block",
    "Path of the target layer or block",
    "Total score with all overrides, less the total without this one",
    "Total score with this override alone, less that of the automatic matching",
    "on: it counts · off: it is kept without effect · does not fit: its rows are not there, or cannot match",
)


class OverrideItem(QTreeWidgetItem):
    """A row; columns sort by what they mean."""

    def __lt__(self, other: QTreeWidgetItem) -> bool:
        tree = self.treeWidget()
        column = tree.sortColumn() if tree is not None else 0
        return bool(self.data(column, KEY_ROLE) < other.data(column, KEY_ROLE))


class OverrideList(QTreeWidget):
    """The list itself: Delete removes, Enter opens, Space disables and enables."""

    removed = Signal()
    opened = Signal()
    switched = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Overrides")
        self.setHeaderLabels(list(HEADERS))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setSortingEnabled(True)
        self.sortByColumn(KIND, Qt.SortOrder.AscendingOrder)
        header, head = self.header(), self.headerItem()
        header.setStretchLastSection(False)
        for column, tip in enumerate(TIPS):
            head.setToolTip(column, tip)
            wide = column in (SOURCE, TARGET)
            mode = QHeaderView.ResizeMode.Stretch if wide else QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(column, mode)
        # Qt forgets the frame of a styled tick box when it asks how wide the contents are.
        header.setSectionResizeMode(KIND, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(KIND, round(5.8 * self.fontMetrics().height()))
        for column in (HERE, ALONE):
            head.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Delete, Enter and Space."""
        keys = {
            Qt.Key.Key_Delete: self.removed,
            Qt.Key.Key_Backspace: self.removed,
            Qt.Key.Key_Return: self.opened,
            Qt.Key.Key_Enter: self.opened,
            Qt.Key.Key_Space: self.switched,
        }
        wish = keys.get(Qt.Key(event.key()))
        if wish is not None and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            wish.emit()
        else:
            super().keyPressEvent(event)
