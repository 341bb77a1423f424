"""The whole match as a figure, without a window: SVG, PDF or PNG."""

import os
import sys
from collections.abc import Collection, Sequence
from functools import cache
from html import escape
from math import inf
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSizeF
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPageSize, QPainter, QPdfWriter

from dpiat_gui.canvas.figure import Page, Part, ViewPart, view_page, whole_page
from dpiat_gui.canvas.primitives import Box, paint_all
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

_POINTS = 0.75
"""Points a unit: a unit is a pixel of 1/96 inch."""

_PDF_LARGEST = 14_400.0
"""Points of the largest PDF page that readers accept."""

_MM = 25.4
"""Millimetres an inch."""

_PRINT_DOTS = 300.0
"""Pixels an inch of a PNG with a given width."""


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
    fold_runs: bool = False,
    width_mm: float | None = None,
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
    orientation, fold_runs
        ``columns``, or ``strips`` for the source on top; whether a run of equal blocks is one box.
    width_mm
        Width in millimetres, such as a paper's column has (84, two of them 174), for which columns are
        laid out and a PNG gets 300 pixels an inch. None for the natural size.

    Raises
    ------
    ExportError
        If the suffix stands for no format, there is no such orientation, a PNG would be too large,
        or the file cannot be written.
    """
    if orientation not in ORIENTATIONS:
        raise ExportError(
            f"A figure cannot be laid out as {orientation!r}.", f"Use one of: {', '.join(ORIENTATIONS)}."
        )
    goal = _goal(path, width_mm)
    _application()
    page = whole_page(
        matching,
        theme,
        coverage,
        expanded,
        legend=legend,
        title=title,
        across=orientation == "strips",
        fold_runs=fold_runs,
        width=width_mm and width_mm / _MM * 96,
    )
    return _write(page, goal, theme, scale, width_mm)


def render_view(
    part: ViewPart,
    path: str | os.PathLike[str],
    theme: Theme = LIGHT,
    *,
    scale: float = 2.0,
    legend: bool = True,
    title: bool = True,
    width_mm: float | None = None,
) -> Path:
    """Draw what a view shows into a file: the blocks in sight, whole, and the edges between them.

    Parameters
    ----------
    part
        What the view shows, as `MatchView.view_part` returns it.
    path, theme, scale, legend, title, width_mm
        As for `render_matching`.

    Raises
    ------
    ExportError
        As for `render_matching`, and if there is no matching in sight.
    """
    goal = _goal(path, width_mm)
    page = view_page(part, theme, legend=legend, title=title)
    if page is None:
        raise ExportError("Nothing of a matching is in sight.", "Scroll to it, or export the whole figure.")
    return _write(page, goal, theme, scale, width_mm)


def _goal(path: str | os.PathLike[str], width_mm: float | None) -> Path:
    """Return the file to write to, once format and width are known to make sense."""
    goal = Path(path)
    if goal.suffix.lower() not in FORMATS:
        raise ExportError(
            f"Figures cannot be written as {goal.suffix or 'a file without a suffix'}.",
            f"End the name in one of: {', '.join(FORMATS)}.",
        )
    if width_mm is not None and not 20 <= width_mm <= 2000:
        raise ExportError(
            f"A figure cannot be {width_mm:g} mm wide.",
            "Use 20 to 2000 mm; a column of a paper has about 84, both together 174.",
        )
    return goal


def _write(page: Page, goal: Path, theme: Theme, scale: float, width_mm: float | None) -> Path:
    ground = theme.canvas if theme.dark else theme.surface
    suffix = goal.suffix.lower()
    if suffix == ".svg":
        data = _svg(page, ground, width_mm)
    elif suffix == ".pdf":
        data = _pdf(page, ground, width_mm)
    else:
        if width_mm is not None:
            scale = width_mm / _MM * _PRINT_DOTS / page.size.width()
        data = _png(page, ground, scale, _PRINT_DOTS if width_mm is not None else scale * 96)
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
    page = whole_page(matching, theme, coverage, expanded)
    return _svg(page, theme.canvas if theme.dark else theme.surface).decode()


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


def _name(matching: Matching) -> str:
    return f"{matching.source.name} → {matching.target.name}"


def _svg(page: Page, ground: str, width_mm: float | None = None) -> bytes:
    """Write a page as SVG; every edge is one path, and nothing else is."""
    width, height = f"{page.size.width():g}", f"{page.size.height():g}"
    wide, high = width, height
    if width_mm is not None:
        wide, high = f"{width_mm:g}mm", f"{width_mm * page.size.height() / page.size.width():g}mm"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" '
        f'viewBox="0 0 {width} {height}">',
        f"<title>{escape(_name(page.matching))}</title>",
        f'<rect width="100%" height="100%" fill="{ground}"/>',
    ]
    for origin, turn, drawing in page.parts:
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


def _pdf(page: Page, ground: str, width_mm: float | None) -> bytes:
    """Write a page as PDF, shrunk if no reader could show it."""
    size = page.size
    shrink = 1.0 if width_mm is None else width_mm / _MM * 72 / (size.width() * _POINTS)
    shrink = min(shrink, _PDF_LARGEST / (max(size.width(), size.height()) * _POINTS))
    points = size * _POINTS * shrink
    buffer = _buffer()
    writer = QPdfWriter(buffer)
    writer.setResolution(288)
    writer.setPageSize(QPageSize(points, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setTitle(_name(page.matching))
    painter = QPainter(writer)
    _paint(painter, page.parts, size, ground, _POINTS * shrink * 288 / 72)
    painter.end()
    return _bytes(buffer)


def _png(page: Page, ground: str, scale: float, dots: float) -> bytes:
    """Write a page as PNG, at `scale` pixels a unit and `dots` pixels an inch."""
    size = page.size
    if not 0 < scale < inf:
        raise ExportError(
            f"A figure cannot be drawn at a scale of {scale:g}.", "Use a scale above 0, such as 2."
        )
    width, height = round(size.width() * scale), round(size.height() * scale)
    if max(width, height) > _LARGEST_SIDE or width * height > _LARGEST_AREA:
        raise ExportError(
            f"The PNG would measure {width:,} × {height:,} pixels, which is too large.",
            "Use SVG or PDF, collapse the blocks, or lower the scale.",
        )
    image = QImage(max(width, 1), max(height, 1), QImage.Format.Format_RGB32)
    if image.isNull():
        raise ExportError("There is not enough memory for the PNG.", "Use SVG or PDF, or lower the scale.")
    painter = QPainter(image)
    _paint(painter, page.parts, size, ground, scale)
    painter.end()
    image.setDotsPerMeterX(round(dots / 0.0254))
    image.setDotsPerMeterY(round(dots / 0.0254))
    buffer = _buffer()
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want bytes, Qt takes text
    return _bytes(buffer)


def _buffer() -> QBuffer:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer


def _bytes(buffer: QBuffer) -> bytes:
    buffer.close()
    return bytes(buffer.data().data())
