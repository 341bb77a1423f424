"""The curve every edge is drawn with, as plain numbers.

An edge leaves a port on the source's right side at height ``y0`` and enters a port on the
target's left side at ``y1``, with horizontal tangents. All edges share their ends' x, so that
at any x an edge's height is ``y0 + w(x) (y1 - y0)`` with one and the same w: two edges whose
ends keep their order therefore cannot cross.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

TENSION = 0.5
"""Distance of the control points from their ends, as a share of the distance of the ends."""

_T = np.linspace(0.0, 1.0, 257)
_X = 3 * TENSION * _T * (1 - _T) ** 2 + 3 * (1 - TENSION) * _T**2 * (1 - _T) + _T**3
_W = _T**2 * (3 - 2 * _T)


def weight(fraction: float) -> float:
    """Return how far an edge has gone from its source's height to its target's.

    Parameters
    ----------
    fraction
        Where between the ends' x: 0 at the source, 1 at the target.
    """
    return float(np.interp(fraction, _X, _W))


def slope(fraction: float) -> float:
    """Return the derivative of `weight`."""
    step = 1e-3
    low, high = max(fraction - step, 0.0), min(fraction + step, 1.0)
    return (weight(high) - weight(low)) / (high - low)


def height(y0: float, y1: float, fraction: float) -> float:
    """Return the height of the edge from `y0` to `y1` at `fraction` of the way."""
    return y0 + weight(fraction) * (y1 - y0)


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
