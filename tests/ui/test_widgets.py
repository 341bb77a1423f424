from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QMainWindow,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.engine.protocol import Progress
from dpiat_gui.errors import ExportError, TransferError
from dpiat_gui.services.job import Job, JobState, Outcome
from dpiat_gui.services.settings import Settings
from dpiat_gui.services.theme import fixed_font
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.ui.demo import demo_references
from dpiat_gui.ui.help_dialog import HelpDialog, help_pages
from dpiat_gui.ui.notifications import MOST_BARS, Notification, NotificationArea, Severity
from dpiat_gui.ui.panes import add_dock
from dpiat_gui.ui.status import JobPanel, StatusBar
from dpiat_gui.ui.texts import big, bytes_text, percent, plural, shortened
from dpiat_gui.ui.transfer_panel import TransferPanel, TransferSettings
from dpiat_gui.ui.transferring import default_output
from dpiat_gui.ui.trust_dialog import FIRST_LINES, TrustDialog, first_lines
from dpiat_gui.ui.widgets import ElidedLabel, inset, scrolling
from dpiat_gui.ui.window_state import LEAST, WindowState


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.614, "61 %"), (0.9999, "99.9 %"), (0.0001, "0.1 %"), (0.995, "99.5 %")],
)
def test_percent_is_whole_only_if_it_is(fraction, text):
    assert percent(fraction) == text


def test_numbers_as_the_window_writes_them():
    assert (big(87), big(4_800_000), big(512_000)) == ("87", "4.8 M", "512 k")
    assert (bytes_text(12), bytes_text(14_200_000)) == ("12 B", "14.2 MB")
    assert (plural(1, "entry", "entries"), plural(2000, "tensor")) == ("1 entry", "2,000 tensors")
    assert shortened("abcdefghij", 5) == "ab…ij"


def test_an_elided_label_keeps_its_whole_text(qtbot):
    label = ElidedLabel("blocks.1.0.conv_pw.weight")
    qtbot.addWidget(label)
    label.resize(60, 20)
    label.show()
    assert "…" in label.text()
    assert label.full_text == label.toolTip() == "blocks.1.0.conv_pw.weight"


@pytest.fixture
def area(qtbot):
    area = NotificationArea()
    qtbot.addWidget(area)
    return area


def test_an_error_shows_its_hint_and_its_cause(area):
    error = ExportError("The disk is full.", "Free some space.")
    error.__cause__ = OSError(28, "No space left")
    area.show_error(error)
    shown = area.shown[0]
    assert (shown.message, shown.hint, shown.severity) == (
        "The disk is full.",
        "Free some space.",
        Severity.ERROR,
    )
    assert "No space left" in shown.details
    assert not area.isHidden()


def test_messages_of_one_key_replace_each_other(area):
    area.inform("first", key="save")
    area.inform("second", key="save")
    assert [one.message for one in area.shown] == ["second"]
    area.dismiss_all("save")
    assert not area.shown
    assert area.isHidden()


def test_there_are_never_too_many_messages(area):
    for number in range(MOST_BARS + 2):
        area.inform(str(number))
    assert [one.message for one in area.shown] == ["4", "3", "2"]


def test_actions_of_a_message_are_called(area, qtbot):
    called = []
    bar = area.show_notification(
        Notification(Severity.ERROR, "No", actions=(("Again", lambda: called.append(1)),))
    )
    button = next(b for b in bar.findChildren(type(bar._action_button("", print))) if b.text() == "Again")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert called == [1]
    qtbot.keyClick(bar, Qt.Key.Key_Escape)
    assert not area.shown


def test_figures_without_room_are_left_out_whole(qtbot):
    status = StatusBar()
    qtbot.addWidget(status)
    status.show_coverage(0.61, 7_700_000)
    status.show_problems(2, 41)
    status.figures.show_text("similarity", "similarity → 0.547  ← 0.655  symmetric 0.598")
    status.resize(1200, 24)
    status.show()
    assert status.figure("covered") == "covered 61 % of 7.7 M"
    status.show_coverage(0.61, 7_700_000, 7_600_000)
    assert status.figure("covered") == "covered 61 % of 7.7 M with buffers"
    status.show_coverage(0.61, 7_700_000, 7_700_000)
    assert status.figure("problems") == "problem 3 of 41 (Alt+↓)"
    assert all(label.isVisible() == bool(label.text()) for label in status.figures.labels.values())
    status.resize(330, 24)
    assert not status.figures.labels["similarity"].isVisible()
    assert status.figures.labels["covered"].isVisible()


def test_a_message_takes_the_place_of_the_figures(qtbot):
    status = StatusBar()
    qtbot.addWidget(status)
    status.show_coverage(0.5, 100)
    status.figures.show_text("score", "score 76.358")
    status.resize(900, 24)
    status.show()
    status.say("no partner")
    assert status.line.full_text == "no partner"
    assert status.line.isVisible()
    assert [name for name, label in status.figures.labels.items() if label.isVisible()] == ["score"]


def test_a_job_is_shown_only_when_it_takes_long(qtbot):
    panel = JobPanel()
    qtbot.addWidget(panel)
    cancelled = []
    job = Job("Opening", lambda: cancelled.append("yes"))
    panel.follow(job)
    assert not panel.isVisible()
    qtbot.waitUntil(panel.isVisible, timeout=5000)
    job.offer_progress(Progress(500_000, 1_000_000, "conv.weight"))
    assert "conv.weight" in panel.stage.text()
    assert "500 kB of 1.0 MB" in panel.stage.text()
    qtbot.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    assert cancelled == ["yes"]
    job.end(Outcome(JobState.CANCELLED))
    assert not panel.isVisible()


@pytest.fixture
def panel(qtbot, tmp_path):
    panel = TransferPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.set_ready(True)
    panel.set_output(tmp_path / "out.safetensors")
    return panel


def test_the_pane_shows_settings_without_emitting(panel, qtbot):
    chosen = TransferOptions(operator="trace", buffers=False, align="structure")
    with qtbot.assertNotEmitted(panel.seed_chosen), qtbot.assertNotEmitted(panel.option_chosen):
        panel.set_settings(TransferSettings("paper", chosen, 7, "cuda:1"))
    assert (panel.seed.value(), panel.buffers.isChecked(), panel.device.currentText()) == (7, False, "cuda:1")
    assert (panel.operator.currentData(), panel.align.currentData()) == ("trace", "structure")
    with qtbot.waitSignal(panel.seed_chosen) as chosen:
        panel.seed.setValue(8)
    assert chosen.args == [8]


def test_operator_and_alignment_are_options_with_words_for_each(panel, qtbot):
    for box, name in ((panel.operator, "operator"), (panel.align, "align")):
        assert all(box.itemData(at, Qt.ItemDataRole.ToolTipRole) for at in range(box.count()))
        with qtbot.waitSignal(panel.option_chosen) as asked:
            box.setCurrentIndex(1)
            box.activated.emit(1)
        assert asked.args == [name, box.itemData(1)]


def test_format_and_ending_follow_each_other(panel):
    panel.output.setText("/a/b.pt")
    assert panel.format.currentData() == ".pth"
    panel.format.setCurrentIndex(panel.format.findData(".safetensors"))
    panel.format.activated.emit(panel.format.currentIndex())
    assert str(panel.output_path) == "/a/b.safetensors"


def test_nothing_runs_without_a_file_or_a_match(panel):
    assert panel.run.isEnabled()
    panel.output.clear()
    assert not panel.run.isEnabled()
    panel.set_output(default_output(Path("/t"), "a b", "c/d"))
    assert str(panel.output_path) == "/t/a-b-to-c-d.safetensors"
    panel.set_ready(False, "Open a source first.")
    assert not panel.run.isEnabled()
    assert panel.summary.text() == "Open a source first."


def test_a_transfer_from_start_to_each_end(panel, qtbot):
    panel.start()
    assert panel.cancel.isVisible()
    assert not panel.run.isVisible()
    panel.show_progress(5_000_000, 10_000_000, "classifier.weight")
    assert panel.bar.value() * 2 == panel.bar.maximum()
    assert panel.stage.full_text == "5.0 MB of 10.0 MB   classifier.weight"
    with qtbot.waitSignal(panel.cancel_requested):
        qtbot.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    panel.show_cancelled()
    assert "nothing was written" in panel.result.text()
    panel.show_failed(TransferError("No device.", "Choose cpu."))
    assert panel.result.text() == "No device.\nChoose cpu."
    assert not panel.open_folder.isVisible()
    panel.show_done("Done")
    assert panel.open_folder.isVisible()
    assert panel.run.isVisible()


def test_the_question_of_trust_shows_what_would_run(qtbot, tmp_path):
    file = tmp_path / "model.py"
    file.write_text("\n".join(f"line {number}" for number in range(200)))
    assert first_lines(file).count("\n") == FIRST_LINES
    assert "cannot be read" in first_lines(tmp_path / "none.py")
    dialog = TrustDialog(file)
    qtbot.addWidget(dialog)
    assert any(str(file) in label.text() for label in dialog.findChildren(QLabel))
    with qtbot.waitSignal(dialog.trusted):
        dialog.accept()


def test_help_has_its_pages_and_the_sheet_of_keys(qtbot):
    titles = [title for title, _ in help_pages()]
    assert titles[0] == "What the program does"
    assert "Glossary" in titles
    dialog = HelpDialog()
    qtbot.addWidget(dialog)
    dialog.show_shortcuts()
    assert "Ctrl+L" in dialog.browser.toPlainText()


def test_the_demo_is_found_without_importing_it():
    source, target = demo_references()
    assert source.endswith(".pth")
    assert target == "timm:mobilenetv2_100?num_classes=10"


def test_a_demo_that_is_not_installed_says_how(monkeypatch):
    monkeypatch.setattr("dpiat_gui.ui.demo.find_spec", lambda _: None)
    with pytest.raises(Exception, match=r"pip install"):
        demo_references()


def test_a_number_does_not_stand_at_the_edge_of_its_field(qtbot):
    field = inset(QSpinBox())
    qtbot.addWidget(field)
    assert field.lineEdit().textMargins().left() >= 4


def test_the_wheel_over_a_scrolling_pane_changes_no_field_that_is_only_passed(qtbot):
    content, box, number = QWidget(), QComboBox(), QSpinBox()
    box.addItems(["as it is", "otherwise", "not at all"])
    column = QVBoxLayout(content)
    other = QPushButton("Run")
    for widget in (other, box, number):
        column.addWidget(widget)
    area = scrolling(content)
    qtbot.addWidget(area)
    area.show()
    area.activateWindow()
    qtbot.waitUntil(area.isActiveWindow)
    other.setFocus()

    def turn(field):
        """Turn the wheel down over a field; returns whether the field took it."""
        at = QPointF(field.rect().center())
        event = QWheelEvent(
            at, field.mapToGlobal(at), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(field, event)
        return event.isAccepted()

    number.setValue(5)
    assert not turn(box)
    assert not turn(number)
    assert (box.currentIndex(), number.value()) == (0, 5)
    assert other.hasFocus()
    box.setFocus()
    turn(box)
    assert box.currentIndex() == 1


def test_a_number_at_the_beginning_is_never_cut(qtbot):
    label = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
    qtbot.addWidget(label)
    label.show()
    label.set_full_text("−2.607 in total score", whole=len("−2.607"))
    least = label.minimumSizeHint().width()
    assert least >= label.fontMetrics().horizontalAdvance("−2.607")
    label.resize(least, 20)
    assert label.text() == "−2.607"
    label.resize(400, 20)
    assert label.text() == label.full_text
    label.set_full_text("in total score")
    label.resize(30, 20)
    assert label.text().endswith("…")


@pytest.fixture
def large_text(qapp):
    """Let the whole program write twice as large."""
    usual = qapp.font()
    large = qapp.font()
    large.setPointSizeF(2 * usual.pointSizeF())
    qapp.setFont(large)
    yield large
    qapp.setFont(usual)


def test_all_of_a_pane_can_be_reached_with_large_text(qtbot, large_text):
    content = QPushButton("Leave fresh")
    content.setMinimumWidth(400)
    area = scrolling(content)
    qtbot.addWidget(area)
    area.resize(200, 200)
    area.show()
    assert area.horizontalScrollBar().maximum() > 150


def test_paths_are_hardly_smaller_than_other_text(large_text):
    assert fixed_font().pointSizeF() >= 0.9 * large_text.pointSizeF()


def test_panes_grow_with_the_text_while_the_canvas_keeps_half(qtbot, large_text):
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(QWidget())
    areas = [getattr(Qt.DockWidgetArea, f"{name}DockWidgetArea") for name in ("Left", "Right", "Bottom")]
    docks = [add_dock(window, str(area), "", QWidget(), area) for area in areas]
    window.resize(1900, 600)
    window.show()
    state = WindowState(window, docks, Settings())
    state.arrange()
    usual = sum(LEAST)
    qtbot.waitUntil(lambda: sum(dock.width() for dock in docks[:2]) > 1.3 * usual)
    window.resize(1200, 600)
    state.arrange()
    qtbot.waitUntil(lambda: sum(dock.width() for dock in docks[:2]) < 0.46 * 1200 + 20)
