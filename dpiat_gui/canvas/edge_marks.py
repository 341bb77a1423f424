"""What a matching says of each edge that is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from dpiat_gui.canvas.columns import Column
from dpiat_gui.canvas.connections import Edge
from dpiat_gui.canvas.marking import WEAK
from dpiat_gui.matching.values import EntryPair, Matching


@dataclass(frozen=True, slots=True)
class EdgeMark:
    """How an edge is drawn.

    Parameters
    ----------
    score
        Of the two layers; of two blocks, their inner score as a share of the best there could be.
    count
        Number of pairs of layers it stands for.
    pinned
        True if an override asks for it.
    factor
        The skip factor where it lowered the score of the blocks, told once a pair of blocks.
    """

    score: float
    count: int = 1
    pinned: bool = False
    factor: float = 1.0

    @property
    def weak(self) -> bool:
        """True if it is drawn as a weak match."""
        return self.score < WEAK


def marks_of_edges(
    edges: Sequence[Edge], matching: Matching | None, target: Column | None
) -> tuple[EdgeMark, ...]:
    """Return the mark of every edge of a matching."""
    if matching is None or target is None:
        return tuple(EdgeMark(1.0) for _ in edges)
    return tuple(_mark(edge, matching.entry_pairs, target) for edge in edges)


def _mark(edge: Edge, entry_pairs: Sequence[EntryPair], target: Column) -> EdgeMark:
    pair = entry_pairs[edge.link]
    if edge.pair is not None:
        row = pair.pairs[edge.pair]
        return EdgeMark(row.score, 1, row.pinned, pair.factor if edge.pair == 0 else 1.0)
    if edge.others:
        return _mark_of_run([pair, *(entry_pairs[link] for link in edge.others)], target)
    return EdgeMark(share_of_best(pair, target), len(pair.pairs), pair.pinned, pair.factor)


def _mark_of_run(pairs: Sequence[EntryPair], target: Column) -> EdgeMark:
    """Return the mark of one edge for all the pairs of two folded runs."""
    best = sum(target.entries[pair.target].scored_rows for pair in pairs)
    return EdgeMark(
        min(sum(pair.score for pair in pairs) / best, 1.0) if best else 0.0,
        sum(len(pair.pairs) for pair in pairs),
        any(pair.pinned for pair in pairs),
        min(pair.factor for pair in pairs),
    )


def share_of_best(pair: EntryPair, target: Column) -> float:
    """Return the score of a pair of entries as a share of the best there could be, 0..1."""
    best = target.entries[pair.target].scored_rows
    return min(pair.score / best, 1.0) if best else 0.0
