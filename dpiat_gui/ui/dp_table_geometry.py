"""Where the cells of a table stand: sizes, headers and scrolling, without any drawing."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

HEIGHTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20, 24, 28, 34, 40, 48, 56, 68, 80)
"""Heights of a cell in pixels, by level of zoom."""

_GROWS_FROM = 40
"""Numbers and names are larger in cells higher than this."""

_WIDER, _WIDEST = 1.75, 3.4
"""A cell is wider than high by this much, as numbers are: at the least, and where there is room."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Cells in pixels of the viewport.

    Parameters
    ----------
    rows, columns
        Numbers of the last row and the last column.
    first
        Number of the first row and column: 0 where the border of D is shown, else 1.
    height, width
        Of a cell.
    left, top
        Room for the headers.
    x, y
        How far the cells are scrolled.
    """

    rows: int
    columns: int
    first: int = 1
    height: int = 20
    width: int = 35
    left: int = 0
    top: int = 0
    x: int = 0
    y: int = 0

    @property
    def content(self) -> tuple[int, int]:
        """Width and height of all cells."""
        return (
            (self.columns + 1 - self.first) * self.width,
            (self.rows + 1 - self.first) * self.height,
        )

    def rect(self, row: int, column: int) -> QRectF:
        """Return where a cell stands in the viewport."""
        return QRectF(
            self.left + (column - self.first) * self.width - self.x,
            self.top + (row - self.first) * self.height - self.y,
            self.width,
            self.height,
        )

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """Return the cell at a point of the viewport, None beside the cells or on a header."""
        if point.x() < self.left or point.y() < self.top:
            return None
        row, column = self.row_at(point.y()), self.column_at(point.x())
        inside = self.first <= row <= self.rows and self.first <= column <= self.columns
        return (row, column) if inside else None

    def row_at(self, y: float) -> int:
        """Return the row at a height of the viewport; it may lie beside the table."""
        return int((y - self.top + self.y) // self.height) + self.first

    def column_at(self, x: float) -> int:
        """Return the column at an x of the viewport; it may lie beside the table."""
        return int((x - self.left + self.x) // self.width) + self.first

    def seen_rows(self, bottom: float) -> range:
        """Return the rows of which something is seen above a height of the viewport."""
        return range(max(self.row_at(self.top), self.first), min(self.row_at(bottom), self.rows) + 1)

    def seen_columns(self, right: float) -> range:
        """Return the columns of which something is seen left of an x of the viewport."""
        return range(max(self.column_at(self.left), self.first), min(self.column_at(right), self.columns) + 1)


def text_scale(height: int) -> float:
    """Return how many times the usual size the text of a table is, with cells of a height."""
    return max(height / _GROWS_FROM, 1.0)


def least_width(height: int) -> int:
    """Return the least width of a cell of a height."""
    return max(round(height * _WIDER), height)


def fitting_width(columns: int, width: float, height: int) -> int:
    """Return the width of cells of a height: wide enough to fill the room, within limits."""
    filling = int(width // max(columns, 1))
    return min(max(filling, least_width(height)), max(round(height * _WIDEST), least_width(height)))


def fitting_height(rows: int, columns: int, width: float, height: float) -> int:
    """Return the largest height of cells at which a whole table has room.

    Parameters
    ----------
    rows, columns
        How many cells there are.
    width, height
        The room, without headers.
    """
    fits = [size for size in HEIGHTS if rows * size <= height and columns * least_width(size) <= width]
    return max(fits, default=HEIGHTS[0])
