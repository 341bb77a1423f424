"""The search field of the toolbar and the walk through its hits."""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from dpiat_gui.errors import MatchError
from dpiat_gui.networks.values import Network
from dpiat_gui.ui.search import Hit, find_hits
from dpiat_gui.ui.widgets import set_state

OWN_KEYS = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Up, Qt.Key.Key_Down)


class SearchField(QWidget):
    """One field over both columns: arrows preview, Enter goes, Esc returns."""

    query_changed = Signal(str)
    stepped = Signal(int)
    entered = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = QLineEdit()
        self.field.setObjectName("searchField")
        self.field.setProperty("search", True)
        self.field.setPlaceholderText("Search both columns: name, kind, 64,3,3,3")
        self.field.setAccessibleName("Search both columns")
        self.field.setToolTip(
            'Part of a name or kind, "exact" in quotes, a shape such as 64,3,3,3, or /regex/ (Ctrl+F)\n'
            "Up and Down preview, Enter goes there, Esc returns to where you were"
        )
        self.field.setClearButtonEnabled(True)
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self.query_changed)
        self.count = QLabel()
        self.count.setProperty("muted", True)
        self.count.setAccessibleName("Hits")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.field, 1)
        row.addWidget(self.count)
        self.setFocusProxy(self.field)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the keys the field means itself from the window's shortcuts."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.key() in OWN_KEYS:
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            if plain and event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if plain and event.type() == QEvent.Type.KeyPress:
                self._press(event.key())
                return True
        return super().eventFilter(watched, event)

    def _press(self, key: int) -> None:
        if key == Qt.Key.Key_Escape:
            self.left.emit()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.stepped.emit(1 if key == Qt.Key.Key_Down else -1)
        else:
            self.entered.emit()

    def show_count(self, position: int | None, count: int, *, wrong: str = "") -> None:
        """Show the place among the hits, or what is wrong with the query."""
        if wrong or not self.field.text().strip():
            text = ""
        elif not count:
            text = "no hit"
        elif position is None:
            text = f"{count} hits" if count > 1 else "1 hit"
        else:
            text = f"{position + 1} of {count}"
        self.count.setText(text)
        self.count.setToolTip(wrong)
        set_state(self.field, "wrong", bool(wrong) or text == "no hit")


class Searched(Protocol):
    """What the walk needs to know of the document."""

    @property
    def source(self) -> Network | None:
        """The source network."""

    @property
    def target(self) -> Network | None:
        """The target network."""


class SearchWalk(QObject):
    """Hits of the query, the place among them, and the way back.

    Parameters
    ----------
    field
        Where the query is typed.
    searched
        Gives the networks.
    go
        Selects a hit and brings it into view.
    remember
        Returns a function that goes back to what is selected and seen now.
    leave
        Moves the focus out of the field.
    """

    changed = Signal()

    def __init__(
        self,
        field: SearchField,
        searched: Searched,
        go: Callable[[Hit], object],
        remember: Callable[[], Callable[[], object]],
        leave: Callable[[], object],
    ) -> None:
        super().__init__(field)
        self._field, self._searched = field, searched
        self._go, self._remember, self._leave = go, remember, leave
        self._hits: tuple[Hit, ...] = ()
        self._at: int | None = None
        self._back: Callable[[], object] | None = None
        field.query_changed.connect(self._search)
        field.stepped.connect(self.step)
        field.entered.connect(self._enter)
        field.left.connect(self._return)

    @property
    def hits(self) -> tuple[Hit, ...]:
        """What the query finds."""
        return self._hits

    @property
    def position(self) -> int | None:
        """Index of the hit that is shown, None if none is yet."""
        return self._at

    def refresh(self) -> None:
        """Search again, as when a network has changed."""
        self._search(self._field.field.text())

    def step(self, by: int) -> None:
        """Show the next hit, or the one before; after the last comes the first."""
        if not self._hits:
            return
        if self._back is None:
            self._back = self._remember()
        if self._at is None:
            self._at = 0 if by > 0 else len(self._hits) - 1
        else:
            self._at = (self._at + by) % len(self._hits)
        self._field.show_count(self._at, len(self._hits))
        self._go(self._hits[self._at])

    def _search(self, query: str) -> None:
        wrong = ""
        try:
            self._hits = find_hits(self._searched.source, self._searched.target, query)
        except MatchError as error:
            self._hits, wrong = (), str(error)
        self._at = None
        self._field.show_count(None, len(self._hits), wrong=wrong)
        self.changed.emit()

    def _enter(self) -> None:
        if self._at is None:
            self.step(1)
        if self._hits:
            self._back = None
            self._leave()

    def _return(self) -> None:
        back, self._back = self._back, None
        self._field.field.clear()
        if back is not None:
            back()
        self._leave()
