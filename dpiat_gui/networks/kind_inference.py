"""Kinds of layers told from names, shapes and sibling keys."""

import re
from collections import Counter
from typing import TYPE_CHECKING

from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.values import TensorSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dpiat_gui.networks.key_nodes import KeyNode

_CONVOLUTIONS = {3: LayerKind.CONV1D, 4: LayerKind.CONV2D, 5: LayerKind.CONV3D}
_TRANSPOSED = {
    3: LayerKind.CONV_TRANSPOSE1D,
    4: LayerKind.CONV_TRANSPOSE2D,
    5: LayerKind.CONV_TRANSPOSE3D,
}
_BATCH_NORMS = {
    2: LayerKind.BATCH_NORM1D,
    3: LayerKind.BATCH_NORM1D,
    4: LayerKind.BATCH_NORM2D,
    5: LayerKind.BATCH_NORM3D,
}
_INSTANCE_NORMS = {
    3: LayerKind.INSTANCE_NORM1D,
    4: LayerKind.INSTANCE_NORM2D,
    5: LayerKind.INSTANCE_NORM3D,
}
_STATISTICS = ("running_mean", "running_var")
_TRANSPOSED_NAME = re.compile(
    r"(^|[._])(up_?convs?\d*|deconvs?\d*|conv_?transposed?\d*|transposed?_?conv\d*|tconvs?\d*)($|[._])"
)
_UPSAMPLING_NAME = re.compile(r"(^|[._])(up|ups|upsamples?|upsampling|up_sample|upscale)\d*($|[._])")
_EMBEDDING_NAME = re.compile(
    r"(^|_)(embed|embeds|embedding|embeddings|emb|embs|wte|wpe|tok|lookup)(_|\d|$)|bias_table$"
)
_MIXERS = frozenset({"attn", "attention", "self_attn"})
_NORM_NAME = re.compile(r"norm|(^|[._\d])(ln|gn|bn|rms|in)(_|\d|$)")
_GROUP_NORM_NAME = re.compile(r"group_?norm|(^|_)gn\d*(_|$)")
_LAYER_NORM_NAME = re.compile(r"layer_?norm|(^|_)ln\d*(_|$)|^ln_")
_INSTANCE_NORM_NAME = re.compile(r"instance_?norm|(^|_)in\d*$")
_PRELU_NAME = re.compile(r"prelu|(^|_)(act|relu|activation)\d*(_|$)")


def infer_kinds(root: "KeyNode") -> dict[str, LayerKind]:
    """Return the kind of every module below `root` that is told to be a layer, by its path.

    Notes
    -----
    Running statistics make a batch norm, of as many dimensions as the convolution whose
    channels it carries. A weight of rank 3 to 5 is a convolution's, transposed if its bias has
    the length of the second dimension or the name says so; rank 2 a linear layer's, or an
    embedding's by its name; rank 1 a norm's or a PReLU's, by name and siblings. Whatever else
    there is stays bare parameters.
    """
    return _Inference(root).kinds


class _Inference:
    """One pass over a tree of keys.

    Parameters
    ----------
    root
        The tree.
    """

    def __init__(self, root: "KeyNode") -> None:
        self.kinds: dict[str, LayerKind] = {}
        self._nodes = list(_walk(root, None))
        self._weights = [
            (node.path, weight) for node, _ in self._nodes if (weight := _main_weight(node)) is not None
        ]
        self._places = {path: place for place, (path, _) in enumerate(self._weights)}
        ranks = Counter(
            len(weight.shape) for _, weight in self._weights if len(weight.shape) in _CONVOLUTIONS
        )
        self._usual_rank = ranks.most_common(1)[0][0] if ranks else 2
        self._linear_inside = self._has_linear_inside()
        for node, parent in self._nodes:
            kind = self._kind(node, parent)
            if kind is not None:
                self.kinds[node.path] = kind

    def _has_linear_inside(self) -> bool:
        """Tell a network of linear layers from a convolutional one with a linear head."""
        matrices = [path for path, weight in self._weights if len(weight.shape) == 2]
        convolutions = sum(1 for _, weight in self._weights if len(weight.shape) in _CONVOLUTIONS)
        return len(matrices) > max(2, convolutions // 10)

    def _kind(self, node: "KeyNode", parent: "KeyNode | None") -> LayerKind | None:
        if any(name in node.tensors for name in _STATISTICS):
            return self._batch_norm(node, parent)
        weight = _main_weight(node)
        if weight is None:
            return None
        bias = node.tensors.get("bias")
        rank = len(weight.shape)
        if rank in _CONVOLUTIONS:
            return (_TRANSPOSED if _is_transposed(node, weight, bias) else _CONVOLUTIONS)[rank]
        if rank == 2:
            embedding = bias is None and _EMBEDDING_NAME.search(node.name.lower())
            return LayerKind.EMBEDDING if embedding else LayerKind.LINEAR
        if rank == 1:
            return self._vector(node, parent, bias)
        return None

    def _vector(self, node: "KeyNode", parent: "KeyNode | None", bias: TensorSpec | None) -> LayerKind | None:
        """Tell what a module with a weight of one dimension is."""
        name = _own_name(node)
        if bias is None and _PRELU_NAME.search(name):
            return LayerKind.PRELU
        if _GROUP_NORM_NAME.search(name):
            return LayerKind.GROUP_NORM
        if _LAYER_NORM_NAME.search(name):
            return LayerKind.LAYER_NORM
        rank = self._rank_around(node, parent)
        if _INSTANCE_NORM_NAME.search(name) and rank in _INSTANCE_NORMS:
            return _INSTANCE_NORMS[rank]
        if bias is None:
            return LayerKind.RMS_NORM if _NORM_NAME.search(name) else None
        mixing = any(name in _MIXERS for name in parent.children) if parent else False
        if rank in _CONVOLUTIONS and not self._linear_inside and not mixing:
            return LayerKind.GROUP_NORM
        return LayerKind.LAYER_NORM

    def _batch_norm(self, node: "KeyNode", parent: "KeyNode | None") -> LayerKind:
        return _BATCH_NORMS[self._rank_around(node, parent)]

    def _rank_around(self, node: "KeyNode", parent: "KeyNode | None") -> int:
        """Rank of the weight whose channels a norm carries: of a sibling, else of a neighbour."""
        features = next(iter(node.tensors.values())).elements
        before, after = _siblings(node, parent)
        for weight in reversed(before):
            if features in _outputs(weight):
                return len(weight.shape)
        for weight in after:
            # A norm that stands before its convolution carries the channels that go in.
            if len(weight.shape) > 2 and weight.shape[1] == features:
                return len(weight.shape)
        place = self._place_of(node)
        for _, weight in reversed(self._weights[:place]):
            if len(weight.shape) > 1 and features in _outputs(weight):
                return len(weight.shape)
        for _, weight in self._weights[place:]:
            if len(weight.shape) > 1 and weight.shape[1] == features:
                return len(weight.shape)
        return self._usual_rank

    def _place_of(self, node: "KeyNode") -> int:
        """Where among all weights those after `node` begin."""
        if node.path in self._places:
            return self._places[node.path]
        # A norm without a weight of its own stands where its module does.
        before = 0
        for other, _ in self._nodes:
            if other is node:
                break
            before += other.path in self._places
        return before


def _walk(node: "KeyNode", parent: "KeyNode | None") -> "Iterator[tuple[KeyNode, KeyNode | None]]":
    yield node, parent
    for child in node.children.values():
        yield from _walk(child, node)


def _siblings(node: "KeyNode", parent: "KeyNode | None") -> tuple[list[TensorSpec], list[TensorSpec]]:
    """Weights of the modules beside `node`: those registered before it, and those after."""
    beside = list(parent.children.values()) if parent else [node]
    place = next(number for number, sibling in enumerate(beside) if sibling is node)
    found: list[list[TensorSpec]] = []
    for part in (beside[:place], beside[place + 1 :]):
        weights = [_main_weight(sibling) for sibling in part]
        found.append([weight for weight in weights if weight and 1 < len(weight.shape) <= 5])
    return found[0], found[1]


def _main_weight(node: "KeyNode") -> TensorSpec | None:
    """Return the tensor that tells the layer's kind, also where the weight is parametrized."""
    for name in ("weight", "weight_orig", "weight_v"):
        if name in node.tensors:
            return node.tensors[name]
    parts = node.children.get("parametrizations")
    originals = parts.children.get("weight") if parts else None
    if originals:
        return max(originals.tensors.values(), key=lambda spec: len(spec.shape), default=None)
    return None


def _own_name(node: "KeyNode") -> str:
    """Name that says something: of the module, with its parent's where it is only a number."""
    parts = node.path.lower().split(".")
    return "_".join(parts[-2:]) if parts[-1].isdigit() else parts[-1]


def _outputs(weight: TensorSpec) -> set[int]:
    """Output channels a weight may stand for: a transposed convolution's are its second dimension."""
    return {weight.shape[0], weight.shape[1]} if len(weight.shape) > 2 else {weight.shape[0]}


def _is_transposed(node: "KeyNode", weight: TensorSpec, bias: TensorSpec | None) -> bool:
    inputs, outputs = weight.shape[:2]
    if bias is not None and len(bias.shape) == 1:
        length = bias.shape[0]
        if length != inputs:
            # A grouped one has its second dimension once for every group.
            return outputs > 0 and length % outputs == 0
        if inputs != outputs:
            return False
    path = node.path.lower()
    if _TRANSPOSED_NAME.search(path):
        return True
    # Upsampling by a factor of 2 has an even kernel; a plain convolution after a resize, an odd one.
    even = all(size % 2 == 0 for size in weight.shape[2:])
    return even and _UPSAMPLING_NAME.search(path) is not None
