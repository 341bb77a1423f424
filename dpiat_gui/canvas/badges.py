"""Small marks beside rows and on edges: what a person asked for, what the skip factor did."""

from PySide6.QtCore import QLineF, QPointF
from PySide6.QtGui import QColor

from dpiat_gui.canvas.primitives import Dot, Line, Polygon, Polyline, Primitive
from dpiat_gui.canvas.style import Style


def pin_badge(style: Style, x: float, y: float) -> list[Primitive]:
    """Return the badge of a pair pinned by hand: a filled disc."""
    unit = style.unit
    return [
        Dot(x, y, 5 * unit, style.color("pin"), style.color("surface"), 1.5 * unit),
        Dot(x, y, 1.6 * unit, style.color("on_accent")),
    ]


def ban_badge(style: Style, x: float, y: float) -> list[Primitive]:
    """Return the badge of a banned pair: a ring with a bar across."""
    unit = style.unit
    reach = 3.0 * unit
    return [
        Dot(x, y, 4.6 * unit, style.color("surface"), style.color("ban"), 1.6 * unit),
        Line(QLineF(x - reach, y + reach, x + reach, y - reach), style.color("ban"), 1.6 * unit),
    ]


def fresh_badge(style: Style, x: float, y: float) -> list[Primitive]:
    """Return the badge of a target left fresh by hand: a ring with a plus."""
    unit = style.unit
    reach = 2.2 * unit
    ink = style.color("fresh")
    return [
        Dot(x, y, 4.6 * unit, style.color("surface"), ink, 1.6 * unit),
        Line(QLineF(x - reach, y, x + reach, y), ink, 1.4 * unit),
        Line(QLineF(x, y - reach, x, y + reach), ink, 1.4 * unit),
    ]


def skip_badge(style: Style, x: float, y: float) -> list[Primitive]:
    """Return the badge of two blocks of which only one has a skip: a bow over a line."""
    unit = style.unit
    ink = style.color("text_muted")
    bow = [QPointF(x + dx * unit, y + dy * unit) for dx, dy in _BOW]
    return [
        Dot(x, y, 6.2 * unit, style.color("surface"), ink, 1.1 * unit),
        Line(QLineF(x - 3.6 * unit, y + 2.2 * unit, x + 3.6 * unit, y + 2.2 * unit), ink, 1.2 * unit),
        Polyline(bow, ink, 1.2 * unit),
    ]


_BOW = ((-2.8, 1.6), (-2.5, -0.6), (-1.4, -2.2), (0.0, -2.8), (1.4, -2.2), (2.5, -0.6), (2.8, 1.6))


def plus_badge(style: Style, x: float, y: float, ink: QColor) -> list[Primitive]:
    """Return the badge of a pair that is new: a ring with a plus."""
    unit = style.unit
    reach = 2.4 * unit
    return [
        *_ring(style, x, y, ink),
        Line(QLineF(x - reach, y, x + reach, y), ink, 1.4 * unit),
        Line(QLineF(x, y - reach, x, y + reach), ink, 1.4 * unit),
    ]


def minus_badge(style: Style, x: float, y: float, ink: QColor) -> list[Primitive]:
    """Return the badge of a pair that is gone: a ring with a dash."""
    unit = style.unit
    reach = 2.4 * unit
    return [*_ring(style, x, y, ink), Line(QLineF(x - reach, y, x + reach, y), ink, 1.4 * unit)]


def _ring(style: Style, x: float, y: float, ink: QColor) -> list[Primitive]:
    return [Dot(x, y, 4.8 * style.unit, style.color("surface"), ink, 1.4 * style.unit)]


def cut_sign(style: Style, x: float, y: float) -> list[Primitive]:
    """Return the sign of a tensor that is cropped: a blade across the end of its bar."""
    unit = style.unit
    x -= 5 * unit
    ground, ink = style.color("surface"), style.color("text")
    return [
        Line(QLineF(x, y - 4.5 * unit, x, y + 4.5 * unit), ground, 4.0 * unit),
        Line(QLineF(x, y - 4.5 * unit, x, y + 4.5 * unit), ink, 1.5 * unit),
    ]


def level_sign(style: Style, x: float, y: float, level: str, ink: QColor) -> list[Primitive]:
    """Return the sign of a level, told apart by shape: a disc, a triangle, a cross."""
    reach = 3.0 * style.unit
    if level == "ok":
        return [Dot(x, y, reach * 0.85, ink)]
    if level == "warn":
        return [
            Polygon(
                [
                    QPointF(x - reach, y + reach * 0.8),
                    QPointF(x + reach, y + reach * 0.8),
                    QPointF(x, y - reach),
                ],
                ink,
            )
        ]
    return [
        Line(
            QLineF(x - reach * 0.8, y - reach * 0.8, x + reach * 0.8, y + reach * 0.8), ink, 1.8 * style.unit
        ),
        Line(
            QLineF(x - reach * 0.8, y + reach * 0.8, x + reach * 0.8, y - reach * 0.8), ink, 1.8 * style.unit
        ),
    ]
