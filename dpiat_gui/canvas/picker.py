"""Finding edges among thousands: the nearest to a point, and those in sight."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dpiat_gui.canvas.curves import slope, weight

_OUT_OF_REACH = 1e12


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

    def shifted(self, up: float, down: float) -> "Picker":
        """Return the same edges with something added to all of either end."""
        return Picker(self.y0 + up, self.y1 + down) if up or down else self

    def cut(self, top: float, bottom: float, slack: float) -> "Cut":
        """Tell which edges a screen shows.

        Parameters
        ----------
        top, bottom
            The heights it shows.
        slack
            How far outside an end may lie and still count as shown.
        """
        near = [(y >= top - slack) & (y <= bottom + slack) for y in (self.y0, self.y1)]
        inside = [(y >= top) & (y <= bottom) for y in (self.y0, self.y1)]
        whole = near[0] & near[1]
        # What is not drawn whole is out of reach of the pointer.
        far = np.where(whole, 0.0, _OUT_OF_REACH)
        return Cut(
            frozenset(np.flatnonzero(whole).tolist()),
            frozenset(np.flatnonzero(inside[0] & ~near[1]).tolist()),
            frozenset(np.flatnonzero(inside[1] & ~near[0]).tolist()),
            Picker(self.y0 + far, self.y1 + far),
        )

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


@dataclass(frozen=True)
class Cut:
    """Which edges a screen shows.

    Parameters
    ----------
    whole
        Those of which both ends show.
    source_stubs, target_stubs
        Those of which only that end shows.
    reachable
        Finds the whole ones alone.
    """

    whole: frozenset[int]
    source_stubs: frozenset[int]
    target_stubs: frozenset[int]
    reachable: Picker
