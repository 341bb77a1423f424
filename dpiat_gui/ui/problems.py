"""Rows of a matching worth a look, in the order of the columns."""

from collections.abc import Mapping
from dataclasses import dataclass

from dpiat_gui.matching.values import Matching
from dpiat_gui.networks.kinds import SCORED_KINDS

WEAK = 0.5
"""A pair that scores less is weak (interaction.md); drawn dashed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One row worth a look.

    Parameters
    ----------
    source, target
        Paths of the rows; one of them may be None.
    what
        What is wrong, in a few words.
    """

    source: str | None
    target: str | None
    what: str


def find_problems(matching: Matching, coverage: Mapping[str, float] | None = None) -> tuple[Problem, ...]:
    """Return unmatched, weak, mostly uncovered and reused rows in column order.

    Parameters
    ----------
    matching
        The matching.
    coverage
        Share of each target layer that is copied, by its path; None if there is no plan yet.

    Returns
    -------
    tuple of Problem
        Target rows in order; a source row that gives nothing comes after the row matched last
        before it.
    """
    scored = SCORED_KINDS[matching.options.layer_types]
    found: list[tuple[tuple[float, int], Problem]] = []
    target_index = {
        layer.path: index
        for index, layer in enumerate(layer for block in matching.target_entries for layer in block.layers)
    }
    fresh = set(matching.overrides.fresh)
    served: set[str] = set()
    for block in matching.target_entries:
        for layer in block.layers:
            if layer.kind not in scored or layer.shape is None or {layer.path, block.path} & fresh:
                continue
            what = _target_problem(matching, layer.path, served, coverage)
            pair = matching.by_target.get(layer.path)
            if pair:
                served.add(pair.source)
            if what:
                place = (float(target_index[layer.path]), 0)
                found.append((place, Problem(pair.source if pair else None, layer.path, what)))
    last = -1.0
    for index, layer in enumerate(layer for block in matching.source_entries for layer in block.layers):
        pairs = matching.by_source.get(layer.path, ())
        if pairs:
            last = max(last, max(float(target_index.get(pair.target, -1)) for pair in pairs))
        elif layer.kind in scored and layer.shape is not None:
            found.append(((last + 0.5, index), Problem(layer.path, None, "gives nothing to the target")))
    return tuple(problem for _, problem in sorted(found, key=lambda item: item[0]))


def _target_problem(
    matching: Matching, path: str, served: set[str], coverage: Mapping[str, float] | None
) -> str:
    pair = matching.by_target.get(path)
    if pair is None:
        return "unmatched: keeps its own initialisation"
    if pair.pinned:
        return ""
    if pair.score < WEAK:
        return f"weak: score {pair.score:.2f}"
    if coverage is not None and coverage.get(path, 1.0) < WEAK:
        return f"only {coverage[path]:.0%} covered"
    if pair.source in served:
        return "its source serves several targets"
    return ""
