"""The two-phase matching of DPIAT: all pairs of blocks first, then the two sequences of entries."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from dpiat_gui.errors import OverrideError
from dpiat_gui.matching.blocks import (
    InnerTables,
    MatchedLayer,
    entry_scores,
    make_inner_tables,
    matched_layers,
)
from dpiat_gui.matching.constraints import Constraints, Side, pin_problem, resolve
from dpiat_gui.matching.recurrence import best_values, make_problem, trace_back
from dpiat_gui.matching.scores import Alphabet, Scores, Word, score_table, spell
from dpiat_gui.matching.values import EntryPair, Matching, MatchOptions, Overrides, Pair
from dpiat_gui.networks.values import Network


@dataclass(frozen=True)
class ScoreTables:
    """Everything about two networks that no override changes: what a re-solve starts from.

    Parameters
    ----------
    source, target, options
        What was asked for.
    source_side, target_side
        The two sequences, by path.
    source_alphabet, target_alphabet
        Their distinct layers.
    layers
        Scores of distinct layers, shape (target letters, source letters).
    inner
        Inner tables of the distinct pairs of blocks.
    entries
        Scores of entries, shape (targets, sources): of blocks by their inner matching, of single
        layers by their shapes, 0 for a block with a single layer.
    """

    source: Network = field(repr=False)
    target: Network = field(repr=False)
    options: MatchOptions
    source_side: Side = field(repr=False)
    target_side: Side = field(repr=False)
    source_alphabet: Alphabet = field(repr=False)
    target_alphabet: Alphabet = field(repr=False)
    layers: Scores = field(repr=False)
    inner: InnerTables = field(repr=False)
    entries: Scores = field(repr=False)
    _pairs: dict[tuple[int, int], tuple[Pair, ...]] = field(default_factory=dict, repr=False, compare=False)


def match_networks(
    source: Network, target: Network, options: MatchOptions | None = None, overrides: Overrides | None = None
) -> Matching:
    """Match two networks.

    Parameters
    ----------
    source, target
        The network that gives weights, and the one that takes them.
    options
        The recommended ones if left out.
    overrides
        Corrections by hand.

    Raises
    ------
    OverrideError
        If an override cannot hold; the message says why.
    """
    return solve(prepare(source, target, options or MatchOptions()), overrides or Overrides())


def prepare(source: Network, target: Network, options: MatchOptions) -> ScoreTables:
    """Run the inner phase: score every pair of entries."""
    source_entries = source.entries_for(options.layer_types)
    target_entries = target.entries_for(options.layer_types)
    source_alphabet = spell(source_entries, options.layer_types)
    target_alphabet = spell(target_entries, options.layer_types)
    layers = score_table(source_alphabet, target_alphabet)
    inner = make_inner_tables(source_alphabet.words, target_alphabet.words, layers, options.exponent)
    return ScoreTables(
        source,
        target,
        options,
        Side(source.name, source_entries),
        Side(target.name, target_entries),
        source_alphabet,
        target_alphabet,
        layers,
        inner,
        entry_scores(inner, source_alphabet, target_alphabet),
    )


def solve(tables: ScoreTables, overrides: Overrides) -> Matching:
    """Run the outer phase under the overrides, and read the pairs out.

    Only the inner tables that an override touches are made anew.

    Raises
    ------
    OverrideError
        If an override cannot hold; the message says why.
    """
    constraints = resolve(tables.source_side, tables.target_side, overrides, tables.options.layer_types)
    scores = _constrained_scores(tables, constraints)
    problem = make_problem(scores, tables.options.exponent, constraints.pins)
    values = best_values(problem)
    pinned = frozenset(overrides.pins)
    found: list[EntryPair] = []
    for span in trace_back(problem, values):
        for target in range(span.first, span.last + 1):
            if scores[target, span.source] > 0:
                pairs = _inner_pairs(tables, constraints, span.source, target, pinned)
                is_pinned = constraints.pins.get(target) == span.source
                score = float(scores[target, span.source])
                found.append(EntryPair(span.source, target, score, span.length, pairs, is_pinned))
    return Matching(
        tables.source, tables.target, tables.options, overrides, tuple(found), float(values[-1, -1])
    )


def check_pin(tables: ScoreTables, overrides: Overrides, source_path: str, target_path: str) -> str | None:
    """Return why the pair cannot be pinned beside the overrides there are, None if it can.

    A pin that the target has already would be replaced, so it stands in nobody's way.
    """
    rest = overrides.without(target_path)
    try:
        constraints = resolve(tables.source_side, tables.target_side, rest, tables.options.layer_types)
    except OverrideError as error:
        return str(error)
    problem = pin_problem(
        constraints,
        tables.source_side,
        tables.target_side,
        rest.pins,
        source_path,
        target_path,
        layer_types=tables.options.layer_types,
    )
    return str(problem) if problem else None


def _constrained_scores(tables: ScoreTables, constraints: Constraints) -> Scores:
    """Return the entries' scores under the constraints, shape (targets, sources)."""
    scores = tables.entries
    if not (
        constraints.bans
        or constraints.fresh
        or constraints.inner
        or constraints.fresh_layers
        or constraints.pins
    ):
        return scores
    scores = scores.copy()
    exponent = tables.options.exponent
    if constraints.fresh_layers:
        touched = list(constraints.fresh_layers)
        words = [_word_without(tables, target, constraints) for target in touched]
        inside = make_inner_tables(tables.inner.sources, words, tables.layers, exponent).scores
        numbers = np.array(tables.source_alphabet.numbers)
        scores[np.ix_(np.array(touched), np.flatnonzero(numbers >= 0))] = inside[:, numbers[numbers >= 0]]
    for (source, target), inner in constraints.inner.items():
        cells = _inner_scores(tables, constraints, source, target)
        scores[target, source] = best_values(make_problem(cells, exponent, inner.pins))[-1, -1]
    for source, target in constraints.bans:
        scores[target, source] = 0.0
    scores[list(constraints.fresh)] = 0.0
    for target, source in constraints.pins.items():
        if scores[target, source] <= 0:
            pair = f"{tables.source_side.entries[source].path} → {tables.target_side.entries[target].path}"
            raise OverrideError(
                f"{pair} cannot be pinned: every pair of layers inside is banned or left fresh.",
                "Clear one of these overrides first.",
            )
    return scores


def _word_without(tables: ScoreTables, target: int, constraints: Constraints) -> Word:
    """Spell a target block with its fresh layers as layers that never score."""
    fresh = constraints.fresh_layers.get(target, ())
    return tuple(
        0 if at in fresh else letter for at, letter in enumerate(tables.target_alphabet.codes[target])
    )


def _inner_scores(tables: ScoreTables, constraints: Constraints, source: int, target: int) -> Scores:
    """Return the layer scores inside a pair of blocks under bans and fresh layers."""
    word = _word_without(tables, target, constraints)
    cells = tables.layers[np.array(word)[:, None], tables.source_alphabet.codes[source]]
    inner = constraints.inner.get((source, target))
    for s, t in inner.bans if inner else ():
        cells[t, s] = 0.0
    return cells


def _inner_pairs(
    tables: ScoreTables,
    constraints: Constraints,
    source: int,
    target: int,
    pinned: frozenset[tuple[str, str]],
) -> tuple[Pair, ...]:
    """Return the matched layers of two matched entries."""
    touched = (source, target) in constraints.inner or target in constraints.fresh_layers
    if touched:
        inner = constraints.inner.get((source, target))
        cells = _inner_scores(tables, constraints, source, target)
        matched = matched_layers(cells, tables.options.exponent, inner.pins if inner else None)
        return _name_pairs(tables, source, target, matched, pinned)
    if target in constraints.pins:
        return _name_pairs(tables, source, target, _matched(tables, source, target), pinned)
    # Most entries stay matched from one solve to the next: their pairs are made once.
    pairs = tables._pairs.get((source, target))
    if pairs is None:
        pairs = _name_pairs(tables, source, target, _matched(tables, source, target), frozenset())
        tables._pairs[source, target] = pairs
    return pairs


def _matched(tables: ScoreTables, source: int, target: int) -> tuple[MatchedLayer, ...]:
    """Match the layers of two entries that no override touches."""
    source_number, target_number = (
        tables.source_alphabet.numbers[source],
        tables.target_alphabet.numbers[target],
    )
    if source_number < 0:
        return ((0, 0, float(tables.entries[target, source]), 1),)
    return tables.inner.matched(source_number, target_number)


def _name_pairs(
    tables: ScoreTables,
    source: int,
    target: int,
    matched: Iterable[MatchedLayer],
    pinned: frozenset[tuple[str, str]],
) -> tuple[Pair, ...]:
    sources = [layer.path for layer in tables.source_side.entries[source].layers]
    targets = [layer.path for layer in tables.target_side.entries[target].layers]
    return tuple(
        Pair(sources[s], targets[t], score, (sources[s], targets[t]) in pinned, span)
        for s, t, score, span in matched
    )
