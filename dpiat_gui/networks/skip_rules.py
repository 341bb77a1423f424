"""What classes of timm and torchvision say themselves of an identity skip around them.

Only classes whose own code makes it certain are here, by their full names: a person's class of
the same name, or a subclass with a forward of its own, says nothing. Each rule was held
against the traced flow of models that use the class.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

HAS_SKIP = "has_skip"
"""The attribute of a module node that says whether the module has an identity skip."""

_TIMM, _VISION = "timm.models.", "torchvision.models."


def _named(home: str, *names: str) -> frozenset[str]:
    return frozenset(f"{home}.{name}" for name in names)


_FLAGS = {
    "has_skip": _named(
        f"{_TIMM}_efficientnet_blocks",
        *("CondConvResidual", "DepthwiseSeparableConv", "EdgeResidual", "InvertedResidual"),
        *("MobileAttention", "UniversalInvertedResidual"),
    ),
    # Added to the first channels only, where the output has more: the input goes on whole.
    "use_shortcut": _named(f"{_TIMM}rexnet", "LinearBottleneck"),
    "residual": _named(f"{_TIMM}hgnet", "HighPerfGpuBlock"),
    "use_res_connect": _named(f"{_VISION}mobilenetv2", "InvertedResidual")
    | _named(f"{_VISION}mobilenetv3", "InvertedResidual")
    | _named(f"{_VISION}efficientnet", "MBConv", "FusedMBConv"),
}
"""A flag of the module says it."""

_PROJECTIONS = {
    "downsample": _named(f"{_TIMM}resnet", "BasicBlock", "Bottleneck")
    | _named(f"{_TIMM}res2net", "Bottle2neck")
    | _named(f"{_TIMM}resnest", "ResNestBottleneck")
    | _named(f"{_TIMM}sknet", "SelectiveKernelBasic", "SelectiveKernelBottleneck")
    | _named(f"{_TIMM}tresnet", "BasicBlock", "Bottleneck")
    | _named(f"{_TIMM}resnetv2", "PreActBasic", "PreActBottleneck")
    | _named(f"{_TIMM}nfnet", "NormFreeBlock")
    | _named(f"{_VISION}resnet", "BasicBlock", "Bottleneck"),
    "skip": _named(f"{_TIMM}xception", "Block"),
}
"""The input is always added: through this child, or unchanged where there is none."""

_SHORTCUTS = {
    "shortcut": _named(f"{_TIMM}byobnet", "BasicBlock", "BottleneckBlock", "SelfAttnBlock")
    | _named(f"{_TIMM}convnext", "ConvNeXtBlock")
    | _named(f"{_TIMM}efficientvit_mit", "ResidualBlock")
    | _named(f"{_TIMM}ghostnet", "GhostBottleneck")
    | _named(f"{_TIMM}maxxvit", "MbConvBlock")
    | _named(f"{_TIMM}repghost", "RepGhostBottleneck")
    | _named(f"{_TIMM}vitamin", "MbConvLNBlock"),
    "downsample": _named(f"{_TIMM}regnet", "Bottleneck"),
}
"""The input is added through this child: unchanged if it is an Identity, not at all if there is none."""

_ALWAYS = (
    _named(f"{_TIMM}vision_transformer", "Block")
    | _named(f"{_TIMM}beit", "Block")
    | _named(f"{_TIMM}swin_transformer", "SwinTransformerBlock")
    | _named(f"{_TIMM}swin_transformer_v2", "SwinTransformerV2Block")
    | _named(f"{_TIMM}mlp_mixer", "MixerBlock", "ResBlock", "SpatialGatingBlock")
    | _named(f"{_TIMM}inception_next", "MetaNeXtBlock")
    | _named(f"{_TIMM}inception_resnet_v2", "Block17", "Block35", "Block8")
    | _named(f"{_TIMM}pvt_v2", "Block")
    | _named(f"{_VISION}convnext", "CNBlock")
)


def module_skip(module: "nn.Module") -> bool | None:
    """Tell whether the module's class adds its input to its output unchanged, None where it does not say."""
    cls: Any = type(module)
    rule = _rule(cls)
    if rule is None:
        return None
    kind, name = rule
    if kind == "always":
        return True
    value: Any = getattr(module, name, None)
    if kind == "flag":
        return value if isinstance(value, bool) else None
    if kind == "projection":
        return value is None
    return value is not None and _is_identity(value)


@cache
def _rule(cls: Any) -> tuple[str, str] | None:
    full = f"{cls.__module__}.{cls.__qualname__}"
    for kind, rules in (("flag", _FLAGS), ("projection", _PROJECTIONS), ("shortcut", _SHORTCUTS)):
        for name, classes in rules.items():
            if full in classes:
                return kind, name
    return ("always", "") if full in _ALWAYS else None


def _is_identity(module: "nn.Module") -> bool:
    from torch import nn

    return isinstance(module, nn.Identity) or (isinstance(module, nn.Sequential) and not len(module))
