"""The list of all corrections by hand."""

from functools import partial

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.document.corrections import Override, each_of, without
from dpiat_gui.document.document import Document
from dpiat_gui.document.solving import overrides_cost
from dpiat_gui.matching.values import Matching
from dpiat_gui.services.theme import LIGHT, Theme, fixed_font
from dpiat_gui.ui.texts import cost
from dpiat_gui.ui.widgets import muted

_EMPTY = (
    "No overrides yet. Drag from a source row to a target row to pin a pair, "
    "or select a pair and use the inspector."
)
OVERRIDE_ROLE = Qt.ItemDataRole.UserRole + 1
COST_ROLE = Qt.ItemDataRole.UserRole + 2
_COLORS = {"pin": "accent_text", "ban": "error", "fresh": "fresh"}


class _OverrideDelegate(QStyledItemDelegate):
    """Draws an override in one or two lines: kind, source and cost; below, the target.

    Where room is short a path keeps its end, which tells it apart.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = LIGHT

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the height of the lines, with air around them."""
        lines = len(_lines(index.data(OVERRIDE_ROLE)))
        return QSize(80, round((lines + 0.6) * 1.15 * option.fontMetrics.height()))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw the ground by the style, and the text over it."""
        super().paint(painter, option, index)
        override: Override = index.data(OVERRIDE_ROLE)
        price = str(index.data(COST_ROLE) or "")
        metrics, fixed = option.fontMetrics, fixed_font()
        paths = QFontMetrics(fixed)
        line = round(1.15 * metrics.height())
        air = line // 2
        whole = option.rect.adjusted(air, round(0.3 * line), -air, 0)
        left = whole.left() + metrics.horizontalAdvance("fresh") + air
        right = whole.right() - (paths.horizontalAdvance(price) + air if price else 0)
        aligned = Qt.AlignmentFlag.AlignVCenter
        painter.save()
        painter.setFont(option.font)
        painter.setPen(self.theme.color(_COLORS[override.kind]))
        painter.drawText(QRect(whole.left(), whole.top(), left, line), aligned, override.kind)
        painter.setFont(fixed)
        painter.setPen(self.theme.color("text_muted"))
        painter.drawText(
            QRect(right, whole.top(), whole.right() - right, line),
            aligned | Qt.AlignmentFlag.AlignRight,
            price,
        )
        painter.setPen(self.theme.color("text"))
        for at, (lead, path) in enumerate(_lines(override)):
            width = (right if at == 0 else whole.right()) - left - paths.horizontalAdvance(lead)
            text = lead + paths.elidedText(path, Qt.TextElideMode.ElideLeft, width)
            where = QRect(left, whole.top() + at * line, whole.right() - left, line)
            painter.drawText(where, aligned, text)
        painter.restore()


def _lines(override: Override) -> tuple[tuple[str, str], ...]:
    """Return the lines of an override as (lead, path)."""
    if override.source is None:
        return (("", override.target),)
    return ("", override.source), ("→ ", override.target)


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
        self._shown: tuple[Override, ...] = ()
        self._costed = 0
        self._delegate = _OverrideDelegate(self)
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
        self._delegate.theme = theme
        self.list.viewport().update()

    def remove_selected(self) -> None:
        """Remove the override that is selected."""
        override = self._current()
        if override is not None:
            self._document.remove_override(override.kind, override.source, override.target)

    # -- set-up -------------------------------------------------------------------------

    def _make_list(self) -> _List:
        box = _List()
        box.setAccessibleName("Overrides")
        box.setHeaderHidden(True)
        box.setRootIsDecorated(False)
        box.setItemDelegate(self._delegate)
        box.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        box.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        box.setMinimumHeight(6 * self.fontMetrics().height())
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
        self._shown = each_of(self._document.overrides)
        self.list.blockSignals(True)
        self.list.clear()
        for override in self._shown:
            self.list.addTopLevelItem(_item(override))
        if self._shown and row >= 0:
            self.list.setCurrentIndex(self.list.model().index(min(row, len(self._shown) - 1), 0))
        self.list.blockSignals(False)
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
        rest = without(self._document.overrides, [override])
        tables, matching = self._document.tables, self._document.matching
        if tables is not None and matching is not None:
            self._document.work_out(
                self,
                partial(overrides_cost, tables, matching, rest),
                partial(self._show_cost, matching, self._costed, override),
            )

    def _show_cost(self, matching: Matching, row: int, override: Override, gain: float | None) -> None:
        """Show what an override costs, unless it is of a matching that is no more; go on with the next."""
        if matching is not self._document.matching or row != self._costed:
            return
        item = self.list.topLevelItem(row)
        if item is not None:
            text = "" if gain is None else cost(-gain)
            item.setData(0, COST_ROLE, text)
            told = f"{override.kind}: {override.meaning} Cost {text or 'unknown'}"
            item.setData(0, Qt.ItemDataRole.AccessibleTextRole, told)
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
    item = QTreeWidgetItem()
    item.setData(0, OVERRIDE_ROLE, override)
    item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{override.kind}: {override.meaning}")
    item.setToolTip(0, override.meaning)
    return item
