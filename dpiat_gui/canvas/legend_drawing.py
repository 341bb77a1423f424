"""The legend of a figure."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QColor

from dpiat_gui.canvas.arc_drawing import ArcDrawing
from dpiat_gui.canvas.arcs import SKIP, ArcLine
from dpiat_gui.canvas.badges import ban_badge, cut_sign, fresh_badge, pin_badge, skip_badge
from dpiat_gui.canvas.columns import Side
from dpiat_gui.canvas.layout import Columns
from dpiat_gui.canvas.legend import EdgeState, Legend
from dpiat_gui.canvas.primitives import Box, Dot, Line, Polygon, Primitive, Text
from dpiat_gui.canvas.style import Style

_BADGES = {
    EdgeState.PINNED: pin_badge,
    EdgeState.BANNED: ban_badge,
    EdgeState.LEFT_FRESH: fresh_badge,
    EdgeState.SKIP: skip_badge,
}

Sample = Callable[[Style, float, float], list[Primitive]]
"""Draws a sample from a left end, around a height."""


def draw_legend(legend: Legend, style: Style, width: float) -> tuple[list[Primitive], float]:
    """Return the drawing of a legend, its upper left corner at (0, 0), and its height.

    Parameters
    ----------
    legend
        What it lists.
    style
        How it looks.
    width
        Room from left to right; items flow into as many lines as they need.
    """
    unit, face = style.unit, style.small
    drawing: list[Primitive] = [Line(QLineF(0, 0, width, 0), style.color("border"))]
    x, y, line = 0.0, 10 * unit, 22 * unit
    for group in _groups(legend):
        for sample, size, text in group:
            needed = (size + 7) * unit + face.width(text)
            if x and x + needed > width:
                x, y = 0.0, y + line
            drawing += sample(style, x, y + line / 2)
            left = x + (size + 7) * unit
            drawing.append(Text(left, face.baseline(y, line), text, face.face, style.color("text")))
            x += needed + 18 * unit
        if group:
            x, y = 0.0, y + line
    return drawing, y + 12 * unit


def _groups(legend: Legend) -> list[list[tuple[Sample, float, str]]]:
    """Return the items line by line: sample, its width in units, words."""
    roles: list[tuple[Sample, float, str]] = [
        (partial(_swatch, color=color), 12, name) for name, color in legend.roles
    ]
    edges: list[tuple[Sample, float, str]] = []
    if legend.ramp:
        edges.append((partial(_ramp, colors=legend.ramp), 96, "score 0 to 1"))
    edges += [(partial(state_sample, state=state), 26, state.value) for state in legend.states]
    return [roles, edges]


def _swatch(style: Style, x: float, middle: float, color: QColor) -> list[Primitive]:
    side = 12 * style.unit
    box = QRectF(x, middle - side / 2, side, side)
    return [Box(box, color, style.color("border"), radius=3 * style.unit)]


def _ramp(style: Style, x: float, middle: float, colors: Sequence[QColor]) -> list[Primitive]:
    # Whole pixels: edges that are smoothed would show as seams.
    x, step = round(x), 96 * style.unit / len(colors)
    return [
        Box(QRectF(x + i * step, round(middle - 3 * style.unit), step, 6 * style.unit), color)
        for i, color in enumerate(colors)
    ]


def state_sample(style: Style, x: float, middle: float, state: EdgeState) -> list[Primitive]:
    """Return a sample of an edge or row, from a left end, around a height."""
    unit = style.unit
    right, centre = x + 26 * unit, x + 13 * unit
    if state in _BADGES:
        return _BADGES[state](style, centre, middle)
    if state is EdgeState.ARC:
        line = ArcLine(middle - 6 * unit, middle + 6 * unit, 0, SKIP)
        return ArcDrawing([line], Side.TARGET, Columns(0, 0, x + 9 * unit), style).primitives()
    if state in (EdgeState.UNUSED, EdgeState.FRESH):
        name = "unmatched" if state is EdgeState.UNUSED else "fresh"
        box = QRectF(x, middle - 7 * unit, 26 * unit, 14 * unit)
        ring = Dot(centre, middle, 3 * unit, None, style.color(name), 1.6 * unit)
        return [Box(box, style.color(f"{name}_soft"), style.color(name, 0.55), radius=3), ring]
    ink = style.score(0.45 if state is EdgeState.WEAK else 0.9)
    if state in (EdgeState.CROPPED, EdgeState.PADDED):
        bar = QRectF(x, middle - 2.25 * unit, 26 * unit, 4.5 * unit)
        if state is EdgeState.CROPPED:
            return [Box(bar, ink, radius=2.25 * unit), *cut_sign(style, right, middle)]
        filled = QRectF(x, bar.y(), 12 * unit, bar.height())
        ground = Box(bar, style.color("border"), radius=2.25 * unit)
        return [ground, Box(filled, style.score(0.45), radius=2.25 * unit)]
    if state is EdgeState.SPAN:
        band = QColor(ink)
        band.setAlphaF(0.25)
        corners = [(x, -2), (right, -7), (right, 7), (x, 2)]
        return [Polygon([QPointF(px, middle + dy * unit) for px, dy in corners], band)]
    if state is EdgeState.CROSSING:
        falls = ((-4, 4), (4, -4))
        return [
            Line(QLineF(x, middle + a * unit, right, middle + b * unit), ink, 1.4 * unit) for a, b in falls
        ]
    weak = state is EdgeState.WEAK
    return [Line(QLineF(x, middle, right, middle), ink, 1.6 * unit, dashed=weak)]
