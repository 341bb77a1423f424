"""Two sequences beside each other as in a sequence alignment, by order-keeping links.

The same alignment serves the entries of two networks and the rows of two facing blocks.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

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
