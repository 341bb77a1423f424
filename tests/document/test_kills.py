"""The program killed at any moment of editing and saving: two seconds are lost at most, and no saved file."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication

from dpiat_gui.document.autosave import find_leftovers
from dpiat_gui.project.project import load_project
from dpiat_gui.project.values import Project

MOMENTS = 50
TOGETHER = 10
"""Sessions that run at the same time; they wait for their timers nearly always."""
LOST_SECONDS = 2.0

# One process imports what a session needs, and every session is a fork of it: starting Python and
# Qt fifty times would take longer than all the editing.
SESSIONS = '''
import os, sys, time
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QTimer
from made import network
from dpiat_gui.document.autosave import Autosave
from dpiat_gui.document.document import Document
from dpiat_gui.services.engine_client import EngineClient
from dpiat_gui.services.jobs import JobRunner
import dpiat_gui.matching.solving, dpiat_gui.project.project

SHAPES = [[(8, 4, 3, 3), (8,)], (5, 8), (5, 5), (9, 5)]

def edit(document, number):
    """Make edit `number`; what the document holds afterwards can be told from its seed."""
    document.set_seed(number)
    if number % 3 == 0:
        document.pin("s1", "t1") if number % 2 else document.clear_override("t1")
    if number % 5 == 0:
        document.set_fresh("t3") if number % 2 else document.clear_override("t3")

def session(at, folder):
    out = os.fdopen(os.dup(1), "w", buffering=1)
    application = QCoreApplication([])
    jobs = JobRunner(EngineClient())
    document = Document()
    document.open_networks(network("s", SHAPES), network("t", SHAPES))
    autosave = Autosave(document, jobs, folder / "recovery")
    number = [0]
    def turn():
        number[0] += 1
        edit(document, number[0])
        out.write(f"{at} edited {number[0]} {time.monotonic()}\\n")
        # Half of the sessions never save: all they have is the recovery file.
        if at % 2 and number[0] % 17 == 0:
            out.write(f"{at} saving {number[0]}\\n")
            document.save_as(folder / "work.dpiat")
            out.write(f"{at} saved {number[0]}\\n")
    timer = QTimer(interval=25)
    timer.timeout.connect(turn)
    timer.start()
    out.write(f"{at} started {os.getpid()}\\n")
    application.exec()

for line in sys.stdin:
    at, folder = line.split(" ", 1)
    folder = Path(folder.strip())
    folder.mkdir()
    if os.fork() == 0:
        session(int(at), folder)
        os._exit(0)
'''


@dataclass
class Session:
    """What one session told of itself until it was killed."""

    folder: Path
    moment: int
    process: int = 0
    edited: list[float] | None = None
    saving: int = 0
    saved: int = 0
    killed: float = 0.0

    @property
    def times(self) -> list[float]:
        """When each edit was done, the first one first."""
        if self.edited is None:
            self.edited = []
        return self.edited

    def hear(self, word: str, *values: str) -> None:
        """Take up one line of its output; kill it once its moment has come."""
        if word == "started":
            self.process = int(values[0])
        elif word == "edited":
            self.times.append(float(values[1]))
        elif word == "saving":
            self.saving = int(values[0])
        elif word == "saved":
            self.saved = int(values[0])
        if len(self.times) >= self.moment and not self.killed:
            os.kill(self.process, signal.SIGKILL)
            self.killed = time.monotonic()


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    support = Path(__file__).parents[1] / "support"
    environment = {**os.environ, "PYTHONPATH": str(support), "QT_QPA_PLATFORM": "offscreen"}
    process = subprocess.Popen(
        [sys.executable, "-c", SESSIONS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    yield process
    process.kill()
    process.wait()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sessions are forked, and killed by a signal")
def test_50_kills_lose_two_seconds_at_most_and_never_a_saved_file(
    nursery: subprocess.Popen[str], tmp_path: Path, qapp: QCoreApplication
) -> None:
    draw = random.Random(20240229)
    sessions = [Session(tmp_path / str(at), draw.randint(1, 160)) for at in range(MOMENTS)]
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    waiting = list(range(MOMENTS))
    running: set[int] = set()
    while waiting or running:
        while waiting and len(running) < TOGETHER:
            at = waiting.pop()
            running.add(at)
            nursery.stdin.write(f"{at} {sessions[at].folder}\n")
            nursery.stdin.flush()
        line = nursery.stdout.readline()
        assert line, "the sessions have ended by themselves"
        at_text, word, *values = line.split()
        session = sessions[int(at_text)]
        session.hear(word, *values)
        if session.killed:
            running.discard(int(at_text))
    for session in sessions:
        _check(session)
    # The moments were of all kinds: with and without a recovery file, with and without a saved one.
    assert {session.saved > 0 for session in sessions} == {True, False}


def _check(session: Session) -> None:
    """Hold what is on the disk against what the session had told before it was killed."""
    kept = 0
    file = session.folder / "work.dpiat"
    if session.saved:
        assert file.is_file()
    if file.is_file():
        project = load_project(file)
        assert project.seed in (session.saved, session.saving)
        _check_whole(project)
        kept = project.seed
    for leftover in find_leftovers(session.folder / "recovery"):
        _check_whole(leftover.project)
        kept = max(kept, leftover.project.seed)
        assert leftover.path in ("", str(file))
    assert not list((session.folder / "recovery").glob("*.damaged"))
    due = [number for number, when in enumerate(session.times, 1) if when <= session.killed - LOST_SECONDS]
    assert kept >= max(due, default=0), f"edit {max(due)} is lost, only {kept} was kept"


def _check_whole(project: Project) -> None:
    """The file is that of one edit, not a mixture of two."""
    number = project.seed
    pins = number - number % 3
    while pins and pins % 3:
        pins -= 1
    fresh = number - number % 5
    assert bool(project.overrides.pins) == (pins % 2 == 1)
    assert bool(project.overrides.fresh) == (fresh % 2 == 1)
