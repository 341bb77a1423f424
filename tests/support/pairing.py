"""Matchings and crops made by hand, for tests of the transfer."""

from collections.abc import Iterable, Mapping
from itertools import product

from dpiat_gui.matching.values import EntryPair, Matching, MatchOptions, Overrides, Pair
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.values import Network


def network_of(module, method="blocks") -> Network:
    """Standardize a live module."""
    from dpiat_gui.networks.torch_modules import tree_of

    return standardize_tree(tree_of(module), method)


def paired(
    source: Network,
    target: Network,
    pairs: Iterable[tuple[str, str]] | None = None,
    layer_types: str = "all",
    overrides: Overrides | None = None,
) -> Matching:
    """Match layers by hand, given (source, target) paths; every layer with itself by default."""
    if pairs is None:
        pairs = [(layer.path, layer.path) for layer in target.layers if layer.tensors]
    found = tuple(Pair(s, t, 1.0) for s, t in pairs)
    entry = EntryPair(0, 0, float(len(found)), 1, found)
    return Matching(
        source,
        target,
        MatchOptions(layer_types=layer_types),
        overrides or Overrides(),
        (entry,),
        float(len(found)),
    )


def naive_clip(source: tuple[int, ...], target: tuple[int, ...]) -> Mapping[tuple[int, ...], tuple[int, ...]]:
    """Return the source index of each target index that is covered, straight from the paper's formula."""

    def g(x: int, y: int) -> int:
        return (x - y) // 2 if x > y else 0

    ranges = [range(min(s, t)) for s, t in zip(source, target, strict=True)]
    return {
        tuple(g(t, s) + u for u, s, t in zip(us, source, target, strict=True)): tuple(
            g(s, t) + u for u, s, t in zip(us, source, target, strict=True)
        )
        for us in product(*ranges)
    }
