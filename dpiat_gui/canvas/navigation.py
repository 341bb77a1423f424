"""Moving through the columns from the keyboard."""

from enum import Enum, auto

from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Place, Side


class Move(Enum):
    """A step within a column."""

    UP = auto()
    DOWN = auto()
    FIRST = auto()
    LAST = auto()
    PAGE_UP = auto()
    PAGE_DOWN = auto()


def moved(board: Board, spot: Place | None, side: Side, move: Move, page: float) -> Place | None:
    """Return where a step leads.

    Parameters
    ----------
    board
        What is drawn.
    spot
        Where the step begins; None begins at the column's end that the step comes from.
    side
        The column.
    move
        The step.
    page
        Height of what is seen.

    Returns
    -------
    Place or None
        The title of an entry or a row that is shown; None for an empty column.
    """
    places = shown_places(board, side)
    if not places:
        return None
    if move is Move.FIRST:
        return places[0]
    if move is Move.LAST:
        return places[-1]
    if spot is None or spot.side is not side:
        return places[-1] if move in (Move.UP, Move.PAGE_UP) else places[0]
    here = places.index(board.shown(spot))
    if move in (Move.UP, Move.DOWN):
        there = here + (1 if move is Move.DOWN else -1)
        return places[min(max(there, 0), len(places) - 1)]
    down = move is Move.PAGE_DOWN
    step = 1 if down else -1
    goal = board.extent(places[here])[0] + step * page
    there = here
    while 0 <= there + step < len(places):
        if (board.extent(places[there + step])[0] > goal) is down and there != here:
            break
        there += step
    return places[there]


def shown_places(board: Board, side: Side) -> list[Place]:
    """Return every entry of a column, each followed by its rows if they are shown."""
    found: list[Place] = []
    for entry, placed in enumerate(board.placed(side)):
        if placed.hidden:
            continue
        found.append(Place(side, entry))
        found.extend(Place(side, entry, row) for row in range(len(placed.rows)))
    return found
