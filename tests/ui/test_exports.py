"""Exports and checks from the window, through a real engine."""

import json
from pathlib import Path

import pytest
from plain_files import write_networks
from PySide6.QtWidgets import QApplication, QFileDialog

from dpiat_gui.errors import EngineError
from dpiat_gui.project.project import load_project
from dpiat_gui.transfer.options import Writing
from dpiat_gui.transfer.shards import parse_size
from dpiat_gui.transfer.staging import USUAL_MEMORY
from dpiat_gui.ui.app import make_window
from dpiat_gui.ui.correcting import CorrectingFeature
from dpiat_gui.ui.ledger import EXPORTS, LedgerFeature

LONG = 60_000


@pytest.fixture
def window(qtbot, tmp_path):
    window = make_window(QApplication.instance())
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    window.settings.set(output_folder=str(tmp_path))
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    source, target = write_networks(tmp_path / "networks", 3)
    with qtbot.waitSignal(window.document.matching_changed, timeout=LONG, check_params_cb=bool):
        window.opening.open_both(str(source), str(target))
    return window


@pytest.fixture
def feature(window):
    return next(one for one in window.features if isinstance(one, LedgerFeature))


def said(qtbot, window, text, act):
    """Act, and wait until the window says so."""
    with qtbot.waitSignal(window.document.message, timeout=LONG, check_params_cb=lambda told: text in told):
        act()


def test_plan_script_and_ledger_are_written(window, feature, qtbot, tmp_path):
    for name, file in (("export_plan", "p.json"), ("export_script", "s.py"), ("export_ledger", "l.csv")):
        said(qtbot, window, "Written", lambda name=name, file=file: feature.export(name, tmp_path / file))
        assert (tmp_path / file).exists()
    told = json.loads((tmp_path / "p.json").read_text())
    assert told == json.loads((tmp_path / "s.plan.json").read_text())
    assert len(told["rows"]) + 1 == len((tmp_path / "l.csv").read_text().splitlines())


def test_a_plan_needs_no_size_of_shards(window, feature, qtbot, tmp_path):
    window.transfer.form.shard.setText("much")
    said(qtbot, window, "Written", lambda: feature.export("export_plan", tmp_path / "p.json"))
    assert (tmp_path / "p.json").exists()


def test_every_export_is_proposed_beside_the_last(window, feature, qtbot, tmp_path, monkeypatch):
    proposed, answers = [], []

    def ask(_parent, _title, proposal, _kinds):
        proposed.append(Path(proposal))
        return answers.pop(), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    last = tmp_path / "paper"
    last.mkdir()
    answers.append(str(last / "figure.svg"))
    window.figures.ask_file()
    assert [text for text, _ in window.notices.shown[0].actions] == ["Open it"]
    exchange = next(one for one in window.features if isinstance(one, CorrectingFeature)).exchange
    for act in (
        window.commands["export_report"].trigger,
        window.commands["export_ledger"].trigger,
        exchange.ask_export,
        exchange.ask_pairs,
    ):
        answers.append("")
        act()
    assert [path.parent for path in proposed] == [tmp_path, *[last] * 4], "the first beside the checkpoint"
    names = {path.name.split(".")[0] for path in proposed}
    assert len(names) == 1
    assert "-to-" in names.pop()


def test_a_checkpoint_with_manifest_is_written_and_verified(window, feature, qtbot, tmp_path):
    window.commands["write_manifest"].setChecked(True)
    with qtbot.waitSignal(
        window.transferring.running_changed, timeout=LONG, check_params_cb=lambda on: not on
    ):
        window.transferring.run()
    report = window.transferring.report
    assert report["verified_tensors"] == 9
    assert "verified: 9 tensors" in window.transfer.result.text()
    assert report["files"][-1].endswith(".manifest.json")
    said(qtbot, window, "held against its manifest", lambda: feature.verify(tmp_path / report["path"]))


def ended(qtbot, window, act):
    """Act, and wait until the transfer that it began has ended."""
    with qtbot.waitSignal(
        window.transferring.running_changed, timeout=LONG, check_params_cb=lambda on: not on
    ):
        act()


def test_a_checkpoint_is_written_in_shards_of_a_size(window, qtbot, tmp_path):
    form = window.transfer.form
    form.shard.setText("300B")
    form.memory.setText("2MB")
    assert window.transferring.request(tmp_path / "w.safetensors").max_device_memory == 2_000_000
    ended(qtbot, window, window.transferring.run)
    assert window.transferring.report["path"].endswith(".index.json")
    assert len(list(tmp_path.glob("*-of-*.safetensors"))) > 1
    form.format.setCurrentIndex(form.format.findData(".pth"))
    form.format.activated.emit(form.format.currentIndex())
    assert not form.shard.isEnabled()
    assert window.transferring.request(tmp_path / "w.pth").max_shard_size is None


def test_a_project_keeps_how_its_checkpoint_is_written(window, qtbot, tmp_path):
    document, form, manifest = window.document, window.transfer.form, window.commands["write_manifest"]
    form.shard.setText("0.5 kB")
    form.shard.editingFinished.emit()
    assert form.shard.text() == "0.5 kB", "as it was written"
    manifest.setChecked(True)
    document.save_as(str(tmp_path / "p.dpiat"))
    assert load_project(tmp_path / "p.dpiat").writing == Writing(500, None, manifest=True)
    while (
        document.undo_stack.canUndo()
        and document.undo_stack.undoText() == "Set how the checkpoint is written"
    ):
        document.undo()
    assert (form.shard.text(), manifest.isChecked()) == ("", False)
    window.opening.open_project(load_project(tmp_path / "p.dpiat"), str(tmp_path / "p.dpiat"))
    qtbot.waitUntil(lambda: manifest.isChecked(), timeout=LONG)
    assert form.shard.text() == "500B"


def test_what_is_no_size_is_marked_and_told(window):
    form = window.transfer.form
    form.shard.setText("two")
    form.shard.editingFinished.emit()
    assert form.shard.property("invalid")
    window.transferring.run()
    assert not window.transferring.running
    assert "'two' is no size" in window.transfer.result.text()
    form.shard.setText("2GB")
    form.shard.editingFinished.emit()
    assert not form.shard.property("invalid")
    assert parse_size(form.memory.placeholderText()) == USUAL_MEMORY


def test_another_transfer_takes_the_message_of_the_last_one_away(window, qtbot, tmp_path):
    window.notices.show_error(EngineError("The engine process died."), key="transfer")
    window.transfer.set_output(tmp_path / "nowhere" / "w.safetensors")
    ended(qtbot, window, window.transferring.run)
    assert not window.notices.shown


def test_how_it_went_is_said_only_of_the_networks_that_are_open(window, qtbot, tmp_path):
    ended(qtbot, window, window.transferring.run)
    panel = window.transfer
    assert panel.result.isVisible()
    window.document.ban(*next((pair.source, pair.target) for pair in window.document.matching.pairs))
    assert panel.result.isVisible()
    with qtbot.waitSignal(window.document.matching_changed, timeout=LONG, check_params_cb=bool):
        window.document.swap()
    assert not panel.result.isVisible()
    assert not panel.open_folder.isVisible()


def test_what_would_be_refused_is_not_offered_to_be_replaced(window, qtbot, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    source = tmp_path / "networks" / window.document.source_reference.rsplit("/", 1)[-1]
    for path, why in ((folder, "what kind of file"), (source, "one of the files being read")):
        window.transfer.set_output(path)
        ended(qtbot, window, window.transferring.run)
        assert why in window.transfer.result.text()


def test_what_cannot_be_written_is_told(window, feature, qtbot, tmp_path):
    for name, file in (("export_ledger", "l.csv"), ("export_plan", "p.json")):
        feature.export(name, tmp_path / "no" / file)
        qtbot.waitUntil(lambda: any("does not exist" in note.message for note in window.notices.shown))
        assert [text for text, _ in window.notices.shown[0].actions] == ["Choose another file…"]
        window.notices.dismiss_all()


def test_the_menu_of_the_pane_holds_the_exports(window, feature):
    menu = feature.pane.exports.menu()
    menu.aboutToShow.emit()
    assert [action.objectName() for action in menu.actions() if not action.isSeparator()] == [
        *EXPORTS,
        "write_manifest",
    ]
    window.commands["show_coverage"].trigger()
    assert feature.pane.isVisible()
