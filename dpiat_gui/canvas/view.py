"""The canvas: the view of a matching with all that the pointer does in it."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.details import describe_html, describe_plain
from dpiat_gui.canvas.gestures import PinCheck, PinDrag, drag_started
from dpiat_gui.canvas.overlays import Card
from dpiat_gui.canvas.selecting import SelectingView

PICK_RADIUS = 6.0
"""How near the pointer must be to an edge, in pixels of the screen."""

_HOVER_DELAY = 350
_OPEN_DELAY = 600
"""Milliseconds a curve is held over a collapsed block until it opens."""


class MatchView(SelectingView):
    """Draws a matching and tells what a person wants of it.

    Notes
    -----
    It edits nothing: pulling a row to a row of the other side emits `pin_requested`, and the
    window hands back another matching.
    """

    pin_requested = Signal(str, str)
    ban_requested = Signal(str, str)
    fresh_requested = Signal(str)
    clear_requested = Signal(str)
    hovered = Signal(str)
    """What is under the pointer, in a sentence; empty when nothing is."""

    context_menu_requested = Signal(object, object, QPoint)
    """Paths of source and target under the pointer, None for a side without one, and where."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self._check: PinCheck | None = None
        self._pressed: tuple[QPointF, Place] | None = None
        self._drag: PinDrag | None = None
        self._pulled_to = QPointF()
        self._opening = QTimer(self)
        self._opening.setSingleShot(True)
        self._opening.setInterval(_OPEN_DELAY)
        self._opening.timeout.connect(self._open_pulled_to)
        self._waits: Place | None = None
        self._card = Card(self, _HOVER_DELAY)
        self._reason = Card(self, wrap=320)
        self._restyle_cards()

    def set_pin_check(self, check: PinCheck | None) -> None:
        """Ask `check` why two paths cannot be pinned while a row is dragged."""
        self._check = check

    def _apply_style(self) -> None:
        super()._apply_style()
        self._restyle_cards()

    def _restyle_cards(self) -> None:
        # The base class styles itself before the cards are made.
        if hasattr(self, "_reason"):
            self._card.set_style(self._style)
            self._reason.set_style(self._style, "error")

    def _forget_places(self) -> None:
        self._end_drag()
        self._card.conceal()
        super()._forget_places()

    # -- under the pointer --------------------------------------------------------------

    def pair_at(self, point: QPointF) -> tuple[Place | None, Place | None]:
        """Return source and target at a point of the viewport: of a row and its partner, or of an edge."""
        here = self._to_scene(point)
        spot = self._scene.place_at(here)
        if spot is not None:
            partner = self.board.partner(spot)
            return (spot, partner) if spot.side is Side.SOURCE else (partner, spot)
        edge = self._scene.edge_at(here, PICK_RADIUS / self.zoom)
        return (None, None) if edge is None else self.board.ends(edge)

    def _to_scene(self, point: QPointF) -> QPointF:
        inverse, _ = self.viewportTransform().inverted()
        return inverse.map(point)

    def _hover(self, point: QPointF) -> None:
        source, target = self.pair_at(point)
        attention = self._scene.attention
        if (source, target) != (attention.hover_source, attention.hover_target):
            self._scene.attend(hover_source=source, hover_target=target)
            self._card.conceal()
            self.hovered.emit(describe_plain(self.board, source, target))
        if source is not None or target is not None:
            where = self.viewport().mapTo(self, point.toPoint())
            self._card.promise(lambda: describe_html(self.board, source, target), where)

    def _leave(self) -> None:
        self._card.conceal()
        if self._scene.attention.hover_source or self._scene.attention.hover_target:
            self._scene.attend(hover_source=None, hover_target=None)
            self.hovered.emit("")

    # -- pointer ------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select what is pressed; a drag from a row may follow."""
        super().mousePressEvent(event)
        if self.panning or event.button() is not Qt.MouseButton.LeftButton:
            return
        self._card.conceal()
        point = event.position()
        spot = self._scene.place_at(self._to_scene(point))
        if spot is None:
            source, target = self.pair_at(point)
            self.select(target, source)
            return
        if spot.row is None and self._on_chevron(spot, point):
            self._toggle(spot)
            return
        self._pressed = (point, spot)
        self.select(spot)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, pull a curve, or look at what is under the pointer."""
        super().mouseMoveEvent(event)
        if self.panning:
            return
        point = event.position()
        if self._drag is not None:
            self._pull(point)
        elif self._pressed and drag_started(self._pressed[0], point, QApplication.startDragDistance()):
            self._begin_drag(self._pressed[1], point)
        elif not self._pressed:
            self._hover(point)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Drop what was pulled."""
        super().mouseReleaseEvent(event)
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        self._pressed = None
        if self._drag is None:
            return
        goal, reason = self._drag.move(self._to_scene(event.position()))
        pair = self._drag.pair(goal) if goal else None
        self._end_drag()
        if reason:
            self.message.emit(reason)
        elif pair:
            self.pin_requested.emit(*pair)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show or hide the rows of a block and of its partners."""
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        spot = self._scene.place_at(self._to_scene(event.position()))
        if spot is not None and not self._on_chevron(spot, event.position()):
            self._toggle(spot)

    def _on_chevron(self, spot: Place, point: QPointF) -> bool:
        column = self.board.columns[spot.side]
        if spot.row is not None or column is None or column.entries[spot.entry].single:
            return False
        item = self._scene.blocks(spot.side)[spot.entry]
        return item.mapFromScene(self._to_scene(point)).x() < 24 * self._style.unit

    def _toggle(self, spot: Place) -> None:
        block = Place(spot.side, spot.entry)
        opened = spot.entry in self.board.expanded[spot.side]
        self._set_open([block], not opened, held=block)

    def leaveEvent(self, event: QEvent) -> None:
        """Look at nothing."""
        super().leaveEvent(event)
        self._leave()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Select what is under the pointer, or what the keyboard is at, and ask for a menu."""
        if event.reason() is QContextMenuEvent.Reason.Mouse:
            source, target = self.pair_at(QPointF(self.viewport().mapFromGlobal(event.globalPos())))
            spot = self._scene.place_at(
                self._to_scene(QPointF(self.viewport().mapFromGlobal(event.globalPos())))
            )
            self.select(spot or target, None if spot else source)
        self._leave()
        self.context_menu_requested.emit(*self.selection, event.globalPos())
        event.accept()

    # -- pulling a curve ----------------------------------------------------------------

    def _begin_drag(self, spot: Place, point: QPointF) -> None:
        self._leave()
        self._drag = PinDrag(self._scene, spot, self._check)
        self._drag.begin(self.seen())
        self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        self._pull(point)

    def _pull(self, point: QPointF) -> None:
        assert self._drag is not None
        goal, reason = self._drag.move(self._to_scene(point))
        self._pulled_to = point
        self._wait_to_open(goal)
        self._reason.show_text(reason or "", self.viewport().mapTo(self, point.toPoint()))

    def _wait_to_open(self, goal: Place | None) -> None:
        """Begin to wait where a collapsed block has come under the curve, stop where it has gone."""
        layer = self._drag is not None and self._drag.start.row is not None
        # A block is dropped on a block: opened, it would only offer rows that cannot take it.
        if goal is not None and (not layer or goal.row is not None or not self._closed(goal)):
            goal = None
        if goal != self._waits:
            self._waits = goal
            if goal is None:
                self._opening.stop()
            else:
                self._opening.start()

    def _closed(self, spot: Place) -> bool:
        column = self.board.columns[spot.side]
        assert column is not None
        return not column.entries[spot.entry].single and spot.entry not in self.board.expanded[spot.side]

    def _open_pulled_to(self) -> None:
        """Show the rows of the block under the curve, so that it can be dropped on one."""
        spot, self._waits = self._waits, None
        if self._drag is None or spot is None:
            return
        self._set_open([spot], True, held=spot, partners=False)
        self._drag.begin(self.seen())
        self._pull(self._pulled_to)

    def _end_drag(self) -> None:
        self._pressed = None
        self._wait_to_open(None)
        self._reason.conceal()
        if self._drag is not None:
            self._drag.end()
            self._drag = None
            self.viewport().unsetCursor()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give up a drag or a hover by Esc; other keys as ever."""
        if event.key() == Qt.Key.Key_Escape:
            if self._drag is not None:
                self._end_drag()
                return
            if self._scene.attention.hover_source or self._scene.attention.hover_target:
                self._leave()
        super().keyPressEvent(event)
