"""The pane of the table D: the outer table, the table inside a pair of blocks, and the way between."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection
from dpiat_gui.errors import DpiatError
from dpiat_gui.matching.methods import METHODS, Rule
from dpiat_gui.services.theme import Theme
from dpiat_gui.ui import dp_table_key as key
from dpiat_gui.ui.dp_table_drawing import Shown
from dpiat_gui.ui.dp_table_grid import TableGrid
from dpiat_gui.ui.dp_table_key import TableKey
from dpiat_gui.ui.dp_table_places import Inside, blocks_of, cell_of, ends_of, why_closed
from dpiat_gui.ui.dp_table_texts import (
    WORDS,
    branch_words,
    cell_words,
    factor_words,
    hint_words,
    no_table_words,
    number,
    table_words,
)
from dpiat_gui.ui.method_texts import matcher_name
from dpiat_gui.ui.widgets import ElidedLabel, muted

if TYPE_CHECKING:
    from collections.abc import Callable

    from dpiat_gui.matching.named_tables import NamedTable

_NOTHING_OPEN = (
    "Open a source and a target network to see the table D that their matching is read from. "
    "The player's small examples need no network."
)
_LEAST_FOR_KEY = 260
"""Height of the pane in pixels from which the key has room."""


class DpTablePane(QWidget):
    """The table of the document's matching; it follows the document while it is seen.

    Signals
    -------
    play_requested : object, object
        Entries whose inner table is to be stepped through, None for the outer table; and the cell to
        begin at, None for the start.
    taller_requested
        More room is wanted for the pane, or as much as before.
    menu_requested : QPoint
        A menu for the selection is wanted there.
    """

    play_requested = Signal(object, object)
    taller_requested = Signal()
    menu_requested = Signal(QPoint)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._named: NamedTable | None = None
        self._inside: Inside | None = None
        self._current: tuple[int, int] | None = None
        self._stale = True
        self._asked = 0
        self._make_parts()
        self._lay_out()
        for signal in (document.matching_changed, document.source_changed, document.target_changed):
            signal.connect(self._mark_stale)
        document.selection_changed.connect(self._follow_selection)

    # -- set-up ----------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.grid = TableGrid()
        self.grid.setObjectName("dp-table-cells")
        self.grid.chosen.connect(self._choose)
        self.grid.opened.connect(self._open_cell)
        self.grid.named.connect(self._choose_name)
        self.grid.left.connect(self.go_back)
        self.grid.menu_requested.connect(self.menu_requested)
        self.back = _small(
            "‹ Blocks", "Back to the table of blocks (Backspace)", "Back to the table of blocks", self.go_back
        )
        self.where = ElidedLabel()
        self.scores = _choice("Scores", "Show the score of every pair.\n" + WORDS["score"])
        self.totals = _choice("Totals D", "Show the best total so far.\n" + WORDS["total"])
        self.scores.setChecked(True)
        self._modes = QButtonGroup(self)
        for button in (self.scores, self.totals):
            self._modes.addButton(button)
        self.totals.toggled.connect(self._refresh_grid)
        self.zooms = [
            _small("−", "Smaller cells (−)", "Smaller cells", partial(self.grid.zoom, -1)),
            _small("+", "Larger cells (+)", "Larger cells", partial(self.grid.zoom, 1)),
            _small("Fit", "The whole table (0)", "Show the whole table", self.grid.fit),
        ]
        more = "More room for this pane"
        self.taller = _small("⇕", f"{more}, or as much as before", more, self.taller_requested.emit)
        self.inner = QPushButton("Layers inside")
        self.inner.setToolTip("Open the table of the layers of these two blocks (Enter)")
        self.inner.clicked.connect(lambda: self._open_cell(*(self._current or (0, 0))))
        self.play = QPushButton("Step through")
        self.play.setToolTip(
            "Watch this table being filled, cell by cell, and read back; it begins with the current cell"
        )
        self.play.clicked.connect(lambda: self.play_requested.emit(self._inside, self._current))
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.key = TableKey()
        self.empty = muted()
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.back)
        head.addWidget(self.where, 1)
        groups: tuple[tuple[QWidget, ...], ...] = (
            (self.scores, self.totals),
            tuple(self.zooms),
            (self.inner, self.play, self.taller),
        )
        self._buttons = [button for group in groups for button in group]
        for group in groups:
            for widget in group:
                head.addWidget(widget)
            head.addSpacing(6)
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(10, 4, 10, 4)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.grid, 1)
        column.addWidget(self.words)
        column.addWidget(self.key)
        nothing = QWidget()
        middle = QVBoxLayout(nothing)
        middle.setContentsMargins(40, 10, 40, 10)
        middle.addWidget(self.empty)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(nothing)
        self._pages.addWidget(full)
        self.setAccessibleName("DP table")

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self.grid.set_theme(theme)
        self.key.set_theme(theme)

    # -- which table -----------------------------------------------------------------------

    @property
    def named(self) -> "NamedTable | None":
        """The table that is shown."""
        return self._named

    @property
    def inside(self) -> Inside | None:
        """The entries whose layers are shown, None for the table of the entries."""
        return self._inside

    def open_inside(self, inside: Inside | None) -> None:
        """Show the table of two entries' layers, or the outer table."""
        if inside != self._inside:
            self._inside = inside
            self._mark_stale()

    def go_back(self) -> None:
        """Go back to the table of blocks, at the blocks that were open."""
        if self._inside is not None:
            blocks, (source, target) = ends_of(self._document, self._inside), self._inside
            self._inside, self._current = None, (target + 1, source + 1)
            self._mark_stale()
            self._document.select(blocks)
            self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _mark_stale(self, _matching: object = None) -> None:
        """Read the table anew: at once if it is seen, else when it is."""
        self._stale = True
        if self.isVisible():
            # Once, however many signals a change sends.
            QTimer.singleShot(0, self, self.refresh)

    def showEvent(self, event: QShowEvent) -> None:
        """Read the table now that it is seen, and go where the document's selection is."""
        super().showEvent(event)
        if self._stale:
            self.refresh()
        else:
            self._follow_selection(self._document.selection)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the key where there is room, and the zoom, which the wheel and three keys do too."""
        super().resizeEvent(event)
        self.key.setVisible(self.height() >= _LEAST_FOR_KEY)
        needed = sum(button.sizeHint().width() for button in self._buttons)
        for widget in (*self.zooms, self.where):
            widget.setVisible(self.width() >= needed + 100)

    def refresh(self) -> None:
        """Read the table from the document, in a thread if it takes long."""
        if not self._stale:
            return
        self._stale = False
        self._asked += 1
        document, inside, asked = self._document, self._inside, self._asked
        tables, overrides = document.tables, document.overrides
        if document.matching is None or tables is None:
            self._inside = None
            error = document.match_error
            self._show_nothing(_NOTHING_OPEN if error is None else str(error))
            return
        method = METHODS[tables.options.method]
        if method.entries is not Rule.ORDERED:
            self._show_nothing(no_table_words(matcher_name(method.name)))
            return
        sizes = len(tables.source_side.entries), len(tables.target_side.entries)
        if inside is not None and not (inside[0] < sizes[0] and inside[1] < sizes[1]):
            self._inside = inside = None

        def work() -> "NamedTable":
            from dpiat_gui.matching.named_tables import named_entry_table, named_inner_table

            if inside is None:
                return named_entry_table(tables, overrides)
            return named_inner_table(tables, overrides, *inside)

        done, failed = partial(self._read, asked), partial(self._failed, asked)
        document.work_out(self, work, done, failed)

    def _read(self, asked: int, named: "NamedTable") -> None:
        if asked == self._asked:
            same = self._named is not None and self._named.inside == named.inside
            self._named = named
            if not same or self._current is None or not self._fits(self._current):
                self._current = None
            self._pages.setCurrentIndex(1)
            self._follow_selection(self._document.selection)
            self._refresh_grid()

    def _fits(self, cell: tuple[int, int]) -> bool:
        assert self._named is not None
        return cell[0] <= len(self._named.targets) and cell[1] <= len(self._named.sources)

    def _failed(self, asked: int, error: DpiatError) -> None:
        if asked != self._asked:
            return
        if self._inside is not None:
            # This pair of blocks has no table; the blocks have.
            self._document.message.emit(str(error))
            self.open_inside(None)
        else:
            self._show_nothing(str(error))

    def _show_nothing(self, words: str) -> None:
        self._named = None
        self.grid.show_table(None)
        self.empty.setText(words)
        self._pages.setCurrentIndex(0)

    # -- the current cell ------------------------------------------------------------------

    def _choose(self, row: int, column: int) -> None:
        """Go to a cell and select its pair."""
        self._current = (row, column)
        selected = self._document.selection
        self._select_current()
        if self._document.selection == selected:
            self._refresh_grid()

    def _choose_name(self, row: int, column: int) -> None:
        """Select a target or a source; its partner comes with it."""
        if self._named is not None:
            target = self._named.targets[row - 1].path if row else None
            source = self._named.sources[column - 1].path if column else None
            self._document.select(Selection(source, target))

    def _select_current(self) -> None:
        named, current = self._named, self._current
        if named is not None and current is not None and all(current) and self._inside == named.inside:
            row, column = current
            self._document.select(Selection(named.sources[column - 1].path, named.targets[row - 1].path))

    def _open_cell(self, row: int, column: int) -> None:
        """Show the table of the layers of two blocks."""
        named = self._named
        if named is None or named.inside is not None or not (row and column):
            return
        reason = why_closed(self._document, named, row, column)
        if reason:
            self._document.message.emit(reason)
            return
        self._inside = (column - 1, row - 1)
        self._current = None
        self._mark_stale()
        self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _follow_selection(self, selection: Selection) -> None:
        """Go to the cell of the document's selection."""
        named = self._named
        if named is None or self._stale or not self.isVisible():
            return
        blocks = blocks_of(self._document, selection)
        if named.inside is not None and blocks is not None and blocks != named.inside:
            self._inside, self._current = blocks, None
            self._mark_stale()
            return
        row, column = cell_of(self._document, named, selection)
        self._current = (row, column) if row and column else None
        self._refresh_grid()

    # -- showing ---------------------------------------------------------------------------

    def _refresh_grid(self, _mode: object = None) -> None:
        named = self._named
        if named is None:
            return
        totals = self.totals.isChecked()
        current = self._current
        if current is not None and not totals and not all(current):
            current = self._current = None
        rows, columns = cell_of(self._document, named, self._document.selection)
        lonely = current is None
        self.grid.has_way_back = named.inside is not None
        self.grid.show_table(
            Shown(
                named,
                totals,
                way=named.way,
                pairs=named.pair_cells,
                current=current,
                rows=frozenset({rows} - {0}) if lonely else frozenset(),
                columns=frozenset({columns} - {0}) if lonely else frozenset(),
            )
        )
        self._tell(named, current, totals)

    def _tell(self, named: "NamedTable", current: tuple[int, int] | None, totals: bool) -> None:
        """Say in words where the table stands, what the current cell is, and what the marks mean."""
        self.back.setVisible(named.inside is not None)
        ends = ends_of(self._document, named.inside)
        inside = f"{ends.source} → {ends.target}" if ends else ""
        kind = "layers" if METHODS[self._document.options.method].layerwise else "entries"
        self.where.set_full_text(inside or f"{len(named.targets)} × {len(named.sources)} {kind}")
        self.where.setToolTip(f"{inside}\n{table_words(named)}".strip())
        self.inner.setVisible(named.inside is None and any(name.block for name in named.targets))
        self.inner.setEnabled(
            current is not None and all(current) and not why_closed(self._document, named, *current)
        )
        words = cell_words(named, *current) if current is not None else hint_words(named)
        if named.by_branches:
            words = f"{branch_words(named)} {words}"
        if named.factor != 1:
            words = f"{factor_words(named)} {words}"
        self.words.setText(words)
        marks = [key.PAIR, key.WAY]
        marks += [key.PIN, key.IMPOSSIBLE] if named.pins else []
        marks += [key.BAN] if named.bans else []
        if totals:
            self.key.set_key("0", f"{number(named.total)}, the total", marks)
        else:
            best = "all that its target could get" if named.inside is None else "1"
            self.key.set_key("0", best, marks)


def _choice(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setCheckable(True)
    button.setToolTip(tip)
    return button


def _small(text: str, tip: str, name: str, act: "Callable[[], object]") -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(name)
    button.clicked.connect(lambda: act())
    return button
