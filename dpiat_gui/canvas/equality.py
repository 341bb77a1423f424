"""Which neighbours of a sequence are equal."""

from collections.abc import Hashable, Sequence


def equal_runs(keys: Sequence[Hashable]) -> tuple[range, ...]:
    """Return the runs of two or more equal neighbours; None is equal to nothing."""
    found: list[range] = []
    start = 0
    for position in range(1, len(keys) + 1):
        if position == len(keys) or keys[position] != keys[start] or keys[start] is None:
            if position - start > 1:
                found.append(range(start, position))
            start = position
    return tuple(found)
