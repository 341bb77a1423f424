"""The controls of the player: play, step, back, speed and slider; they know how many steps there are."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSlider, QToolButton, QWidget

from dpiat_gui.services.icons import icon
from dpiat_gui.services.theme import Theme

SPEEDS = ((0.5, "½ step/s"), (1, "1 step/s"), (2, "2 steps/s"), (5, "5 steps/s"), (20, "20 steps/s"))
FAST_SPEEDS = ((100, "100 steps/s"), (1000, "1000 steps/s"))
"""Steps a second, and what they are called; the fast ones are for large tables."""

_PACES = ((60, 1), (400, 5), (2500, 20), (20_000, 100))
"""Up to so many steps it begins with so many a second; with more, as fast as it can."""

_FOLLOWED = 5
"""Up to so many steps a second, the document's selection goes along."""

_TICK_MS = 50
"""No more than so often is anything drawn anew, however fast it plays."""

_BUTTONS = (
    ("to_start", "to-start", "To the start", "To the start (Home)"),
    ("back", "step-back", "One step back", "One step back (,)"),
    ("play", "play", "Play", "Play or pause (Space)"),
    ("forward", "step", "One step on", "One step on (.)"),
    (
        "to_way",
        "way-back",
        "To the way back",
        "The table filled: on to the way back, which reads the pairs out (W)",
    ),
    ("to_end", "to-end", "To the end", "To the end (End)"),
)


class PlayerControls(QWidget):
    """Where the player is, and how it moves on.

    Signals
    -------
    moved : int
        The step to show.
    """

    moved = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._at, self._last, self._way = 0, 0, 0
        self._theme: Theme | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self.buttons: dict[str, QToolButton] = {}
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Step")
        self.slider.setToolTip("Drag to any step")
        self.slider.setMinimumWidth(80)
        self.slider.valueChanged.connect(self.go)
        self.speed = QComboBox()
        self.speed.setAccessibleName("Speed")
        self.speed.setToolTip("How fast it plays")
        for rate, text in (*SPEEDS, *FAST_SPEEDS):
            self.speed.addItem(text, rate)
        self._paced = False
        self.speed.currentIndexChanged.connect(self._set_speed)
        self.speed.activated.connect(self._choose_speed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        acts = {
            "to_start": lambda: self.jump(0),
            "back": lambda: self.step(-1),
            "play": self.toggle,
            "forward": lambda: self.step(1),
            "to_way": lambda: self.jump(self._way),
            "to_end": lambda: self.jump(self._last),
        }
        for name, _, spoken, tip in _BUTTONS:
            button = QToolButton()
            button.setAutoRaise(True)
            button.setObjectName(f"player-{name.replace('_', '-')}")
            button.setAccessibleName(spoken)
            button.setToolTip(tip)
            button.clicked.connect(acts[name])
            self.buttons[name] = button
            row.addWidget(button)
        row.addWidget(self.slider, 1)
        row.addWidget(self.speed)

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the colours of `theme`."""
        self._theme = theme
        for name, drawing, _, _ in _BUTTONS:
            self.buttons[name].setIcon(icon(drawing, theme))
        self._show_playing()

    @property
    def at(self) -> int:
        """The present step."""
        return self._at

    @property
    def playing(self) -> bool:
        """Whether it moves on by itself."""
        return self._timer.isActive()

    @property
    def rushing(self) -> bool:
        """Whether it plays too fast for anything but the table to follow."""
        return self.playing and float(self.speed.currentData()) > _FOLLOWED

    def set_steps(self, count: int, way: int) -> None:
        """Start over with so many steps, the way back beginning at step `way`."""
        self.pause()
        self._at, self._last, self._way = 0, max(count - 1, 0), way
        self.slider.blockSignals(True)
        self.slider.setRange(0, self._last)
        self.slider.setPageStep(max(self._last // 10, 1))
        self.slider.setValue(0)
        self.slider.blockSignals(False)
        if not self._paced:
            rate = next((rate for most, rate in _PACES if count <= most), FAST_SPEEDS[-1][0])
            self.speed.setCurrentIndex(self.speed.findData(rate))
        self._enable()

    def go(self, step: int) -> None:
        """Go to a step, or as near as there is one, and tell of it."""
        step = min(max(step, 0), self._last)
        if step == self._at:
            return
        self._at = step
        self.slider.blockSignals(True)
        self.slider.setValue(step)
        self.slider.blockSignals(False)
        self._enable()
        self.moved.emit(step)

    def jump(self, step: int) -> None:
        """Stop playing and go to a step."""
        self.pause()
        self.go(step)

    def step(self, by: int) -> None:
        """Stop playing and go so many steps on, or back."""
        self.jump(self._at + by)

    def toggle(self) -> None:
        """Play, or stop; from the end it plays from the start."""
        if self.playing:
            self.pause()
        elif self._last:
            if self._at == self._last:
                self.go(0)
            self._set_speed()
            self._timer.start()
            self._show_playing()

    def pause(self) -> None:
        """Stop playing."""
        self._timer.stop()
        self._show_playing()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop playing where nobody looks."""
        self.pause()
        super().hideEvent(event)

    def _choose_speed(self, _index: int) -> None:
        """Keep the speed a person chose, however large the next table is."""
        self._paced = True

    def _set_speed(self, _index: int = 0) -> None:
        rate = float(self.speed.currentData())
        self._timer.setInterval(max(round(1000 / rate), _TICK_MS))

    def _tick(self) -> None:
        rate = float(self.speed.currentData())
        self.go(self._at + max(round(rate * self._timer.interval() / 1000), 1))
        if self._at == self._last:
            self.pause()

    def _enable(self) -> None:
        for name, here in (("to_start", 0), ("back", 0), ("forward", self._last), ("to_end", self._last)):
            self.buttons[name].setEnabled(self._at != here)
        self.buttons["to_way"].setEnabled(self._at != self._way)

    def _show_playing(self) -> None:
        button = self.buttons["play"]
        button.setAccessibleName("Pause" if self.playing else "Play")
        if self._theme is not None:
            button.setIcon(icon("pause" if self.playing else "play", self._theme))
