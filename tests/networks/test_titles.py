from collections.abc import Callable

import pytest

from dpiat_gui.networks.key_inference import tree_from_tensors
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.titles import BlockRole, LayerRole, describe, format_shape, role_of_layer
from dpiat_gui.networks.values import Block, Layer, ModuleTree, TensorSpec

TreeOf = Callable[[str], ModuleTree]


def _titles(tree: ModuleTree) -> dict[str, tuple[BlockRole, str]]:
    return {
        block.path: (title.role, title.title)
        for block in standardize_tree(tree).sequence
        for title in [describe(block)]
    }


@pytest.mark.parametrize(
    ("name", "path", "role", "title"),
    [
        ("efficientnet_b0", "conv_stem", BlockRole.CONV, "Conv k3 s2 · 3→32"),
        ("efficientnet_b0", "bn1", BlockRole.BATCH_NORM, "BatchNorm · 32"),
        ("efficientnet_b0", "blocks.0", BlockRole.MBCONV1, "MBConv1 k3 · 32→16"),
        ("efficientnet_b0", "blocks.1.0", BlockRole.MBCONV6, "MBConv6 k3 s2 · 16→24"),
        ("efficientnet_b0", "blocks.2.0", BlockRole.MBCONV6, "MBConv6 k5 s2 · 24→40"),
        ("efficientnet_b0", "classifier", BlockRole.LINEAR, "Linear · 1280→1000"),
        ("rexnet_100", "features.7", BlockRole.MBCONV6, "MBConv6 k3 · 84→95"),
        ("mixnet_s", "blocks.2.0", BlockRole.MBCONV6, "MBConv6 k3,5,7 s2 · 24→40"),
        ("mobilenetv3_large_100", "blocks.3.2", BlockRole.MBCONV6, "MBConv2.3 k3 · 80→80"),
        ("resnet18", "layer2.0", BlockRole.BASIC, "Basic k3 s2 · 64→128"),
        ("resnet50", "layer2.0", BlockRole.BOTTLENECK, "Bottleneck k3 s2 · 256→512"),
        ("resnet50", "maxpool", BlockRole.POOL, "MaxPool2d"),
        ("resnet50", "act1", BlockRole.ACTIVATION, "ReLU"),
        ("regnety_008", "s2.b1", BlockRole.BOTTLENECK, "Bottleneck k3 g8 s2 · 64→128"),
        ("convnext_tiny", "stages.0.blocks.0", BlockRole.MIXER, "Mixer k7 · 96"),
        ("convnext_tiny", "stages.1.downsample.1", BlockRole.CONV, "Conv k2 s2 · 96→192"),
        ("vit_tiny_patch16_224", "blocks.0", BlockRole.ATTENTION, "Attention · 192"),
        ("vit_tiny_patch16_224", "cls_token", BlockRole.OTHER, "cls_token · 1×1×192"),
        ("vit_tiny_patch16_224", "norm", BlockRole.NORM, "LayerNorm · 192"),
        ("mixer_s32_224", "blocks.0", BlockRole.MIXER, "Mixer · 512"),
        ("vgg11_bn", "features", BlockRole.BLOCK, "8 convs k3 · 3→512"),
        ("densenet121", "features.denseblock1.denselayer1", BlockRole.BLOCK, "2 convs k3 · 64→32"),
    ],
)
def test_entries_of_real_networks(
    name: str, path: str, role: BlockRole, title: str, timm_structure: TreeOf
) -> None:
    assert _titles(timm_structure(name))[path] == (role, title)


@pytest.mark.parametrize("name", ["efficientnet_lite0", "mobilenetv2_100", "resnet50", "rexnet_100"])
def test_titles_from_keys_are_the_same_but_for_strides(name: str, timm_structure: TreeOf) -> None:
    tree = timm_structure(name)
    inferred = _titles(tree_from_tensors(tree.tensors, name))
    real = {path: (role, title.replace(" s2", "")) for path, (role, title) in _titles(tree).items()}
    assert inferred == {path: real[path] for path in inferred}


def test_the_subtitle_tells_class_layers_and_parameters(timm_structure: TreeOf) -> None:
    blocks = {block.path: block for block in standardize_tree(timm_structure("efficientnet_b0")).sequence}
    assert describe(blocks["blocks.1.0"]).subtitle == "InvertedResidual · 12 layers · 6,004 parameters"
    assert describe(blocks["conv_stem"]).subtitle == "Conv2d · 864 parameters"


def test_every_entry_of_many_networks_has_a_title(timm_structure: TreeOf) -> None:
    names = ("ghostnet_100", "inception_v3", "levit_128", "hrnet_w18_small", "coat_tiny", "mobilevit_s")
    for name in names:
        for block in standardize_tree(timm_structure(name)).sequence:
            title = describe(block)
            assert title.title
            assert len(title.title) < 60


def _layer(kind: LayerKind, shape: tuple[int, ...], path: str = "x") -> Layer:
    return Layer(path, kind, kind.value, (TensorSpec(f"{path}.weight", shape),))


@pytest.mark.parametrize("kind", LayerKind)
def test_every_kind_has_a_role_and_a_single_entry_of_it_a_title(kind: LayerKind) -> None:
    assert isinstance(role_of_layer(Layer("x", kind, "X")), LayerRole)
    for layer in (Layer("x", kind, "X"), _layer(kind, (4,)), _layer(kind, (4, 4, 3, 3))):
        assert describe(Block("x", (layer,), single=True)).title


def test_transposed_and_depthwise_convolutions_by_themselves() -> None:
    up = _layer(LayerKind.CONV_TRANSPOSE2D, (8, 4, 2, 2))
    assert describe(Block("x", (up,), single=True)).title == "ConvTranspose k2 · 8→4"
    deep = _layer(LayerKind.CONV2D, (8, 1, 3, 3))
    assert describe(Block("x", (deep,), single=True)).title == "Depthwise conv k3 · 8→8"
    wide = _layer(LayerKind.CONV2D, (8, 8, 1, 7))
    assert describe(Block("x", (wide,), single=True)).title == "Conv k1×7 · 8→8"


def test_a_head_and_an_mlp() -> None:
    def block(*shapes: tuple[int, int]) -> Block:
        layers = (_layer(LayerKind.LINEAR, shape, f"x.{at}") for at, shape in enumerate(shapes))
        return Block("x", tuple(layers), single=False)

    assert describe(block((64, 8), (8, 64))).title == "MLP · 8→64→8"
    head = describe(block((64, 8), (10, 64)))
    assert (head.role, head.title) == (BlockRole.HEAD, "Head · 8→64→10")
    assert describe(Block("x.y", (), single=False)).title == "y"


@pytest.mark.parametrize(
    ("shape", "text"), [((64, 3, 3, 3), "64×3×3×3"), ((5,), "5"), ((), "scalar"), (None, "")]
)
def test_shapes_as_they_are_shown(shape: tuple[int, ...] | None, text: str) -> None:
    assert format_shape(shape) == text
