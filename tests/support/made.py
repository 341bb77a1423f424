"""Small networks made by hand, for tests that need exact control over shapes."""

from collections.abc import Sequence

from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.values import Block, Layer, ModuleNode, ModuleTree, Network, TensorSpec

Shape = tuple[int, ...]
_BY_RANK = {1: LayerKind.BATCH_NORM2D, 2: LayerKind.LINEAR, 4: LayerKind.CONV2D}


def layer(path: str, shape: Shape | None, kind: LayerKind | None = None) -> Layer:
    """Make a layer of a shape, its kind guessed from the rank; None makes an activation."""
    if shape is None:
        return Layer(path, kind or LayerKind.ACTIVATION, "ReLU")
    kind = kind or _BY_RANK[len(shape)]
    tensors = (TensorSpec(f"{path}.weight", shape),)
    return Layer(path, kind, kind.value, tensors)


def network(name: str, entries: Sequence[Shape | Sequence[Shape | None] | None]) -> Network:
    """Make a network of single layers (shapes) and blocks (lists of shapes)."""
    blocks = []
    nodes = []
    for position, entry in enumerate(entries):
        if isinstance(entry, list):
            layers = tuple(layer(f"{name}{position}.{at}", shape) for at, shape in enumerate(entry))
            blocks.append(Block(f"{name}{position}", layers, single=False, class_name="Block"))
            children = tuple(_node(one) for one in layers)
            nodes.append(ModuleNode(f"{name}{position}", "Block", LayerKind.OTHER, (), (), children))
        else:
            one = layer(f"{name}{position}", entry)
            blocks.append(Block(one.path, (one,), single=True, class_name=one.class_name))
            nodes.append(_node(one))
    root = ModuleNode("", "Net", LayerKind.OTHER, (), (), tuple(nodes))
    return Network(ModuleTree(name, root, f"made:{name}"), tuple(blocks))


def chain(name: str, shapes: Sequence[Shape | None]) -> Network:
    """Make a network of single layers, standardized as a flat sequence."""
    nodes = tuple(_node(layer(f"{name}{position}", shape)) for position, shape in enumerate(shapes))
    root = ModuleNode("", "Net", LayerKind.OTHER, (), (), nodes)
    return standardize_tree(ModuleTree(name, root, f"made:{name}"), "flatten")


def _node(one: Layer) -> ModuleNode:
    return ModuleNode(one.path, one.class_name, one.kind, one.tensors)
