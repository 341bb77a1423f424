"""A view in which pairs are pinned: by pulling curves, by moving the ends of edges, by the keyboard."""

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.canvas.annotations import PathPair
from dpiat_gui.canvas.columns import Place
from dpiat_gui.canvas.gestures import PinCheck, PinDrag, PinPreviewer, RepinCheck, RepinPreviewer
from dpiat_gui.canvas.ghosts import GhostKind
from dpiat_gui.canvas.overlays import Card
from dpiat_gui.canvas.walking import WalkingView

GRIP_RADIUS = 12.0
"""How near the pointer must be to the end of the selected edge to take hold of it, in pixels."""

_OPEN_DELAY = 600
"""Milliseconds a curve is held over a collapsed block until it opens."""


@dataclass(frozen=True, slots=True)
class Grip:
    """The end of an edge that can be moved.

    Parameters
    ----------
    old
        Paths of the pair the edge stands for.
    fixed, loose
        The places of the end that stays and of the one that is moved.
    """

    old: PathPair
    fixed: Place
    loose: Place


class PullingView(WalkingView):
    """A board whose rows can be joined by hand."""

    pin_requested = Signal(str, str)
    """Paths of source and target that a person joined."""

    pin_refused = Signal(str, str, str)
    """Paths of source and target that a person tried to join, and why they cannot be pinned."""

    repin_requested = Signal(str, str, str, str)
    """Paths of source and target of an edge, and of the pair it was moved to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._check: PinCheck | None = None
        self._previewer: PinPreviewer | None = None
        self._repin_check: RepinCheck | None = None
        self._repin_previewer: RepinPreviewer | None = None
        self._drag: PinDrag | None = None
        self._old: PathPair | None = None
        self._aimed: Place | None = None
        self._aiming = False
        self._pulled_to = QPointF()
        self._opening = QTimer(self)
        self._opening.setSingleShot(True)
        self._opening.setInterval(_OPEN_DELAY)
        self._opening.timeout.connect(self._open_pulled_to)
        self._waits: Place | None = None
        self._reason = Card(self, wrap=320)
        self._outcome = Card(self, wrap=320)
        self._restyle_cards()

    # -- what is asked ------------------------------------------------------------------

    def set_pin_check(self, check: PinCheck | None) -> None:
        """Ask `check` why two paths cannot be pinned while a curve is pulled."""
        self._check = check

    def set_pin_preview(self, previewer: PinPreviewer | None) -> None:
        """Ask `previewer` what pinning two paths would change; it is drawn while a curve is pulled.

        It is asked once for every row that a curve is held over, never while painting, and not
        for rows that cannot be pinned. None as an answer, or as previewer, draws nothing.
        """
        self._previewer = previewer

    def set_repin_check(self, check: RepinCheck | None) -> None:
        """Ask `check` why the end of an edge cannot be moved; without one, the check of pins is asked."""
        self._repin_check = check

    def set_repin_preview(self, previewer: RepinPreviewer | None) -> None:
        """Ask `previewer` what moving the end of an edge would change; without one, that of pins is asked."""
        self._repin_previewer = previewer

    @property
    def pulling(self) -> bool:
        """Whether a curve is being pulled, by the pointer or by the keyboard."""
        return self._drag is not None

    # -- pulling ------------------------------------------------------------------------

    def _to_scene(self, point: QPointF) -> QPointF:
        inverse, _ = self.viewportTransform().inverted()
        return inverse.map(point)

    def _on_screen(self, spot: Place) -> QPointF:
        """Return where on the viewport the edges of a place end."""
        shown = self.board.shown(spot)
        return self.viewportTransform().map(self._scene.stage.port(spot.side, self.board.port(shown)))

    def grip_at(self, point: QPointF) -> Grip | None:
        """Return the end of the selected edge at a point of the viewport, None if there is none."""
        source, target = self._scene.attention.source, self._scene.attention.target
        old = self.selection
        if source is None or target is None or old[0] is None or old[1] is None:
            return None
        if self.board.is_folded(source) or self.board.is_folded(target) or self.multi_selection:
            return None
        if len(self.board.edges_of(source, target)) != 1:
            return None
        for loose, fixed in ((target, source), (source, target)):
            if (self._on_screen(loose) - point).manhattanLength() <= GRIP_RADIUS:
                return Grip((old[0], old[1]), fixed, loose)
        return None

    def _begin_drag(self, spot: Place, point: QPointF, grip: Grip | None = None) -> None:
        self._old = grip.old if grip else None
        self._drag = PinDrag(self._scene, spot, self._check_of(grip), self._previewer_of(grip))
        self._drag.begin(self.seen())
        self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        if not self._aiming:
            self._pull(point)

    def _check_of(self, grip: Grip | None) -> PinCheck | None:
        repin = self._repin_check
        if grip is None or repin is None:
            return self._check
        old_source, old_target = grip.old
        return lambda source, target: repin(old_source, old_target, source, target)

    def _previewer_of(self, grip: Grip | None) -> PinPreviewer | None:
        repin = self._repin_previewer
        if grip is None or repin is None:
            return self._previewer
        old_source, old_target = grip.old
        return lambda source, target: repin(old_source, old_target, source, target)

    def _pull(self, point: QPointF) -> None:
        assert self._drag is not None
        goal, reason = self._drag.move(self._to_scene(point))
        self._pulled_to = point
        self._wait_to_open(goal)
        self._tell(goal, reason, self.viewport().mapTo(self, point.toPoint()))

    def _tell(self, goal: Place | None, reason: str | None, where: QPoint) -> None:
        """Say why a place is no goal, or draw and say what pinning it would change."""
        assert self._drag is not None
        preview = self._drag.preview(goal) if goal is not None and not reason else None
        self._scene.set_ghosts(GhostKind.ADDED, preview.added if preview else ())
        self._scene.set_ghosts(GhostKind.REMOVED, preview.removed if preview else ())
        self._outcome.show_text(preview.words if preview else "", where)
        self._reason.show_text(reason or "", where)

    def _drop(self, goal: Place | None, reason: str | None) -> None:
        """End a drag on a place, and ask for what it means."""
        pair = self._drag.pair(goal) if self._drag is not None and goal is not None else None
        old = self._old
        self._end_drag()
        if reason:
            self.message.emit(reason)
            if pair is not None and old is None:
                self.pin_refused.emit(*pair, reason)
        elif pair is not None and old is None:
            self.pin_requested.emit(*pair)
        elif pair is not None and old is not None and pair != old:
            self.repin_requested.emit(*old, *pair)

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
        self._open_goal(spot)
        self._drag.begin(self.seen())
        self._pull(self._pulled_to)

    def _open_goal(self, spot: Place) -> None:
        if self.board.is_folded(spot):
            self._keep_while(lambda: self.board.unfold([spot], partners=False), held=spot)
        else:
            self._set_open([spot], True, held=spot, partners=False)

    def _end_drag(self) -> None:
        self._old = self._aimed = None
        self._aiming = False
        self._wait_to_open(None)
        self._reason.conceal()
        self._outcome.conceal()
        if self._drag is not None:
            self._drag.end()
            self._drag = None
            for kind in (GhostKind.ADDED, GhostKind.REMOVED):
                self._scene.set_ghosts(kind, ())
            self.viewport().unsetCursor()

    def _forget_places(self) -> None:
        self._end_drag()
        super()._forget_places()

    def _apply_style(self) -> None:
        super()._apply_style()
        self._restyle_cards()

    def _restyle_cards(self) -> None:
        # The base class styles itself before the cards are made.
        if hasattr(self, "_outcome"):
            self._reason.set_style(self._style, "error")
            self._outcome.set_style(self._style, "accent")
