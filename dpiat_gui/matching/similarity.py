"""Similarity of two architectures (dpiat.md, section 4)."""

from dpiat_gui.errors import MatchError
from dpiat_gui.matching.blocks import entry_scores, make_inner_tables
from dpiat_gui.matching.recurrence import best_values, make_problem
from dpiat_gui.matching.scores import Alphabet, Scores, score_table, spell
from dpiat_gui.matching.values import MatchOptions, Similarity
from dpiat_gui.networks.values import Network


def self_score(network: Network, layer_types: str = "all") -> float:
    """Return D(T, T), the score of a network with itself.

    It is the number of scored layers: the identity reaches it, and no matching can do better,
    since each target adds at most its score of at most 1, divided by at least 1.
    """
    return float(spell(network.entries_for(layer_types), layer_types).scored)


def similarity(source: Network, target: Network, options: MatchOptions | None = None) -> Similarity:
    """Return the similarity of two networks in both directions, each in 0..1.

    Raises
    ------
    MatchError
        If one of them has no scored layer at all.
    """
    options = options or MatchOptions()
    one, other = _spelled(source, options.layer_types), _spelled(target, options.layer_types)
    # A layer scores the same in both directions; only the spans differ.
    layers = score_table(one, other)
    forward = _total(one, other, layers, options.exponent)
    backward = _total(other, one, layers.T, options.exponent)
    return Similarity(forward / other.scored, backward / one.scored)


def _spelled(network: Network, layer_types: str) -> Alphabet:
    alphabet = spell(network.entries_for(layer_types), layer_types)
    if not alphabet.scored:
        raise MatchError(
            f"{network.name} has no layer that the layer types {layer_types!r} score.",
            "Similarity needs at least one; choose another network, or the layer types 'all'.",
        )
    return alphabet


def _total(source: Alphabet, target: Alphabet, layers: Scores, exponent: float) -> float:
    """Return D(S, T)."""
    inner = make_inner_tables(source.words, target.words, layers, exponent)
    problem = make_problem(entry_scores(inner, source, target), exponent)
    return float(best_values(problem)[-1, -1])
