from typing import Any

from small_nets import Gated, Network, Residual, Split, Towers, conv
from torch import nn

from dpiat_gui.networks import values
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.torch_modules import tree_of
from dpiat_gui.networks.tracing import with_flow
from dpiat_gui.networks.values import Arc


def graph(module: nn.Module, method: str = "graph") -> values.Network:
    return standardize_tree(with_flow(tree_of(module), module), method)


def named(block: values.Block) -> list[list[list[str]]]:
    """Write the branches of a block by the names of their layers."""
    names = [layer.path.removeprefix(f"{block.path}.") for layer in block.layers]
    return [[[names[at] for at in branch] for branch in group] for group in block.branches]


def block(network: values.Network, path: str) -> values.Block:
    return next(entry for entry in network.sequence if entry.path == path)


def test_towers_are_branches_and_so_is_a_projection() -> None:
    network = graph(Network(Towers(), Residual("projection"), Residual(), Gated()))
    assert named(block(network, "blocks.0")) == [[["one"], ["two.0", "two.1"], ["pool", "three"]]]
    main = ["conv1", "bn1", "act1", "conv2", "bn2"]
    assert named(block(network, "blocks.1")) == [[main, ["shortcut.0", "shortcut.1"]]]
    # An identity is no branch, and neither is the way to a gate.
    assert block(network, "blocks.2").branches == ()
    assert block(network, "blocks.3").branches == ()


def test_branches_within_branches_come_after() -> None:
    class Nested(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.mixed, self.two = conv(8, 8), Split(), conv(8, 8)
            self.side = conv(8, 8, 1)

        def forward(self, x: Any) -> Any:
            return self.two(self.mixed(self.one(x))) + self.side(x)

    found = named(block(graph(Network(Nested())), "blocks.0"))
    assert found == [
        [["one", "mixed.convs.0", "mixed.convs.1", "two"], ["side"]],
        [["mixed.convs.0"], ["mixed.convs.1"]],
    ]


def test_three_summands_are_three_branches() -> None:
    class Three(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = conv(8, 8), nn.Sequential(conv(8, 8), conv(8, 8)), conv(8, 8, 1)

        def forward(self, x: Any) -> Any:
            return self.a(x) + self.b(x) + self.c(x)

    (group,) = named(block(graph(Network(Three())), "blocks.0"))
    assert group == [["a"], ["b.0", "b.1"], ["c"]]


def test_branches_of_whole_entries_are_the_networks() -> None:
    class Stage(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.deep = nn.Sequential(Residual(), Residual())
            self.other = nn.Sequential(Residual(), Residual())

        def forward(self, x: Any) -> Any:
            return self.deep(x) + self.other(x)

    network = graph(Network(Stage()))
    (group,) = network.branches
    assert [[network.sequence[at].path for at in branch] for branch in group] == [
        ["blocks.0.deep.0", "blocks.0.deep.1"],
        ["blocks.0.other.0", "blocks.0.other.1"],
    ]


def test_positions_move_with_the_papers_sequence() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            import torch

            self.gamma = nn.Parameter(torch.ones(8, 1, 1))
            self.a, self.b = nn.Sequential(conv(8, 8), conv(8, 8)), conv(8, 8, 1)

        def forward(self, x: Any) -> Any:
            return self.a(x * self.gamma) + self.b(x)

    network = graph(Network(Scaled()))
    assert named(block(network, "blocks.0")) == [[["gamma", "a.0", "a.1"], ["b"]]]
    (paper,) = [entry for entry in network.entries if not entry.single]
    assert named(paper) == [[["a.0", "a.1"], ["b"]]]


def test_arcs_are_skips_gates_and_further_branches() -> None:
    arcs = set(graph(Network(Residual(), Gated(), Towers())).arcs)
    assert Arc("act", "blocks.0.bn2", "skip") in arcs
    assert Arc("blocks.0.act2", "blocks.1.conv2", "skip") in arcs
    assert Arc("blocks.1.conv1", "blocks.1.se.expand", "mul") in arcs
    assert {
        Arc("blocks.2.one", "blocks.2.three", "cat"),
        Arc("blocks.2.two.1", "blocks.2.three", "cat"),
    } <= arcs
    assert not any(arc.source == arc.target for arc in arcs)


def test_without_a_flow_there_are_none() -> None:
    network = standardize_tree(tree_of(Network(Towers())))
    assert (network.arcs, network.branches) == ((), ())
    assert all(entry.branches == () for entry in network.sequence)


def test_blocks_of_the_author_have_branches_too() -> None:
    network = graph(Network(Towers(), Residual("projection")), "blocks")
    assert len(block(network, "blocks.0").branches) == 1
    assert len(block(network, "blocks.1").branches) == 1
