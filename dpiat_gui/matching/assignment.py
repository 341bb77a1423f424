"""Pairs that may cross: the best one-to-one assignment, and one drawn by lot."""

from collections.abc import Mapping, Sequence

import numpy as np

from dpiat_gui.matching.scores import Scores

_NEARNESS = 1e-9
"""Weight of the tie-break between assignments of equal scores; below any difference of scores."""


def assign(cells: Scores, pins: Mapping[int, int] | None = None) -> list[tuple[int, int]]:
    """Return the one-to-one assignment of the largest total score that holds the pins.

    Parameters
    ----------
    cells
        Scores, shape (targets, sources); pairs of score 0 are never assigned.
    pins
        Target -> source; no source twice.

    Returns
    -------
    list of (int, int)
        (source, target), in target order. Of equal totals, the one whose pairs lie nearest to the
        same relative place in both sequences.
    """
    from scipy.optimize import linear_sum_assignment

    pins = pins or {}
    n, m = cells.shape
    rows = [row for row in range(n) if row not in pins]
    columns = [column for column in range(m) if column not in set(pins.values())]
    free = cells[np.ix_(np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64))]
    found = [(source, target) for target, source in pins.items()]
    if free.size:
        distance = np.subtract.outer((np.array(rows) + 0.5) / n, (np.array(columns) + 0.5) / m) ** 2
        chosen = linear_sum_assignment(np.where(free > 0, free - _NEARNESS * distance, 0.0), maximize=True)
        found += [
            (columns[column], rows[row]) for row, column in zip(*chosen, strict=True) if free[row, column] > 0
        ]
    return sorted(found, key=lambda pair: pair[1])


def draw(cells: Scores, pins: Mapping[int, int] | None = None, seed: int = 0) -> list[tuple[int, int]]:
    """Return a one-to-one assignment drawn by lot among pairs that score above 0.

    Parameters
    ----------
    cells
        Scores, shape (targets, sources).
    pins
        Target -> source, held before anything is drawn; no source twice.
    seed
        Equal seeds draw equal lots, on every machine.

    Returns
    -------
    list of (int, int)
        (source, target), in target order. As many targets are served as can be.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    pins = pins or {}
    n, m = cells.shape
    lots = np.random.Generator(np.random.PCG64(seed))
    allowed = cells > 0
    allowed[list(pins), :] = False
    allowed[:, list(pins.values())] = False
    # Shuffled rows and columns make the maximum matching that is found a random one.
    rows, columns = lots.permutation(n), lots.permutation(m)
    shuffled = csr_matrix(allowed[np.ix_(rows, columns)])
    partner = maximum_bipartite_matching(shuffled, perm_type="column") if n and m else np.empty(0)
    drawn = [
        (int(columns[column]), int(rows[row])) for row, column in enumerate(partner.tolist()) if column >= 0
    ]
    pinned = [(source, target) for target, source in pins.items()]
    return sorted([*pinned, *drawn], key=lambda pair: pair[1])


def total_of(cells: Scores, pairs: Sequence[tuple[int, int]]) -> float:
    """Return the sum of the scores of (source, target) pairs."""
    return float(sum(cells[target, source] for source, target in pairs))
