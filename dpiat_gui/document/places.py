"""Where a path stands in a standardized network."""

from dataclasses import dataclass
from functools import lru_cache

from dpiat_gui.matching.layer_scores import layer_score, layer_type
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import MatchOptions
from dpiat_gui.networks.values import Block, Layer, Network


@dataclass(frozen=True, slots=True)
class Place:
    """A layer or a whole block in the sequence.

    Parameters
    ----------
    entry
        Position of the block among the network's entries.
    block
        The block, or the entry that holds the single layer.
    layer
        The layer, None where the path names a block of several.
    position
        Position of the layer in its block, -1 for the block itself.
    """

    entry: int
    block: Block
    layer: Layer | None = None
    position: int = -1

    @property
    def path(self) -> str:
        """The path that leads here."""
        return self.layer.path if self.layer else self.block.path


def places_of(network: Network, layer_types: str = "all") -> dict[str, Place]:
    """Return the place of every layer and block that a matching with `layer_types` sees.

    A path that names both a block and a layer in it stands for the layer. The answer is made
    once for each network and must not be changed.
    """
    return _places(_Same(network), layer_types)


class _Same:
    """A network as a key: by identity, since hashing the value reads its whole tree."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.network is self.network

    def __hash__(self) -> int:
        return id(self.network)


@lru_cache(maxsize=8)
def _places(same: _Same, layer_types: str) -> dict[str, Place]:
    entries = same.network.entries_for(layer_types)
    found = {block.path: Place(at, block) for at, block in enumerate(entries) if not block.single}
    for at, block in enumerate(entries):
        for position, layer in enumerate(block.layers):
            found[layer.path] = Place(at, block, layer, position)
    return found


def is_scored(layer: Layer, layer_types: str) -> bool:
    """Tell whether the layer can score at all: a kind that counts, and a weight to compare."""
    return layer_type(layer, layer_types) is not None


def could_match(source: Place, target: Place, options: MatchOptions) -> bool:
    """Tell whether two layers score above 0 and stand where a matching may join them."""
    return pair_score(source, target, options) > 0


def pair_score(source: Place, target: Place, options: MatchOptions) -> float:
    """Return the score of two layers; 0 where no matching may join them.

    A layer inside a block and one by itself are never joined, unless the method knows no blocks.
    """
    if source.layer is None or target.layer is None:
        return 0.0
    if source.block.single != target.block.single and not METHODS[options.method].layerwise:
        return 0.0
    return layer_score(source.layer, target.layer, options.layer_types)
