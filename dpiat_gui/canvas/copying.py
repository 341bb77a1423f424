"""Selected rows and pairs as plain text, for the clipboard."""

from collections.abc import Iterable

from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.networks.titles import format_shape

Chosen = tuple[str | None, str | None]
"""Paths of a source and a target; None for a side where nothing is."""


def names_text(pairs: Iterable[Chosen], side: Side) -> str:
    """Return the paths of a side, of the other side where there is none, one a line."""
    at = 0 if side is Side.SOURCE else 1
    names = [pair[at] or pair[1 - at] for pair in pairs]
    return "\n".join(dict.fromkeys(name for name in names if name))


def rows_text(board: Board, pairs: Iterable[Chosen]) -> str:
    """Return pairs as lines of tab-separated text.

    Notes
    -----
    A line has the source's path and shape, the target's path and shape, and the score; what is
    missing is left empty. Spreadsheets take it as columns.
    """
    return "\n".join("\t".join(_cells(board, pair)) for pair in pairs if any(pair))


def _cells(board: Board, pair: Chosen) -> tuple[str, ...]:
    source, target = (board.find(side, path) for side, path in zip(Side, pair, strict=True))
    return (
        pair[0] or "",
        _shape(board, source),
        pair[1] or "",
        _shape(board, target),
        _score(board, source, target),
    )


def _shape(board: Board, spot: Place | None) -> str:
    column = board.columns[spot.side] if spot else None
    if spot is None or column is None:
        return ""
    entry, row = column.entries[spot.entry], board.row_of(spot)
    return entry.subtitle if row is None else format_shape(entry.rows[row].layer.shape)


def _score(board: Board, source: Place | None, target: Place | None) -> str:
    if source is None or target is None or board.matching is None:
        return ""
    i, j = board.row_of(source), board.row_of(target)
    for position in board.links_at(Side.TARGET, target.entry):
        link, pair = board.links[position], board.matching.entry_pairs[position]
        if link.source != source.entry:
            continue
        if i is None or j is None:
            return f"{pair.score:.4f}"
        if (i, j) in link.rows:
            return f"{pair.pairs[link.rows.index((i, j))].score:.4f}"
    return ""
