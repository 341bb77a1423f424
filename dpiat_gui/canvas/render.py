"""The whole match as a figure, without a window: SVG, PDF or PNG."""

import os
import sys
from collections.abc import Collection, Sequence
from functools import cache
from html import escape
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPointF, QRectF, QSizeF
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPageSize, QPainter, QPdfWriter

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
from dpiat_gui.canvas.primitives import Anchor, Box, Primitive, Text, paint_all
from dpiat_gui.canvas.stage import TURN, Stage
from dpiat_gui.canvas.style import Style
from dpiat_gui.errors import ExportError
from dpiat_gui.files import write_whole
from dpiat_gui.matching.values import Matching
from dpiat_gui.services.palettes import LIGHT, Theme
from dpiat_gui.transfer.coverage import Coverage

FORMATS = (".svg", ".pdf", ".png")
_LARGEST_SIDE = 32_000
_LARGEST_AREA = 120_000_000
"""Pixels of the largest PNG: about half a gigabyte while it is drawn."""

ORIENTATIONS = ("columns", "strips")

_WIDTH = 1080.0
"""Units across two columns."""

_HEIGHT = 580.0
"""Units across two strips."""

_NARROWEST = 560.0
"""Units along strips, so that there is room for names and legend."""

_POINTS = 0.75
"""Points a unit: a unit is a pixel of 1/96 inch."""

_PDF_LARGEST = 14_400.0
"""Points of the largest PDF page that readers accept."""


def render_matching(
    matching: Matching,
    path: str | os.PathLike[str],
    theme: Theme = LIGHT,
    *,
    coverage: Coverage | None = None,
    expanded: bool | Collection[str] = False,
    scale: float = 2.0,
    legend: bool = True,
    title: bool = True,
    orientation: str = "columns",
) -> Path:
    """Draw a whole matching into a file, written whole or not at all.

    Parameters
    ----------
    matching
        What to draw.
    path
        Where to; the suffix, ``.svg``, ``.pdf`` or ``.png``, says the format.
    theme
        Colours; figures for paper are light.
    coverage
        How much of each target layer comes from the source, for the bars of its rows.
    expanded
        Whether blocks show their rows; or the paths of the blocks that do.
    scale
        Pixels a unit of a PNG; other formats have no pixels.
    legend, title
        Whether there is a legend, and a headline with both names and the score.
    orientation
        ``columns``, or ``strips`` for the source above the target.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ExportError
        If the suffix stands for no format, there is no such orientation, a PNG would be too large,
        or the file cannot be written.
    """
    goal = Path(path)
    suffix = goal.suffix.lower()
    if suffix not in FORMATS:
        raise ExportError(
            f"Figures cannot be written as {goal.suffix or 'a file without a suffix'}.",
            f"End the name in one of: {', '.join(FORMATS)}.",
        )
    if orientation not in ORIENTATIONS:
        raise ExportError(
            f"A figure cannot be laid out as {orientation!r}.", f"Use one of: {', '.join(ORIENTATIONS)}."
        )
    _application()
    across = orientation == "strips"
    parts, size = _compose(matching, theme, coverage, expanded, legend=legend, title=title, across=across)
    ground = theme.surface if not theme.dark else theme.canvas
    if suffix == ".svg":
        data = _svg(parts, size, ground, f"{matching.source.name} → {matching.target.name}")
    elif suffix == ".pdf":
        data = _pdf(parts, size, ground, matching)
    else:
        data = _png(parts, size, ground, scale)
    with write_whole(goal) as stream:
        stream.write(data)
    return goal


def matching_svg(
    matching: Matching,
    theme: Theme = LIGHT,
    *,
    coverage: Coverage | None = None,
    expanded: bool | Collection[str] = False,
) -> str:
    """Return the figure of a whole matching as the text of an SVG, to stand inside another document.

    Parameters
    ----------
    matching, theme, coverage, expanded
        As for `render_matching`.
    """
    _application()
    parts, size = _compose(matching, theme, coverage, expanded, legend=True, title=True, across=False)
    name = f"{matching.source.name} → {matching.target.name}"
    return _svg(parts, size, theme.canvas if theme.dark else theme.surface, name).decode()


@cache
def _application() -> QGuiApplication:
    """Return the application, without a screen if there is none: fonts need one to be measured."""
    found = QGuiApplication.instance()
    if isinstance(found, QGuiApplication):
        return found
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in displays):
        return QGuiApplication([sys.argv[0], "-platform", "offscreen"])
    return QGuiApplication([sys.argv[0]])


Part = tuple[QPointF, float, Sequence[Primitive]]
"""A drawing, where its origin stands, and the degrees it is turned by."""


def _compose(
    matching: Matching,
    theme: Theme,
    coverage: Coverage | None,
    expanded: bool | Collection[str],
    *,
    legend: bool,
    title: bool,
    across: bool,
) -> tuple[list[Part], QSizeF]:
    """Return everything that is drawn, and the size of the page."""
    style = Style(theme)
    board = Board(style.metrics)
    board.set_matching(matching, coverage.by_layer if coverage is not None else None)
    if expanded is True:
        board.expand(board.everything())
    elif expanded:
        board.expand(
            spot for path in expanded for side in Side if (spot := board.find(side, path)) is not None
        )
    unit = style.unit
    columns = Columns.stacked(_HEIGHT * unit, unit) if across else Columns.fitting(_WIDTH * unit, unit)
    stage = Stage(columns, across)
    picture = stage.rect(QRectF(0, 0, columns.total, board.layout.height))
    width = max(picture.width(), _NARROWEST * unit) if across else picture.width()
    parts: list[Part] = []
    y = 0.0
    if title:
        parts.append((QPointF(), 0.0, _heading(board, stage, style, picture.height(), width)))
        y = 64 * unit
    parts += [
        (origin + QPointF(0, y), turn, drawing) for origin, turn, drawing in _picture(board, stage, style)
    ]
    y += picture.height()
    if title and across:
        # The target's name stands below it.
        y += 50 * unit
    if legend:
        drawn = [column for column in board.columns.values() if column is not None]
        margin = columns.margin
        drawing, height = draw_legend(legend_of(drawn, theme, matching), style, width - 2 * margin)
        parts.append((QPointF(margin, y), 0.0, drawing))
        y += height
    return parts, QSizeF(width, round(y))


def _picture(board: Board, stage: Stage, style: Style) -> list[Part]:
    """Return edges, arcs and blocks."""
    parts: list[Part] = [(QPointF(), 0.0, EdgeDrawing(board, stage, style).primitives())]
    for side, column in board.columns.items():
        if column is not None:
            lines = arc_lines(column, board.placed(side))
            arcs = ArcDrawing(lines, side, stage.columns, style, stage.across)
            parts.append((QPointF(), 0.0, arcs.primitives()))
    for spot in board.everything():
        column = board.columns[spot.side]
        assert column is not None
        placed = board.placed(spot.side)[spot.entry]
        marks = board.marks[spot.side][spot.entry]
        entry, width = column.entries[spot.entry], stage.columns.width
        view = BlockView.of(entry, marks, spot.side, width, placed, stage.across)
        turn = TURN if stage.across else 0.0
        parts.append((stage.corner(spot.side, placed), turn, draw_block(view, style)))
    return parts


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
        text = f"{board.counts} · score {matching.score:.2f}"
        long = style.small.width(text)
        x = (columns.source_right + columns.target_left - long) / 2
        if stage.across:
            x = width - columns.margin - long
        drawing.append(Text(x, 32 * unit, text, style.small.face, muted, Anchor.MIDDLE, long))
    return drawing


def _svg(parts: Sequence[Part], size: QSizeF, ground: str, name: str) -> bytes:
    """Write the parts as SVG; every edge is one path, and nothing else is."""
    width, height = f"{size.width():g}", f"{size.height():g}"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">',
        f"<title>{escape(name)}</title>",
        f'<rect width="100%" height="100%" fill="{ground}"/>',
    ]
    for origin, turn, drawing in parts:
        turned = f" rotate({turn:g})" if turn else ""
        lines.append(f'<g transform="translate({origin.x():g},{origin.y():g}){turned}">')
        lines.extend(primitive.svg() for primitive in drawing)
        lines.append("</g>")
    lines.append("</svg>\n")
    return "\n".join(lines).encode()


def _paint(painter: QPainter, parts: Sequence[Part], size: QSizeF, ground: str, style_scale: float) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(style_scale, style_scale)
    paint_all(painter, [Box(QRectF(0, 0, size.width(), size.height()), QColor(ground))])
    for origin, turn, drawing in parts:
        painter.save()
        painter.translate(origin)
        painter.rotate(turn)
        paint_all(painter, drawing)
        painter.restore()


def _pdf(parts: Sequence[Part], size: QSizeF, ground: str, matching: Matching) -> bytes:
    """Write the parts on one PDF page of their size, shrunk if no reader could show it."""
    shrink = min(1.0, _PDF_LARGEST / (max(size.width(), size.height()) * _POINTS))
    points = size * _POINTS * shrink
    buffer = _buffer()
    writer = QPdfWriter(buffer)
    writer.setResolution(288)
    writer.setPageSize(QPageSize(points, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setTitle(f"{matching.source.name} → {matching.target.name}")
    painter = QPainter(writer)
    _paint(painter, parts, size, ground, _POINTS * shrink * 288 / 72)
    painter.end()
    return _bytes(buffer)


def _png(parts: Sequence[Part], size: QSizeF, ground: str, scale: float) -> bytes:
    width, height = round(size.width() * scale), round(size.height() * scale)
    if scale <= 0:
        raise ExportError(
            f"A figure cannot be drawn at a scale of {scale:g}.", "Use a scale above 0, such as 2."
        )
    if max(width, height) > _LARGEST_SIDE or width * height > _LARGEST_AREA:
        raise ExportError(
            f"The PNG would measure {width:,} × {height:,} pixels, which is too large.",
            "Use SVG or PDF, collapse the blocks, or lower the scale.",
        )
    image = QImage(max(width, 1), max(height, 1), QImage.Format.Format_RGB32)
    if image.isNull():
        raise ExportError("There is not enough memory for the PNG.", "Use SVG or PDF, or lower the scale.")
    painter = QPainter(image)
    _paint(painter, parts, size, ground, scale)
    painter.end()
    dots = round(scale * 96 / 0.0254)
    image.setDotsPerMeterX(dots)
    image.setDotsPerMeterY(dots)
    buffer = _buffer()
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return _bytes(buffer)


def _buffer() -> QBuffer:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer


def _bytes(buffer: QBuffer) -> bytes:
    buffer.close()
    return bytes(buffer.data().data())
