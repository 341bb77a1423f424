"""The dialog that opens a network: one field, a list that follows it, and what it means."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSize, QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.networks.references import SourceReference
from dpiat_gui.ui.open_model import (
    FILE_FILTER,
    Reading,
    Suggestion,
    factories_in,
    read_text,
    suggest,
    with_options,
)
from dpiat_gui.ui.widgets import inset, set_state

LIST_KEYS = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)
MOST_CLASSES = 1_000_000
MARKS = {"timm": "", "recent": "↻  ", "factory": "ƒ  "}


def _no_names(_: str) -> Sequence[str]:
    return ()


class OpenDialog(QDialog):
    """Asks which network to open; Enter takes the marked line, or what is typed if it is one."""

    chosen = Signal(object)

    def __init__(
        self,
        side: str,
        names: Sequence[str],
        near_names: Callable[[str], Sequence[str]],
        recent: Sequence[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._names = tuple(names)
        self._known = frozenset(names)
        self._near_names = near_names
        self._recent = tuple(recent)
        self._suggestions: tuple[Suggestion, ...] = ()
        self._reading = Reading(None, "")
        self.setWindowTitle(f"Open {side}")
        self.resize(QSize(620, 520))
        self._build(side)
        self.field.textChanged.connect(self._refresh)
        self.classes.valueChanged.connect(self._explain)
        self.pretrained.toggled.connect(self._explain)
        self._refresh()

    def _build(self, side: str) -> None:
        purpose = "gives the weights" if side == "source" else "receives the weights"
        title = QLabel(f"Which network {purpose}?")
        title.setProperty("heading", True)
        self.field = QLineEdit()
        self.field.setPlaceholderText("timm name, checkpoint file, or FILE.py:factory")
        self.field.setAccessibleName("Network")
        self.field.setClearButtonEnabled(True)
        self.field.installEventFilter(self)
        title.setBuddy(self.field)
        browse = QPushButton("&Browse…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        top = QHBoxLayout()
        top.addWidget(self.field, 1)
        top.addWidget(browse)
        self._model = QStringListModel(self)
        self.list = QListView()
        self.list.setAccessibleName("Networks that fit")
        self.list.setModel(self._model)
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setUniformItemSizes(True)
        self.list.clicked.connect(self._clicked)
        self.list.activated.connect(self._activated)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(8)
        column.addWidget(title)
        column.addLayout(top)
        column.addWidget(self.list, 1)
        column.addLayout(self._options_row(side))
        column.addWidget(self._message_labels())
        column.addWidget(self._buttons())
        self.field.setFocus()

    def _options_row(self, side: str) -> QHBoxLayout:
        self.classes = inset(QSpinBox())
        self.classes.setRange(0, MOST_CLASSES)
        self.classes.setSpecialValueText("as published")
        self.classes.setAccessibleName("Classes")
        self.classes.setToolTip("Size of the classifier; 0 leaves it as published")
        self.pretrained = QCheckBox("&Pretrained weights")
        self.pretrained.setToolTip("Take the published weights; they are downloaded once")
        self.pretrained.setChecked(side == "source")
        label = QLabel("&Classes")
        label.setBuddy(self.classes)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.classes)
        row.addSpacing(16)
        row.addWidget(self.pretrained)
        row.addStretch(1)
        return row

    def _message_labels(self) -> QLabel:
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setMinimumHeight(self.fontMetrics().lineSpacing() * 2 + 4)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setAccessibleName("What it means")
        return self.message

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.open_button = QPushButton("Open")
        self.open_button.setProperty("primary", True)
        self.open_button.setDefault(True)
        buttons.addButton(self.open_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        return buttons

    @property
    def reference(self) -> SourceReference | None:
        """What would be opened now, None if nothing can be."""
        row = self.list.currentIndex().row()
        reading = self._reading
        if reading.reference is None and 0 <= row < len(self._suggestions):
            reading = read_text(self._suggestions[row].text, self._known, self._near_names)
        if reading.reference is None:
            return None
        return with_options(reading.reference, self.classes.value(), self.pretrained.isChecked())

    @property
    def labels(self) -> list[str]:
        """The lines of the list."""
        return self._model.stringList()

    def _refresh(self) -> None:
        text = self.field.text()
        self._suggestions = factories_in(text) or suggest(text, self._names, self._recent)
        # Near names are looked for only where nothing fits: that takes longer than a key press.
        near_names = self._near_names if not self._suggestions else _no_names
        self._reading = read_text(text, self._known, near_names)
        meant = bool(self._suggestions) and bool(text.strip())
        if not self._suggestions:
            self._suggestions = tuple(Suggestion(f"timm:{name}", name, "timm") for name in self._reading.near)
        self._model.setStringList([f"{MARKS[item.kind]}{item.label}" for item in self._suggestions])
        if meant:
            self.list.setCurrentIndex(self._model.index(self._best_row(), 0))
        self._explain()

    def _best_row(self) -> int:
        """Row of what is typed, where it stands in the list; else the first."""
        reference = self._reading.reference
        texts = [item.text for item in self._suggestions]
        return texts.index(reference.text) if reference and reference.text in texts else 0

    def _explain(self) -> None:
        reference = self.reference
        timm = reference is None or reference.kind == "timm"
        self.classes.setEnabled(timm)
        self.pretrained.setEnabled(timm)
        self.open_button.setEnabled(reference is not None)
        wrong = reference is None and bool(self.field.text().strip())
        if reference is None:
            text = f"{self._reading.message}\n{self._reading.hint}".strip()
        else:
            reading = read_text(reference.text, self._known, self._near_names)
            text = f"{reading.message}\n{reference.text}"
        self.message.setText(text)
        set_state(self.message, "state", "error" if wrong else "")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys move in the list while the field keeps the focus."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in LIST_KEYS and self._model.rowCount():
                self._move(event.key())
                return True
            if event.key() == Qt.Key.Key_Tab and self._complete():
                return True
        return super().eventFilter(watched, event)

    def _move(self, key: int) -> None:
        row, last = self.list.currentIndex().row(), self._model.rowCount() - 1
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10, Qt.Key.Key_PageUp: -10}[
            Qt.Key(key)
        ]
        self.list.setCurrentIndex(self._model.index(min(max(row + step, 0), last), 0))
        # What is marked now is what Enter opens, even if the typed text is a name too.
        self._reading = Reading(None, self._reading.message, self._reading.hint)
        self._explain()

    def _complete(self) -> bool:
        """Put the marked line into the field; False if it stands there already."""
        row = self.list.currentIndex().row()
        if not 0 <= row < len(self._suggestions) or self.field.text() == self._suggestions[row].text:
            return False
        self.field.setText(self._suggestions[row].text)
        return True

    def _clicked(self, index: QModelIndex) -> None:
        self.field.setText(self._suggestions[index.row()].text)

    def _activated(self, index: QModelIndex) -> None:
        if 0 <= index.row() < len(self._suggestions):
            self.field.setText(self._suggestions[index.row()].text)
        self._accept()

    def _browse(self) -> None:
        folder = str(Path(self.field.text()).parent) if "/" in self.field.text() else ""
        name, _ = QFileDialog.getOpenFileName(self, "Choose a network", folder, FILE_FILTER)
        if name:
            self.set_file(name)

    def set_file(self, name: str) -> None:
        """Put a file into the field; behind a Python file the person still names the factory."""
        self.field.setText(f"{name}:" if name.endswith(".py") else name)
        self.field.setFocus()

    def _accept(self) -> None:
        reference = self.reference
        if reference is not None:
            self.chosen.emit(reference)
            self.accept()
