"""Splits and joins of a flow: which steps lie between one and the other, and in which branches.

Sets of steps are the bits of whole numbers here, so that networks of thousands of layers take
milliseconds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from dpiat_gui.networks.flow import FUNCTION, JOINS, LAYER, Flow
from dpiat_gui.networks.kinds import DIMENSIONAL, LayerKind
from dpiat_gui.networks.values import Layer

STREAM_JOINS = ("add", "cat")
"""Joins that bring branches together; a product is a gate, and an attention's joins are its own."""

ENTRY = 0
"""The node before all inputs."""


@dataclass(frozen=True, slots=True)
class FlowNode:
    """A step that counts: an applied layer or function, a join of different streams, or an input.

    Parameters
    ----------
    kind, path
        As on the `Step`.
    sources
        The nodes it takes from, each once, in order.
    """

    kind: str
    path: str
    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """What lies between a split and the join where all of its branches meet again.

    Parameters
    ----------
    kind
        The join's kind.
    first, last
        The node whose output splits, and the join; neither lies inside.
    inside
        The nodes between, as bits.
    branches
        The parts of it that only the split and the join connect, as bits, in order of execution.
    direct
        True if the split's output also reaches the join by itself.
    depth
        The largest number of conv and linear layers one after the other inside.
    """

    kind: str
    first: int
    last: int
    inside: int
    branches: tuple[int, ...]
    direct: bool
    depth: int


def bits(mask: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def ignored_layers(flow: Flow, layers: Mapping[str, Layer]) -> frozenset[str]:
    """Return the layers that leave everything as it is: Identity, Dropout, and whatever else was seen to."""
    return frozenset(
        path
        for path, layer in layers.items()
        if layer.kind in (LayerKind.IDENTITY, LayerKind.DROPOUT)
        or (path in flow.passes and layer.weight is None)
    )


class FlowMap:
    """A flow reduced to what counts, with everything that leads to and from each node.

    Parameters
    ----------
    flow
        The flow of a network.
    layers
        Its layers by path.

    Notes
    -----
    Layers that pass on what they get are no nodes, and neither are joins of a stream with itself. Sums
    of sums are one sum, so that three branches are three branches. Nodes are numbered in order
    of execution from 1; 0 is the entry, the last one the exit. `passing` tells for each layer that
    is no node from which node it passes on; `order` are all layers by execution.
    """

    def __init__(self, flow: Flow, layers: Mapping[str, Layer]) -> None:
        self.ignored = ignored_layers(flow, layers)
        self.layers = layers
        self.order = flow.layers
        self.nodes, self.passing = _reduced(flow, self.ignored)
        self.exit = len(self.nodes) - 1
        self.before = self._before()
        self.after = self._after()
        self.targets = self._targets()

    @cached_property
    def first_calls(self) -> dict[str, int]:
        """The node where each layer is applied first, by path."""
        found: dict[str, int] = {}
        for number, node in enumerate(self.nodes):
            if node.kind == LAYER:
                found.setdefault(node.path, number)
        return found

    @cached_property
    def weighted(self) -> int:
        """The nodes that apply a layer with a weight, as bits."""
        return sum(1 << at for at, node in enumerate(self.nodes) if self._layer(node, weighted=True))

    @cached_property
    def dimensional(self) -> int:
        """The nodes that apply a conv or linear layer, as bits."""
        return sum(
            1 << at
            for at, node in enumerate(self.nodes)
            if (layer := self._layer(node)) and layer.kind in DIMENSIONAL
        )

    @cached_property
    def dominators(self) -> tuple[int, ...]:
        """For each node those that every path to it goes through, itself included, as bits."""
        found = [1]
        for number, node in enumerate(self.nodes[1:], 1):
            common = -1
            for source in node.sources:
                common &= found[source]
            found.append((common if node.sources else 1) | 1 << number)
        return tuple(found)

    @cached_property
    def regions(self) -> tuple[Region, ...]:
        """Every region, by the order of its join; of two, one lies in the other or they are apart."""
        found = (self._region(at) for at, node in enumerate(self.nodes) if len(node.sources) > 1)
        return tuple(region for region in found if region)

    def paths(self, mask: int) -> set[str]:
        """Return the layers whose first application lies in `mask`."""
        return {path for path, number in self.first_calls.items() if mask >> number & 1}

    def between(self, first: int, last: int) -> int:
        """Return the nodes on the ways from one node to another, both left out, as bits."""
        return self.after[first] & self.before[last]

    def parts(self, mask: int) -> tuple[int, ...]:
        """Return the connected parts of `mask`, as bits, in order of execution."""
        found = []
        while mask:
            part = grown = mask & -mask
            while grown:
                near = 0
                for number in bits(grown):
                    near |= self.targets[number]
                    for source in self.nodes[number].sources:
                        near |= 1 << source
                grown = near & mask & ~part
                part |= grown
            found.append(part)
            mask &= ~part
        return tuple(found)

    def depth(self, mask: int) -> int:
        """Return the largest number of conv and linear layers one after the other in `mask`."""
        longest: dict[int, int] = {}
        for number in bits(mask):
            earlier = (longest.get(source, 0) for source in self.nodes[number].sources)
            longest[number] = max(earlier, default=0) + (self.dimensional >> number & 1)
        return max(longest.values(), default=0)

    def _layer(self, node: FlowNode, *, weighted: bool = False) -> Layer | None:
        layer = self.layers.get(node.path) if node.kind == LAYER else None
        return layer if layer and (layer.weight or not weighted) else None

    def _before(self) -> tuple[int, ...]:
        found: list[int] = []
        for node in self.nodes:
            mask = 0
            for source in node.sources:
                mask |= found[source] | 1 << source
            found.append(mask)
        return tuple(found)

    def _targets(self) -> tuple[int, ...]:
        found = [0] * len(self.nodes)
        for number, node in enumerate(self.nodes):
            for source in node.sources:
                found[source] |= 1 << number
        return tuple(found)

    def _after(self) -> tuple[int, ...]:
        found = [0] * len(self.nodes)
        for number in range(len(self.nodes) - 1, 0, -1):
            for source in self.nodes[number].sources:
                found[source] |= found[number] | 1 << number
        return tuple(found)

    def _region(self, last: int) -> Region | None:
        first = (self.dominators[last] & ~(1 << last)).bit_length() - 1
        inside = self.between(first, last)
        allowed = inside | 1 << last
        # What leaves the region by another way than its join makes it none.
        if last == self.exit or not inside or any(self.targets[at] & ~allowed for at in bits(inside)):
            return None
        node = self.nodes[last]
        return Region(
            node.kind, first, last, inside, self.parts(inside), first in node.sources, self.depth(inside)
        )


def _reduced(flow: Flow, ignored: frozenset[str]) -> tuple[tuple[FlowNode, ...], dict[str, int]]:
    """Return the nodes of a flow, the entry first and the exit last, and where ignored layers lie."""
    nodes = [FlowNode("entry", "", ())]
    place: list[int] = []
    passing: dict[str, int] = {}
    for step in flow.steps:
        sources = tuple(dict.fromkeys(place[source] for source in step.inputs))
        if step.kind == LAYER and step.path in ignored and len(sources) == 1:
            place.append(sources[0])
            passing.setdefault(step.path, sources[0])
            continue
        # The sum of a stream with itself joins nothing.
        kind = FUNCTION if step.kind in JOINS and len(sources) == 1 else step.kind
        nodes.append(FlowNode(kind, step.path, sources or (ENTRY,)))
        place.append(len(nodes) - 1)
    nodes.append(FlowNode("exit", "", tuple(dict.fromkeys(place[number] for number in flow.outputs))))
    made, numbers = _renumbered(nodes, _joins_of_joins(nodes))
    return made, {path: numbers[at] for path, at in passing.items() if at in numbers}


def _joins_of_joins(nodes: list[FlowNode]) -> dict[int, int]:
    """Return the joins that only feed a join of their own kind, with that one."""
    uses: dict[int, list[int]] = {}
    for number, node in enumerate(nodes):
        for source in node.sources:
            uses.setdefault(source, []).append(number)
    into: dict[int, int] = {}
    for number, node in enumerate(nodes):
        users = uses.get(number, [])
        if node.kind in STREAM_JOINS and len(users) == 1 and nodes[users[0]].kind == node.kind:
            into[number] = users[0]
    return into


def _renumbered(
    nodes: list[FlowNode], into: Mapping[int, int]
) -> tuple[tuple[FlowNode, ...], dict[int, int]]:
    """Leave out what leads to no output, and take the joins in `into` into others.

    Returns the nodes left, and the new numbers of old ones.
    """
    live = {len(nodes) - 1, ENTRY}
    for number in range(len(nodes) - 1, 0, -1):
        if number in live:
            live.update(nodes[number].sources)
    numbers: dict[int, int] = {}
    found: list[FlowNode] = []
    waiting: dict[int, list[int]] = {}
    for number in sorted(live):
        node = nodes[number]
        sources = waiting.pop(number, [])
        sources += [numbers[source] for source in node.sources if source not in into]
        if number in into:
            waiting.setdefault(into[number], []).extend(sources)
            continue
        numbers[number] = len(found)
        found.append(FlowNode(node.kind, node.path, tuple(dict.fromkeys(sources))))
    return tuple(found), numbers
