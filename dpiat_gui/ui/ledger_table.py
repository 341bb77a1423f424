"""The table of the ledger as a widget: bars of where the elements come from, and their key."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from dpiat_gui.services.theme import LIGHT, Theme, score_color
from dpiat_gui.ui.ledger_model import ENTRY_ROLE, Column, Entry
from dpiat_gui.ui.rows_table import RowsTable
from dpiat_gui.ui.texts import big, percent

if TYPE_CHECKING:
    from dpiat_gui.transfer.ledger import Amounts

PARTS = (
    ("copied", "copied", "copied"),
    ("set", "set by a step", "set"),
    ("kept", "kept around copied parts", "kept"),
    ("fresh", "fresh", "fresh"),
)
"""The parts of a bar, as the ledger names them and as a person reads them: in full, and in short."""

_CHARACTERS = {
    Column.NAME: 30,
    Column.SOURCE: 36,
    Column.ELEMENTS: 13,
    Column.BAR: 16,
    Column.COPIED: 12,
    Column.STATE: 14,
    Column.WHY: 20,
}
"""Least widths of the columns."""
_SHARING = (Column.NAME, Column.SOURCE, Column.BAR, Column.WHY)
"""Columns that share the width that is left."""


def part_brush(part: str, theme: Theme) -> QBrush:
    """Return how a part of a bar is filled; parts differ in pattern as well as in colour."""
    if part == "copied":
        return QBrush(score_color(1.0, theme))
    if part == "set":
        return QBrush(theme.color("accent"), Qt.BrushStyle.Dense3Pattern)
    if part == "kept":
        return QBrush(theme.color("border_strong"), Qt.BrushStyle.BDiagPattern)
    return QBrush(Qt.BrushStyle.NoBrush)


def draw_bar(painter: QPainter, area: QRectF, amounts: "Amounts", theme: Theme) -> None:
    """Draw where elements come from, as a bar with an outline; fresh ones leave it empty."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    outline = area.toRect()
    painter.fillRect(outline, theme.color("surface"))
    at, elements = 0, max(1, amounts.elements)
    done = 0
    for part, _, _ in PARTS:
        done += getattr(amounts, part)
        end = round(outline.width() * done / elements)
        if getattr(amounts, part):
            end = max(end, at + 2)  # what there is, is seen
        if end > at and part != "fresh":
            painter.fillRect(
                outline.left() + at, outline.top(), end - at, outline.height(), part_brush(part, theme)
            )
        at = end
    painter.setPen(QPen(theme.color("border_strong"), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(outline.adjusted(0, 0, -1, -1))
    painter.restore()


class BarDelegate(QStyledItemDelegate):
    """Draws the bar of a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw the cell, then its bar."""
        super().paint(painter, option, index)
        entry = index.data(ENTRY_ROLE)
        if isinstance(entry, Entry) and entry.amounts.elements:
            space = option.rect.height() * 0.3
            draw_bar(painter, QRectF(option.rect).adjusted(6, space, -10, -space), entry.amounts, self.theme)


class LedgerTable(RowsTable):
    """The table of the ledger, with a bar in every row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sums = False
        self.bars = BarDelegate(self)
        self.setItemDelegateForColumn(Column.BAR, self.bars)

    def show_sums(self, sums: bool) -> None:
        """Show sums over layers or blocks, which need less: no reasons, and no names of sources."""
        self._sums = sums
        self.show_column(Column.WHY, not sums)

    def _set_widths(self, width: int, character: int) -> None:
        wanted = _CHARACTERS | ({Column.SOURCE: 12, Column.WHY: 0} if self._sums else {})
        left = width - sum(wanted.values()) * character
        shared = sum(wanted[column] for column in _SHARING)
        for column, characters in wanted.items():
            more = max(0, left) * characters // shared if column in _SHARING else 0
            self.setColumnWidth(column, characters * character + more)


class TotalBar(QWidget):
    """The whole target as one bar, with a key that names its parts and their sizes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._amounts: Amounts | None = None
        self._theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Coverage of the whole target")

    def set_amounts(self, amounts: "Amounts | None") -> None:
        """Show these amounts; None for nothing."""
        self._amounts = amounts
        told = ", ".join(f"{text} {size}" for _, text, size in self._told())
        self.setAccessibleDescription(told)
        self.setToolTip("\n".join(f"{text}: {size}" for _, text, size in self._told()))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for one line of the key."""
        return QSize(420, round(self.fontMetrics().height() * 1.5))

    def _told(self) -> Iterable[tuple[str, str, str]]:
        """Yield each part with its name and its size in words."""
        for part, text, _ in PARTS if self._amounts is not None else ():
            count = getattr(self._amounts, part)
            yield part, text, f"{self._share(part)} ({big(count)})"

    def _share(self, part: str) -> str:
        amounts = self._amounts
        if amounts is None or not amounts.elements:
            return "–"
        return percent(getattr(amounts, part) / amounts.elements)

    def _key(self, room: float) -> list[tuple[str, str]]:
        """Return the parts with as many words as there is room for."""
        short = [(part, f"{name} {self._share(part)}") for part, _, name in PARTS]
        long = [(part, f"{text} {self._share(part)}") for part, text, _ in PARTS]
        full = [(part, f"{text} {size}") for part, text, size in self._told()]
        return next((key for key in (full, long) if self._width(key) <= room), short)

    def _width(self, key: Iterable[tuple[str, str]]) -> float:
        metrics = self.fontMetrics()
        around = metrics.height() * 0.8 + 2.8 * metrics.averageCharWidth()
        return sum(metrics.horizontalAdvance(text) + around for _, text in key)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the bar, and the key at its right."""
        if self._amounts is None:
            return
        painter = QPainter(self)
        metrics, height = self.fontMetrics(), self.height()
        swatch = metrics.height() * 0.8
        gap = metrics.averageCharWidth() * 2
        key = self._key(self.width() - 140)
        width = max(60.0, min(320.0, self.width() - self._width(key) - gap))
        bar = metrics.height() * 0.75
        draw_bar(painter, QRectF(0, (height - bar) / 2, width, bar), self._amounts, self._theme)
        at = width + gap
        painter.setPen(self._theme.color("text"))
        for part, text in key:
            square = QRectF(at, (height - swatch) / 2, swatch, swatch).toRect()
            painter.fillRect(square, self._theme.color("surface"))
            painter.fillRect(square, part_brush(part, self._theme))
            painter.setPen(QPen(QColor(self._theme.color("border_strong")), 1))
            painter.drawRect(square.adjusted(0, 0, -1, -1))
            at += swatch + gap * 0.4
            painter.setPen(self._theme.color("text"))
            painter.drawText(QRectF(at, 0, self.width() - at, height), Qt.AlignmentFlag.AlignVCenter, text)
            at += metrics.horizontalAdvance(text) + gap
        painter.end()
