"""Unsaved work: kept soon after an edit, offered back after a crash, gone when it is safe."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest
from made import network

from dpiat_gui.document import autosave, history, solving
from dpiat_gui.document.autosave import DELAY_MS, Autosave, find_leftovers, recovery_folder
from dpiat_gui.document.document import Document
from dpiat_gui.errors import ExportError
from dpiat_gui.project.project import load_project
from dpiat_gui.services.engine_client import EngineClient
from dpiat_gui.services.jobs import JobRunner

SOURCE, TARGET = network("s", [(8, 8), (8, 4)]), network("t", [(8, 8)])


class Kept:
    """A document with its recovery file."""

    def __init__(self):
        self.jobs = JobRunner(EngineClient())
        self.document = Document(jobs=self.jobs)
        self.autosave = Autosave(self.document, self.jobs)
        self.document.open_networks(SOURCE, TARGET, "made:s", "made:t")


@pytest.fixture
def kept(qapp):
    kept = Kept()
    yield kept
    kept.jobs.shutdown()
    kept.autosave.end()


def test_an_edit_is_written_within_two_seconds(kept, qtbot):
    assert DELAY_MS < 2000
    kept.document.pin("s0", "t0")
    qtbot.waitUntil(kept.autosave.file.is_file)
    assert load_project(kept.autosave.file).overrides.pins == (("s0", "t0"),)
    assert kept.autosave.file.parent == recovery_folder()


def test_an_edit_that_takes_long_to_solve_is_kept_before_it_is_solved(kept, qtbot, monkeypatch):
    monkeypatch.setattr(solving, "SLOW_MS", -1.0)
    gate = Event()
    solved = history.solve_whole
    monkeypatch.setattr(history, "solve_whole", lambda *given: gate.wait(20) and solved(*given))
    kept.document.pin("s0", "t0")
    try:
        qtbot.waitUntil(kept.autosave.file.is_file)
        assert kept.document.solving
        assert load_project(kept.autosave.file).overrides.pins == (("s0", "t0"),)
    finally:
        gate.set()
    qtbot.waitUntil(lambda: not kept.document.solving)
    assert kept.document.modified


def test_nothing_is_written_while_there_is_nothing_to_save(kept, qtbot):
    kept.document.pin("s0", "t0")
    kept.document.undo()
    assert not kept.autosave._timer.isActive()
    assert not recovery_folder().exists()


def test_saving_removes_it(kept, qtbot, tmp_path):
    kept.document.pin("s0", "t0")
    qtbot.waitUntil(kept.autosave.file.is_file)
    qtbot.waitUntil(lambda: kept.autosave._job is None)
    kept.document.save_as(tmp_path / "a.dpiat")
    assert list(recovery_folder().iterdir()) == []


def test_a_clean_end_removes_it_even_while_it_is_written(kept, qtbot):
    kept.document.pin("s0", "t0")
    kept.autosave._timer.stop()
    kept.autosave._write()
    kept.jobs.shutdown()
    kept.autosave.end()
    assert list(recovery_folder().iterdir()) == []


def test_what_was_kept_goes_when_all_is_saved_though_the_last_write_of_it_fails(
    kept, qtbot, monkeypatch, tmp_path
):
    kept.document.pin("s0", "t0")
    qtbot.waitUntil(lambda: kept.autosave.file.is_file() and not kept.jobs.jobs)
    begun, gate = Event(), Event()

    def refuse(*given):
        begun.set()
        gate.wait(20)
        raise ExportError("The disk is full.")

    monkeypatch.setattr(autosave, "_save", refuse)
    kept.document.set_seed(3)
    qtbot.waitUntil(begun.is_set)
    kept.document.save_as(tmp_path / "p.dpiat")
    gate.set()
    qtbot.waitUntil(lambda: not kept.jobs.jobs)
    assert not kept.autosave.file.exists()


def test_a_run_that_is_alive_is_left_alone(kept, qtbot):
    kept.document.pin("s0", "t0")
    qtbot.waitUntil(kept.autosave.file.is_file)
    assert find_leftovers() == ()


def test_a_folder_that_cannot_be_written_stops_nothing(kept, qtbot, caplog):
    recovery_folder().parent.mkdir(parents=True)
    recovery_folder().write_text("in the way")
    kept.document.pin("s0", "t0")
    qtbot.waitUntil(lambda: "could not be kept" in caplog.text)
    assert kept.document.overrides.pins


KILLED = """
import sys
from PySide6.QtWidgets import QApplication
sys.path.insert(0, sys.argv[1])
from made import network
app = QApplication([])
from dpiat_gui.document.autosave import Autosave
from dpiat_gui.document.document import Document
from dpiat_gui.project.project import Project, NetworkRecord
from dpiat_gui.services.engine_client import EngineClient
from dpiat_gui.services.jobs import JobRunner
jobs = JobRunner(EngineClient())
document = Document(jobs=jobs)
autosave = Autosave(document, jobs)
extra = {"": {"later": 1}}
project = Project(NetworkRecord("made:s"), NetworkRecord("made:t"), extra=extra)
document.open_project(project, network("s", [(8, 8), (8, 4)]), network("t", [(8, 8)]), "/tmp/work.dpiat")
document.pin("s1", "t0")
jobs.job_finished.connect(lambda job: print("kept", flush=True) if "unsaved" in job.title else None)
app.exec()
"""


@pytest.fixture
def killed(tmp_path):
    support = str(Path(__file__).parents[1] / "support")
    command = [sys.executable, "-c", KILLED, support]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    try:
        assert child.stdout.readline() == "kept\n"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()


def test_what_a_killed_run_left_is_found_and_can_go_on(killed, kept, qtbot):
    (leftover,) = find_leftovers()
    assert leftover.path == "/tmp/work.dpiat"
    assert leftover.project.overrides.pins == (("s1", "t0"),)
    assert leftover.project.extra == {"": {"later": 1}}
    kept.document.open_project(leftover.project, SOURCE, TARGET, leftover.path, recovered=True)
    kept.autosave.adopt(leftover)
    assert kept.document.modified
    assert kept.document.matching.by_target["t0"].source == "s1"
    # The old file stays until the new one is there.
    assert leftover.file.is_file()
    qtbot.waitUntil(lambda: not leftover.file.exists())
    assert kept.autosave.file.is_file()


def test_what_was_left_can_be_discarded(killed):
    find_leftovers()[0].discard()
    assert find_leftovers() == ()
    assert list(recovery_folder().iterdir()) == []


def test_a_damaged_file_is_set_aside(qapp):
    recovery_folder().mkdir(parents=True)
    (recovery_folder() / "1.dpiat").write_text('{"format": "dpiat-')
    assert find_leftovers() == ()
    assert [file.name for file in recovery_folder().iterdir()] == ["1.dpiat.damaged"]
