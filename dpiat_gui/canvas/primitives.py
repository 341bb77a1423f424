"""What a drawing is made of: a list of simple shapes that a painter paints and an SVG file holds.

A block's list is made once for its geometry and painted on every frame; figures write the same
lists to a file, so that the window and a figure cannot differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from html import escape
from typing import Protocol

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPainterPath, QPen, QStaticText

from dpiat_gui.canvas.curves import TENSION

_ROUND_FROM = 1.6
"""Scale from which an eye tells a rounded corner from one that is cut out."""

DASH = (5.0, 3.0)
"""Dashes of a weak or unmatched thing, in line widths."""


class Primitive(Protocol):
    """One simple shape."""

    def paint(self, painter: QPainter) -> None:
        """Paint it."""

    def svg(self) -> str:
        """Write it as one SVG element."""


class Anchor(Enum):
    """Which end of a text its x stands for."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


def pen(color: QColor | None, width: float = 1.0, dashed: bool = False) -> QPen:
    """Return a pen with round ends; none to draw with for None."""
    if color is None:
        return QPen(Qt.PenStyle.NoPen)
    made = QPen(color, width)
    if dashed:
        made.setDashPattern(DASH)
        made.setCapStyle(Qt.PenCapStyle.FlatCap)
    else:
        made.setCapStyle(Qt.PenCapStyle.RoundCap)
    return made


def brush(color: QColor | None) -> QBrush:
    """Return a plain brush; none to fill with for None."""
    return QBrush(Qt.BrushStyle.NoBrush) if color is None else QBrush(color)


class Box:
    """A rectangle, with rounded corners where a radius is given."""

    __slots__ = ("_brush", "_pen", "radius", "rect")

    def __init__(
        self,
        rect: QRectF,
        fill: QColor | None = None,
        stroke: QColor | None = None,
        *,
        radius: float = 0.0,
        width: float = 1.0,
        dashed: bool = False,
    ) -> None:
        self.rect = rect
        self.radius = radius
        self._pen = pen(stroke, width, dashed)
        self._brush = brush(fill)

    def paint(self, painter: QPainter) -> None:
        """Paint it."""
        painter.setPen(self._pen)
        painter.setBrush(self._brush)
        if self.radius:
            painter.drawRoundedRect(self.rect, self.radius, self.radius)
        else:
            painter.drawRect(self.rect)

    def svg(self) -> str:
        """Write it as one SVG element."""
        rect = self.rect
        corner = f' rx="{_n(self.radius)}"' if self.radius else ""
        return (
            f'<rect x="{_n(rect.x())}" y="{_n(rect.y())}" width="{_n(rect.width())}" '
            f'height="{_n(rect.height())}"{corner}{_fill(self._brush)}{_stroke(self._pen)}/>'
        )


class Bars:
    """Small rectangles of one colour with softened corners, painted at once."""

    __slots__ = ("_brush", "_painted", "rects")

    def __init__(self, rects: Sequence[QRectF], fill: QColor) -> None:
        self.rects = list(rects)
        self._brush = brush(fill)
        # A cross of two rectangles: at this size no eye tells it from a rounded one, which
        # takes ten times as long.
        self._painted = [
            part for rect in self.rects for part in (rect.adjusted(1, 0, -1, 0), rect.adjusted(0, 1, 0, -1))
        ]

    def paint(self, painter: QPainter) -> None:
        """Paint them."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._brush)
        transform = painter.worldTransform()
        if max(abs(transform.m22()), abs(transform.m12())) > _ROUND_FROM:
            for rect in self.rects:
                painter.drawRoundedRect(rect, 2, 2)
        else:
            painter.drawRects(self._painted)

    def svg(self) -> str:
        """Write them as SVG elements."""
        fill = _fill(self._brush)
        return "".join(
            f'<rect x="{_n(rect.x())}" y="{_n(rect.y())}" width="{_n(rect.width())}" '
            f'height="{_n(rect.height())}" rx="2"{fill}/>'
            for rect in self.rects
        )


class Dot:
    """A circle."""

    __slots__ = ("_brush", "_pen", "centre", "radius")

    def __init__(
        self,
        x: float,
        y: float,
        radius: float,
        fill: QColor | None = None,
        stroke: QColor | None = None,
        width: float = 1.0,
    ) -> None:
        self.centre = QPointF(x, y)
        self.radius = radius
        self._pen = pen(stroke, width)
        self._brush = brush(fill)

    def paint(self, painter: QPainter) -> None:
        """Paint it."""
        painter.setPen(self._pen)
        painter.setBrush(self._brush)
        painter.drawEllipse(self.centre, self.radius, self.radius)

    def svg(self) -> str:
        """Write it as one SVG element."""
        return (
            f'<circle cx="{_n(self.centre.x())}" cy="{_n(self.centre.y())}" r="{_n(self.radius)}"'
            f"{_fill(self._brush)}{_stroke(self._pen)}/>"
        )


class Line:
    """A straight line."""

    __slots__ = ("_pen", "line")

    def __init__(self, line: QLineF, color: QColor, width: float = 1.0, *, dashed: bool = False) -> None:
        self.line = line
        self._pen = pen(color, width, dashed)

    def paint(self, painter: QPainter) -> None:
        """Paint it."""
        painter.setPen(self._pen)
        painter.drawLine(self.line)

    def svg(self) -> str:
        """Write it as one SVG element."""
        line = self.line
        return (
            f'<line x1="{_n(line.x1())}" y1="{_n(line.y1())}" x2="{_n(line.x2())}" y2="{_n(line.y2())}"'
            f"{_stroke(self._pen)}/>"
        )


class Polyline:
    """A line through several points."""

    __slots__ = ("_pen", "points")

    def __init__(
        self, points: Sequence[QPointF], color: QColor, width: float = 1.0, *, dashed: bool = False
    ) -> None:
        self.points = list(points)
        self._pen = pen(color, width, dashed)

    def paint(self, painter: QPainter) -> None:
        """Paint it."""
        painter.setPen(self._pen)
        painter.drawPolyline(self.points)

    def svg(self) -> str:
        """Write it as one SVG element."""
        points = " ".join(f"{_n(p.x())},{_n(p.y())}" for p in self.points)
        return f'<polyline points="{points}" fill="none"{_stroke(self._pen)}/>'


class Polygon:
    """A closed, filled polygon."""

    __slots__ = ("_brush", "points")

    def __init__(self, points: Sequence[QPointF], fill: QColor) -> None:
        self.points = list(points)
        self._brush = brush(fill)

    def paint(self, painter: QPainter) -> None:
        """Paint it."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._brush)
        painter.drawPolygon(self.points)

    def svg(self) -> str:
        """Write it as one SVG element."""
        points = " ".join(f"{_n(p.x())},{_n(p.y())}" for p in self.points)
        return f'<polygon points="{points}"{_fill(self._brush)}/>'


class Curve:
    """An edge: a cubic curve with horizontal tangents, with vertical ones if it runs `across` strips."""

    __slots__ = ("_pen", "across", "end", "note", "path", "start")

    def __init__(
        self,
        start: QPointF,
        end: QPointF,
        color: QColor,
        width: float,
        dashed: bool = False,
        note: str = "",
        across: bool = False,
    ) -> None:
        self.start = start
        self.end = end
        self.note = note
        self.across = across
        self._pen = pen(color, width, dashed)
        self.path = curve_path(start, end, across)

    def paint(self, painter: QPainter) -> None:
        """Paint it."""
        painter.strokePath(self.path, self._pen)

    def svg(self) -> str:
        """Write it as one SVG element."""
        a, b = self.start, self.end
        c, d = control_points(a, b, self.across)
        data = f"M{_xy(a)} C{_xy(c)} {_xy(d)} {_xy(b)}"
        title = f"<title>{escape(self.note)}</title>" if self.note else ""
        return f'<path class="edge" d="{data}" fill="none"{_stroke(self._pen)}>{title}</path>'


def control_points(start: QPointF, end: QPointF, across: bool = False) -> tuple[QPointF, QPointF]:
    """Return the two control points of the curve of an edge."""
    if across:
        reach = QPointF(0, (end.y() - start.y()) * TENSION)
    else:
        reach = QPointF((end.x() - start.x()) * TENSION, 0)
    return start + reach, end - reach


def curve_path(start: QPointF, end: QPointF, across: bool = False) -> QPainterPath:
    """Return the curve of an edge between two ports."""
    path = QPainterPath(start)
    path.cubicTo(*control_points(start, end, across), end)
    return path


@dataclass(frozen=True, slots=True)
class Face:
    """A font, with the family an SVG names for it.

    Parameters
    ----------
    font
        To paint with.
    family
        The families for SVG, best first.
    size
        In units.
    bold
        Whether it is bold.
    """

    font: QFont
    family: str
    size: float
    bold: bool = False


class Text:
    """A line of text."""

    __slots__ = ("_color", "_corner", "_laid_out", "_pen", "anchor", "face", "left", "text", "x")

    def __init__(
        self,
        left: float,
        baseline: float,
        text: str,
        face: Face,
        color: QColor,
        anchor: Anchor = Anchor.START,
        width: float = 0.0,
    ) -> None:
        """Place a text whose drawn `width` starts at `left`, whatever end the anchor names."""
        self.left = QPointF(left, baseline)
        self.x = left + {Anchor.START: 0.0, Anchor.MIDDLE: width / 2, Anchor.END: width}[anchor]
        self.text = text
        self.face = face
        self.anchor = anchor
        self._color = color
        self._pen = QPen(color)
        self._laid_out: QStaticText | None = None
        self._corner = self.left

    def paint(self, painter: QPainter) -> None:
        """Paint it."""
        painter.setFont(self.face.font)
        painter.setPen(self._pen)
        if self._laid_out is None:
            # Laid out once, painted on every frame.
            self._laid_out = QStaticText(self.text)
            self._laid_out.setTextFormat(Qt.TextFormat.PlainText)
            self._corner = QPointF(self.left.x(), self.left.y() - painter.fontMetrics().ascent())
        painter.drawStaticText(self._corner, self._laid_out)

    def svg(self) -> str:
        """Write it as one SVG element."""
        anchor = "" if self.anchor is Anchor.START else f' text-anchor="{self.anchor.value}"'
        bold = ' font-weight="bold"' if self.face.bold else ""
        return (
            f'<text x="{_n(self.x)}" y="{_n(self.left.y())}" font-family="{escape(self.face.family)}" '
            f'font-size="{_n(self.face.size)}"{bold}{anchor}{_paint("fill", self._color)}>'
            f"{escape(self.text)}</text>"
        )


def paint_all(painter: QPainter, drawing: Sequence[Primitive]) -> None:
    """Paint a drawing."""
    for primitive in drawing:
        primitive.paint(painter)


def _n(value: float) -> str:
    """Write a number with as few digits as it needs."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


def _xy(point: QPointF) -> str:
    return f"{_n(point.x())},{_n(point.y())}"


def _paint(attribute: str, color: QColor) -> str:
    opacity = f' {attribute}-opacity="{_n(color.alphaF())}"' if color.alpha() < 255 else ""
    return f' {attribute}="{color.name()}"{opacity}'


def _fill(of: QBrush) -> str:
    return ' fill="none"' if of.style() is Qt.BrushStyle.NoBrush else _paint("fill", of.color())


def _stroke(of: QPen) -> str:
    if of.style() is Qt.PenStyle.NoPen:
        return ""
    dashes = [_n(dash * of.widthF()) for dash in DASH] if of.style() is Qt.PenStyle.CustomDashLine else []
    dashed = f' stroke-dasharray="{" ".join(dashes)}"' if dashes else ""
    return f'{_paint("stroke", of.color())} stroke-width="{_n(of.widthF())}"{dashed}'
