"""The method ``graph`` from source references: traced on demand and kept beside plain structures."""

from pathlib import Path

import pytest

from dpiat_gui.engine.context import JobContext
from dpiat_gui.engine.operations import carry_out, read_structure
from dpiat_gui.errors import SourceError, StandardizationError
from dpiat_gui.networks import tracing
from dpiat_gui.networks.references import parse_reference
from dpiat_gui.networks.sources import build_module, load_cached_tree, load_network, load_tree
from dpiat_gui.networks.tree_cache import cache_key
from dpiat_gui.networks.trust import TrustStore

NAME = "timm:mobilenetv2_100"
CODE = """
from torch import nn

def small(width=4):
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU(), nn.Flatten(), nn.Linear(width * 900, 2))

def asking(input_size):
    return nn.Sequential(nn.Conv2d(3, input_size, 3), nn.ReLU())
"""


def test_only_the_graph_is_traced(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("traced")

    monkeypatch.setattr(tracing, "trace_flow", refuse)
    assert load_network(NAME).tree.flow is None
    assert load_network(NAME, "flatten").tree.flow is None
    with pytest.raises(AssertionError, match="traced"):
        load_network(NAME, "graph")


def test_a_flow_is_kept_beside_the_plain_structure(own_cache: Path) -> None:
    traced = load_network(NAME, "graph")
    assert traced.method == "graph"
    assert traced.tree.flow is not None
    assert load_cached_tree(NAME) is None
    again = load_cached_tree(NAME, flow=True)
    assert again == traced.tree
    plain = load_tree(NAME)
    assert plain.flow is None
    assert plain.fingerprint == traced.fingerprint
    assert load_cached_tree(NAME, flow=True) == traced.tree


def test_the_size_of_the_input_is_told_to_the_tracer_alone(own_cache: Path) -> None:
    sized = f"{NAME}?input_size=3x64x64"
    network = load_network(sized, "graph")
    assert network.tree.flow is not None
    assert network.tree.flow.input_shapes == ((1, 3, 64, 64),)
    assert network.fingerprint == load_network(NAME).fingerprint
    plain, told = parse_reference(NAME), parse_reference(sized)
    assert cache_key(plain) == cache_key(told)
    assert cache_key(plain, flow=True) != cache_key(told, flow=True)
    assert len(build_module("timm:test_resnet?input_size=64").state_dict()) > 10
    with pytest.raises(SourceError, match="no size"):
        load_network(f"{NAME}?input_size=big", "graph")


def test_a_persons_factory_is_traced_too(tmp_path: Path, trust: TrustStore) -> None:
    file = tmp_path / "nets.py"
    file.write_text(CODE)
    trust.trust(file)
    network = load_network(f"{file}:small?input_size=3x32x32&width=6", "graph", trust=trust)
    assert [layer.path for layer in network.layers] == ["0", "1", "2", "3"]
    # A factory that asks for a size gets it.
    asked = load_network(f"{file}:asking?input_size=5", trust=trust)
    assert asked.layers[0].shape == (5, 3, 3, 3)


def test_a_checkpoint_has_no_flow(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    file = tmp_path / "net.safetensors"
    save_file({"conv.weight": torch.zeros(4, 3, 3, 3)}, str(file))
    with pytest.raises(StandardizationError, match="not traced") as caught:
        load_network(str(file), "graph")
    assert "blocks" in caught.value.hint


def test_the_engine_traces_when_asked(own_cache: Path) -> None:
    context = JobContext(lambda progress: None, lambda: False, lambda: None)
    plain = carry_out("describe", {"reference": NAME}, context)
    assert read_structure(plain).flow is None
    traced = carry_out("describe", {"reference": NAME, "flow": True}, context)
    flow = read_structure(traced).flow
    assert flow is not None
    assert "classifier" in flow.layers
    assert traced["fingerprint"] == plain["fingerprint"]


def test_a_live_module_is_traced() -> None:
    from torch import nn

    import dpiat_gui as dg

    network = dg.standardize(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), "graph")
    assert [entry.path for entry in network.sequence] == ["0", "1", "2"]
