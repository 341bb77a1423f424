"""Pinning by the keyboard: a curve whose end the arrows move."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent

from dpiat_gui.canvas.columns import Place
from dpiat_gui.canvas.navigation import moved, shown_places
from dpiat_gui.canvas.pulling import PullingView
from dpiat_gui.canvas.walking import MIRRORED, MOVES

_AIM_HINT = "Choose a row of the other side with the arrow keys; Enter pins, Esc leaves."


class AimingView(PullingView):
    """A board whose rows can be joined without a pointer."""

    def begin_pin(self) -> None:
        """Begin to pin the selected row by the keyboard: arrows choose a row of the other side."""
        spot = self.current()
        if spot is None or self.board.columns[spot.side.other] is None:
            self.message.emit("Select a row first, then press P to pin it to a row of the other side.")
            return
        self._aiming = True
        self._begin_drag(spot, QPointF())
        self._aim(self._first_goal(spot))
        self.message.emit(_AIM_HINT)

    def _first_goal(self, spot: Place) -> Place | None:
        """Return where aiming begins: at the partner, else at what stands nearest."""
        partner = self.board.partner(spot)
        if partner is not None:
            return self.board.shown(partner)
        y = self.board.port(self.board.shown(spot)) + self._scene.stage.shift(spot.side)
        side = spot.side.other
        places = shown_places(self.board, side)
        height = self._scene.stage.shift(side)
        return min(places, key=lambda place: abs(self.board.port(place) + height - y), default=None)

    def _aim(self, goal: Place | None) -> None:
        """Let the curve end at a place."""
        if goal is None or self._drag is None:
            return
        self._aimed = goal
        self.reveal([goal])
        reason = self._drag.aim(goal)
        where = self._on_screen(goal).toPoint()
        self._tell(goal, reason, self.viewport().mapTo(self, where))
        preview = self._drag.preview(goal) if not reason else None
        words = reason or (preview.words.replace("\n", ", ") if preview else "")
        self._say(f"Pin to {self.board.path(goal)}? {words}".rstrip())

    def _press(self, key: Qt.Key) -> bool:
        """Act on a key; while aiming, arrows move the end of the curve."""
        if not self._aiming:
            if key is Qt.Key.Key_P and self._drag is None:
                self.begin_pin()
                return True
            return super()._press(key)
        turned = MIRRORED.get(key, key) if self._scene.stage.across else key
        if turned in MOVES and self._drag is not None:
            page = self._scene.stage.rect(self.seen()).height() * 0.9
            side = self._drag.start.side.other
            self._aim(moved(self.board, self._aimed, side, MOVES[turned], page))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal) and self._aimed is not None:
            if self._closed(self._aimed):
                self._open_goal(self._aimed)
                self._aim(self._aimed)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._aimed is not None:
            goal = self._aimed
            self._drop(goal, self._drag.reason(goal) if self._drag else None)
        elif key is Qt.Key.Key_Escape:
            self._end_drag()
            self._show_selection(scroll=False)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give up a drag by Esc; other keys as ever."""
        if event.key() == Qt.Key.Key_Escape and self._drag is not None and not self._aiming:
            self._end_drag()
            return
        super().keyPressEvent(event)
