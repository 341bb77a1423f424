"""Runs of equal blocks, and layouts in which one box stands for a whole run.

Pure functions: a folded run is placed as one entry, and its members all stand where it stands.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from dpiat_gui.canvas.connections import Edge, Edges
from dpiat_gui.canvas.layout import EntryShape, Layout, Link, Metrics, Placed

Placer = Callable[
    [
        Sequence[EntryShape],
        Sequence[EntryShape],
        Sequence[Link],
        Collection[int],
        Collection[int],
        Metrics | None,
    ],
    Layout,
]
"""`dpiat_gui.canvas.layout.place`, or another function of its parameters."""

Folds = Mapping[int, range]
"""The folded runs of a column by their first entry."""


def place_folded(
    placer: Placer,
    sources: Sequence[EntryShape],
    targets: Sequence[EntryShape],
    links: Sequence[Link],
    open_sources: Collection[int],
    open_targets: Collection[int],
    metrics: Metrics,
    folds: tuple[Folds, Folds],
) -> Layout:
    """Place two columns of which some runs are folded.

    Parameters
    ----------
    placer
        Places columns without folds.
    sources, targets, links, open_sources, open_targets, metrics
        As the placer takes them; what is inside a folded run is not open.
    folds
        The folded runs of either side.

    Returns
    -------
    Layout
        By entry, as the placer's own: members of a folded run but the first are `Placed.hidden`.
    """
    if not folds[0] and not folds[1]:
        return placer(sources, targets, links, open_sources, open_targets, metrics)
    of_source, of_target = _units(len(sources), folds[0]), _units(len(targets), folds[1])
    by_pair: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for link in links:
        by_pair.setdefault((of_source[link.source], of_target[link.target]), []).extend(link.rows)
    # Links come in the order of their targets, and so do those of whole runs.
    unit_links = [Link(source, target, tuple(rows)) for (source, target), rows in by_pair.items()]
    layout = placer(
        _unit_shapes(sources, of_source, folds[0]),
        _unit_shapes(targets, of_target, folds[1]),
        unit_links,
        {of_source[i] for i in open_sources},
        {of_target[i] for i in open_targets},
        metrics,
    )
    facing = {(unit_links[i].source, unit_links[i].target) for i in layout.spine}
    return Layout(
        _members(layout.source, of_source),
        _members(layout.target, of_target),
        layout.height,
        frozenset(
            i for i, link in enumerate(links) if (of_source[link.source], of_target[link.target]) in facing
        ),
    )


def _units(count: int, folds: Folds) -> list[int]:
    """Return for every entry the position of the box that stands for it."""
    units: list[int] = []
    entry = unit = 0
    while entry < count:
        members = len(folds[entry]) if entry in folds else 1
        units += [unit] * members
        entry += members
        unit += 1
    return units


def _unit_shapes(shapes: Sequence[EntryShape], units: Sequence[int], folds: Folds) -> list[EntryShape]:
    return [
        replace(shape, times=len(folds[entry])) if entry in folds else shape
        for entry, shape in enumerate(shapes)
        if entry == 0 or units[entry] != units[entry - 1]
    ]


def _members(placed: Sequence[Placed], units: Sequence[int]) -> tuple[Placed, ...]:
    return tuple(
        replace(placed[unit], hidden=True) if entry and units[entry - 1] == unit else placed[unit]
        for entry, unit in enumerate(units)
    )


def merged(edges: Edges, layout: Layout, links: Sequence[Link]) -> Edges:
    """Return edges of which those that lie upon each other, between two folded runs, are one."""
    kept: list[Edge] = []
    places: dict[tuple[float, float, float, float], int] = {}
    for edge in edges.edges:
        link = links[edge.link]
        # Entries of a run stand at one height, and no others do.
        key = (layout.source[link.source].top, layout.target[link.target].top, edge.y0, edge.y1)
        at = places.get(key) if edge.pair is None else None
        if at is None:
            if edge.pair is None:
                places[key] = len(kept)
            kept.append(edge)
        else:
            kept[at] = replace(kept[at], others=(*kept[at].others, edge.link))
    bands = tuple(
        band for band in edges.bands if not _is_folded(layout, links[band.link]) or band.pair is not None
    )
    return Edges(tuple(kept), bands, edges.leads)


def _is_folded(layout: Layout, link: Link) -> bool:
    """Tell whether either end of a link is part of a folded run, where a ribbon would say too much."""
    for column, entry in ((layout.source, link.source), (layout.target, link.target)):
        if column[entry].hidden or (entry + 1 < len(column) and column[entry + 1].hidden):
            return True
    return False
