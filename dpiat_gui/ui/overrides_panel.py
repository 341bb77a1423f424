"""The table of all corrections by hand: what each costs, whether it counts, and what can be done with it."""

from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QStackedWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.document.corrections import KINDS, Override, each_of, overrides_of, without
from dpiat_gui.document.document import Document
from dpiat_gui.document.places import places_of
from dpiat_gui.document.solving import overrides_cost
from dpiat_gui.matching.values import Matching
from dpiat_gui.services.theme import LIGHT, Theme, fixed_font
from dpiat_gui.ui.override_list import (
    ALONE,
    HEADERS,
    HERE,
    KEY_ROLE,
    KIND,
    OVERRIDE_ROLE,
    SOURCE,
    STATE,
    TARGET,
    OverrideItem,
    OverrideList,
)
from dpiat_gui.ui.texts import cost
from dpiat_gui.ui.widgets import ElidedLabel, muted

_EMPTY = (
    "No overrides yet. Drag a source row to a target row to pin a pair, or select a pair and press "
    "Ctrl+L to pin it, Delete to ban it, Ctrl+Delete to leave the target fresh."
)
Positions = tuple[dict[str, int], dict[str, int]]
"""Where paths stand in their columns, the source's and the target's."""
_QUICK_MS = 6.0
"""What takes longer is solved in a thread."""
_COLORS = {"pin": "accent_text", "ban": "error", "fresh": "fresh", "operator": "text"}


class OverridesPanel(QWidget):
    """Pins, bans and fresh targets with what they cost; it selects, switches, removes and clears.

    Signals
    -------
    centre_requested : Selection
        Enter or a double click on an override: the canvas should show it.
    enable_requested : list[Override], bool
        These should count, or no longer.
    import_requested, export_requested
        Its buttons.
    count_changed : int
        Number of overrides, for the tab's text.
    """

    centre_requested = Signal(object)
    enable_requested = Signal(object, bool)
    import_requested = Signal()
    export_requested = Signal()
    count_changed = Signal(int)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._theme = LIGHT
        self._items: dict[Override, OverrideItem] = {}
        self._wanted: list[tuple[Override, int]] = []
        self._stale = False
        self.list = OverrideList()
        self._foot, self._of_rows, self._of_all = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        self.total = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self.total.setProperty("muted", True)
        self.total.setProperty("small", True)
        self.enable_button = QPushButton("Disable")
        self.remove_button = QPushButton("Remove")
        self.clear_button = QPushButton("Clear all")
        self.import_button = QPushButton("Import…")
        self.export_button = QPushButton("Export…")
        self._stack = QStackedWidget()
        # One cost takes a millisecond or two; many of them must not hold up the window.
        self._cost_timer = QTimer(self, singleShot=True, interval=0)
        self._lay_out()
        self._connect()
        self._rebuild()

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        for override, item in self._items.items():
            self._colour(item, override)

    @property
    def selected(self) -> list[Override]:
        """The overrides that are selected, in the order of the rows."""
        return [
            override
            for item in self._rows()
            if item.isSelected() and isinstance(override := item.data(KIND, OVERRIDE_ROLE), Override)
        ]

    def remove_selected(self) -> None:
        """Remove the overrides that are selected."""
        self._document.remove_overrides(self.selected)

    def switch_selected(self) -> None:
        """Let the selected overrides count no longer; where none does, let them count again."""
        on = [one for one in self.selected if one in each_of(self._document.overrides)]
        if self.selected:
            self.enable_requested.emit(on or self.selected, not on)

    # -- set-up -------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.enable_button.setToolTip("Keep the selected overrides without effect, or let them count (Space)")
        self.remove_button.setToolTip("Remove the selected overrides (Delete)")
        self.clear_button.setToolTip("Remove every override")
        self.import_button.setToolTip("Add overrides from a file, made for these or other networks")
        self.export_button.setToolTip("Write all overrides to a file that can be applied to other networks")
        empty = muted(_EMPTY)
        empty.setWordWrap(True)
        empty.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        empty.setContentsMargins(4, 6, 4, 0)
        self._stack.addWidget(self.list)
        self._stack.addWidget(empty)
        for button in (self.enable_button, self.remove_button, self.clear_button):
            self._of_rows.addWidget(button)
        self._of_rows.addStretch(1)
        self._of_all.addWidget(self.total, 1)
        for button in (self.import_button, self.export_button):
            self._of_all.addWidget(button)
        self._foot.addLayout(self._of_rows)
        self._foot.addLayout(self._of_all, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(6)
        layout.addWidget(self._stack, 1)
        layout.addLayout(self._foot)
        self.setFocusProxy(self.list)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the buttons stand on two lines where one is too short for them and the sum."""
        super().resizeEvent(event)
        margins = self.contentsMargins().left() + self.contentsMargins().right() + 16
        wide = self._of_rows.sizeHint().width() + self._of_all.minimumSize().width() + self._foot.spacing()
        way = QBoxLayout.Direction
        self._foot.setDirection(way.LeftToRight if self.width() - margins >= wide else way.TopToBottom)

    def _connect(self) -> None:
        document = self._document
        document.overrides_changed.connect(self._follow)
        document.matching_changed.connect(self._restart_costs)
        self._cost_timer.timeout.connect(self._add_cost)
        self.list.currentItemChanged.connect(self._on_current_changed)
        self.list.itemSelectionChanged.connect(self._show_buttons)
        self.list.itemClicked.connect(self._select_current)
        self.list.itemDoubleClicked.connect(self._open_current)
        self.list.itemChanged.connect(self._on_ticked)
        self.list.opened.connect(self._open_current)
        self.list.removed.connect(self.remove_selected)
        self.list.switched.connect(self.switch_selected)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.enable_button.clicked.connect(self.switch_selected)
        self.remove_button.clicked.connect(self.remove_selected)
        self.clear_button.clicked.connect(document.clear_overrides)
        self.import_button.clicked.connect(self.import_requested)
        self.export_button.clicked.connect(self.export_requested)

    # -- following the document ---------------------------------------------------------

    def _rows(self) -> list[QTreeWidgetItem]:
        return [item for at in range(self.list.topLevelItemCount()) if (item := self.list.topLevelItem(at))]

    def _follow(self) -> None:
        """List the overrides anew, or once the list is seen: behind a tab no edit should wait for it."""
        document = self._document
        self.count_changed.emit(len(document.overrides) + len(document.disabled))
        self._stale = True
        if self.isVisible():
            self._rebuild()

    def _rebuild(self) -> None:
        """List the overrides; the current row stays where it was, so that Delete can be repeated."""
        self._stale = False
        row = self.list.currentIndex().row()
        chosen = set(self.selected)
        document = self._document
        on = each_of(document.overrides)
        every = (*on, *each_of(document.disabled))
        self.list.blockSignals(True)
        self.list.clear()
        order = self._positions()
        self._items = {one: self._item(one, one in on, order) for one in every}
        self.list.addTopLevelItems(list(self._items.values()))
        if every and row >= 0:
            self.list.setCurrentIndex(self.list.model().index(min(row, len(every) - 1), 0))
            still = [self._items[one] for one in chosen if one in self._items]
            if still:
                self.list.clearSelection()
            for item in still:
                item.setSelected(True)
        self.list.blockSignals(False)
        self._stack.setCurrentIndex(0 if every else 1)
        self.clear_button.setEnabled(bool(every))
        self.export_button.setEnabled(bool(every))
        self._show_buttons()
        self._restart_costs()

    def _positions(self) -> Positions:
        """Return where paths stand in their columns, by side: rows are sorted like them."""
        document = self._document
        found = []
        for network in (document.source, document.target):
            places = places_of(network, document.options.layer_types) if network is not None else {}
            found.append({path: 1000 * place.entry + place.position for path, place in places.items()})
        return found[0], found[1]

    def _item(
        self, override: Override, on: bool, order: tuple[dict[str, int], dict[str, int]]
    ) -> OverrideItem:
        item = OverrideItem(
            [
                override.kind,
                override.source or override.operator or "–",
                override.target,
                "",
                "",
                "on" if on else "off",
            ]
        )
        fits = override.target in order[1] and (override.source is None or override.source in order[0])
        if not on and order[1] and not fits:
            item.setText(STATE, "does not fit")
        at = order[1].get(override.target, 10**9)
        keys = (
            KINDS.index(override.kind) * 10**10 + at,
            order[0].get(override.source or "", 10**9),
            at,
            0.0,
            0.0,
            item.text(STATE),
        )
        for column, key in enumerate(keys):
            item.setData(column, KEY_ROLE, key)
        item.setData(KIND, OVERRIDE_ROLE, override)
        item.setCheckState(KIND, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        for column in (SOURCE, TARGET, HERE, ALONE):
            item.setFont(column, fixed_font())
            item.setToolTip(column, override.meaning)
        for column in (HERE, ALONE):
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if not on:
            for column in (KIND, SOURCE, TARGET):
                font = item.font(column)
                font.setStrikeOut(True)
                item.setFont(column, font)
        self._tell(item, override)
        self._colour(item, override)
        return item

    def _colour(self, item: QTreeWidgetItem, override: Override) -> None:
        on = item.checkState(KIND) is Qt.CheckState.Checked
        for column in range(len(HEADERS)):
            name = _COLORS[override.kind] if column == KIND else "text"
            shown = name if on and column != STATE else "text_muted"
            item.setForeground(column, self._theme.color(shown))

    def _tell(self, item: QTreeWidgetItem, override: Override) -> None:
        here = item.text(HERE) or "unknown"
        told = f"{override.kind}, {item.text(STATE)}: {override.meaning} Cost {here}"
        item.setData(KIND, Qt.ItemDataRole.AccessibleTextRole, told)

    def _show_buttons(self) -> None:
        chosen = self.selected
        on = [one for one in chosen if one in each_of(self._document.overrides)]
        self.enable_button.setText("Disable" if on or not chosen else "Enable")
        for button in (self.enable_button, self.remove_button):
            button.setEnabled(bool(chosen))

    # -- costs ----------------------------------------------------------------------------

    def _restart_costs(self) -> None:
        """Fill in the total first, then one cost after another."""
        if self._stale:
            return
        document = self._document
        on = each_of(document.overrides)
        self._wanted = [(one, HERE) for one in on] + [(one, ALONE) for one in self._items]
        known = document.matching is not None and bool(on)
        off = len(self._items) - len(on)
        # The figure first: where the line is cut, it is what stays.
        figure = cost(document.override_cost) if known else ""
        words = [f"{figure} in total score"] if known else []
        words += [f"{off} disabled"] if off else []
        self.total.set_full_text(" · ".join(words), whole=len(figure))
        self.total.setToolTip(f"All overrides together: {self.total.full_text}" if words else "")
        if self._items and self.isVisible():
            self._cost_timer.start()

    def showEvent(self, event: QShowEvent) -> None:
        """List what has changed meanwhile, and go on with the costs: behind another tab nobody reads them."""
        super().showEvent(event)
        if self._stale:
            self._rebuild()
        elif self._wanted:
            self._cost_timer.start()

    def _add_cost(self) -> None:
        document = self._document
        tables, matching = document.tables, document.matching
        if not self._wanted or tables is None or matching is None or not self.isVisible():
            return
        override, column = self._wanted[0]
        rest = without(document.overrides, [override]) if column == HERE else overrides_of([override])
        work = partial(overrides_cost, tables, matching, rest)
        # One after another they are many: where one takes some milliseconds, the window leaves them alone.
        slow = (document.solve_ms or 0.0) > _QUICK_MS
        document.work_out(self, work, partial(self._show_cost, matching, override, column), slow=slow)

    def _show_cost(self, matching: Matching, override: Override, column: int, gain: float | None) -> None:
        """Show what an override costs, unless it is of a matching that is no more; go on with the next."""
        if matching is not self._document.matching or self._wanted[:1] != [(override, column)]:
            return
        self._wanted.pop(0)
        item = self._items.get(override)
        if item is not None and gain is not None:
            # Alone, it is measured against the automatic matching rather than the present one.
            change = -gain if column == HERE else gain + self._document.override_cost
            self.list.blockSignals(True)
            item.setText(column, cost(change))
            item.setData(column, KEY_ROLE, change)
            self._tell(item, override)
            self.list.blockSignals(False)
        if self._wanted:
            self._cost_timer.start()

    # -- what a person does -------------------------------------------------------------

    def _on_ticked(self, item: QTreeWidgetItem, column: int) -> None:
        override = item.data(KIND, OVERRIDE_ROLE)
        on = item.checkState(KIND) is Qt.CheckState.Checked
        if column == KIND and on != (override in each_of(self._document.overrides)):
            self.enable_requested.emit([override], on)
            # Where that was refused, the tick goes back; in a turn of its own, Qt is still at this row.
            QTimer.singleShot(0, self, self._rebuild)

    def _on_current_changed(self) -> None:
        if self.list.hasFocus():
            self._select_current()

    def _current(self) -> Override | None:
        item = self.list.currentItem()
        return item.data(KIND, OVERRIDE_ROLE) if item is not None else None

    def _select_current(self) -> None:
        override = self._current()
        if override is not None:
            self._document.select(override.selection)

    def _open_current(self) -> None:
        self._select_current()
        if self._current() is not None:
            self.centre_requested.emit(self._document.selection)

    def _show_menu(self, where: QPoint) -> None:
        if self.list.itemAt(where) is not None:
            self.build_menu().popup(self.list.viewport().mapToGlobal(where))

    def build_menu(self) -> QMenu:
        """Return what can be done with the selected overrides; it is gone when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, run in (
            ("&Show in the columns", self._open_current),
            (f"{self.enable_button.text()}", self.switch_selected),
            ("&Remove", self.remove_selected),
        ):
            menu.addAction(text).triggered.connect(lambda _checked=False, run=run: run())
        return menu
