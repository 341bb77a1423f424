"""The drawing of everything between the columns: curves, ribbons, score labels."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from dpiat_gui.canvas.badges import pin_badge, skip_badge
from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Side
from dpiat_gui.canvas.connections import Band
from dpiat_gui.canvas.curves import weight
from dpiat_gui.canvas.edge_marks import EdgeMark
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
from dpiat_gui.canvas.stage import Stage
from dpiat_gui.canvas.style import Style

if TYPE_CHECKING:
    from dpiat_gui.canvas.picker import Cut, Picker

_SLACK = 60.0
"""Units an end may lie off the screen before its edge is cut to a stub."""

_SKIP_AT = 0.8
"""Where on an edge the mark of the skip factor stands, from source to target."""

_STUB = (
    ((0.0, 0.0), (10.0, 0.0), (14.0, 0.8), (16.5, 3.0), (17.5, 7.0)),
    ((14.8, 4.4), (17.5, 7.4), (20.2, 4.4)),
)
"""A stub and its head: how far out, and how far towards its partner."""

_GRIP = 4.2
"""Radius of the ring on an end that can be moved."""

_RIBBON_STEPS = tuple((step / 16, weight(step / 16)) for step in range(17))


class EdgeDrawing:
    """The edges of a board, ready to paint.

    Parameters
    ----------
    board
        What is drawn.
    stage
        Where the columns stand.
    style
        How it looks.
    seen
        The heights between which the screen shows the columns, where they scroll apart: edges to
        what is off the screen are drawn as stubs. None draws all of every edge.

    Notes
    -----
    It holds the edges of one state of the board; another state needs another drawing. Curves
    are made when they are first seen.
    """

    def __init__(
        self, board: Board, stage: Stage, style: Style, seen: tuple[float, float] | None = None
    ) -> None:
        self._board = board
        self.stage = stage
        self._style = style
        self._edges = board.edges.edges
        self._marks = board.edge_marks
        self._left, self._right = stage.port_x(Side.SOURCE), stage.port_x(Side.TARGET)
        self._shifts = stage.shift(Side.SOURCE), stage.shift(Side.TARGET)
        self._paths: dict[int, QPainterPath] = {}
        self._pens: dict[tuple[int, float, bool], QPen] = {}
        self._ribbons: list[list[QPointF]] | None = None
        self._hairlines: list[tuple[QPen, QPainterPath]] | None = None
        self._seen = seen

    def __len__(self) -> int:
        return len(self._edges)

    @cached_property
    def _base(self) -> "Picker":
        # Not before there are edges: the window paints its empty columns before it loads NumPy.
        from dpiat_gui.canvas.picker import Picker

        return Picker.of([(edge.y0, edge.y1) for edge in self._edges])

    @cached_property
    def _picker(self) -> "Picker":
        return self._base.shifted(*self._shifts)

    @cached_property
    def _cut(self) -> "Cut | None":
        """Which edges the screen shows, where the columns scroll apart."""
        return None if self._seen is None else self._picker.cut(*self._seen, _SLACK * self._style.unit)

    def moved(self, stage: Stage, seen: tuple[float, float] | None) -> "EdgeDrawing":
        """Return the same edges between columns that stand elsewhere."""
        other = EdgeDrawing(self._board, stage, self._style, seen)
        other.__dict__["_base"] = self._base
        return other

    def visible(self, top: float, bottom: float) -> list[int]:
        """Return the positions of the edges that cross a strip of heights."""
        if not self._edges:
            return []
        return self._picker.between(top, bottom) if self._cut is None else sorted(self._cut.whole)

    def nearest(self, point: QPointF, radius: float) -> int | None:
        """Return the edge nearest to a point of the scene, None if none is within `radius`."""
        if not self._edges:
            return None
        x, y = self.stage.local(point.x(), point.y())
        length = self._right - self._left
        picker = self._picker if self._cut is None else self._cut.reachable
        return picker.nearest((x - self._left) / length, y, length, radius)

    def middle(self, edge: int) -> QPointF:
        """Return the point of the scene half-way along an edge."""
        return self._along(edge, 0.5)

    def _along(self, edge: int, fraction: float) -> QPointF:
        y0, y1 = self._heights(edge)
        x = self._left + fraction * (self._right - self._left)
        return self.stage.point(x, y0 + weight(fraction) * (y1 - y0))

    def _heights(self, edge: int) -> tuple[float, float]:
        return float(self._picker.y0[edge]), float(self._picker.y1[edge])

    def _ends(self, edge: int) -> tuple[QPointF, QPointF]:
        y0, y1 = self._heights(edge)
        return self.stage.point(self._left, y0), self.stage.point(self._right, y1)

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
            self._paint_stubs(painter, 0.0, lambda i: i not in lifted)
            painter.setOpacity(1.0)
        extra = 1.4 * self._style.unit
        for i in sorted(lifted if self._cut is None else lifted & self._cut.whole):
            self._paint_edge(painter, i, extra)
        self._paint_stubs(painter, extra, lambda i: i in lifted)

    def paint_labels(self, painter: QPainter, edges: Iterable[int], scale: float) -> None:
        """Paint the scores of edges in the middle of each, at a size that can be read."""
        for i in edges:
            middle = self.middle(i)
            painter.save()
            painter.translate(middle)
            if scale < 1:
                painter.scale(1 / scale, 1 / scale)
            room = None if self.stage.across else (self._right - self._left) * min(scale, 1.0)
            paint_all(painter, self.label(i, QPointF(0, 0), room))
            painter.restore()

    def paint_grips(self, painter: QPainter, edges: Iterable[int], scale: float) -> None:
        """Paint rings on the ends of edges, where they can be taken and moved to another row."""
        radius = _GRIP * self._style.unit / min(scale, 1.0)
        for i in edges:
            if self._cut is not None and i not in self._cut.whole:
                continue
            painter.setPen(QPen(self._style.color("accent"), radius * 0.45))
            painter.setBrush(self._style.color("surface"))
            for end in self._ends(i):
                painter.drawEllipse(end, radius, radius)

    def paint_hairlines(self, painter: QPainter) -> None:
        """Paint all edges as hairlines, for a zoom at which more cannot be seen."""
        if self._hairlines is None:
            paths: dict[int, QPainterPath] = {}
            # Columns that scroll apart need another drawing at every step: of what is seen alone.
            for i in range(len(self)) if self._cut is None else sorted(self._cut.whole):
                mark = self._marks[i]
                path = paths.setdefault(self._style.score(mark.score).rgba(), QPainterPath())
                (start, end), (y0, y1) = self._ends(i), self._heights(i)
                path.moveTo(start)
                for fraction, share in _RIBBON_STEPS[4:-1:4] if y0 != y1 else ():
                    x = self._left + fraction * (self._right - self._left)
                    path.lineTo(self.stage.point(x, y0 + share * (y1 - y0)))
                path.lineTo(end)
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
            up, down = self._shifts
            upper = min(band.source_top + up, band.target_top + down)
            lower = max(band.source_bottom + up, band.target_bottom + down)
            hidden = self._seen is not None and not self._band_seen(band)
            if upper <= bottom and top <= lower and not hidden:
                painter.setBrush(self._ribbon_color(band))
                painter.drawPolygon(points)

    def _band_seen(self, band: Band) -> bool:
        """Tell whether both ends of a ribbon are on the screen."""
        assert self._seen is not None
        (top, bottom), (up, down) = self._seen, self._shifts
        return (
            band.source_top + up <= bottom
            and band.source_bottom + up >= top
            and band.target_top + down <= bottom
            and band.target_bottom + down >= top
        )

    def _paint_edge(self, painter: QPainter, i: int, extra: float) -> None:
        line = self._pen(self._marks[i], extra)
        start, end = self._ends(i)
        y0, y1 = self._heights(i)
        if y0 == y1:
            painter.setPen(line)
            painter.drawLine(QLineF(start, end))
        else:
            path = self._paths.get(i)
            if path is None:
                path = curve_path(start, end, self.stage.across)
                self._paths[i] = path
            painter.strokePath(path, line)
        paint_all(painter, self._badges(i))

    def _paint_stubs(self, painter: QPainter, extra: float, wanted: Callable[[int], bool]) -> None:
        """Paint short ends that point to partners off the screen."""
        if not self._edges or self._cut is None:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for side, stubs in ((Side.SOURCE, self._cut.source_stubs), (Side.TARGET, self._cut.target_stubs)):
            x = self._left if side is Side.SOURCE else self._right
            out = self._style.unit if side is Side.SOURCE else -self._style.unit
            for i in filter(wanted, sorted(stubs)):
                y, other = self._heights(i) if side is Side.SOURCE else self._heights(i)[::-1]
                down = self._style.unit if other > y else -self._style.unit
                # Solid in any case: it is too short for dashes.
                color = self._style.score(self._marks[i].score)
                painter.setPen(pen(color, 1.5 * self._style.unit + extra / 2))
                for line in _STUB:
                    points = [self.stage.point(x + out * dx, y + down * dy) for dx, dy in line]
                    painter.drawPolyline(points)

    def _pen(self, mark: EdgeMark, extra: float) -> QPen:
        key = (self._style.score(mark.score).rgba(), _width(mark, self._style) + extra, mark.weak)
        if key not in self._pens:
            self._pens[key] = pen(self._style.score(mark.score), key[1], key[2])
        return self._pens[key]

    # as primitives

    def primitives(self, edges: Sequence[int] | None = None) -> list[Primitive]:
        """Return everything, or some edges alone, as shapes: ribbons, then one curve an edge, then pins."""
        bands = self._board.edges.bands if edges is None else ()
        drawing: list[Primitive] = [Polygon(self._ribbon(band), self._ribbon_color(band)) for band in bands]
        chosen = range(len(self)) if edges is None else edges
        for i in chosen:
            mark = self._marks[i]
            color, width = self._style.score(mark.score), _width(mark, self._style)
            drawing.append(
                Curve(*self._ends(i), color, width, mark.weak, _note(self._board, i), self.stage.across)
            )
        for i in chosen:
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
            # Near the target, which has but one edge, and out of the way of the pin and the score.
            place = self._along(edge, _SKIP_AT)
            drawing += skip_badge(self._style, place.x(), place.y())
        return drawing

    def label(self, edge: int, middle: QPointF, room: float | None = None) -> list[Primitive]:
        """Return the score of an edge on a pill around `middle`; its skip is a sign where `room` is short."""
        face, mark = self._style.strong, self._marks[edge]
        text = f"{mark.score:.2f}" + (f" × {mark.count}" if mark.count > 1 else "")
        skip = f" · skip {mark.factor:g}" if mark.factor < 1 else ""
        # The pill hides the badge of a pin, so it has its own; beside the badge it would reach into a block.
        before = 12 * self._style.unit if mark.pinned else 0.0
        after = 0.0
        if skip and (room is None or face.width(text + skip) + 12 + before <= room):
            text += skip
        elif skip:
            after = 14 * self._style.unit
        if room is not None and face.width(text) + 12 + before + after > room:
            # Under the rings at both ends they would not be seen; the inspector says as much.
            before = after = 0.0
        width, height = face.width(text), face.metrics.height() + 2
        x = middle.x() - (width - before + after) / 2
        pill = QRectF(x - 6 - before, middle.y() - height / 2, width + 12 + before + after, height)
        badge = pin_badge(self._style, x - before + 4, middle.y()) if before else []
        if after:
            badge += skip_badge(self._style, x + width + after - 5 * self._style.unit, middle.y())
        return [
            Box(pill, self._style.color("overlay"), self._style.score(mark.score), radius=height / 2),
            *badge,
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

    def _ribbon(self, band: Band) -> list[QPointF]:
        left, length = self._left, self._right - self._left
        up, down = self._shifts

        def side(source: float, target: float) -> list[QPointF]:
            source, target = source + up, target + down
            return [
                self.stage.point(left + fraction * length, source + share * (target - source))
                for fraction, share in _RIBBON_STEPS
            ]

        upper = side(band.source_top, band.target_top)
        return upper + side(band.source_bottom, band.target_bottom)[::-1]

    def _ribbon_color(self, band: Band) -> QColor:
        score = self._board.link_score(band.link)
        if band.pair is not None and self._board.matching:
            score = self._board.matching.entry_pairs[band.link].pairs[band.pair].score
        color = QColor(self._style.score(score))
        color.setAlphaF(0.17 if self._style.theme.dark else 0.13)
        return color


def _width(mark: EdgeMark, style: Style) -> float:
    """Return an edge's width: a hint at how many pairs of layers it stands for."""
    return (1.5 + 0.16 * min(mark.count - 1, 16)) * style.unit


def _note(board: Board, edge: int) -> str:
    """Return what an edge of a figure says when it is pointed at."""
    source, target = (board.path(end) for end in board.ends(edge))
    return f"{source} → {target}: {board.edge_marks[edge].score:.3f}"
