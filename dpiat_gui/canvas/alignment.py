"""Two sequences beside each other as in a sequence alignment, by order-keeping links.

The same alignment serves the entries of two networks and the rows of two facing blocks.
"""

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_LARGEST_TABLE = 4096
"""Cells above which unlinked runs are stacked as they come instead of being compared."""


@dataclass(frozen=True, slots=True)
class Group:
    """Members of both sequences that stand at the same height.

    Parameters
    ----------
    sources, targets
        Positions in either sequence, contiguous; either may be empty, which is a gap there.
    linked
        True for one source with the span of targets it serves.
    """

    sources: range
    targets: range
    linked: bool = False


def align(
    sources: Sequence[Hashable], targets: Sequence[Hashable], links: Sequence[tuple[int, int]]
) -> tuple[Group, ...]:
    """Align two sequences.

    Parameters
    ----------
    sources, targets
        One key a member; unlinked members of equal keys between the same two links face each
        other, as far as their order allows.
    links
        (source, target) positions, never decreasing on either side, each target at most once.

    Returns
    -------
    tuple of Group
        From top to bottom; every member is in exactly one group, in order.
    """
    groups: list[Group] = []
    source = target = 0
    for linked, span in _spans(links):
        groups.extend(_unlinked(sources, targets, range(source, linked), range(target, span.start)))
        groups.append(Group(range(linked, linked + 1), span, linked=True))
        source, target = linked + 1, span.stop
    groups.extend(_unlinked(sources, targets, range(source, len(sources)), range(target, len(targets))))
    return tuple(groups)


def spine(links: Sequence[tuple[int, int]], weights: Sequence[float]) -> tuple[int, ...]:
    """Choose the links that say who faces whom, so that the chosen ones keep order.

    Parameters
    ----------
    links
        (source, target) positions, targets never decreasing; they may cross.
    weights
        How much each link counts.

    Returns
    -------
    tuple of int
        Positions among `links`. All of them if they keep order and name each target once; the
        heaviest of each target if they keep order; otherwise the heaviest chain in which both
        sides increase.
    """
    if all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(links)):
        best: dict[int, int] = {}
        for position, (_, target) in enumerate(links):
            if target not in best or weights[position] > weights[best[target]]:
                best[target] = position
        return tuple(sorted(best.values()))
    return _heaviest_chain(links, weights)


def _heaviest_chain(links: Sequence[tuple[int, int]], weights: Sequence[float]) -> tuple[int, ...]:
    # The frontier holds the chains that no other beats: both their last source and weight increase.
    sources: list[int] = []
    totals: list[float] = []
    ends: list[int] = []
    before: list[int | None] = [None] * len(links)
    # Of one target, larger sources go first: a link then never follows one of the same target.
    for position in sorted(range(len(links)), key=lambda i: (links[i][1], -links[i][0])):
        source = links[position][0]
        at = bisect_left(sources, source)
        total = weights[position] + (totals[at - 1] if at else 0.0)
        before[position] = ends[at - 1] if at else None
        if at < len(sources) and sources[at] == source and totals[at] >= total:
            continue
        beaten = at
        while beaten < len(totals) and totals[beaten] <= total:
            beaten += 1
        sources[at:beaten], totals[at:beaten], ends[at:beaten] = [source], [total], [position]
    chain: list[int] = []
    end = ends[-1] if ends else None
    while end is not None:
        chain.append(end)
        end = before[end]
    return tuple(reversed(chain))


def _spans(links: Sequence[tuple[int, int]]) -> list[tuple[int, range]]:
    """Return each linked source with its targets from first to last, unlinked ones between included."""
    spans: list[tuple[int, range]] = []
    for source, target in links:
        if spans and spans[-1][0] == source:
            spans[-1] = (source, range(spans[-1][1].start, target + 1))
        else:
            spans.append((source, range(target, target + 1)))
    return spans


def _unlinked(
    sources: Sequence[Hashable], targets: Sequence[Hashable], left: range, right: range
) -> list[Group]:
    """Align a run without links: members of equal keys face each other, the rest is stacked."""
    groups: list[Group] = []
    source, target = left.start, right.start
    for i, j in _common(sources, targets, left, right):
        if i > source or j > target:
            groups.append(Group(range(source, i), range(target, j)))
        groups.append(Group(range(i, i + 1), range(j, j + 1)))
        source, target = i + 1, j + 1
    if source < left.stop or target < right.stop:
        groups.append(Group(range(source, left.stop), range(target, right.stop)))
    return groups


def _common(
    sources: Sequence[Hashable], targets: Sequence[Hashable], left: range, right: range
) -> list[tuple[int, int]]:
    """Return the longest common subsequence of two runs, as positions."""
    if not left or not right or len(left) * len(right) > _LARGEST_TABLE:
        return []
    a, b = [sources[i] for i in left], [targets[j] for j in right]
    # best[i][j]: length for a[i:] and b[j:], so that the walk below goes forward.
    best = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in reversed(range(len(a))):
        for j in reversed(range(len(b))):
            best[i][j] = best[i + 1][j + 1] + 1 if a[i] == b[j] else max(best[i + 1][j], best[i][j + 1])
    found: list[tuple[int, int]] = []
    i = j = 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            found.append((left[i], right[j]))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return found
