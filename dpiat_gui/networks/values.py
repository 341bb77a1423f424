"""What a network is here: a tree as its author wrote it, and the sequence made of it.

All values are immutable and know neither torch nor Qt; a network is its structure and
shapes, never its weights.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod

from dpiat_gui.networks.flow import Flow
from dpiat_gui.networks.kinds import SCORED_KINDS, LayerKind

Attribute = tuple[str, str | int | float | bool | tuple[int, ...]]
BranchGroup = tuple[tuple[int, ...], ...]
"""Parallel branches, each the positions of what lies on it."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Name, shape and dtype of one tensor of a state dict.

    Parameters
    ----------
    key
        The tensor's key in the network's state dict, such as ``blocks.0.bn1.weight``.
    shape
        Its shape; ``()`` for a scalar.
    dtype
        Its dtype as torch names it, without the prefix: ``float32``, ``int64`` ...
    buffer
        True for a persistent buffer, false for a parameter.
    tied_to
        Key of the earlier entry that is the very same tensor, empty for a tensor of its own.
        A state dict names a tied parameter once for every module that holds it.
    """

    key: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    buffer: bool = False
    tied_to: str = ""

    @property
    def name(self) -> str:
        """Last part of the key: ``weight``, ``bias``, ``running_mean`` ..."""
        return self.key.rpartition(".")[2]

    @property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)


@dataclass(frozen=True, slots=True)
class ModuleNode:
    """One module of a network.

    Parameters
    ----------
    path
        Dotted path from the root; the root's is ``""``.
    class_name
        Name of the module's class, as its author wrote it.
    kind
        The layer kind that its class, or a base class, stands for.
    tensors
        The parameters and persistent buffers the module holds itself, in state-dict order.
    attributes
        What is worth showing of it: kernel, stride, groups ...
    children
        Child modules in registration order.
    repeats
        Path of the earlier sibling that is the very same instance, empty for a module of its
        own. A repeat is no layer of the network, but the state dict names its tensors again.
    """

    path: str
    class_name: str
    kind: LayerKind
    tensors: tuple[TensorSpec, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    children: tuple["ModuleNode", ...] = ()
    repeats: str = ""

    @property
    def distinct_children(self) -> tuple["ModuleNode", ...]:
        """The children, each instance once, as ``named_children`` gives them."""
        return tuple(child for child in self.children if not child.repeats)

    def walk(self) -> Iterator["ModuleNode"]:
        """Yield this module and all below it, depth first, in registration order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))


@dataclass(frozen=True)
class ModuleTree:
    """A network as its author wrote it: what standardization reads.

    Parameters
    ----------
    name
        Short name to show: ``efficientnet_b0``, or a file's stem.
    root
        The outermost module.
    origin
        The source reference the tree was read from, or ``"live"`` for an ``nn.Module``.
    details
        What is worth telling of where it came from: class count, library versions ...
    flow
        The flow of information between its layers, None if it was not traced. No part of the
        fingerprint: the same network is the same, traced or not.
    """

    name: str
    root: ModuleNode
    origin: str = "live"
    details: tuple[Attribute, ...] = ()
    flow: Flow | None = field(default=None, repr=False)

    @cached_property
    def tensors(self) -> tuple[TensorSpec, ...]:
        """Every tensor of the state dict, in state-dict order."""
        return tuple(tensor for node in self.root.walk() for tensor in node.tensors)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over paths, kinds, keys, shapes and dtypes: equal for equal structures."""
        # Here and not above: OpenSSL is not loaded before the first paint.
        import hashlib

        digest = hashlib.sha256()
        for node in self.root.walk():
            digest.update(f"{node.path}\t{node.kind.value}\n".encode())
            for tensor in node.tensors:
                digest.update(f"\t{tensor.key}\t{tensor.shape}\t{tensor.dtype}\n".encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class Layer:
    """A leaf of the sequence: one module, or parameters that a larger module holds itself.

    Parameters
    ----------
    path
        Path in the module tree, such as ``blocks.1.0.conv_pw``.
    kind, class_name, tensors, attributes
        As on the `ModuleNode` it stands for.
    bare
        True for parameters of a module with children; the paper's sequence does not know them.
    weight
        The tensor whose shape is scored, None where there is none. Of a weight that is computed, as by
        weight norm, spectral norm or pruning, it is the part that has the weight's shape.
    """

    path: str
    kind: LayerKind
    class_name: str
    tensors: tuple[TensorSpec, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    bare: bool = False
    weight: TensorSpec | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", _scored_tensor(self.tensors, self.kind))

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Shape of the scored tensor, None where there is none."""
        return self.weight.shape if self.weight else None

    @property
    def computed_by(self) -> str:
        """How the weight is computed of what the state dict holds; empty where it is held itself.

        ``weight norm``, ``pruning``, or ``other``, which is mostly spectral norm.
        """
        if self.weight is None or not _is_part(self.weight):
            return ""
        if self.weight.name in ("weight_v", "original0", "original1"):
            return "weight norm"
        return "pruning" if any(tensor.name == "weight_mask" for tensor in self.tensors) else "other"

    @cached_property
    def parameters(self) -> int:
        """Number of parameter elements."""
        return sum(tensor.elements for tensor in self.tensors if not tensor.buffer)

    def attribute(self, name: str) -> str | int | float | bool | tuple[int, ...] | None:
        """Value of the named attribute, None if the layer has none of that name."""
        return dict(self.attributes).get(name)


def _scored_tensor(tensors: tuple[TensorSpec, ...], kind: LayerKind) -> TensorSpec | None:
    """Return the weight among a layer's tensors, or the first bare parameter."""
    for tensor in tensors:
        if not tensor.buffer and tensor.name in ("weight", "in_proj_weight"):
            return tensor
    if kind is LayerKind.PARAMETER:
        return next((tensor for tensor in tensors if not tensor.buffer), None)
    if kind not in SCORED_KINDS["all"]:
        return None
    # The norm of each filter comes first, and is never larger than the filters themselves.
    parts = [tensor for tensor in reversed(tensors) if not tensor.buffer and _is_part(tensor)]
    return max(parts, key=lambda tensor: (len(tensor.shape), tensor.elements), default=None)


def _is_part(tensor: TensorSpec) -> bool:
    """Tell by its key whether a weight is computed of a tensor, by torch's own ways of doing so."""
    return _PART.search(tensor.key) is not None


_PART = re.compile(r"(^|\.)(weight_v|weight_orig|parametrizations\.weight\.original[01]?)$")


@dataclass(frozen=True)
class Block:
    """An entry of a standardized network: a block of layers, or one layer by itself.

    Parameters
    ----------
    path
        Path of the module the block was made of; of the layer, if single.
    layers
        Its layers in order; exactly one if single.
    single
        True for a layer that stands by itself; a block never matches a single layer.
    class_name
        Class of the module the block was made of.
    attributes
        Of that module.
    skip
        Whether an identity skip leads around the block; None where nobody knows.
    branches
        Groups of parallel branches inside, each branch a tuple of positions among `layers`; empty
        where there are none or the flow of information is not known.
    """

    path: str
    layers: tuple[Layer, ...]
    single: bool
    class_name: str = ""
    attributes: tuple[Attribute, ...] = ()
    skip: bool | None = None
    branches: tuple[tuple[tuple[int, ...], ...], ...] = ()

    @property
    def parameters(self) -> int:
        """Number of parameter elements."""
        return sum(layer.parameters for layer in self.layers)


@dataclass(frozen=True, slots=True)
class Arc:
    """A way through a network beside the straight one.

    Parameters
    ----------
    source, target
        Paths of the layers it leads from and to; ``""`` is the network's input.
    kind
        ``skip``: the source's output is added, unchanged, to the target's. ``add``, ``cat``, ``mul``,
        ``matmul``, ``other``: a branch that ends in the source joins the target's output.
        ``split``: a branch that begins with the target takes the source's output.
    """

    source: str
    target: str
    kind: str


@dataclass(frozen=True)
class Network:
    """A standardized network: the sequence of blocks that is matched and drawn.

    Parameters
    ----------
    tree
        The network as its author wrote it.
    sequence
        Its entries in order, bare parameters included.
    method
        The standardization that made the sequence: ``blocks``, ``flatten`` ...
    arcs
        Shortcuts, branches and gates between layers; empty where the flow was not traced.
    branches
        Groups of parallel branches of whole entries, as positions in `sequence`.
    """

    tree: ModuleTree
    sequence: tuple[Block, ...] = field(repr=False)
    method: str = "blocks"
    arcs: tuple[Arc, ...] = field(default=(), repr=False)
    branches: tuple[BranchGroup, ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """Short name to show."""
        return self.tree.name

    @property
    def origin(self) -> str:
        """The source reference the network was read from."""
        return self.tree.origin

    @property
    def fingerprint(self) -> str:
        """Hash of paths, kinds and shapes."""
        return self.tree.fingerprint

    @cached_property
    def entries(self) -> tuple[Block, ...]:
        """The paper's sequence: `sequence` without bare parameters."""
        if not any(layer.bare for block in self.sequence for layer in block.layers):
            return self.sequence
        return tuple(
            _without_bare(block) for block in self.sequence if not all(layer.bare for layer in block.layers)
        )

    def entries_for(self, layer_types: str) -> tuple[Block, ...]:
        """Return the entries a matching with this option sees: all of them, or the paper's."""
        return self.sequence if layer_types == "all" else self.entries

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Every layer of the sequence, bare parameters included, in order."""
        return tuple(layer for block in self.sequence for layer in block.layers)

    @cached_property
    def parameters(self) -> int:
        """Number of parameter elements of the whole network."""
        return sum(tensor.elements for tensor in self.tree.tensors if not tensor.buffer)


def _without_bare(block: Block) -> Block:
    kept = [at for at, layer in enumerate(block.layers) if not layer.bare]
    places = {old: new for new, old in enumerate(kept)}
    branches = tuple(
        group for group in (_moved(branches, places) for branches in block.branches) if len(group) > 1
    )
    return replace(block, layers=tuple(block.layers[at] for at in kept), branches=branches)


def _moved(group: BranchGroup, places: Mapping[int, int]) -> BranchGroup:
    """Return a group of branches after layers were taken out; branches left empty are gone."""
    moved = (tuple(places[at] for at in branch if at in places) for branch in group)
    return tuple(branch for branch in moved if branch)
