"""The window's side of the engine process: hands it requests, starts it again when it dies."""

import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QTimer

from dpiat_gui.engine.protocol import (
    Plain,
    RemoteTrace,
    Request,
    encode,
    error_from_json,
    progress_from_json,
    request_line,
)
from dpiat_gui.errors import EngineError
from dpiat_gui.services.engine_process import EngineProcess
from dpiat_gui.services.job import JobState, Outcome
from dpiat_gui.services.jobs import Engine
from dpiat_gui.services.leftovers import remove_parts

_log = logging.getLogger(__name__)

_DEATHS = 3
_DEATHS_WITHIN = 10.0
_BACK_OFF_MS = (0, 300, 1000)
_CANCEL_MS = 1000


def engine_command() -> tuple[str, ...]:
    """Return program and arguments of the engine of this Python."""
    # -P: a file named torch.py in the folder the program was started in stays out of the way.
    return (sys.executable, "-P", "-m", "dpiat_gui.engine", str(os.getpid()))


class EngineClient(Engine):
    """Carries out requests in a child process that has torch loaded.

    Requests are handed over one at a time, so that those that wait outlive the process: if it dies,
    the one it was working on fails, and the next one finds a new process. After three deaths
    within ten seconds it is not started again until the next request.

    Parameters
    ----------
    parent
        Owner.
    command
        Program and arguments; `engine_command` if None.
    """

    def __init__(self, parent: QObject | None = None, command: Sequence[str] | None = None) -> None:
        super().__init__(parent)
        self._process = EngineProcess(command or engine_command(), self)
        self._process.heard.connect(self._hear)
        self._process.died.connect(self._on_died)
        self._state = "stopped"
        self._facts: Plain = {}
        self._warm = False
        self._queue: deque[Request] = deque()
        self._running: Request | None = None
        self._cancelling = False
        self._began = 0.0
        self._last_number = 0
        self._deaths: deque[float] = deque(maxlen=_DEATHS)
        self._cancel_timer = self._timer(self._process.kill)
        self._restart_timer = self._timer(self._launch)
        if application := QCoreApplication.instance():
            application.aboutToQuit.connect(self.stop)

    @property
    def state(self) -> str:
        """``starting``, ``ready``, ``busy``, ``restarting`` or ``stopped``."""
        return self._state

    @property
    def process_id(self) -> int:
        """Process id of the engine, 0 if there is none."""
        return self._process.process_id

    @property
    def facts(self) -> Plain:
        """What the engine said of itself when it was ready: versions of torch and timm."""
        return dict(self._facts)

    @property
    def error_output(self) -> tuple[str, ...]:
        """The last lines that the engine, and code run in it, wrote to its standard error."""
        return self._process.error_output

    def start(self) -> None:
        """Start the process, unless there is one or one is about to be."""
        if not self._process.alive and not self._restart_timer.isActive():
            self._set_state("starting")
            self._launch()

    def submit(self, operation: str, values: dict[str, Any]) -> int:
        """Queue a request; return its number."""
        self._last_number += 1
        self._queue.append(Request(self._last_number, operation, values))
        # Later, so that whoever asked can connect before anything comes of it.
        QTimer.singleShot(0, self, self._feed)
        return self._last_number

    def cancel(self, number: int) -> None:
        """Cancel a request: by message if it runs, and by ending the process if that does not help."""
        if self._running is not None and self._running.number == number:
            if not self._cancelling:
                self._cancelling = True
                self._process.write(encode({"cancel": number}))
                self._cancel_timer.start(_CANCEL_MS)
            return
        for request in tuple(self._queue):
            if request.number == number:
                self._queue.remove(request)
                QTimer.singleShot(0, self, lambda: self.ended.emit(number, Outcome(JobState.CANCELLED)))

    def stop(self) -> None:
        """End the process: with a word first, then by force; waits half a second at most."""
        self._restart_timer.stop()
        self._cancel_timer.stop()
        self._process.close()
        running = self._take_running()
        pending = [*([running] if running else []), *self._queue]
        self._queue.clear()
        self._set_state("stopped")
        for request in pending:
            self.ended.emit(request.number, Outcome(JobState.CANCELLED))

    def _launch(self) -> None:
        self._warm = False
        self._process.launch()

    def _feed(self) -> None:
        """Hand over the next request, if the engine listens and has nothing to do."""
        if self._running is not None or not self._queue:
            return
        if not self._process.alive:
            self.start()
        elif self._process.listening:
            request = self._queue.popleft()
            try:
                line = request_line(request)
            except (TypeError, ValueError) as error:
                message = f"The request is not made of plain values: {error}."
                failure = EngineError(message, "Check paths and options for characters that are no text.")
                self._end(request.number, Outcome(JobState.FAILED, error=failure))
                return
            self._running, self._began = request, time.time()
            self._set_state("busy")
            self.begun.emit(request.number)
            self._process.write(line)

    def _hear(self, message: Plain) -> None:
        if "hello" in message:
            self._feed()
        elif "ready" in message:
            self._facts, self._warm = message["ready"], True
            if self._running is None:
                self._set_state("ready")
        elif self._running is None or message.get("id") != self._running.number:
            return
        elif "progress" in message:
            self.progressed.emit(self._running.number, progress_from_json(message["progress"]))
        elif "done" in message:
            self._end_running(Outcome(JobState.DONE, message["done"]))
        elif "failed" in message:
            self._end_running(Outcome(JobState.FAILED, error=error_from_json(message["failed"])))
        elif "cancelled" in message:
            self._end_running(Outcome(JobState.CANCELLED))

    def _end_running(self, outcome: Outcome) -> None:
        assert self._running is not None
        number = self._running.number
        self._running, self._cancelling = None, False
        self._cancel_timer.stop()
        if not self._queue:
            self._set_state("ready" if self._warm else "starting")
        self._end(number, outcome)

    def _end(self, number: int, outcome: Outcome) -> None:
        self.ended.emit(number, outcome)
        self._feed()

    def _on_died(self, how: str) -> None:
        self._cancel_timer.stop()
        wanted, running = self._cancelling, self._take_running()
        if not wanted:
            _log.warning("The engine process %s.", how)
            self._deaths.append(time.monotonic())
        recent = [death for death in self._deaths if time.monotonic() - death < _DEATHS_WITHIN]
        failed: list[tuple[Request, EngineError]] = []
        if running is not None and not wanted:
            failed.append((running, self._death_error(how)))
        if wanted or len(recent) < _DEATHS:
            self._restart_timer.start(0 if wanted else _BACK_OFF_MS[len(recent) - 1])
            self._set_state("restarting")
        else:
            self._deaths.clear()
            failed.extend((request, self._given_up_error(how)) for request in self._queue)
            self._queue.clear()
            self._set_state("stopped")
        if running is not None and wanted:
            self.ended.emit(running.number, Outcome(JobState.CANCELLED))
        for request, error in failed:
            self.ended.emit(request.number, Outcome(JobState.FAILED, error=error))

    def _take_running(self) -> Request | None:
        """Give up the running request, and what it may have left half-written."""
        running, self._running, self._cancelling = self._running, None, False
        if running is not None and isinstance(output := running.values.get("output"), str):
            remove_parts(output, since=self._began)
        return running

    def _death_error(self, how: str) -> EngineError:
        return self._with_detail(
            EngineError(
                f"The engine process {how} while it worked on this.",
                "It starts again by itself and nothing else is lost: try again, and if it dies "
                "again, look at the details or choose smaller networks.",
            )
        )

    def _given_up_error(self, how: str) -> EngineError:
        return self._with_detail(
            EngineError(
                f"The engine process {how}, {_DEATHS} times within {_DEATHS_WITHIN:.0f} seconds.",
                "It is started again with your next request; the details show what it said.",
            )
        )

    def _with_detail(self, error: EngineError) -> EngineError:
        if self.error_output:
            error.__cause__ = RemoteTrace("\n".join(self.error_output))
        return error

    def _set_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)

    def _timer(self, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(slot)
        return timer
