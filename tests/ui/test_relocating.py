"""Networks of a project that are gone or have changed: said with what still fits, and found again."""

import json

import pytest
import torch
from PySide6.QtWidgets import QApplication
from safetensors.torch import save_file

from dpiat_gui.matching.values import Overrides
from dpiat_gui.networks.sources import load_tree
from dpiat_gui.project.project import load_project, save_project
from dpiat_gui.project.values import NetworkRecord, Project
from dpiat_gui.ui.app import make_window

LONG = 60_000


def _read(reference, _flow, _token):
    """Read a structure at once, as if it were known already: starting the engine takes seconds."""
    return load_tree(reference)


@pytest.fixture
def window(qtbot, monkeypatch):
    monkeypatch.setattr("dpiat_gui.ui.fetching._known_tree", _read)
    window = make_window(QApplication.instance())
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    window.show()
    qtbot.waitExposed(window)
    return window


def write(path, *names):
    """Write a small checkpoint: a convolution and a norm for each name, and a head."""
    tensors = {"fc.weight": torch.zeros(5, 8), "fc.bias": torch.zeros(5)}
    for name in names:
        tensors[f"{name}.conv.weight"] = torch.zeros(8, 8, 3, 3)
        for part in ("weight", "bias", "running_mean", "running_var"):
            tensors[f"{name}.bn.{part}"] = torch.zeros(8)
    save_file(tensors, path)
    return str(path)


@pytest.fixture
def project(window, qtbot, tmp_path):
    """Return the path of a saved project of two checkpoints, with two overrides, and close it."""
    source = write(tmp_path / "a.safetensors", "one", "two")
    target = write(tmp_path / "b.safetensors", "one", "two")
    with qtbot.waitSignal(window.document.matching_changed, timeout=LONG, check_params_cb=bool):
        window.opening.open_both(source, target)
    window.document.pin("fc", "fc")
    window.document.set_fresh("two.conv")
    path = str(tmp_path / "work.dpiat")
    assert window.projects._write(path)
    window.projects.new()
    return path


def test_a_source_that_is_gone_is_said_and_relocated(window, qtbot, tmp_path, project, monkeypatch):
    document = window.document
    (tmp_path / "a.safetensors").rename(tmp_path / "moved.safetensors")
    window.projects.open(project)
    qtbot.waitUntil(lambda: bool(window.notices.shown), timeout=LONG)
    notice = window.notices.shown[0]
    assert "a.safetensors" in notice.message
    assert "2 overrides wait for it" in notice.hint
    qtbot.waitUntil(lambda: document.target is not None, timeout=LONG)
    assert document.source is None
    assert len(document.overrides) == 2
    moved = str(tmp_path / "moved.safetensors")
    monkeypatch.setattr("dpiat_gui.ui.relocating.QFileDialog.getOpenFileName", lambda *_: (moved, ""))
    with qtbot.waitSignal(document.matching_changed, timeout=LONG, check_params_cb=bool):
        dict(notice.actions)["Relocate…"]()
    assert document.source_reference == moved
    assert document.overrides == Overrides([("fc", "fc")], fresh=["two.conv"])
    assert document.modified
    assert not window.notices.shown
    window.projects.save()
    assert load_project(project).source.reference == moved


def test_a_target_that_has_changed_is_said_with_what_still_fits(window, qtbot, tmp_path, project):
    document = window.document
    write(tmp_path / "b.safetensors", "one", "three", "four")
    window.projects.open(project)
    qtbot.waitUntil(lambda: document.matching is not None and bool(window.notices.shown), timeout=LONG)
    messages = {notice.message: notice for notice in window.notices.shown}
    changed = next(notice for text, notice in messages.items() if "has changed since" in text)
    assert "target b " in changed.message
    assert changed.hint == "1 override of the project still fits. 1 other is kept, disabled."
    assert "Relocate…" in dict(changed.actions)
    assert any("does not fit" in text for text in messages)
    assert document.overrides == Overrides([("fc", "fc")])
    assert document.disabled == Overrides(fresh=["two.conv"])
    # The file itself still holds both, whatever is done here.
    assert load_project(project).overrides == Overrides([("fc", "fc")], fresh=["two.conv"])


@pytest.mark.parametrize(
    "reference",
    [
        "/nowhere/a.safetensors",
        "/nowhere/code.py:make",
        "no.such.module:make",
        "timm:no_such_model",
        "/nowhere/" + "é" * 300 + ".pth",
        "~nobody/a.pth",
        "~nobody",
        "\0",
        "é" * 300,
    ],
)
def test_a_reference_that_leads_nowhere_leaves_the_project_whole(window, qtbot, tmp_path, reference):
    target = write(tmp_path / "b.safetensors", "one")
    overrides = Overrides([("x", "fc")], [("y", "one.conv")], ["one.bn"])
    path = tmp_path / "p.dpiat"
    save_project(Project(NetworkRecord(reference), NetworkRecord(target), overrides=overrides, seed=7), path)
    window.projects.open(str(path))
    document = window.document
    qtbot.waitUntil(lambda: document.target is not None and bool(window.notices.shown), timeout=LONG)
    assert document.source is None
    assert (document.overrides, document.seed, document.source_reference) == (overrides, 7, reference)
    assert "3 overrides wait" in window.notices.shown[0].hint
    assert document.to_project().source.reference == reference


def test_a_project_that_cannot_be_read_leaves_what_is_open(window, qtbot, tmp_path, project):
    window.projects.open(project)
    qtbot.waitUntil(lambda: window.document.matching is not None, timeout=LONG)
    before = window.document.state
    record = json.loads((tmp_path / "work.dpiat").read_text())
    record["overrides"]["pins"] = "none"
    for data in (json.dumps(record).encode(), b"\0" * 100, (tmp_path / "work.dpiat").read_bytes()[:-20]):
        (tmp_path / "bad.dpiat").write_bytes(data)
        window.projects.open(str(tmp_path / "bad.dpiat"))
        assert window.notices.shown[0].hint
        assert window.document.state == before
        assert window.document.project_path == project
