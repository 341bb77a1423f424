"""The best matching by trying all of them: what the dynamic programs are held against."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

Cells = Sequence[Sequence[float]]


def spans(n: int, m: int) -> Iterator[tuple[tuple[int, int, int], ...]]:
    """Yield every way to give disjoint spans of n targets to increasing sources among m.

    Each is a tuple of (source, first target, last target).
    """

    def extend(next_target: int, next_source: int) -> Iterator[tuple[tuple[int, int, int], ...]]:
        yield ()
        for source in range(next_source, m):
            for first in range(next_target, n):
                for last in range(first, n):
                    for rest in extend(last + 1, source + 1):
                        yield ((source, first, last), *rest)

    return extend(0, 0)


def best(
    cells: Cells,
    exponent: float = 0.5,
    pins: Mapping[int, int] | None = None,
) -> float | None:
    """Return the best total over all matchings that hold every pin, None if none does.

    A pin (target -> source) holds if that source's span contains the target.
    """
    pins = pins or {}
    n, m = len(cells), len(cells[0]) if cells else 0
    found: float | None = None
    for chosen in spans(n, m):
        served = {target: source for source, first, last in chosen for target in range(first, last + 1)}
        if any(served.get(target) != source for target, source in pins.items()):
            continue
        total = sum(
            sum(cells[target][source] for target in range(first, last + 1)) / (last - first + 1) ** exponent
            for source, first, last in chosen
        )
        found = total if found is None else max(found, total)
    return found


def two_phase(
    inner: Callable[[int, int], float | None],
    targets: int,
    sources: int,
    exponent: float,
    pins: Mapping[int, int],
) -> float | None:
    """Return the best total of entries whose pairwise scores `inner(source, target)` gives."""
    score = cache(inner)
    cells = [[score(source, target) or 0.0 for source in range(sources)] for target in range(targets)]
    return best(cells, exponent, pins)
