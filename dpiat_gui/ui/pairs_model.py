"""The pairs as a Qt table: every scored target layer, and the source layers that give nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap

from dpiat_gui.matching.values import Matching
from dpiat_gui.services.theme import LIGHT, Theme, fixed_font, score_color
from dpiat_gui.ui.pair_filter import PairFilter
from dpiat_gui.ui.pair_rows import HEADERS, Column, PairRow, pair_rows

SORT_ROLE = Qt.ItemDataRole.UserRole + 1
ROW_ROLE = Qt.ItemDataRole.UserRole + 2
"""The `PairRow` of a cell."""

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
_MANY = 200
"""From so many changed rows on, a reset costs less than telling of each."""


_TIPS = (
    "Source layer that gives its weights",
    "Target layer that takes them",
    "Kind of both layers",
    "Shapes of the scored tensors, source → target",
    "Product over the dimensions of the smaller size by the larger",
    "auto: found by the matching · pinned: by hand, itself or its block · weak: scores below 0.5 · "
    "fresh: takes nothing · banned: takes nothing after a ban · unused: gives nothing",
    "Share of the target layer's elements that come from the source",
    "Source in the matching this one is compared with, where it is another",
)
_RIGHT = frozenset({Column.SCORE, Column.COVERED})


class PairsModel(QAbstractTableModel):
    """One row per target layer that is scored, and one per scored source layer that is unused.

    Rows stand in the order of the target's column; an unused source layer stands before the
    first target that a later one serves.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[PairRow] = []
        self._covered: Mapping[str, float] = {}
        self._changes: Mapping[str, tuple[str, str]] | None = None
        self._theme = LIGHT
        self._font = fixed_font()
        # A path is long, and fixed-width letters are wide.
        self._font.setPointSizeF(0.92 * self._font.pointSizeF())

    @property
    def rows(self) -> Sequence[PairRow]:
        """All rows, in target order."""
        return self._rows

    def set_matching(self, matching: Matching | None) -> None:
        """Show another matching; rows that stay as they are are left alone."""
        self._replace(
            [] if matching is None else list(map(self._compared, pair_rows(matching, self._covered)))
        )

    def set_covered(self, by_layer: Mapping[str, float]) -> None:
        """Fill the last column: the copied share of each target layer, by path."""
        self._covered = by_layer
        self._replace([self._with_covered(row) for row in self._rows])

    def set_changes(self, changes: Mapping[str, tuple[str, str]] | None) -> None:
        """Say what rows are to another matching.

        Parameters
        ----------
        changes
            By target, where the two differ: one of `CHANGES`, and the source in the other matching.
            None while nothing is compared.
        """
        if changes != self._changes:
            self._changes = changes
            self._replace(list(map(self._compared, self._rows)))

    def _compared(self, row: PairRow) -> PairRow:
        change, before = "", ""
        if self._changes is not None and row.target:
            change, before = self._changes.get(row.target, ("same", ""))
        return (
            row
            if (change, before) == (row.change, row.before)
            else replace(row, change=change, before=before)
        )

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        if self._rows:
            roles = [Qt.ItemDataRole.DecorationRole, Qt.ItemDataRole.ForegroundRole]
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, Column.BEFORE), roles)

    def _with_covered(self, row: PairRow) -> PairRow:
        if row.score is None:
            return row
        covered = self._covered.get(row.target)
        return row if covered == row.covered else replace(row, covered=covered)

    def _replace(self, rows: list[PairRow]) -> None:
        changed = [at for at, (a, b) in enumerate(zip(self._rows, rows, strict=False)) if a != b]
        if len(rows) == len(self._rows) and len(changed) <= _MANY:
            self._rows = rows
            for first, last in _runs(changed):
                self.dataChanged.emit(self.index(first, 0), self.index(last, Column.BEFORE))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    # -- what Qt asks -------------------------------------------------------------------

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's name, or what it means."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(HEADERS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _TIPS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return one cell."""
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return row.text(column)
        if role == SORT_ROLE:
            return row.sort_key(column)
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.text(column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{HEADERS[column]} {row.text(column) or 'none'}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        return self._look(row, column, role)

    def _look(self, row: PairRow, column: int, role: int) -> QColor | QFont | QPixmap | None:
        if role == Qt.ItemDataRole.FontRole:
            # One font for the whole row: two of them do not stand on one line.
            return self._font
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._theme.color(_color_name(row, column))
        if role == Qt.ItemDataRole.DecorationRole and column == Column.SCORE and row.score is not None:
            return dot(score_color(row.score, self._theme).name())
        return None


class PairsProxy(QSortFilterProxyModel):
    """The rows that pass the filter, sorted by what a cell means rather than by its text."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._filter = PairFilter()
        self.setSortRole(SORT_ROLE)
        self.setDynamicSortFilter(True)

    @property
    def pair_filter(self) -> PairFilter:
        """The filter that holds now."""
        return self._filter

    def set_filter(self, pair_filter: PairFilter) -> None:
        """Show the rows that pass."""
        if pair_filter.terms == self._filter.terms:
            self._filter = pair_filter
            return
        self.beginFilterChange()
        self._filter = pair_filter
        self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Tell whether a row passes."""
        model = self.sourceModel()
        if not self._filter.terms or not isinstance(model, PairsModel):
            return True
        return self._filter.accepts(model.rows[row])


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _color_name(row: PairRow, column: int) -> str:
    if column in (Column.KIND, Column.SHAPES):
        return "text_muted"
    if column == Column.BEFORE:
        return {"added": "ok", "removed": "error", "changed": "warning"}.get(row.change, "text_muted")
    if column != Column.STATE:
        return "text"
    names = {
        "pinned": "accent_text",
        "weak": "warning",
        "fresh": "fresh",
        "banned": "error",
        "unused": "unmatched",
    }
    return names.get(row.state, "text_muted")


@lru_cache(maxsize=64)
def dot(color: str) -> QPixmap:
    """Return a dot of a colour, drawn at three times its size so that it stays round on any screen."""
    pixmap = QPixmap(30, 30)
    pixmap.setDevicePixelRatio(3.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    painter.drawEllipse(QRectF(1, 1, 8, 8))
    painter.end()
    return pixmap


def _runs(positions: Sequence[int]) -> list[tuple[int, int]]:
    """Return (first, last) of each run of positions that follow one another."""
    runs: list[tuple[int, int]] = []
    for at in positions:
        if runs and runs[-1][1] == at - 1:
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    return runs
