"""From a live ``nn.Module`` to a module tree, and to a copy of it."""

import copy
from functools import cache
from typing import TYPE_CHECKING, Any

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.kinds import CONVOLUTIONS, NORMS, LayerKind
from dpiat_gui.networks.skip_rules import HAS_SKIP, module_skip
from dpiat_gui.networks.values import Attribute, ModuleNode, ModuleTree, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import nn

# By class name along the bases, for classes that torch does not have under one name: those of
# timm, torchvision, transformers and of people's own files.
_NAMED_KINDS = {
    "SimpleNorm": LayerKind.RMS_NORM,
    "SimpleNorm2d": LayerKind.RMS_NORM,
    "SimpleNormFp32": LayerKind.RMS_NORM,
    "SimpleNorm2dFp32": LayerKind.RMS_NORM,
    "T5LayerNorm": LayerKind.RMS_NORM,
    "DropPath": LayerKind.DROPOUT,
    "StochasticDepth": LayerKind.DROPOUT,
    "DropBlock2d": LayerKind.DROPOUT,
    "PatchDropout": LayerKind.DROPOUT,
    "MemoryEfficientSwish": LayerKind.ACTIVATION,
}
# By the module that defines the class, for families of small classes of one kind.
_HOME_KINDS = {
    "timm.layers.activations": LayerKind.ACTIVATION,
    "timm.layers.activations_me": LayerKind.ACTIVATION,
    "timm.layers.adaptive_avgmax_pool": LayerKind.POOL,
    "timm.layers.blur_pool": LayerKind.POOL,
    "timm.layers.drop": LayerKind.DROPOUT,
    "timm.layers.median_pool": LayerKind.POOL,
    "timm.layers.patch_dropout": LayerKind.DROPOUT,
    "timm.layers.pool2d_same": LayerKind.POOL,
    "transformers.activations": LayerKind.ACTIVATION,
}
_BOOL_ATTRIBUTES = ("affine", "track_running_stats", "inplace", "ceil_mode", "batch_first")


def tree_of(module: "nn.Module", name: str = "", origin: str = "live") -> ModuleTree:
    """Return the structure of `module`; no weight is read or changed.

    Parameters
    ----------
    module
        Any module, on any device; its parameters may be shared.
    name
        Short name to show; the class's if empty.
    origin
        The source reference it was made from, ``"live"`` for none.

    Raises
    ------
    SourceError
        If it is no module, has lazy parameters without a shape yet, or modules nested in a ring.

    Notes
    -----
    Children come in registration order. A module registered twice under one parent appears as
    a node that repeats the first, which is no layer but names its tensors, so that the keys of
    the tree are those of ``module.state_dict()``, in order. Buffers left out of the state dict
    are left out here, and so is extra state that is no tensor.
    """
    from torch import nn

    if not isinstance(module, nn.Module):
        raise SourceError(
            f"{type(module).__name__} is no network.", "Give an nn.Module, an instance and not its class."
        )
    first_keys: dict[int, str] = {}
    try:
        root = _node(module, "", "", first_keys)
    except RecursionError as error:
        raise SourceError(
            f"The modules of {type(module).__name__} are nested without end.",
            "A module must not hold itself as a child.",
        ) from error
    return ModuleTree(name or type(module).__name__, root, origin)


def copied(module: "nn.Module", known: "Mapping[int, object] | None" = None) -> "nn.Module":
    """Return a copy of `module`; of what that computed and keeps, such as a pruned weight, its value now.

    Parameters
    ----------
    module
        Any module, also one whose weights are computed of parts: torch itself refuses to copy those.
    known
        By ``id``, what is put in place of a part instead of a copy.
    """
    import torch

    memo: dict[int, Any] = dict(known or {})
    for value in (value for part in module.modules() for value in vars(part).values()):
        if isinstance(value, torch.Tensor) and not value.is_leaf and id(value) not in memo:
            memo[id(value)] = value.detach().clone()
    return copy.deepcopy(module, memo)


def kind_of(module: "nn.Module") -> LayerKind:
    """Return the layer kind of the module's class: its own, or that of the nearest base."""
    cls: Any = type(module)
    return _kind_of_class(cls)


@cache
def _kind_of_class(cls: Any) -> LayerKind:
    kinds = _kinds_by_class()
    for base in cls.__mro__:
        if base in kinds:
            return kinds[base]
    for base in cls.__mro__:
        found = _NAMED_KINDS.get(base.__name__) or _HOME_KINDS.get(base.__module__)
        if found:
            return found
        # Every library has a root-mean-square norm of its own, named after it.
        if base.__name__.lower().removesuffix("fp32").removesuffix("2d").endswith("rmsnorm"):
            return LayerKind.RMS_NORM
    return LayerKind.OTHER


@cache
def _kinds_by_class() -> dict[type, LayerKind]:
    """Kinds by torch's own classes; read from torch.nn, so that an older torch will do."""
    from torch import nn

    kinds = {
        getattr(nn, kind.value): kind
        for kind in CONVOLUTIONS | NORMS | {LayerKind.LINEAR, LayerKind.EMBEDDING, LayerKind.PRELU}
        if hasattr(nn, kind.value)
    }
    kinds |= {nn.EmbeddingBag: LayerKind.EMBEDDING, nn.Identity: LayerKind.IDENTITY}
    homes = {
        LayerKind.ACTIVATION: nn.modules.activation,
        LayerKind.POOL: nn.modules.pooling,
        LayerKind.DROPOUT: nn.modules.dropout,
    }
    for kind, home in homes.items():
        for value in vars(home).values():
            own = isinstance(value, type) and value.__module__ == home.__name__
            if own and issubclass(value, nn.Module) and value is not nn.MultiheadAttention:
                kinds.setdefault(value, kind)
    return kinds


def _node(module: "nn.Module", path: str, repeats: str, first_keys: dict[int, str]) -> ModuleNode:
    prefix = f"{path}." if path else ""
    seen: dict[int, str] = {}
    children = []
    tensors = _own_tensors(module, prefix, first_keys)
    for name, child in module._modules.items():
        if child is None:
            continue
        child_path = prefix + name
        children.append(_node(child, child_path, seen.get(id(child), ""), first_keys))
        seen.setdefault(id(child), child_path)
    kind = kind_of(module)
    attributes = _attributes(module, kind)
    return ModuleNode(path, type(module).__name__, kind, tensors, attributes, tuple(children), repeats)


def _own_tensors(module: "nn.Module", prefix: str, first_keys: dict[int, str]) -> tuple[TensorSpec, ...]:
    tensors: list[tuple[str, torch.Tensor | None, bool]] = [
        (name, tensor, False) for name, tensor in module._parameters.items()
    ]
    tensors += [
        (name, tensor, True)
        for name, tensor in module._buffers.items()
        if name not in module._non_persistent_buffers_set
    ]
    specs = []
    for name, tensor, buffer in tensors:
        if tensor is None:
            continue
        key = prefix + name
        first = first_keys.setdefault(id(tensor), key)
        specs.append(
            TensorSpec(key, _shape(tensor, key), dtype_name(tensor), buffer, first if first != key else "")
        )
    return tuple(specs)


def _shape(tensor: "torch.Tensor", key: str) -> tuple[int, ...]:
    try:
        return tuple(tensor.shape)
    except RuntimeError as error:  # what torch raises for a lazy parameter
        raise SourceError(
            f"The parameter {key} has no shape yet: its module is lazy.",
            "Run the network once on an example, or give the sizes when making it.",
        ) from error


def dtype_name(tensor: "torch.Tensor") -> str:
    """Name of the tensor's dtype, without torch's prefix: ``float32``."""
    return str(tensor.dtype).removeprefix("torch.")


def _attributes(module: "nn.Module", kind: LayerKind) -> tuple[Attribute, ...]:
    """Return what is worth showing of a module: sizes always, the rest where it is not the default."""
    found: dict[str, Any] = {}
    if kind in CONVOLUTIONS:
        for name in ("in_channels", "out_channels", "kernel_size", "stride", "padding", "groups"):
            found[name] = getattr(module, name, None)
        if any(size != 1 for size in _tuple(getattr(module, "dilation", 1))):
            found["dilation"] = module.dilation
    elif kind is LayerKind.LINEAR:
        found |= {name: getattr(module, name, None) for name in ("in_features", "out_features")}
    elif kind in NORMS:
        names = ("num_features", "normalized_shape", "num_groups", "num_channels", "eps")
        found |= {name: getattr(module, name, None) for name in names}
        found |= {name: False for name in _BOOL_ATTRIBUTES[:2] if getattr(module, name, True) is False}
    elif kind is LayerKind.POOL:
        for name in ("kernel_size", "stride", "padding", "output_size"):
            found[name] = getattr(module, name, None)
    elif kind is LayerKind.EMBEDDING:
        found |= {name: getattr(module, name, None) for name in ("num_embeddings", "embedding_dim")}
    elif kind is LayerKind.DROPOUT:
        found["p"] = getattr(module, "p", getattr(module, "drop_prob", None))
    elif isinstance(getattr(module, "num_heads", None), int):
        found["num_heads"] = module.num_heads
    skip = module_skip(module)
    if skip is not None:
        found[HAS_SKIP] = skip
    return tuple((name, value) for name, value in found.items() if _is_value(value))


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _is_value(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(type(part) is int for part in value)
    return isinstance(value, str | int | float | bool)
