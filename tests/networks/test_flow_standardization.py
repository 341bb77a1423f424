import copy
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_nets import Gated, Network, Partial, Residual, Split, Towers, Twice, conv
from torch import nn

from dpiat_gui.errors import StandardizationError
from dpiat_gui.networks import values
from dpiat_gui.networks.meta_build import build_structure
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.torch_modules import tree_of
from dpiat_gui.networks.tracing import with_flow


def graph(module: nn.Module, method: str = "graph") -> values.Network:
    return standardize_tree(with_flow(tree_of(module), module), method)


@cache
def timm_network(name: str, method: str) -> values.Network:
    import timm

    module = build_structure(lambda: timm.create_model(name))
    return standardize_tree(with_flow(tree_of(module, name), module, owned=True), method)


def scored(network: values.Network) -> list[tuple[str, ...]]:
    """Return the layers with weights of each entry that has any, blocks and single layers told apart."""
    found = [
        (*(["block"] if not entry.single else []), *(layer.path for layer in entry.layers if layer.weight))
        for entry in network.sequence
    ]
    return [entry for entry in found if entry and entry != ("block",)]


def sets(network: values.Network) -> list[frozenset[str]]:
    return [frozenset(entry) for entry in scored(network)]


def test_a_flow_is_needed() -> None:
    with pytest.raises(StandardizationError, match="not traced") as caught:
        standardize_tree(tree_of(Residual()), "graph")
    assert "blocks" in caught.value.hint


def test_a_residual_block_is_what_lies_between_split_and_join() -> None:
    network = graph(Network(Residual(), Residual("projection"), Gated(), Towers(), Residual("none")))
    shown = [(entry.path, entry.single, entry.skip) for entry in network.sequence]
    assert shown == [
        ("stem", True, None),
        ("bn", True, None),
        ("act", True, None),
        ("blocks.0", False, True),
        ("blocks.1", False, False),
        ("blocks.2", False, True),
        ("blocks.3", False, False),
        ("blocks.4", False, False),
        ("pool", True, None),
        ("flat", True, None),
        ("head", True, None),
    ]
    assert network.method == "graph"
    # The projection runs after the main branch, though it could stand anywhere in the module.
    order = [layer.path.removeprefix("blocks.1.") for layer in network.sequence[4].layers]
    assert order == ["conv1", "bn1", "act1", "conv2", "bn2", "shortcut.0", "shortcut.1", "act2"]


def test_order_is_that_of_execution_not_of_registration() -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last, self.first = nn.Linear(4, 2), nn.Linear(3, 4)

        def forward(self, x: object) -> object:
            return self.last(self.first(x))

    module = Backwards()
    network = standardize_tree(with_flow(tree_of(module), module, "3"), "graph")
    assert [layer.path for layer in network.layers] == ["first", "last"]


def test_a_network_without_modules_of_its_own_is_cut_by_its_flow() -> None:
    class Flat(nn.Module):
        """Residual, stretch, residual: all layers children of the root."""

        def __init__(self) -> None:
            super().__init__()
            for name in ("stem", "a1", "a2", "b1", "b2", "c1", "c2", "end"):
                setattr(self, name, conv(3 if name == "stem" else 8, 8))

        def forward(self, x: object) -> object:
            x = self.stem(x)
            x = x + self.a2(self.a1(x))
            x = self.b2(self.b1(x))
            x = x + self.c2(self.c1(x))
            return self.end(x)

    network = graph(Flat())
    assert scored(network) == [
        ("stem",),
        ("block", "a1", "a2"),
        ("block", "b1", "b2"),
        ("block", "c1", "c2"),
        ("end",),
    ]
    assert [entry.skip for entry in network.sequence] == [None, True, False, True, None]
    assert len({entry.path for entry in network.sequence}) == 5


@pytest.mark.parametrize(
    "name", ["efficientnet_b0", "efficientnet_b2", "mixnet_s", "mobilenetv2_100", "rexnet_100"]
)
def test_on_efficientnets_the_flow_finds_the_papers_blocks(name: str) -> None:
    assert scored(timm_network(name, "graph")) == scored(timm_network(name, "blocks"))


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "densenet121", "inception_v3", "regnety_002"])
def test_elsewhere_the_blocks_hold_the_same_layers_in_another_order(name: str) -> None:
    assert sets(timm_network(name, "graph")) == sets(timm_network(name, "blocks"))


def test_a_transformers_block_is_two_residual_branches() -> None:
    network = timm_network("vit_tiny_patch16_224", "graph")
    paths = [entry.path for entry in network.sequence if not entry.single]
    assert paths[:3] == ["blocks.0.attn", "blocks.0.mlp", "blocks.1.attn"]
    assert all(entry.skip for entry in network.sequence if not entry.single)


def insert_leaves(module: nn.Module, places: list[int], kinds: list[bool]) -> nn.Module:
    """Return a copy with an Identity or a Dropout put into its sequential containers at these places."""
    module = copy.deepcopy(module)
    for place, identity in zip(places, kinds, strict=False):
        containers = [part for part in module.modules() if type(part) is nn.Sequential]
        container = containers[place % len(containers)]
        children = list(container._modules.items())
        at = (place // len(containers)) % (len(children) + 1)
        names = iter(range(1000))
        name = next(f"extra{n}" for n in names if f"extra{n}" not in container._modules)
        children.insert(at, (name, nn.Identity() if identity else nn.Dropout(0.1)))
        container._modules.clear()
        container._modules.update(children)
    return module


def _sample() -> nn.Module:
    def branch() -> nn.Sequential:
        return nn.Sequential(
            conv(8, 8), nn.BatchNorm2d(8), nn.ReLU(), nn.Sequential(conv(8, 8)), nn.BatchNorm2d(8)
        )

    class Around(nn.Module):
        def __init__(self, inner: nn.Module, shortcut: nn.Module) -> None:
            super().__init__()
            self.inner, self.shortcut = inner, shortcut

        def forward(self, x: object) -> object:
            return self.inner(x) + self.shortcut(x)  # type: ignore[no-any-return, operator]

    projection = nn.Sequential(nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8))
    return nn.Sequential(
        nn.Sequential(conv(3, 8), nn.BatchNorm2d(8), nn.ReLU()),
        nn.Sequential(Around(branch(), nn.Sequential()), Around(branch(), projection), branch()),
        nn.Sequential(Gated(), Towers(), nn.Sequential(Split(), nn.BatchNorm2d(8), conv(8, 8))),
        nn.Sequential(Partial()),
    )


SAMPLE = _sample()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 500), max_size=12), st.lists(st.booleans(), min_size=12, max_size=12))
def test_extra_identity_and_dropout_leaves_change_nothing(places: list[int], kinds: list[bool]) -> None:
    changed = insert_leaves(SAMPLE, places, kinds)
    # Names of Sequential's children do not shift: the extra ones have names of their own.
    one, other = graph(SAMPLE), graph(changed)
    assert scored(other) == scored(one)
    shown = [[(entry.path, entry.skip) for entry in net.sequence if not entry.single] for net in (one, other)]
    assert shown[0] == shown[1]
    flat = standardize_tree(tree_of(changed), "flatten")
    assert sorted(x.path for x in other.layers) == sorted(x.path for x in flat.layers)


def test_the_papers_blocks_do_change_by_identity_leaves() -> None:
    # What the flow is better at: else the test above would prove nothing of it.
    changed = insert_leaves(SAMPLE, [1, 2, 3, 4, 5, 6, 7, 8, 9], [True] * 9)
    assert any(
        scored(graph(insert_leaves(SAMPLE, [n] * 6, [True] * 6), "blocks")) != scored(graph(SAMPLE, "blocks"))
        for n in range(12)
    )
    assert scored(graph(changed)) == scored(graph(SAMPLE))


@pytest.mark.parametrize(
    "name", ["efficientnet_b0", "vit_tiny_patch16_224", "hrnet_w18", "coat_tiny", "vovnet39a"]
)
def test_no_layer_is_lost_and_no_path_is_told_twice(name: str) -> None:
    network = timm_network(name, "graph")
    flat = standardize_tree(replace(network.tree, flow=None), "flatten")
    assert sorted(x.path for x in network.layers) == sorted(x.path for x in flat.layers)
    paths = [entry.path for entry in network.sequence]
    assert len(paths) == len(set(paths))


def test_a_shared_layer_stands_where_it_is_applied_first() -> None:
    network = graph(Network(Twice(), Residual()))
    assert [x.path for x in network.layers].count("blocks.0.shared") == 1
