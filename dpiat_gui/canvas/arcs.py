"""Ways through a network beside the straight one: where they are drawn, outside its column.

A network that was traced says them layer by layer; of others only blocks with an identity skip
are known. Plain numbers, no Qt.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dpiat_gui.canvas.columns import Column
from dpiat_gui.canvas.layout import Placed

SKIP = "skip"
GATES = ("mul", "matmul")
"""Kinds of arcs that steer rather than carry; they are drawn dotted."""

_MOST = 600
"""Arcs above which only the shortest are drawn: more are a grey plane."""


_LANES = 8
"""Lanes there are; what needs a further one shares the outermost."""


@dataclass(frozen=True, slots=True)
class ArcLine:
    """An arc to draw.

    Parameters
    ----------
    y0, y1
        Heights of its ends, the upper one first.
    lane
        How many arcs it passes outside of; 0 for the innermost.
    kind
        As `dpiat_gui.networks.values.Arc` has it.
    """

    y0: float
    y1: float
    lane: int
    kind: str


def arc_lines(column: Column, placed: Sequence[Placed]) -> tuple[ArcLine, ...]:
    """Return the arcs of a column, from top to bottom.

    Parameters
    ----------
    column
        The network.
    placed
        Where its entries stand.

    Notes
    -----
    What begins and ends in the same collapsed block is not drawn, but for an identity skip.
    """
    found = _traced(column, placed) if column.network.arcs else _skips(column, placed)
    spans = sorted(dict.fromkeys(found), key=lambda arc: (arc[1] - arc[0], arc))[:_MOST]
    return tuple(sorted(_in_lanes(spans), key=lambda line: (line.y0, -line.y1)))


_Span = tuple[float, float, str]


def _skips(column: Column, placed: Sequence[Placed]) -> Iterator[_Span]:
    for entry, where in zip(column.entries, placed, strict=True):
        if entry.block.skip and not entry.single:
            inset = 0.22 * min(where.header, where.height)
            yield where.top + inset, where.bottom - inset, SKIP


def _traced(column: Column, placed: Sequence[Placed]) -> Iterator[_Span]:
    for arc in column.network.arcs:
        start, end = column.places.get(arc.source), column.places.get(arc.target)
        if start is None or end is None or start[0] > end[0]:
            continue
        one, other = placed[start[0]], placed[end[0]]
        if start[0] == end[0] and not one.expanded:
            continue
        y0 = one.row_port(start[1] or 0) if one.expanded else one.port
        y1 = other.row_port(end[1] or 0) if other.expanded else other.port
        if y0 < y1:
            yield y0, y1, arc.kind


def _in_lanes(spans: Sequence[_Span]) -> Iterator[ArcLine]:
    """Put arcs, shorter ones first, outside of all they overlap."""
    lanes: list[list[tuple[float, float]]] = []
    for y0, y1, kind in spans:
        lane = 0
        for number in reversed(range(len(lanes))):
            if any(a < y1 and y0 < b for a, b in lanes[number]):
                lane = min(number + 1, _LANES - 1)
                break
        if lane == len(lanes):
            lanes.append([])
        lanes[lane].append((y0, y1))
        yield ArcLine(y0, y1, lane, kind)
