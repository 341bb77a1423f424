"""Requests carried out in a thread of this process, for use from Python where torch is loaded already."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QObject

from dpiat_gui.engine.context import JobContext
from dpiat_gui.engine.operations import OPERATIONS, Operation, carry_out
from dpiat_gui.engine.protocol import Progress
from dpiat_gui.services.job import JobState, JobToken, Outcome, outcome_of
from dpiat_gui.services.jobs import Engine
from dpiat_gui.services.threads import Mailbox, ThreadLane

_STOP_SECONDS = 5.0


class InlineEngine(Engine):
    """Carries out requests one after the other in one thread, by the functions the process uses.

    Parameters
    ----------
    parent
        Owner.
    operations
        What can be asked for, by name.

    Notes
    -----
    A request that never asks whether it was cancelled cannot be ended here: there is no process
    to end. Its job ends as cancelled all the same when the engine stops.
    """

    def __init__(
        self, parent: QObject | None = None, operations: Mapping[str, Operation] = OPERATIONS
    ) -> None:
        super().__init__(parent)
        self._operations = operations
        self._mailbox = Mailbox(self)
        self._lane = ThreadLane("dpiat-engine", limit=1)
        self._tokens: dict[int, JobToken] = {}
        self._last_number = 0
        self._state = "stopped"

    @property
    def state(self) -> str:
        """``ready``, ``busy`` or ``stopped``."""
        return self._state

    def start(self) -> None:
        """Be ready; there is nothing to start."""
        if self._state == "stopped":
            self._set_state("ready")

    def submit(self, operation: str, values: dict[str, Any]) -> int:
        """Queue a request; return its number."""
        self.start()
        self._last_number += 1
        number = self._last_number
        token = JobToken(lambda: self._mailbox.post(partial(self._pass_progress, number)))
        self._tokens[number] = token
        self._lane.run(partial(self._work, number, token, operation, dict(values)))
        return number

    def cancel(self, number: int) -> None:
        """Cancel a request; one that has not begun ends at once."""
        token = self._tokens.get(number)
        if token is not None and not token.stop():
            self._mailbox.post(partial(self._end, number, Outcome(JobState.CANCELLED)))

    def stop(self) -> None:
        """Cancel everything and wait some seconds for the thread."""
        for token in self._tokens.values():
            token.stop()
        self._lane.wait(_STOP_SECONDS)
        self._mailbox.close()
        for number in tuple(self._tokens):
            self._end(number, Outcome(JobState.CANCELLED))
        self._set_state("stopped")

    def _work(self, number: int, token: JobToken, operation: str, values: dict[str, Any]) -> None:
        """Carry out one request, in the thread."""
        if not token.begin():
            return
        self._mailbox.post(partial(self._begin, number))

        def report(progress: Progress) -> None:
            token.progress(progress.done, progress.total, progress.text)

        context = JobContext(report, token.cancelled, need_torch=lambda: None)
        outcome = outcome_of(lambda: carry_out(operation, values, context, self._operations))
        self._mailbox.post(partial(self._end, number, outcome))

    def _begin(self, number: int) -> None:
        self._set_state("busy")
        self.begun.emit(number)

    def _pass_progress(self, number: int) -> None:
        token = self._tokens.get(number)
        if token is not None and (latest := token.take()) is not None:
            self.progressed.emit(number, latest)

    def _end(self, number: int, outcome: Outcome) -> None:
        if self._tokens.pop(number, None) is None:
            return
        if not self._tokens:
            self._set_state("ready")
        self.ended.emit(number, outcome)

    def _set_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)
