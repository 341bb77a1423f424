"""Selecting rows and pairs, by the keyboard too, and telling a screen reader."""

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from dpiat_gui.canvas.annotating import AnnotatingView
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.details import describe_plain
from dpiat_gui.canvas.navigation import Move, moved, shown_places

PathChoice = tuple[str | None, str | None]
"""Paths of a source and a target; None for a side where nothing is."""

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


class SelectingView(AnnotatingView):
    """A board whose rows, blocks and pairs can be selected."""

    selected = Signal(object, object)
    """Paths of source and target, None for a side without one, after a person chose them."""

    multi_selected = Signal(object)
    """The pairs of a selection of several rows, after a person changed it with Ctrl or Shift: a tuple
    of (source, target) paths, None for a side without a partner. Empty once a single one is selected."""

    only_selection_edges_changed = Signal(bool)
    """Whether only the edges of the selection are drawn."""

    details_requested = Signal()
    """Enter was pressed: show the selected pair in full."""

    message = Signal(str)
    """A line for the status bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Matching of two networks")
        self._paths: PathChoice = (None, None)
        self._several: tuple[PathChoice, ...] = ()
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
        self.set_multi_selection(())
        # Who goes somewhere wants to see it.
        self.unfold_at(self._selected_places())
        self._show_selection(scroll=True)

    @property
    def multi_selection(self) -> tuple[PathChoice, ...]:
        """The pairs of a selection of several rows; empty where a single one, or nothing, is selected."""
        return self._several

    def set_multi_selection(self, pairs: Iterable[PathChoice]) -> None:
        """Draw several pairs of paths as selected, beside the one that the keyboard is at."""
        self._several = tuple(pairs)
        self._show_several()

    def _show_several(self) -> None:
        spots = (
            self.board.find(side, path)
            for pair in self._several
            for side, path in zip(Side, pair, strict=True)
        )
        self._scene.attend(extra=frozenset(spot for spot in spots if spot is not None))

    @property
    def only_selection_edges(self) -> bool:
        """Whether only the edges of the selection are drawn."""
        return self._scene.attention.only_selection

    def set_only_selection_edges(self, only: bool) -> None:
        """Hide every edge that does not belong to the selection; with nothing selected all are shown."""
        if only != self.only_selection_edges:
            self._scene.attend(only_selection=only)
            self.only_selection_edges_changed.emit(only)

    def select(self, spot: Place | None, partner: Place | None = None) -> None:
        """Select a place with a partner, its own if None is given, and tell the window.

        Parameters
        ----------
        spot
            The place; None clears the selection.
        partner
            What it is paired with.
        """
        self._forget_several()
        if spot is None:
            self._choose((None, None))
            return
        self._side = spot.side
        self._choose(self._paths_at(spot, partner))

    def _paths_at(self, spot: Place, partner: Place | None = None) -> PathChoice:
        """Return the paths of a place and of what it is paired with."""
        partner = partner or self.board.partner(spot)
        ends = {spot.side: self.board.path(spot)}
        if partner is not None:
            ends[partner.side] = self.board.path(partner)
        return ends.get(Side.SOURCE), ends.get(Side.TARGET)

    def _forget_several(self) -> None:
        if self._several:
            self.set_multi_selection(())
            self.multi_selected.emit(())

    def select_further(self, spot: Place, through: bool = False) -> None:
        """Add a place with its partner to the selection, or take it out.

        Parameters
        ----------
        spot
            The place.
        through
            Add all that is shown between where the keyboard is and the place, rather than one.
        """
        here = self.current()
        if here is None or (through and here.side is not spot.side):
            self.select(spot)
            return
        several = list(self._several or ([self._paths] if here is not None else []))
        if through:
            shown = shown_places(self.board, spot.side)
            ends = sorted((shown.index(self.board.shown(here)), shown.index(self.board.shown(spot))))
            between = shown[ends[0] : ends[1] + 1]
            rows = [one for one in between if one.row is not None or not self._shows_rows(one)]
            several = list(dict.fromkeys([*several, *map(self._paths_at, rows)]))
        else:
            pair = self._paths_at(spot)
            several = [one for one in several if one != pair] if pair in several else [*several, pair]
        self._side = spot.side
        self._choose(self._paths_at(spot))
        self.set_multi_selection(several)
        self.multi_selected.emit(self._several)

    def _shows_rows(self, spot: Place) -> bool:
        return self.board.placed(spot.side)[spot.entry].expanded

    def _choose(self, paths: PathChoice) -> None:
        changed = paths != self._paths
        self._paths = paths
        self._show_selection(scroll=True)
        if changed:
            self.selected.emit(*paths)

    def _selected_places(self) -> list[Place]:
        found = (self.board.find(side, path) for side, path in zip(Side, self._paths, strict=True))
        return [spot for spot in found if spot is not None]

    def _show_selection(self, scroll: bool) -> None:
        source, target = (self.board.find(side, path) for side, path in zip(Side, self._paths, strict=True))
        if (source if self._side is Side.SOURCE else target) is None and (source or target):
            self._side = Side.SOURCE if source else Side.TARGET
        self._scene.attend(source=source, target=target, focus=self._focused_side())
        ordered = (source, target) if self._side is Side.SOURCE else (target, source)
        if scroll:
            self.reveal([self.board.shown(spot) for spot in ordered if spot is not None])
        self._say(describe_plain(self.board, source, target))

    def _say(self, words: str) -> None:
        """Let a screen reader say what the keyboard is at: the picture has no widgets of its own."""
        changed = words != self.accessibleDescription()
        self.setAccessibleDescription(words)
        if changed and words and self.hasFocus() and QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def _focused_side(self) -> Side | None:
        return self._side if self.hasFocus() else None

    def _forget_places(self) -> None:
        super()._forget_places()
        # The columns are new, but the paths may still mean something in them.
        self._show_selection(scroll=False)
        self._show_several()

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
