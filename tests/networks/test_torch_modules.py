import pytest
import torch
from torch import nn

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.torch_modules import kind_of, tree_of


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        (nn.Conv1d(1, 1, 1), LayerKind.CONV1D),
        (nn.ConvTranspose3d(1, 1, 1), LayerKind.CONV_TRANSPOSE3D),
        (nn.LazyConv2d(3, 1), LayerKind.CONV2D),
        (nn.BatchNorm1d(2), LayerKind.BATCH_NORM1D),
        (nn.SyncBatchNorm(2), LayerKind.SYNC_BATCH_NORM),
        (nn.InstanceNorm2d(2), LayerKind.INSTANCE_NORM2D),
        (nn.GroupNorm(1, 2), LayerKind.GROUP_NORM),
        (nn.LayerNorm(2), LayerKind.LAYER_NORM),
        (nn.RMSNorm(2), LayerKind.RMS_NORM),
        (nn.Embedding(2, 2), LayerKind.EMBEDDING),
        (nn.EmbeddingBag(2, 2), LayerKind.EMBEDDING),
        (nn.PReLU(), LayerKind.PRELU),
        (nn.ReLU6(), LayerKind.ACTIVATION),
        (nn.Softmax(1), LayerKind.ACTIVATION),
        (nn.AdaptiveAvgPool2d(1), LayerKind.POOL),
        (nn.Dropout2d(), LayerKind.DROPOUT),
        (nn.Identity(), LayerKind.IDENTITY),
        (nn.MultiheadAttention(4, 2), LayerKind.OTHER),
        (nn.Flatten(), LayerKind.OTHER),
        (nn.Sequential(), LayerKind.OTHER),
    ],
)
def test_kinds_follow_torchs_classes(module: nn.Module, kind: LayerKind) -> None:
    assert kind_of(module) is kind


def test_kinds_follow_base_classes_and_timms_own() -> None:
    from timm.layers import (
        BatchNormAct2d,
        BlurPool2d,
        DropPath,
        LayerNorm2d,
        RmsNorm,
        RmsNormFp32,
        ScaledStdConv2d,
    )
    from timm.layers.activations import PReLU, Swish
    from timm.layers.activations_me import HardMishMe

    class Mine(nn.Conv2d):
        pass

    class MyRMSNorm(nn.Module):
        pass

    expected = {
        Mine(1, 1, 1): LayerKind.CONV2D,
        MyRMSNorm(): LayerKind.RMS_NORM,
        ScaledStdConv2d(1, 1, 1): LayerKind.CONV2D,
        BatchNormAct2d(2): LayerKind.BATCH_NORM2D,
        LayerNorm2d(2): LayerKind.LAYER_NORM,
        RmsNorm(2): LayerKind.RMS_NORM,
        RmsNormFp32(2): LayerKind.RMS_NORM,
        PReLU(): LayerKind.PRELU,
        Swish(): LayerKind.ACTIVATION,
        HardMishMe(): LayerKind.ACTIVATION,
        DropPath(): LayerKind.DROPOUT,
        BlurPool2d(2): LayerKind.POOL,
    }
    assert {type(module): kind_of(module) for module in expected} == {
        type(module): kind for module, kind in expected.items()
    }


def test_attributes_hold_what_is_worth_showing() -> None:
    tree = tree_of(nn.Sequential(nn.Conv2d(4, 8, (3, 5), 2, padding="valid", groups=2), nn.Linear(8, 3)))
    conv, linear = tree.root.children
    assert dict(conv.attributes) == {
        "in_channels": 4,
        "out_channels": 8,
        "kernel_size": (3, 5),
        "stride": (2, 2),
        "padding": "valid",
        "groups": 2,
    }
    assert dict(linear.attributes) == {"in_features": 8, "out_features": 3}
    dilated = tree_of(nn.Conv2d(1, 1, 3, dilation=2)).root
    assert dict(dilated.attributes)["dilation"] == (2, 2)


class _Odd(nn.Module):
    """Everything a state dict can be strange about."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3, dtype=torch.float16))
        self.shift = nn.Parameter(torch.ones(0))
        self.missing = None
        self.register_parameter("none", None)
        self.register_buffer("kept", torch.zeros((), dtype=torch.int64))
        self.register_buffer("left_out", torch.zeros(2), persistent=False)
        self.first = nn.Linear(2, 2)
        self.norm = nn.BatchNorm1d(2, affine=False)
        self.again = self.first
        self.decoder = nn.Linear(2, 2, bias=False)
        self.decoder.weight = self.first.weight
        self.deep = nn.Sequential(self.first, nn.ParameterList([torch.ones(2)]))


def test_keys_are_those_of_the_state_dict_however_strange_the_module() -> None:
    module = _Odd()
    tree = tree_of(module)
    state = module.state_dict()
    assert [tensor.key for tensor in tree.tensors] == list(state)
    assert [tensor.shape for tensor in tree.tensors] == [tuple(value.shape) for value in state.values()]
    assert [f"torch.{tensor.dtype}" for tensor in tree.tensors] == [
        str(value.dtype) for value in state.values()
    ]
    assert {tensor.key for tensor in tree.tensors if tensor.buffer} == {
        "kept",
        "norm.running_mean",
        "norm.running_var",
        "norm.num_batches_tracked",
    }


def test_a_shared_tensor_names_the_first_key_and_a_repeated_child_is_no_layer() -> None:
    module = _Odd()
    tree = tree_of(module)
    tied = {tensor.key: tensor.tied_to for tensor in tree.tensors if tensor.tied_to}
    assert tied == {
        "again.weight": "first.weight",
        "again.bias": "first.bias",
        "decoder.weight": "first.weight",
        "deep.0.weight": "first.weight",
        "deep.0.bias": "first.bias",
    }
    assert [child.path for child in tree.root.distinct_children] == [
        name for name, _ in module.named_children()
    ]
    assert {node.path: node.repeats for node in tree.root.walk() if node.repeats} == {"again": "first"}


@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "efficientnet_b0",
        "mixnet_s",
        "densenet121",
        "vit_tiny_patch16_224",
        "swin_tiny_patch4_window7_224",
        "coat_tiny",  # registers some modules twice
        "resnetv2_50x1_bit",
        "levit_128",
    ],
)
def test_keys_are_those_of_timms_state_dicts(name: str) -> None:
    import timm

    from dpiat_gui.networks.meta_build import build_structure

    module = build_structure(lambda: timm.create_model(name))
    tree = tree_of(module)
    assert [tensor.key for tensor in tree.tensors] == list(module.state_dict())
    persistent = {tensor.key for tensor in tree.tensors if tensor.buffer}
    assert persistent == {key for key, _ in module.named_buffers(remove_duplicate=False)} & set(
        module.state_dict()
    )


def test_names_and_origin_are_as_given() -> None:
    assert tree_of(nn.ReLU()).name == "ReLU"
    assert tree_of(nn.ReLU()).origin == "live"
    named = tree_of(nn.ReLU(), "mine", "FILE.py:make")
    assert (named.name, named.origin) == ("mine", "FILE.py:make")


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(SourceError, match="no network"):
        tree_of(nn.Linear)  # type: ignore[arg-type]
    with pytest.raises(SourceError, match="no shape yet"):
        tree_of(nn.Sequential(nn.LazyLinear(3)))
    ring = nn.Sequential(nn.ReLU())
    ring.add_module("itself", ring)
    with pytest.raises(SourceError, match="without end"):
        tree_of(ring)


def test_reading_changes_nothing() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).train()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    assert tree_of(module) == tree_of(module)
    assert module.training
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())
