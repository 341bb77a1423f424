"""What is said of a row, a block or a pair: on the hover card, and to a screen reader."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Entry, Place, Row, Side
from dpiat_gui.matching.layer_scores import shape_ratios
from dpiat_gui.matching.values import EntryPair, Pair
from dpiat_gui.networks.kinds import CONVOLUTIONS, NORMS, LayerKind
from dpiat_gui.networks.titles import format_shape

_TRANSPOSED = {LayerKind.CONV_TRANSPOSE1D, LayerKind.CONV_TRANSPOSE2D, LayerKind.CONV_TRANSPOSE3D}
_KERNEL = {1: ("k",), 2: ("kH", "kW"), 3: ("kD", "kH", "kW")}


@dataclass(frozen=True, slots=True)
class Factor:
    """One dimension's share of a score.

    Parameters
    ----------
    name
        What the dimension is: ``out``, ``in``, ``kH`` ...
    source, target
        Sizes.
    ratio
        The factor.
    """

    name: str
    source: int
    target: int
    ratio: float

    @property
    def verdict(self) -> str:
        """What becomes of the dimension."""
        if self.source == self.target:
            return "same"
        return "kept" if self.source > self.target else "filled"


def factors(source: Row, target: Row) -> tuple[Factor, ...]:
    """Return the factors of the score of two layers, one a dimension; none if they cannot score."""
    s, t = source.layer.shape, target.layer.shape
    if s is None or t is None or len(s) != len(t) or 0 in s or 0 in t:
        return ()
    names = dimension_names(target.layer.kind, len(t))
    return tuple(Factor(*values) for values in zip(names, s, t, shape_ratios(s, t), strict=True))


def dimension_names(kind: LayerKind, rank: int) -> tuple[str, ...]:
    """Return short names of a weight's dimensions."""
    if kind in CONVOLUTIONS and rank - 2 in _KERNEL:
        ends = ("in", "out") if kind in _TRANSPOSED else ("out", "in")
        return ends + _KERNEL[rank - 2]
    if kind in (LayerKind.LINEAR, LayerKind.IN_PROJECTION) and rank == 2:
        return ("out", "in")
    if kind in NORMS and rank == 1:
        return ("channels",)
    if kind is LayerKind.EMBEDDING and rank == 2:
        return ("rows", "width")
    return tuple(f"dim {i}" for i in range(rank))


def describe_html(board: Board, source: Place | None, target: Place | None) -> str:
    """Return what is known of a pair, or of one place without a partner, as rich text."""
    if source is not None and target is not None:
        found = _pair_of(board, source, target)
        if found is not None:
            return _pair_html(board, source, target, *found)
    lines = [_one_html(board, spot) for spot in (source, target) if spot is not None]
    return "<hr>".join(lines)


def describe_plain(board: Board, source: Place | None, target: Place | None) -> str:
    """Return what is known of a pair, or of one place, in one sentence."""
    if source is None and target is None:
        return ""
    if source is not None and target is not None:
        found = _pair_of(board, source, target)
        if found is not None:
            pair, score, entry = found
            runs = _runs(board, source, target)
            notes = ", pinned" if pair.pinned else ""
            if entry.factor < 1:
                notes += f", lowered to {entry.factor:g} for a skip on one side only"
            return f"{board.path(source)} gives to {board.path(target)}, score {score:.2f}{notes}.{runs}"
        return f"{board.path(source)} and {board.path(target)} are not matched."
    spot = source or target
    assert spot is not None
    said = f"{spot.side.value.capitalize()} {board.path(spot)}: {_kind(board, spot)}, {_fate(board, spot)}."
    return said + _runs(board, spot)


def _runs(board: Board, *spots: Place) -> str:
    """Say of places that stand for folded runs how many blocks each stands for; empty for others."""
    folded = [spot for spot in spots if board.is_folded(spot)]
    words = [f"{spot.side.value} of {len(board.members(spot))} equal blocks" for spot in folded]
    return f" Folded: {', '.join(words)}." if words else ""


def _pair_of(board: Board, source: Place, target: Place) -> tuple[EntryPair | Pair, float, EntryPair] | None:
    """Return the matched pair of two places with its score and the pair of entries it is part of."""
    if board.matching is None:
        return None
    for position in board.links_at(Side.TARGET, target.entry):
        link, pair = board.links[position], board.matching.entry_pairs[position]
        if link.source != source.entry:
            continue
        i, j = board.row_of(source), board.row_of(target)
        if i is None or j is None:
            return pair, board.link_score(position), pair
        if (i, j) in link.rows:
            row = pair.pairs[link.rows.index((i, j))]
            return row, row.score, pair
    return None


def _pair_html(
    board: Board, source: Place, target: Place, pair: EntryPair | Pair, score: float, entry: EntryPair
) -> str:
    pinned = " · pinned" if pair.pinned else ""
    parts = [
        f"<b>{escape(_kind(board, target))}</b> &nbsp; score <b>{score:.3f}</b>{pinned}",
        _code(board.path(source)) + "<br>→ " + _code(board.path(target)),
    ]
    if isinstance(pair, Pair):
        a, b = _row(board, source), _row(board, target)
        parts.append(_table(_factor_row(factor) for factor in factors(a, b)))
        parts.append(f"{a.layer.parameters:,} → {b.layer.parameters:,} parameters")
    else:
        best = sum(row.scored for row in _entry(board, target).rows)
        layers = "layer" if best == 1 else "layers"
        parts.append(f"block score {pair.score:.2f} of {best} {layers} · {len(pair.pairs)} pairs inside")
        a_size, b_size = (_entry(board, spot).block.parameters for spot in (source, target))
        parts.append(f"{a_size:,} → {b_size:,} parameters")
    parts.extend(_penalties(board, pair, entry))
    parts += [*_fold_html(board, source, target), *_note_html(board, source, target)]
    text = "<br>".join(part for part in parts if part)
    # A table stands on lines of its own anyway.
    return text.replace("<br><table", "<table").replace("</table><br>", "</table>")


def _penalties(board: Board, pair: EntryPair | Pair, entry: EntryPair) -> list[str]:
    """Say what a span costs, for rows inside blocks and for the blocks."""
    assert board.matching is not None
    exponent = board.matching.options.exponent
    found = []
    if entry.factor < 1:
        found.append(f"skip on one side only: the blocks keep {entry.factor:g} of their score")
    if isinstance(pair, Pair) and pair.span > 1:
        found.append(f"one source for {pair.span} rows: each counts {pair.span**-exponent:.3f} of its score")
    if entry.span > 1:
        found.append(
            f"one source for {entry.span} entries: each counts {entry.span**-exponent:.3f} of its score"
        )
    if pair.span == 1 and entry.span == 1:
        found.append("span 1, no penalty")
    return found


def _factor_row(factor: Factor) -> tuple[str, ...]:
    sizes = f"{factor.source} → {factor.target}"
    return factor.name, sizes, f"{factor.ratio:.3f}", factor.verdict


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    body = "".join(
        "<tr>" + "".join(f'<td style="padding-right:10px">{escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return (
        f'<table cellspacing=0 cellpadding=0 style="margin-top:4px; margin-bottom:4px">{body}</table>'
        if body
        else ""
    )


def _fold_html(board: Board, *spots: Place) -> list[str]:
    words = _runs(board, *spots).strip()
    return [f"{escape(words)} A double-click opens them."] if words else []


def _note_html(board: Board, *spots: Place) -> list[str]:
    """Return what the badges of places say in full."""
    notes = (board.notes[spot.side].get(board.path(spot) or "") for spot in spots)
    return [escape(note.tooltip) for note in notes if note is not None and note.tooltip]


def _one_html(board: Board, spot: Place) -> str:
    parts = [f"<b>{escape(_kind(board, spot))}</b>", _code(board.path(spot))]
    if spot.row is None and not _entry(board, spot).single:
        parts.append(escape(_entry(board, spot).subtitle))
        if _entry(board, spot).block.skip:
            parts.append("an identity skip leads around it")
    else:
        layer = _row(board, spot).layer
        if layer.shape is not None:
            parts.append(f"{format_shape(layer.shape)} · {layer.parameters:,} parameters")
    parts.append(escape(_fate(board, spot)))
    parts += [*_fold_html(board, spot), *_note_html(board, spot)]
    return "<br>".join(parts)


def _fate(board: Board, spot: Place) -> str:
    """Say what becomes of a place."""
    entry, marks = _entry(board, spot), board.marks[spot.side][spot.entry]
    mark = marks.whole if spot.row is None else marks.rows[spot.row]
    scored = entry.scored if spot.row is None else entry.rows[spot.row].scored
    if not scored:
        return "nothing to transfer: it has no weight that is scored"
    if board.matching is None:
        return "not matched yet"
    if board.partner(spot) is not None:
        return "matched"
    if mark.fresh:
        return "left fresh by hand"
    return "unused: it gives nothing" if spot.side is Side.SOURCE else "fresh: it takes nothing"


def _kind(board: Board, spot: Place) -> str:
    entry = _entry(board, spot)
    return entry.title if spot.row is None else entry.rows[spot.row].layer.class_name or "layer"


def _entry(board: Board, spot: Place) -> Entry:
    column = board.columns[spot.side]
    assert column is not None
    return column.entries[spot.entry]


def _row(board: Board, spot: Place) -> Row:
    return _entry(board, spot).rows[spot.row or 0]


def _code(path: str | None) -> str:
    return f"<code>{escape(path or '')}</code>"
