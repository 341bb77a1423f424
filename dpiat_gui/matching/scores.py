"""Scores of all layers of two networks at once, as arrays."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from dpiat_gui.matching.layer_scores import layer_type
from dpiat_gui.networks.kinds import LayerKind
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
    # Most layers are like one before: what such a one is spelled with is looked up at once.
    seen: dict[tuple[LayerKind, tuple[int, ...]], int] = {}
    codes, numbers = [], []
    for block in entries:
        code = []
        for layer in block.layers:
            weight = layer.weight
            if weight is None:
                code.append(0)
                continue
            letter = seen.get((layer.kind, weight.shape))
            if letter is None:
                kind = layer_type(layer, layer_types)
                letter = known.setdefault((kind, weight.shape), len(known) + 1) if kind is not None else 0
                # Bare parameters of one shape are told apart by name.
                if layer.kind is not LayerKind.PARAMETER:
                    seen[layer.kind, weight.shape] = letter
            code.append(letter)
        word = tuple(code)
        codes.append(word)
        numbers.append(-1 if block.single else words.setdefault((word, block.branches), len(words)))
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
    scores: Scores = (target_types[:, None] == source_types).astype(np.float64)
    smaller, larger = np.empty_like(scores), np.empty_like(scores)
    # One dimension after the other, in the order of the shape: the product is then the very
    # float that multiplying number by number gives.
    for t, s in zip(target_shapes.T[:, :, None], source_shapes.T, strict=True):
        np.minimum(s, t, out=smaller)
        np.maximum(s, t, out=larger)
        smaller /= larger
        scores *= smaller
    scores[0, :] = 0.0
    scores[:, 0] = 0.0
    return scores


def _arrays(alphabet: Alphabet, types: dict[Hashable, int], rank: int) -> tuple[NDArray[np.int64], Scores]:
    """Turn letters into arrays: numbers of their (type, rank), and shapes of `rank` dimensions.

    A shape is filled up with ones, which leave a product of ratios alone.
    """
    ones = (1,) * rank
    sizes = chain.from_iterable([shape + ones[len(shape) :] for _, shape in alphabet.letters])
    shapes = np.fromiter(sizes, np.float64, rank * len(alphabet.letters))
    numbers = [types.setdefault((kind, len(shape)), len(types)) for kind, shape in alphabet.letters]
    return np.array(numbers), shapes.reshape(len(numbers), rank)
