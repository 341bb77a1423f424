"""Painting the headers of a table: which target a row is, which source a column is."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from dpiat_gui.services.theme import Theme, role_color
from dpiat_gui.ui.dp_table_drawing import Shown
from dpiat_gui.ui.dp_table_geometry import Geometry
from dpiat_gui.ui.dp_table_texts import source, target

if TYPE_CHECKING:
    from dpiat_gui.matching.named_tables import Name, NamedTable

BAR = 5
"""Thickness of the bar in the role's colour, in pixels."""

_GAP = 6
_MOST, _LEAST, _LEAST_TOP = 260, 34, 96
_TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Every so many cells one has its number, where not all have room."""


@dataclass(frozen=True, slots=True)
class NameWidths:
    """How much room the names of a table take, in pixels.

    Parameters
    ----------
    rows, columns
        Of the longest name of a row and of a column, with what it is.
    paths
        Of the longest name of a column without what it is.
    flat
        Of the longest path alone.
    line, height
        Distance of two lines, and height of one.
    corner
        Of the word in the corner.
    most
        What the names of rows may take at the most.
    """

    rows: float
    columns: float
    paths: float
    flat: float
    line: float
    height: float
    corner: float
    most: float

    @classmethod
    def of(cls, named: "NamedTable", font: QFont, scale: float = 1.0) -> "NameWidths":
        """Measure the names of a table in a font, so many times larger than usual."""
        metrics = QFontMetricsF(font)
        more = metrics.horizontalAdvance("T₁₀₀") + 3 * _GAP + BAR

        def widest(words: Iterable[str]) -> float:
            return max(map(metrics.horizontalAdvance, words), default=0.0)

        flat = widest(name.short for name in named.sources)
        return cls(
            widest(f"{name.short} {name.title}" for name in named.targets) + more,
            widest(f"{name.short} {name.title}" for name in named.sources) + more,
            flat + more,
            flat,
            metrics.lineSpacing(),
            metrics.height(),
            metrics.horizontalAdvance("target ↓") + 2 * _GAP + BAR,
            _MOST * scale,
        )

    def lie_flat(self, width: int) -> bool:
        """Tell whether the paths of all columns have room above cells of a width."""
        return self.flat <= width - 6

    def sizes(
        self, width: float, height: float, cell: tuple[int, int], standing: bool = True
    ) -> tuple[int, int]:
        """Return the room for the headers of rows and of columns: left and top.

        Parameters
        ----------
        width, height
            Of the viewport.
        cell
            Width and height of a cell: names of columns lie where they have room, else they stand.
        standing
            Whether they may stand; if not, columns have numbers only.
        """
        left = min(self.rows, self.most, 0.36 * width)
        if self.lie_flat(cell[0]):
            top = 2 * self.line + BAR + _GAP
        elif standing and cell[0] >= self.height - 2:
            top = min(self.columns, max(0.3 * height, min(self.paths, _LEAST_TOP, 0.48 * height)))
        else:
            top = self.height + BAR + _GAP
        if cell[1] < self.height - 3:
            left = min(left, self.corner)
        return round(max(left, _LEAST)), round(max(top, _LEAST))


def paint_headers(
    painter: QPainter,
    shown: Shown,
    place: Geometry,
    size: QRectF,
    theme: Theme,
    font: QFont,
    looked_at: tuple[int, int] | None,
    flat: bool,
) -> None:
    """Paint both headers and the corner between them; `size` is the viewport.

    Parameters
    ----------
    painter, shown, place, size, theme, font
        What is painted, where and how.
    looked_at
        Row and column whose names stand out: those of the pointer.
    flat
        Whether the names of columns lie.
    """
    painter.setFont(font)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    metrics = QFontMetricsF(font)
    painter.setClipRect(size)
    painter.fillRect(QRectF(0, 0, size.width(), place.top), theme.color("surface"))
    painter.fillRect(QRectF(0, 0, place.left, size.height()), theme.color("surface"))
    marked = [at for at in (shown.current, looked_at) if at is not None]
    strong = {at[0] for at in marked} | shown.rows, {at[1] for at in marked} | shown.columns
    _paint_rows(painter, shown, place, size, theme, strong[0])
    _paint_columns(painter, shown, place, size, theme, strong[1], flat)
    _paint_corner(painter, place, size, theme, metrics)


def _paint_rows(
    painter: QPainter,
    shown: Shown,
    place: Geometry,
    size: QRectF,
    theme: Theme,
    strong: Collection[int],
) -> None:
    whole = painter.font()
    metrics = QFontMetricsF(whole)
    named = place.height >= metrics.height() - 3
    if named and place.height < metrics.height():
        # Lines as close as this would touch each other.
        smaller = painter.font()
        smaller.setPointSizeF(smaller.pointSizeF() * place.height / metrics.height())
        painter.setFont(smaller)
    painter.setClipRect(QRectF(0, place.top, place.left, size.height()))
    for row in place.seen_rows(size.bottom()):
        rect = QRectF(0, place.rect(row, place.first).top(), place.left, place.height)
        name = shown.named.targets[row - 1] if row else None
        _paint_bar(
            painter, QRectF(place.left - BAR, rect.top() + 0.5, BAR - 1, place.height - 1), name, theme
        )
        if named:
            fresh = row - 1 in shown.named.fresh
            _paint_name(
                painter,
                rect.adjusted(_GAP, 0, -BAR - _GAP, 0),
                target(row),
                name,
                row in strong,
                theme,
                fresh,
            )
        elif _is_numbered(row, strong, place.height, metrics.height()):
            painter.setPen(theme.color("accent_text" if row in strong else "text_muted"))
            line = QRectF(_GAP, rect.center().y() - metrics.height() / 2, place.left, metrics.height())
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, target(row))
    painter.setFont(whole)


def _paint_columns(
    painter: QPainter,
    shown: Shown,
    place: Geometry,
    size: QRectF,
    theme: Theme,
    strong: Collection[int],
    flat: bool,
) -> None:
    metrics = QFontMetricsF(painter.font())
    painter.setClipRect(QRectF(place.left, 0, size.width(), place.top))
    for column in place.seen_columns(size.right()):
        name = shown.named.sources[column - 1] if column else None
        x = place.rect(place.first, column).left()
        _paint_bar(painter, QRectF(x + 0.5, place.top - BAR, place.width - 1, BAR - 1), name, theme)
        if flat:
            rect = QRectF(x, 0, place.width, place.top - BAR)
            _paint_flat(painter, rect, source(column), name, column in strong, theme)
        elif place.width >= metrics.height() - 2 and place.top >= 3 * metrics.height():
            painter.save()
            painter.translate(x, place.top - BAR - _GAP)
            painter.rotate(-90)
            rect = QRectF(0, 0, place.top - BAR - 1.5 * _GAP, place.width)
            _paint_name(painter, rect, source(column), name, column in strong, theme)
            painter.restore()
        elif _is_numbered(column, strong, place.width, metrics.horizontalAdvance("S₁₀₀")):
            painter.setPen(theme.color("accent_text" if column in strong else "text_muted"))
            width = metrics.horizontalAdvance(source(column)) + 2
            over = QRectF(x + (place.width - width) / 2, 0, width, place.top - BAR)
            painter.drawText(over, Qt.AlignmentFlag.AlignCenter, source(column))


def _is_numbered(at: int, strong: Collection[int], cell: float, needed: float) -> bool:
    """Tell whether a cell has its number: where cells are small every fifth has, or every tenth ..."""
    if at in strong:
        return True
    every = next((step for step in _TICKS if step * cell >= 1.4 * needed), _TICKS[-1])
    return at % every == 0 and all(abs(at - one) * cell >= needed for one in strong)


def _paint_bar(painter: QPainter, rect: QRectF, name: "Name | None", theme: Theme) -> None:
    if name is not None:
        painter.fillRect(rect, role_color(name.role, theme))


def _paint_name(
    painter: QPainter,
    rect: QRectF,
    symbol: str,
    name: "Name | None",
    strong: bool,
    theme: Theme,
    fresh: bool = False,
) -> None:
    """Write ``T₃ blocks.1.0 MBConv6 k3``: the symbol, the path, and what it is where there is room."""
    metrics = QFontMetricsF(painter.font())
    middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    painter.setPen(theme.color("accent_text" if strong else "text_muted"))
    painter.drawText(rect, middle, symbol)
    room = rect.adjusted(metrics.horizontalAdvance(symbol) + _GAP, 0, 0, 0)
    if name is None:
        painter.drawText(room, middle, metrics.elidedText("none", Qt.TextElideMode.ElideRight, room.width()))
        return
    painter.setPen(theme.color("accent_text" if strong else "text"))
    short = metrics.elidedText(name.short, Qt.TextElideMode.ElideLeft, room.width())
    painter.drawText(room, middle, short)
    room.setLeft(room.left() + metrics.horizontalAdvance(short) + _GAP)
    words = "left fresh" if fresh else name.title
    # A letter and three dots would say nothing.
    if room.width() > 6 * metrics.averageCharWidth():
        painter.setPen(theme.color("fresh" if fresh else "text_muted"))
        painter.drawText(room, middle, metrics.elidedText(words, Qt.TextElideMode.ElideRight, room.width()))


def _paint_flat(
    painter: QPainter, rect: QRectF, symbol: str, name: "Name | None", strong: bool, theme: Theme
) -> None:
    """Write a column's symbol above its path, in the middle of the column."""
    half = rect.height() / 2
    centre = Qt.AlignmentFlag.AlignCenter
    painter.setPen(theme.color("accent_text" if strong else "text_muted"))
    painter.drawText(rect.adjusted(0, 1, 0, -half), centre, symbol)
    painter.setPen(theme.color("accent_text" if strong else "text" if name else "text_muted"))
    painter.drawText(rect.adjusted(0, half - 1, 0, -2), centre, name.short if name else "none")


def _paint_corner(
    painter: QPainter, place: Geometry, size: QRectF, theme: Theme, metrics: QFontMetricsF
) -> None:
    painter.setClipRect(size)
    corner = QRectF(0, 0, place.left, place.top)
    painter.fillRect(corner, theme.color("surface"))
    painter.setPen(theme.color("text_muted"))
    inner = corner.adjusted(_GAP, 2, -BAR - _GAP, -BAR)
    room = metrics.horizontalAdvance("source →") <= inner.width()
    if room and inner.height() >= 2 * metrics.lineSpacing():
        painter.drawText(inner, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight, "source →")
    painter.drawText(inner, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, "target ↓")
    painter.setPen(QPen(theme.color("border"), 1))
    painter.drawLine(QPointF(0, place.top - 0.5), QPointF(size.width(), place.top - 0.5))
    painter.drawLine(QPointF(place.left - 0.5, 0), QPointF(place.left - 0.5, size.height()))
