"""Pictures of tensors: colours that diverge around 0, and filters laid out as a grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, radians, sqrt
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QColor

from dpiat_gui.services.theme import Theme

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

LEVELS = 255
"""Colours of the map; odd, so that 0 has one of its own."""
NOT_A_NUMBER = (209, 0, 209)
_HUES = (255.0, 50.0)
"""Of negative and of positive values in OKLab, in degrees: told apart by colour-blind eyes too."""
_CHROMA = 0.13
_ENDS = {False: 0.40, True: 0.88}
"""Lightness of the ends, on light and on dark grounds."""


def diverging(theme: Theme) -> "Array":
    """Return the colour map of a theme, shape (LEVELS, 3), from negative over 0 to positive.

    Lightness and chroma in OKLab change by equal steps from the theme's surface, which is 0, to
    ends of one lightness: equal magnitudes of both signs look equally strong.
    """
    import numpy as np

    middle = _lightness(theme.color("surface"))
    place = np.linspace(-1.0, 1.0, LEVELS)
    strength = np.abs(place)
    hue = np.where(place < 0, radians(_HUES[0]), radians(_HUES[1]))
    lightness = middle + (_ENDS[theme.dark] - middle) * strength
    chroma = _CHROMA * strength
    return _srgb(lightness, chroma * np.cos(hue), chroma * np.sin(hue))


def colored(values: "Array", reach: float, colors: "Array") -> "Array":
    """Return the colours of values, shape (..., 3); what is beyond `reach` has the end's colour."""
    import numpy as np

    half = LEVELS // 2
    finite = np.isfinite(values)
    scaled = np.where(finite, values, 0.0) / (reach if reach > 0 else 1.0)
    places = np.clip(np.rint(scaled * half), -half, half).astype(np.intp) + half
    made = colors[places]
    infinite = np.isinf(values)
    made[infinite & (values > 0)] = colors[-1]
    made[infinite & (values < 0)] = colors[0]
    made[np.isnan(values)] = NOT_A_NUMBER
    return made


@dataclass(frozen=True)
class Grid:
    """Where the cells of a picture stand.

    Parameters
    ----------
    cells
        Number of cells: filters of a convolution, or 1 for a matrix.
    cell
        Height and width of one.
    columns
        Cells beside each other.
    gap
        Pixels between two.
    """

    cells: int
    cell: tuple[int, int]
    columns: int = 1
    gap: int = 0

    @property
    def rows(self) -> int:
        """Rows of cells."""
        return ceil(self.cells / self.columns) if self.cells else 0

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the whole in pixels."""
        height, width = (side + self.gap for side in self.cell)
        return max(self.rows * height - self.gap, 0), max(self.columns * width - self.gap, 0)

    def find(self, y: int, x: int) -> tuple[int, int, int] | None:
        """Return the cell at a pixel, and the pixel inside it; None between cells."""
        height, width = (side + self.gap for side in self.cell)
        row, inner_y = divmod(y, height)
        column, inner_x = divmod(x, width)
        number = row * self.columns + column
        inside = inner_y < self.cell[0] and inner_x < self.cell[1] and column < self.columns
        if y < 0 or x < 0 or not inside or number >= self.cells:
            return None
        return number, inner_y, inner_x


def grid_for(cells: int, cell: tuple[int, int], aspect: float) -> Grid:
    """Return the grid whose width is nearest to `aspect` times its height."""
    height, width = cell[0] + 1, cell[1] + 1
    columns = round(sqrt(max(cells, 1) * aspect * height / width))
    return Grid(cells, cell, min(max(columns, 1), max(cells, 1)), 1)


def filters_image(values: "Array", grid: Grid, reach: float, colors: "Array", ground: QColor) -> "Array":
    """Return the picture of filters, shape (height, width, 3).

    Parameters
    ----------
    values
        Shape (filters, height, width).
    grid
        Where they stand.
    reach
        Value of the colour map's end.
    colors
        The map.
    ground
        Colour between the filters.
    """
    import numpy as np

    image = np.empty((*grid.size, 3), np.uint8)
    image[:] = (ground.red(), ground.green(), ground.blue())
    made = colored(values, reach, colors)
    height, width = grid.cell
    for number in range(grid.cells):
        row, column = divmod(number, grid.columns)
        top, left = row * (height + grid.gap), column * (width + grid.gap)
        image[top : top + height, left : left + width] = made[number]
    return image


def original_index(at: int, shown: int, of: int) -> int:
    """Return which of all there are the `at`-th of the evenly spaced ones that are shown is."""
    return at if shown >= of or shown < 2 else round(at * (of - 1) / (shown - 1))


def nearest_shown(index: int, shown: int, of: int) -> int:
    """Return which of the shown ones is nearest to one of all."""
    return min(index, shown - 1) if shown >= of or of < 2 else round(index * (shown - 1) / (of - 1))


def sampled_text(shown: Sequence[int], of: Sequence[int], layout: str) -> str:
    """Say what of a tensor is drawn, nothing where it is all of it."""
    if tuple(shown) == tuple(of):
        return ""
    names = {"line": ("values",), "matrix": ("rows", "columns"), "filters": ("filters", "channels")}[layout]
    told = [f"{s:,} of {o:,} {n}" for s, o, n in zip(shown, of, names, strict=False) if s != o]
    return f"drawn: {', '.join(told)}, evenly spaced"


def _lightness(color: QColor) -> float:
    """Return the OKLab lightness of a grey as bright as `color`."""
    parts = (color.redF(), color.greenF(), color.blueF())
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    weights = ((0.4122, 0.5363, 0.0514), (0.2119, 0.6807, 0.1074), (0.0883, 0.2817, 0.6300))
    cones = [sum(w * v for w, v in zip(row, linear, strict=True)) ** (1 / 3) for row in weights]
    return float(0.2105 * cones[0] + 0.7936 * cones[1] - 0.0041 * cones[2])


def _srgb(lightness: "Array", a: "Array", b: "Array") -> "Array":
    """Return OKLab colours as 8-bit sRGB (Ottosson 2020)."""
    import numpy as np

    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = np.stack(
        [
            4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
        ],
        axis=-1,
    )
    linear = np.clip(linear, 0.0, 1.0)
    made = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    made_bytes: Array = np.rint(made * 255).astype(np.uint8)
    return made_bytes
