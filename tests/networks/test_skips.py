from pathlib import Path
from typing import Any

import pytest
import timm
from small_nets import Gated, Network, Partial, Residual, Towers, conv
from torch import nn
from torch.nn import functional

from dpiat_gui.networks.meta_build import build_structure
from dpiat_gui.networks.skip_rules import HAS_SKIP
from dpiat_gui.networks.sources import load_network
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.torch_modules import tree_of
from dpiat_gui.networks.tracing import with_flow


@pytest.mark.parametrize(
    ("block", "skip"),
    [
        (Residual(), True),
        (Residual("inplace"), True),
        (Residual("empty"), True),
        (Residual("projection"), False),
        (Residual("pool"), False),
        (Residual("scaled"), False),
        (Residual("none"), False),
        (Gated(), True),
        (Towers(), False),
        (Partial(), True),
    ],
)
@pytest.mark.parametrize("method", ["blocks", "graph"])
def test_the_flow_tells_an_identity_skip(block: nn.Module, skip: bool, method: str) -> None:
    module = Network(Residual("none"), block)
    network = standardize_tree(with_flow(tree_of(module), module), method)
    (entry,) = [entry for entry in network.sequence if entry.path == "blocks.1"]
    assert entry.skip is skip
    assert [entry.skip for entry in network.sequence if entry.path == "blocks.0"] == [False]


def test_a_skip_around_more_than_the_block_is_not_the_blocks() -> None:
    class Around(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = Residual("none"), Residual("none")

        def forward(self, x: object) -> object:
            return x + self.second(self.first(x))

    module = Network(Around())
    network = standardize_tree(with_flow(tree_of(module), module), "blocks")
    skips = {entry.path: entry.skip for entry in network.sequence if not entry.single}
    assert skips == {"blocks.0.first": False, "blocks.0.second": False}


def test_activations_that_are_functions_change_nothing_of_it() -> None:
    class Functional(nn.Module):
        """As people write it: the activation after the sum is no module."""

        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = conv(8, 8), conv(8, 8)

        def forward(self, x: Any) -> Any:
            return functional.relu(x + self.conv2(functional.relu(self.conv1(x))))

    module = Network(Functional(), Functional(), Residual("projection"))
    network = standardize_tree(with_flow(tree_of(module), module), "graph")
    assert [entry.skip for entry in network.sequence if not entry.single] == [True, True, False]


def test_without_a_flow_a_persons_own_block_says_nothing() -> None:
    class BasicBlock(Residual):
        downsample = None
        has_skip = True

    network = standardize_tree(tree_of(Network(BasicBlock(), BasicBlock())))
    assert [entry.skip for entry in network.sequence if not entry.single] == [None, None]


@pytest.mark.parametrize(
    "name",
    [
        *("efficientnet_b0", "efficientnet_lite0", "mobilenetv2_100", "tf_efficientnetv2_s", "mixnet_s"),
        *(
            "mobilenetv4_conv_small",
            "rexnet_100",
            "resnet18",
            "resnet50",
            "resnext50_32x4d",
            "res2net50_26w_4s",
        ),
        *(
            "resnetv2_50",
            "regnety_002",
            "regnetx_002",
            "gernet_s",
            "convnext_tiny",
            "ghostnet_100",
            "nfnet_l0",
        ),
        *("vit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "mixer_s16_224", "xception", "hgnet_tiny"),
        *(
            "inception_resnet_v2",
            "resmlp_12_224",
            "repghostnet_050",
            "efficientvit_b0",
            "tresnet_m",
            "vitamin_xlarge_256",
        ),
    ],
)
def test_what_timms_classes_say_is_what_the_flow_shows(name: str) -> None:
    module = build_structure(lambda: timm.create_model(name))
    tree = tree_of(module, name)
    told = standardize_tree(tree)
    exact = standardize_tree(with_flow(tree, module, owned=True))
    pairs = [
        (one.skip, other.skip)
        for one, other in zip(told.sequence, exact.sequence, strict=True)
        if not one.single
    ]
    assert all(one == other for one, other in pairs if one is not None)
    assert any(HAS_SKIP in dict(node.attributes) for node in tree.root.walk())


def test_the_attribute_is_kept_with_the_tree() -> None:
    tree = load_network("timm:mobilenetv2_100").tree
    said = {node.path: dict(node.attributes).get(HAS_SKIP) for node in tree.root.walk()}
    assert (said["blocks.1.0"], said["blocks.1.1"], said["blocks.1"]) == (False, True, None)


def test_torchvisions_blocks_say_it_too() -> None:
    models = pytest.importorskip("torchvision.models")
    for build in (models.resnet18, models.resnet50, models.mobilenet_v2):
        module = build_structure(build)
        tree = tree_of(module)
        told, exact = standardize_tree(tree), standardize_tree(with_flow(tree, module))
        blocks = [
            (a.skip, b.skip) for a, b in zip(told.sequence, exact.sequence, strict=True) if not a.single
        ]
        assert any(one is not None for one, _ in blocks)
        assert all(one == other for one, other in blocks if one is not None)


def test_a_checkpoint_says_nothing(tmp_path: Path) -> None:
    # In a state dict a block of equal channels may have a stride and no skip: nothing is certain.
    from safetensors.torch import save_file

    file = tmp_path / "net.safetensors"
    save_file(Network(Residual(), Residual("projection")).state_dict(), str(file))
    network = load_network(str(file))
    assert any(not entry.single for entry in network.sequence)
    assert {entry.skip for entry in network.sequence} == {None}
