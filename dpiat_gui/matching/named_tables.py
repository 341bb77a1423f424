"""Tables D with the names of their rows and columns, and what overrides say of their cells."""

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

import numpy as np

from dpiat_gui.matching.explain import DpTable, entry_table, inner_table
from dpiat_gui.matching.scores import Scores
from dpiat_gui.matching.solving import constraints_of
from dpiat_gui.matching.tables import ScoreTables
from dpiat_gui.matching.teaching import way_back
from dpiat_gui.matching.values import Overrides
from dpiat_gui.networks.titles import describe, format_shape, role_of_layer
from dpiat_gui.networks.values import Block, Layer

Position = tuple[int, int]
"""Positions of a target and of a source, both from 0; of a cell, its row and column."""


@dataclass(frozen=True, slots=True)
class Name:
    """What a row or a column of a table stands for.

    Parameters
    ----------
    path
        Path of the block or layer.
    short
        The path, inside a block without the block's.
    title
        What it is: ``MBConv6 k5 s2 · 40→80``, or the shape of a layer's weight.
    role
        For its colour, as on the canvas.
    scored
        Number of layers in it that can score: the most it could be worth.
    block
        True for a block of several layers, whose own table can be opened.
    """

    path: str
    short: str
    title: str
    role: Enum
    scored: int
    block: bool = False


@dataclass(frozen=True)
class NamedTable:
    """A filled table and all that is needed to draw it.

    Parameters
    ----------
    table
        The table D with its scores, shape (targets + 1, sources + 1).
    sources, targets
        What the columns and the rows stand for.
    pins, bans
        Cells that an override names.
    fresh
        Targets left fresh by hand.
    inside
        Positions of the source's and the target's entry whose layers these are; None for the
        table of the entries themselves.
    score
        What the pair of blocks is worth in the matching, before its skip factor. It differs from
        the table's last cell where parallel branches were assigned to each other first.
    factors
        Skip factors that are in the scores of a table of entries, shape (targets, sources); None
        where all are 1.
    factor
        Skip factor of the two entries whose layers these are.
    """

    table: DpTable = field(repr=False)
    sources: tuple[Name, ...] = field(repr=False)
    targets: tuple[Name, ...] = field(repr=False)
    pins: frozenset[Position] = frozenset()
    bans: frozenset[Position] = frozenset()
    fresh: frozenset[int] = frozenset()
    inside: tuple[int, int] | None = None
    score: float = 0.0
    factors: Scores | None = field(default=None, repr=False)
    factor: float = 1.0

    @property
    def total(self) -> float:
        """The last cell: the best score of all targets with all sources."""
        return float(self.table.values[-1, -1])

    @property
    def by_branches(self) -> bool:
        """Whether the pair was matched branch by branch, which is worth more than this table."""
        return self.inside is not None and self.score > self.total + 1e-9

    def factor_at(self, row: int, column: int) -> float:
        """Return the skip factor in the score of a cell, by its row and column."""
        return 1.0 if self.factors is None else float(self.factors[row - 1, column - 1])

    @cached_property
    def shares(self) -> Scores:
        """Scores as shares of the best each target could get, shape (targets, sources), 0..1.

        A cell that a pin forbids stays minus infinity.
        """
        best = np.array([max(name.scored, 1) for name in self.targets], dtype=np.float64)
        shares: Scores = np.minimum(self.table.scores / best[:, None], 1.0)
        return shares

    @cached_property
    def way(self) -> tuple[Position, ...]:
        """The way back through the table, by row and column, from the last cell to the border."""
        return tuple((row, column) for row, column, _ in way_back(self.table))

    @cached_property
    def served(self) -> dict[int, int]:
        """The source of every target that is matched; members of a span that score 0 are not."""
        return {
            target: span.source
            for span in self.table.spans
            for target in range(span.first, span.last + 1)
            if self.table.scores[target, span.source] > 0
        }

    @cached_property
    def pair_cells(self) -> frozenset[Position]:
        """Rows and columns of the pairs that were read out."""
        return frozenset((target + 1, source + 1) for target, source in self.served.items())


def named_entry_table(tables: ScoreTables, overrides: Overrides) -> NamedTable:
    """Return the table of the outer phase: target entries by source entries.

    Raises
    ------
    MatchError
        If the method fills no such table.
    OverrideError
        If an override cannot hold.
    """
    table = entry_table(tables, overrides)
    constraints = constraints_of(tables, overrides)
    names = [
        tuple(_entry_name(block, code) for block, code in zip(side.entries, alphabet.codes, strict=True))
        for side, alphabet in (
            (tables.source_side, tables.source_alphabet),
            (tables.target_side, tables.target_alphabet),
        )
    ]
    return NamedTable(
        table,
        names[0],
        names[1],
        frozenset(constraints.pins.items()),
        frozenset((target, source) for source, target in constraints.bans),
        frozenset(constraints.fresh),
        score=float(table.values[-1, -1]),
        factors=tables.factors,
    )


def named_inner_table(tables: ScoreTables, overrides: Overrides, source: int, target: int) -> NamedTable:
    """Return the table of the layers of two entries, by their positions in the two sequences.

    Raises
    ------
    MatchError
        If the method fills no such table.
    OverrideError
        If an override cannot hold.
    """
    table = inner_table(tables, overrides, source, target)
    constraints = constraints_of(tables, overrides)
    inner = constraints.inner.get((source, target))
    blocks = tables.source_side.entries[source], tables.target_side.entries[target]
    codes = tables.source_alphabet.codes[source], tables.target_alphabet.codes[target]
    names = [
        tuple(_layer_name(layer, block, letter) for layer, letter in zip(block.layers, code, strict=True))
        for block, code in zip(blocks, codes, strict=True)
    ]
    return NamedTable(
        table,
        names[0],
        names[1],
        frozenset(inner.pins.items()) if inner else frozenset(),
        frozenset((t, s) for s, t in inner.bans) if inner else frozenset(),
        frozenset(constraints.fresh_layers.get(target, ())),
        (source, target),
        _block_score(tables, overrides, source, target, table),
        factor=tables.factor(source, target),
    )


def _block_score(
    tables: ScoreTables, overrides: Overrides, source: int, target: int, table: DpTable
) -> float:
    """Return what two blocks are worth to the outer phase, before the skip factor."""
    total = float(table.values[-1, -1])
    if tables.options.method != "dp-branch":
        return total
    scores = entry_table(tables, overrides).scores
    outer = float(scores[target, source])
    # A ban or a pin of the blocks hides what their layers would be worth.
    return max(total, outer / tables.factor(source, target)) if np.isfinite(outer) else total


def _entry_name(block: Block, code: tuple[int, ...]) -> Name:
    path, told = block.layers[0].path if block.single else block.path, describe(block)
    return Name(path, path, told.title, told.role, len(code) - code.count(0), not block.single)


def _layer_name(layer: Layer, block: Block, letter: int) -> Name:
    short = layer.path.removeprefix(f"{block.path}.") or layer.path
    title = format_shape(layer.shape) or layer.class_name
    return Name(layer.path, short, title, role_of_layer(layer), int(letter != 0))
