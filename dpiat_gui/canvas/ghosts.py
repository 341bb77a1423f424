"""Edges that are not part of the matching: of another one, or of one that a drop would make."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from dpiat_gui.canvas.annotations import PathPair
from dpiat_gui.canvas.badges import minus_badge, plus_badge
from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.curves import weight
from dpiat_gui.canvas.primitives import Curve, Primitive
from dpiat_gui.canvas.stage import Stage
from dpiat_gui.canvas.style import Style


class GhostKind(Enum):
    """Why an edge is drawn that is none; the value is the theme's colour of it."""

    ADDED = "accent"
    REMOVED = "ban"
    BEFORE = "unmatched"
    NOW = "fresh"

    @property
    def dashed(self) -> bool:
        """True for what is not, or would no longer be, there."""
        return self in (GhostKind.REMOVED, GhostKind.BEFORE)


@dataclass(frozen=True, slots=True)
class Ghost:
    """A ghost between two ports.

    Parameters
    ----------
    kind
        Why it is drawn.
    y0, y1
        Heights of its ends, in the layout.
    count
        Number of pairs it stands for.
    upon
        True if an edge runs there anyway: only its badge is drawn.
    """

    kind: GhostKind
    y0: float
    y1: float
    count: int = 1
    upon: bool = False


def ghosts_of(board: Board, pairs: Mapping[GhostKind, Iterable[PathPair]]) -> tuple[Ghost, ...]:
    """Return the ghosts of pairs of paths; of a path that is not drawn there is none."""
    counts: dict[tuple[GhostKind, Place, Place], int] = {}
    for kind, wanted in pairs.items():
        for source_path, target_path in wanted:
            source, target = board.find(Side.SOURCE, source_path), board.find(Side.TARGET, target_path)
            if source is not None and target is not None:
                key = (kind, board.shown(source), board.shown(target))
                counts[key] = counts.get(key, 0) + 1
    found = []
    for (kind, source, target), count in counts.items():
        upon = kind is not GhostKind.ADDED and bool(board.edges_of(source, target))
        found.append(Ghost(kind, board.port(source), board.port(target), count, upon))
    return tuple(sorted(found, key=lambda ghost: min(ghost.y0, ghost.y1)))


class GhostItem(QGraphicsRectItem):
    """All ghosts of the scene, painted by one item."""

    def __init__(self) -> None:
        super().__init__()
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setZValue(1)
        self.setVisible(False)
        self._pairs: dict[GhostKind, tuple[PathPair, ...]] = {}
        self._ghosts: tuple[Ghost, ...] = ()
        self._placed_with: object = None
        self._stage = Stage()
        self._style: Style | None = None

    @property
    def ghosts(self) -> tuple[Ghost, ...]:
        """What is drawn."""
        return self._ghosts

    def set_pairs(self, kind: GhostKind, pairs: Iterable[PathPair]) -> None:
        """Draw these pairs of paths as ghosts of a kind, after the next `refresh`."""
        self._pairs[kind] = tuple(pairs)
        self._placed_with = None

    def refresh(self, board: Board, stage: Stage, style: Style, bounds: QRectF) -> None:
        """Follow a board, and where it stands."""
        if not any(self._pairs.values()):
            self._ghosts = ()
            self.setVisible(False)
            return
        if self._placed_with is not board.edges:
            self._placed_with = board.edges
            self._ghosts = ghosts_of(board, self._pairs)
        self._stage, self._style = stage, style
        self.setRect(bounds)
        self.setVisible(True)
        self.update()

    def primitives(self) -> list[Primitive]:
        """Return all ghosts as shapes."""
        return [shape for ghost in self._ghosts for shape in self._shapes(ghost)]

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the ghosts that the exposed strip shows."""
        exposed = self._stage.rect(option.exposedRect)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        up, down = self._stage.shift(Side.SOURCE), self._stage.shift(Side.TARGET)
        for ghost in self._ghosts:
            y0, y1 = ghost.y0 + up, ghost.y1 + down
            if min(y0, y1) <= exposed.bottom() and max(y0, y1) >= exposed.top():
                for shape in self._shapes(ghost):
                    shape.paint(painter)

    def _shapes(self, ghost: Ghost) -> list[Primitive]:
        assert self._style is not None
        style, stage = self._style, self._stage
        color = style.color(ghost.kind.value)
        start, end = stage.port(Side.SOURCE, ghost.y0), stage.port(Side.TARGET, ghost.y1)
        shapes: list[Primitive] = []
        if ghost.kind is GhostKind.NOW:
            halo = QColor(color)
            halo.setAlphaF(0.32)
            shapes.append(Curve(start, end, halo, 6 * style.unit, across=stage.across))
        elif not ghost.upon:
            width = (2.2 if ghost.kind is GhostKind.ADDED else 1.6) * style.unit
            shapes.append(Curve(start, end, color, width, ghost.kind.dashed, across=stage.across))
        draw = minus_badge if ghost.kind.dashed else plus_badge
        # Where several kinds meet on one edge, their badges stand beside each other.
        place = self._along(start, end, 0.42 if ghost.kind.dashed else 0.58)
        return shapes + draw(style, place.x(), place.y(), color)

    def _along(self, start: QPointF, end: QPointF, fraction: float) -> QPointF:
        share = weight(fraction)
        if self._stage.across:
            return QPointF(
                start.x() + share * (end.x() - start.x()), start.y() + fraction * (end.y() - start.y())
            )
        return QPointF(
            start.x() + fraction * (end.x() - start.x()), start.y() + share * (end.y() - start.y())
        )
