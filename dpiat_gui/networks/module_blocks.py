"""The blocks a network's author drew, found by the rules of the paper's appendix A.1 on the module tree."""

from dataclasses import dataclass, field

from dpiat_gui.networks.kinds import DIMENSIONAL, PAPER_KINDS, SCORED_KINDS, LayerKind
from dpiat_gui.networks.values import Layer, ModuleNode


@dataclass
class Group:
    """A flat list of layers that came from one module: a block to be."""

    node: ModuleNode
    layers: list[Layer]


@dataclass
class Visit:
    """What a module's visit returns to its parent.

    `depth` is the paper's nesting depth. `items` is None for a module that is itself a leaf.
    Bare parameters travel in `items` but are not counted, so that they never change the
    paper's blocks.
    """

    depth: int
    dimensional: int
    leaf: Layer | None = None
    items: list[Layer | Group] = field(default_factory=list)


def visit(node: ModuleNode, level: int) -> Visit:
    """Visit one module; `level` is 0 for the root and for wrappers of one child down from it."""
    children = node.distinct_children
    if node.kind in PAPER_KINDS or not children:
        return Visit(0, int(node.kind in DIMENSIONAL), leaf=_layer(node))
    # The reference passes the level of a module with one child on to that child.
    next_level = level if len(children) == 1 else level + 1
    items: list[Layer | Group] = list(_bare_parameters(node))
    dimensional = 0
    for child in children:
        result = visit(child, next_level)
        dimensional += result.dimensional
        items += _received(child, result)
    counted = [item for item in items if not is_bare(item)]
    blocks = sum(1 for item in counted if isinstance(item, Group))
    if len(counted) - blocks > blocks and level > 0:
        items = [layer for item in items for layer in (item.layers if isinstance(item, Group) else [item])]
        depth = 1
    else:
        depth = 2
    if len(counted) == 1 and level > 0:
        return _unwrapped(items, dimensional)
    return Visit(depth, dimensional, items=items)


def _received(child: ModuleNode, result: Visit) -> list[Layer | Group]:
    """Splice a child's result into its parent's list, or append it as one entry."""
    if result.leaf:
        return [result.leaf]
    if result.depth > 1 or result.dimensional < 2:
        return result.items
    return [Group(child, [item for item in result.items if isinstance(item, Layer)])]


def _unwrapped(items: list[Layer | Group], dimensional: int) -> Visit:
    """Replace a result of one entry by that entry, of depth 1.

    Bare parameters that stood beside the entry stay beside it; a single layer with such
    company is handed on as loose entries rather than as a block the paper does not have.
    """
    entry = next(item for item in items if not is_bare(item))
    bare = [item for item in items if is_bare(item)]
    if isinstance(entry, Layer):
        if not bare:
            return Visit(1, dimensional, leaf=entry)
        return Visit(2, dimensional, items=items)
    return Visit(1, dimensional, items=[*bare, *entry.layers])


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


def is_bare(item: Layer | Group) -> bool:
    """Tell parameters that a module with children holds itself from what the paper's sequence knows."""
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
