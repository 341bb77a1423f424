"""Scores of all pairs of blocks at once: the inner phase of the matching, batched.

Equal blocks recur in a network, so only distinct ones are compared; the values of spans are
shared by all source blocks that hold an equal layer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from dpiat_gui.matching.recurrence import (
    MatchedLayer,
    Positions,
    match_cells,
    members,
    run_values,
    span_divisors,
    walk_back,
)
from dpiat_gui.matching.scores import Alphabet, Scores, Word

_BATCH_ROWS = (4, 8, 16, 32)
"""Target blocks are batched with others of about their size, by number of scored layers."""

_BATCH_CELLS = 4_000_000
"""Number of span values that one batch may hold at a time."""

_KEPT_CELLS = 8_000_000
"""Number of table values kept for reading pairs out; beyond it a table is filled again."""


@dataclass(frozen=True)
class InnerTables:
    """Scores of all pairs of distinct blocks, with their tables D.

    Parameters
    ----------
    sources, targets
        The distinct blocks, spelled in the two networks' alphabets.
    layers
        Layer scores, shape (target letters, source letters).
    exponent
        x of the span penalty.
    scores
        Inner scores, shape (targets, sources).
    """

    sources: tuple[Word, ...]
    targets: tuple[Word, ...]
    layers: Scores = field(repr=False)
    exponent: float
    scores: Scores = field(repr=False)
    _tables: dict[int, tuple[Scores, int]] = field(repr=False, compare=False)
    _matched: dict[tuple[int, int], tuple[MatchedLayer, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def matched(self, source: int, target: int) -> tuple[MatchedLayer, ...]:
        """Return the matched layers of two distinct blocks, in target order."""
        known = self._matched.get((source, target))
        if known is None:
            known = self._matched[source, target] = self._match(source, target)
        return known

    def _match(self, source: int, target: int) -> tuple[MatchedLayer, ...]:
        source_word, target_word = self.sources[source], self.targets[target]
        if target not in self._tables:
            cells = self.layers[np.array(target_word)[:, None], source_word]
            return match_cells(cells, self.exponent)[1]
        tables, at = self._tables[target]
        rows = [position for position, letter in enumerate(target_word) if letter]
        columns = [position for position, letter in enumerate(source_word) if letter]
        values = tables[: len(columns) + 1, source, at, : len(rows) + 1].T.tolist()
        # Lists of numbers: for tables this small, arrays cost more to index than to hold.
        rows_of_cells = [[self._layer_rows[t][s] for s in source_word] for t in target_word]
        kept = [[rows_of_cells[row][column] for column in columns] for row in rows]
        return members(walk_back(rows, columns, kept, values, self.exponent), rows_of_cells)

    @cached_property
    def _layer_rows(self) -> list[list[float]]:
        rows: list[list[float]] = self.layers.tolist()
        return rows


def make_inner_tables(
    sources: Sequence[Word], targets: Sequence[Word], layers: Scores, exponent: float
) -> InnerTables:
    """Run the inner phase for all pairs of distinct blocks.

    Parameters
    ----------
    sources, targets
        Distinct blocks, spelled in the two networks' alphabets.
    layers
        Layer scores, shape (target letters, source letters).
    exponent
        x of the span penalty.
    """
    scores = np.zeros((len(targets), len(sources)))
    kept: dict[int, tuple[Scores, int]] = {}
    columns, used = _columns(sources)
    for batch in _batches(targets) if columns.size else []:
        for part in batch.parts(len(used), len(columns)):
            tables = _fill(part, columns, layers[:, used], exponent)
            scores[part.where] = tables[-1, :, :, -1].T
            if tables.size <= _KEPT_CELLS:
                kept.update((target, (tables, at)) for at, target in enumerate(part.where))
    for row, word in enumerate(targets):
        if _scored(word) > _BATCH_ROWS[-1]:
            for column, source in enumerate(sources):
                scores[row, column] = match_cells(layers[np.ix_(word, source)], exponent)[0]
    return InnerTables(tuple(sources), tuple(targets), layers, exponent, scores, kept)


def entry_scores(blocks: Scores, layers: Scores, source: Alphabet, target: Alphabet) -> Scores:
    """Spread the scores of distinct pairs over all entries.

    Parameters
    ----------
    blocks
        Scores of distinct blocks, shape (targets, sources).
    layers
        Layer scores, shape (target letters, source letters); single layers score by their shapes.
    source, target
        The two sequences.

    Returns
    -------
    Scores
        Shape (target entries, source entries); a block and a single layer score 0.
    """
    sources, targets = np.array(source.numbers, dtype=np.int64), np.array(target.numbers, dtype=np.int64)
    result = np.zeros((len(targets), len(sources)))
    both = np.ix_(targets >= 0, sources >= 0)
    result[both] = blocks[np.ix_(targets[targets >= 0], sources[sources >= 0])]
    source_letters = np.array([code[0] for code in source.codes], dtype=np.int64)[sources < 0]
    target_letters = np.array([code[0] for code in target.codes], dtype=np.int64)[targets < 0]
    result[np.ix_(targets < 0, sources < 0)] = layers[np.ix_(target_letters, source_letters)]
    return result


@dataclass(frozen=True)
class _Batch:
    """Target words of about one size, their scored rows padded to a common number.

    `letters` and `positions` have shape (targets, rows).
    """

    where: list[int]
    letters: NDArray[np.int64]
    positions: Positions

    def parts(self, letters: int, sources: int) -> list["_Batch"]:
        """Cut the batch into parts that fit into memory."""
        rows = self.letters.shape[1]
        width = max(1, _BATCH_CELLS // ((letters + sources) * rows * rows))
        return [
            _Batch(
                self.where[at : at + width], self.letters[at : at + width], self.positions[at : at + width]
            )
            for at in range(0, len(self.where), width)
        ]


def _scored(word: Word) -> int:
    return len(word) - word.count(0)


def _columns(sources: Sequence[Word]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pad the scored letters of all source words to one length, renumbered among those in use.

    Returns the padded words, shape (sources, longest), and the letters in use; number 0 stays
    the layer that never scores.
    """
    spelled = [[letter for letter in word if letter] for word in sources]
    longest = max(map(len, spelled), default=0)
    padded = np.array([word + [0] * (longest - len(word)) for word in spelled], dtype=np.int64)
    used, numbers = np.unique(np.append(padded, 0), return_inverse=True)
    return numbers[:-1].reshape(padded.shape), used


def _batches(targets: Sequence[Word]) -> list[_Batch]:
    sizes: dict[int, list[int]] = {}
    for position, word in enumerate(targets):
        scored = _scored(word)
        size = next((size for size in _BATCH_ROWS if scored <= size), None)
        if scored and size:
            sizes.setdefault(size, []).append(position)
    return [_pad(where, [targets[position] for position in where]) for where in sizes.values()]


def _pad(where: list[int], words: list[Word]) -> _Batch:
    rows = [[(at, letter) for at, letter in enumerate(word) if letter] for word in words]
    most = max(map(len, rows))
    for row in rows:
        # Padding goes on counting positions, so that no span gains by reaching into it.
        last = row[-1][0]
        row += [(last + 1 + extra, 0) for extra in range(most - len(row))]
    table = np.array(rows)
    return _Batch(where, table[:, :, 1], table[:, :, 0])


def _fill(batch: _Batch, columns: NDArray[np.int64], layers: Scores, exponent: float) -> Scores:
    """Fill the tables D of all target words of the batch with all source words.

    Parameters
    ----------
    batch
        The target words.
    columns
        Shape (sources, longest source).
    layers
        Shape (target letters, source letters in use).
    exponent
        x of the span penalty.

    Returns
    -------
    Scores
        Shape (longest source + 1, sources, targets, rows + 1).
    """
    count, n = batch.letters.shape
    divisors = span_divisors(batch.positions, exponent)
    scores = np.ascontiguousarray(layers[batch.letters].transpose(2, 0, 1))
    runs = run_values(scores, divisors[:, None])
    size = (len(columns), count)
    tables = np.zeros((columns.shape[1] + 1, *size, n + 1))
    padded = np.full((*size, 2 * n), -np.inf)
    padded[..., n - 1 :] = 0.0
    step = padded.strides
    # earlier[e, ..., i] is the value before the span of e + 1 rows that ends at row i.
    earlier = as_strided(
        padded[..., n - 1 :], (n, *size, n), (-step[-1], *step[:-1], step[-1]), writeable=False
    )
    candidates = np.empty((n, *size, n))
    for column, letters in enumerate(columns.T):
        before, now = tables[column, ..., 1:], tables[column + 1, ..., 1:]
        np.take(runs, letters, axis=1, out=candidates, mode="clip")
        candidates += earlier
        np.maximum(before, candidates.max(axis=0), out=now)
        np.maximum.accumulate(now, axis=2, out=now)
        padded[..., n : 2 * n - 1] = now[..., :-1]
    return tables
