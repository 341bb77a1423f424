"""The ledger as a Qt table: every tensor of the target, or its layers or blocks, with their elements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from dpiat_gui.networks.titles import format_shape
from dpiat_gui.services.theme import LIGHT, Theme, fixed_font
from dpiat_gui.ui.texts import percent, plural

if TYPE_CHECKING:
    from dpiat_gui.transfer.ledger import Amounts, Ledger, LedgerRow

SORT_ROLE = Qt.ItemDataRole.UserRole + 1
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 2
"""The `Entry` of a row."""

Index = QModelIndex | QPersistentModelIndex
Level = Literal["tensors", "layers", "blocks"]
_NO_INDEX = QModelIndex()
OUTSIDE = "outside the sequence"
"""Stands for the path of what belongs to no layer."""

STATE_TEXTS: Mapping[str, str] = {
    "exact": "whole",
    "cropped": "cut to fit",
    "part": "in part",
    "set": "set by a step",
    "fresh": "fresh",
}
"""What becomes of a tensor, in words."""


class Column(IntEnum):
    """Columns of the table."""

    NAME = 0
    SOURCE = 1
    ELEMENTS = 2
    BAR = 3
    COPIED = 4
    STATE = 5
    WHY = 6


_TIPS = (
    "Tensor, layer or block of the target",
    "Tensor of the source it takes from, and both shapes",
    "Number of elements",
    "Copied from the source · set by a step of the recipe · kept around a copied part · fresh",
    "Share of the elements that come from the source",
    "whole: as it is in the source · cut to fit: the source is larger · in part: the source is smaller · "
    "set by a step: one value · fresh: nothing comes from the source",
    "Why nothing is copied, or which step of the recipe set it",
)
_RIGHT = frozenset({Column.ELEMENTS, Column.COPIED})


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the table.

    Parameters
    ----------
    name
        As shown.
    path
        Target layer or block to select for it; ``""`` for none.
    source
        What it takes from, as shown.
    amounts
        Its elements by where their values come from.
    state, why
        In words.
    order
        Position in the target.
    row
        Its row of the ledger, None for a layer or block.
    """

    name: str
    path: str
    source: str
    amounts: "Amounts"
    state: str
    why: str
    order: int
    row: "LedgerRow | None" = None

    def text(self, column: int) -> str:
        """Return the text of a cell."""
        return (
            self.name,
            self.source,
            f"{self.amounts.elements:,}",
            "",
            percent(self.amounts.fraction) if self.amounts.elements else "–",
            self.state,
            self.why,
        )[column]

    def sort_key(self, column: int) -> int | float | str:
        """Return what a cell is sorted by; names stand in the order of the network."""
        amounts = self.amounts
        return (
            self.order,
            self.source,
            amounts.elements,
            amounts.fraction,
            amounts.fraction,
            self.state,
            self.why,
        )[column]

    @property
    def searched(self) -> str:
        """What a filter looks at, in lower case."""
        return f"{self.name} {self.source} {self.state} {self.why}".lower()

    @property
    def spoken(self) -> str:
        """The bar in words."""
        amounts = self.amounts
        return (
            f"{amounts.copied:,} copied, {amounts.set:,} set by a step, "
            f"{amounts.kept:,} kept around copied parts, {amounts.fresh:,} fresh"
        )


def entries_of(ledger: "Ledger", level: Level) -> list[Entry]:
    """Return the rows of a ledger at one level, in target order."""
    if level == "tensors":
        return [_tensor_entry(row, at) for at, row in enumerate(ledger.rows)]
    totals = ledger.by_layer if level == "layers" else ledger.by_block
    return [
        Entry(path or OUTSIDE, path, plural(amounts.tensors, "tensor"), amounts, _sum_state(amounts), "", at)
        for at, (path, amounts) in enumerate(totals.items())
    ]


def _tensor_entry(row: "LedgerRow", order: int) -> Entry:
    if row.source:
        shapes = format_shape(row.source_shape)
        if row.source_shape != row.shape:
            shapes += f" → {format_shape(row.shape)}"
        source = f"{row.source}  {shapes}"
    else:
        source = f"–  {format_shape(row.shape)}"
    scaled = f"times {row.scale:.4g}" if row.scale != 1.0 else ""
    return Entry(
        row.target, row.layer, source, row.amounts, STATE_TEXTS[row.state], row.why or scaled, order, row
    )


def _sum_state(amounts: "Amounts") -> str:
    """Say in words what becomes of a layer or block."""
    if amounts.copied == amounts.elements:
        return "covered"
    if amounts.copied:
        return STATE_TEXTS["part"]
    return STATE_TEXTS["set" if amounts.set else "fresh"]


class LedgerModel(QAbstractTableModel):
    """The rows of a ledger at one level."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: Sequence[Entry] = ()
        self._level: Level = "tensors"
        self._theme = LIGHT
        self._font = fixed_font()
        # A path is long, and fixed-width letters are wide.
        self._font.setPointSizeF(0.92 * self._font.pointSizeF())

    @property
    def entries(self) -> Sequence[Entry]:
        """All rows, in target order."""
        return self._entries

    def set_entries(self, entries: Sequence[Entry], level: Level) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._entries, self._level = entries, level
        self.endResetModel()

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        if self._entries:
            roles = [Qt.ItemDataRole.ForegroundRole]
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._entries) - 1, Column.WHY), roles)

    # -- what Qt asks -------------------------------------------------------------------

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's name, or what it means."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._headers()[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _TIPS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def _headers(self) -> tuple[str, ...]:
        name = {"tensors": "Tensor", "layers": "Layer", "blocks": "Block"}[self._level]
        source = "Takes from" if self._level == "tensors" else "Holds"
        return (name, source, "Elements", "Where from", "Copied", "State", "Why")

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return one cell."""
        if not index.isValid():
            return None
        entry, column = self._entries[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.text(column)
        if role == SORT_ROLE:
            return entry.sort_key(column)
        if role == ENTRY_ROLE:
            return entry
        if role == Qt.ItemDataRole.ToolTipRole:
            return entry.spoken if column == Column.BAR else entry.text(column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            told = entry.spoken if column == Column.BAR else entry.text(column)
            return f"{self._headers()[column]} {told or 'none'}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.FontRole and column in (Column.NAME, Column.SOURCE):
            return self._font
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._theme.color(_color_name(entry, column))
        return None


class LedgerProxy(QSortFilterProxyModel):
    """The rows that hold all words of the filter, sorted by what a cell means."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        self.setSortRole(SORT_ROLE)

    def set_filter(self, text: str) -> None:
        """Show the rows in which every word of `text` occurs; a word after a minus must not."""
        self.beginFilterChange()
        self._words = tuple(text.lower().split())
        self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Tell whether a row passes."""
        model = self.sourceModel()
        if not self._words or not isinstance(model, LedgerModel):
            return True
        searched = model.entries[row].searched
        return all(
            word[1:] not in searched if word.startswith("-") and len(word) > 1 else word in searched
            for word in self._words
        )


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _color_name(entry: Entry, column: int) -> str:
    if column == Column.STATE:
        return {"fresh": "fresh", STATE_TEXTS["set"]: "accent_text"}.get(entry.state, "text_muted")
    return "text_muted" if column in (Column.SOURCE, Column.WHY) else "text"
