"""Blocks with parallel branches: branches are assigned to each other first, then matched inside.

The paper names branching as the limit of a single order of layers. Here a group of parallel
branches is one member of its block's sequence: a group is matched to a group, by the assignment
of branches whose own dynamic programs add up to most, and what lies between groups as ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dpiat_gui.matching.assignment import assign
from dpiat_gui.matching.recurrence import MatchedLayer, match_cells
from dpiat_gui.matching.scores import Branches, Scores


@dataclass(frozen=True)
class _Member:
    """One member of a block's sequence: a layer, or a group of parallel branches."""

    branches: tuple[tuple[int, ...], ...]

    @property
    def is_group(self) -> bool:
        return len(self.branches) > 1


def match_branches(
    cells: Scores,
    exponent: float,
    source_branches: Branches,
    target_branches: Branches,
    pins: Mapping[int, int] | None = None,
) -> tuple[float, tuple[MatchedLayer, ...]] | None:
    """Match the layers of two blocks with parallel branches.

    Parameters
    ----------
    cells
        Layer scores, shape (target layers, source layers).
    exponent
        x of the span penalty.
    source_branches, target_branches
        Groups of parallel branches in the two blocks.
    pins
        Target layer -> source layer that must serve it.

    Returns
    -------
    (float, tuple) or None
        The score and the matched layers in target order; None where the pins cannot hold while
        branches stay together, or one of the blocks has none.
    """
    if not (source_branches and target_branches):
        return None
    sources = _members(cells.shape[1], source_branches)
    targets = _members(cells.shape[0], target_branches)
    groups = source_branches, target_branches
    inner = _inner_pins(pins or {}, sources, targets)
    if inner is None:
        return None
    scores = np.zeros((len(targets), len(sources)))
    inside: dict[tuple[int, int], tuple[MatchedLayer, ...]] = {}
    for t, target in enumerate(targets):
        for s, source in enumerate(sources):
            if target.is_group != source.is_group:
                continue
            found = _match_members(cells, exponent, source, target, groups, inner.get((s, t), {}))
            if found:
                scores[t, s], inside[s, t] = found
    member_pins = {t: s for s, t in inner}
    if any(scores[t, s] <= 0 for t, s in member_pins.items()):
        return None
    total, members = match_cells(scores, exponent, member_pins)
    # A group's layers carry their branch's span; the group's own comes on top.
    layers = (
        (s, t, score, span * group_span)
        for source_member, target_member, _, group_span in members
        for s, t, score, span in inside[source_member, target_member]
    )
    return total, tuple(sorted(layers, key=lambda layer: layer[1]))


def _members(count: int, branches: Branches) -> list[_Member]:
    """Put a block's layers and groups in one sequence, a group where its first layer stands.

    Groups inside a branch of another group are left to that branch.
    """
    grouped: set[int] = set()
    members = []
    for group in sorted(branches, key=lambda group: -sum(map(len, group))):
        layers = {layer for branch in group for layer in branch}
        if not layers & grouped:
            grouped |= layers
            members.append((min(layers), _Member(group)))
    members += [(at, _Member(((at,),))) for at in range(count) if at not in grouped]
    return [member for _, member in sorted(members, key=lambda placed: placed[0])]


def _inner_pins(
    pins: Mapping[int, int], sources: Sequence[_Member], targets: Sequence[_Member]
) -> dict[tuple[int, int], dict[int, int]] | None:
    """Sort pins of layers by the (source, target) members that hold them; None if they tear a group."""
    source_of, target_of = _places(sources), _places(targets)
    found: dict[tuple[int, int], dict[int, int]] = {}
    by_target: dict[int, int] = {}
    for target, source in pins.items():
        s, t = source_of[source], target_of[target]
        if sources[s].is_group != targets[t].is_group or by_target.setdefault(t, s) != s:
            return None
        found.setdefault((s, t), {})[target] = source
    for t, s in by_target.items():
        if any((t - other_t) * (s - other_s) < 0 for other_t, other_s in by_target.items()):
            return None
    return found


def _places(members: Sequence[_Member]) -> dict[int, int]:
    """Return the member that holds each layer."""
    return {layer: at for at, member in enumerate(members) for branch in member.branches for layer in branch}


def _match_members(
    cells: Scores,
    exponent: float,
    source: _Member,
    target: _Member,
    groups: tuple[Branches, Branches],
    pins: Mapping[int, int],
) -> tuple[float, tuple[MatchedLayer, ...]] | None:
    """Match two layers, or two groups branch by branch; None where the pins cannot hold."""
    if not source.is_group:
        (s,), (t,) = source.branches[0], target.branches[0]
        return float(cells[t, s]), ((s, t, float(cells[t, s]), 1),)
    forced: dict[int, int] = {}
    for layer, partner in pins.items():
        t = next(at for at, branch in enumerate(target.branches) if layer in branch)
        s = next(at for at, branch in enumerate(source.branches) if partner in branch)
        if forced.setdefault(t, s) != s:
            return None
    if len(set(forced.values())) < len(forced):
        return None
    scores = np.zeros((len(target.branches), len(source.branches)))
    inside: dict[tuple[int, int], tuple[MatchedLayer, ...]] = {}
    for t, target_layers in enumerate(target.branches):
        for s, source_layers in enumerate(source.branches):
            branch_pins = _local_pins(pins, source_layers, target_layers) if forced.get(t) == s else {}
            scores[t, s], inside[s, t] = _match_pair(
                cells, exponent, source_layers, target_layers, groups, branch_pins
            )
    if any(scores[t, s] <= 0 for t, s in forced.items()):
        return None
    chosen = assign(scores, forced)
    layers = tuple(layer for pair in chosen for layer in inside[pair])
    return float(sum(scores[t, s] for s, t in chosen)), layers


def _local_pins(
    pins: Mapping[int, int], source_layers: Sequence[int], target_layers: Sequence[int]
) -> dict[int, int]:
    return {
        target_layers.index(target): source_layers.index(source)
        for target, source in pins.items()
        if target in target_layers and source in source_layers
    }


def _match_pair(
    cells: Scores,
    exponent: float,
    source_layers: Sequence[int],
    target_layers: Sequence[int],
    groups: tuple[Branches, Branches],
    pins: Mapping[int, int],
) -> tuple[float, tuple[MatchedLayer, ...]]:
    """Match two branches: in one row, or by the groups inside them where that is worth more."""
    inside = cells[np.array(target_layers)[:, None], list(source_layers)]
    score, layers = match_cells(inside, exponent, pins)
    nested = _nested(groups[0], source_layers), _nested(groups[1], target_layers)
    branched = match_branches(inside, exponent, *nested, pins)
    if branched and branched[0] > score:
        score, layers = branched
    return score, tuple(
        (source_layers[s], target_layers[t], layer_score, span) for s, t, layer_score, span in layers
    )


def _nested(branches: Branches, layers: Sequence[int]) -> Branches:
    """Return the groups that lie within these layers, by position among them."""
    places = {layer: at for at, layer in enumerate(layers)}
    return tuple(
        tuple(tuple(places[layer] for layer in branch) for branch in group)
        for group in branches
        if all(layer in places for branch in group for layer in branch)
    )
