"""Scores of all layers of two networks at once, as arrays."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dpiat_gui.matching.layer_scores import layer_type
from dpiat_gui.networks.values import Block

Scores = NDArray[np.float64]

Word = tuple[int, ...]
"""An entry as the positions of its layers in an `Alphabet`."""

Branches = tuple[tuple[tuple[int, ...], ...], ...]
"""Groups of parallel branches in a block, each branch a tuple of layer positions."""


@dataclass(frozen=True)
class Alphabet:
    """A network's sequence, as far as scores can tell its layers and blocks apart.

    Parameters
    ----------
    letters
        Distinct (type, shape) pairs; position 0 stands for every layer that never scores.
    codes
        For each entry of the network, the position of each of its layers among `letters`.
    words
        The codes of distinct blocks.
    branches
        Their groups of parallel branches.
    numbers
        For each entry, the position of its code among `words`; -1 for a single layer.
    """

    letters: tuple[tuple[Hashable, tuple[int, ...]], ...]
    codes: tuple[Word, ...]
    words: tuple[Word, ...]
    branches: tuple[Branches, ...]
    numbers: tuple[int, ...]

    @property
    def scored(self) -> int:
        """Number of layers that score with themselves."""
        return sum(len(code) - code.count(0) for code in self.codes)


def spell(entries: Iterable[Block], layer_types: str) -> Alphabet:
    """Write each entry's layers as positions in an alphabet of distinct layers."""
    known: dict[tuple[Hashable, tuple[int, ...]], int] = {}
    words: dict[tuple[Word, Branches], int] = {}
    codes, numbers = [], []
    for block in entries:
        code = []
        for layer in block.layers:
            kind = layer_type(layer, layer_types)
            if kind is None:
                code.append(0)
            else:
                assert layer.weight is not None
                code.append(known.setdefault((kind, layer.weight.shape), len(known) + 1))
        codes.append(tuple(code))
        numbers.append(-1 if block.single else words.setdefault((codes[-1], block.branches), len(words)))
    return Alphabet(
        ((None, ()), *known),
        tuple(codes),
        tuple(word for word, _ in words),
        tuple(branches for _, branches in words),
        tuple(numbers),
    )


def score_table(source: Alphabet, target: Alphabet) -> Scores:
    """Return the scores of all distinct layers, shape (target letters, source letters).

    Row 0 and column 0, the layers that never score, are 0.
    """
    types: dict[Hashable, int] = {}
    rank = max(len(shape) for _, shape in (*source.letters, *target.letters))
    source_types, source_shapes = _arrays(source, types, rank)
    target_types, target_shapes = _arrays(target, types, rank)
    scores: Scores = (target_types[:, None] == source_types[None, :]).astype(np.float64)
    ratio = np.empty_like(scores)
    # One dimension after the other, in the order of the shape: the product is then the very
    # float that multiplying number by number gives.
    for dimension in range(rank):
        t, s = target_shapes[:, dimension, None], source_shapes[None, :, dimension]
        np.divide(np.minimum(s, t), np.maximum(s, t), out=ratio)
        scores *= ratio
    scores[0, :] = 0.0
    scores[:, 0] = 0.0
    return scores


def _arrays(alphabet: Alphabet, types: dict[Hashable, int], rank: int) -> tuple[NDArray[np.int64], Scores]:
    """Turn letters into arrays: numbers of their (type, rank), and shapes of `rank` dimensions.

    A shape is filled up with ones, which leave a product of ratios alone.
    """
    shapes = np.ones((len(alphabet.letters), rank))
    numbers = np.empty(len(alphabet.letters), dtype=np.int64)
    for position, (kind, shape) in enumerate(alphabet.letters):
        numbers[position] = types.setdefault((kind, len(shape)), len(types))
        shapes[position, : len(shape)] = shape
    return numbers, shapes
