"""The real worker in a real process, with operations that misbehave."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

STRANGE = Path(__file__).parents[1] / "support" / "strange_engine.py"


class Conversation:
    def __init__(self, *arguments, command=None):
        self.process = subprocess.Popen(
            command or [sys.executable, "-P", str(STRANGE), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def say(self, **message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self):
        line = self.process.stdout.readline()
        assert line, "the engine said no more"
        return json.loads(line)

    def ask(self, number, operation, **request):
        self.say(id=number, do=operation, request=request)

    def close(self):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def end_of(self, number):
        """Read on to the end of a request; return it and the progress before it."""
        progress = []
        while True:
            message = self.hear()
            if message.get("id") != number:
                continue
            if "progress" in message:
                progress.append(message["progress"])
            else:
                return message, progress


@pytest.fixture
def engine(request):
    conversation = Conversation(*getattr(request, "param", ()))
    yield conversation
    conversation.close()


def test_hello_comes_first_and_ready_follows(engine):
    assert engine.hear()["hello"] == {"protocol": 1, "pid": engine.process.pid}
    assert "ready" in engine.hear()


def test_what_code_prints_never_reaches_the_protocol(engine):
    engine.ask(1, "noisy")
    end, _ = engine.end_of(1)
    assert end == {"id": 1, "done": {"stdin": ""}}
    engine.say(shutdown=True)
    said, errors = engine.process.communicate(timeout=20)
    assert said == b""
    for text in (b"from print", b"from stderr", b"from descriptor 1", b"from C", b"from a child"):
        assert text in errors


@pytest.mark.parametrize(
    ("kind", "message", "error"),
    [
        ("recursion", "nested too deeply", "EngineError"),
        ("memory", "not enough memory", "EngineError"),
        ("exit", "asked the program to exit", "EngineError"),
        ("interrupt", "KeyboardInterrupt", "EngineError"),
        ("known", "No such network.", "SourceError"),
        ("not plain", "not JSON serializable", "EngineError"),
        ("other", "ZeroDivisionError: by zero", "EngineError"),
    ],
)
def test_whatever_is_raised_is_one_failed_answer_and_the_engine_lives(engine, kind, message, error):
    engine.ask(1, "fail", kind=kind)
    engine.ask(2, "echo", word="still here")
    end, _ = engine.end_of(1)
    assert message in end["failed"]["message"]
    assert end["failed"]["kind"] == error
    assert engine.end_of(2)[0]["done"] == {"word": "still here"}


def test_an_unknown_operation_and_a_senseless_request_fail(engine):
    engine.ask(1, "nothing")
    assert "nothing" in engine.end_of(1)[0]["failed"]["message"]
    engine.say(id=2)
    assert "makes no sense" in engine.end_of(2)[0]["failed"]["message"]
    engine.process.stdin.write(b"not json\n")
    engine.ask(3, "echo")
    assert engine.end_of(3)[0] == {"id": 3, "done": {}}


def test_requests_run_in_order_and_a_waiting_one_can_be_cancelled(engine):
    engine.ask(1, "patient", steps=30)
    engine.ask(2, "echo")
    engine.ask(3, "echo")
    engine.say(cancel=2)
    ends = []
    while len(ends) < 3:
        message = engine.hear()
        if "id" in message and "progress" not in message:
            ends.append(message)
    assert [end["id"] for end in ends] == [1, 2, 3]
    assert ends[1] == {"id": 2, "cancelled": True}
    assert "done" in ends[0]
    assert "done" in ends[2]


def test_a_running_request_is_cancelled_and_late_wishes_are_harmless(engine):
    engine.ask(1, "patient")
    while "progress" not in engine.hear():
        pass
    engine.say(cancel=1)
    assert engine.end_of(1)[0] == {"id": 1, "cancelled": True}
    engine.say(cancel=1)
    engine.say(cancel=99)
    engine.ask(99, "echo")
    assert engine.end_of(99)[0] == {"id": 99, "done": {}}


def test_progress_is_sparse_and_the_last_one_comes_before_the_end(engine):
    engine.ask(1, "flood")
    end, progress = engine.end_of(1)
    assert "done" in end
    assert progress[-1] == {"done": 20_000, "total": 20_000, "text": "last"}
    # 20,000 reports in well under a second: with 20 a second hardly any remain.
    assert len(progress) < 200


def test_a_long_stage_is_told_even_right_after_a_short_one(engine):
    engine.ask(1, "stages")
    while (message := engine.hear()).get("progress", {}).get("text") != "long":
        assert "done" not in message
    assert "done" in engine.end_of(1)[0]


def test_the_engine_leaves_when_nobody_speaks_to_it_any_more(engine):
    engine.hear()
    engine.process.stdin.close()
    assert engine.process.wait(timeout=20) == 0


def test_it_leaves_soon_even_if_a_request_never_looks_up(engine):
    engine.ask(1, "deaf")
    while "progress" not in engine.hear():
        pass
    engine.process.stdin.close()
    assert engine.process.wait(timeout=20) == 0


def test_it_leaves_when_told_to_and_the_request_is_cancelled(engine):
    engine.ask(1, "patient")
    while "progress" not in engine.hear():
        pass
    engine.process.send_signal(signal.SIGTERM)
    assert engine.end_of(1)[0] == {"id": 1, "cancelled": True}
    assert engine.process.wait(timeout=20) == 0


def test_ctrl_c_is_the_windows_affair(engine):
    engine.hear()
    engine.process.send_signal(signal.SIGINT)
    engine.ask(1, "echo")
    assert engine.end_of(1)[0] == {"id": 1, "done": {}}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's help is Linux's")
def test_the_engine_dies_with_its_parent_though_its_pipes_stay_open():
    # This process holds the other ends of the engine's pipes, so only the kernel can tell it.
    script = (
        "import os, subprocess, sys\n"
        "requests, answers = map(int, sys.argv[1:])\n"
        "command = [sys.executable, '-P', '-m', 'dpiat_gui.engine', str(os.getpid())]\n"
        "process = subprocess.Popen(command, stdin=requests, stdout=answers)\n"
        "print(process.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    requests, to_engine = os.pipe()
    from_engine, answers = os.pipe()
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(requests), str(answers)],
        pass_fds=[requests, answers],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    os.close(requests)
    os.close(answers)
    try:
        pid = int(parent.stdout.readline())
        with os.fdopen(from_engine, "rb") as said:
            assert b"hello" in said.readline()
            parent.kill()
            parent.wait()
            # The end of its output is the end of the process.
            while said.readline():
                pass
        assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]
    finally:
        os.close(to_engine)
        parent.stdin.close()
        parent.stdout.close()


@pytest.mark.parametrize("engine", [["load=json", "load=no_such_package"]], indirect=True)
def test_a_package_that_cannot_be_imported_fails_only_what_needs_it(engine):
    engine.hear()
    assert "no_such_package" in engine.hear()["ready"]["failed"]["message"]
    engine.ask(1, "names")
    failed = engine.end_of(1)[0]["failed"]
    assert "cannot be imported" in failed["message"]
    assert "pip install" in failed["hint"]
    engine.ask(2, "ping")
    assert engine.end_of(2)[0]["done"]["torch"] is False


@pytest.mark.slow
def test_the_real_engine_knows_devices_and_names():
    engine = Conversation(command=[sys.executable, "-P", "-m", "dpiat_gui.engine"])
    try:
        engine.ask(1, "ping")
        engine.ask(2, "devices")
        engine.ask(3, "names")
        # The first answer does not wait until torch is there, which `ready` tells.
        heard = [engine.hear()]
        while heard[-1].get("id") != 1:
            heard.append(engine.hear())
        assert heard[-1]["done"]["pid"] == engine.process.pid
        assert not any("ready" in message for message in heard)
        devices = engine.end_of(2)[0]["done"]["devices"]
        assert devices[-1]["name"] == "cpu"
        assert devices[-1]["memory"] is None or devices[-1]["memory"] > 0
        assert "efficientnet_b0" in engine.end_of(3)[0]["done"]["names"]
    finally:
        engine.close()
