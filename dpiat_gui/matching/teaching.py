"""The dynamic program as steps to walk through: every cell filled, then the way back.

A step is computed when it is asked for, so that a table of a thousand layers by a thousand has
steps as well as one of three by two.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import overload

import numpy as np

from dpiat_gui.matching.explain import Cell, DpTable, SpanValue
from dpiat_gui.matching.recurrence import Span
from dpiat_gui.matching.scores import Scores


class StepKind(Enum):
    """What happens in a step."""

    START = "start"
    FILL = "fill"
    WALK = "walk"
    END = "end"


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Parameters
    ----------
    number
        Which one, from 0.
    kind
        ``START``: row 0 and column 0 are there. ``FILL``: one more cell is. ``WALK``: the way back
        leaves one more cell. ``END``: it has come to the border.
    row, column
        The cell, by number of targets and of sources; of ``END``, where the way back has come to.
    cell
        The cell with its candidates; None at the start and at the end.
    span
        What was read out of the cell on the way back, None for a skip.
    pairs
        The pairs (source, target), by position, that the way back has read so far, in that order.
    """

    number: int
    kind: StepKind
    row: int
    column: int
    cell: Cell | None = None
    span: Span | None = None
    pairs: tuple[tuple[int, int], ...] = ()


class Steps(Sequence[Step]):
    """All steps of a table: one for the start, one a cell, one a move back, and one for the end.

    Parameters
    ----------
    table
        The filled table.

    Notes
    -----
    Cells are filled row by row: one target after the other, each with one source more. Every
    candidate of a cell (dpiat.md, section 3) is there by then.
    """

    def __init__(self, table: DpTable) -> None:
        self._table = table
        self._sources: int = table.scores.shape[1]
        self._cells: int = table.scores.size
        self._way = tuple(way_back(table))

    @property
    def table(self) -> DpTable:
        """The filled table."""
        return self._table

    @property
    def first_walk(self) -> int:
        """Number of the first step after the last cell is filled."""
        return self._cells + 1

    @property
    def way(self) -> tuple[tuple[int, int], ...]:
        """The cells the way back leaves, in that order, and the one at the border it comes to."""
        return tuple((row, column) for row, column, _ in self._way)

    def __len__(self) -> int:
        return self._cells + len(self._way) + 1

    @overload
    def __getitem__(self, number: int) -> Step: ...
    @overload
    def __getitem__(self, number: slice) -> tuple[Step, ...]: ...
    def __getitem__(self, number: int | slice) -> Step | tuple[Step, ...]:
        """Return a step, or several; negative numbers count from the end.

        Raises
        ------
        IndexError
            If there is no such step.
        """
        if isinstance(number, slice):
            return tuple(self[at] for at in range(*number.indices(len(self))))
        at = number + len(self) if number < 0 else number
        if not 0 <= at < len(self):
            raise IndexError(f"There is no step {number} of {len(self)}.")
        if at == 0:
            return Step(0, StepKind.START, 0, 0)
        if at <= self._cells:
            row, column = self.cell_of(at)
            return Step(at, StepKind.FILL, row, column, self._table.cell(row, column))
        return self._walk(at)

    def cell_of(self, number: int) -> tuple[int, int]:
        """Return row and column of the cell that a step fills."""
        row, column = divmod(number - 1, self._sources)
        return row + 1, column + 1

    def step_of(self, row: int, column: int) -> int:
        """Return the number of the step that fills a cell; 0 for row 0 and column 0."""
        return (row - 1) * self._sources + column if row and column else 0

    def filled(self, number: int) -> int:
        """Return how many cells are filled after a step, row by row."""
        return min(max(number, 0), self._cells)

    def prefix(self, number: int) -> Scores:
        """Return the table as it is after a step, shape (targets + 1, sources + 1); NaN is not filled yet."""
        shown = self._table.values.copy()
        left = np.arange(self.filled(number), self._cells)
        shown[left // max(self._sources, 1) + 1, left % max(self._sources, 1) + 1] = np.nan
        return shown

    def _walk(self, at: int) -> Step:
        moves = at - self._cells
        row, column, span = self._way[moves - 1]
        pairs = tuple(self._pairs(moves))
        if moves == len(self._way):
            return Step(at, StepKind.END, row, column, pairs=pairs)
        return Step(at, StepKind.WALK, row, column, self._table.cell(row, column), span, pairs)

    def _pairs(self, moves: int) -> Iterator[tuple[int, int]]:
        for _, _, span in self._way[:moves]:
            if span is not None:
                for target in range(span.last, span.first - 1, -1):
                    if self._table.scores[target, span.source] > 0:
                        yield span.source, target


def way_back(table: DpTable) -> Iterator[tuple[int, int, Span | None]]:
    """Yield every cell the way back leaves, with the span it reads there, and the cell it ends at.

    A match stands only where it beats both skips; of two equal skips the source's is taken
    (dpiat.md, section 3).
    """
    ends = {(span.last + 1, span.source + 1): span for span in table.spans}
    values = table.values
    row, column = table.scores.shape
    while row > 0 and column > 0:
        span = ends.get((row, column))
        yield row, column, span
        if span is not None:
            row, column = span.first, column - 1
        elif row - 1 not in table.pinned and values[row - 1, column] > values[row, column - 1]:
            row -= 1
        else:
            column -= 1
    yield row, column, None


def best_span(cell: Cell) -> SpanValue:
    """Return the best span that ends at a cell; of equal ones the shortest."""
    return max(cell.spans, key=lambda span: span.value)


def chosen_from(cell: Cell) -> tuple[int, int]:
    """Return the cell that the chosen candidate builds on."""
    if cell.choice == "match":
        return best_span(cell).first, cell.column - 1
    return (cell.row - 1, cell.column) if cell.choice == "target" else (cell.row, cell.column - 1)
