"""Between the layout's numbers and the scene: columns side by side, or strips one above the other.

A layout knows heights within columns only. As columns, heights run down and the columns stand from
left to right; as strips, everything is mirrored at the diagonal: heights run to the right, the source
stands above the target.
"""

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF

from dpiat_gui.canvas.columns import Side
from dpiat_gui.canvas.layout import Columns, Placed


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the columns stand in the scene.

    Parameters
    ----------
    columns
        The x of the columns; the y of strips.
    across
        True for strips.
    source_shift, target_shift
        What is added to the heights of either column, where they scroll apart.
    """

    columns: Columns = field(default_factory=Columns)
    across: bool = False
    source_shift: float = 0.0
    target_shift: float = 0.0

    def shift(self, side: Side) -> float:
        """Return what is added to the heights of a column."""
        return self.source_shift if side is Side.SOURCE else self.target_shift

    def left(self, side: Side) -> float:
        """Return the x of a column, before any mirroring."""
        return self.columns.source_left if side is Side.SOURCE else self.columns.target_left

    def port_x(self, side: Side) -> float:
        """Return the x at which edges end, before any mirroring."""
        return self.columns.source_right if side is Side.SOURCE else self.columns.target_left

    def point(self, x: float, y: float) -> QPointF:
        """Return the scene's point of an x and a height, and the other way round."""
        return QPointF(y, x) if self.across else QPointF(x, y)

    def rect(self, rect: QRectF) -> QRectF:
        """Return the scene's rectangle of a range of x and heights, and the other way round."""
        return QRectF(rect.y(), rect.x(), rect.height(), rect.width()) if self.across else rect

    def port(self, side: Side, y: float) -> QPointF:
        """Return the scene's point where an edge ends at a height of the layout."""
        return self.point(self.port_x(side), y + self.shift(side))

    def corner(self, side: Side, placed: Placed) -> QPointF:
        """Return the scene's point of a box's own upper left corner; strips turn boxes to the left."""
        x = self.left(side) + (self.columns.width if self.across else 0.0)
        return self.point(x, placed.top)

    def local(self, x: float, y: float) -> tuple[float, float]:
        """Return x and height of a point of the scene."""
        return (y, x) if self.across else (x, y)


TURN = -90.0
"""Degrees by which boxes are turned in strips: their text is read from below."""
