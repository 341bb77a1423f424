"""The history as a list: every step by name, where the project was saved, and a way to any of them."""

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.document.document import Document
from dpiat_gui.services.icons import icon
from dpiat_gui.services.theme import LIGHT, Theme
from dpiat_gui.ui.texts import plural
from dpiat_gui.ui.widgets import muted

BEGINNING = "Beginning"
_ABOUT = "Click a step to go there. Steps below it are kept until you change something else."


class _Steps(QListWidget):
    """The list itself: Enter goes to a step."""

    opened = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        else:
            super().keyPressEvent(event)


class HistoryPanel(QWidget):
    """Every step of undo, the one that holds now, and the one that is saved.

    Signals
    -------
    compare_requested : int
        The present matching should be compared with that of a step.
    """

    compare_requested = Signal(int)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._theme = LIGHT
        self.list = _Steps()
        self.list.setAccessibleName("History")
        self.list.setUniformItemSizes(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.about: QLabel = muted(_ABOUT, small=True)
        self.about.setWordWrap(True)
        self.go = QPushButton("Go there")
        self.go.setToolTip("Bring the document to the selected step (Enter, or a click on it)")
        self.compare = QPushButton("Compare with it")
        self.compare.setToolTip(
            "Show what differs between the present matching and that of the selected step"
        )
        # Many steps at once, as when one far back is gone to, are listed once.
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._lay_out()
        self._connect()
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        self.refresh()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.go)
        buttons.addWidget(self.compare)
        buttons.addSpacing(10)
        buttons.addWidget(self.about, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(6)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)
        self.setFocusProxy(self.list)

    def _connect(self) -> None:
        stack = self._document.undo_stack
        stack.indexChanged.connect(self._timer.start)
        stack.cleanChanged.connect(self._timer.start)
        self._document.matching_changed.connect(self._timer.start)
        self._timer.timeout.connect(self._refresh_if_seen)
        self.list.itemClicked.connect(self._go)
        self.list.opened.connect(self._go)
        self.list.currentRowChanged.connect(self._show_buttons)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.go.clicked.connect(self._go)
        self.compare.clicked.connect(self._compare)

    def showEvent(self, event: QShowEvent) -> None:
        """List what has happened meanwhile."""
        super().showEvent(event)
        self.refresh()

    def _refresh_if_seen(self) -> None:
        # Hundreds of steps take some milliseconds to list, which no edit should wait for behind a tab.
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        """List the steps; the one that holds now is bold, those undone are dim and slanted."""
        stack = self._document.undo_stack
        now, saved = stack.index(), stack.cleanIndex()
        names = [BEGINNING, *(stack.text(at) for at in range(stack.count()))]
        self.list.blockSignals(True)
        self.list.clear()
        for at, name in enumerate(names):
            item = QListWidgetItem(f"{name}   (saved)" if at == saved and self._has_file() else name)
            font = item.font()
            font.setBold(at == now)
            font.setItalic(at > now)
            item.setFont(font)
            if at == saved and self._has_file():
                item.setIcon(icon("save", self._theme))
                item.setToolTip("What the project file holds")
            item.setForeground(self._theme.color("text" if at <= now else "text_muted"))
            state = ", this is now" if at == now else ", undone" if at > now else ""
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{item.text()}{state}")
            self.list.addItem(item)
        self.list.setCurrentRow(now)
        self.list.blockSignals(False)
        self.list.scrollToItem(self.list.item(now))
        undone = stack.count() - now
        words = f"{plural(undone, 'step')} undone. " if undone else ""
        self.about.setText(words + _ABOUT if stack.count() else "Nothing was changed yet.")
        self._show_buttons()

    def _has_file(self) -> bool:
        return bool(self._document.project_path)

    def _show_buttons(self) -> None:
        row, now = self.list.currentRow(), self._document.undo_stack.index()
        self.go.setEnabled(row not in (-1, now))
        there = row not in (-1, now) and self._document.matching is not None
        self.compare.setEnabled(there)

    def _go(self) -> None:
        row = self.list.currentRow()
        if row >= 0:
            self._document.go_to_step(row)
            self.refresh()

    def _compare(self) -> None:
        row = self.list.currentRow()
        if row >= 0:
            self.compare_requested.emit(row)

    def _show_menu(self, where: QPoint) -> None:
        item = self.list.itemAt(where)
        if item is None:
            return
        # Only marked, not gone to: the menu asks what is wanted.
        self.list.setCurrentItem(item)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in (self.go, self.compare):
            action = menu.addAction(button.text())
            action.setEnabled(button.isEnabled())
            action.triggered.connect(button.click)
        menu.popup(self.list.viewport().mapToGlobal(where))
