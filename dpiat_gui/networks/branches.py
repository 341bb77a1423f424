"""Parallel branches of blocks and networks, and the arcs that leave the straight way through a network."""

from collections.abc import Sequence

from dpiat_gui.networks.flow import LAYER
from dpiat_gui.networks.flow_regions import STREAM_JOINS, FlowMap, Region, bits
from dpiat_gui.networks.values import Arc, Block, BranchGroup


def branch_groups(flow: FlowMap, block: Block) -> tuple[BranchGroup, ...]:
    """Return the groups of parallel branches inside a block.

    Parameters
    ----------
    flow
        The flow of the network.
    block
        One of its entries.

    Returns
    -------
    tuple
        One group for every split whose branches meet again in a sum or concatenation, all inside the
        block: two or more branches, each the positions among the block's layers of what lies on
        it, both in order of execution. Groups that hold others come first; a group then
        lies within one branch of the group that holds it.

    Notes
    -----
    A branch needs a layer with a weight: an identity shortcut is none, a projected one is. A
    squeeze-excite's path to its gate is none, since gate and gated stream are not alike; neither are
    query, key and value, which a matrix product joins.
    """
    places = {layer.path: at for at, layer in enumerate(block.layers)}
    groups = []
    for region in _branched(flow):
        found = [flow.paths(branch) for branch in _weighted(flow, region)]
        if all(path in places for path in flow.paths(region.inside)):
            groups.append((region, tuple(tuple(sorted(places[p] for p in paths)) for paths in found)))
    return tuple(group for _, group in sorted(groups, key=_outermost_first))


def network_branches(flow: FlowMap, sequence: Sequence[Block]) -> tuple[BranchGroup, ...]:
    """Return the groups of parallel branches that hold whole entries, as positions in the sequence.

    A region inside one block is that block's own affair, see `branch_groups`.
    """
    groups = []
    for region in _branched(flow):
        found = []
        for branch in _weighted(flow, region):
            paths = flow.paths(branch)
            holds = [_within(block, paths, flow) for block in sequence]
            found.append(tuple(at for at, inside in enumerate(holds) if inside))
        if sum(1 for branch in found if branch) > 1:
            groups.append((region, tuple(branch for branch in found if branch)))
    return tuple(group for _, group in sorted(groups, key=_outermost_first))


def arcs(flow: FlowMap) -> tuple[Arc, ...]:
    """Return what leaves the straight way: shortcuts, further branches, and gates.

    At every join, the input that was made last is the straight way; each other one is an arc to
    the layer that made it. At every split, the layer that is applied next is the straight way;
    each other one is the end of an arc.
    """
    found: dict[Arc, None] = {}
    for number, node in enumerate(flow.nodes):
        if node.kind == LAYER:
            for later in _later_layers(flow, number):
                found[Arc(node.path, flow.nodes[later].path, "split")] = None
        elif len(node.sources) > 1 and number != flow.exit:
            *others, main = sorted(node.sources)
            end = _layer_of(flow, main)
            for other in others:
                start = _layer_of(flow, other)
                direct = flow.dominators[main] >> other & 1
                kind = "skip" if node.kind == "add" and direct else node.kind
                if start != end:
                    found[Arc(start, end, kind)] = None
    return tuple(found)


def _branched(flow: FlowMap) -> list[Region]:
    """Return the regions of at least two branches with weights."""
    return [
        region for region in flow.regions if region.kind in STREAM_JOINS and len(_weighted(flow, region)) > 1
    ]


def _weighted(flow: FlowMap, region: Region) -> list[int]:
    return [branch for branch in region.branches if branch & flow.weighted]


def _outermost_first(group: tuple[Region, BranchGroup]) -> tuple[int, int]:
    region = group[0]
    return -region.inside.bit_count(), region.first


def _within(block: Block, paths: set[str], flow: FlowMap) -> bool:
    """Tell whether all layers of a block that are applied lie among `paths`."""
    applied = [layer.path for layer in block.layers if layer.path in flow.first_calls]
    return bool(applied) and all(path in paths for path in applied)


def _later_layers(flow: FlowMap, number: int) -> list[int]:
    """Return the layers that take this one's output directly, but for the one applied first."""
    users = [at for at in bits(flow.targets[number]) if flow.nodes[at].kind == LAYER]
    return users[1:]


def _layer_of(flow: FlowMap, number: int) -> str:
    """Return the layer that made a node's output: of a join the last one before it; "" for an input."""
    while flow.nodes[number].kind != LAYER and flow.nodes[number].sources:
        number = max(flow.nodes[number].sources)
    return flow.nodes[number].path
