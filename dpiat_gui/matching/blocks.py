"""Scores of all pairs of blocks at once: the inner phase of the matching, batched.

Equal blocks recur in a network, so only distinct ones are compared; the values of spans are
shared by all source blocks that hold an equal layer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dpiat_gui.matching.problems import Positions, earlier_values, powers, run_values, span_divisors
from dpiat_gui.matching.recurrence import Grid, MatchedLayer, match_cells, members, view, walk_back
from dpiat_gui.matching.scores import Alphabet, Scores, Word

_BATCH_ROWS = (4, 8, 16, 32)
"""Target blocks are batched with others of about their size, by number of scored layers."""

_BATCH_CELLS = 1_000_000
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
            cells = self.layers.take(target_word, axis=0).take(source_word, axis=1)
            return match_cells(cells, self.exponent)[1]
        tables, at = self._tables[target]
        (rows, row_keys), (columns, column_keys) = scored_places(target_word), scored_places(source_word)
        grid = Grid(self._scores, rows, columns, row_keys, column_keys)
        # The batch may have more rows and columns; above its tables stand as many as it has rows.
        above = tables.shape[1] // 2 - 1
        kept = slice(above, above + len(rows) + 1)
        values = view(tables[: len(columns) + 1, kept, source, at].T)
        return members(grid, walk_back(grid, values, self._divisors))

    @cached_property
    def _scores(self) -> "memoryview[float]":
        return view(self.layers)

    @cached_property
    def _divisors(self) -> list[float]:
        return list(powers(max(map(len, self.targets), default=0), self.exponent).tolist())


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
    held = 0
    columns = columns_of(sources)
    for batch in batches_of(targets) if columns.size else []:
        for part in batch.parts(layers.shape[1], len(columns)):
            tables = fill_batch(part, columns, layers, exponent)
            scores[part.where] = tables[-1, -1].T
            held += tables.size
            if held <= _KEPT_CELLS:
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
    # One row and one column of zeros more: where number -1, no block, takes from.
    padded = np.zeros((blocks.shape[0] + 1, blocks.shape[1] + 1))
    padded[:-1, :-1] = blocks
    result = padded.take(target.numbers, axis=0).take(source.numbers, axis=1)
    letters = [
        [code[0] if number < 0 else 0 for code, number in zip(side.codes, side.numbers, strict=True)]
        for side in (target, source)
    ]
    result += layers.take(letters[0], axis=0).take(letters[1], axis=1)
    return result


@dataclass(frozen=True)
class Batch:
    """Target words of about one size, their scored rows padded to a common number.

    `letters` and `positions` have shape (rows, targets).
    """

    where: list[int]
    letters: NDArray[np.int64]
    positions: Positions

    @property
    def reversed(self) -> "Batch":
        """The same words read from their ends."""
        return Batch(self.where, self.letters[::-1], self.positions[-1] - self.positions[::-1])

    def parts(self, letters: int, sources: int) -> list["Batch"]:
        """Cut the batch into parts that fit into memory."""
        rows = len(self.letters)
        width = max(1, _BATCH_CELLS // ((letters + sources) * rows * rows))
        parts = [slice(at, at + width) for at in range(0, len(self.where), width)]
        return [Batch(self.where[part], self.letters[:, part], self.positions[:, part]) for part in parts]


def scored_places(word: Word) -> tuple[list[int], list[int]]:
    """Return the positions of a word's scored letters, and the letters."""
    return [at for at, letter in enumerate(word) if letter], [letter for letter in word if letter]


def _scored(word: Word) -> int:
    return len(word) - word.count(0)


def columns_of(sources: Sequence[Word]) -> NDArray[np.int64]:
    """Pad the scored letters of all source words to one length with the layer that never scores.

    Shape (sources, longest).
    """
    spelled = [[letter for letter in word if letter] for word in sources]
    longest = max(map(len, spelled), default=0)
    padded = [word + [0] * (longest - len(word)) for word in spelled]
    return np.array(padded, dtype=np.int64).reshape(len(padded), longest)


def batches_of(targets: Sequence[Word]) -> list[Batch]:
    """Sort target words by size; those without a scored layer, and the largest, are in no batch."""
    sizes: dict[int, list[int]] = {}
    for position, word in enumerate(targets):
        scored = _scored(word)
        size = next((size for size in _BATCH_ROWS if scored <= size), None)
        if scored and size:
            sizes.setdefault(size, []).append(position)
    return [_pad(where, [targets[position] for position in where]) for where in sizes.values()]


def _pad(where: list[int], words: list[Word]) -> Batch:
    rows = [[(at, letter) for at, letter in enumerate(word) if letter] for word in words]
    most = max(map(len, rows))
    for row in rows:
        # Padding goes on counting positions, so that no span gains by reaching into it.
        last = row[-1][0]
        row += [(last + 1 + extra, 0) for extra in range(most - len(row))]
    table = np.array(rows)
    return Batch(where, table[:, :, 1].T, table[:, :, 0].T)


def fill_batch(batch: Batch, columns: NDArray[np.int64], layers: Scores, exponent: float) -> Scores:
    """Fill the tables D of all target words of the batch with all source words.

    Parameters
    ----------
    batch
        The target words.
    columns
        Shape (sources, longest source).
    layers
        Shape (target letters, source letters).
    exponent
        x of the span penalty.

    Returns
    -------
    Scores
        Shape (longest source + 1, 2 * rows, sources, targets): the tables D at [.., rows - 1 ..]. What
        stands above them is minus infinity.
    """
    n, count = batch.letters.shape
    divisors = span_divisors(batch.positions, exponent)
    scores = np.ascontiguousarray(layers[batch.letters].transpose(0, 2, 1))
    runs = run_values(scores, divisors[:, :, None])
    size = (len(columns), count)
    tables = np.zeros((columns.shape[1] + 1, 2 * n, *size))
    tables[:, : n - 1] = -np.inf
    # earlier[j, e, i] is the value before the span of e + 1 rows that ends at row i.
    earlier = earlier_values(tables, n - 1, (len(tables), n, n, *size))
    candidates = np.empty((n, n, *size))
    for letters, starts, before, now in zip(columns.T, earlier, tables[:, n:], tables[1:, n:], strict=False):
        np.take(runs, letters, axis=2, out=candidates, mode="clip")
        np.add(candidates, starts, out=candidates)
        np.maximum.reduce(candidates, axis=0, out=now)
        np.maximum(now, before, out=now)
        for above, row in pairwise(now):
            np.maximum(row, above, out=row)
    return tables
