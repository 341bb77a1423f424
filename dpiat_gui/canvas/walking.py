"""Moving through a board by the keyboard."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent

from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.navigation import Move, moved
from dpiat_gui.canvas.selecting import SelectingView

MOVES = {
    Qt.Key.Key_Up: Move.UP,
    Qt.Key.Key_Down: Move.DOWN,
    Qt.Key.Key_Home: Move.FIRST,
    Qt.Key.Key_End: Move.LAST,
    Qt.Key.Key_PageUp: Move.PAGE_UP,
    Qt.Key.Key_PageDown: Move.PAGE_DOWN,
}
_SIDES = {Qt.Key.Key_Left: Side.SOURCE, Qt.Key.Key_Right: Side.TARGET}
MIRRORED = {
    Qt.Key.Key_Up: Qt.Key.Key_Left,
    Qt.Key.Key_Left: Qt.Key.Key_Up,
    Qt.Key.Key_Down: Qt.Key.Key_Right,
    Qt.Key.Key_Right: Qt.Key.Key_Down,
}
"""What an arrow means in strips, where columns run from left to right."""


class WalkingView(SelectingView):
    """A board that the keyboard walks through."""

    message = Signal(str)
    """A line for the status bar."""

    details_requested = Signal()
    """Enter was pressed: show the selected pair in full."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move in the columns, expand, collapse, ask for details, clear."""
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier & ~Qt.KeyboardModifier.ShiftModifier
        key = Qt.Key(event.key())
        if plain != Qt.KeyboardModifier.NoModifier or not self._press(key):
            super().keyPressEvent(event)

    def _press(self, key: Qt.Key) -> bool:
        """Act on a key; return whether it means anything here."""
        stage = self._scene.stage
        if stage.across:
            key = MIRRORED.get(key, key)
        if key in MOVES:
            page = stage.rect(self.seen()).height() * 0.9
            goal = moved(self.board, self.current(), self._side, MOVES[key], page)
            if goal is not None:
                self.select(goal)
        elif key in _SIDES:
            self._cross(_SIDES[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self._toggle_current(key is not Qt.Key.Key_Minus)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.details_requested.emit()
        elif key is Qt.Key.Key_Escape:
            if self._paths == (None, None):
                return False
            self.select(None)
        else:
            return False
        return True

    def _cross(self, side: Side) -> None:
        """Go to the partner on a side."""
        if side is self._side and self.current() is not None:
            return
        goal = self._scene.attention.spot(side)
        if goal is not None:
            self._side = side
            self._show_selection(scroll=True)
        elif self.current() is None:
            first = moved(self.board, None, side, Move.FIRST, 0.0)
            self.select(first)
        else:
            here = self.current()
            self.message.emit(f"{self.board.path(here)} has no partner to go to.")

    def _toggle_current(self, open_it: bool) -> None:
        spot = self.current()
        if spot is None:
            return
        block = Place(spot.side, spot.entry)
        if self.board.is_folded(spot) or (not open_it and spot.entry not in self.board.expanded[spot.side]):
            self._set_folded(block, not open_it)
            return
        self._set_open([spot], open_it, held=Place(spot.side, spot.entry))
        if not open_it and spot.row is not None:
            self.select(Place(spot.side, spot.entry))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is."""
        super().focusInEvent(event)
        self._scene.attend(focus=self._focused_side())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that the keyboard is elsewhere."""
        super().focusOutEvent(event)
        self._scene.attend(focus=None)
