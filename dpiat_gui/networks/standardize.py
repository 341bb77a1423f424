"""Standardization: a network becomes a sequence of blocks and single layers."""

from collections.abc import Sequence
from dataclasses import replace

from dpiat_gui.errors import StandardizationError
from dpiat_gui.networks.branches import arcs, branch_groups, network_branches
from dpiat_gui.networks.flow_regions import FlowMap
from dpiat_gui.networks.flow_standardization import flow_blocks
from dpiat_gui.networks.module_blocks import Group, is_bare, leaf_layers, visit
from dpiat_gui.networks.skips import skip_in_flow, skip_of_module
from dpiat_gui.networks.values import Block, Layer, ModuleNode, ModuleTree, Network

METHODS = ("blocks", "flatten", "graph")


def standardize_tree(tree: ModuleTree, method: str = "blocks") -> Network:
    """Make the sequence of `tree` by the named method.

    Parameters
    ----------
    tree
        The network as its author wrote it.
    method
        ``blocks``: the paper's blocks (appendix A.1), from the module tree. ``flatten``: every leaf in order,
        each by itself. ``graph``: what lies between two cuts of the flow of information, in the
        order of execution; the tree must hold its flow.

    Returns
    -------
    Network
        With the skip of each block, where it is known. If the tree holds its flow, also with the
        branches inside each block, and those and the arcs between blocks, whatever the method.

    Raises
    ------
    StandardizationError
        If there is no such method, the network holds no module at all, or its flow is needed but
        was not traced.
    """
    if method not in METHODS:
        raise StandardizationError(
            f"There is no standardization named {method!r}.", f"Use one of: {', '.join(METHODS)}."
        )
    if method == "graph" and tree.flow is None:
        raise StandardizationError(
            f"The flow of information in {tree.name} is not known: it was not traced.",
            "Open the model itself (timm:NAME or FILE.py:factory) with the method 'graph'; for a checkpoint, "
            "which holds no code, use 'blocks'.",
        )
    if method == "blocks" and tree.flow is None:
        return _network(tree, _blocks(tree.root), method)
    leaves = leaf_layers(tree.root)
    if tree.flow is None:
        return _network(tree, _singles(leaves), method)
    flow = FlowMap(tree.flow, {layer.path: layer for layer in leaves})
    if method == "graph":
        sequence = flow_blocks(tree.root, flow, leaves)
    else:
        sequence = _blocks(tree.root) if method == "blocks" else _singles(leaves)
    described = [_described(block, flow) for block in sequence]
    network = _network(tree, described, method)
    return replace(network, arcs=arcs(flow), branches=network_branches(flow, described))


def _network(tree: ModuleTree, sequence: Sequence[Block], method: str) -> Network:
    if not sequence:
        raise StandardizationError(f"{tree.name} holds no module.", "Choose another network.")
    return Network(tree, tuple(sequence), method)


def _described(block: Block, flow: FlowMap) -> Block:
    """Add to a block what the flow tells of it."""
    if block.single:
        return block
    skip = skip_in_flow(flow, [layer.path for layer in block.layers])
    return replace(block, skip=block.skip if skip is None else skip, branches=branch_groups(flow, block))


def _singles(layers: Sequence[Layer]) -> list[Block]:
    return [Block(layer.path, (layer,), single=True, class_name=layer.class_name) for layer in layers]


def _blocks(root: ModuleNode) -> list[Block]:
    result = visit(root, level=0)
    items: list[Layer | Group] = [result.leaf] if result.leaf else result.items
    if sum(1 for item in items if not is_bare(item)) == 1:
        # A network that is one block altogether is the sequence of that block's layers.
        items = [layer for item in items for layer in (item.layers if isinstance(item, Group) else [item])]
    return [
        Block(item.path, (item,), single=True, class_name=item.class_name, attributes=item.attributes)
        if isinstance(item, Layer)
        else Block(
            item.node.path,
            tuple(item.layers),
            False,
            item.node.class_name,
            item.node.attributes,
            skip_of_module(item.node, item.layers),
        )
        for item in items
    ]
