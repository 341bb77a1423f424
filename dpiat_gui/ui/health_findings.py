"""The table of what a check found: a row for each layer, its worst finding in it."""

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from dpiat_gui.services.theme import Theme
from dpiat_gui.transfer.sanity import SanityReport
from dpiat_gui.ui import health_texts as texts
from dpiat_gui.ui.health_curves import place_of
from dpiat_gui.ui.widgets import set_headings


class FindingsTable(QTreeWidget):
    """Flagged layers in the order of the target; choosing one says so.

    Signals
    -------
    layer_chosen : str
        Path of a target layer.
    """

    layer_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filling = False
        self.setAccessibleName("Flagged layers")
        set_headings(
            self,
            {
                "Layer": "Layer of the target that is out of order",
                "What": "What is wrong with it, and whether in evaluation or in training",
                "After": "What was measured after the transfer, and how many times what it is held against",
            },
        )
        # In less, names of layers would be cut to their last letters.
        self.setMinimumSize(230, 60)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.currentItemChanged.connect(self._row_chosen)

    def show_report(self, report: SanityReport, theme: Theme) -> None:
        """List the findings of a report in the colours of `theme`."""
        self._filling = True
        self.clear()
        worst = sorted(report.worst().items(), key=lambda item: place_of(report, item[0]))
        modes = {finding.mode for _, finding in worst}
        # Where all are of one mode it is said once, and the names of the layers have the room.
        self.headerItem().setText(1, f"In {next(iter(modes))}" if len(modes) == 1 else "What")
        for path, finding in worst:
            item = QTreeWidgetItem(list(texts.finding_row(finding, with_mode=len(modes) > 1)))
            item.setData(0, Qt.ItemDataRole.UserRole, path)
            for column in range(3):
                item.setToolTip(column, f"{path or 'The whole network'}: {finding.text}")
            bad = finding.kind in ("not finite", "exploding")
            item.setForeground(1, theme.color("error" if bad else "warning"))
            self.addTopLevelItem(item)
        if not report.findings:
            item = QTreeWidgetItem(["No layer is flagged."])
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.addTopLevelItem(item)
            self.setFirstColumnSpanned(0, self.rootIndex(), True)
        rows = self.topLevelItemCount() * max(self.sizeHintForRow(0), self.fontMetrics().height())
        self.setMaximumHeight(self.header().sizeHint().height() + rows + 8)
        self._filling = False

    def select_layer(self, path: str) -> None:
        """Select the row of a layer, none for one that is not flagged; nothing is told."""
        self._filling = True
        item = self.currentItem()
        if item is not None and item.data(0, Qt.ItemDataRole.UserRole) != path:
            self.setCurrentIndex(QModelIndex())
        for at in range(self.topLevelItemCount()):
            row = self.topLevelItem(at)
            if row is not None and path and row.data(0, Qt.ItemDataRole.UserRole) == path:
                self.setCurrentItem(row)
                break
        self._filling = False

    def _row_chosen(self, item: QTreeWidgetItem | None, _before: QTreeWidgetItem | None) -> None:
        path = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else ""
        if path and not self._filling:
            self.layer_chosen.emit(path)
