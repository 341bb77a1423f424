"""One piece of long work, as the window sees it: its progress and its one end."""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, QTimer, Signal

from dpiat_gui.engine.protocol import Progress, RemoteTrace, error_from_json, failure_of, failure_to_json
from dpiat_gui.errors import Cancelled, DpiatError

PROGRESS_INTERVAL = 0.05
"""Least time between two progress signals of a job, in seconds."""


class JobState(Enum):
    """Where a job is; the last three are ends."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended.

    Parameters
    ----------
    state
        ``DONE``, ``FAILED`` or ``CANCELLED``.
    value
        The result, if done.
    error
        The error, if failed.
    """

    state: JobState
    value: Any = None
    error: DpiatError | None = None


class Job(QObject):
    """Some work under way. Made by a `JobRunner` only.

    Connect to it right after it was handed out: nothing is emitted before the event loop
    turns. A job's signals are gone one turn after `finished`; its properties stay.
    """

    started = Signal()
    progressed = Signal(object)
    """A `Progress`, at most 20 times a second."""
    done = Signal(object)
    """The result."""
    failed = Signal(object)
    """A `DpiatError`."""
    cancelled = Signal()
    finished = Signal()
    """After one of the three above, whichever it was."""

    def __init__(self, title: str, cancel: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._cancel = cancel
        self._state = JobState.QUEUED
        self._outcome: Outcome | None = None
        self._cancelling = False
        self._progress: Progress | None = None
        self._told_at = 0.0
        self._deliveries: list[tuple[QObject, dict[str, Callable[..., None] | None]]] = []
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._tell)

    @property
    def title(self) -> str:
        """What is being done, for a status line."""
        return self._title

    @property
    def state(self) -> JobState:
        """Where the job is."""
        return self._state

    @property
    def ended(self) -> bool:
        """True once it is done, failed or cancelled."""
        return self._outcome is not None

    @property
    def cancelling(self) -> bool:
        """True between the wish to cancel and the end."""
        return self._cancelling and not self.ended

    @property
    def result(self) -> Any:
        """The result of a job that is done, else None."""
        return self._outcome.value if self._outcome else None

    @property
    def error(self) -> DpiatError | None:
        """The error of a job that failed, else None."""
        return self._outcome.error if self._outcome else None

    @property
    def progress(self) -> Progress | None:
        """The latest progress."""
        return self._progress

    def cancel(self) -> None:
        """Ask for an early end; it comes by the signal `cancelled`, or `done` if that was faster."""
        if not self.ended and not self._cancelling:
            self._cancelling = True
            self._cancel()

    def deliver_to(
        self,
        owner: QObject,
        *,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[DpiatError], None] | None = None,
        cancelled: Callable[[], None] | None = None,
        progressed: Callable[[Progress], None] | None = None,
    ) -> "Job":
        """Have functions called that go with the signals, while `owner` lives; return this job."""
        # Kept here and let go at the end, rather than connected: a connection dies with the job,
        # and if a function held the last reference to the job's own parent, that would then
        # delete the job a second time.
        self._deliveries.append(
            (owner, {"done": done, "failed": failed, "cancelled": cancelled, "progressed": progressed})
        )
        return self

    # For runners.

    def start(self) -> None:
        """Note that the work has begun."""
        if self._state is JobState.QUEUED:
            self._state = JobState.RUNNING
            self.started.emit()

    def offer_progress(self, progress: Progress) -> None:
        """Emit `progressed`, now or when the interval is over; a newer one takes its place."""
        if self.ended:
            return
        self.start()
        self._progress = progress
        wait = self._told_at + PROGRESS_INTERVAL - time.monotonic()
        if wait <= 0:
            self._tell()
        elif not self._later.isActive():
            self._later.start(int(wait * 1000) + 1)

    def end(self, outcome: Outcome) -> None:
        """End the job; every call but the first is ignored."""
        if self.ended:
            return
        if self._later.isActive():
            self._later.stop()
            self._tell()
        self._outcome = outcome
        self._state = outcome.state
        deliveries, self._deliveries = self._deliveries, []
        if outcome.state is JobState.DONE:
            self.done.emit(outcome.value)
            _deliver(deliveries, "done", outcome.value)
        elif outcome.state is JobState.FAILED:
            self.failed.emit(outcome.error)
            _deliver(deliveries, "failed", outcome.error)
        else:
            self.cancelled.emit()
            _deliver(deliveries, "cancelled")
        self.finished.emit()

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        self.progressed.emit(self._progress)
        _deliver(list(self._deliveries), "progressed", self._progress)


class JobToken:
    """What work in a thread has of its job: it reports to it, and asks whether to go on.

    Parameters
    ----------
    report
        Called, in the working thread, when there is a progress to `take`.
    """

    def __init__(self, report: Callable[[], None]) -> None:
        self._report = report
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._latest: Progress | None = None
        self._begun = False

    def cancelled(self) -> bool:
        """Return whether the job was cancelled."""
        return self._stop.is_set()

    def check(self) -> None:
        """Raise `Cancelled` if the job was cancelled."""
        if self._stop.is_set():
            raise Cancelled

    def progress(self, done: int, total: int = 0, text: str = "") -> None:
        """Report how far the work is; cheap enough to be called at every step."""
        with self._lock:
            asked = self._latest is not None
            self._latest = Progress(done, total, text)
        if not asked:  # else the call that is on its way will find this one instead
            self._report()

    # For runners.

    def begin(self) -> bool:
        """Note that the work begins now; return false if it was cancelled before."""
        with self._lock:
            self._begun = not self._stop.is_set()
            return self._begun

    def stop(self) -> bool:
        """Cancel; return whether the work had begun."""
        with self._lock:
            self._stop.set()
            return self._begun

    def take(self) -> Progress | None:
        """Return the latest progress that nobody has taken yet."""
        with self._lock:
            latest, self._latest = self._latest, None
        return latest


def outcome_of(work: Callable[[], Any]) -> Outcome:
    """Call `work` and say how it went; nothing escapes.

    An error's frames are let go: they may hold tensors. Its trace stays, as text.
    """
    try:
        return Outcome(JobState.DONE, work())
    except Cancelled:
        return Outcome(JobState.CANCELLED)
    except BaseException as error:  # the one place where a job's errors end
        return Outcome(JobState.FAILED, error=_portable(error))


def _portable(error: BaseException) -> DpiatError:
    failure = failure_of(error)
    if not isinstance(error, DpiatError):
        return error_from_json(failure_to_json(failure))
    error.__cause__ = RemoteTrace(failure.trace) if failure.trace else None
    error.__context__ = None
    return error.with_traceback(None)


def _deliver(
    deliveries: list[tuple[QObject, dict[str, Callable[..., None] | None]]], name: str, *values: Any
) -> None:
    """Call the functions of this name; one that raises stops neither the others nor the job."""
    for owner, slots in deliveries:
        slot = slots[name]
        if slot is not None and shiboken6.isValid(owner):
            try:
                slot(*values)
            except Exception:  # as Qt does with what a slot raises
                sys.excepthook(*sys.exc_info())
