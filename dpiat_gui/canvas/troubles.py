"""What is worth a look in a column, as marks for the strip beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Mark, Place, RowState, Side
from dpiat_gui.canvas.marking import combined_marks


class Trouble(Enum):
    """What is worth a look in a row or an entry, the gravest first; the value is what it is called."""

    FREE = "not matched"
    WEAK = "weak match"
    CROPPED = "cropped: the source is larger"
    REUSED = "one source for several targets"
    UNSUPPORTED = "weights of a kind that is never matched"


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of a strip.

    Parameters
    ----------
    top, bottom
        Heights, in the layout's units.
    role
        Role of the entry it stands for; None for a row.
    troubles
        What is worth a look there.
    """

    top: float
    bottom: float
    role: Enum | None
    troubles: tuple[Trouble, ...] = ()


def ticks(board: Board, side: Side) -> Iterator[Tick]:
    """Yield what a strip shows: every box of a column, and every row of it with a trouble that shows."""
    column = board.columns[side]
    if column is None:
        return
    for entry, (shown, marks, placed) in enumerate(
        zip(column.entries, board.marks[side], board.placed(side), strict=True)
    ):
        if placed.hidden:
            continue
        if placed.expanded:
            yield Tick(placed.top, placed.bottom, shown.role)
            for top, mark in zip(placed.rows, marks.rows, strict=True):
                found = troubles_of(mark)
                if found:
                    yield Tick(top, top + placed.row_height, None, found)
        else:
            yield Tick(placed.top, placed.bottom, shown.role, _of_box(board, side, entry))


def troubles_of(mark: Mark) -> tuple[Trouble, ...]:
    """Return what is worth a look in a row."""
    flags = (
        (Trouble.FREE, mark.state is RowState.FREE),
        (Trouble.WEAK, mark.weak),
        (Trouble.CROPPED, mark.cropped),
        (Trouble.REUSED, mark.reused),
        (Trouble.UNSUPPORTED, mark.unsupported),
    )
    return tuple(trouble for trouble, there in flags if there)


def troubles_at(board: Board, spot: Place) -> tuple[Trouble, ...]:
    """Return what is worth a look in a row, or in the box of an entry."""
    if spot.row is not None:
        return troubles_of(board.marks[spot.side][spot.entry].rows[spot.row])
    return _of_box(board, spot.side, spot.entry)


def _of_box(board: Board, side: Side, entry: int) -> tuple[Trouble, ...]:
    run = board.folds[side].get(entry)
    marks = board.marks[side][entry]
    if run is not None:
        marks = combined_marks(board.marks[side][run.start : run.stop])
    found = troubles_of(marks.whole)
    # A block of which something is matched and something not has a gap, which is less than none at all.
    gap = marks.whole.state is RowState.MATCHED and any(m.state is RowState.FREE for m in marks.rows)
    return tuple(dict.fromkeys((Trouble.WEAK, *found))) if gap else found
