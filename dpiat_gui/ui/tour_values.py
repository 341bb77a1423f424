"""What a guided tour is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, SignalInstance

if TYPE_CHECKING:
    from dpiat_gui.ui.main_window import MainWindow

Place = Callable[["MainWindow"], QRect | None]
"""Where in the window something is now, in the window's own pixels; None while it is not there."""


@dataclass(frozen=True)
class TourStep:
    """One stop of a tour: something to read, or something to do.

    Parameters
    ----------
    title, text
        What stands in the callout.
    at
        What it points at. While that is not there, the callout stands in the middle.
    watch
        A value that becomes another, true one when the person has done what the step asks for;
        None for a step that asks for nothing there.
    signal
        In place of `watch`: the signal that says it is done, with `accepts`.
    accepts
        Whether the signal's values mean that it is done.
    once
        Whether the step is left out where `watch` is true already.
    skip
        Does what is asked for in the person's place, where the next steps build on it.
    prepare
        Brings what the step points at into sight, and undoes what would keep it from being done.
    aside
        What the callout leaves in sight too, where it can.
    """

    title: str
    text: str
    at: Place
    watch: Callable[["MainWindow"], object] | None = None
    signal: Callable[["MainWindow"], SignalInstance] | None = None
    accepts: Callable[..., bool] = lambda *values: True
    once: bool = False
    skip: Callable[["MainWindow"], object] | None = None
    prepare: Callable[["MainWindow"], object] | None = None
    aside: Place | None = None

    @property
    def asks(self) -> bool:
        """Whether the person is asked to do something."""
        return self.watch is not None or self.signal is not None


@dataclass(frozen=True)
class Tour:
    """A guided tour.

    Parameters
    ----------
    id
        Of the action that starts it.
    title
        In the menu.
    summary
        One sentence: what one knows afterwards.
    make_steps
        Makes its stops.
    """

    id: str
    title: str
    summary: str
    make_steps: Callable[[], tuple[TourStep, ...]]

    @cached_property
    def steps(self) -> tuple[TourStep, ...]:
        """Its stops, in order."""
        return self.make_steps()
