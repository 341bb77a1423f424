"""Similarity of two architectures (dpiat.md, section 4)."""

from collections.abc import Sequence

from dpiat_gui.errors import MatchError
from dpiat_gui.matching.blocks import entry_scores, make_inner_tables
from dpiat_gui.matching.filling import path_values
from dpiat_gui.matching.problems import make_problem
from dpiat_gui.matching.scores import Alphabet, Scores, score_table, spell
from dpiat_gui.matching.tables import skip_factors
from dpiat_gui.matching.values import MatchOptions, Similarity
from dpiat_gui.networks.values import Block, Network


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
    entries = [network.entries_for(options.layer_types) for network in (source, target)]
    one, other = (
        _spelled(network.name, sequence, options.layer_types)
        for network, sequence in zip((source, target), entries, strict=True)
    )
    factors = skip_factors(entries[0], entries[1], options.skip_factor)
    if factors is None and _are_equal(one, other):
        # Two names for one architecture: D(S, T) is D(T, T), see `self_score`.
        return Similarity(1.0, 1.0)
    # A layer scores the same in both directions, and skips differ the same; only the spans do not.
    layers = score_table(one, other)
    forward = _total(one, other, layers, factors, options.exponent)
    backward = _total(other, one, layers.T, None if factors is None else factors.T, options.exponent)
    return Similarity(forward / other.scored, backward / one.scored)


def _are_equal(one: Alphabet, other: Alphabet) -> bool:
    """Tell whether two sequences cannot be told apart by what scores."""
    # Letters are numbered as they come, so that equal sequences are spelled alike.
    blocks = [[number < 0 for number in side.numbers] for side in (one, other)]
    return one.letters == other.letters and one.codes == other.codes and blocks[0] == blocks[1]


def _spelled(name: str, entries: Sequence[Block], layer_types: str) -> Alphabet:
    alphabet = spell(entries, layer_types)
    if not alphabet.scored:
        raise MatchError(
            f"{name} has no layer that the layer types {layer_types!r} score.",
            "Similarity needs at least one; choose another network, or the layer types 'all'.",
        )
    return alphabet


def _total(
    source: Alphabet, target: Alphabet, layers: Scores, factors: Scores | None, exponent: float
) -> float:
    """Return D(S, T)."""
    inner = make_inner_tables(source.words, target.words, layers, exponent)
    scores = entry_scores(inner.scores, layers, source, target)
    if factors is not None:
        scores *= factors
    return float(path_values(make_problem(scores, exponent))[-1, -1])
