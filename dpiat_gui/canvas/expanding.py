"""Opening and closing blocks and runs of a board, with their partners."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dpiat_gui.canvas.columns import Place, Side

if TYPE_CHECKING:
    from dpiat_gui.canvas.board import Board


def expand(board: "Board", spots: Iterable[Place], open_them: bool, partners: bool) -> bool:
    """Expand or collapse blocks, with their partners; return whether anything changed.

    A block of a folded run that is expanded unfolds its run. Places of single layers are left alone.
    """
    opened = board.expansion
    before = opened.state()
    for spot in spots:
        wanted = [(spot.side, spot.entry)]
        if partners:
            wanted += _partner_entries(board, spot, open_them)
        for side, entry in wanted:
            _open(board, side, entry, open_them)
    return opened.state() != before


def unfold(board: "Board", spots: Iterable[Place], partners: bool = True) -> bool:
    """Show the members of the runs that places are in, and of their partners; return whether any changed."""
    before = board.expansion.state()
    for spot in spots:
        _unfold(board, spot.side, spot.entry)
        if partners:
            for member in board.members(spot):
                for position in board.links_at(spot.side, member):
                    link = board.links[position]
                    other = link.target if spot.side is Side.SOURCE else link.source
                    _unfold(board, spot.side.other, other)
    return board.expansion.state() != before


def fold(board: "Board", spots: Iterable[Place], partners: bool = True) -> bool:
    """Fold the runs that places are in again, with their partners; return whether any changed."""
    opened = board.expansion
    before = opened.state()
    for spot in list(spots):
        run = board.run_at(spot.side, spot.entry)
        if run is None or not opened.folding:
            continue
        wanted = [(spot.side, run)]
        for member in run if partners else ():
            for position in board.links_at(spot.side, member):
                link = board.links[position]
                other = link.target if spot.side is Side.SOURCE else link.source
                other_run = board.run_at(spot.side.other, other)
                wanted += [(spot.side.other, other_run)] if other_run is not None else []
        for side, one in wanted:
            opened.unfolded[side].discard(one.start)
            opened.expanded[side].difference_update(one)
    return opened.state() != before


def set_folding(board: "Board", folding: bool) -> bool:
    """Fold every run of equal blocks, or none; return whether anything changed."""
    opened = board.expansion
    if folding == opened.folding:
        return False
    opened.folding = folding
    for side, column in board.columns.items():
        opened.unfolded[side].clear()
        if folding and column is not None:
            for run in column.runs:
                opened.expanded[side].difference_update(run)
    return True


def _partner_entries(board: "Board", spot: Place, open_them: bool) -> list[tuple[Side, int]]:
    """Return what opens or closes with an entry: its partners, unless another one needs them open.

    Where pairs may cross, a block can have a partner in every other one: only the one it faces counts.
    """
    ordered = board.matching is None or board.matching.keeps_order
    found = []
    for position in board.links_at(spot.side, spot.entry):
        if not ordered and position not in board.layout.spine:
            continue
        link = board.links[position]
        other = Place(spot.side.other, link.target if spot.side is Side.SOURCE else link.source)
        if open_them or not _needed(board, other, spot.entry):
            found.append((other.side, other.entry))
    return found


def _needed(board: "Board", spot: Place, without: int) -> bool:
    """Tell whether an expanded partner, but for one, keeps an entry open."""
    links = [board.links[position] for position in board.links_at(spot.side, spot.entry)]
    others = {link.target if spot.side is Side.SOURCE else link.source for link in links} - {without}
    return bool(others & board.expansion.expanded[spot.side.other])


def _open(board: "Board", side: Side, entry: int, open_it: bool) -> None:
    column = board.columns[side]
    if column is None or column.entries[entry].single:
        return
    if open_it:
        _unfold(board, side, entry)
        board.expansion.expanded[side].add(entry)
    else:
        board.expansion.expanded[side].discard(entry)


def _unfold(board: "Board", side: Side, entry: int) -> None:
    run = board.run_at(side, entry)
    if run is not None and board.expansion.folding:
        board.expansion.unfolded[side].add(run.start)
