"""A transfer into the same architecture gives the same network: every entry, every output."""

import pytest
import torch
from pairing import network_of

from dpiat_gui.matching.engine import match_networks
from dpiat_gui.transfer.memory import transfer_between
from dpiat_gui.transfer.operators import OPERATORS
from dpiat_gui.transfer.options import TransferOptions

FEW = ("mobilenetv3_small_050", "resnet10t")
MORE = (
    *(
        "mnasnet_small",
        "semnasnet_075",
        "efficientnet_lite0",
        "tf_efficientnetv2_b0",
        "mixnet_s",
        "lcnet_050",
    ),
    *(
        "ghostnet_050",
        "regnetx_002",
        "regnety_002",
        "resnext26ts",
        "ese_vovnet19b_dw",
        "dla46x_c",
        "repvgg_a0",
    ),
    *("hardcorenas_a", "convnext_atto", "vit_tiny_patch16_224", "edgenext_xx_small", "mobilevit_xxs"),
)


def trained(name, seed):
    """Build a network and let everything move that training moves, statistics included."""
    import timm

    torch.manual_seed(seed)
    module = timm.create_model(name, num_classes=10).eval()
    for key, value in module.state_dict().items():
        if key.endswith("num_batches_tracked"):
            value.fill_(seed)
        elif value.dim() == 1:
            # Norms and biases begin equal everywhere.
            value.mul_(1 + 0.1 * torch.rand(value.shape)).add_(0.01 * torch.rand(value.shape))
    return module


def assert_same(name, options):
    source, target = trained(name, 1), trained(name, 2)
    matching = match_networks(network_of(source), network_of(target))
    report = transfer_between(source, target, matching, options)
    expected = source.state_dict()
    found = target.state_dict()
    assert list(found) == list(expected)
    different = [key for key, value in expected.items() if not torch.equal(found[key], value)]
    assert not different
    assert report.coverage.fraction == 1.0
    size = 224 if name.startswith("vit") else 64
    x = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(source(x), target(x))


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("name", FEW)
def test_every_operator_leaves_a_network_of_the_same_architecture_bit_equal(name, operator):
    assert_same(name, TransferOptions(operator=operator, align="structure"))


@pytest.mark.slow
@pytest.mark.parametrize("name", MORE)
def test_the_recommended_transfer_between_equal_architectures_is_bit_equal(name):
    assert_same(name, TransferOptions(repeats=True, squeeze_excite=True, head="auto", neck="auto"))
