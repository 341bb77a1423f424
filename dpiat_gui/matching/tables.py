"""Scores of two networks' layers and entries, and what overrides make of them."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from dpiat_gui.errors import OverrideError
from dpiat_gui.matching.blocks import (
    InnerTables,
    batches_of,
    columns_of,
    entry_scores,
    make_inner_tables,
)
from dpiat_gui.matching.constraints import Constraints, InnerConstraints, Matched, Side
from dpiat_gui.matching.inner import block_scores, match_inside
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.recurrence import MatchedLayer
from dpiat_gui.matching.scores import Alphabet, Scores, Word, score_table, spell
from dpiat_gui.matching.values import MatchOptions, Overrides, Pair
from dpiat_gui.networks.values import Block, Network

if TYPE_CHECKING:
    from dpiat_gui.matching.outlook import Outlook

# Without a call of Python's own for every pair.
_new_pair = partial(tuple.__new__, Pair)
_MOST_CORRECTED = 4096
"""Pairs of blocks under corrections that are remembered; what one is takes some hundred bytes."""


@dataclass(frozen=True)
class ScoreTables:
    """Everything about two networks that no override changes: what a re-solve starts from.

    Parameters
    ----------
    source, target, options
        What was asked for.
    source_side, target_side
        The two sequences that are matched, by path; layer by layer where the method knows no blocks.
    source_alphabet, target_alphabet
        Their distinct layers and blocks.
    layers
        Scores of distinct layers, shape (target letters, source letters).
    inner
        Inner tables of the distinct pairs of blocks.
    factors
        Skip factors, shape (targets, sources); None where all are 1.
    entries
        Scores of entries, shape (targets, sources): of blocks by their inner matching times the
        skip factor, of single layers by their shapes, 0 for a block with a single layer.
    groups
        Where the method knows no blocks, the entry of the source's (of the target's) own sequence
        that each layer stands in; else None.
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
    factors: Scores | None = field(repr=False)
    entries: Scores = field(repr=False)
    groups: tuple[tuple[int, ...], tuple[int, ...]] | None = field(repr=False)
    _matched: dict[tuple[int, int], tuple[MatchedLayer, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _pairs: dict[tuple[int, int], tuple[Pair, ...]] = field(default_factory=dict, repr=False, compare=False)
    _outlooks: dict[Overrides, "Outlook"] = field(default_factory=dict, repr=False, compare=False)
    _corrected: dict[Hashable, Matched] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def forced(self) -> dict[int, tuple[Scores, int]]:
        """What pairs of distinct blocks are worth with a pair of their layers forced.

        By distinct target block: an array of shape (rows, columns, sources, targets) by scored layers,
        and where the target stands in it. Blocks too large for a batch are not among them.
        """
        from dpiat_gui.matching.forced import forced_in_batch

        columns = columns_of(self.inner.sources)
        found: dict[int, tuple[Scores, int]] = {}
        for batch in batches_of(self.inner.targets) if columns.size else []:
            for part in batch.parts(self.layers.shape[1], columns.size):
                values = forced_in_batch(part, columns, self.layers, self.options.exponent)
                found.update((target, (values, at)) for at, target in enumerate(part.where))
        return found

    def factor(self, source: int, target: int) -> float:
        """Return the skip factor of a pair of entries."""
        return 1.0 if self.factors is None else float(self.factors[target, source])


def prepare(source: Network, target: Network, options: MatchOptions) -> ScoreTables:
    """Run the inner phase: score every pair of entries."""
    entries = [network.entries_for(options.layer_types) for network in (source, target)]
    groups = None
    if METHODS[options.method].layerwise:
        groups = _groups(entries[0]), _groups(entries[1])
        entries = [_layer_by_layer(sequence) for sequence in entries]
    one, other = (spell(sequence, options.layer_types) for sequence in entries)
    layers = score_table(one, other)
    inner = make_inner_tables(one.words, other.words, layers, options.exponent)
    blocks = block_scores(options.method, inner, one.branches, other.branches)
    scores = entry_scores(blocks, layers, one, other)
    factors = skip_factors(entries[0], entries[1], options.skip_factor)
    if factors is not None:
        scores *= factors
    sides = Side(source.name, entries[0]), Side(target.name, entries[1])
    return ScoreTables(source, target, options, *sides, one, other, layers, inner, factors, scores, groups)


def skip_factors(sources: Sequence[Block], targets: Sequence[Block], factor: float) -> Scores | None:
    """Return the factor of every pair of entries, shape (targets, sources); None if all are 1.

    It is `factor` for two blocks of which exactly one has an identity skip, where both are known.
    """
    if factor == 1.0:
        return None
    skips = [
        np.array([-1 if block.skip is None or block.single else int(block.skip) for block in blocks])
        for blocks in (targets, sources)
    ]
    differ = skips[0][:, None] + skips[1][None, :] == 1
    differ &= (skips[0][:, None] >= 0) & (skips[1][None, :] >= 0)
    return np.where(differ, factor, 1.0) if differ.any() else None


def _layer_by_layer(entries: Sequence[Block]) -> tuple[Block, ...]:
    return tuple(
        Block(layer.path, (layer,), single=True, class_name=layer.class_name)
        for block in entries
        for layer in block.layers
    )


def _groups(entries: Sequence[Block]) -> tuple[int, ...]:
    return tuple(at for at, block in enumerate(entries) for _ in block.layers)


def constrained_scores(tables: ScoreTables, constraints: Constraints) -> Scores:
    """Return the entries' scores under the constraints, shape (targets, sources).

    Raises
    ------
    OverrideError
        If a pinned pair of blocks has no pair of layers left.
    """
    if not constraints:
        return tables.entries
    scores = tables.entries.copy()
    if constraints.fresh_layers:
        _score_without(tables, constraints, scores)
    for source, target in constraints.inner:
        score, _ = _match_constrained(tables, constraints, source, target)
        scores[target, source] = score * tables.factor(source, target)
    for source, target in constraints.bans:
        scores[target, source] = 0.0
    scores[list(constraints.fresh)] = 0.0
    for target, source in constraints.pins.items():
        if scores[target, source] <= 0:
            raise emptied(tables, source, target)
    return scores


def emptied(tables: ScoreTables, source: int, target: int) -> OverrideError:
    """Return the error of a pin on two blocks that have no pair of layers left."""
    pair = f"{tables.source_side.entries[source].path} → {tables.target_side.entries[target].path}"
    return OverrideError(
        f"{pair} cannot be pinned: every pair of layers inside is banned or left fresh.",
        "Clear one of these overrides first.",
    )


def _score_without(tables: ScoreTables, constraints: Constraints, scores: Scores) -> None:
    """Score the blocks that hold fresh layers anew, in place."""
    touched = list(constraints.fresh_layers)
    words = [_word_without(tables, target, constraints) for target in touched]
    inner = make_inner_tables(tables.inner.sources, words, tables.layers, tables.options.exponent)
    branches = [tables.target_side.entries[target].branches for target in touched]
    blocks = block_scores(tables.options.method, inner, tables.source_alphabet.branches, branches)
    numbers = np.array(tables.source_alphabet.numbers)
    where = np.ix_(np.array(touched), np.flatnonzero(numbers >= 0))
    scores[where] = blocks[:, numbers[numbers >= 0]]
    if tables.factors is not None:
        scores[where] *= tables.factors[where]


def _word_without(tables: ScoreTables, target: int, constraints: Constraints) -> Word:
    """Spell a target block with its fresh layers as layers that never score."""
    fresh = constraints.fresh_layers.get(target, ())
    return tuple(
        0 if at in fresh else letter for at, letter in enumerate(tables.target_alphabet.codes[target])
    )


def constrained_cells(tables: ScoreTables, constraints: Constraints, source: int, target: int) -> Scores:
    """Return the layer scores inside two entries under bans and fresh layers.

    Shape (target layers, source layers).
    """
    word = _word_without(tables, target, constraints)
    cells = tables.layers[np.array(word)[:, None], tables.source_alphabet.codes[source]]
    inner = constraints.inner.get((source, target))
    for s, t in inner.bans if inner else ():
        cells[t, s] = 0.0
    return cells


def _match_constrained(tables: ScoreTables, constraints: Constraints, source: int, target: int) -> Matched:
    """Match the layers of two blocks under bans, fresh layers and pins."""
    known = constraints.solved.get((source, target))
    if known is None:
        inner = constraints.inner.get((source, target)) or InnerConstraints()
        fresh = frozenset(constraints.fresh_layers.get(target, ()))
        # Of forty corrections one is new at a time: what the others make of their blocks is remembered.
        key = (source, target, frozenset(inner.pins.items()), frozenset(inner.bans), fresh)
        known = tables._corrected.get(key)
        if known is None:
            if len(tables._corrected) >= _MOST_CORRECTED:
                tables._corrected.clear()
            known = tables._corrected[key] = match_inside(
                tables.options.method,
                constrained_cells(tables, constraints, source, target),
                tables.options.exponent,
                tables.source_side.entries[source].branches,
                tables.target_side.entries[target].branches,
                inner.pins,
            )
        constraints.solved[source, target] = known
    return known


def inner_pairs(
    tables: ScoreTables,
    constraints: Constraints,
    source: int,
    target: int,
    pinned: frozenset[tuple[str, str]],
) -> tuple[Pair, ...]:
    """Return the matched layers of two matched entries."""
    if (source, target) in constraints.inner or target in constraints.fresh_layers:
        _, matched = _match_constrained(tables, constraints, source, target)
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
    """Match the layers of two entries that no override touches; equal pairs are matched once."""
    numbers = tables.source_alphabet.numbers[source], tables.target_alphabet.numbers[target]
    if numbers[0] < 0:
        return ((0, 0, float(tables.entries[target, source]), 1),)
    if tables.options.method == "dp":
        return tables.inner.matched(*numbers)
    known = tables._matched.get(numbers)
    if known is None:
        _, known = _match_constrained(tables, Constraints(), source, target)
        tables._matched[numbers] = known
    return known


def _name_pairs(
    tables: ScoreTables,
    source: int,
    target: int,
    matched: Iterable[MatchedLayer],
    pinned: frozenset[tuple[str, str]],
) -> tuple[Pair, ...]:
    sources = tables.source_side.entries[source].layers
    targets = tables.target_side.entries[target].layers
    if not pinned:
        return tuple(
            [
                _new_pair((sources[s].path, targets[t].path, score, False, span))
                for s, t, score, span in matched
            ]
        )
    named = [(sources[s].path, targets[t].path, score, span) for s, t, score, span in matched]
    return tuple(Pair(s, t, score, (s, t) in pinned, span) for s, t, score, span in named)
