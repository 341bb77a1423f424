"""The report of overrides that do not fit the networks, each with paths that are near."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.document.corrections import Misfit, Override, near_overrides
from dpiat_gui.document.document import Document
from dpiat_gui.errors import DpiatError
from dpiat_gui.services.theme import fixed_font
from dpiat_gui.ui.texts import plural
from dpiat_gui.ui.widgets import muted, section

HEADERS = ("Override", "Why it does not fit", "Use instead")
KEEP = "keep it, disabled"
DROP = "remove it"


class MisfitsDialog(QDialog):
    """Every override that does not fit: why, and what may be used instead; nothing is lost by closing it."""

    def __init__(
        self, document: Document, misfits: tuple[Misfit, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._misfits = document, misfits
        self.setWindowTitle("Overrides that do not fit")
        self.resize(QSize(860, 360))
        self.table = QTableWidget(len(misfits), len(HEADERS))
        self.boxes: list[QComboBox] = []
        self.note = muted(small=True)
        self.note.setWordWrap(True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Apply | QDialogButtonBox.StandardButton.Close
        )
        self._fill()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 14)
        column.addWidget(section(f"{plural(len(misfits), 'override')} kept without effect"))
        column.addWidget(self.table, 1)
        column.addWidget(self.note)
        column.addWidget(self.buttons)
        self.buttons.button(QDialogButtonBox.StandardButton.Apply).clicked.connect(self.apply)
        self.buttons.rejected.connect(self.reject)
        self._show_what_is_chosen()

    def _fill(self) -> None:
        table = self.table
        table.setAccessibleName("Overrides that do not fit")
        table.setHorizontalHeaderLabels(list(HEADERS))
        table.verticalHeader().hide()
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.setWordWrap(True)
        table.setShowGrid(False)
        header = table.horizontalHeader()
        for column, mode in enumerate(
            (
                QHeaderView.ResizeMode.Interactive,
                QHeaderView.ResizeMode.Stretch,
                QHeaderView.ResizeMode.Interactive,
            )
        ):
            header.setSectionResizeMode(column, mode)
        table.setColumnWidth(0, 250)
        table.setColumnWidth(2, 270)
        tables, kept = self._document.tables, self._document.overrides
        for row, misfit in enumerate(self._misfits):
            for column, text in enumerate((misfit.override.text, misfit.reason)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if column == 0:
                    item.setFont(fixed_font())
                item.setTextAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
                table.setItem(row, column, item)
            near = near_overrides(tables, kept, misfit.override) if tables is not None else ()
            table.setCellWidget(row, 2, self._box(misfit, near))
        table.resizeRowsToContents()

    def _box(self, misfit: Misfit, near: tuple[Override, ...]) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(f"Instead of {misfit.override.text}")
        box.addItem(KEEP, None)
        for one in near:
            text = (
                one.target if one.source in (None, misfit.override.source) else f"{one.source} → {one.target}"
            )
            box.addItem(text, one)
        box.addItem(DROP, DROP)
        box.currentIndexChanged.connect(self._show_what_is_chosen)
        self.boxes.append(box)
        return box

    def _show_what_is_chosen(self, _index: int = 0) -> None:
        used = sum(isinstance(box.currentData(), Override) for box in self.boxes)
        removed = sum(box.currentData() == DROP for box in self.boxes)
        near = sum(box.count() > 2 for box in self.boxes)
        words = f"For {near} of them there are paths nearby that fit." if near else "No path nearby fits."
        if used or removed:
            words = f"{used} will be used with another path, {removed} removed; one step that can be undone."
        self.note.setText(words)
        self.buttons.button(QDialogButtonBox.StandardButton.Apply).setEnabled(bool(used or removed))

    def apply(self) -> None:
        """Put what was chosen in place of what does not fit, in one step."""
        chosen = [
            (misfit.override, box.currentData())
            for misfit, box in zip(self._misfits, self.boxes, strict=True)
            if box.currentData() is not None
        ]
        exchanged = {old: new if isinstance(new, Override) else None for old, new in chosen}
        try:
            self._document.exchange_overrides(exchanged)
        except DpiatError as error:
            self.note.setText(str(error))
            return
        self.accept()
