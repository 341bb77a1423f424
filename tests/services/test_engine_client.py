import os
import signal
import sys

import pytest

from dpiat_gui.errors import EngineError, SourceError
from dpiat_gui.services.engine_client import EngineClient
from dpiat_gui.services.jobs import JobRunner, JobState

TIMEOUT = 30_000


def finish(qtbot, job):
    if not job.ended:
        with qtbot.waitSignal(job.finished, timeout=TIMEOUT):
            pass
    return job


def test_a_request_is_carried_out_and_the_states_are_told(qtbot, runner, ends):
    states = []
    runner.engine_state_changed.connect(states.append)
    job = runner.run_in_engine({"do": "echo", "word": "ä\n"}, "echo")
    noted = ends(job)
    finish(qtbot, job)
    assert job.result == {"word": "ä\n"}
    assert noted.ends == ["done", "finished"]
    qtbot.waitUntil(lambda: runner.engine_state == "ready", timeout=TIMEOUT)
    assert states[0] == "starting"
    assert "busy" in states
    assert "restarting" not in states


def test_progress_arrives(qtbot, runner, ends):
    job = runner.run_in_engine({"do": "flood"}, "flood")
    noted = ends(job)
    finish(qtbot, job)
    assert noted.progress[-1].text == "last"
    assert len(noted.progress) < 200


def test_errors_keep_their_kind_and_attributes(qtbot, runner):
    job = finish(qtbot, runner.run_in_engine({"do": "fail", "kind": "known"}, "fail"))
    assert isinstance(job.error, SourceError)
    assert job.error.near == ["resnet18"]
    assert "why" in str(job.error.__cause__)


def test_a_killed_engine_fails_its_job_once_and_the_next_one_works(qtbot, runner, ends):
    job = runner.run_in_engine({"do": "patient"}, "patient")
    queued = runner.run_in_engine({"do": "echo", "n": 1}, "echo")
    noted, noted_queued = ends(job), ends(queued)
    states = []
    runner.engine_state_changed.connect(states.append)
    with qtbot.waitSignal(job.progressed, timeout=TIMEOUT):
        pass
    first = runner.engine.process_id
    os.kill(first, signal.SIGKILL)
    finish(qtbot, job)
    assert noted.ends == ["failed", "finished"]
    assert isinstance(job.error, EngineError)
    assert "died (signal 9)" in job.error.message
    assert job.error.hint
    assert "restarting" in states
    # What waited goes on in a new process, and so does what comes now.
    finish(qtbot, queued)
    assert queued.result == {"n": 1}
    assert noted_queued.ends == ["done", "finished"]
    again = finish(qtbot, runner.run_in_engine({"do": "echo", "n": 2}, "echo"))
    assert again.result == {"n": 2}
    assert runner.engine.process_id not in (0, first)
    assert noted.ends == ["failed", "finished"]


def test_what_the_engine_last_said_is_the_detail_of_its_death(qtbot, runner):
    finish(qtbot, runner.run_in_engine({"do": "noisy"}, "noisy"))
    job = finish(qtbot, runner.run_in_engine({"do": "leave"}, "leave"))
    assert "ended by itself (exit code 3)" in job.error.message
    assert "from C" in str(job.error.__cause__)


def test_cancel_by_message_keeps_the_process(qtbot, runner, ends):
    job = runner.run_in_engine({"do": "patient"}, "patient")
    noted = ends(job)
    with qtbot.waitSignal(job.progressed, timeout=TIMEOUT):
        pass
    process = runner.engine.process_id
    job.cancel()
    finish(qtbot, job)
    assert noted.ends == ["cancelled", "finished"]
    assert finish(qtbot, runner.run_in_engine({"do": "echo"}, "echo")).state is JobState.DONE
    assert runner.engine.process_id == process


def test_cancel_ends_a_process_that_does_not_listen_and_nothing_is_left_behind(qtbot, runner, ends, tmp_path):
    output = tmp_path / "out.safetensors"
    older = tmp_path / ".out.safetensors.old.part"
    older.write_bytes(b"someone else's")
    os.utime(older, (0, 0))
    job = runner.run_in_engine({"do": "deaf", "output": str(output)}, "deaf")
    noted = ends(job)
    with qtbot.waitSignal(job.progressed, timeout=TIMEOUT):
        pass
    assert len(list(tmp_path.iterdir())) == 2
    process = runner.engine.process_id
    job.cancel()
    finish(qtbot, job)
    assert noted.ends == ["cancelled", "finished"]
    assert list(tmp_path.iterdir()) == [older]
    assert finish(qtbot, runner.run_in_engine({"do": "echo"}, "echo")).state is JobState.DONE
    assert runner.engine.process_id != process


def test_cancel_of_a_waiting_request_leaves_the_running_one_alone(qtbot, runner):
    running = runner.run_in_engine({"do": "patient", "steps": 30}, "patient")
    waiting = runner.run_in_engine({"do": "echo"}, "echo")
    waiting.cancel()
    finish(qtbot, waiting)
    assert waiting.state is JobState.CANCELLED
    assert finish(qtbot, running).state is JobState.DONE


def test_cancel_before_the_engine_is_there(qtbot, runner):
    job = runner.run_in_engine({"do": "echo"}, "echo")
    job.cancel()
    assert finish(qtbot, job).state is JobState.CANCELLED


def test_three_deaths_in_a_row_stop_it_until_the_next_request(qtbot, runner):
    jobs = [runner.run_in_engine({"do": "die"}, "die") for _ in range(5)]
    for job in jobs:
        finish(qtbot, job)
    assert all(job.state is JobState.FAILED for job in jobs)
    assert "3 times" in jobs[-1].error.message
    assert runner.engine_state == "stopped"
    assert finish(qtbot, runner.run_in_engine({"do": "echo"}, "echo")).state is JobState.DONE


@pytest.mark.parametrize(
    ("command", "how"),
    [
        (("/no/such/python",), "could not be started"),
        ((sys.executable, "-c", "print('x'); exit(7)"), "exit code 7"),
    ],
)
def test_an_engine_that_cannot_start_fails_the_job_and_says_so(qtbot, command, how):
    runner = JobRunner(EngineClient(command=command))
    job = runner.run_in_engine({"do": "echo"}, "echo")
    finish(qtbot, job)
    assert how in job.error.message
    assert runner.engine_state == "stopped"
    assert runner.shutdown()


def test_noise_before_the_hello_is_no_message(qtbot, strange_command):
    code = (
        "import runpy, sys; print('from a start-up hook', flush=True); sys.argv = ['x']; "
        f"runpy.run_path({strange_command[2]!r}, run_name='__main__')"
    )
    runner = JobRunner(EngineClient(command=(sys.executable, "-c", code)))
    assert finish(qtbot, runner.run_in_engine({"do": "echo"}, "echo")).state is JobState.DONE
    assert "start-up hook" in "\n".join(runner.engine.error_output)
    assert runner.shutdown()


def test_values_that_are_not_plain_fail_their_job_alone(qtbot, runner):
    bad = runner.run_in_engine({"do": "echo", "value": object()}, "bad")
    good = runner.run_in_engine({"do": "echo"}, "good")
    assert "plain" in finish(qtbot, bad).error.message
    assert finish(qtbot, good).state is JobState.DONE


def test_stop_leaves_no_process_and_cancels_what_ran(qtbot, strange_command, ends):
    runner = JobRunner(EngineClient(command=strange_command))
    job = runner.run_in_engine({"do": "deaf"}, "deaf")
    waiting = runner.run_in_engine({"do": "echo"}, "echo")
    noted = [ends(job), ends(waiting)]
    with qtbot.waitSignal(job.progressed, timeout=TIMEOUT):
        pass
    process = runner.engine.process_id
    runner.shutdown()
    assert [note.ends for note in noted] == [["cancelled", "finished"]] * 2
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert runner.engine_state == "stopped"


@pytest.mark.slow
def test_the_real_engine_gets_ready(qtbot):
    runner = JobRunner(EngineClient())
    runner.start_engine()
    qtbot.waitUntil(lambda: runner.engine_state == "ready", timeout=120_000)
    assert runner.engine.facts["timm"]
    assert runner.shutdown()
