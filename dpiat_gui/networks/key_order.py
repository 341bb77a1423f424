"""Registration order of keys that a file lists by name.

The writer of .safetensors files sorts tensors by dtype and name, so that ``bn1`` comes before
``conv1`` and ``blocks.10`` before ``blocks.2``. What follows puts them back in the order
their modules were most likely registered in, by the habits of those who write networks.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

from dpiat_gui.networks.values import TensorSpec

# Names of modules registered together, in order; a set of siblings takes the row that
# has them all and the fewest others.
_FAMILIES = tuple(
    tuple(row.split())
    for row in (
        # Inverted bottlenecks and their kin, as timm and lukemelas name them.
        "conv_pw bn1 conv_dw bn2 se aa conv_pwl bn3",
        "conv_dw bn1 se aa conv_pw bn2",
        "conv_exp bn1 se aa conv_pwl bn2",
        "dw_start conv_pw bn1 pw_exp dw_mid conv_dw bn2 se pw_proj dw_end layer_scale",
        "conv_exp conv_dw se act_dw conv_pwl",
        "expand_conv bn0 depthwise_conv bn1 se_reduce se_expand project_conv bn2",
        "conv_reduce bn act1 conv_expand gate",
        # Residual blocks.
        "conv1 bn1 drop_block act1 aa conv2 bn2 act2 conv3 bn3 se act3 downsample",
        "conv1 norm1 conv2 norm2 conv3 norm3 downsample shortcut",
        "conv1 conv2 se conv3 downsample",
        "downsample conv1 conv2 conv2b attn conv3 attn_last",
        "conv_down conv_exp blocks conv_transition_b conv_transition",
        "conv_dw bn_dw conv_pw bn_pw",
        "ghost1 conv_dw bn_dw se ghost2 shortcut",
        "primary_conv cheap_operation",
        "identity conv_kxk conv_1x1 se",
        "conv_kxk conv_1x1 transformer norm conv_proj conv_fusion",
        "shortcut pre_norm conv1_1x1 norm1 conv2_kxk norm2 se conv3_1x1",
        "paths attn",
        "linear bn",
        "fc_reduce bn fc_select",
        "shortcut norm1 attn norm2 mlp",
        "qkv rel_pos proj",
        "conv_dw pos_embd norm_xca xca norm mlp",
        "token_mixer mlp layer_scale",
        # Transformers and mixers.
        "norm1 attn ls1 norm2 mlp ls2",
        "norm1 token_mixer layer_scale1 res_scale1 norm2 mlp layer_scale2 res_scale2",
        "norm1 mlp_tokens norm2 mlp_channels",
        "conv_dw norm mlp shortcut",
        "qkv q_norm k_norm norm proj",
        "q q_norm k k_norm v kv norm proj",
        "q_proj k_proj v_proj qkv q_norm k_norm norm out_proj proj",
        "query key value dense out",
        "fc1 bn act norm fc2",
        "fc1_g fc1_x norm fc2",
        "in_proj out_proj",
        "ln_1 attn ls_1 ln_2 mlp ls_2",
        "c_attn c_fc c_proj",
        "conv bn norm act linear",
        "norm reduction",
        # Stages and whole networks.
        "downsample blocks",
        "conv_stem bn1 blocks conv_head norm_head bn2 classifier",
        "conv_stem bn0 blocks conv_head bn1 fc",
        "conv1 bn1 layer1 layer2 layer3 layer4 fc",
        "patch_embed pos_drop norm_pre blocks layers stages norm fc_norm head head_dist",
        "stem features stages s1 s2 s3 s4 final_conv norm head_conv head fc classifier",
        "embeddings encoder decoder layernorm pooler head classifier lm_head",
    )
)
_TENSORS = (
    *("cls_token", "reg_token", "dist_token", "mask_token", "pos_embed", "weight", "weight_g", "weight_v"),
    *("in_proj_weight", "bias", "in_proj_bias", "gamma", "beta"),
    *("running_mean", "running_var", "num_batches_tracked"),
)
_FIRST = re.compile(r"stem\d*|conv_stem|patch_embed\w*|embed\w*|tok_\w*|wte|wpe|input\w*|conv_in|conv0|norm0")
_NECK = re.compile(
    r"norm|final\w*|conv_head|head_conv|norm_head|fc_norm|ln_f|last\w*|bn_head|neck|norm_out|conv_out"
)
_LAST = re.compile(r"head\w*|fc|classifier\w*|logits?|lm_head|output|out|predictions?|pooler")
_STEM_SECTION, _BODY_SECTION, _NECK_SECTION, _HEAD_SECTION = range(4)
_BODY = ("blocks", "block", "layers", "layer", "stages", "stage", "features")
_WITHIN = ("conv", "dw", "linear", "fc", "proj", "bn", "norm", "ln", "act", "relu", "se", "attn", "mlp")
_RESIDUAL_PART = re.compile(r"(norm|bn|conv)\d*|downsample")
_NUMBER = re.compile(r"\d+")


def in_registration_order(specs: Sequence[TensorSpec]) -> list[TensorSpec]:
    """Return `specs` as they are, or put back in order if a writer has sorted them by name."""
    if not _is_sorted_by_name(specs):
        return list(specs)
    return _ordered(list(specs), 0)


def _is_sorted_by_name(specs: Sequence[TensorSpec]) -> bool:
    """Tell whether the keys are sorted within each dtype, and in a way no registration leaves them.

    No module registers its bias before its weight, and no list its tenth part before its second;
    keys sorted without such a sign may well have been registered so.
    """
    runs = [[spec.key for spec in group] for _, group in groupby(specs, key=lambda spec: spec.dtype)]
    if not all(keys == sorted(keys) for keys in runs):
        return False
    return any(_is_out_of_order(one, other) for keys in runs for one, other in pairwise(keys))


def _is_out_of_order(key: str, following: str) -> bool:
    module, _, name = key.rpartition(".")
    other_module, _, other_name = following.rpartition(".")
    if module == other_module:
        return name == "bias" and other_name == "weight"
    for part, other in zip(key.split("."), following.split("."), strict=False):
        if part != other:
            return _natural(part) > _natural(other)
    return False


def _ordered(specs: list[TensorSpec], depth: int) -> list[TensorSpec]:
    """Order the tensors of one module: its own first, then child by child."""
    own: list[TensorSpec] = []
    below: dict[str, list[TensorSpec]] = {}
    for spec in specs:
        parts = spec.key.split(".")
        if len(parts) == depth + 1:
            own.append(spec)
        else:
            below.setdefault(parts[depth], []).append(spec)
    own.sort(key=lambda spec: (spec.buffer, _tensor_rank(spec.name), _natural(spec.name)))
    for name in _order_of(below):
        own += _ordered(below[name], depth + 1)
    return own


def _order_of(below: dict[str, list[TensorSpec]]) -> list[str]:
    names = list(below)
    if len(names) < 2:
        return names
    plain = {name: _plain(name) for name in names}
    if _is_preactivated(below):
        return sorted(names, key=lambda name: _norm_first(plain[name]))
    wanted = set(plain.values())
    fitting = [family for family in _FAMILIES if wanted.issubset(family)]
    if fitting and len(wanted) == len(names):
        closest = min(fitting, key=len)
        return sorted(names, key=lambda name: closest.index(plain[name]))
    return sorted(names, key=lambda name: _guess(plain[name], names))


def _guess(name: str, siblings: Iterable[str]) -> tuple[object, ...]:
    """Place of a name among its siblings: stem, body by number, neck, head."""
    section = _section(name)
    body = any(_is_body(sibling) for sibling in siblings)
    if section == _NECK_SECTION and not body:
        section = _BODY_SECTION
    elif section == _BODY_SECTION and body and name.startswith(("conv", "bn", "norm")):
        section = _STEM_SECTION
    number = _NUMBER.search(name)
    kind = next((place for place, word in enumerate(_WITHIN) if word in name), len(_WITHIN))
    unnumbered = section == _BODY_SECTION and number is None and kind > _WITHIN.index("ln")
    return (section, unnumbered, int(number.group()) if number else -1, kind, _natural(name))


def _section(name: str) -> int:
    for section, names in ((_STEM_SECTION, _FIRST), (_NECK_SECTION, _NECK), (_HEAD_SECTION, _LAST)):
        if names.fullmatch(name):
            return section
    return _BODY_SECTION


def _is_preactivated(below: dict[str, list[TensorSpec]]) -> bool:
    """Tell norms that come before their convolutions: they carry its input's channels."""
    if not all(_RESIDUAL_PART.fullmatch(_plain(name)) for name in below):
        return False
    shapes = {_plain(name): {spec.name: spec.shape for spec in specs} for name, specs in below.items()}
    for number in ("", "1", "2", "3"):
        norm = shapes.get(f"norm{number}", shapes.get(f"bn{number}", {})).get("weight", ())
        conv = shapes.get(f"conv{number}", {}).get("weight", ())
        if len(norm) == 1 and len(conv) > 2 and conv[0] != conv[1]:
            return norm[0] == conv[1]
    return False


def _norm_first(name: str) -> tuple[object, ...]:
    number = _NUMBER.search(name)
    first = name == "downsample"
    return (not first, int(number.group()) if number else 0, name.startswith("conv"), name)


def _is_body(name: str) -> bool:
    return _plain(name).rstrip("0123456789_") in _BODY


def _plain(name: str) -> str:
    return name.lstrip("_").lower()


def _natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key by which ``block10`` comes after ``block2``."""
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", name) if part)


def _tensor_rank(name: str) -> int:
    return _TENSORS.index(name) if name in _TENSORS else _TENSORS.index("weight")
