"""What runs between two placed columns: edges that never cross, and ribbons of spans."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dpiat_gui.canvas.layout import Layout, Link, Metrics


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge to draw.

    Parameters
    ----------
    link
        Position of its pair of entries.
    y0, y1
        Heights of its ends.
    pair
        Position among the link's rows; None for an edge that stands for the whole link.
    """

    link: int
    y0: float
    y1: float
    pair: int | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """A ribbon from one source to the span of several targets it serves.

    Parameters
    ----------
    link
        Position of the span's first pair of entries.
    source_top, source_bottom, target_top, target_bottom
        Heights of its corners.
    pair
        Position of the span's first row pair within the link, None for a span of entries.
    """

    link: int
    source_top: float
    source_bottom: float
    target_top: float
    target_bottom: float
    pair: int | None = None


@dataclass(frozen=True)
class Edges:
    """What is drawn between two placed columns.

    Parameters
    ----------
    edges
        From top to bottom; no two of them cross.
    bands
        Ribbons of spans.
    leads
        By source entry: the link drawn row by row.
    """

    edges: tuple[Edge, ...] = ()
    bands: tuple[Band, ...] = ()
    leads: dict[int, int] = field(default_factory=dict)


def connect(
    layout: Layout, links: Sequence[Link], focus: int | None = None, padding: float | None = None
) -> Edges:
    """Return the edges and ribbons between two placed columns.

    Parameters
    ----------
    layout
        The columns.
    links
        The pairs they were placed with.
    focus
        The target entry looked at. A source block that serves several expanded blocks would
        need crossing edges to show the rows of all of them: it shows those of one, the one
        looked at or the first, and one edge to each other.
    padding
        Space below the last row of an expanded block; the default metrics' if None.

    Returns
    -------
    Edges
        From top to bottom; no two edges cross, and both ends never decrease.
    """
    padding = Metrics().padding if padding is None else padding
    leads: dict[int, int] = {}
    for position, link in enumerate(links):
        both = layout.source[link.source].expanded and layout.target[link.target].expanded
        if both and (link.source not in leads or link.target == focus):
            leads[link.source] = position
    edges: list[Edge] = []
    for position, link in enumerate(links):
        source, target = layout.source[link.source], layout.target[link.target]
        lead = leads.get(link.source)
        if lead == position:
            edges.extend(
                Edge(position, source.row_port(i), target.row_port(j), pair)
                for pair, (i, j) in enumerate(link.rows)
            )
        elif lead is not None and position > lead:
            # Below the rows, so that it passes under every edge of the lead.
            edges.append(Edge(position, source.bottom - padding / 2, target.port))
        else:
            edges.append(Edge(position, source.port, target.port))
    return Edges(tuple(edges), _bands(layout, links, leads), leads)


def _bands(layout: Layout, links: Sequence[Link], leads: dict[int, int]) -> tuple[Band, ...]:
    bands: list[Band] = []
    for run in _runs([link.source for link in links]):
        if len(run) > 1:
            source = layout.source[links[run.start].source]
            first, last = layout.target[links[run.start].target], layout.target[links[run[-1]].target]
            bands.append(Band(run.start, source.top, source.bottom, first.top, last.bottom))
    for position in leads.values():
        link = links[position]
        source, target = layout.source[link.source], layout.target[link.target]
        for run in _runs([i for i, _ in link.rows]):
            if len(run) > 1:
                top = source.rows[link.rows[run.start][0]]
                low, high = target.rows[link.rows[run.start][1]], target.rows[link.rows[run[-1]][1]]
                bottom = high + target.row_height
                bands.append(Band(position, top, top + source.row_height, low, bottom, run.start))
    return tuple(bands)


def _runs(values: Sequence[int]) -> list[range]:
    """Return the runs of equal neighbours, as ranges of positions."""
    starts = [i for i, value in enumerate(values) if i == 0 or value != values[i - 1]]
    return [range(a, b) for a, b in pairwise([*starts, len(values)])]
