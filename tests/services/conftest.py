import sys
import threading
from pathlib import Path

import pytest

from dpiat_gui.services.engine_client import EngineClient
from dpiat_gui.services.jobs import JobRunner

STRANGE = Path(__file__).parents[1] / "support" / "strange_engine.py"


@pytest.fixture
def strange_command():
    """Command of an engine that does strange things on request and loads no torch."""
    return (sys.executable, "-P", str(STRANGE))


@pytest.fixture
def runner(qapp, strange_command):
    made = JobRunner(EngineClient(command=strange_command))
    yield made
    assert made.shutdown(), "a thread outlived its runner"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dpiat-")]


class Ends:
    """Notes every signal of a job."""

    def __init__(self, job):
        self.seen = []
        job.started.connect(lambda: self.seen.append("started"))
        job.progressed.connect(lambda progress: self.seen.append(progress))
        job.done.connect(lambda value: self.seen.append("done"))
        job.failed.connect(lambda error: self.seen.append("failed"))
        job.cancelled.connect(lambda: self.seen.append("cancelled"))
        job.finished.connect(lambda: self.seen.append("finished"))

    @property
    def ends(self):
        return [what for what in self.seen if what in ("done", "failed", "cancelled", "finished")]

    @property
    def progress(self):
        return [what for what in self.seen if not isinstance(what, str)]


@pytest.fixture
def ends():
    return Ends
