"""Standardization: a network becomes a sequence of blocks and single layers (paper, appendix A.1)."""

from dataclasses import dataclass, field

from dpiat_gui.errors import StandardizationError
from dpiat_gui.networks.kinds import DIMENSIONAL, PAPER_KINDS, SCORED_KINDS, LayerKind
from dpiat_gui.networks.values import Block, Layer, ModuleNode, ModuleTree, Network

METHODS = ("blocks", "flatten")


def standardize_tree(tree: ModuleTree, method: str = "blocks") -> Network:
    """Make the sequence of `tree` by the named method.

    Parameters
    ----------
    tree
        The network as its author wrote it.
    method
        ``blocks``: the paper's blocks. ``flatten``: every leaf in order, each by itself.

    Raises
    ------
    StandardizationError
        If there is no such method, or the network holds no module at all.
    """
    if method == "blocks":
        sequence = _blocks(tree.root)
    elif method == "flatten":
        sequence = [
            Block(layer.path, (layer,), single=True, class_name=layer.class_name)
            for layer in leaf_layers(tree.root)
        ]
    else:
        raise StandardizationError(
            f"There is no standardization named {method!r}.", f"Use one of: {', '.join(METHODS)}."
        )
    if not sequence:
        raise StandardizationError(f"{tree.name} holds no module.", "Choose another network.")
    return Network(tree, tuple(sequence), method)


@dataclass
class _Block:
    """A flat list of layers that came from one module."""

    node: ModuleNode
    layers: list[Layer]


@dataclass
class _Result:
    """What a module's visit returns to its parent.

    `depth` is the paper's nesting depth. `items` is None for a module that is itself a leaf.
    Bare parameters travel in `items` but are not counted, so that they never change the
    paper's blocks.
    """

    depth: int
    dimensional: int
    leaf: Layer | None = None
    items: list[Layer | _Block] = field(default_factory=list)


def _blocks(root: ModuleNode) -> list[Block]:
    result = _visit(root, level=0)
    items: list[Layer | _Block] = [result.leaf] if result.leaf else result.items
    if sum(1 for item in items if not _is_bare(item)) == 1:
        # A network that is one block altogether is the sequence of that block's layers.
        items = [layer for item in items for layer in (item.layers if isinstance(item, _Block) else [item])]
    return [
        Block(item.path, (item,), single=True, class_name=item.class_name, attributes=item.attributes)
        if isinstance(item, Layer)
        else Block(item.node.path, tuple(item.layers), False, item.node.class_name, item.node.attributes)
        for item in items
    ]


def _visit(node: ModuleNode, level: int) -> _Result:
    """Visit one module; `level` is 0 for the root and for wrappers of one child down from it."""
    children = node.distinct_children
    if node.kind in PAPER_KINDS or not children:
        return _Result(0, int(node.kind in DIMENSIONAL), leaf=_layer(node))
    # The reference passes the level of a module with one child on to that child.
    next_level = level if len(children) == 1 else level + 1
    items: list[Layer | _Block] = list(_bare_parameters(node))
    dimensional = 0
    for child in children:
        result = _visit(child, next_level)
        dimensional += result.dimensional
        items += _received(child, result)
    counted = [item for item in items if not _is_bare(item)]
    blocks = sum(1 for item in counted if isinstance(item, _Block))
    if len(counted) - blocks > blocks and level > 0:
        items = [layer for item in items for layer in (item.layers if isinstance(item, _Block) else [item])]
        depth = 1
    else:
        depth = 2
    if len(counted) == 1 and level > 0:
        return _unwrapped(items, dimensional)
    return _Result(depth, dimensional, items=items)


def _received(child: ModuleNode, result: _Result) -> list[Layer | _Block]:
    """Splice a child's result into its parent's list, or append it as one entry."""
    if result.leaf:
        return [result.leaf]
    if result.depth > 1 or result.dimensional < 2:
        return result.items
    return [_Block(child, [item for item in result.items if isinstance(item, Layer)])]


def _unwrapped(items: list[Layer | _Block], dimensional: int) -> _Result:
    """Replace a result of one entry by that entry, of depth 1.

    Bare parameters that stood beside the entry stay beside it; a single layer with such
    company is handed on as loose entries rather than as a block the paper does not have.
    """
    entry = next(item for item in items if not _is_bare(item))
    bare = [item for item in items if _is_bare(item)]
    if isinstance(entry, Layer):
        if not bare:
            return _Result(1, dimensional, leaf=entry)
        return _Result(2, dimensional, items=items)
    return _Result(1, dimensional, items=[*bare, *entry.layers])


def leaf_layers(root: ModuleNode) -> list[Layer]:
    """Return every leaf below `root` in registration order, bare parameters included."""
    found: list[Layer] = []
    stack = [root]
    while stack:
        node = stack.pop()
        children = node.distinct_children
        if node.kind in PAPER_KINDS or not children:
            found.append(_layer(node))
        else:
            found.extend(_bare_parameters(node))
            stack.extend(reversed(children))
    return found


def _layer(node: ModuleNode) -> Layer:
    kind = node.kind
    if kind is LayerKind.OTHER and any(not tensor.buffer for tensor in node.tensors):
        kind = LayerKind.PARAMETER
    # A scored module with children (a norm with its activation) keeps their tensors.
    tensors = tuple(tensor for part in node.walk() for tensor in part.tensors)
    return Layer(node.path, kind, node.class_name, tensors, node.attributes)


def _is_bare(item: Layer | _Block) -> bool:
    return isinstance(item, Layer) and item.bare


def _bare_parameters(node: ModuleNode) -> list[Layer]:
    """Return the parameters that a module with children holds itself, as layers.

    An attention's input projection is one layer of weight and bias, and so is a norm that
    carries its activation as a child; any other parameter is a layer of its own.
    """
    parameters = tuple(tensor for tensor in node.tensors if not tensor.buffer)
    if node.kind in SCORED_KINDS["all"] and parameters:
        return [Layer(node.path, node.kind, node.class_name, node.tensors, node.attributes, bare=True)]
    projection = tuple(t for t in parameters if t.name in ("in_proj_weight", "in_proj_bias"))
    layers = []
    if projection:
        path = f"{node.path}.in_proj" if node.path else "in_proj"
        layers.append(Layer(path, LayerKind.IN_PROJECTION, node.class_name, projection, bare=True))
    layers.extend(
        Layer(tensor.key, LayerKind.PARAMETER, node.class_name, (tensor,), bare=True)
        for tensor in parameters
        if tensor not in projection
    )
    return layers
