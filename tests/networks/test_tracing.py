from typing import Any

import pytest
import torch
from small_nets import Gated, Network, Partial, Residual, Split, Towers, Twice
from torch import nn
from torch.nn import functional
from torch.nn.utils import prune

from dpiat_gui.errors import SourceError, StandardizationError
from dpiat_gui.networks.flow import FUNCTION, INPUT, LAYER, Flow
from dpiat_gui.networks.input_shapes import parse_input_size
from dpiat_gui.networks.meta_build import build_structure
from dpiat_gui.networks.tracing import trace_flow


def edges(flow: Flow) -> set[tuple[str, str]]:
    """Return the edges between layers and joins; a join is named by its kind and number."""

    def name(number: int) -> str:
        return flow.steps[number].path or flow.steps[number].kind

    return {(name(source), name(at)) for at, step in enumerate(flow.steps) for source in step.inputs}


def joins(flow: Flow) -> list[str]:
    return [step.kind for step in flow.steps if step.kind not in (LAYER, INPUT, FUNCTION)]


def test_a_residual_sum_takes_both_ways_and_leaves_the_module_alone() -> None:
    module = Network(Residual(), Residual("projection"))
    module.train()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    flow = trace_flow(module)
    assert flow.way == "run"
    assert joins(flow) == ["add", "add"]
    assert {("blocks.0.bn2", "add"), ("act", "blocks.0.conv1"), ("add", "blocks.0.act2")} <= edges(flow)
    assert flow.layers.index("blocks.1.shortcut.0") > flow.layers.index("blocks.1.bn2")
    assert flow.outputs == (len(flow.steps) - 1,)
    assert flow.steps[-1].path == "head"
    assert module.training
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    for key, value in module.state_dict().items():
        assert value.device.type == "cpu"
        assert torch.equal(value, before[key])


def test_gates_towers_and_split_channels() -> None:
    assert joins(trace_flow(Network(Gated()))) == ["mul", "add"]
    towers = trace_flow(Network(Towers()))
    assert joins(towers) == ["cat"]
    assert {(f"blocks.0.{end}", "cat") for end in ("one", "two.1", "three")} <= edges(towers)
    split = trace_flow(Network(Split()))
    parts = [step.inputs for step in split.steps if step.path.startswith("blocks.0.convs")]
    assert [split.steps[source].kind for (source,) in parts] == [FUNCTION, FUNCTION]
    assert {split.steps[split.steps[source].inputs[0]].path for (source,) in parts} == {"act"}


def test_a_layer_applied_twice_is_two_steps() -> None:
    flow = trace_flow(Network(Twice()))
    assert [step.path for step in flow.steps].count("blocks.0.shared") == 2
    assert flow.layers.count("blocks.0.shared") == 1


def test_a_sum_into_a_part_is_one_sum() -> None:
    flow = trace_flow(Network(Partial()))
    assert joins(flow) == ["add"]
    (sum_,) = [step for step in flow.steps if step.kind == "add"]
    assert [(flow.steps[at].kind, flow.steps[at].path) for at in sum_.inputs] == [
        (FUNCTION, ""),
        (LAYER, "act"),
    ]
    assert ("add", "pool") in edges(flow)


def test_bare_parameters_are_layers_on_the_stream() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token, self.gamma = nn.Parameter(torch.zeros(1, 1, 8)), nn.Parameter(torch.ones(8))
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
            self.one, self.last = nn.Linear(8, 8), nn.Linear(8, 8)

        def forward(self, x: Any) -> Any:
            x = torch.cat([self.token.expand(x.shape[0], -1, -1), self.one(x)], 1)
            x = x + self.attention(x, x, x, need_weights=False)[0] * self.gamma
            return self.last(x[:, 0])

    flow = trace_flow(Scaled(), [(1, 4, 8)])
    assert flow.layers == ("one", "token", "attention.in_proj", "attention.out_proj", "gamma", "last")
    assert joins(flow)[-1] == "add"
    assert {("one", "token"), ("gamma", "add"), ("token", "add")} <= edges(flow)


def test_control_flow_by_shape_and_functions_without_layers() -> None:
    class Deciding(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.other = conv1(), conv1()

        def forward(self, x: Any) -> Any:
            assert x.shape[1] == 3
            y = self.one(x) if x.shape[-1] > 100 else self.other(x)
            return functional.relu(y).mean((2, 3))

    def conv1() -> nn.Conv2d:
        return nn.Conv2d(3, 4, 1)

    module = Deciding()
    assert trace_flow(module).layers == ("one",)
    assert trace_flow(module, size=parse_input_size("3x32x32")).layers == ("other",)
    assert trace_flow(module, size=(32,)).input_shapes == ((1, 3, 32, 32),)


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.Sequential(nn.Linear(17, 4), nn.ReLU(), nn.Linear(4, 2)), (1, 17)),
        (nn.Sequential(nn.Conv1d(5, 4, 3), nn.ReLU()), (1, 5, 256)),
        (nn.Sequential(nn.Conv3d(1, 4, 3), nn.ReLU()), (1, 1, 16, 112, 112)),
        (nn.Sequential(nn.Embedding(30, 4), nn.Linear(4, 2)), (1, 16)),
        (nn.Sequential(nn.Conv2d(1, 4, 5), nn.Flatten(), nn.Linear(4 * 24 * 24, 2)), (1, 1, 28, 28)),
    ],
)
def test_an_input_is_guessed(module: nn.Module, shape: tuple[int, ...]) -> None:
    assert trace_flow(module).input_shapes == (shape,)


def test_where_no_input_fits_torch_fx_reads_it() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.head = nn.Conv2d(3, 4, 1), nn.Linear(4 * 7 * 5, 2)

        def forward(self, x: Any) -> Any:
            y = self.conv(x)
            return self.head((y + torch.relu(y)).reshape(x.size(0), -1))

    flow = trace_flow(Odd())
    assert (flow.way, flow.layers) == ("fx", ("conv", "head"))
    assert trace_flow(Odd(), [(1, 3, 7, 5)]).way == "run"


def test_what_cannot_be_traced_is_told() -> None:
    class Reading(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 1)

        def forward(self, x: Any) -> Any:
            return self.conv(x) if x.sum().item() > 0 else x

    with pytest.raises(
        StandardizationError, match="flow of information in Reading cannot be traced"
    ) as caught:
        trace_flow(Reading())
    assert "blocks" in caught.value.hint
    assert "input_size=3x224x224" in caught.value.hint
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("value", ["0x3", "ax4", "", True, -3, "3x", 1.5])
def test_what_is_no_size_is_refused(value: Any) -> None:
    with pytest.raises(SourceError, match="no size"):
        parse_input_size(value)


@pytest.mark.parametrize(
    "name",
    [
        *("efficientnet_b0", "mixnet_s", "rexnet_100", "resnet50", "densenet121", "inception_v3", "dpn68"),
        *("res2net50_26w_4s", "resnest14d", "cspresnet50", "vgg11", "xception41", "nfnet_l0", "regnety_002"),
        *("convnext_tiny", "mobileone_s0", "ghostnet_100", "tresnet_m", "tf_efficientnet_cc_b0_4e"),
        *("vit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "cait_xxs24_224", "mixer_s16_224"),
        *("levit_128", "xcit_nano_12_p16_224", "halonet26t", "gcvit_xxtiny", "volo_d1_224"),
    ],
)
def test_timms_families_are_traced_by_a_run(name: str) -> None:
    import timm

    from dpiat_gui.networks.module_blocks import leaf_layers
    from dpiat_gui.networks.torch_modules import tree_of

    module = build_structure(lambda: timm.create_model(name))
    layers = leaf_layers(tree_of(module).root)
    flow = trace_flow(module, owned=True)
    assert flow.way == "run"
    assert {layer.path for layer in layers if layer.weight} <= set(flow.layers)
    # Every step but inputs takes from earlier ones.
    assert all(source < at for at, step in enumerate(flow.steps) for source in step.inputs)


def test_the_flow_of_a_module_that_keeps_what_it_computed_is_traced() -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3))
    prune.l1_unstructured(module[2], "weight", 0.3)
    assert trace_flow(module).layers == ("0", "1", "2")
    assert not module[2].weight.is_meta
