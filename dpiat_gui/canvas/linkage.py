"""How two columns scroll apart: joined at a line that slides over the screen.

The line stands at the upper end of the screen while the beginning is seen, and at the lower end at
last. What is matched meets on it; between matched rows, both columns move in proportion.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dpiat_gui.canvas.columns import Side
from dpiat_gui.canvas.layout import Layout, Link

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Linkage:
    """How two columns scroll together.

    Parameters
    ----------
    source, target
        Heights that meet on the line, from the upper ends to the lower ends; neither decreases.
    length
        Height of the larger column: what is scrolled through.
    """

    source: Array
    target: Array
    length: float

    @classmethod
    def of(cls, layout: Layout, links: Sequence[Link]) -> "Linkage":
        """Join the columns of a layout at its links that do not cross."""
        knots = [(0.0, 0.0)]
        for position in sorted(layout.spine):
            link = links[position]
            source, target = layout.source[link.source], layout.target[link.target]
            if source.expanded and target.expanded:
                knots += [(source.row_port(i), target.row_port(j)) for i, j in link.rows]
            else:
                knots.append((source.port, target.port))
        ends = [column[-1].bottom if column else 0.0 for column in (layout.source, layout.target)]
        below = layout.height - max(ends)
        knots.append((ends[0] + below, ends[1] + below))
        table = np.asarray(knots, dtype=np.float64)
        # Rows inside a pair of blocks may cross, where the matcher lets them.
        rising = np.maximum.accumulate(table, axis=0)
        return cls(rising[:, 0], rising[:, 1], layout.height)

    def heights(self, share: float) -> tuple[float, float]:
        """Return what of either column is on the line once a share of the way is scrolled."""
        way = self.source + self.target
        at = share * way[-1]
        return float(np.interp(at, way, self.source)), float(np.interp(at, way, self.target))

    def shifts(self, share: float) -> tuple[float, float]:
        """Return what is added to the heights of either column there."""
        source, target = self.heights(share)
        return share * self.length - source, share * self.length - target

    def share_of(self, side: Side, y: float) -> float:
        """Return the share of the way at which a height of a column is on the line."""
        own = self.source if side is Side.SOURCE else self.target
        way = self.source + self.target
        return float(np.interp(y, own, way) / way[-1]) if way[-1] else 0.0

    def way_to(self, side: Side, y: float, screen: float, way: int, zoom: float) -> int:
        """Return how far to scroll, in pixels, to show a height of a column at one of the screen.

        Parameters
        ----------
        side, y
            The column and the height.
        screen
            Pixels from where the scene begins on the screen before anything is scrolled.
        way
            Pixels that can be scrolled.
        zoom
            Pixels a unit.
        """
        scrolled = np.arange(way + 1, dtype=np.float64)
        shown = self._seen_at(side, y, scrolled / max(way, 1)) * zoom - scrolled
        return int(np.argmin(np.abs(shown - screen)))

    def _seen_at(self, side: Side, y: float, shares: Array) -> Array:
        own = self.source if side is Side.SOURCE else self.target
        way = self.source + self.target
        lines: Array = np.interp(shares * way[-1], way, own)
        return y + shares * self.length - lines
