"""The canvas: the view of a matching with all that the pointer does in it."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from dpiat_gui.canvas.aiming import AimingView
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.details import describe_html, describe_plain
from dpiat_gui.canvas.gestures import drag_started
from dpiat_gui.canvas.overlays import Card
from dpiat_gui.canvas.pulling import Grip

PICK_RADIUS = 6.0
"""How near the pointer must be to an edge, in pixels of the screen."""

_HOVER_DELAY = 350


class MatchView(AimingView):
    """Draws a matching and tells what a person wants of it.

    Notes
    -----
    It edits nothing: the window hands back another matching. What it tells, by module paths:

    - `selected` and `multi_selected`: the rows, blocks and pairs that a person chose.
    - `pin_requested` (source, target): a row was pulled to a row of the other side, or joined to it
      by P, arrows and Enter. `repin_requested` (old source, old target, new source, new target): an
      end of the selected edge was moved to another row.
    - `ban_requested`, `fresh_requested`, `clear_requested`, `copy_requested`, `open_requested`,
      `demo_requested`, `files_dropped`, `details_requested`, `context_menu_requested`.
    - `layout_mode_changed`, `orientation_changed`, `overview_visible_changed`, `arcs_visible_changed`,
      `only_selection_edges_changed`, `fold_runs_changed`, `coupled_changed`: its switches, each with a
      setter.

    What it draws beside the matching: `set_layer_marks`, `set_comparison`, `set_revealed_edges`,
    `set_multi_selection`. What it asks while a curve is pulled: `set_pin_check`, `set_pin_preview`,
    `set_repin_check`, `set_repin_preview`.
    """

    ban_requested = Signal(str, str)
    fresh_requested = Signal(str)
    clear_requested = Signal(str)

    copy_requested = Signal()
    """Ctrl+C was pressed: what is selected should be copied."""

    hovered = Signal(str)
    """What is under the pointer, in a sentence; empty when nothing is."""

    context_menu_requested = Signal(object, object, QPoint)
    """Paths of source and target under the pointer, None for a side without one, and where."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self._pressed: tuple[QPointF, Place | Grip] | None = None
        self._card = Card(self, _HOVER_DELAY)
        self._card.set_style(self._style)

    def _apply_style(self) -> None:
        super()._apply_style()
        # The base class styles itself before the card is made.
        if hasattr(self, "_card"):
            self._card.set_style(self._style)

    def _forget_places(self) -> None:
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
        if self._aiming:
            self._end_drag()
        point = event.position()
        grip = self.grip_at(point)
        if grip is not None:
            self._pressed = (point, grip)
            return
        spot = self._scene.place_at(self._to_scene(point))
        if spot is None:
            source, target = self.pair_at(point)
            self.select(target, source)
            return
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier):
            self.select_further(spot, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
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
            if not self._aiming:
                self._pull(point)
        elif self._pressed and drag_started(self._pressed[0], point, QApplication.startDragDistance()):
            self._leave()
            held = self._pressed[1]
            if isinstance(held, Grip):
                self._begin_drag(held.fixed, point, held)
            else:
                self._begin_drag(held, point)
        elif not self._pressed:
            self._hover(point)
            self._show_grip(point)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Drop what was pulled."""
        super().mouseReleaseEvent(event)
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        self._pressed = None
        if self._drag is not None and not self._aiming:
            self._drop(*self._drag.move(self._to_scene(event.position())))

    def _show_grip(self, point: QPointF) -> None:
        """Show by the pointer's shape that the end of an edge can be moved."""
        if self._space:
            return
        if self.grip_at(point) is not None:
            self.viewport().setCursor(Qt.CursorShape.SizeVerCursor)
        else:
            self.viewport().unsetCursor()

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
        if self.board.is_folded(spot):
            self._set_folded(block, False)
            return
        opened = spot.entry in self.board.expanded[spot.side]
        self._set_open([block], not opened, held=block)

    def leaveEvent(self, event: QEvent) -> None:
        """Look at nothing."""
        super().leaveEvent(event)
        self._leave()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Select what is under the pointer, or what the keyboard is at, and ask for a menu.

        Between the cards nothing is meant: the selection stays, and the menu is asked for without paths.
        """
        if event.reason() is QContextMenuEvent.Reason.Mouse:
            source, target = self.pair_at(QPointF(self.viewport().mapFromGlobal(event.globalPos())))
            spot = self._scene.place_at(
                self._to_scene(QPointF(self.viewport().mapFromGlobal(event.globalPos())))
            )
            if spot is None and source is None and target is None:
                # A menu about the whole drawing: the selection stays.
                self._leave()
                self.context_menu_requested.emit(None, None, event.globalPos())
                event.accept()
                return
            # A menu on one of several that were selected together is about all of them.
            if spot is None or self._paths_at(spot) not in self.multi_selection:
                self.select(spot or target, None if spot else source)
        self._leave()
        self.context_menu_requested.emit(*self.selection, event.globalPos())
        event.accept()

    def _end_drag(self) -> None:
        super()._end_drag()
        self._pressed = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy by Ctrl+C, look at nothing by Esc; other keys as ever."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_requested.emit()
            return
        attention = self._scene.attention
        hovering = attention.hover_source or attention.hover_target
        if event.key() == Qt.Key.Key_Escape and not self.pulling and hovering:
            self._leave()
        super().keyPressEvent(event)
