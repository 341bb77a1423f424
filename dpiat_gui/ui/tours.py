"""Guided tours: one stop after the other, pointing at the real controls, left at any time."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QAccessible, QAccessibleEvent

from dpiat_gui.services.theme import LIGHT, Theme
from dpiat_gui.ui.action_values import Action
from dpiat_gui.ui.tour_callout import Callout, Ring
from dpiat_gui.ui.tour_steps import TOURS
from dpiat_gui.ui.tour_values import Tour, TourStep

if TYPE_CHECKING:
    from dpiat_gui.ui.main_window import MainWindow
    from dpiat_gui.ui.tab_values import Tab

ACTIONS: tuple[Action, ...] = tuple(
    Action(tour.id, f"Tour: {tour.title}", "Help", (), "", tour.summary) for tour in TOURS
)
_LOOK_MS = 120


class TourFeature(QObject):
    """Runs one tour at a time.

    Parameters
    ----------
    window
        What it shows.

    Signals
    -------
    step_changed : int
        A step is shown; -1 when the tour has ended.
    """

    step_changed = Signal(int)

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._theme = LIGHT
        self._tour: Tour | None = None
        self._at = -1
        self._before: object = None
        self._heard: SignalInstance | None = None
        self._ring: Ring | None = None
        self._callout: Callout | None = None
        # What is pointed at moves with scrolling, resizing, and the layout of panes.
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look)

    def tabs(self) -> "Sequence[Tab]":
        """Return nothing: a tour stands over the window."""
        return ()

    def handlers(self) -> Mapping[str, Callable[..., object]]:
        """Return what starts each tour."""
        return {tour.id: partial(self.start, tour) for tour in TOURS}

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        if self._ring is not None:
            self._ring.set_theme(theme)

    @property
    def step(self) -> TourStep | None:
        """The step that is shown, None while there is no tour."""
        return self._tour.steps[self._at] if self._tour is not None else None

    @property
    def callout(self) -> Callout | None:
        """The words on the screen, None while there is no tour."""
        return self._callout

    def start(self, tour: Tour) -> None:
        """Begin a tour; one that is on its way ends."""
        self.end()
        self._tour = tour
        self._ring, self._callout = Ring(self._window), Callout(self._window)
        self._ring.set_theme(self._theme)
        self._callout.next_requested.connect(self._skip)
        self._callout.back_requested.connect(partial(self.go, -1))
        self._callout.leave_requested.connect(self.end)
        self._window.installEventFilter(self)
        self._at = -1
        self.go(1)

    def go(self, by: int) -> None:
        """Show the next step (1) or the one before (-1); after the last the tour ends."""
        tour = self._tour
        if tour is None:
            return
        self._stop_listening()
        at = self._at + by
        while 0 <= at < len(tour.steps) and self._is_done_already(tour.steps[at]):
            at += by
        if at >= len(tour.steps):
            self.end()
            return
        # Back from the first step that is not left out there is nowhere to go.
        self._at = at if at >= 0 else self._at
        self._show()

    def end(self) -> None:
        """Leave the tour; what was done stays."""
        if self._tour is None:
            return
        self._stop_listening()
        self._timer.stop()
        self._window.removeEventFilter(self)
        self._tour, self._at = None, -1
        for part in (self._ring, self._callout):
            if part is not None:
                part.hide()
                part.deleteLater()
        self._ring = self._callout = None
        self._window.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.step_changed.emit(-1)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the size of the window."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    # -- one step ----------------------------------------------------------------------------

    def _skip(self) -> None:
        """Go on by the button; what later steps build on is done first."""
        step = self.step
        if step is not None and step.skip is not None:
            self._stop_listening()
            step.skip(self._window)
        self.go(1)

    def _is_done_already(self, step: TourStep) -> bool:
        return step.once and step.watch is not None and bool(step.watch(self._window))

    def _show(self) -> None:
        step, callout, tour = self.step, self._callout, self._tour
        assert step is not None
        assert callout is not None
        assert tour is not None
        if step.prepare is not None:
            step.prepare(self._window)
        self._before = step.watch(self._window) if step.watch is not None else None
        if step.signal is not None:
            self._heard = step.signal(self._window)
            self._heard.connect(self._hear)
        callout.show_words(step.title, step.text, self._at, len(tour.steps), asks=step.asks)
        self._place()
        callout.show()
        callout.raise_()
        if not step.asks:
            # Where something is to be done, the focus stays with those who do it.
            callout.next.setFocus(Qt.FocusReason.OtherFocusReason)
        QAccessible.updateAccessibility(QAccessibleEvent(callout, QAccessible.Event.Alert))
        self._timer.start()
        self.step_changed.emit(self._at)

    def _look(self) -> None:
        step = self.step
        if step is None:
            return
        if step.watch is not None:
            now = step.watch(self._window)
            if now and now != self._before:
                self.go(1)
                return
            if not now:
                # Taken back: doing it again counts.
                self._before = now
        self._place()

    def _hear(self, *values: object) -> None:
        step = self.step
        if step is not None and step.accepts(*values):
            QTimer.singleShot(0, self, partial(self.go, 1))
            self._stop_listening()

    def _stop_listening(self) -> None:
        if self._heard is not None:
            self._heard.disconnect(self._hear)
            self._heard = None

    def _place(self) -> None:
        step, ring, callout = self.step, self._ring, self._callout
        if step is None or ring is None or callout is None:
            return
        hole = step.at(self._window)
        ring.setGeometry(self._window.rect())
        ring.surround(hole)
        ring.show()
        ring.raise_()
        aside = step.aside(self._window) if step.aside is not None else None
        callout.stand_by(hole, self._window.rect(), aside)
        callout.raise_()
