import pytest
import timm
import torch

from dpiat_gui.networks.skip_rules import module_skip
from dpiat_gui.networks.sources import build_module, load_network
from dpiat_gui.transfer.steps_structure import called_gates, closing_norm, find_gates, find_heads, find_neck


def network(name):
    return load_network(f"timm:{name}")


def gated(net):
    return [gate.path for gate in find_gates(net.tree.root)]


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("mobilenetv2_050", 10),
        ("mixnet_s", 11),
        ("resnet18", 5),
        ("seresnet18", 5),
        ("rexnet_100", 11),
        ("regnety_002", 9),
    ],
)
def test_with_its_closing_norm_zero_a_block_passes_its_input_on(name, blocks):
    net, module = network(name), build_module(f"timm:{name}").eval()
    norms = [closing_norm(block, gated(net)) for block in net.sequence if block.skip]
    assert len(norms) == blocks
    assert None not in norms
    for norm in norms:
        found = module.get_submodule(norm.path)
        torch.nn.init.zeros_(found.weight)
        torch.nn.init.zeros_(found.bias)
    seen = []

    def look(part, inputs, output):
        width = inputs[0].shape[1]
        # ReXNet adds its input to the first channels of a wider output.
        seen.append(torch.equal(output[:, :width], inputs[0]))

    for part in module.modules():
        if module_skip(part):
            part.register_forward_hook(look)
    with torch.no_grad():
        module(torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)))
    assert seen == [True] * blocks


@pytest.mark.parametrize(
    # Norms first, LayerNorm after each of two sums, no norm at all, a norm of half the channels.
    "name",
    [
        "vit_tiny_patch16_224",
        "swinv2_tiny_window8_256",
        "resnetv2_50",
        "convnext_atto",
        "nfnet_f0",
        "ghostnet_100",
    ],
)
def test_where_no_norm_plainly_ends_a_block_none_is_named(name):
    net = network(name)
    assert all(closing_norm(block, gated(net)) is None for block in net.sequence)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("efficientnet_b0", 16),
        ("mobilenetv3_small_100", 9),
        ("seresnet18", 8),
        ("rexnet_100", 13),
        ("resnet18", 0),
    ],
)
def test_squeeze_excites_are_found_and_their_second_layer_makes_the_gate(name, count):
    gates = find_gates(network(name).tree.root)
    assert len(gates) == count
    module = build_module(f"timm:{name}").eval()
    for gate in gates[:3]:
        part, second = module.get_submodule(gate.path), module.get_submodule(gate.second)
        torch.nn.init.zeros_(second.weight)
        torch.nn.init.constant_(second.bias, 4.0)
        x = torch.randn(2, second.out_channels, 5, 5, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            factor = part(x) / x
        assert torch.all(factor > 0.98 - 1e-3)
        assert torch.all(factor <= 1.0 + 1e-6)


def test_a_gate_of_an_unknown_kind_is_known_by_name_alone():
    root = network("skresnet18").tree.root
    assert find_gates(root) == ()
    assert called_gates(network("ese_vovnet19b_dw").tree.root) == ()
    assert called_gates(network("efficientnet_b0").tree.root)


@pytest.mark.parametrize(
    ("name", "heads"),
    [
        ("efficientnet_b0", ["classifier"]),
        ("resnet18", ["fc"]),
        ("convnext_atto", ["head.fc"]),
        ("vit_tiny_patch16_224", ["head"]),
        ("deit_tiny_distilled_patch16_224", ["head", "head_dist"]),
        ("levit_128s", ["head.linear", "head_dist.linear"]),
        ("inception_v4", ["last_linear"]),
        ("dla34", ["fc"]),
        ("resnet18?num_classes=0", []),
        ("vit_tiny_patch16_224?num_classes=0", []),
        ("efficientnet_b0?num_classes=0", []),
    ],
)
def test_the_classifier_is_the_last_layer_if_it_is_one(name, heads):
    assert [layer.path for layer in find_heads(network(name))] == heads


@pytest.mark.parametrize("name", ["mobilenetv3_small_050", "regnety_002", "densenet121", "levit_128s"])
def test_the_classifiers_are_those_that_timm_names(name):
    named = timm.get_pretrained_cfg_value(name, "classifier")
    named = [named] if isinstance(named, str) else list(named)
    found = find_heads(network(f"{name}?num_classes=7"))
    assert [head.path for head in found] == named


@pytest.mark.parametrize(
    ("name", "conv", "norm"),
    [
        ("efficientnet_b0", "conv_head", "bn2"),
        ("resnet18", None, "layer4.1.bn2"),
        ("seresnet18", None, "layer4.1.bn2"),
        ("densenet121", None, "features.norm5"),
        ("convnext_atto", None, "head.norm"),
        # After it comes another convolution; of several parallel ones; one for each of two classifiers.
        ("mobilenetv3_small_100", None, None),
        ("inception_v3", None, None),
        ("repvgg_a0", None, None),
        ("levit_128s", None, None),
    ],
)
def test_the_neck_is_what_the_classifier_reads(name, conv, norm):
    net = network(name)
    found = find_neck(net, find_heads(net), gated(net))
    assert tuple(layer and layer.path for layer in found) == (conv, norm)
