"""What to call a block or layer, and which role it plays for colour and legend."""

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from dpiat_gui.networks.kinds import BATCH_NORMS, CONVOLUTIONS, NORMS, LayerKind
from dpiat_gui.networks.values import Block, Layer


class LayerRole(Enum):
    """What a layer is, as coarsely as a legend tells layers apart; the value is its text there."""

    CONV = "Conv"
    BATCH_NORM = "BatchNorm"
    NORM = "norm"
    ACTIVATION = "activation"
    POOL = "pool"
    LINEAR = "Linear"
    IDENTITY = "Identity"
    DROPOUT = "dropout"
    PARAMETER = "parameter"
    OTHER = "other"


class BlockRole(Enum):
    """What an entry of a standardized network is; the value is its text in the legend."""

    CONV = "Conv"
    BATCH_NORM = "BatchNorm"
    NORM = "norm"
    ACTIVATION = "activation"
    POOL = "pool"
    LINEAR = "Linear"
    IDENTITY = "Identity"
    MBCONV1 = "MBConv1"
    MBCONV6 = "MBConv6"
    BASIC = "basic"
    BOTTLENECK = "bottleneck"
    MIXER = "mixer"
    ATTENTION = "attention"
    HEAD = "head"
    BLOCK = "block"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class BlockTitle:
    """How an entry of a network is shown.

    Parameters
    ----------
    role
        For its colour and its line in the legend.
    title
        What it is and its channels, such as ``MBConv6 k5 s2 · 40→80``.
    subtitle
        Class, number of layers and parameters, such as ``InvertedResidual · 10 layers · 52,146 parameters``.
    """

    role: BlockRole
    title: str
    subtitle: str


_ROLES = {
    **dict.fromkeys(CONVOLUTIONS, LayerRole.CONV),
    **dict.fromkeys(NORMS, LayerRole.NORM),
    **dict.fromkeys(BATCH_NORMS | {LayerKind.SYNC_BATCH_NORM}, LayerRole.BATCH_NORM),
    LayerKind.LINEAR: LayerRole.LINEAR,
    LayerKind.IN_PROJECTION: LayerRole.LINEAR,
    LayerKind.PRELU: LayerRole.ACTIVATION,
    LayerKind.ACTIVATION: LayerRole.ACTIVATION,
    LayerKind.POOL: LayerRole.POOL,
    LayerKind.DROPOUT: LayerRole.DROPOUT,
    LayerKind.IDENTITY: LayerRole.IDENTITY,
    LayerKind.EMBEDDING: LayerRole.PARAMETER,
    LayerKind.PARAMETER: LayerRole.PARAMETER,
}
_SINGLE_ROLES = {
    # A dropout that stands by itself passes everything on when the network is used.
    LayerRole.DROPOUT: BlockRole.IDENTITY,
    LayerRole.PARAMETER: BlockRole.OTHER,
}
_GATES = ("se", "attn_se", "squeeze_excite", "squeeze_excitation")
_ATTENTION_NAMES = ("qkv", "in_proj", "query", "q_proj", "to_qkv", "q", "to_q")


def role_of_layer(layer: Layer) -> LayerRole:
    """Return the role of `layer`."""
    return _ROLES.get(layer.kind, LayerRole.OTHER)


def format_shape(shape: tuple[int, ...] | None) -> str:
    """Write a shape as it is shown: ``64×3×3×3``, ``scalar``, or nothing for None."""
    if shape is None:
        return ""
    return "×".join(map(str, shape)) if shape else "scalar"


def describe(block: Block) -> BlockTitle:
    """Say what an entry of a network is, from its layers' kinds, shapes and attributes.

    Notes
    -----
    Strides are no part of a checkpoint, so that they are left out of titles made from one;
    depthwise convolutions are told by their shape ``(channels, 1, k, k)`` there.
    """
    if block.single:
        role, title = _describe_single(block.layers[0])
    else:
        role, title = _describe_block(block)
    return BlockTitle(role, title, _subtitle(block))


def _subtitle(block: Block) -> str:
    parts = [block.class_name]
    if not block.single:
        parts.append(f"{len(block.layers)} layers" if len(block.layers) != 1 else "1 layer")
    if block.parameters:
        parts.append(f"{block.parameters:,} parameters")
    return " · ".join(part for part in parts if part)


def _describe_single(layer: Layer) -> tuple[BlockRole, str]:
    role = role_of_layer(layer)
    block_role = _SINGLE_ROLES.get(role) or BlockRole[role.name]
    shape = layer.shape
    if layer.kind in CONVOLUTIONS and shape and len(shape) > 2:
        name = "Depthwise conv" if _is_depthwise(layer) else layer.kind.value.rstrip("123dD")
        return block_role, f"{name}{_kernel([layer])}{_stride([layer])} · {_inputs(layer)}→{_outputs(layer)}"
    if layer.kind is LayerKind.LINEAR and shape and len(shape) == 2:
        return block_role, f"Linear · {shape[1]}→{shape[0]}"
    if layer.kind is LayerKind.PARAMETER:
        return block_role, f"{layer.path.rpartition('.')[2]} · {format_shape(shape)}"
    if role in (LayerRole.BATCH_NORM, LayerRole.NORM):
        name = "BatchNorm" if role is LayerRole.BATCH_NORM else layer.kind.value
        return block_role, f"{name} · {shape[0]}" if shape else name
    if shape:
        return block_role, f"{layer.kind.value} · {format_shape(shape)}"
    return block_role, layer.class_name or layer.kind.value


def _describe_block(block: Block) -> tuple[BlockRole, str]:
    convs = [layer for layer in block.layers if layer.kind in CONVOLUTIONS and len(layer.shape or ()) > 2]
    main = [layer for layer in convs if not _is_gate(layer)] or convs
    linears = [
        layer
        for layer in block.layers
        if role_of_layer(layer) is LayerRole.LINEAR and layer.shape and len(layer.shape) == 2
    ]
    attention = next((layer for layer in linears if _is_attention(layer)), None)
    if attention is not None and attention.shape:
        return BlockRole.ATTENTION, f"Attention · {attention.shape[1]}"
    described = _inverted(main, linears) or _residual(main) if main else None
    if described:
        return described
    if main:
        kinds = "Conv" if len(main) == 1 else f"{len(main)} convs"
        return BlockRole.BLOCK, f"{kinds}{_kernel(main)}{_stride(main)} · {_flow(main)}"
    if linears:
        return _describe_linears([layer.shape for layer in linears if layer.shape])
    return BlockRole.OTHER, block.class_name or block.path.rpartition(".")[2] or "block"


def _describe_linears(shapes: list[tuple[int, ...]]) -> tuple[BlockRole, str]:
    """Describe a block of linear layers: an MLP, several of them, or a head."""
    flow = "→".join(map(str, (shapes[0][1], *(shape[0] for shape in shapes))))
    chained = all(one[0] == other[1] for one, other in pairwise(shapes))
    if len(shapes) > 1 and not chained:
        return BlockRole.MIXER, f"Mixer · {shapes[-1][0]}"
    if len(shapes) > 1 and shapes[0][1] == shapes[-1][0]:
        return BlockRole.MIXER, f"MLP · {flow}"
    return BlockRole.HEAD, f"Head · {flow}"


def _inverted(convs: list[Layer], linears: list[Layer]) -> tuple[BlockRole, str] | None:
    """Describe a block around a depthwise convolution, None if it has none."""
    deep = [conv for conv in convs if _is_depthwise(conv)]
    if not deep:
        return None
    place = convs.index(deep[0])
    before = [conv for conv in convs[:place] if _is_pointwise(conv)]
    after = [conv for conv in convs[place:] if _is_pointwise(conv)]
    if not before and len(after) != 1 and (linears or len(after) > 1):
        # Depthwise first, then an expanding and a narrowing layer: a mixer as in ConvNeXt.
        return BlockRole.MIXER, f"Mixer{_kernel(deep)}{_stride(deep)} · {_outputs(deep[0])}"
    if not before and not after:
        return None
    wide = sum(_outputs(conv) for conv in deep)
    inputs = _group_inputs(before) if before else wide
    outputs = sum(_outputs(conv) for conv in _last_stage(after)) if after else wide
    ratio = wide / inputs
    role = BlockRole.MBCONV6 if before and ratio > 1 else BlockRole.MBCONV1
    shown = f"{ratio:.1f}".removesuffix(".0") if abs(ratio - round(ratio)) > 0.1 else f"{round(ratio)}"
    name = f"MBConv{shown if before else 1}"
    return role, f"{name}{_kernel(deep)}{_stride(convs)} · {inputs}→{outputs}"


def _group_inputs(before: list[Layer]) -> int:
    """Input channels of the expansion: the sum over its parts where it is split by channels."""
    first = before[0].path.rpartition(".")[0]
    parts = [conv for conv in before if conv.path.rpartition(".")[0] == first]
    split = len(parts) > 1 and all(conv.path.rpartition(".")[2].isdigit() for conv in parts)
    return sum(_inputs(conv) for conv in parts) if split else _inputs(before[0])


def _last_stage(after: list[Layer]) -> list[Layer]:
    """Return the projection: the last convolution, or all its parts where it is split by channels."""
    parent, _, name = after[-1].path.rpartition(".")
    if not name.isdigit():
        return after[-1:]
    parts = [conv for conv in after if conv.path.rpartition(".")[0] == parent]
    same = {conv.shape[1:] for conv in parts if conv.shape}
    return parts if len(same) == 1 or len(parts) == 1 else after[-1:]


def _residual(convs: list[Layer]) -> tuple[BlockRole, str] | None:
    """Describe a basic or a bottleneck block, None if it is neither."""
    body = [conv for conv in convs if not _is_shortcut(conv)]
    kernels = [max(conv.shape[2:], default=1) for conv in body if conv.shape]
    wide = [conv for conv, kernel in zip(body, kernels, strict=True) if kernel > 1]
    if len(body) == 3 and kernels[0] == 1 and kernels[2] == 1 and wide:
        groups = wide[0].attribute("groups")
        shown = f" g{groups}" if isinstance(groups, int) and groups > 1 else ""
        return BlockRole.BOTTLENECK, f"Bottleneck{_kernel(wide)}{shown}{_stride(body)} · {_flow(body)}"
    if len(body) == 2 and len(wide) == 2:
        return BlockRole.BASIC, f"Basic{_kernel(wide)}{_stride(body)} · {_flow(body)}"
    return None


def _is_shortcut(layer: Layer) -> bool:
    return any(part in ("downsample", "shortcut", "skip") for part in layer.path.split("."))


def _is_gate(layer: Layer) -> bool:
    """Tell a squeeze-excite's layers by the names of the modules they lie in."""
    *modules, name = layer.path.lower().split(".")
    return name.startswith(("_se_", "se_")) or any(part in _GATES for part in modules[-2:])


def _is_attention(layer: Layer) -> bool:
    *modules, name = layer.path.lower().split(".")
    return name in _ATTENTION_NAMES or any("attn" in part or "attention" in part for part in modules)


def _is_depthwise(layer: Layer) -> bool:
    if layer.kind not in CONVOLUTIONS or layer.shape is None or len(layer.shape) < 3:
        return False
    groups = layer.attribute("groups")
    if isinstance(groups, int):
        return groups > 1 and groups == layer.attribute("in_channels")
    # From shapes alone: one input channel a filter, and more than one filter.
    return layer.shape[1] == 1 and layer.shape[0] > 1 and max(layer.shape[2:]) > 1


def _is_pointwise(layer: Layer) -> bool:
    return layer.shape is not None and set(layer.shape[2:]) == {1} and not _is_depthwise(layer)


def _transposed(layer: Layer) -> bool:
    return layer.kind.value.startswith("ConvTranspose")


def _inputs(layer: Layer) -> int:
    """Input channels; from the shape alone a grouped convolution shows those of one group."""
    known = layer.attribute("in_channels")
    if isinstance(known, int):
        return known
    shape = layer.shape or (0, 0)
    if _is_depthwise(layer):
        return shape[0]
    return shape[0] if _transposed(layer) else shape[1]


def _outputs(layer: Layer) -> int:
    known = layer.attribute("out_channels")
    if isinstance(known, int):
        return known
    shape = layer.shape or (0, 0)
    return shape[1] if _transposed(layer) else shape[0]


def _flow(convs: list[Layer]) -> str:
    body = [conv for conv in convs if not _is_shortcut(conv)] or convs
    return f"{_inputs(body[0])}→{_outputs(body[-1])}"


def _kernel(convs: list[Layer]) -> str:
    """Return `` k3``, `` k1×7`` or, where parallel kernels differ, `` k3,5,7``."""
    kernels = sorted({conv.shape[2:] for conv in convs if conv.shape})
    shown = [str(k[0]) if len(set(k)) == 1 else format_shape(k) for k in kernels if k]
    if len(shown) > 1:
        shown = [text for text in shown if text != "1"]
    return f" k{','.join(shown)}" if shown else ""


def _stride(convs: list[Layer]) -> str:
    """Return `` s2``, nothing for a stride of 1 or where it is not known."""
    strides = [stride for conv in convs for stride in _numbers(conv, "stride")]
    largest = max(strides, default=1)
    return f" s{largest}" if largest > 1 else ""


def _numbers(layer: Layer, attribute: str) -> tuple[int, ...]:
    value = layer.attribute(attribute)
    if isinstance(value, tuple):
        return value
    return (value,) if isinstance(value, int) else ()
