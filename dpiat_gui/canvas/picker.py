"""Finding edges among thousands: the nearest to a point, and those in sight."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dpiat_gui.canvas.curves import slope, weight


@dataclass(frozen=True)
class Picker:
    """Finds the edge nearest to a point, by true distance rather than by hit shapes.

    Parameters
    ----------
    y0, y1
        Heights of the ends, in drawing order.
    """

    y0: npt.NDArray[np.float64]
    y1: npt.NDArray[np.float64]

    @classmethod
    def of(cls, ends: Sequence[tuple[float, float]]) -> "Picker":
        """Make a picker of (y0, y1) pairs."""
        table = np.asarray(ends, dtype=np.float64).reshape(-1, 2)
        return cls(table[:, 0], table[:, 1])

    def nearest(self, fraction: float, y: float, length: float, radius: float) -> int | None:
        """Return the position of the nearest edge, None if none is within `radius`.

        Parameters
        ----------
        fraction
            The point's place between the ends' x.
        y
            The point's height.
        length
            Distance of the ends' x.
        radius
            Largest distance that counts; `y`, `length` and `radius` share one unit.
        """
        if not len(self.y0) or not 0 <= fraction <= 1:
            return None
        rise = self.y1 - self.y0
        steepness = rise * (slope(fraction) / length)
        # The vertical distance to a curve, foreshortened by its slope, is the distance to its tangent.
        distance = np.abs(self.y0 + weight(fraction) * rise - y) / np.sqrt(1 + steepness**2)
        best = int(np.argmin(distance))
        return best if distance[best] <= radius else None

    def between(self, top: float, bottom: float) -> list[int]:
        """Return the positions of the edges that cross a strip of heights."""
        crossing = (np.maximum(self.y0, self.y1) >= top) & (np.minimum(self.y0, self.y1) <= bottom)
        return [int(i) for i in np.flatnonzero(crossing)]
