"""What runs between two placed columns: edges and ribbons of spans."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from math import fsum

from dpiat_gui.canvas.layout import Layout, Link, Metrics, Placed


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
    others
        Positions of the further links it stands for, between folded runs of blocks.
    """

    link: int
    y0: float
    y1: float
    pair: int | None = None
    others: tuple[int, ...] = ()


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


class Rows(Enum):
    """Which pairs of rows are drawn one by one, and where the edges of whole entries end."""

    LEAD = "of several expanded targets of one source, one is drawn row by row: nothing crosses"
    ALL = "every pair of rows that shows is drawn, even if they cross"
    LAYERS = "the same, and edges to hidden rows end beside the rows they come from"


@dataclass(frozen=True)
class Edges:
    """What is drawn between two placed columns.

    Parameters
    ----------
    edges
        In the order of their links.
    bands
        Ribbons of spans.
    leads
        By source entry: the link drawn row by row, where there can be but one.
    """

    edges: tuple[Edge, ...] = ()
    bands: tuple[Band, ...] = ()
    leads: dict[int, int] = field(default_factory=dict)


def connect(
    layout: Layout,
    links: Sequence[Link],
    focus: int | None = None,
    padding: float | None = None,
    rows: Rows = Rows.LEAD,
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
        need crossing edges to show the rows of all of them: with `Rows.LEAD` it shows those of
        one, the one looked at or the first, and one edge to each other.
    padding
        Space below the last row of an expanded block; the default metrics' if None.
    rows
        Which pairs of rows are drawn.

    Returns
    -------
    Edges
        With `Rows.LEAD`, and with `Rows.LAYERS` for links that keep order, both ends never
        decrease and no two edges cross.
    """
    if rows is not Rows.LEAD:
        edges = tuple(_all_edges(layout, links, rows))
        by_row = sorted({edge.link for edge in edges if edge.pair is not None})
        # Without blocks there are no spans of blocks.
        spans = _entry_bands(layout, links) if rows is Rows.ALL else []
        return Edges(edges, (*spans, *_row_bands(layout, links, by_row)))
    padding = Metrics().padding if padding is None else padding
    leads: dict[int, int] = {}
    for position, link in enumerate(links):
        both = layout.source[link.source].expanded and layout.target[link.target].expanded
        if both and (link.source not in leads or link.target == focus):
            leads[link.source] = position
    found: list[Edge] = []
    for position, link in enumerate(links):
        source, target = layout.source[link.source], layout.target[link.target]
        lead = leads.get(link.source)
        if lead == position:
            found.extend(_row_edges(position, link, source, target))
        elif lead is not None and position > lead:
            # Below the rows, so that it passes under every edge of the lead.
            found.append(Edge(position, source.bottom - padding / 2, target.port))
        else:
            found.append(Edge(position, source.port, target.port))
    bands = (*_entry_bands(layout, links), *_row_bands(layout, links, leads.values()))
    return Edges(tuple(found), bands, leads)


def _all_edges(layout: Layout, links: Sequence[Link], rows: Rows) -> Iterator[Edge]:
    for position, link in enumerate(links):
        source, target = layout.source[link.source], layout.target[link.target]
        shown = (source.expanded or source.single) and (target.expanded or target.single)
        if shown and link.rows and not (source.single and target.single):
            yield from _row_edges(position, link, source, target)
        elif rows is Rows.LAYERS:
            yield Edge(
                position,
                _middle(source, [i for i, _ in link.rows]),
                _middle(target, [j for _, j in link.rows]),
            )
        else:
            yield Edge(position, source.port, target.port)


def _row_edges(position: int, link: Link, source: Placed, target: Placed) -> Iterator[Edge]:
    for pair, (i, j) in enumerate(link.rows):
        yield Edge(position, source.row_port(i), target.row_port(j), pair)


def _middle(placed: Placed, rows: Sequence[int]) -> float:
    """Return where the edge of several rows ends: in their middle, while they show."""
    return fsum(placed.row_port(row) for row in rows) / len(rows) if rows else placed.port


def _entry_bands(layout: Layout, links: Sequence[Link]) -> list[Band]:
    """Return the ribbons of sources that serve several targets."""
    bands: list[Band] = []
    for run in _runs([link.source for link in links]):
        if len(run) > 1:
            source = layout.source[links[run.start].source]
            first, last = layout.target[links[run.start].target], layout.target[links[run[-1]].target]
            bands.append(Band(run.start, source.top, source.bottom, first.top, last.bottom))
    return bands


def _row_bands(layout: Layout, links: Sequence[Link], by_row: Iterable[int]) -> list[Band]:
    """Return the ribbons of rows that serve several rows, of links that are drawn row by row."""
    bands: list[Band] = []
    for position in by_row:
        link = links[position]
        source, target = layout.source[link.source], layout.target[link.target]
        if not (source.expanded and target.expanded):
            continue
        for run in _runs([i for i, _ in link.rows]):
            if len(run) > 1:
                top = source.rows[link.rows[run.start][0]]
                low, high = target.rows[link.rows[run.start][1]], target.rows[link.rows[run[-1]][1]]
                bottom = high + target.row_height
                bands.append(Band(position, top, top + source.row_height, low, bottom, run.start))
    return bands


def _runs(values: Sequence[int]) -> list[range]:
    """Return the runs of equal neighbours, as ranges of positions."""
    starts = [i for i, value in enumerate(values) if i == 0 or value != values[i - 1]]
    return [range(a, b) for a, b in pairwise([*starts, len(values)])]
