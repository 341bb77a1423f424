"""The question whether a Python file may run: its path and its first lines, nothing is run to ask."""

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.services.theme import fixed_font
from dpiat_gui.ui.widgets import heading, monospaced, muted

FIRST_LINES = 60
FIRST_BYTES = 20_000


def first_lines(path: Path) -> str:
    """Return the beginning of a file as text; of one that cannot be read, why."""
    try:
        with path.open("rb") as stream:
            text = stream.read(FIRST_BYTES).decode("utf-8", "replace")
    except OSError as error:
        return f"(cannot be read: {error.strerror})"
    lines = text.splitlines()
    more = ["…"] if len(lines) > FIRST_LINES else []
    return "\n".join(lines[:FIRST_LINES] + more)


class TrustDialog(QDialog):
    """Shows what would run and asks once; the answer holds for this file with this content."""

    trusted = Signal()

    def __init__(self, path: Path, why: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Run this file?")
        self.resize(QSize(680, 480))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        place = monospaced(muted(str(path)))
        place.setWordWrap(True)
        place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        explanation = muted(
            why
            or "Building this network runs the file as a program, with your rights. "
            "Trust it only if you know where it comes from. You are asked again when it changes."
        )
        explanation.setWordWrap(True)
        text = QPlainTextEdit(first_lines(path))
        text.setReadOnly(True)
        text.setFont(fixed_font())
        text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        text.setAccessibleName("First lines of the file")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        accept = QPushButton("Trust and run")
        buttons.addButton(accept, QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = buttons.button(QDialogButtonBox.StandardButton.Cancel)
        cancel.setDefault(True)
        cancel.setFocus()
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.accepted.connect(self.trusted)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(8)
        column.addWidget(heading("This network comes from a Python file. Run it?"))
        column.addWidget(place)
        column.addWidget(text, 1)
        column.addWidget(explanation)
        column.addWidget(buttons)
