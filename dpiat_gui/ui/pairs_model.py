"""The pairs as a Qt table: every scored target layer, and the source layers that give nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
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

from dpiat_gui.document.places import is_scored
from dpiat_gui.document.problems import WEAK
from dpiat_gui.document.selection import Selection
from dpiat_gui.matching.values import Matching, Overrides
from dpiat_gui.networks.titles import format_shape
from dpiat_gui.networks.values import Layer
from dpiat_gui.services.theme import LIGHT, Theme, fixed_font, score_color
from dpiat_gui.ui.pair_filter import STATES, PairFilter
from dpiat_gui.ui.texts import percent

SORT_ROLE = Qt.ItemDataRole.UserRole + 1
ROW_ROLE = Qt.ItemDataRole.UserRole + 2
"""The `PairRow` of a cell."""

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
_MANY = 200
"""From so many changed rows on, a reset costs less than telling of each."""


class Column(IntEnum):
    """Columns of the table."""

    SOURCE = 0
    TARGET = 1
    KIND = 2
    SHAPES = 3
    SCORE = 4
    STATE = 5
    COVERED = 6


HEADERS = ("Source", "Target", "Kind", "Shapes", "Score", "State", "Covered")
_TIPS = (
    "Source layer that gives its weights",
    "Target layer that takes them",
    "Kind of both layers",
    "Shapes of the scored tensors, source → target",
    "Product over the dimensions of the smaller size by the larger",
    "auto: found by the matching · pinned: by hand · weak: scores below 0.5 · fresh: takes nothing · "
    "banned: takes nothing after a ban · unused: gives nothing",
    "Share of the target layer's elements that come from the source",
)
_RIGHT = frozenset({Column.SCORE, Column.COVERED})


@dataclass(frozen=True, slots=True)
class PairRow:
    """One row of the table.

    Parameters
    ----------
    source, target
        Paths, ``""`` where there is none.
    kind
        Kind of the layers.
    shapes
        As shown: ``504×84×1×1 → 528×88×1×1``.
    score
        Score of the pair, None without one.
    state
        One of `dpiat_gui.ui.pair_filter.STATES`.
    covered
        Share of the target layer that is copied, None where unknown or without meaning.
    order
        Positions among all source layers and all target layers, -1 where there is none.
    elements
        Elements of the larger of both scored tensors; shapes are sorted by it.
    """

    source: str
    target: str
    kind: str
    shapes: str
    score: float | None
    state: str
    covered: float | None = None
    order: tuple[int, int] = (-1, -1)
    elements: int = 0

    @property
    def selection(self) -> Selection:
        """What to select for the row: its target, which brings the source, or its source alone."""
        return Selection(target=self.target) if self.target else Selection(source=self.source)

    def text(self, column: int) -> str:
        """Return the text of a cell."""
        if column == Column.SCORE:
            return "" if self.score is None else f"{self.score:.3f}"
        if column == Column.COVERED:
            return "" if self.covered is None else percent(self.covered)
        return (self.source or "–", self.target or "–", self.kind, self.shapes, "", self.state)[column]

    def sort_key(self, column: int) -> int | float | str:
        """Return what a cell is sorted by; paths stand in the order of their network."""
        return (
            self.order[0],
            self.order[1],
            self.kind.lower(),
            self.elements,
            -1.0 if self.score is None else self.score,
            STATES.index(self.state),
            -1.0 if self.covered is None else self.covered,
        )[column]


def pair_rows(matching: Matching, covered: Mapping[str, float] | None = None) -> list[PairRow]:
    """Return the rows of a matching in target order; see `PairsModel`.

    Parameters
    ----------
    matching
        The matching.
    covered
        Copied share of each target layer, by path, as far as it is known.
    """
    covered = covered or {}
    layer_types = matching.options.layer_types
    sources = [layer for block in matching.source_entries for layer in block.layers]
    order = {layer.path: at for at, layer in enumerate(sources)}
    unused = [
        at
        for at, layer in enumerate(sources)
        if is_scored(layer, layer_types) and layer.path not in matching.by_source
    ][::-1]
    banned = {target for _, target in matching.overrides.bans}
    rows: list[PairRow] = []
    position = 0
    for block in matching.target_entries:
        for layer in block.layers:
            pair = matching.by_target.get(layer.path)
            if pair is not None:
                at = order[pair.source]
                while unused and unused[-1] < at:
                    rows.append(_unused_row(sources[unused[-1]], unused.pop()))
                state = "pinned" if pair.pinned else "weak" if pair.score < WEAK else "auto"
                rows.append(_pair_row(sources[at], layer, pair.score, state, (at, position), covered))
            elif is_scored(layer, layer_types):
                is_banned = bool({layer.path, block.path} & banned)
                by_hand = _left_fresh(matching.overrides, layer.path, block.path)
                state = "banned" if is_banned and not by_hand else "fresh"
                rows.append(_fresh_row(layer, position, state))
            position += 1
    rows += [_unused_row(sources[at], at) for at in reversed(unused)]
    return rows


def _left_fresh(overrides: Overrides, *paths: str) -> bool:
    return any(path in overrides.fresh for path in paths)


def _fresh_row(layer: Layer, position: int, state: str) -> PairRow:
    shape = f"→ {format_shape(layer.shape)}"
    elements = layer.weight.elements if layer.weight else 0
    return PairRow("", layer.path, layer.kind.value, shape, None, state, 0.0, (-1, position), elements)


def _pair_row(
    source: Layer,
    target: Layer,
    score: float,
    state: str,
    order: tuple[int, int],
    covered: Mapping[str, float],
) -> PairRow:
    shapes = f"{format_shape(source.shape)} → {format_shape(target.shape)}"
    elements = max(layer.weight.elements if layer.weight else 0 for layer in (source, target))
    share = covered.get(target.path)
    return PairRow(source.path, target.path, target.kind.value, shapes, score, state, share, order, elements)


def _unused_row(layer: Layer, at: int) -> PairRow:
    elements = layer.weight.elements if layer.weight else 0
    shape = f"{format_shape(layer.shape)} →"
    return PairRow(layer.path, "", layer.kind.value, shape, None, "unused", None, (at, -1), elements)


class PairsModel(QAbstractTableModel):
    """One row per target layer that is scored, and one per scored source layer that is unused.

    Rows stand in the order of the target's column; an unused source layer stands before the
    first target that a later one serves.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[PairRow] = []
        self._covered: Mapping[str, float] = {}
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
        self._replace([] if matching is None else pair_rows(matching, self._covered))

    def set_covered(self, by_layer: Mapping[str, float]) -> None:
        """Fill the last column: the copied share of each target layer, by path."""
        self._covered = by_layer
        self._replace([self._with_covered(row) for row in self._rows])

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        if self._rows:
            roles = [Qt.ItemDataRole.DecorationRole, Qt.ItemDataRole.ForegroundRole]
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, Column.COVERED), roles)

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
                self.dataChanged.emit(self.index(first, 0), self.index(last, Column.COVERED))
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
        if role == Qt.ItemDataRole.FontRole and column not in (Column.KIND, Column.STATE):
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
