"""Blocks for a zoom at which text cannot be read: bars stand for words, all of one colour drawn at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from dpiat_gui.canvas.block_view import BlockView
from dpiat_gui.canvas.columns import Mark, Row, RowState, Side
from dpiat_gui.canvas.stage import Stage
from dpiat_gui.canvas.style import Style

CHUNK = 16
"""Blocks that are drawn, and culled, together."""

_NAMES = {Side.SOURCE: "unmatched", Side.TARGET: "fresh"}

Batches = list[tuple[QColor, list[QRectF]]]
"""Rectangles by colour, in painting order."""


@dataclass
class Chunk:
    """Some blocks below each other.

    Parameters
    ----------
    views
        Each with the height at which it stands.
    batches
        Their drawing, made when it is first seen.
    """

    views: list[tuple[float, BlockView]]
    batches: Batches | None = field(default=None, compare=False)

    @property
    def span(self) -> tuple[float, float]:
        """Heights between which the blocks stand."""
        return self.views[0][0], self.views[-1][0] + self.views[-1][1].height


class SketchItem(QGraphicsRectItem):
    """All blocks of a column, sketched."""

    def __init__(self) -> None:
        super().__init__()
        self.setPen(QPen(Qt.PenStyle.NoPen))
        # Asking for the exposed strip is what makes culling possible.
        self.setFlag(QGraphicsRectItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self._chunks: list[Chunk] = []
        self._style: Style | None = None
        self._left = 0.0
        self._stage = Stage()

    def show_views(
        self, views: Sequence[tuple[float, BlockView]], style: Style, side: Side, stage: Stage, bounds: QRectF
    ) -> None:
        """Draw blocks, given by height and view; chunks that look as before are kept."""
        chunks = [Chunk(list(views[i : i + CHUNK])) for i in range(0, len(views), CHUNK)]
        same = style is self._style and (stage.columns, stage.across) == (
            self._stage.columns,
            self._stage.across,
        )
        if same:
            for position, (new, old) in enumerate(zip(chunks, self._chunks, strict=False)):
                if new == old:
                    chunks[position] = old
        self._chunks, self._style, self._stage = chunks, style, stage
        self._left = stage.left(side)
        self.setRect(bounds)
        self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the chunks that the exposed strip shows."""
        if self._style is None:
            return
        exposed = self._stage.rect(option.exposedRect)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        for chunk in self._chunks:
            top, bottom = chunk.span
            if bottom < exposed.top() or top > exposed.bottom():
                continue
            if chunk.batches is None:
                chunk.batches = sketch(chunk.views, self._style, self._left, self._stage)
            for color, rects in chunk.batches:
                painter.setBrush(color)
                painter.drawRects(rects)


def sketch(views: Sequence[tuple[float, BlockView]], style: Style, left: float, stage: Stage) -> Batches:
    """Return the sketch of blocks as rectangles by colour, in painting order.

    Parameters
    ----------
    views
        Each with the height at which it stands.
    style
        The style.
    left
        The x of the column, before any mirroring.
    stage
        Says whether columns are strips, whose boxes are turned to the left.
    """
    layers: list[dict[int, list[QRectF]]] = [{}, {}, {}]
    width = stage.columns.width

    def fill(layer: int, color: QColor, rect: QRectF, y: float) -> None:
        if stage.across:
            placed = QRectF(y + rect.y(), left + width - rect.x() - rect.width(), rect.height(), rect.width())
        else:
            placed = QRectF(left + rect.x(), y + rect.y(), rect.width(), rect.height())
        layers[layer].setdefault(color.rgba(), []).append(placed)

    for y, view in views:
        name = _NAMES[view.side]
        box = QRectF(0, 0, view.width, view.box_height)
        fill(0, style.color(name) if view.free else style.color("border"), box, y)
        ground = style.color(f"{name}_soft" if view.free else "surface")
        rim = 1.6 if view.free else 1.0
        fill(1, ground, box.adjusted(rim, rim, -rim, -rim), y)
        if view.run:
            sheet = QRectF(8 * style.unit, view.box_height + 2, view.width - 16 * style.unit, 2)
            fill(1, style.color("border_strong"), sheet, y)
        fill(2, style.role(view.entry.role), QRectF(0, 0, 7 * style.unit, view.box_height), y)
        for color, rect in _inside(view, style):
            fill(2, color, rect, y)
    return [(QColor.fromRgba(rgba), rects) for batches in layers for rgba, rects in batches.items()]


def _inside(view: BlockView, style: Style) -> list[tuple[QColor, QRectF]]:
    """Return what stands in a box: bars for its title and rows, chips, coverage."""
    unit, ink = style.unit, style.color("border_strong", 0.7)
    left = 26 * unit
    strip = view.header if view.rows or view.entry.single else view.box_height * 0.55
    length = min(style.title.width(view.title), (view.width - left - 12 * unit) * 0.75)
    found = [(ink, QRectF(left, strip / 2 - 2.5 * unit, length, 5 * unit))]
    if view.rows:
        for row, mark, top in zip(view.entry.rows, view.marks.rows, view.rows, strict=True):
            found += _row(view, style, row, mark, top + view.row_height / 2)
    elif view.entry.single:
        found += _share(view, style, view.marks.whole, view.height / 2)
    else:
        middle = view.box_height * 0.76
        for i, (row, mark) in enumerate(zip(view.entry.rows[:16], view.marks.rows[:16], strict=True)):
            hollow = mark.state is RowState.FREE
            color = style.color(_NAMES[view.side]) if hollow else style.role(row.role)
            height = (2 if hollow else 5) * unit
            found.append((color, QRectF(left + i * 9 * unit, middle - 2.5 * unit, 7 * unit, height)))
        found += _share(view, style, view.marks.whole, middle)
    return found


def _row(view: BlockView, style: Style, row: Row, mark: Mark, middle: float) -> list[tuple[QColor, QRectF]]:
    unit = style.unit
    found = []
    if mark.state is RowState.FREE and not view.free:
        height = view.row_height - 1
        band = QRectF(7 * unit, middle - height / 2, view.width - 8 * unit, height)
        found.append((style.color(f"{_NAMES[view.side]}_soft"), band))
    dot = 6 * unit if row.scored else 3 * unit
    found.append((style.role(row.role), QRectF(22 * unit - dot / 2, middle - dot / 2, dot, dot)))
    length = min(style.text.width(row.name), view.width * 0.4)
    faint = style.color("border_strong", 0.7 if row.scored else 0.35)
    found.append((faint, QRectF(34 * unit, middle - 2 * unit, length, 4 * unit)))
    return found + _share(view, style, mark, middle)


def _share(view: BlockView, style: Style, mark: Mark, middle: float) -> list[tuple[QColor, QRectF]]:
    """Return the bar of how much of a target comes from the source."""
    if view.side is not Side.TARGET or mark.coverage is None:
        return []
    unit = style.unit
    left, width, top = view.width - 58 * unit, 46 * unit, middle - 2.5 * unit
    bars = [(style.color("border"), QRectF(left, top, width, 5 * unit))]
    if mark.coverage > 0:
        filled = QRectF(left, top, max(width * mark.coverage, 3 * unit), 5 * unit)
        bars.append((style.score(mark.coverage), filled))
    return bars


class TintItem(QGraphicsRectItem):
    """What is selected or pointed at among blocks that are sketched, or drawn as specks."""

    def __init__(self) -> None:
        super().__init__()
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self.setZValue(0.5)
        self._tints: tuple[tuple[QRectF, QColor], ...] = ()
        self._rim = QColor()

    def show_tints(self, tints: Sequence[tuple[QRectF, QColor]], rim: QColor, bounds: QRectF) -> None:
        """Draw tinted rectangles of the scene, each with a rim."""
        if tuple(tints) != self._tints or rim != self._rim:
            self._tints, self._rim = tuple(tints), rim
            self.setRect(bounds)
            self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the rectangles, however small."""
        rim = QPen(self._rim, 1.6)
        rim.setCosmetic(True)
        painter.setPen(rim)
        for rect, color in self._tints:
            painter.setBrush(color)
            painter.drawRect(rect)
