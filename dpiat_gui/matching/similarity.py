"""Similarity of two architectures (dpiat.md, section 4)."""

from dpiat_gui.errors import MatchError
from dpiat_gui.matching.engine import prepare
from dpiat_gui.matching.recurrence import best_values, make_problem
from dpiat_gui.matching.scores import layer_type
from dpiat_gui.matching.values import MatchOptions, Similarity
from dpiat_gui.networks.values import Network


def self_score(network: Network, layer_types: str = "all") -> float:
    """Return D(T, T), the score of a network with itself.

    It is the number of scored layers: the identity reaches it, and no matching can do better,
    since each target adds at most its score of at most 1, divided by at least 1.
    """
    return float(
        sum(
            layer_type(layer, layer_types) is not None
            for block in network.entries_for(layer_types)
            for layer in block.layers
        )
    )


def similarity(source: Network, target: Network, options: MatchOptions | None = None) -> Similarity:
    """Return the similarity of two networks in both directions, each in 0..1.

    Raises
    ------
    MatchError
        If one of them has no scored layer at all.
    """
    options = options or MatchOptions()
    return Similarity(_directional(source, target, options), _directional(target, source, options))


def _directional(source: Network, target: Network, options: MatchOptions) -> float:
    whole = self_score(target, options.layer_types)
    if not whole:
        raise MatchError(
            f"{target.name} has no layer that the layer types {options.layer_types!r} score.",
            "Similarity needs at least one; choose another network, or the layer types 'all'.",
        )
    scores = prepare(source, target, options).entries
    return float(best_values(make_problem(scores, options.exponent))[-1, -1]) / whole
