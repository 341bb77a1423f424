"""The list of all corrections by hand."""

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QStackedWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.document.document import Document
from dpiat_gui.document.edits import without_one
from dpiat_gui.document.selection import Selection
from dpiat_gui.matching.values import Overrides
from dpiat_gui.services.theme import LIGHT, Theme, fixed_font
from dpiat_gui.ui.texts import cost
from dpiat_gui.ui.widgets import muted

_EMPTY = (
    "No overrides yet. Drag from a source row to a target row to pin a pair, "
    "or select a pair and use the inspector."
)
_ONE_LINE = 20
"""Characters of a pair that stand in one line of a narrow dock."""
_COLORS = {"pin": "accent_text", "ban": "error", "fresh": "fresh"}
_MEANINGS = {
    "pin": "{target} takes from {source}.",
    "ban": "{target} never takes from {source}.",
    "fresh": "{target} keeps its own initialisation.",
}


@dataclass(frozen=True, slots=True)
class Override:
    """One override.

    Parameters
    ----------
    kind
        ``pin``, ``ban`` or ``fresh``.
    source
        Path of the source, None for ``fresh``.
    target
        Path of the target.
    """

    kind: str
    source: str | None
    target: str

    @property
    def text(self) -> str:
        """What it is about: ``conv_stem → features.0``, in two lines if it is long."""
        if self.source is None:
            return self.target
        together = f"{self.source} → {self.target}"
        return together if len(together) <= _ONE_LINE else f"{self.source}\n→ {self.target}"

    @property
    def meaning(self) -> str:
        """What it does, as a sentence."""
        return _MEANINGS[self.kind].format(source=self.source, target=self.target)

    @property
    def selection(self) -> Selection:
        """What to select for it."""
        return Selection(self.source, self.target)


def list_overrides(overrides: Overrides) -> tuple[Override, ...]:
    """Return every override, pins first, each kind in the order it was made."""
    return (
        *(Override("pin", source, target) for source, target in overrides.pins),
        *(Override("ban", source, target) for source, target in overrides.bans),
        *(Override("fresh", None, target) for target in overrides.fresh),
    )


class _PairDelegate(QStyledItemDelegate):
    """Draws a pair; where room is short each line keeps its end, which tells a path apart."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Shorten each line to the width of the cell."""
        super().initStyleOption(option, index)
        metrics = option.fontMetrics
        # The padding of the style sheet stands on both sides of the text.
        width = option.rect.width() - round(1.6 * metrics.height())
        lines = [
            (line[: -len(path)], path)
            for line in str(index.data()).split("\n")
            for path in [line.rpartition(" ")[2] if line.startswith("→") else line]
        ]
        # Item views break lines at the line separator, not at a newline.
        option.text = "\u2028".join(
            lead
            + metrics.elidedText(path, Qt.TextElideMode.ElideLeft, width - metrics.horizontalAdvance(lead))
            for lead, path in lines
        )


class _List(QTreeWidget):
    """The list itself: Delete removes, Enter opens."""

    removed = Signal()
    opened = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Delete and Enter."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and not event.modifiers():
            self.removed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        else:
            super().keyPressEvent(event)


class OverridesPanel(QWidget):
    """Pins, bans and fresh targets with what they cost; it selects, removes and clears.

    What an override costs is the total score with all overrides, less the total without this one.

    Signals
    -------
    centre_requested : Selection
        Enter or a double click on an override: the canvas should show it.
    """

    centre_requested = Signal(object)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._theme = LIGHT
        self._shown: tuple[Override, ...] = ()
        self._costed = 0
        self.list = self._make_list()
        self.total = muted(small=True)
        self.remove_button = QPushButton("Remove")
        self.clear_button = QPushButton("Clear all")
        self._stack = QStackedWidget()
        # One cost takes a millisecond or two; many of them must not hold up the window.
        self._cost_timer = QTimer(self, singleShot=True, interval=0)
        self._lay_out()
        self._connect()
        self._rebuild()

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        for at, override in enumerate(self._shown):
            item = self.list.topLevelItem(at)
            if item is not None:
                item.setForeground(0, theme.color(_COLORS[override.kind]))
                item.setForeground(2, theme.color("text_muted"))

    def remove_selected(self) -> None:
        """Remove the override that is selected."""
        override = self._current()
        if override is not None:
            self._document.remove_override(override.kind, override.source, override.target)

    # -- set-up -------------------------------------------------------------------------

    def _make_list(self) -> _List:
        box = _List()
        box.setAccessibleName("Overrides")
        box.setHeaderLabels(["Kind", "Pair", "Cost"])
        box.setHeaderHidden(True)
        box.setRootIsDecorated(False)
        box.setItemDelegateForColumn(1, _PairDelegate(box))
        box.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        box.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = box.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(20)
        metrics = QFontMetrics(fixed_font())
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(2, metrics.horizontalAdvance("−0.000") + 2 * metrics.height())
        return box

    def _lay_out(self) -> None:
        self.remove_button.setToolTip("Remove the selected override (Delete)")
        self.clear_button.setToolTip("Remove every override")
        self.total.setWordWrap(True)
        empty = muted(_EMPTY, small=True)
        empty.setWordWrap(True)
        empty.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        empty.setContentsMargins(4, 2, 4, 0)
        filled = QWidget()
        inside = QVBoxLayout(filled)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(4)
        inside.addWidget(self.list, 1)
        inside.addWidget(self.total)
        buttons = QHBoxLayout()
        buttons.addWidget(self.remove_button)
        buttons.addWidget(self.clear_button)
        buttons.addStretch(1)
        inside.addLayout(buttons)
        self._stack.addWidget(filled)
        self._stack.addWidget(empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def _connect(self) -> None:
        self._document.overrides_changed.connect(self._rebuild)
        self._document.matching_changed.connect(self._restart_costs)
        self._cost_timer.timeout.connect(self._add_cost)
        self.list.currentItemChanged.connect(self._on_current_changed)
        self.list.itemClicked.connect(self._select_current)
        self.list.itemDoubleClicked.connect(self._open_current)
        self.list.opened.connect(self._open_current)
        self.list.removed.connect(self.remove_selected)
        self.remove_button.clicked.connect(self.remove_selected)
        self.clear_button.clicked.connect(self._document.clear_overrides)

    # -- following the document ---------------------------------------------------------

    def _rebuild(self) -> None:
        """List the overrides; the current row stays where it was, so that Delete can be repeated."""
        row = self.list.currentIndex().row()
        self._shown = list_overrides(self._document.overrides)
        self.list.blockSignals(True)
        self.list.clear()
        for override in self._shown:
            self.list.addTopLevelItem(_item(override))
        if self._shown and row >= 0:
            self.list.setCurrentIndex(self.list.model().index(min(row, len(self._shown) - 1), 0))
        self.list.blockSignals(False)
        self.set_theme(self._theme)
        self._stack.setCurrentIndex(0 if self._shown else 1)
        self.remove_button.setEnabled(self._current() is not None)
        self._restart_costs()

    def _restart_costs(self) -> None:
        self._costed = 0
        if self._shown:
            self._cost_timer.start()

    def _add_cost(self) -> None:
        """Fill in the total first, then one more cost, and come back for the next."""
        if self._costed == 0:
            together = self._document.override_cost
            known = self._document.matching is not None
            self.total.setText(f"All together: {cost(together)} in total score" if known else "")
        if self._costed >= len(self._shown):
            return
        override = self._shown[self._costed]
        rest = without_one(self._document.overrides, override.kind, override.source, override.target)
        gain = self._document.overrides_cost(rest)
        item = self.list.topLevelItem(self._costed)
        if item is not None:
            text = "" if gain is None else cost(-gain)
            item.setText(2, text)
            told = f"{override.kind}: {override.meaning} Cost {text or 'unknown'}"
            item.setData(1, Qt.ItemDataRole.AccessibleTextRole, told)
        self._costed += 1
        if self._costed < len(self._shown):
            self._cost_timer.start()

    # -- what a person does -------------------------------------------------------------

    def _current(self) -> Override | None:
        row = self.list.currentIndex().row()
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def _on_current_changed(self) -> None:
        self.remove_button.setEnabled(self._current() is not None)
        if self.list.hasFocus():
            self._select_current()

    def _select_current(self) -> None:
        override = self._current()
        if override is not None:
            self._document.select(override.selection)

    def _open_current(self) -> None:
        self._select_current()
        if self._current() is not None:
            self.centre_requested.emit(self._document.selection)


def _item(override: Override) -> QTreeWidgetItem:
    item = QTreeWidgetItem([override.kind, override.text, ""])
    for column in range(3):
        item.setToolTip(column, override.meaning)
    item.setFont(1, fixed_font())
    item.setFont(2, fixed_font())
    item.setTextAlignment(0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
    return item
