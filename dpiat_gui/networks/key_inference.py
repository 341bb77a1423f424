"""The module tree of a checkpoint, rebuilt from its keys and shapes alone."""

from collections.abc import Sequence

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.key_nodes import KeyNode
from dpiat_gui.networks.key_order import in_registration_order
from dpiat_gui.networks.kind_inference import infer_kinds
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.values import Attribute, ModuleNode, ModuleTree, TensorSpec

_DEPTH_LIMIT = 100


def tree_from_tensors(specs: Sequence[TensorSpec], name: str, origin: str = "") -> ModuleTree:
    """Rebuild the module tree of a network from the tensors of its state dict.

    Parameters
    ----------
    specs
        The tensors, in the order of the file.
    name
        Short name to show.
    origin
        The source reference they were read from.

    Raises
    ------
    SourceError
        If there are none, or their keys do not form a tree.

    Notes
    -----
    Modules without tensors (activations, pools) have no keys and so no place in the tree.
    Order is that of the file, which is registration order for a pickled state dict; a
    .safetensors file lists its tensors by name, so that there the order is inferred as well
    (see `dpiat_gui.networks.key_order`). Strides and groups are not known.
    """
    if not specs:
        raise SourceError(f"{name} holds no weights.", "Choose another checkpoint.")
    root = _grow(in_registration_order(specs), name)
    kinds = infer_kinds(root)
    return ModuleTree(name, _finished(root, kinds), origin or "live")


def _grow(specs: Sequence[TensorSpec], name: str) -> KeyNode:
    root = KeyNode("")
    for spec in specs:
        *modules, last = spec.key.split(".")
        if len(modules) > _DEPTH_LIMIT:
            raise SourceError(f"{name} holds a key nested too deep: {spec.key[:60]}…", "Choose another file.")
        node = root
        for depth, part in enumerate(modules):
            if part not in node.children:
                node.children[part] = KeyNode(".".join(modules[: depth + 1]))
            node = node.children[part]
        if last in node.tensors:
            raise SourceError(f"{name} holds the key {spec.key} twice.", "Choose another file.")
        node.tensors[last] = spec
    return root


def _finished(node: KeyNode, kinds: dict[str, LayerKind]) -> ModuleNode:
    kind = kinds.get(node.path, LayerKind.OTHER)
    return ModuleNode(
        node.path,
        _class_name(node, kind),
        kind,
        tuple(node.tensors.values()),
        _attributes(node, kind),
        tuple(_finished(child, kinds) for child in node.children.values()),
    )


def _class_name(node: KeyNode, kind: LayerKind) -> str:
    if kind is not LayerKind.OTHER:
        return str(kind.value)
    if "in_proj_weight" in node.tensors:
        return "MultiheadAttention"
    return "Sequential" if node.children and all(part.isdigit() for part in node.children) else "Module"


def _attributes(node: KeyNode, kind: LayerKind) -> tuple[Attribute, ...]:
    """Return what shapes do tell; a convolution's groups and stride they do not."""
    weight = node.tensors.get("weight")
    if weight is None:
        return ()
    if kind is LayerKind.LINEAR:
        return (("in_features", weight.shape[1]), ("out_features", weight.shape[0]))
    if len(weight.shape) > 2:
        return (("kernel_size", weight.shape[2:]),)
    return ()
