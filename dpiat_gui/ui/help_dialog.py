"""Help pages, the sheet of keys, and what this program is."""

from importlib import resources
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QKeySequence, QPalette, QTextCursor, QTextDocument, QTextTable
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QListWidget,
    QMessageBox,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.ui.actions import ACTIONS, GESTURES

PAPER = "https://arxiv.org/abs/2212.13970"


KEYS = "keys"
"""Name of the sheet of keys, which is made from the table of actions."""


def help_pages() -> tuple[tuple[str, str], ...]:
    """Return (title, Markdown) of every help page in order."""
    return tuple((text.splitlines()[0].lstrip("# "), text) for text in _texts().values())


def page_names() -> tuple[str, ...]:
    """Return the names by which pages are asked for, in order: those of their files without the number."""
    return tuple(_texts())


def _texts() -> dict[str, str]:
    """Return the Markdown of every page, by its name."""
    folder = resources.files("dpiat_gui.resources") / "help"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".md")), key=lambda file: file.name
    )
    return {file.name[:-3].partition("-")[2]: file.read_text(encoding="utf-8") for file in files}


def shortcuts_html() -> str:
    """Return every key as a table, by group, from the table of actions."""
    rows: list[str] = []
    for group in dict.fromkeys(action.group for action in ACTIONS):
        lines = []
        for action in ACTIONS:
            native = QKeySequence.SequenceFormat.NativeText
            keys = [key.toString(native) for key in action.sequences() if _on_keyboards(key)]
            if action.group == group and keys:
                lines.append(_row(action.plain_text, ", ".join(keys[:2])))
        if lines:
            rows.append(_heading(group))
            rows.extend(lines)
    rows.append(_heading("In the columns, the DP table and the player"))
    rows.extend(_row(text, keys) for text, keys in GESTURES)
    return f'<table cellspacing="0" cellpadding="3" width="100%">{"".join(rows)}</table>'


def _on_keyboards(sequence: QKeySequence) -> bool:
    """Tell keys that people have from those of old or multimedia keyboards, such as F14 and Open."""
    key = sequence[0].key()  # type: ignore[index]  # the stubs lack it
    return not (Qt.Key.Key_F13 <= key <= Qt.Key.Key_F35 or Qt.Key.Key_Back <= key < Qt.Key.Key_unknown)


def _heading(text: str) -> str:
    return f'<tr><td colspan="2"><h3>{text}</h3></td></tr>'


def _row(text: str, keys: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return f"<tr><td>{escaped}</td><td><b>{keys}</b></td></tr>"


def _set_apart(document: QTextDocument, line: QColor) -> None:
    """Give headings and tables of a page some room, and tables lines of a colour that does not shout."""
    block = document.begin()
    while block.isValid():
        form = block.blockFormat()
        if form.headingLevel() and block.blockNumber():
            form.setTopMargin(16)
            form.setBottomMargin(4)
            QTextCursor(block).setBlockFormat(form)
        block = block.next()
    for frame in document.rootFrame().childFrames():
        if isinstance(frame, QTextTable):
            table = frame.format().toTableFormat()
            table.setTopMargin(8)
            table.setBottomMargin(10)
            table.setCellPadding(5)
            table.setBorderBrush(line)
            frame.setFormat(table)


class HelpDialog(QDialog):
    """Pages at the left, the chosen one at the right; the sheet of keys is the last."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Help")
        self.resize(QSize(900, 640))
        self._names = (*page_names(), KEYS)
        self._pages = (*help_pages(), ("Keyboard shortcuts", ""))
        self.list = QListWidget()
        self.list.setAccessibleName("Help pages")
        self.list.addItems([title for title, _ in self._pages])
        self.list.setFixedWidth(236)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSpacing(3)
        self.browser = QTextBrowser()
        self.browser.setAccessibleName("Help")
        self.browser.setOpenExternalLinks(True)
        self.browser.document().setDocumentMargin(18)
        self.list.currentRowChanged.connect(self._show)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(self.list)
        row.addWidget(self.browser, 1)
        column = QVBoxLayout(self)
        column.addLayout(row, 1)
        column.addWidget(buttons)
        self.list.setCurrentRow(0)
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_shortcuts(self) -> None:
        """Turn to the sheet of keys."""
        self.show_page(KEYS)

    def show_page(self, name: str) -> None:
        """Turn to a page by its name.

        Raises
        ------
        ValueError
            If there is none of that name.
        """
        self.list.setCurrentRow(self._names.index(name))

    def _show(self, row: int) -> None:
        title, markdown = self._pages[row]
        if markdown:
            self.browser.setMarkdown(markdown)
            _set_apart(self.browser.document(), self.palette().color(QPalette.ColorRole.PlaceholderText))
        else:
            self.browser.setHtml(f"<h1>{title}</h1>{shortcuts_html()}")


def program_version() -> str:
    """Return the version of the installed program."""
    try:
        return version("dpiat-gui")
    except PackageNotFoundError:
        return "unknown"


def show_about(parent: QWidget) -> None:
    """Say what this program is, without stopping anything."""
    box = QMessageBox(parent)
    box.setWindowTitle("About")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.RichText)
    box.setText(
        f"<h3>DPIAT matching inspector {program_version()}</h3>"
        "<p>See, correct and carry out weight transfer between networks of different architectures.</p>"
        f'<p>Method: Czyzewski, Nowak, Piechowiak, <a href="{PAPER}">Breaking the Architecture Barrier</a>.'
        "</p>"
        "<p>MIT licence.</p>"
    )
    box.setStandardButtons(QMessageBox.StandardButton.Close)
    box.open()
