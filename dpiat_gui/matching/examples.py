"""Small networks made for a lesson: each pair shows one idea of the matching."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dpiat_gui.matching.engine import match_networks, prepare
from dpiat_gui.matching.tables import ScoreTables
from dpiat_gui.matching.values import Matching, MatchOptions, Overrides
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.values import Block, Layer, ModuleNode, ModuleTree, Network, TensorSpec

Shape = tuple[int, ...] | None
Part = tuple[str, Shape]
"""Name and weight shape of a layer; None for an activation, which has no weight."""

Entry = tuple[str, Shape | list[Part]]
"""A layer by itself, or a block: its name and its layers."""

_BY_RANK = {1: LayerKind.BATCH_NORM2D, 2: LayerKind.LINEAR, 4: LayerKind.CONV2D}


@dataclass(frozen=True)
class Example:
    """Two small networks and what to look for in their matching.

    Parameters
    ----------
    name
        A short key.
    title
        What the list of examples calls it.
    idea
        The one idea it shows, in a sentence or two.
    source, target
        The two networks.
    overrides
        Corrections by hand.
    options
        Of the matching; the paper's.
    inside
        Entries (source, target) whose inner table is the point; None for the outer one.
    """

    name: str
    title: str
    idea: str
    source: Network = field(repr=False)
    target: Network = field(repr=False)
    overrides: Overrides = field(default_factory=Overrides)
    options: MatchOptions = field(default_factory=lambda: MatchOptions(layer_types="paper"))
    inside: tuple[int, int] | None = None

    @cached_property
    def tables(self) -> ScoreTables:
        """The scores of the two networks."""
        return prepare(self.source, self.target, self.options)

    @cached_property
    def matching(self) -> Matching:
        """The matching of the two networks."""
        return match_networks(self.source, self.target, self.options, self.overrides)


def examples() -> tuple[Example, ...]:
    """Return the built-in examples, the simplest first."""
    return (
        _equal(),
        _deeper(),
        _wider(),
        _penalty(),
        _ties(),
        _pin(),
        _unmatched(),
        _blocks(),
    )


def _equal() -> Example:
    layers: list[Entry] = [
        ("conv1", (8, 3, 3, 3)),
        ("bn1", (8,)),
        ("conv2", (16, 8, 3, 3)),
        ("bn2", (16,)),
        ("fc", (10, 16)),
    ]
    return Example(
        "equal",
        "Equal networks",
        "Every layer finds itself, and each pair adds 1. So a network matched with itself scores as many "
        "points as it has scored layers: no matching can score more.",
        _network("source", layers),
        _network("target", layers),
    )


def _deeper() -> Example:
    conv = (8, 8, 3, 3)
    return Example(
        "deeper",
        "A deeper target",
        "Three equal layers have only two sources. One source serves two targets: together they add "
        "2/√2 = 1.414, more than one target alone but less than two with a source each.",
        _network("source", [("conv1", conv), ("conv2", conv), ("fc", (10, 8))]),
        _network("target", [("conv1", conv), ("conv2", conv), ("conv3", conv), ("fc", (10, 8))]),
    )


def _wider() -> Example:
    return Example(
        "wider",
        "A wider target",
        "The score of two layers is the product of min(s/t, t/s) over the dimensions of their weights. "
        "With half as many channels on both sides of a convolution it is ½ · ½ = 0.25; the order stays.",
        _network(
            "source", [("conv1", (8, 3, 3, 3)), ("bn1", (8,)), ("conv2", (8, 8, 3, 3)), ("fc", (10, 8))]
        ),
        _network(
            "target", [("conv1", (16, 3, 3, 3)), ("bn1", (16,)), ("conv2", (16, 16, 3, 3)), ("fc", (10, 16))]
        ),
    )


def _penalty() -> Example:
    conv = (8, 8, 3, 3)
    return Example(
        "penalty",
        "The span penalty",
        "A span is divided by the root of its length, and a member that scores 0 counts in the length. "
        "Across one activation the second convolution still pays: 2/√3 = 1.155. The third lies too far "
        "away: 3/√7 = 1.134 is less, so it stays fresh.",
        _network("source", [("conv", conv)]),
        _network(
            "target",
            [
                ("conv1", conv),
                ("act1", None),
                ("conv2", conv),
                ("act2", None),
                ("act3", None),
                ("act4", None),
                ("conv3", conv),
            ],
        ),
    )


def _ties() -> Example:
    conv = (8, 8, 3, 3)
    return Example(
        "ties",
        "Ties",
        "Three equal sources, two targets: several matchings are worth 2. A match replaces a skip only if "
        "it is strictly better, and of two equal skips the source's is taken: the answer is always the same.",
        _network("source", [("conv1", conv), ("conv2", conv), ("conv3", conv)]),
        _network("target", [("conv1", conv), ("conv2", conv)]),
    )


def _pin() -> Example:
    return Example(
        "pin",
        "A pin",
        "conv1 is pinned to the target's conv2. That row must not be skipped, and no other source may have "
        "it: before conv1 has come, its cell and those below are −∞. Everything else is solved around the "
        "pin, exactly.",
        _network("source", [("conv1", (8, 8, 3, 3)), ("conv2", (16, 8, 3, 3)), ("fc", (10, 16))]),
        _network("target", [("conv1", (8, 8, 3, 3)), ("conv2", (16, 8, 3, 3)), ("fc", (10, 16))]),
        Overrides(pins=(("conv1", "conv2"),)),
    )


def _unmatched() -> Example:
    return Example(
        "unmatched",
        "What cannot match",
        "Layers of different types score 0, an activation has no weight to score, and a block never matches "
        "a single layer, however alike they are. Where a pair scores 0, its cell is the larger of the cells "
        "above and at the left.",
        _network("source", [("conv", (8, 8, 3, 3)), ("bn", (8,)), ("act", None), ("fc", (10, 8))]),
        _network(
            "target",
            [
                ("fc1", (8, 8)),
                ("block", [("block.conv", (8, 8, 3, 3)), ("block.bn", (8,))]),
                ("bn", (8,)),
                ("act", None),
                ("fc2", (10, 8)),
            ],
        ),
    )


def _blocks() -> Example:
    def block(name: str, inputs: int, outputs: int) -> tuple[str, list[Part]]:
        return name, [
            (f"{name}.conv1", (outputs, inputs, 3, 3)),
            (f"{name}.bn1", (outputs,)),
            (f"{name}.act", None),
            (f"{name}.conv2", (outputs, outputs, 3, 3)),
            (f"{name}.bn2", (outputs,)),
        ]

    return Example(
        "blocks",
        "Blocks: two phases",
        "First every pair of blocks is matched layer by layer; the last cell of that inner table is the "
        "score of the two blocks. Then the blocks themselves are matched by these scores.",
        _network(
            "source", [("stem", (16, 3, 3, 3)), block("b1", 16, 16), block("b2", 16, 32), ("fc", (10, 32))]
        ),
        _network(
            "target",
            [
                ("stem", (16, 3, 3, 3)),
                block("b1", 16, 16),
                block("b2", 16, 24),
                block("b3", 24, 32),
                ("fc", (10, 32)),
            ],
        ),
    )


def _layer(path: str, shape: tuple[int, ...] | None) -> Layer:
    if shape is None:
        return Layer(path, LayerKind.ACTIVATION, "ReLU")
    kind = _BY_RANK[len(shape)]
    return Layer(path, kind, kind.value, (TensorSpec(f"{path}.weight", shape),))


def _node(layer: Layer) -> ModuleNode:
    return ModuleNode(layer.path, layer.class_name, layer.kind, layer.tensors)


def _network(name: str, entries: Sequence[Entry]) -> Network:
    """Make a network of single layers and of blocks, which are named lists of layers."""
    blocks, nodes = [], []
    for path, what in entries:
        if isinstance(what, list):
            layers = tuple(_layer(*one) for one in what)
            blocks.append(Block(path, layers, single=False, class_name="Block"))
            children = tuple(_node(layer) for layer in layers)
            nodes.append(ModuleNode(path, "Block", LayerKind.OTHER, children=children))
        else:
            layer = _layer(path, what)
            blocks.append(Block(path, (layer,), single=True, class_name=layer.class_name))
            nodes.append(_node(layer))
    root = ModuleNode("", "Example", LayerKind.OTHER, children=tuple(nodes))
    return Network(ModuleTree(name, root, f"example:{name}"), tuple(blocks))
