"""Progress that a person can follow: often enough to move, seldom enough to cost nothing."""

import time
from collections.abc import Callable

from dpiat_gui.errors import Cancelled
from dpiat_gui.transfer.values import Progress

INTERVAL = 1 / 15
"""Seconds between two reports of bytes; with the few stages, at most 20 reports a second."""


class Meter:
    """Reports progress, and asks whether to go on.

    Parameters
    ----------
    report
        Told of progress.
    cancelled
        Asked at every step; once it says yes, `Cancelled` is raised.
    clock
        Seconds that never go back.
    """

    def __init__(
        self,
        report: Callable[[Progress], None],
        cancelled: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._report = report
        self._cancelled = cancelled
        self._clock = clock
        self._last = float("-inf")
        self._total = 0

    def stage(self, text: str) -> None:
        """Begin a stage whose length nobody knows."""
        self.check()
        self._tell(Progress(0, 0, text))

    def step(self, done: int, total: int, text: str) -> None:
        """Come to `done` bytes of `total`; the first is reported, others if the last report is old enough."""
        self.check()
        first, self._total = not self._total, total
        if first or self._clock() - self._last >= INTERVAL:
            self._tell(Progress(done, total, text))

    def finish(self, text: str) -> None:
        """Report the end, all bytes of the last step's total; nobody is asked any more."""
        self._tell(Progress(self._total, self._total, text))

    def check(self) -> None:
        """Raise `Cancelled` if that is wished."""
        if self._cancelled():
            raise Cancelled

    def _tell(self, progress: Progress) -> None:
        self._last = self._clock()
        self._report(progress)
