"""What a figure shows and where it stands on its page: a whole matching, or the part a view shows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF

from dpiat_gui.canvas.arc_drawing import ArcDrawing
from dpiat_gui.canvas.arcs import arc_lines
from dpiat_gui.canvas.block_drawing import draw_block
from dpiat_gui.canvas.block_view import BlockView
from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Side
from dpiat_gui.canvas.edge_drawing import EdgeDrawing
from dpiat_gui.canvas.layout import Columns
from dpiat_gui.canvas.legend import legend_of
from dpiat_gui.canvas.legend_drawing import draw_legend
from dpiat_gui.canvas.primitives import Anchor, Primitive, Text
from dpiat_gui.canvas.stage import TURN, Stage
from dpiat_gui.canvas.style import Style
from dpiat_gui.matching.values import Matching
from dpiat_gui.services.palettes import Theme

if TYPE_CHECKING:
    from dpiat_gui.transfer.coverage import Coverage

_WIDTH = 1080.0
"""Units across two columns."""

_NARROW = 452.0
"""Units across two columns of the narrowest figure that can be read."""

_CLOSER = 1.4
"""Units a pixel of a figure with a given width: its text may be smaller than on a screen."""

_HEIGHT = 580.0
"""Units across two strips."""

_SHORTEST = 560.0
"""Units along strips, so that there is room for names and legend."""

Part = tuple[QPointF, float, Sequence[Primitive]]
"""A drawing, where its origin stands, and the degrees it is turned by."""


@dataclass(frozen=True)
class ViewPart:
    """What a view shows.

    Parameters
    ----------
    board
        The board of the view; it is read at once and not kept.
    stage
        Where its columns stand.
    low, high
        The heights of the scene between which the view shows them.
    """

    board: Board
    stage: Stage
    low: float
    high: float

    def entries(self, side: Side) -> list[int]:
        """Return the entries of a column that are seen, whole or in part."""
        shift = self.stage.shift(side)
        return [
            entry
            for entry, placed in enumerate(self.board.placed(side))
            if not placed.hidden and placed.bottom + shift > self.low and placed.top + shift < self.high
        ]


@dataclass(frozen=True)
class Page:
    """A figure, ready to be written.

    Parameters
    ----------
    parts
        What is drawn.
    size
        Of the page, in units.
    matching
        What it shows.
    """

    parts: tuple[Part, ...]
    size: QSizeF
    matching: Matching


def whole_page(
    matching: Matching,
    theme: Theme,
    coverage: "Coverage | None" = None,
    expanded: bool | Collection[str] = False,
    *,
    legend: bool = True,
    title: bool = True,
    across: bool = False,
    fold_runs: bool = False,
    width: float | None = None,
) -> Page:
    """Return the figure of a whole matching; the parameters are those of `render.render_matching`.

    `width` is the one the figure will have, in pixels of 1/96 inch.
    """
    style = Style(theme)
    board = Board(style.metrics)
    board.set_matching(matching, coverage.by_layer if coverage is not None else None)
    board.set_folding(fold_runs)
    if expanded is True:
        board.expand(board.everything())
    elif expanded:
        board.expand(
            spot for path in expanded for side in Side if (spot := board.find(side, path)) is not None
        )
    unit = style.unit
    if across:
        columns = Columns.stacked(_HEIGHT * unit, unit)
    else:
        room = _WIDTH if width is None else min(max(width * _CLOSER, _NARROW), _WIDTH)
        columns = Columns.fitting(room * unit, unit)
    stage = Stage(columns, across)
    part = ViewPart(board, stage, 0.0, board.layout.height)
    return _page(part, style, (0.0, board.layout.height), legend=legend, title=title)


def view_page(part: ViewPart, theme: Theme, *, legend: bool = True, title: bool = True) -> Page | None:
    """Return the figure of what a view shows: the blocks in sight, whole, and the edges between them.

    None if there is no matching, or nothing of it is in sight.
    """
    style = Style(theme)
    spans = [
        (placed.top + part.stage.shift(side), placed.bottom + part.stage.shift(side))
        for side in Side
        for placed in (part.board.placed(side)[entry] for entry in part.entries(side))
    ]
    if not spans or part.board.matching is None:
        return None
    margin = style.metrics.margin
    span = min(low for low, _ in spans) - margin, max(high for _, high in spans) + margin
    return _page(part, style, span, legend=legend, title=title)


def _page(part: ViewPart, style: Style, span: tuple[float, float], *, legend: bool, title: bool) -> Page:
    board, stage, unit = part.board, part.stage, style.unit
    assert board.matching is not None
    columns = stage.columns
    picture = stage.rect(QRectF(0, span[0], columns.total, span[1] - span[0]))
    width = max(picture.width(), _SHORTEST * unit) if stage.across else picture.width()
    parts: list[Part] = []
    y = 0.0
    if title:
        parts.append((QPointF(), 0.0, _heading(board, stage, style, picture.height(), width)))
        y = 64 * unit
    # What is drawn first of a part of a view need not begin at the origin.
    at = QPointF(-picture.x(), y - picture.y())
    parts += [(origin + at, turn, drawing) for origin, turn, drawing in _picture(part, style)]
    y += picture.height()
    if title and stage.across:
        # The target's name stands below it.
        y += 50 * unit
    if legend:
        drawn = [column for column in board.columns.values() if column is not None]
        margin = columns.margin
        listed = legend_of(drawn, style.theme, board.matching)
        drawing, height = draw_legend(listed, style, width - 2 * margin)
        parts.append((QPointF(margin, y), 0.0, drawing))
        y += height
    return Page(tuple(parts), QSizeF(width, round(y)), board.matching)


def _picture(part: ViewPart, style: Style) -> list[Part]:
    """Return edges, arcs and blocks."""
    board, stage = part.board, part.stage
    seen = {side: part.entries(side) for side in Side}
    within = {side: set(entries) for side, entries in seen.items()}
    shown = [
        i
        for i in range(len(board.edges.edges))
        if all(board.head(end.side, end.entry) in within[end.side] for end in board.ends(i))
    ]
    whole = len(shown) == len(board.edges.edges)
    drawing = EdgeDrawing(board, stage, style)
    parts: list[Part] = [(QPointF(), 0.0, drawing.primitives(None if whole else shown))]
    for side, column in board.columns.items():
        shift = stage.point(0.0, stage.shift(side))
        if column is None:
            continue
        lines = arc_lines(column, board.placed(side))
        if not whole:
            low, high = part.low - stage.shift(side), part.high - stage.shift(side)
            lines = tuple(line for line in lines if line.y0 >= low and line.y1 <= high)
        arcs = ArcDrawing(lines, side, stage.columns, style, stage.across)
        parts.append((shift, 0.0, arcs.primitives()))
        for entry in seen[side]:
            view = view_of(board, side, entry, stage)
            corner = stage.corner(side, board.placed(side)[entry])
            parts.append((corner + shift, TURN if stage.across else 0.0, draw_block(view, style)))
    return parts


def view_of(board: Board, side: Side, entry: int, stage: Stage) -> BlockView:
    """Return how a box of a board is drawn."""
    column, marks = board.columns[side], board.marks[side]
    assert column is not None
    entries, run = column.entries, board.folds[side].get(entry)
    view = BlockView.of(
        entries[entry], marks[entry], side, stage.columns.width, board.placed(side)[entry], stage.across
    )
    if run is not None:
        view = view.as_run(entries[run[-1]].path, marks[run.start : run.stop])
    notes = board.notes[side]
    if notes:
        view = view.with_notes(notes, entries[entry : run.stop if run is not None else entry + 1])
    return view


def _heading(board: Board, stage: Stage, style: Style, below: float, width: float) -> list[Primitive]:
    """Return names and score: above the columns, or above and `below` the strips."""
    drawing: list[Primitive] = []
    unit, muted, columns = style.unit, style.color("text_muted"), stage.columns
    for side, column in board.columns.items():
        if column is None:
            continue
        left, room, base = stage.left(side), columns.width, 32 * unit
        if stage.across:
            left, room = columns.margin, width / 2 - columns.margin
            base += (64 * unit + below - 14 * unit) if side is Side.TARGET else 0.0
        name = style.heading.fitted(column.network.name, room)
        drawing.append(Text(left, base, name, style.heading.face, style.color("text")))
        drawing.append(Text(left, base + 19 * unit, column.summary, style.small.face, muted))
    matching = board.matching
    if matching is not None:
        drawing += _score_line(board, stage, style, drawing, width)
    return drawing


def _score_line(
    board: Board, stage: Stage, style: Style, names: Sequence[Primitive], width: float
) -> list[Primitive]:
    """Return what the matching is worth, between the names; as much of it as there is room for."""
    assert board.matching is not None
    columns, unit = stage.columns, style.unit
    score = f"score {board.matching.score:.2f}"
    taken = columns.margin
    for shape in names:
        if isinstance(shape, Text) and shape.left.x() < columns.target_left and shape.left.y() < 40 * unit:
            face = style.heading if shape.face is style.heading.face else style.small
            taken = max(taken, shape.left.x() + face.width(shape.text))
    for text in (f"{board.counts} · {score}", score):
        long = style.small.width(text)
        x = (columns.source_right + columns.target_left - long) / 2
        room = columns.target_left
        if stage.across:
            x, room = width - columns.margin - long, width
        x = max(x, taken + 12 * unit)
        if x + long + 8 * unit <= room:
            muted = style.color("text_muted")
            return [Text(x, 32 * unit, text, style.small.face, muted, Anchor.MIDDLE, long)]
    return []
