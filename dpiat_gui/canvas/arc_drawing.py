"""The drawing of arcs outside a column."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import cos, pi, sin

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from dpiat_gui.canvas.arcs import GATES, SKIP, ArcLine
from dpiat_gui.canvas.columns import Side
from dpiat_gui.canvas.layout import Columns
from dpiat_gui.canvas.primitives import Polyline, Primitive
from dpiat_gui.canvas.style import Style

_CORNER = tuple((sin(step / 4 * pi / 2), 1 - cos(step / 4 * pi / 2)) for step in range(5))
"""A quarter of a circle: how far out, how far along."""


class ArcDrawing:
    """The arcs of a column, ready to paint.

    Parameters
    ----------
    lines
        The arcs, from top to bottom.
    side
        The column.
    columns
        The x of the columns.
    style
        How it looks.
    across
        True where the columns run from left to right.
    """

    def __init__(
        self, lines: Sequence[ArcLine], side: Side, columns: Columns, style: Style, across: bool = False
    ) -> None:
        self._lines = lines
        self._style = style
        self._across = across
        outward = -1.0 if side is Side.SOURCE else 1.0
        edge = columns.source_left if side is Side.SOURCE else columns.target_left + columns.width
        lanes = max((line.lane for line in lines), default=0)
        # What has no room of its own shares the outermost place.
        room = columns.margin - 5 * style.unit
        first = min(7 * style.unit, room)
        step = min(5 * style.unit, (room - first) / lanes) if lanes else 0.0
        self._shapes = [self._shape(line, edge, outward * (first + step * line.lane)) for line in lines]
        self._deepest = list(accumulate((line.y1 for line in lines), max))

    def __len__(self) -> int:
        return len(self._lines)

    def primitives(self) -> list[Primitive]:
        """Return all arcs as shapes."""
        return list(self._shapes)

    def paint(self, painter: QPainter, top: float, bottom: float) -> None:
        """Paint what crosses a strip of heights."""
        first = bisect_right(self._deepest, top)
        for line, shape in zip(self._lines[first:], self._shapes[first:], strict=True):
            if line.y0 > bottom:
                break
            if line.y1 >= top:
                shape.paint(painter)

    def _shape(self, line: ArcLine, edge: float, reach: float) -> Polyline:
        turn = min(abs(reach), (line.y1 - line.y0) / 2)
        side = 1.0 if reach > 0 else -1.0
        upper = [
            (edge + reach - side * turn + side * turn * out, line.y0 + turn * along) for out, along in _CORNER
        ]
        lower = [(x, line.y0 + line.y1 - y) for x, y in reversed(upper)]
        points = [(edge, line.y0), *upper, *lower, (edge, line.y1)]
        name = "text_muted" if line.kind == SKIP else "border_strong"
        return Polyline(
            [QPointF(y, x) if self._across else QPointF(x, y) for x, y in points],
            self._style.color(name, 0.8),
            1.2 * self._style.unit,
            dashed=line.kind in GATES,
        )
