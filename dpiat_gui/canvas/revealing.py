"""Drawing the edges of some pairs only, as a walk through a matching shows them one by one."""

from collections.abc import Collection
from dataclasses import replace
from itertools import groupby

from dpiat_gui.canvas.annotations import PathPair
from dpiat_gui.canvas.connections import Band, Edge, Edges
from dpiat_gui.matching.values import Matching


def only_revealed(edges: Edges, matching: Matching, pairs: Collection[PathPair]) -> Edges:
    """Return the edges that stand for any of `pairs`, and the ribbons of spans that are seen whole.

    An edge of whole entries is drawn as soon as a pair of layers inside them is among the pairs, or
    the entries themselves are.
    """
    entries = matching.entry_pairs

    def link_shown(link: int) -> bool:
        entry = entries[link]
        ends = (matching.source_entries[entry.source].path, matching.target_entries[entry.target].path)
        return ends in pairs or any((pair.source, pair.target) in pairs for pair in entry.pairs)

    def edge_shown(edge: Edge) -> bool:
        if edge.pair is None:
            return any(link_shown(link) for link in (edge.link, *edge.others))
        pair = entries[edge.link].pairs[edge.pair]
        return (pair.source, pair.target) in pairs

    def band_shown(band: Band) -> bool:
        if band.pair is not None:
            inside = entries[band.link].pairs
            source = inside[band.pair].source
            span = [(p.source, p.target) for p in inside[band.pair :] if p.source == source]
            return all(ends in pairs for ends in span)
        _, run = next(iter(groupby(range(band.link, len(entries)), key=lambda i: entries[i].source)))
        return all(link_shown(link) for link in run)

    return replace(
        edges,
        edges=tuple(edge for edge in edges.edges if edge_shown(edge)),
        bands=tuple(band for band in edges.bands if band_shown(band)),
    )
