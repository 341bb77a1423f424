import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog

from dpiat_gui.transfer.options import CHOICES, TransferOptions, transfer_options
from dpiat_gui.ui.app import make_window
from dpiat_gui.ui.transfer_panel import TransferPanel, TransferSettings
from dpiat_gui.ui.transfer_steps import TransferSteps
from dpiat_gui.ui.widgets import scrolling


@pytest.fixture
def steps(qtbot):
    steps = TransferSteps()
    qtbot.addWidget(steps)
    steps.resize(420, 300)
    steps.show()
    qtbot.waitExposed(steps)
    return steps


@pytest.fixture
def chosen(steps):
    found = []
    steps.option_chosen.connect(lambda name, value: found.append((name, value)))
    return found


def test_showing_options_emits_nothing(steps, chosen, tmp_path):
    steps.set_options(transfer_options("recommended", calibrate=str(tmp_path)))
    assert steps.switches["repeats"].isChecked()
    assert steps.boxes["head"].currentData() == "auto"
    assert steps.folder.text() == str(tmp_path)
    steps.set_options(TransferOptions())
    assert not steps.switches["squeeze_excite"].isChecked()
    assert steps.boxes["neck"].currentData() == "keep"
    assert steps.folder.text() == ""
    assert chosen == []


def test_every_choice_of_the_options_is_offered(steps):
    for name, box in steps.boxes.items():
        assert {box.itemData(row) for row in range(box.count())} == set(CHOICES[name])


def test_switches_and_choices_say_what_is_wanted(steps, chosen, qtbot):
    steps.set_options(transfer_options("recommended"))
    steps.switches["repeats"].click()
    steps.switches["squeeze_excite"].setFocus()
    qtbot.keyClick(steps.switches["squeeze_excite"], Qt.Key.Key_Space)
    box = steps.boxes["neck"]
    box.setCurrentIndex(box.findData("fresh"))
    box.activated.emit(box.currentIndex())
    assert chosen == [("repeats", False), ("squeeze_excite", False), ("neck", "fresh")]


def test_before_a_copied_classifier_there_is_nothing_to_treat(steps):
    steps.set_options(TransferOptions(head="copy"))
    assert not steps.boxes["neck"].isEnabled()
    steps.set_options(TransferOptions(head="zero"))
    assert steps.boxes["neck"].isEnabled()


def test_a_folder_is_typed_chosen_and_taken_away(steps, chosen, qtbot, tmp_path, monkeypatch):
    qtbot.keyClicks(steps.folder, str(tmp_path))
    assert chosen == []
    qtbot.keyClick(steps.folder, Qt.Key.Key_Return)
    assert chosen == [("calibrate", str(tmp_path))]
    steps.set_options(TransferOptions(calibrate=str(tmp_path)))
    steps.folder.editingFinished.emit()
    assert len(chosen) == 1
    steps.folder.clear()
    assert chosen[1:] == [("calibrate", "")]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    steps.choose.click()
    assert chosen[2:] == [("calibrate", str(tmp_path))]


def test_a_checkpoint_cannot_be_calibrated_but_the_folder_be_taken_away(steps, tmp_path):
    steps.set_options(TransferOptions())
    steps.set_runs(False)
    assert not steps.folder.isEnabled()
    assert "checkpoint" in steps.folder.toolTip()
    steps.set_options(TransferOptions(calibrate=str(tmp_path)))
    assert steps.folder.isEnabled()
    assert not steps.choose.isEnabled()
    assert steps.folder.property("invalid")


def test_counts_and_notes_are_told(steps):
    steps.set_counts({"repeats": 1, "head": 2, "calibrate": 1560}, ["Neck: none."])
    assert [label.text() for label in steps.counts.values()] == [
        "1 tensor",
        "none",
        "2 tensors",
        "none",
        "1,560 tensors",
    ]
    assert steps.notes.text() == "Neck: none."
    steps.set_counts({}, ())
    assert not steps.notes.isVisible()


def test_every_field_has_a_name_and_a_sentence(steps):
    for widget in (*steps.switches.values(), *steps.boxes.values(), steps.folder, steps.choose):
        assert widget.accessibleName() or widget.text()
        assert widget.toolTip()
    for box in steps.findChildren(QComboBox):
        assert all(box.itemData(row, Qt.ItemDataRole.ToolTipRole).endswith(".") for row in range(box.count()))


def test_the_pane_stands_in_as_many_columns_as_it_has_room_for(qtbot):
    panel = TransferPanel()
    area = scrolling(panel)
    qtbot.addWidget(area)
    panel.set_settings(TransferSettings(transfer=transfer_options("recommended")))
    area.resize(1300, 300)
    area.show()
    qtbot.waitExposed(area)
    parts = (panel.form, panel.steps, panel.outcome)

    def lefts():
        return {part.mapTo(panel, part.rect().topLeft()).x() for part in parts}

    for width, columns in ((1300, 3), (760, 2), (440, 1), (760, 2), (440, 1), (1300, 3)):
        area.resize(width, 300)
        qtbot.waitUntil(lambda columns=columns: len(lefts()) == columns)
        for part in parts:
            assert part.width() >= part.minimumSizeHint().width()
            assert part.mapTo(area, part.rect().topRight()).x() < width


def test_the_window_counts_the_tensors_of_the_present_plan(qtbot):
    window = make_window(QApplication.instance())
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    window.show()
    window.opening.open_demo()
    document, steps = window.document, window.transfer.steps
    qtbot.waitUntil(lambda: steps.counts["head"].text() == "2 tensors", timeout=60_000)
    assert steps.counts["repeats"].text() == "4 tensors"
    assert "steps set" in window.transfer.summary.text()
    steps.switches["repeats"].click()
    assert document.transfer.repeats is False
    qtbot.waitUntil(lambda: steps.counts["repeats"].text() == "none")
    document.undo()
    qtbot.waitUntil(lambda: steps.counts["repeats"].text() == "4 tensors")
    assert steps.switches["repeats"].isChecked()
    window.transfer.preset_chosen.emit("paper")
    qtbot.waitUntil(lambda: not steps.switches["repeats"].isChecked())
    assert steps.counts["head"].text() == "none"
