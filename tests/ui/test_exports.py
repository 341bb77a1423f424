"""Exports and checks from the window, through a real engine."""

import json

import pytest
from plain_files import write_networks
from PySide6.QtWidgets import QApplication

from dpiat_gui.ui.app import make_window
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


def test_what_cannot_be_written_is_told(window, feature, qtbot, tmp_path):
    feature.export("export_ledger", tmp_path / "no" / "l.csv")
    qtbot.waitUntil(lambda: any("does not exist" in note.message for note in window.notices.shown))


def test_the_menu_of_the_pane_holds_the_exports(window, feature):
    menu = feature.pane.exports.menu()
    menu.aboutToShow.emit()
    assert [action.objectName() for action in menu.actions() if not action.isSeparator()] == [
        *EXPORTS,
        "write_manifest",
    ]
    window.commands["show_coverage"].trigger()
    assert feature.pane.isVisible()
