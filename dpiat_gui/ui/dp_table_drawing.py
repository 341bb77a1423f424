"""Painting a table: cells as a heat map, numbers where they fit, the way back, marks of overrides."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QPolygonF, QRegion

from dpiat_gui.services.palettes import contrast
from dpiat_gui.services.theme import Theme, score_color
from dpiat_gui.ui.dp_table_geometry import Geometry
from dpiat_gui.ui.dp_table_texts import NOTHING, number

if TYPE_CHECKING:
    from dpiat_gui.matching.named_tables import NamedTable

CellPlace = tuple[int, int]
"""Number of targets and of sources: row and column of a cell."""

_STEPS = 256
_RINGS_FROM, _MARKS_FROM, _LINES_FROM, _SECOND_FROM = 6, 8, 10, 34
"""Heights of cells from which rings of pairs, marks of overrides, lines and a second number are drawn."""

_FEW = 16
"""In tables of scores with more columns, a zero is a dot: there are many of them."""


@dataclass(frozen=True)
class Shown:
    """What a table shows.

    Parameters
    ----------
    named
        The table.
    totals
        Whether cells show D, with its row 0 and column 0, rather than the scores of the pairs.
    filled
        How many cells are there, row by row; None for all.
    way
        Cells of the way back as far as it is walked, from the last cell on.
    pairs
        Cells that were read out as pairs.
    current
        The cell that is looked at.
    rows, columns
        Rows and columns that are selected where no cell is.
    uses
        Cells that the current one is compared from.
    chosen
        The one of them that was chosen.
    """

    named: "NamedTable" = field(repr=False)
    totals: bool = False
    filled: int | None = None
    way: tuple[CellPlace, ...] = ()
    pairs: frozenset[CellPlace] = frozenset()
    current: CellPlace | None = None
    rows: frozenset[int] = frozenset()
    columns: frozenset[int] = frozenset()
    uses: tuple[CellPlace, ...] = ()
    chosen: CellPlace | None = None

    @property
    def first(self) -> int:
        """Number of the first row and column."""
        return 0 if self.totals else 1

    def has(self, row: int, column: int) -> bool:
        """Whether a cell is filled; row 0 and column 0 always are."""
        if self.filled is None or row == 0 or column == 0:
            return True
        return (row - 1) * len(self.named.sources) + column <= self.filled


class Heat:
    """The colours of all cells as an image of one pixel a cell, and which of them take dark text.

    Parameters
    ----------
    named, totals
        What is shown.
    theme
        Whose colours of scores are used.
    """

    def __init__(self, named: "NamedTable", totals: bool, theme: Theme) -> None:
        if totals:
            values = named.table.values
            best = max(named.total, 1e-12) if np.isfinite(named.total) else 1.0
            shares = values / best
        else:
            values, shares = named.table.scores, named.shares
        self.values = values
        colors = [score_color(at / (_STEPS - 1), theme) for at in range(_STEPS)]
        place = np.clip(np.nan_to_num(shares, neginf=0.0) * (_STEPS - 1), 0, _STEPS - 1).astype(np.intp)
        drawn = np.array([color.rgba() for color in colors], dtype=np.uint32)[place]
        # Nothing to gain, and nothing possible, have no colour: the ground shows.
        drawn[~(values > 0)] = 0
        self._pixels = np.ascontiguousarray(drawn)
        height, width = drawn.shape
        image_format = QImage.Format.Format_ARGB32
        self.image = QImage(self._pixels.data, width, height, 4 * width, image_format).copy()
        ink, paper = QColor("#10141b"), QColor("#ffffff")
        dark = np.array([contrast(color, ink) > contrast(color, paper) for color in colors])
        self.dark_text = dark[place]
        self.digits = self._digits()

    def _digits(self) -> int:
        finite = self.values[np.isfinite(self.values)]
        return 0 if np.array_equal(finite, np.round(finite)) else 3

    def written(self, fits: float, metrics: QFontMetricsF) -> int | None:
        """Return how many digits after the point there is room for; None where no number fits."""
        most = max(float(np.max(self.values, initial=0.0)), 0.0)
        for digits in range(self.digits, -1, -1):
            if metrics.horizontalAdvance(f"{most:.{digits}f}") <= fits:
                return digits
        return None


def paint_cells(
    painter: QPainter, shown: Shown, heat: Heat, place: Geometry, seen: QRectF, theme: Theme, font: QFont
) -> None:
    """Paint the cells that are seen; `seen` is the viewport without the headers."""
    rows, columns = place.seen_rows(seen.bottom()), place.seen_columns(seen.right())
    if not rows or not columns:
        return
    painter.setClipRect(seen)
    corner, end = place.rect(rows[0], columns[0]), place.rect(rows[-1], columns[-1])
    area = QRectF(corner.topLeft(), end.bottomRight())
    painter.fillRect(area, theme.color("canvas"))
    _clip_to_filled(painter, shown, place, area)
    source = QRectF(columns[0] - place.first, rows[0] - place.first, len(columns), len(rows))
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(area, heat.image, source)
    painter.setClipRect(seen)
    if place.height >= _LINES_FROM:
        _paint_lines(painter, place, rows, columns, area, theme)
    _paint_impossible(painter, shown, heat, place, rows, columns, theme)
    _paint_numbers(painter, shown, heat, place, rows, columns, theme, font)


def _clip_to_filled(painter: QPainter, shown: Shown, place: Geometry, area: QRectF) -> None:
    """Let only what is filled so far be painted."""
    if shown.filled is None:
        return
    full, rest = divmod(shown.filled, max(len(shown.named.sources), 1))
    there = QRectF(area)
    there.setBottom(place.rect(full, place.first).bottom() if full else place.rect(0, 0).bottom())
    region = QRegion(there.toAlignedRect())
    if rest:
        row = QRectF(place.rect(full + 1, place.first).topLeft(), place.rect(full + 1, rest).bottomRight())
        region += QRegion(row.toAlignedRect())
    border = QRectF(area)
    border.setRight(place.rect(0, 0).right())
    region += QRegion(border.toAlignedRect())
    painter.setClipRegion(region & QRegion(area.toAlignedRect()), Qt.ClipOperation.IntersectClip)


def _paint_lines(
    painter: QPainter, place: Geometry, rows: range, columns: range, area: QRectF, theme: Theme
) -> None:
    painter.setPen(QPen(theme.color("surface"), 1))
    for row in rows:
        y = place.rect(row, 0).top()
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
    for column in columns:
        x = place.rect(0, column).left()
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))


def _paint_impossible(
    painter: QPainter, shown: Shown, heat: Heat, place: Geometry, rows: range, columns: range, theme: Theme
) -> None:
    """Hatch the cells that no matching can have."""
    start = place.first
    block = heat.values[rows[0] - start : rows[-1] + 1 - start, columns[0] - start : columns[-1] + 1 - start]
    brush = QBrush(theme.color("edge_dim"), Qt.BrushStyle.BDiagPattern)
    for row, column in np.argwhere(np.isneginf(block)).tolist():
        at = rows[0] + row, columns[0] + column
        if shown.has(*at):
            painter.fillRect(place.rect(*at).adjusted(1, 1, 0, 0), brush)


def _paint_numbers(
    painter: QPainter,
    shown: Shown,
    heat: Heat,
    place: Geometry,
    rows: range,
    columns: range,
    theme: Theme,
    font: QFont,
) -> None:
    metrics = QFontMetricsF(font)
    digits = heat.written(place.width - 6, metrics)
    if digits is None or metrics.height() > place.height - 1:
        return
    painter.setFont(font)
    inks = theme.color("text_muted"), QColor("#10141b"), QColor("#ffffff")
    second = shown.totals and place.height >= _SECOND_FROM
    dots = not shown.totals and len(shown.named.sources) > _FEW
    values, dark = heat.values, heat.dark_text
    for row in rows:
        for column in columns:
            at = row - place.first, column - place.first
            value = float(values[at])
            if not shown.has(row, column):
                continue
            rect = place.rect(row, column)
            plain = not value > 0
            painter.setPen(inks[0] if plain else inks[1] if dark[at] else inks[2])
            if value == -np.inf:
                _paint_on_ground(painter, rect, NOTHING, theme, metrics)
            elif second and row and column:
                half = rect.height() / 2
                painter.drawText(
                    rect.adjusted(0, 2, 0, -half + 3), Qt.AlignmentFlag.AlignCenter, number(value, digits)
                )
                score = float(shown.named.table.scores[row - 1, column - 1])
                words = f"s {number(score, min(digits or 2, 2))}" if score > -np.inf else "s –"
                painter.drawText(rect.adjusted(0, half - 3, 0, -2), Qt.AlignmentFlag.AlignCenter, words)
            else:
                text = "·" if dots and value == 0 else number(value, digits)
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def _paint_on_ground(
    painter: QPainter, rect: QRectF, text: str, theme: Theme, metrics: QFontMetricsF
) -> None:
    """Write on a hatched cell: on a patch without hatches."""
    width = metrics.horizontalAdvance(text) + 4
    patch = QRectF(0, 0, width, metrics.height() - 2)
    patch.moveCenter(rect.center())
    painter.fillRect(patch, theme.color("canvas"))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def paint_marks(painter: QPainter, shown: Shown, place: Geometry, seen: QRectF, theme: Theme) -> None:
    """Paint the way back, the pairs, overrides and the cell that is looked at, over the cells."""
    painter.setClipRect(seen)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint_bands(painter, shown, place, seen, theme)
    _paint_way(painter, shown, place, seen, theme)
    if place.height >= _MARKS_FROM:
        for row, column in shown.named.pins:
            _paint_pin(painter, place.rect(row + 1, column + 1), theme)
        for row, column in shown.named.bans:
            _paint_ban(painter, place.rect(row + 1, column + 1), theme)
    for at in shown.uses:
        if at[0] >= place.first and at[1] >= place.first:
            _frame(painter, place.rect(*at).adjusted(1, 1, -1, -1), theme.color("surface"), 3)
            painter.setPen(QPen(theme.color("text"), 1.2, Qt.PenStyle.DashLine))
            painter.drawRect(place.rect(*at).adjusted(2, 2, -1, -1))
    if shown.current is not None:
        _frame(painter, place.rect(*shown.current), theme.color("surface"), 5)
        _frame(painter, place.rect(*shown.current), theme.color("focus"), 3)
        if shown.chosen is not None:
            _paint_step(painter, place, shown.chosen, shown.current, theme)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _paint_bands(painter: QPainter, shown: Shown, place: Geometry, seen: QRectF, theme: Theme) -> None:
    painter.setPen(QPen(theme.color("focus"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for row in shown.rows:
        rect = place.rect(row, place.first)
        painter.drawRect(QRectF(seen.left() - 4, rect.top() + 1, seen.width() + 8, rect.height() - 2))
    for column in shown.columns:
        rect = place.rect(place.first, column)
        painter.drawRect(QRectF(rect.left() + 1, seen.top() - 4, rect.width() - 2, seen.height() + 8))


def _paint_way(painter: QPainter, shown: Shown, place: Geometry, seen: QRectF, theme: Theme) -> None:
    """Paint the way back as dotted frames and a ring round every pair; as a line where cells are small."""
    seen_rows, seen_columns = place.seen_rows(seen.bottom()), place.seen_columns(seen.right())

    def is_seen(at: CellPlace) -> bool:
        return at[0] in seen_rows and at[1] in seen_columns

    cells = [at for at in shown.way if at[0] >= place.first and at[1] >= place.first]
    pairs = list(filter(is_seen, shown.pairs))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if place.height >= _RINGS_FROM:
        for at in filter(is_seen, cells):
            if at not in shown.pairs:
                _paint_corners(painter, place.rect(*at), theme)
        for at in pairs:
            _frame(painter, place.rect(*at), theme.color("surface"), 4)
            _frame(painter, place.rect(*at), theme.color("text"), 2)
        return
    line = QPolygonF([place.rect(*at).center() for at in cells])
    for color, width in (("surface", 3.5), ("text", 1.5)):
        painter.setPen(QPen(theme.color(color), width))
        painter.drawPolyline(line)
    for at in pairs:
        painter.fillRect(place.rect(*at), theme.color("text"))


def _paint_corners(painter: QPainter, rect: QRectF, theme: Theme) -> None:
    """Mark a cell that the way back passes without a pair: a dotted frame."""
    inside = rect.adjusted(2, 2, -1, -1)
    painter.setPen(QPen(theme.color("surface"), 3))
    painter.drawRect(inside)
    painter.setPen(QPen(theme.color("text"), 1.5, Qt.PenStyle.DotLine))
    painter.drawRect(inside)


def _paint_pin(painter: QPainter, rect: QRectF, theme: Theme) -> None:
    size = min(9.0, rect.height() * 0.45)
    # In the corner, half over the frame: numbers stay free.
    dot = QRectF(rect.right() - 0.8 * size, rect.top() - 0.2 * size, size, size)
    painter.setPen(QPen(theme.color("surface"), 1.5))
    painter.setBrush(theme.color("pin"))
    painter.drawEllipse(dot)


def _paint_ban(painter: QPainter, rect: QRectF, theme: Theme) -> None:
    size = min(10.0, rect.height() * 0.45)
    box = QRectF(0, 0, size, size)
    box.moveCenter(rect.center())
    if rect.height() > 16:
        box.moveTopRight(QPointF(rect.right() - 3, rect.top() + 3))
    painter.setPen(QPen(theme.color("ban"), 2))
    painter.drawLine(box.topLeft(), box.bottomRight())
    painter.drawLine(box.topRight(), box.bottomLeft())


def _paint_step(painter: QPainter, place: Geometry, start: CellPlace, end: CellPlace, theme: Theme) -> None:
    """Paint an arrow from the cell that was built on to the one that was made of it."""
    if start[0] < place.first or start[1] < place.first or place.height < _MARKS_FROM:
        return
    one, other = place.rect(*start), place.rect(*end)
    line = other.center() - one.center()
    length = max((line.x() ** 2 + line.y() ** 2) ** 0.5, 1.0)
    along = QPointF(line.x() / length, line.y() / length)
    # From border to border, so that the numbers between stay free.
    leave = min(place.width / max(abs(line.x()), 1e-9), place.height / max(abs(line.y()), 1e-9)) / 2
    tip, tail = other.center() - line * (0.74 * leave), one.center() + line * (0.5 * leave)
    across = QPointF(-along.y(), along.x())
    size = min(6.0, place.height * 0.25)
    head = QPolygonF(
        [tip, tip - along * (1.6 * size) + across * size, tip - along * (1.6 * size) - across * size]
    )
    for color, width in (("surface", 4.0), ("focus", 2.0)):
        pen = QPen(theme.color(color), width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawLine(tail, tip - along * size)
        if color == "focus":
            painter.setPen(Qt.PenStyle.NoPen)
        else:
            painter.setPen(QPen(theme.color(color), 2.5))
        painter.setBrush(theme.color(color))
        painter.drawPolygon(head)


def _frame(painter: QPainter, rect: QRectF, color: QColor, width: float) -> None:
    painter.setPen(
        QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin)
    )
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect.adjusted(1, 1, 0, 0))
