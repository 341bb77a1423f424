"""Which dimensions of which layers are the same channels, and how they are laid out.

A network's channels come in *sets*: the outputs of a convolution, which its norm, the activation and
the input of the next layer share. A sum makes its inputs one set, a concatenation lays sets beside each
other, a flatten folds the places of a map behind each channel. A set that a grouped convolution
takes or gives is laid out in its groups, that of an attention in its heads. All of it is read from the
flow of information; where that is not known, only a layer and the norm after it share a set.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isqrt

from dpiat_gui.networks.flow import FUNCTION, LAYER, Flow
from dpiat_gui.networks.kinds import CONVOLUTIONS, NORMS, LayerKind
from dpiat_gui.networks.values import Layer, ModuleNode, Network

TRANSPOSED = frozenset({LayerKind.CONV_TRANSPOSE1D, LayerKind.CONV_TRANSPOSE2D, LayerKind.CONV_TRANSPOSE3D})
CHANNELWISE = NORMS | {LayerKind.PRELU, LayerKind.PARAMETER}
"""Layers with one number, or few, for each channel: they neither mix channels nor change their number."""

_PASSING = frozenset(
    (LayerKind.ACTIVATION, LayerKind.POOL, LayerKind.DROPOUT, LayerKind.IDENTITY, LayerKind.OTHER)
)
_PARTS_OF_ATTENTION = frozenset({"q", "k", "v", "q_proj", "k_proj", "v_proj", "query", "key", "value"})
_ENDS_OF_ATTENTION = frozenset({"proj", "out_proj", "o_proj"})


@dataclass(frozen=True, slots=True)
class Channels:
    """What lies along one dimension of a layer's tensors.

    Parameters
    ----------
    sets
        Numbers of the sets of channels that lie beside each other.
    folded
        Sizes of the axes folded behind each channel, the last one running fastest; empty for none.
    """

    sets: tuple[int, ...]
    folded: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LayerChannels:
    """The channels a layer takes and gives.

    Parameters
    ----------
    inputs, outputs
        Equal for a layer that works channel by channel.
    groups
        Groups of a convolution, else 1.
    maker
        Path of the conv or linear layer whose output comes here channel by channel, ``""`` where
        none does or streams were joined on the way.
    """

    inputs: Channels
    outputs: Channels
    groups: int = 1
    maker: str = ""

    @property
    def depthwise(self) -> bool:
        """Whether it works channel by channel."""
        return self.inputs == self.outputs


@dataclass(frozen=True)
class ChannelMap:
    """The channels of a network.

    Parameters
    ----------
    layers
        By path; only layers with a weight.
    sizes
        Number of channels of each set.
    grids
        For sets that are laid out in several axes, their sizes, the last one running fastest: the
        groups of convolutions, the heads of attentions.
    ordered
        Sets whose indices have a meaning by their place beside being channels: those of attentions.
    traced
        Whether the flow of information was known.
    """

    layers: Mapping[str, LayerChannels] = field(repr=False)
    sizes: Mapping[int, int] = field(repr=False)
    grids: Mapping[int, tuple[int, ...]] = field(repr=False)
    ordered: frozenset[int] = field(repr=False)
    traced: bool = False

    def grid(self, number: int) -> tuple[int, ...]:
        """Return the sizes of the axes a set is laid out in; its own size where it is in one."""
        return self.grids.get(number) or (self.sizes[number],)


def groups_of(layer: Layer) -> int:
    """Return the groups of a convolution, 1 for any other layer.

    A checkpoint does not say; but a weight for one input channel that has several outputs belongs
    to a depthwise convolution, unless it is the network's first layer of one channel.
    """
    if layer.kind not in CONVOLUTIONS or layer.shape is None:
        return 1
    said = layer.attribute("groups")
    if isinstance(said, int):
        return said
    first, second = layer.shape[:2]
    return first if second == 1 and first > 1 and layer.kind not in TRANSPOSED else 1


def channel_map(network: Network, flow: Flow | None = None) -> ChannelMap:
    """Return the channels of a network.

    Parameters
    ----------
    network
        The network.
    flow
        Its flow of information; the one its tree holds, if left out.
    """
    flow = flow or network.tree.flow
    builder = _Builder(network.layers, _heads(network.tree.root))
    if flow is not None:
        _follow(flow, builder)
    else:
        _in_order(network.layers, builder)
    return builder.finished(traced=flow is not None)


Stream = tuple[int, ...] | None
"""The sets of channels of a value that flows, None where nobody knows."""


def _follow(flow: Flow, builder: "_Builder") -> None:
    """Let the streams of a flow pass through its layers."""
    streams: list[tuple[Stream, str]] = []
    for step in flow.steps:
        given = [streams[number] for number in step.inputs]
        if step.kind == LAYER:
            streams.append(builder.layer(step.path, *(given[0] if given else (None, ""))))
        elif step.kind == FUNCTION and given:
            streams.append(given[0])
        elif step.kind in ("add", "mul"):
            streams.append((builder.summed([stream for stream, _ in given]), ""))
        elif step.kind == "cat":
            streams.append((builder.beside([stream for stream, _ in given]), ""))
        else:
            streams.append((None, ""))
    builder.rest()


def _in_order(layers: Iterable[Layer], builder: "_Builder") -> None:
    """Let a norm share the channels of the layer registered before it: all that is known without a flow."""
    stream: Stream = None
    maker = ""
    for layer in layers:
        if layer.kind in CHANNELWISE and not layer.bare:
            builder.layer(layer.path, stream, maker)
        elif layer.weight is not None:
            stream, maker = builder.layer(layer.path, None, "")


def _heads(root: ModuleNode) -> dict[str, int]:
    """Return the number of heads of each attention, by its path."""
    found = {}
    for node in root.walk():
        heads = dict(node.attributes).get("num_heads")
        if isinstance(heads, int) and heads > 0:
            found[node.path] = heads
    return found


class _Builder:
    """Collects sets of channels; which of them are one is found out on the way."""

    def __init__(self, layers: Iterable[Layer], heads: Mapping[str, int]) -> None:
        self._layers = {layer.path: layer for layer in layers}
        self._heads = heads
        self._sizes: list[int] = []
        self._same: list[int] = []
        self._grids: list[set[tuple[int, ...]]] = []
        self._ordered: set[int] = set()
        self._found: dict[str, LayerChannels] = {}

    def layer(self, path: str, stream: Stream, maker: str) -> tuple[Stream, str]:
        """Apply a layer to a stream; return what comes out and which layer made it."""
        layer = self._layers.get(path)
        if layer is None or layer.weight is None:
            passes = layer is not None and (layer.kind in _PASSING or layer.kind in CHANNELWISE)
            return (stream, maker) if passes else (None, "")
        if layer.kind in CHANNELWISE:
            return self._channelwise(layer, stream, maker)
        shape = layer.weight.shape
        if len(shape) < 2:
            return None, ""
        if layer.kind is LayerKind.EMBEDDING:
            made = self._again(path) or (self._new(shape[1]),)
            self._found[path] = LayerChannels(Channels((self._new(shape[0]),)), Channels(made))
            return made, path
        return self._mixing(layer, shape, stream), path

    def summed(self, streams: list[Stream]) -> Stream:
        """Join streams channel by channel: what is added or multiplied shares its channels."""
        known = [stream for stream in streams if stream is not None]
        if not known:
            return None
        largest = max(known, key=self._total)
        for stream in known:
            if [self._sizes[one] for one in stream] == [self._sizes[one] for one in largest]:
                for one, other in zip(stream, largest, strict=True):
                    self._unite(one, other)
        return largest

    def beside(self, streams: list[Stream]) -> Stream:
        """Lay streams beside each other, as a concatenation does."""
        found: list[int] = []
        for stream in streams:
            if stream is None:
                return None
            found += stream
        return tuple(found)

    def rest(self) -> None:
        """Give channels of their own to layers that were never applied."""
        for path, layer in self._layers.items():
            if path not in self._found and layer.weight is not None:
                self.layer(path, None, "")

    def finished(self, *, traced: bool) -> ChannelMap:
        """Return what was found, each set by one number."""
        grids: dict[int, set[tuple[int, ...]]] = {}
        for number, found in enumerate(self._grids):
            grids.setdefault(self._find(number), set()).update(found)
        layers = {
            path: LayerChannels(self._settled(one.inputs), self._settled(one.outputs), one.groups, one.maker)
            for path, one in self._found.items()
        }
        return ChannelMap(
            layers,
            {self._find(number): size for number, size in enumerate(self._sizes)},
            # Layouts that contradict each other are none.
            {number: next(iter(found)) for number, found in grids.items() if len(found) == 1},
            frozenset(self._find(number) for number in self._ordered),
            traced,
        )

    def _channelwise(self, layer: Layer, stream: Stream, maker: str) -> tuple[Stream, str]:
        assert layer.weight is not None
        total = self._total(stream) if stream is not None else -1
        sizes = [size for size in layer.weight.shape if size != 1]
        if layer.kind is LayerKind.PARAMETER:
            # A position embedding has a size for the place too; its channels are the stream's.
            if stream is not None and sizes.count(total) == 1:
                self._found[layer.path] = LayerChannels(Channels(stream), Channels(stream), 1, maker)
            return stream, maker
        if len(sizes) != 1 or (layer.kind is LayerKind.PRELU and sizes[0] != total):
            return stream, maker
        own = self._of_size(stream, sizes[0])
        self._found[layer.path] = LayerChannels(
            Channels(own), Channels(own), 1, maker if sizes[0] == total else ""
        )
        return own, maker

    def _mixing(self, layer: Layer, shape: tuple[int, ...], stream: Stream) -> Stream:
        """Apply a layer that makes new channels of those it gets."""
        groups = groups_of(layer)
        if layer.kind in TRANSPOSED:
            taken, given = shape[0], shape[1] * groups
        else:
            taken, given = shape[1] * groups, shape[0]
        inputs = self._inputs(layer, stream, taken)
        if groups == taken == given and groups > 1:
            self._found[layer.path] = LayerChannels(inputs, inputs, groups)
            return inputs.sets
        made = self._again(layer.path) or (self._new(given),)
        if 1 < groups < given and given % groups == 0:
            self._grids[made[0]].add((groups, given // groups))
        if 1 < groups < taken and len(inputs.sets) == 1:
            self._grids[inputs.sets[0]].add((groups, taken // groups))
        self._lay_out_heads(layer, inputs, made[0], given)
        self._found[layer.path] = LayerChannels(inputs, Channels(made), groups)
        return made

    def _inputs(self, layer: Layer, stream: Stream, taken: int) -> Channels:
        total = self._total(stream) if stream is not None else 0
        if layer.kind is LayerKind.LINEAR and stream is not None and 0 < total < taken and taken % total == 0:
            places = taken // total
            side = isqrt(places)
            return Channels(stream, (side, side) if side * side == places else (places,))
        return Channels(self._of_size(stream, taken))

    def _lay_out_heads(self, layer: Layer, inputs: Channels, made: int, given: int) -> None:
        """Note the heads of an attention: query, key and value lie one after the other, heads in each."""
        parent, _, name = layer.path.rpartition(".")
        heads = self._heads.get(parent)
        if heads is None:
            return
        if name in ("qkv", "in_proj") and given % (3 * heads) == 0:
            self._grids[made].add((3, heads, given // (3 * heads)))
            self._ordered.add(made)
        elif name in _PARTS_OF_ATTENTION and given % heads == 0:
            self._grids[made].add((heads, given // heads))
            self._ordered.add(made)
        elif name in _ENDS_OF_ATTENTION and len(inputs.sets) == 1 and not inputs.folded:
            size = self._sizes[inputs.sets[0]]
            if size % heads == 0:
                self._grids[inputs.sets[0]].add((heads, size // heads))
                self._ordered.add(inputs.sets[0])

    def _again(self, path: str) -> tuple[int, ...] | None:
        """Return the channels that a layer gave when it was applied before."""
        known = self._found.get(path)
        return known.outputs.sets if known else None

    def _of_size(self, stream: Stream, size: int) -> tuple[int, ...]:
        """Return the stream's sets if they are as many channels as a layer takes, else new ones."""
        if stream is not None and self._total(stream) == size:
            return stream
        if stream is not None and len(stream) > 1 and all(self._sizes[one] == size for one in stream):
            # What was concatenated lies along another dimension: places, or tokens.
            for one in stream[1:]:
                self._unite(stream[0], one)
            return stream[:1]
        return (self._new(size),)

    def _total(self, stream: tuple[int, ...]) -> int:
        return sum(self._sizes[one] for one in stream)

    def _new(self, size: int) -> int:
        self._sizes.append(size)
        self._same.append(len(self._same))
        self._grids.append(set())
        return len(self._same) - 1

    def _find(self, number: int) -> int:
        while self._same[number] != number:
            self._same[number] = self._same[self._same[number]]
            number = self._same[number]
        return number

    def _unite(self, one: int, other: int) -> None:
        one, other = self._find(one), self._find(other)
        self._same[max(one, other)] = min(one, other)

    def _settled(self, channels: Channels) -> Channels:
        return Channels(tuple(self._find(one) for one in channels.sets), channels.folded)
