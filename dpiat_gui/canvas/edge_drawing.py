"""The drawing of everything between the columns: curves, ribbons, score labels."""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from dpiat_gui.canvas.badges import pin_badge, skip_badge
from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.connections import Band
from dpiat_gui.canvas.curves import weight
from dpiat_gui.canvas.edge_marks import EdgeMark
from dpiat_gui.canvas.layout import Columns
from dpiat_gui.canvas.primitives import (
    Anchor,
    Box,
    Curve,
    Polygon,
    Primitive,
    Text,
    curve_path,
    paint_all,
    pen,
)
from dpiat_gui.canvas.style import Style

if TYPE_CHECKING:
    from dpiat_gui.canvas.picker import Picker

_SKIP_AT = 0.8
"""Where on an edge the mark of the skip factor stands, from source to target."""

_RIBBON_STEPS = tuple((step / 16, weight(step / 16)) for step in range(17))


class EdgeDrawing:
    """The edges of a board, ready to paint.

    Parameters
    ----------
    board
        What is drawn.
    columns
        The x of the columns.
    style
        How it looks.

    Notes
    -----
    It holds the edges of one state of the board; another state needs another drawing. Curves
    are made when they are first seen.
    """

    def __init__(self, board: Board, columns: Columns, style: Style) -> None:
        self._board = board
        self._style = style
        self._edges = board.edges.edges
        self._marks = board.edge_marks
        self._left, self._right = columns.source_right, columns.target_left
        self._paths: dict[int, QPainterPath] = {}
        self._pens: dict[tuple[int, float, bool], QPen] = {}
        self._ribbons: list[list[QPointF]] | None = None
        self._hairlines: list[tuple[QPen, QPainterPath]] | None = None

    def __len__(self) -> int:
        return len(self._edges)

    @cached_property
    def _picker(self) -> "Picker":
        # Not before there are edges: the window paints its empty columns before it loads NumPy.
        from dpiat_gui.canvas.picker import Picker

        return Picker.of([(edge.y0, edge.y1) for edge in self._edges])

    def visible(self, top: float, bottom: float) -> list[int]:
        """Return the positions of the edges that cross a strip of heights."""
        return self._picker.between(top, bottom) if self._edges else []

    def nearest(self, x: float, y: float, radius: float) -> int | None:
        """Return the edge nearest to a point, None if none is within `radius`."""
        length = self._right - self._left
        return self._picker.nearest((x - self._left) / length, y, length, radius) if self._edges else None

    def middle(self, edge: int) -> QPointF:
        """Return the point half-way along an edge."""
        drawn = self._edges[edge]
        return QPointF((self._left + self._right) / 2, (drawn.y0 + drawn.y1) / 2)

    # painting

    def paint(
        self, painter: QPainter, top: float, bottom: float, lifted: frozenset[int], rest: float
    ) -> None:
        """Paint what crosses a strip of heights.

        Parameters
        ----------
        painter
            With antialiasing.
        top, bottom
            The strip.
        lifted
            Edges drawn thicker and last.
        rest
            Opacity of the others, 0 to 1.
        """
        if rest > 0:
            painter.setOpacity(rest)
            self._paint_ribbons(painter, top, bottom)
            for i in self.visible(top, bottom):
                if i not in lifted:
                    self._paint_edge(painter, i, 0.0)
            painter.setOpacity(1.0)
        for i in sorted(lifted):
            self._paint_edge(painter, i, 1.4 * self._style.unit)

    def paint_labels(self, painter: QPainter, edges: Iterable[int], scale: float) -> None:
        """Paint the scores of edges in the middle of each, at a size that can be read."""
        for i in edges:
            middle = self.middle(i)
            painter.save()
            painter.translate(middle)
            if scale < 1:
                painter.scale(1 / scale, 1 / scale)
            paint_all(painter, self.label(i, QPointF(0, 0)))
            painter.restore()

    def paint_hairlines(self, painter: QPainter) -> None:
        """Paint all edges as hairlines, for a zoom at which more cannot be seen."""
        if self._hairlines is None:
            paths: dict[int, QPainterPath] = {}
            for edge, mark in zip(self._edges, self._marks, strict=True):
                path = paths.setdefault(self._style.score(mark.score).rgba(), QPainterPath())
                path.moveTo(self._left, edge.y0)
                for fraction, share in _RIBBON_STEPS[4::4] if edge.y0 != edge.y1 else _RIBBON_STEPS[-1:]:
                    x = self._left + fraction * (self._right - self._left)
                    path.lineTo(x, edge.y0 + share * (edge.y1 - edge.y0))
            self._hairlines = [(QPen(QColor.fromRgba(rgba), 0), path) for rgba, path in paths.items()]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line, path in self._hairlines:
            painter.setPen(line)
            painter.drawPath(path)

    def _paint_ribbons(self, painter: QPainter, top: float, bottom: float) -> None:
        if self._ribbons is None:
            self._ribbons = [self._ribbon(band) for band in self._board.edges.bands]
        painter.setPen(Qt.PenStyle.NoPen)
        for band, points in zip(self._board.edges.bands, self._ribbons, strict=True):
            if min(band.source_top, band.target_top) <= bottom and top <= max(
                band.source_bottom, band.target_bottom
            ):
                painter.setBrush(self._ribbon_color(band))
                painter.drawPolygon(points)

    def _paint_edge(self, painter: QPainter, i: int, extra: float) -> None:
        edge, mark = self._edges[i], self._marks[i]
        line = self._pen(mark, extra)
        if edge.y0 == edge.y1:
            painter.setPen(line)
            painter.drawLine(QLineF(self._left, edge.y0, self._right, edge.y1))
        else:
            path = self._paths.get(i)
            if path is None:
                path = curve_path(QPointF(self._left, edge.y0), QPointF(self._right, edge.y1))
                self._paths[i] = path
            painter.strokePath(path, line)
        paint_all(painter, self._badges(i))

    def _pen(self, mark: EdgeMark, extra: float) -> QPen:
        key = (self._style.score(mark.score).rgba(), self._width(mark) + extra, mark.weak)
        if key not in self._pens:
            self._pens[key] = pen(self._style.score(mark.score), key[1], key[2])
        return self._pens[key]

    def _width(self, mark: EdgeMark) -> float:
        """Return the line's width: a hint at how many pairs of layers it stands for."""
        return (1.5 + 0.16 * min(mark.count - 1, 16)) * self._style.unit

    # as primitives

    def primitives(self) -> list[Primitive]:
        """Return everything as shapes: ribbons, then one curve an edge, then pins."""
        drawing: list[Primitive] = [
            Polygon(self._ribbon(band), self._ribbon_color(band)) for band in self._board.edges.bands
        ]
        for i, (edge, mark) in enumerate(zip(self._edges, self._marks, strict=True)):
            start, end = QPointF(self._left, edge.y0), QPointF(self._right, edge.y1)
            color = self._style.score(mark.score)
            drawing.append(Curve(start, end, color, self._width(mark), mark.weak, self._note(i)))
        for i in range(len(self)):
            drawing += self._badges(i)
        return drawing

    def _badges(self, edge: int) -> list[Primitive]:
        """Return the marks on an edge: pinned by hand, lowered by the skip factor."""
        mark = self._marks[edge]
        drawing: list[Primitive] = []
        if mark.pinned:
            middle = self.middle(edge)
            drawing += pin_badge(self._style, middle.x(), middle.y())
        if mark.factor < 1:
            drawn = self._edges[edge]
            # Near the target, which has but one edge, and out of the way of the pin and the score.
            x = self._left + _SKIP_AT * (self._right - self._left)
            y = drawn.y0 + weight(_SKIP_AT) * (drawn.y1 - drawn.y0)
            drawing += skip_badge(self._style, x, y)
        return drawing

    def label(self, edge: int, middle: QPointF) -> list[Primitive]:
        """Return the score of an edge on a pill around `middle`."""
        face, mark = self._style.strong, self._marks[edge]
        text = f"{mark.score:.2f}" + (f" × {mark.count}" if mark.count > 1 else "")
        if mark.factor < 1:
            text += f" · skip {mark.factor:g}"
        width, height = face.width(text), face.metrics.height() + 2
        x = middle.x() - width / 2
        if mark.pinned:
            x += width / 2 + 10 * self._style.unit
        pill = QRectF(x - 6, middle.y() - height / 2, width + 12, height)
        return [
            Box(pill, self._style.color("overlay"), self._style.score(mark.score), radius=height / 2),
            Text(
                x,
                face.baseline(pill.y(), height),
                text,
                face.face,
                self._style.color("text"),
                Anchor.MIDDLE,
                width,
            ),
        ]

    def _note(self, edge: int) -> str:
        source, target = (self._board.path(end) for end in self._board.ends(edge))
        return f"{source} → {target}: {self._marks[edge].score:.3f}"

    def _ribbon(self, band: Band) -> list[QPointF]:
        left, length = self._left, self._right - self._left
        upper = [
            QPointF(left + fraction * length, band.source_top + share * (band.target_top - band.source_top))
            for fraction, share in _RIBBON_STEPS
        ]
        lower = [
            QPointF(
                left + fraction * length,
                band.source_bottom + share * (band.target_bottom - band.source_bottom),
            )
            for fraction, share in reversed(_RIBBON_STEPS)
        ]
        return upper + lower

    def _ribbon_color(self, band: Band) -> QColor:
        score = self._board.link_score(band.link)
        if band.pair is not None and self._board.matching:
            score = self._board.matching.entry_pairs[band.link].pairs[band.pair].score
        color = QColor(self._style.score(score))
        color.setAlphaF(0.17 if self._style.theme.dark else 0.13)
        return color
