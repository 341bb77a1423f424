"""Parts of a network that the recommended steps act on, found from its structure alone.

Every finder answers only where the structure leaves no doubt; where it does, it finds nothing.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from dpiat_gui.networks.kinds import BATCH_NORMS, CONVOLUTIONS, DIMENSIONAL, NORMS, LayerKind
from dpiat_gui.networks.values import Block, Layer, ModuleNode, Network

CLOSING_NORMS = BATCH_NORMS | {
    LayerKind.SYNC_BATCH_NORM,
    LayerKind.GROUP_NORM,
    LayerKind.INSTANCE_NORM1D,
    LayerKind.INSTANCE_NORM2D,
    LayerKind.INSTANCE_NORM3D,
}
"""Norms that stand after a convolution; a LayerNorm or RMSNorm stands before its sum, or ends one of two."""

_GATE_NAMES = ("se", "attn_se", "squeeze_excite", "squeeze_excitation")
_GATE_CLASSES = ("semodule", "selayer", "seblock")
_HEAD_NAMES = frozenset(
    {"classifier", "fc", "head", "heads", "head_dist", "last_linear", "linear", "logits", "out", "output"}
)
_DISTILLED = {"head", "head_dist"}
_SHORTCUTS = frozenset({"downsample", "shortcut", "skip"})


@dataclass(frozen=True, slots=True)
class Gate:
    """A squeeze-excite: two layers that make a factor for every channel.

    Parameters
    ----------
    path
        Of its module.
    second
        Path of the layer whose output a sigmoid turns into the factors.
    weight, bias
        Keys of that layer's tensors.
    """

    path: str
    second: str
    weight: str
    bias: str

    @property
    def parent(self) -> str:
        """Path of the module it is a part of."""
        return self.path.rpartition(".")[0]


def find_gates(root: ModuleNode) -> tuple[Gate, ...]:
    """Return the squeeze-excites below a module whose two layers and whose sigmoid are plain to see.

    Two layers that look at one position only, from some channels to a few and back, the second with a
    bias, and a sigmoid or a hard one, in a module that is named or called one.
    """
    return tuple(gate for node in _named_gates(root) if (gate := _gate(node)) is not None)


def called_gates(root: ModuleNode) -> tuple[str, ...]:
    """Return the paths of all modules below `root` that are named or called a squeeze-excite.

    Their insides may be unknown: they tell that a network has any, not what to do with them.
    """
    named = [node.path for node in _named_gates(root)]
    return (*named, *(node.path for node in root.walk() if node.tensors and is_in_gate(node.path)))


def _named_gates(root: ModuleNode) -> Iterator[ModuleNode]:
    for node in root.walk():
        if node.children and _is_called_gate(node):
            yield node


def _is_called_gate(node: ModuleNode) -> bool:
    called = node.class_name.lower()
    name = node.path.rpartition(".")[2].lower()
    return name in _GATE_NAMES or called.startswith("squeezeexcit") or called in _GATE_CLASSES


def is_in_gate(path: str) -> bool:
    """Tell from a layer's path whether it lies in a squeeze-excite, as its names have it."""
    *modules, name = path.lower().split(".")
    return name.startswith(("_se_", "se_")) or any(part in _GATE_NAMES for part in modules[-2:])


def _gate(node: ModuleNode) -> Gate | None:
    weighted = [child for child in node.distinct_children if child.kind in DIMENSIONAL]
    if len(weighted) != 2 or not any("sigmoid" in child.class_name.lower() for child in node.children):
        return None
    keys = [{tensor.name: tensor for tensor in child.tensors} for child in weighted]
    first, second = (named.get("weight") for named in keys)
    bias = keys[1].get("bias")
    if first is None or second is None or bias is None:
        return None
    one_position = set(first.shape[2:]) | set(second.shape[2:]) <= {1}
    if not one_position or first.shape[:2] != second.shape[1::-1]:
        return None
    return Gate(node.path, weighted[1].path, second.key, bias.key)


def closing_norm(block: Block, gated: Collection[str] = ()) -> Layer | None:
    """Return the norm that ends the main path of a block, None where that is not certain.

    With the weight and the bias of this norm 0, a block with an identity skip passes its input on
    unchanged.

    Parameters
    ----------
    block
        A block of which it is known whether it has an identity skip.
    gated
        Paths of modules that only scale what they are given: 0 stays 0 through them.

    Notes
    -----
    Certain is a norm right after a convolution, with nothing weighted after it, in a block of
    convolutions and norms alone. Under an identity skip it has as many channels as the block takes
    in at the least: a norm of fewer ends one of several parts. A block that normalizes first, as
    those of transformers do, has none.
    """
    if block.single or block.skip is None:
        return None
    weighted = [layer for layer in block.layers if _has_parameters(layer) and not _is_gated(layer, gated)]
    if len(weighted) < 2 or any(layer.kind not in CONVOLUTIONS | NORMS for layer in weighted):
        return None
    last, before = weighted[-1], weighted[-2]
    first = next((layer for layer in weighted if layer.kind in CONVOLUTIONS), None)
    if last.kind not in CLOSING_NORMS or before.kind not in CONVOLUTIONS or first is None:
        return None
    if _is_shortcut(last) or not weight_key(last) or not bias_key(last):
        return None
    if block.skip:
        inputs = first.attribute("in_channels")
        if not isinstance(inputs, int) or (last.shape or (0,))[0] < inputs:
            return None
    return last


def find_heads(network: Network) -> tuple[Layer, ...]:
    """Return the classifier: the last layer with weights; several where there are others like it.

    Nothing is returned where the last layer is none by its kind, or neither its name nor its place says
    that it is one. Others are those of the same shape and kind that are named as classifiers, too,
    as in networks that are trained by distillation.
    """
    weighted = [layer for layer in network.layers if _has_parameters(layer)]
    # Of a weight that is computed, no part can be zeroed safely: weight norm divides by it.
    if not weighted or weighted[-1].computed_by or not _is_head(weighted[-1]):
        return ()
    last = weighted[-1]
    for block in network.sequence:
        if block.skip and any(layer is last for layer in block.layers):
            return ()
    loose = {block.path for block in network.sequence if block.single}
    others = [layer for layer in weighted[:-1] if layer.path in loose and _is_beside(layer, last)]
    return (*others, last)


def _is_beside(layer: Layer, head: Layer) -> bool:
    """Tell whether a layer is another classifier beside `head`, not a hidden layer before it."""
    if (layer.shape, layer.kind) != (head.shape, head.kind) or not _is_named_head(layer):
        return False
    apart = layer.path.rpartition(".")[0] != head.path.rpartition(".")[0]
    return apart or {layer.path, head.path} == _DISTILLED


def _is_head(layer: Layer) -> bool:
    shape = layer.shape or ()
    if layer.kind is LayerKind.LINEAR and len(shape) == 2:
        return _is_named_head(layer) or "." not in layer.path
    return layer.kind is LayerKind.CONV2D and set(shape[2:]) == {1} and _is_named_head(layer)


def _is_named_head(layer: Layer) -> bool:
    return not _HEAD_NAMES.isdisjoint(layer.path.split("."))


def find_neck(
    network: Network, heads: Collection[Layer], gated: Collection[str] = ()
) -> tuple[Layer | None, Layer | None]:
    """Return the last convolution before the classifier, and the norm between the two.

    Parameters
    ----------
    network
        The network.
    heads
        Its classifier, as `find_heads` gives it.
    gated
        As for `closing_norm`.

    Returns
    -------
    tuple
        Convolution and norm. The norm is None unless it is the last layer with weights before the
        one classifier, with as many channels as that takes in, and either stands by itself or ends
        its block. The convolution is None unless both stand by themselves, one right after the other.
    """
    if len(heads) != 1:
        return None, None
    (head,) = heads
    before = [
        layer
        for layer in network.layers
        if _has_parameters(layer) and layer.path != head.path and not _is_gated(layer, gated)
    ]
    norm = before[-1] if before else None
    width = head.shape[1] if head.shape else 0
    if norm is None or norm.kind not in NORMS or not bias_key(norm) or norm.shape != (width,):
        return None, None
    home = next((block for block in network.sequence if any(one is norm for one in block.layers)), None)
    if home is None or (not home.single and closing_norm(home, gated) is not norm):
        return None, None
    conv = before[-2] if len(before) > 1 else None
    loose = {block.path for block in network.sequence if block.single}
    plain = (
        conv is not None
        and home.single
        and conv.path in loose
        and conv.kind in CONVOLUTIONS
        and (conv.shape or (0,))[0] == width
    )
    return conv if plain else None, norm


def weight_key(layer: Layer) -> str:
    """Return the key of a layer's weight, empty where it has none."""
    return layer.weight.key if layer.weight else ""


def bias_key(layer: Layer) -> str:
    """Return the key of a layer's own bias, empty where it has none."""
    return next((t.key for t in layer.tensors if t.key == _below(layer.path, "bias") and not t.buffer), "")


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _has_parameters(layer: Layer) -> bool:
    return layer.parameters > 0


def _is_shortcut(layer: Layer) -> bool:
    return not _SHORTCUTS.isdisjoint(layer.path.split("."))


def _is_gated(layer: Layer, gated: Collection[str]) -> bool:
    return is_in_gate(layer.path) or is_within(layer.path, gated)


def is_within(path: str, modules: Collection[str]) -> bool:
    """Tell whether a path is one of these modules, or lies in one."""
    while path:
        if path in modules:
            return True
        path = path.rpartition(".")[0]
    return False
