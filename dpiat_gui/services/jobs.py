"""Long work with one interface, wherever it runs: in the engine, or in a thread of this process.

Every job ends exactly once, as done, failed or cancelled, and says so on the UI thread.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import ref

from PySide6.QtCore import QObject, QTimer, Signal

from dpiat_gui.engine.protocol import Progress
from dpiat_gui.errors import Cancelled, EngineError
from dpiat_gui.services.job import Job, JobState, JobToken, Outcome, outcome_of
from dpiat_gui.services.threads import Mailbox, ThreadLane

__all__ = [
    "Engine",
    "InEngine",
    "InThread",
    "Job",
    "JobRunner",
    "JobState",
    "JobToken",
    "Outcome",
    "Progress",
    "Script",
]

_THREADS = 4


class Engine(QObject):
    """Where requests are carried out, one after the other: a process, or a thread of this one.

    `ended` is emitted exactly once for every number that `submit` returned, later than `submit`.
    """

    state_changed = Signal(str)
    """``starting``, ``ready``, ``busy``, ``restarting`` or ``stopped``."""
    begun = Signal(int)
    progressed = Signal(int, object)
    ended = Signal(int, object)

    @property
    def state(self) -> str:
        """The state that was told last."""
        raise NotImplementedError

    def start(self) -> None:
        """Make ready, without waiting."""
        raise NotImplementedError

    def submit(self, operation: str, values: dict[str, Any]) -> int:
        """Queue a request; return its number."""
        raise NotImplementedError

    def cancel(self, number: int) -> None:
        """Cancel a request, running or queued."""
        raise NotImplementedError

    def stop(self) -> None:
        """End everything; what was not over ends as cancelled."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class InEngine:
    """A step of a script that the engine does; gives the answer's plain values."""

    request: dict[str, Any]


@dataclass(frozen=True, slots=True)
class InThread:
    """A step of a script that a thread does; gives what `work` returns.

    The step ends the moment the job is cancelled if `pure`: what the work still returns is dropped.
    """

    work: Callable[[JobToken], Any]
    pure: bool = True


Script = Generator[InEngine | InThread, Any, Any]


class JobRunner(QObject):
    """Starts jobs and keeps them until they end.

    Parameters
    ----------
    engine
        Where requests go: `EngineClient`, or `InlineEngine` where torch is loaded already.
    parent
        Owner.
    """

    job_started = Signal(Job)
    job_finished = Signal(Job)
    engine_state_changed = Signal(str)

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        engine.setParent(self)
        self._engine = engine
        self._mailbox = Mailbox(self)
        self._lane = ThreadLane("dpiat-job", _THREADS)
        self._jobs: list[Job] = []
        self._by_number: dict[int, Job] = {}
        self._closed = False
        engine.state_changed.connect(self.engine_state_changed)
        engine.begun.connect(self._on_begun)
        engine.progressed.connect(self._on_progressed)
        engine.ended.connect(self._on_ended)

    @property
    def engine(self) -> Engine:
        """Where requests go."""
        return self._engine

    @property
    def engine_state(self) -> str:
        """``starting``, ``ready``, ``busy``, ``restarting`` or ``stopped``."""
        return self._engine.state

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that have not ended, in the order they were asked for."""
        return tuple(self._jobs)

    def start_engine(self) -> None:
        """Start the engine ahead of the first request."""
        if not self._closed:
            self._engine.start()

    def run_in_engine(self, request: dict[str, Any], title: str) -> Job:
        """Have the engine carry out a request.

        Parameters
        ----------
        request
            Plain values; ``"do"`` names the operation (see `dpiat_gui.engine.operations`).
        title
            For the status line.
        """
        return self._announce(self._engine_job(request, title))

    def run_in_thread(self, work: Callable[[JobToken], Any], title: str, *, pure: bool = False) -> Job:
        """Call ``work(token)`` in a thread.

        Parameters
        ----------
        work
            Must touch nothing that the UI thread changes. What it raises fails the job;
            `Cancelled` cancels it.
        title
            For the status line.
        pure
            For work without side effects: the job ends the moment it is cancelled, and
            whatever `work` still returns is dropped.
        """
        return self._announce(self._thread_job(work, title, pure))

    def run_script(self, script: Script, title: str) -> Job:
        """Run a generator that yields steps and is sent their results; what it returns is the job's.

        The generator itself runs on the UI thread. A step's error is thrown into it at its
        ``yield``, and so is `Cancelled`.
        """
        if self._closed:
            script.close()
            return self._announce(self._refused(title))
        driver = _ScriptDriver(self, script, title)
        self._mailbox.post(driver.begin)
        return self._announce(driver.job)

    def shutdown(self, seconds: float = 5.0) -> bool:
        """Cancel every job, stop the engine and wait for the threads.

        Returns
        -------
        bool
            Whether every thread ended within the time.
        """
        self._closed = True
        for job in self.jobs:
            job.cancel()
        self._engine.stop()
        ended = self._lane.wait(seconds)
        self._mailbox.close()
        for job in self.jobs:
            self._finish(job, Outcome(JobState.CANCELLED))
        return ended

    def _announce(self, job: Job) -> Job:
        self.job_started.emit(job)
        return job

    def _new_job(self, title: str, cancel: Callable[[], None]) -> Job:
        job = Job(title, cancel, self)
        self._jobs.append(job)
        return job

    def _engine_job(self, request: dict[str, Any], title: str) -> Job:
        if self._closed:
            return self._refused(title)
        values, engine = dict(request), self._engine
        number = engine.submit(str(values.pop("do", "")), values)
        job = self._new_job(title, lambda: engine.cancel(number))
        self._by_number[number] = job
        return job

    def _thread_job(self, work: Callable[[JobToken], Any], title: str, pure: bool) -> Job:
        if self._closed:
            return self._refused(title)
        # A thread holds the runner and the job weakly. Were its reference the last one, Qt
        # objects would be destroyed in that thread.
        mailbox, weak_self = self._mailbox, ref(self)

        def tell(outcome: Outcome) -> None:
            runner, job = weak_self(), weak_job()
            if runner is not None and job is not None:
                runner._finish(job, outcome)

        def cancel() -> None:
            if not token.stop() or pure:
                mailbox.post(partial(tell, Outcome(JobState.CANCELLED)))

        def act() -> None:
            if token.begin():
                mailbox.post(partial(_begin, weak_job))
                mailbox.post(partial(tell, outcome_of(partial(work, token))))

        token = JobToken(lambda: mailbox.post(partial(_pass_progress, token, weak_job)))
        job = self._new_job(title, cancel)
        weak_job = ref(job)
        self._lane.run(act)
        return job

    def _refused(self, title: str) -> Job:
        job = self._new_job(title, lambda: None)
        error = EngineError("The program is closing.", "Start it again for this.")
        QTimer.singleShot(0, self, partial(self._finish, job, Outcome(JobState.FAILED, error=error)))
        return job

    def _finish(self, job: Job, outcome: Outcome) -> None:
        if job.ended:
            return
        if job in self._jobs:
            self._jobs.remove(job)
        job.end(outcome)
        self.job_finished.emit(job)
        # The runner owns the job: collected as garbage it could die in another thread.
        job.deleteLater()

    def _on_begun(self, number: int) -> None:
        if job := self._by_number.get(number):
            job.start()

    def _on_progressed(self, number: int, progress: Progress) -> None:
        if job := self._by_number.get(number):
            job.offer_progress(progress)

    def _on_ended(self, number: int, outcome: Outcome) -> None:
        if job := self._by_number.pop(number, None):
            self._finish(job, outcome)


class _ScriptDriver:
    """Walks one script from step to step, each a job of its own that is not announced."""

    def __init__(self, runner: JobRunner, script: Script, title: str) -> None:
        # Weakly: the connections of a step's job hold this driver, and a job must never hold the
        # last reference to its own parent.
        self._runner = ref(runner)
        self._script = script
        self._part: Job | None = None
        self.job = runner._new_job(title, self._on_cancel)

    def begin(self) -> None:
        self.job.start()
        self._advance(lambda: self._script.send(None))

    def _on_cancel(self) -> None:
        if self._part is not None:
            self._part.cancel()

    def _advance(self, move: Callable[[], InEngine | InThread]) -> None:
        runner = self._runner()
        if runner is None or self.job.ended:  # by the runner, at shutdown
            self._script.close()
            return
        if self.job.cancelling:
            move = partial(self._script.throw, Cancelled())
        try:
            step = move()
        except StopIteration as end:
            self._end(runner, Outcome(JobState.DONE, end.value))
            return
        except BaseException as error:
            self._end(runner, outcome_of(partial(_raise, error)))
            return
        if self.job.cancelling:  # it caught Cancelled and wants to go on; that it may not
            self._script.close()
            self._end(runner, Outcome(JobState.CANCELLED))
            return
        if isinstance(step, InEngine):
            part = runner._engine_job(step.request, self.job.title)
        else:
            part = runner._thread_job(step.work, self.job.title, step.pure)
        self._part = part
        part.progressed.connect(self.job.offer_progress)
        part.done.connect(lambda value: self._advance(lambda: self._script.send(value)))
        part.failed.connect(lambda error: self._advance(lambda: self._script.throw(error)))
        part.cancelled.connect(lambda: self._advance(lambda: self._script.throw(Cancelled())))

    def _end(self, runner: JobRunner, outcome: Outcome) -> None:
        self._part = None
        runner._finish(self.job, outcome)


def _raise(error: BaseException) -> None:
    raise error


def _begin(weak_job: "ref[Job]") -> None:
    if (job := weak_job()) is not None:
        job.start()


def _pass_progress(token: JobToken, weak_job: "ref[Job]") -> None:
    job, latest = weak_job(), token.take()
    if job is not None and latest is not None:
        job.offer_progress(latest)
