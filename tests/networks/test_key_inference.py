import random
from collections.abc import Callable, Sequence

import pytest
import torch
from torch import nn

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.key_inference import tree_from_tensors
from dpiat_gui.networks.kinds import SCORED_KINDS, LayerKind
from dpiat_gui.networks.shipped import demo_source
from dpiat_gui.networks.sources import load_tree
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.torch_modules import tree_of
from dpiat_gui.networks.values import ModuleTree, TensorSpec

TreeOf = Callable[[str], ModuleTree]
# Families whose blocks and kinds must come out of their keys as they are.
EXACT = (
    "efficientnet_b0",
    "efficientnet_lite0",
    "mobilenetv2_100",
    "mobilenetv3_large_100",
    "mnasnet_100",
    "rexnet_100",
    "resnet18",
    "resnet50",
    "densenet121",
    "regnety_008",
    "inception_v3",
    "vgg11_bn",
    "convnext_tiny",
    "ghostnet_100",
    "repvgg_a0",
    "nfnet_f0",
    "resnetv2_50x1_bit",
    "mobilevit_s",
    "tf_efficientnetv2_s",
    "mobilenetv4_conv_small",
)
# Their kinds do, their blocks do not: what standardization counts are layers without tensors.
KINDS_ONLY = (
    "mixnet_s",
    "vit_tiny_patch16_224",
    "swin_tiny_patch4_window7_224",
    "levit_128",
    "mixer_s32_224",
    "maxvit_tiny_tf_224",
)
# A file sorted by name comes out in the order of registration.
ORDERED = (
    *("efficientnet_b0", "efficientnet_lite0", "mixnet_s", "mobilenetv2_100", "mobilenetv3_large_100"),
    *("mnasnet_100", "rexnet_100", "resnet18", "resnet50", "densenet121", "regnety_008", "vgg11_bn"),
    *("convnext_tiny", "vit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "ghostnet_100", "nfnet_f0"),
    *("resnetv2_50x1_bit", "mobilevit_s", "tf_efficientnetv2_s", "mobilenetv4_conv_small", "repvgg_a0"),
)


def _from_file(tree: ModuleTree) -> list[TensorSpec]:
    """Return what a state dict's file tells of the tensors."""
    return [TensorSpec(spec.key, spec.shape, spec.dtype, spec.buffer) for spec in tree.tensors]


def _scored(tree: ModuleTree, types: str = "paper") -> list[list[tuple[str, LayerKind, object]]]:
    """Return the scored layers entry by entry; entries without any left out."""
    kinds = SCORED_KINDS[types]
    entries = [
        [
            (layer.path, layer.kind, layer.shape)
            for layer in block.layers
            if layer.kind in kinds and layer.shape
        ]
        for block in standardize_tree(tree).entries_for(types)
    ]
    return [entry for entry in entries if entry]


def _flat(entries: list[list[tuple[str, LayerKind, object]]]) -> list[tuple[str, LayerKind, object]]:
    return [layer for entry in entries for layer in entry]


def _kinds(tree: ModuleTree) -> dict[str, LayerKind]:
    return {
        node.path: node.kind for node in tree.root.walk() if node.kind in SCORED_KINDS["all"] and node.tensors
    }


@pytest.mark.parametrize("name", EXACT)
def test_blocks_and_kinds_from_keys_are_those_of_the_real_network(name: str, timm_structure: TreeOf) -> None:
    real = timm_structure(name)
    inferred = tree_from_tensors(_from_file(real), name)
    assert _kinds(inferred) == _kinds(real)
    assert _scored(inferred) == _scored(real)
    assert [tensor.key for tensor in inferred.tensors] == [tensor.key for tensor in real.tensors]


@pytest.mark.parametrize("name", KINDS_ONLY)
def test_kinds_and_order_from_keys_are_those_of_the_real_network(name: str, timm_structure: TreeOf) -> None:
    real = timm_structure(name)
    inferred = tree_from_tensors(_from_file(real), name)
    assert _kinds(inferred) == _kinds(real)
    assert _flat(_scored(inferred)) == _flat(_scored(real))


@pytest.mark.parametrize("name", ORDERED)
def test_a_file_sorted_by_name_comes_out_in_registration_order(name: str, timm_structure: TreeOf) -> None:
    real = timm_structure(name)
    specs = _from_file(real)
    by_name = sorted(specs, key=lambda spec: (spec.dtype != "int64", spec.key))
    inferred = tree_from_tensors(by_name, name)
    assert _flat(_scored(inferred)) == _flat(_scored(real))
    assert [t.key for t in inferred.tensors] != [t.key for t in by_name]


def test_a_file_not_sorted_by_name_keeps_its_order() -> None:
    specs = [TensorSpec("z.weight", (2, 2)), TensorSpec("z.bias", (2,)), TensorSpec("a.weight", (2, 2))]
    assert [spec.key for spec in tree_from_tensors(specs, "n").tensors] == ["z.weight", "z.bias", "a.weight"]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        # Sorted by chance: nothing says that a writer did it.
        (["a.weight", "b.weight", "stem.weight"], ["a.weight", "b.weight", "stem.weight"]),
        # A bias before its weight, or ten before two: a writer did.
        (["a.bias", "a.weight", "stem.weight"], ["stem.weight", "a.weight", "a.bias"]),
        (["l.10.weight", "l.2.weight"], ["l.2.weight", "l.10.weight"]),
        (["l.0.c10.weight", "l.0.c2.weight"], ["l.0.c2.weight", "l.0.c10.weight"]),
    ],
)
def test_only_what_a_writer_has_sorted_is_put_back(keys: list[str], expected: list[str]) -> None:
    assert [tensor.key for tensor in tree_from_tensors(_chain(keys), "made").tensors] == expected


def test_any_order_within_a_dtype_gives_every_tensor_once(timm_structure: TreeOf) -> None:
    specs = _from_file(timm_structure("resnet18"))
    for seed in range(5):
        random.Random(seed).shuffle(specs)
        tree = tree_from_tensors(specs, "shuffled")
        assert sorted(tensor.key for tensor in tree.tensors) == sorted(spec.key for spec in specs)


def test_imagenet_weights_of_another_code_base_match_timms_network(timm_structure: TreeOf) -> None:
    """The demo's file: the same architecture, named by other hands."""
    file = load_tree(demo_source(), cache=False)
    timm = timm_structure("efficientnet_lite0")

    def nameless(tree: ModuleTree) -> list[list[tuple[LayerKind, object]]]:
        return [[(kind, shape) for _, kind, shape in entry] for entry in _scored(tree)]

    assert nameless(file) == nameless(timm)
    assert len(_scored(file)) == 21
    blocks = [block.path for block in standardize_tree(file).entries if not block.single]
    assert blocks == [f"_blocks.{number}" for number in range(16)]


def _inferred(module: nn.Module) -> dict[str, LayerKind]:
    return _kinds(tree_from_tensors(_from_file(tree_of(module)), "made"))


@pytest.mark.parametrize(
    "module",
    [
        nn.Sequential(nn.Conv1d(3, 4, 3), nn.BatchNorm1d(4)),
        nn.Sequential(nn.Conv3d(3, 4, 3), nn.BatchNorm3d(4)),
        nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)),
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, affine=False)),
        nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3)),
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(4, 8), nn.BatchNorm1d(8)),
        nn.Sequential(nn.ConvTranspose2d(8, 4, 2), nn.BatchNorm2d(4)),
        nn.Sequential(nn.ConvTranspose1d(8, 4, 2)),
        nn.Sequential(nn.ConvTranspose3d(8, 4, 2)),
        nn.Sequential(nn.ConvTranspose2d(8, 2, 3, groups=2)),
        nn.Sequential(nn.Conv2d(8, 4, 2, groups=2)),
        nn.ModuleDict({"up": nn.ConvTranspose2d(4, 4, 2, 2), "up_conv": nn.ConvTranspose2d(4, 4, 3, 2)}),
        nn.ModuleDict({"deconv1": nn.ConvTranspose2d(4, 8, 3, bias=False), "conv1": nn.Conv2d(8, 8, 3)}),
        nn.ModuleDict({"upsample": nn.Conv2d(4, 4, 3)}),
        nn.ModuleDict({"word_embeddings": nn.Embedding(9, 4), "wte": nn.Embedding(9, 4)}),
        nn.ModuleDict({"tok_embeddings": nn.Embedding(9, 4), "embed_proj": nn.Linear(4, 4)}),
        nn.ModuleDict({"layernorm": nn.LayerNorm(4), "ln_1": nn.LayerNorm(4), "mlp": nn.Linear(4, 4)}),
        nn.ModuleDict({"conv": nn.Conv2d(4, 4, 3), "gn1": nn.GroupNorm(2, 4)}),
        nn.ModuleDict({"conv": nn.Conv2d(4, 4, 3), "norm": nn.GroupNorm(2, 4)}),
        nn.ModuleDict({"conv": nn.Conv2d(4, 4, 3), "in1": nn.InstanceNorm2d(4, affine=True)}),
        nn.ModuleDict({"fc": nn.Linear(4, 4), "norm": nn.RMSNorm(4), "q_norm": nn.RMSNorm(4)}),
        nn.ModuleDict({"conv": nn.Conv2d(4, 4, 3), "prelu1": nn.PReLU(4), "act": nn.PReLU()}),
        nn.ModuleDict({"attn": nn.MultiheadAttention(8, 2), "norm1": nn.LayerNorm(8)}),
    ],
    ids=lambda module: " ".join(f"{name}:{type(child).__name__}" for name, child in module.named_children()),
)
def test_kinds_told_from_names_shapes_and_siblings(module: nn.Module) -> None:
    assert _inferred(module) == _kinds(tree_of(module))


def test_parametrized_weights_keep_their_layers_kind() -> None:
    convolution = torch.nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3))
    tree = tree_from_tensors(_from_file(tree_of(nn.Sequential(convolution))), "made")
    assert tree.root.children[0].kind is LayerKind.CONV2D


def test_what_no_rule_knows_stays_bare_parameters() -> None:
    specs = [
        TensorSpec("cls_token", (1, 1, 8)),
        TensorSpec("ls.gamma", (8,)),
        TensorSpec("odd.weight", (1,) * 6),
    ]
    tree = tree_from_tensors(specs, "made")
    assert {node.path: node.kind for node in tree.root.walk()} == {
        "": LayerKind.OTHER,
        "ls": LayerKind.OTHER,
        "odd": LayerKind.OTHER,
    }
    assert {layer.kind for layer in standardize_tree(tree).layers} == {LayerKind.PARAMETER}


def _chain(keys: Sequence[str]) -> list[TensorSpec]:
    return [TensorSpec(key, (2, 2)) for key in keys]


@pytest.mark.parametrize(
    "specs",
    [[], _chain(["a.weight", "a.weight"]), _chain([".".join(["deep"] * 500)])],
    ids=["empty", "twice", "deep"],
)
def test_keys_that_form_no_tree_are_refused(specs: list[TensorSpec]) -> None:
    with pytest.raises(SourceError):
        tree_from_tensors(specs, "made")


@pytest.mark.parametrize("keys", [["a", "a.b"], ["", "."], ["a..b"], ["weight"], ["é.weight"]])
def test_odd_keys_make_a_tree_all_the_same(keys: list[str]) -> None:
    assert sorted(tensor.key for tensor in tree_from_tensors(_chain(keys), "made").tensors) == sorted(keys)
