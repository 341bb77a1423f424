"""Gestures with the pointer: pulling a curve from a row to a row of the other side, dropping files."""

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QMimeData, QPointF, QRectF
from PySide6.QtGui import QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from dpiat_gui.canvas.annotations import PinPreview
from dpiat_gui.canvas.columns import Place, RowState, Side
from dpiat_gui.canvas.primitives import DASH, curve_path
from dpiat_gui.canvas.scene import MatchScene

PinCheck = Callable[[str, str], str | None]
"""Takes a source's and a target's path; returns why they cannot be pinned, None if they can."""

RepinCheck = Callable[[str, str, str, str], str | None]
"""Takes the old source's and target's path and the new ones; returns why that cannot be, None if it can."""

RepinPreviewer = Callable[[str, str, str, str], PinPreview | None]
"""Takes the old source's and target's path and the new ones; returns what the move would change."""

PinPreviewer = Callable[[str, str], PinPreview | None]
"""Takes a source's and a target's path; returns what pinning them would change, None if that is not known."""


@dataclass
class PinDrag:
    """Pulling a curve from a row to one of the other side, to pin the two.

    Parameters
    ----------
    scene
        Where it happens.
    start
        The row or entry it begins at.
    check
        Says why a pair cannot be pinned.
    previewer
        Says what pinning a pair would change.
    """

    scene: MatchScene
    start: Place
    check: PinCheck | None
    previewer: PinPreviewer | None = None
    _rubber: QGraphicsPathItem = field(init=False)
    _reasons: dict[Place, str | None] = field(default_factory=dict)
    _previews: dict[Place, PinPreview | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rubber = QGraphicsPathItem()
        self._rubber.setZValue(3)
        self.scene.addItem(self._rubber)

    def begin(self, seen: QRectF) -> None:
        """Let the places in the seen part of the scene that can be dropped on glow."""
        goals = frozenset(spot for spot in self._candidates(seen) if not self.reason(spot))
        self.scene.attend(glow=goals, pulling=True)

    def move(self, point: QPointF) -> tuple[Place | None, str | None]:
        """Follow the pointer; return the place under it on the other side, and why it is no goal."""
        goal = self._goal(point)
        return goal, self._show(goal, point)

    def aim(self, goal: Place) -> str | None:
        """Let the curve end at a place; return why it is no goal, None if it is one."""
        return self._show(goal, self._port(goal))

    def _show(self, goal: Place | None, point: QPointF) -> str | None:
        """Draw the curve to a place, or to a point beside every place."""
        reason = self.reason(goal) if goal else None
        name = "hover_source" if self.start.side is Side.TARGET else "hover_target"
        self.scene.attend(**{name: goal})
        begin, end = self._port(self.start), self._port(goal) if goal and not reason else point
        style = self.scene.style_
        line = QPen(style.color("error" if reason else "accent"), 2.2 * style.unit)
        if reason or goal is None:
            line.setDashPattern(DASH)
        self._rubber.setPen(line)
        self._rubber.setPath(self._curve(begin, end))
        return reason

    def pair(self, goal: Place) -> tuple[str, str]:
        """Return the paths of source and target that a drop on `goal` would pin."""
        ends = {self.start.side: self.start, goal.side: goal}
        board = self.scene.board
        return board.path(ends[Side.SOURCE]) or "", board.path(ends[Side.TARGET]) or ""

    def reason(self, goal: Place) -> str | None:
        """Return why the start cannot be pinned to a place, None if it can."""
        if goal not in self._reasons:
            self._reasons[goal] = self.check(*self.pair(goal)) if self.check else None
        return self._reasons[goal]

    def preview(self, goal: Place) -> PinPreview | None:
        """Return what pinning the start to a place would change; asked once a place."""
        if goal not in self._previews:
            self._previews[goal] = self.previewer(*self.pair(goal)) if self.previewer else None
        return self._previews[goal]

    def end(self) -> None:
        """Take the curve away."""
        self.scene.attend(glow=frozenset(), pulling=False, hover_source=None, hover_target=None)
        self.scene.removeItem(self._rubber)

    def _goal(self, point: QPointF) -> Place | None:
        spot = self.scene.place_at(point)
        return spot if spot and spot.side is self.start.side.other else None

    def _candidates(self, seen: QRectF) -> list[Place]:
        """Return the rows, entries while collapsed, of the other side in a part of the scene."""
        board, side = self.scene.board, self.start.side.other
        low, high = self.scene.span(side, seen)
        found: list[Place] = []
        for entry, placed in enumerate(board.placed(side)):
            if placed.bottom < low or placed.top > high or placed.hidden:
                continue
            found.append(Place(side, entry))
            marks = board.marks[side][entry].rows
            found.extend(
                Place(side, entry, row)
                for row, top in enumerate(placed.rows)
                if low <= top <= high and (marks[row].state is not RowState.PLAIN or board.matching is None)
            )
        return found

    def _port(self, spot: Place) -> QPointF:
        """Return the point where edges of a place end."""
        board = self.scene.board
        return self.scene.stage.port(spot.side, board.port(board.shown(spot)))

    def _curve(self, begin: QPointF, end: QPointF) -> QPainterPath:
        # From left to right, as every edge is drawn.
        ends = (begin, end) if self.start.side is Side.SOURCE else (end, begin)
        return curve_path(*ends, self.scene.stage.across)


def dropped_file(data: QMimeData) -> str | None:
    """Return the path of the one local file that is dragged, None for anything else."""
    urls = data.urls() if data.hasUrls() else []
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    return urls[0].toLocalFile()


def drop_side(at: float, length: float) -> Side:
    """Return the side a file is dropped on: the first half, left or upper, is the source's."""
    return Side.SOURCE if at < length / 2 else Side.TARGET


def drag_started(pressed: QPointF, now: QPointF, distance: int) -> bool:
    """Tell whether the pointer has moved far enough from where it was pressed to be a drag."""
    return (now - pressed).manhattanLength() >= distance
