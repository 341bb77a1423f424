"""Which blocks have an identity skip: their input is added to their output unchanged."""

from collections.abc import Collection

from dpiat_gui.networks.flow_regions import FlowMap, bits
from dpiat_gui.networks.kinds import PAPER_KINDS
from dpiat_gui.networks.module_blocks import leaf_layers
from dpiat_gui.networks.skip_rules import HAS_SKIP
from dpiat_gui.networks.values import Layer, ModuleNode


def skip_in_flow(flow: FlowMap, paths: Collection[str]) -> bool | None:
    """Tell from the flow whether the block of these layers has an identity skip.

    Parameters
    ----------
    flow
        The flow of the network.
    paths
        The block's layers.

    Returns
    -------
    bool or None
        True if what comes into the block is added to what goes out of it, having passed
        through nothing but sums on the way, and that way goes around the block's
        weighted layers, all of them, and no others. None if none of its weighted layers is
        ever applied.

    Notes
    -----
    A shortcut through a convolution (a projection), a pooling or an activation is no identity.
    One that is added to some of the output's channels only, where the output has more (ReXNet), is
    one: all of the input goes on unchanged. Two residual sums one after the other (a
    transformer's block) are one identity skip around both.
    """
    chosen = set(paths)
    own = sum(1 << at for path, at in flow.first_calls.items() if path in chosen) & flow.weighted
    if not own:
        return None
    # A layer that is applied again belongs to its block there as well.
    calls = sum(1 << at for at, node in enumerate(flow.nodes) if node.path in chosen)
    foreign = flow.weighted & ~calls
    common = -1
    for at in bits(own):
        common &= flow.dominators[at]
    for first in reversed(list(bits(common & ~own))):
        for last in _sums_reached(flow, first):
            inside = flow.between(first, last)
            if own & ~inside == 0 and inside & foreign == 0:
                return True
        if foreign >> first & 1:
            break
    return False


def skip_of_module(node: ModuleNode, layers: Collection[Layer]) -> bool | None:
    """Tell from what a module says of itself whether the block made of it has an identity skip.

    Parameters
    ----------
    node
        The block's module, or a wrapper around it.
    layers
        The block's layers.

    Returns
    -------
    bool or None
        None where the module does not say, or the block is only a part of it.
    """
    while HAS_SKIP not in (said := dict(node.attributes)):
        children = node.distinct_children
        if len(children) != 1 or node.kind in PAPER_KINDS:
            return None
        (node,) = children
    value = said[HAS_SKIP]
    if not isinstance(value, bool) or {x.path for x in layers} != {x.path for x in leaf_layers(node)}:
        return None
    return value


def _sums_reached(flow: FlowMap, first: int) -> list[int]:
    """Return the sums that take the node's output unchanged, by themselves or through other sums."""
    found: list[int] = []
    seen = 0
    ends = [first]
    while ends:
        at = ends.pop()
        for target in bits(flow.targets[at] & ~seen):
            if flow.nodes[target].kind == "add":
                seen |= 1 << target
                found.append(target)
                ends.append(target)
    return found
