import gc
import threading
from contextlib import suppress

import pytest
import shiboken6
from PySide6.QtCore import QObject, QThread

from dpiat_gui.errors import Cancelled, EngineError, SourceError
from dpiat_gui.services.inline_engine import InlineEngine
from dpiat_gui.services.job import PROGRESS_INTERVAL
from dpiat_gui.services.jobs import InEngine, InThread, Job, JobRunner, JobState, Outcome, Progress


@pytest.fixture
def runner(qapp):
    """A runner without a process: threads are what is looked at here."""
    made = JobRunner(InlineEngine())
    yield made
    assert made.shutdown()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dpiat-")]


def test_a_result_is_delivered_once_on_the_ui_thread(qtbot, runner, ends):
    places = []
    job = runner.run_in_thread(lambda token: threading.get_ident(), "work")
    noted = ends(job)
    job.done.connect(lambda value: places.append((value, threading.get_ident())))
    assert job.state is JobState.QUEUED
    with qtbot.waitSignal(job.finished):
        pass
    assert noted.ends == ["done", "finished"]
    [(worked_in, delivered_in)] = places
    assert delivered_in == threading.get_ident() != worked_in
    assert job.state is JobState.DONE
    assert job.result == worked_in
    assert runner.jobs == ()


def test_an_error_fails_the_job_with_its_kind_and_without_its_frames(qtbot, runner, ends):
    def work(token):
        raise SourceError("No such file.", "Choose another.")

    job = runner.run_in_thread(work, "work")
    noted = ends(job)
    with qtbot.waitSignal(job.finished):
        pass
    assert noted.ends == ["failed", "finished"]
    assert isinstance(job.error, SourceError)
    assert job.error.__traceback__ is None


@pytest.mark.parametrize("error", [ZeroDivisionError("by zero"), MemoryError(), SystemExit(3)])
def test_what_nobody_foresaw_fails_the_job_too(qtbot, runner, error):
    def work(token):
        raise error

    job = runner.run_in_thread(work, "work")
    with qtbot.waitSignal(job.failed) as caught:
        pass
    assert isinstance(caught.args[0], EngineError)
    assert type(error).__name__ in str(caught.args[0].__cause__)


def test_cancel_is_heard_by_the_token(qtbot, runner, ends):
    running = threading.Event()

    def work(token):
        running.set()
        while True:
            token.check()
            QThread.msleep(1)

    job = runner.run_in_thread(work, "work")
    noted = ends(job)
    qtbot.waitUntil(running.is_set)
    job.cancel()
    job.cancel()
    assert job.cancelling
    with qtbot.waitSignal(job.finished):
        pass
    assert noted.ends == ["cancelled", "finished"]
    assert job.state is JobState.CANCELLED
    assert not job.cancelling
    job.cancel()


def test_work_that_was_faster_than_the_cancel_is_done(qtbot, runner, ends):
    go = threading.Event()

    def work(token):
        go.wait()
        return "written"

    job = runner.run_in_thread(work, "work")
    noted = ends(job)
    with qtbot.waitSignal(job.started):
        pass
    job.cancel()
    go.set()
    with qtbot.waitSignal(job.finished):
        pass
    assert noted.ends == ["done", "finished"]


def test_pure_work_ends_the_moment_it_is_cancelled_and_its_result_is_dropped(qtbot, runner, ends):
    go = threading.Event()
    job = runner.run_in_thread(lambda token: go.wait(), "work", pure=True)
    noted = ends(job)
    with qtbot.waitSignal(job.started):
        pass
    job.cancel()
    with qtbot.waitSignal(job.finished):
        pass
    go.set()
    after = runner.run_in_thread(lambda token: None, "another")
    with qtbot.waitSignal(after.finished):
        pass
    assert noted.ends == ["cancelled", "finished"]


def test_a_job_that_waits_for_a_thread_is_cancelled_at_once(qtbot, runner):
    go = threading.Event()
    busy = [runner.run_in_thread(lambda token: go.wait(), "busy") for _ in range(4)]
    ran = []
    waiting = runner.run_in_thread(lambda token: ran.append(1), "waiting")
    qtbot.waitUntil(lambda: all(job.state is JobState.RUNNING for job in busy))
    with qtbot.waitSignal(waiting.cancelled):
        waiting.cancel()
    with qtbot.waitSignals([job.done for job in busy]):
        go.set()
    assert ran == []


def test_progress_is_told_at_most_20_times_a_second_and_the_last_one_always(qtbot, runner, ends):
    def work(token):
        for step in range(50_000):
            token.progress(step, 50_000, "steps")
        token.progress(50_000, 50_000, "over")

    job = runner.run_in_thread(work, "work")
    noted = ends(job)
    times = []
    job.progressed.connect(lambda _: times.append(QThread.currentThread()))
    with qtbot.waitSignal(job.finished):
        pass
    assert noted.progress[-1].text == "over"
    assert noted.seen[-3:] == [noted.progress[-1], "done", "finished"]
    assert len(noted.progress) < 100
    assert PROGRESS_INTERVAL >= 0.05


def test_a_receiver_that_is_gone_is_not_called(qtbot, runner):
    go = threading.Event()
    called = []
    owner = QObject()
    job = runner.run_in_thread(lambda token: go.wait(), "work")
    job.deliver_to(owner, done=called.append)
    job.deliver_to(runner, done=lambda value: called.append("alive"))
    shiboken6.delete(owner)
    with qtbot.waitSignal(job.finished):
        go.set()
    assert called == ["alive"]


def test_a_job_nobody_keeps_runs_on_and_is_let_go(qtbot, runner):
    ran = threading.Event()
    runner.run_in_thread(lambda token: ran.set(), "work")
    gc.collect()
    qtbot.waitUntil(lambda: ran.is_set() and not runner.jobs)
    qtbot.waitUntil(lambda: not runner.findChildren(Job))


@pytest.mark.parametrize("turn", range(10))
def test_results_after_the_runner_is_gone_are_dropped(qtbot, turn):
    # Emitting from a thread while the receiver is destroyed crashes Qt, one time in some.
    go = threading.Event()
    runner = JobRunner(InlineEngine())
    for _ in range(3):
        runner.run_in_thread(lambda token: token.progress(1) or go.wait(), "work")
    shiboken6.delete(runner)
    go.set()
    qtbot.waitUntil(
        lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("dpiat-job")]
    )


def test_a_runner_dropped_with_its_jobs_just_over_takes_them_along(qtbot):
    # A job that held the last reference to its owner was destroyed twice.
    for _ in range(20):
        runner = JobRunner(InlineEngine())
        job = runner.run_in_engine({"do": "ping"}, "ping")
        with qtbot.waitSignal(job.done):
            pass
        del runner, job


def test_shutdown_ends_every_job_exactly_once_and_later_ones_are_refused(qtbot, ends):
    runner = JobRunner(InlineEngine())
    started = threading.Event()

    def work(token):
        started.set()
        while not token.cancelled():
            QThread.msleep(1)
        raise Cancelled

    jobs = [runner.run_in_thread(work, "work"), runner.run_in_engine({"do": "ping"}, "ping")]
    noted = [ends(job) for job in jobs]
    qtbot.waitUntil(started.is_set)
    assert runner.shutdown()
    assert all(len(note.ends) == 2 for note in noted)
    assert noted[0].ends == ["cancelled", "finished"]
    late = runner.run_in_thread(lambda token: 1, "late")
    with qtbot.waitSignal(late.failed) as caught:
        pass
    assert "closing" in caught.args[0].message
    assert runner.shutdown()


def test_an_error_in_a_slot_does_not_keep_the_job_from_ending(qtbot, runner, ends):
    job = runner.run_in_thread(lambda token: 1, "work")
    job.done.connect(lambda value: 1 / 0)
    noted = ends(job)
    with qtbot.capture_exceptions() as exceptions, qtbot.waitSignal(job.finished):
        pass
    assert noted.ends == ["done", "finished"]
    assert exceptions[0][0] is ZeroDivisionError


def test_a_job_keeps_to_its_first_end(qtbot, ends):
    job = Job("work", lambda: None)
    noted = ends(job)
    job.end(Outcome(JobState.DONE, 1))
    job.end(Outcome(JobState.CANCELLED))
    job.start()
    job.offer_progress(Progress(1, 2))
    assert noted.seen == ["done", "finished"]
    assert (job.state, job.result) == (JobState.DONE, 1)


class TestScript:
    def test_steps_hand_their_results_on(self, qtbot, runner, ends):
        def script():
            pong = yield InEngine({"do": "ping"})
            doubled = yield InThread(lambda token: 2 * len(pong))
            return doubled + 1

        job = runner.run_script(script(), "steps")
        noted = ends(job)
        announced = []
        runner.job_started.connect(announced.append)
        with qtbot.waitSignal(job.finished):
            pass
        assert job.result == 5
        assert noted.seen == ["started", "done", "finished"]
        assert announced == []  # its steps are not jobs of their own to anyone
        assert runner.jobs == ()

    def test_a_step_that_fails_is_raised_where_it_was_asked_for(self, qtbot, runner):
        def script():
            try:
                yield InEngine({"do": "no such thing"})
            except EngineError:
                return "caught"

        job = runner.run_script(script(), "steps")
        with qtbot.waitSignal(job.done) as caught:
            pass
        assert caught.args == ["caught"]

    def test_an_error_of_its_own_fails_the_job(self, qtbot, runner):
        def script():
            yield InThread(lambda token: 1)
            raise SourceError("no")

        job = runner.run_script(script(), "steps")
        with qtbot.waitSignal(job.failed) as caught:
            pass
        assert isinstance(caught.args[0], SourceError)

    def test_cancel_ends_the_step_and_the_job(self, qtbot, runner, ends):
        started, tidied = threading.Event(), []

        def work(token):
            started.set()
            while True:
                token.check()
                QThread.msleep(1)

        def script():
            try:
                yield InThread(work)
            finally:
                tidied.append(True)

        job = runner.run_script(script(), "steps")
        noted = ends(job)
        qtbot.waitUntil(started.is_set)
        with qtbot.waitSignal(job.finished):
            job.cancel()
        assert noted.ends == ["cancelled", "finished"]
        assert tidied == [True]

    def test_a_script_that_ignores_the_cancel_is_closed(self, qtbot, runner, ends):
        def script():
            while True:
                with suppress(Cancelled):
                    yield InThread(lambda token: token.cancelled() or QThread.msleep(1))

        job = runner.run_script(script(), "steps")
        noted = ends(job)
        with qtbot.waitSignal(job.started):
            pass
        with qtbot.waitSignal(job.finished):
            job.cancel()
        assert noted.ends == ["cancelled", "finished"]


class TestInlineEngine:
    def test_it_carries_out_the_same_operations(self, qtbot, runner):
        states = []
        runner.engine_state_changed.connect(states.append)
        job = runner.run_in_engine({"do": "ping"}, "ping")
        with qtbot.waitSignal(job.done) as caught:
            pass
        assert caught.args[0]["pid"] > 0
        assert states == ["ready", "busy", "ready"]

    def test_a_failure_has_the_form_it_has_from_the_process(self, qtbot, runner):
        job = runner.run_in_engine({"do": "describe"}, "describe")
        with qtbot.waitSignal(job.failed) as caught:
            pass
        assert "reference" in caught.args[0].message

    def test_requests_are_serial_and_cancelled_in_the_queue_or_under_way(self, qtbot):
        order = []
        running = threading.Event()

        def slow(values, context):
            order.append("slow")
            running.set()
            while True:
                context.check()
                QThread.msleep(1)

        def quick(values, context):
            order.append(values["name"])
            return {}

        runner = JobRunner(InlineEngine(operations={"slow": slow, "quick": quick}))
        first = runner.run_in_engine({"do": "slow"}, "slow")
        second = runner.run_in_engine({"do": "quick", "name": "second"}, "quick")
        third = runner.run_in_engine({"do": "quick", "name": "third"}, "quick")
        with qtbot.waitSignal(second.cancelled):
            qtbot.waitUntil(running.is_set)
            second.cancel()
        with qtbot.waitSignals([first.cancelled, third.done]):
            first.cancel()
        assert order == ["slow", "third"]
        assert runner.shutdown()


def test_a_delivery_that_raises_stops_neither_the_others_nor_the_job(runner, qtbot, monkeypatch):
    seen, told = [], []
    monkeypatch.setattr("sys.excepthook", lambda *error: seen.append(error[0]))
    job = runner.run_in_thread(lambda token: 1, "one")

    def fail(value):
        raise KeyError(value)

    job.deliver_to(runner, done=fail).deliver_to(runner, done=told.append)
    with qtbot.waitSignal(job.finished):
        pass
    assert seen == [KeyError]
    assert told == [1]
    assert job.state is JobState.DONE
