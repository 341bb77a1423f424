"""Saving and opening: what a project keeps, and when there is something to save."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import network
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from dpiat_gui.document.corrections import each_of
from dpiat_gui.document.document import Document, Selection
from dpiat_gui.errors import ExportError, ProjectError
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import Overrides, match_options
from dpiat_gui.project.project import NetworkRecord, Project, load_project

SOURCE = network("s", [[(8, 3, 3, 3), (8,)], (10, 12)])
TARGET = network("t", [[(8, 3, 3, 3), (9,)], (20, 12)])


@pytest.fixture
def document(qapp: QCoreApplication) -> Document:
    document = Document()
    document.open_networks(SOURCE, TARGET, "timm:s", "timm:t")
    return document


def test_networks_opened_at_the_start_leave_nothing_to_undo_or_save(document: Document) -> None:
    assert not document.modified
    assert not document.undo_stack.canUndo()
    assert document.source_reference == "timm:s"
    assert document.matching is not None


def test_a_document_comes_back_from_its_project(document: Document, tmp_path: Path) -> None:
    document.pin("s0", "t0")
    document.set_fresh("t1")
    document.set_preset("paper")
    document.set_options(exponent=0.3)
    document.set_seed(7)
    document.set_device("cuda:1")
    document.save_as(tmp_path / "one", {"zoom": 2})
    path = tmp_path / "one.dpiat"
    assert document.project_path == str(path)
    other = Document()
    other.open_project(load_project(path), SOURCE, TARGET, str(path))
    assert other.state == document.state
    assert other.matching == document.matching
    assert other.view == {"zoom": 2}
    assert not other.modified
    assert other.to_project() == document.to_project()


def test_modified_follows_the_clean_step(document: Document, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(document.modified_changed) as changed:
        document.set_seed(1)
    assert changed.args == [True]
    with qtbot.waitSignals([document.modified_changed, document.project_path_changed]):
        document.save_as(tmp_path / "a.dpiat")
    assert not document.modified
    # A change after saving is a step of its own, though of the same setting.
    document.set_seed(2)
    assert document.modified
    document.undo_stack.undo()
    assert (document.seed, document.modified) == (1, False)
    document.undo_stack.undo()
    assert document.modified
    document.undo_stack.redo()
    document.save()
    assert not document.modified


def test_a_file_that_cannot_be_written_leaves_the_document_modified(
    document: Document, tmp_path: Path
) -> None:
    document.set_seed(1)
    with pytest.raises(ExportError):
        document.save_as(tmp_path / "none" / "a.dpiat")
    assert document.modified
    assert document.project_path == ""
    with pytest.raises(ProjectError, match="no file yet"):
        document.save()


def test_unknown_keys_survive_a_save(document: Document, tmp_path: Path) -> None:
    project = Project(extra={"": {"colour": "blue"}, "transfer": {"precision": 16}}, view={"zoom": 3})
    document.open_project(project, SOURCE, TARGET)
    document.save_as(tmp_path / "a.dpiat")
    assert load_project(tmp_path / "a.dpiat").extra == project.extra
    assert load_project(tmp_path / "a.dpiat").view == {"zoom": 3}


def test_a_network_that_cannot_be_loaded_stays_in_the_project(qapp: QCoreApplication) -> None:
    record = NetworkRecord("/gone.safetensors", "gone", "ab12")
    overrides = Overrides([("s0", "t0")], fresh=["t1"])
    document = Document()
    document.open_project(Project(record, NetworkRecord("timm:t"), overrides=overrides), None, TARGET)
    assert document.matching is None
    assert document.to_project().source == record
    assert document.overrides == overrides
    document.set_source(SOURCE, "timm:s")
    assert document.matching is not None
    assert document.overrides == overrides


def test_another_structure_than_the_saved_one_is_reported(document: Document, qtbot: QtBot) -> None:
    project = replace(document.to_project(), overrides=Overrides([("s0", "t9")], [("s0", "t0")]))
    changed = network("t", [[(8, 3, 3, 3), (9,)], (20, 13)])
    with qtbot.waitSignal(document.message) as said:
        document.open_project(project, SOURCE, changed)
    assert said.args is not None
    assert "t is not the structure the project was saved with" in said.args[0]
    assert "'t9'" in said.args[0]
    assert document.overrides == Overrides(bans=[("s0", "t0")])


def test_a_fresh_start_forgets_everything(document: Document, tmp_path: Path) -> None:
    document.pin("s0", "t0")
    document.save_as(tmp_path / "a.dpiat")
    document.new()
    assert document.source is None
    assert document.selection == Selection()
    assert document.project_path == ""
    assert not document.undo_stack.canUndo()
    assert document.to_project() == Project()


PATHS = st.sampled_from(
    [
        *(path for block in SOURCE.sequence for path in (block.path, block.layers[0].path)),
        *(path for block in TARGET.sequence for path in (block.path, block.layers[0].path)),
        "nowhere",
        "s0.99",
    ]
)
PAIRS = st.lists(st.tuples(PATHS, PATHS), max_size=6)
OVERRIDES = st.builds(
    Overrides,
    PAIRS,
    PAIRS,
    st.lists(PATHS, max_size=4),
    st.lists(st.tuples(PATHS, st.just("clip")), max_size=2),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    overrides=OVERRIDES,
    disabled=OVERRIDES,
    method=st.sampled_from(sorted(METHODS)),
    sides=st.tuples(st.booleans(), st.booleans()),
)
def test_whatever_overrides_a_project_has_none_is_lost_and_those_in_force_hold(
    qapp: QCoreApplication, overrides: Overrides, disabled: Overrides, method: str, sides: tuple[bool, bool]
) -> None:
    options = match_options(method=method)
    project = Project(overrides=overrides, disabled=disabled, options=options)
    document = Document()
    document.open_project(project, SOURCE if sides[0] else None, TARGET if sides[1] else None)
    every = {*each_of(document.overrides), *each_of(document.disabled)}
    assert every == {*each_of(overrides), *each_of(disabled)}
    if all(sides) and document.match_error is None:
        assert document.matching == match_networks(SOURCE, TARGET, options, document.overrides)
        assert document.coverage is not None
    assert document.to_project().disabled == document.disabled
    assert not document.modified
