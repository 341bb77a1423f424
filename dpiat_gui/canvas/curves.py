"""The curve every edge is drawn with, as plain numbers.

An edge leaves a port on the source's right side at height ``y0`` and enters a port on the
target's left side at ``y1``, with horizontal tangents. All edges share their ends' x, so that
at any x an edge's height is ``y0 + w(x) (y1 - y0)`` with one and the same w: two edges whose
ends keep their order therefore cannot cross.
"""

from bisect import bisect_right

TENSION = 0.5
"""Distance of the control points from their ends, as a share of the distance of the ends."""

_T = tuple(step / 256 for step in range(257))
_X = tuple(3 * TENSION * t * (1 - t) ** 2 + 3 * (1 - TENSION) * t**2 * (1 - t) + t**3 for t in _T)
_W = tuple(t**2 * (3 - 2 * t) for t in _T)


def weight(fraction: float) -> float:
    """Return how far an edge has gone from its source's height to its target's.

    Parameters
    ----------
    fraction
        Where between the ends' x: 0 at the source, 1 at the target.
    """
    after = bisect_right(_X, fraction)
    if after == 0 or after == len(_X):
        return 0.0 if after == 0 else 1.0
    share = (fraction - _X[after - 1]) / (_X[after] - _X[after - 1])
    return _W[after - 1] + share * (_W[after] - _W[after - 1])


def slope(fraction: float) -> float:
    """Return the derivative of `weight`."""
    step = 1e-3
    low, high = max(fraction - step, 0.0), min(fraction + step, 1.0)
    return (weight(high) - weight(low)) / (high - low)


def height(y0: float, y1: float, fraction: float) -> float:
    """Return the height of the edge from `y0` to `y1` at `fraction` of the way."""
    return y0 + weight(fraction) * (y1 - y0)
