"""Matching the layers inside two blocks, by whichever method was chosen."""

from collections.abc import Mapping, Sequence

import numpy as np

from dpiat_gui.matching.assignment import assign
from dpiat_gui.matching.blocks import InnerTables
from dpiat_gui.matching.branches import match_branches
from dpiat_gui.matching.methods import METHODS, Rule
from dpiat_gui.matching.recurrence import MatchedLayer, match_cells
from dpiat_gui.matching.scores import Branches, Scores


def match_inside(
    method: str,
    cells: Scores,
    exponent: float,
    source_branches: Branches = (),
    target_branches: Branches = (),
    pins: Mapping[int, int] | None = None,
) -> tuple[float, tuple[MatchedLayer, ...]]:
    """Match the layers of two blocks.

    Parameters
    ----------
    method
        Name of the matcher.
    cells
        Layer scores, shape (target layers, source layers).
    exponent
        x of the span penalty.
    source_branches, target_branches
        Groups of parallel branches, for ``dp-branch``.
    pins
        Target layer -> source layer that must serve it.

    Returns
    -------
    (float, tuple)
        The blocks' score and their matched layers in target order.
    """
    if METHODS[method].layers is Rule.ONE_TO_ONE:
        layers = tuple((s, t, float(cells[t, s]), 1) for s, t in assign(cells, pins))
        return float(sum(score for _, _, score, _ in layers)), layers
    plain = match_cells(cells, exponent, pins)
    if method != "dp-branch":
        return plain
    # Where one block branches and the other does not, or with another number of branches, a
    # single order of all layers may be worth more.
    branched = match_branches(cells, exponent, source_branches, target_branches, pins)
    return branched if branched and branched[0] > plain[0] else plain


def block_scores(
    method: str, inner: InnerTables, source_branches: Sequence[Branches], target_branches: Sequence[Branches]
) -> Scores:
    """Return the scores of all pairs of distinct blocks that the outer phase builds on.

    Parameters
    ----------
    method
        Name of the matcher. ``bipartite`` takes blocks as the recurrence scores them.
    inner
        Tables of the recurrence.
    source_branches, target_branches
        Groups of parallel branches of each distinct block.

    Returns
    -------
    Scores
        Shape (targets, sources).
    """
    if method not in ("nested-bipartite", "dp-branch"):
        return inner.scores
    scores = inner.scores.copy()
    for t, target in enumerate(inner.targets):
        for s, source in enumerate(inner.sources):
            if method == "dp-branch" and not (source_branches[s] and target_branches[t]):
                continue
            cells = inner.layers[np.array(target)[:, None], source]
            scores[t, s], _ = match_inside(
                method, cells, inner.exponent, source_branches[s], target_branches[t]
            )
    return scores
