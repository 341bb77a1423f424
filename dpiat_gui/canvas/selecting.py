"""Selecting rows and pairs, by the keyboard too, and telling a screen reader."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.details import describe_plain
from dpiat_gui.canvas.dropping import DroppingView
from dpiat_gui.canvas.navigation import Move, moved

_MOVES = {
    Qt.Key.Key_Up: Move.UP,
    Qt.Key.Key_Down: Move.DOWN,
    Qt.Key.Key_Home: Move.FIRST,
    Qt.Key.Key_End: Move.LAST,
    Qt.Key.Key_PageUp: Move.PAGE_UP,
    Qt.Key.Key_PageDown: Move.PAGE_DOWN,
}
_SIDES = {Qt.Key.Key_Left: Side.SOURCE, Qt.Key.Key_Right: Side.TARGET}
_MIRRORED = {
    Qt.Key.Key_Up: Qt.Key.Key_Left,
    Qt.Key.Key_Left: Qt.Key.Key_Up,
    Qt.Key.Key_Down: Qt.Key.Key_Right,
    Qt.Key.Key_Right: Qt.Key.Key_Down,
}
"""What an arrow means in strips, where columns run from left to right."""


class SelectingView(DroppingView):
    """A board whose rows, blocks and pairs can be selected."""

    selected = Signal(object, object)
    """Paths of source and target, None for a side without one, after a person chose them."""

    details_requested = Signal()
    """Enter was pressed: show the selected pair in full."""

    message = Signal(str)
    """A line for the status bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Matching of two networks")
        self._paths: tuple[str | None, str | None] = (None, None)
        self._side = Side.TARGET

    @property
    def selection(self) -> tuple[str | None, str | None]:
        """The selected paths of source and target."""
        return self._paths

    @property
    def current_side(self) -> str:
        """The side the keyboard moves in: ``source`` or ``target``."""
        return self._side.value

    def set_selection(self, source_path: str | None, target_path: str | None) -> None:
        """Select a pair, or one place, by path; scroll only if it cannot be seen well."""
        if (source_path, target_path) == self._paths:
            return
        self._paths = (source_path, target_path)
        self._show_selection(scroll=True)

    def set_only_selection_edges(self, only: bool) -> None:
        """Hide every edge that does not belong to the selection; with nothing selected all are shown."""
        self._scene.attend(only_selection=only)

    def select(self, spot: Place | None, partner: Place | None = None) -> None:
        """Select a place with a partner, its own if None is given, and tell the window.

        Parameters
        ----------
        spot
            The place; None clears the selection.
        partner
            What it is paired with.
        """
        if spot is None:
            self._choose((None, None))
            return
        self._side = spot.side
        partner = partner or self.board.partner(spot)
        ends = {spot.side: self.board.path(spot)}
        if partner is not None:
            ends[partner.side] = self.board.path(partner)
        self._choose((ends.get(Side.SOURCE), ends.get(Side.TARGET)))

    def _choose(self, paths: tuple[str | None, str | None]) -> None:
        changed = paths != self._paths
        self._paths = paths
        self._show_selection(scroll=True)
        if changed:
            self.selected.emit(*paths)

    def _show_selection(self, scroll: bool) -> None:
        source, target = (self.board.find(side, path) for side, path in zip(Side, self._paths, strict=True))
        if (source if self._side is Side.SOURCE else target) is None and (source or target):
            self._side = Side.SOURCE if source else Side.TARGET
        self._scene.attend(source=source, target=target, focus=self._focused_side())
        ordered = (source, target) if self._side is Side.SOURCE else (target, source)
        if scroll:
            self.reveal([self.board.shown(spot) for spot in ordered if spot is not None])
        self.setAccessibleDescription(describe_plain(self.board, source, target))

    def _focused_side(self) -> Side | None:
        return self._side if self.hasFocus() else None

    def _forget_places(self) -> None:
        super()._forget_places()
        # The columns are new, but the paths may still mean something in them.
        self._show_selection(scroll=False)

    def current(self) -> Place | None:
        """Return the place the keyboard is at."""
        return self._scene.attention.spot(self._side)

    # -- keyboard -----------------------------------------------------------------------

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
            key = _MIRRORED.get(key, key)
        if key in _MOVES:
            page = stage.rect(self.seen()).height() * 0.9
            goal = moved(self.board, self.current(), self._side, _MOVES[key], page)
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
