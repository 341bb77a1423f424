"""The Health pane, and the check it begins."""

import math
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from dpiat_gui.errors import TransferError
from dpiat_gui.services.theme import DARK, LIGHT
from dpiat_gui.transfer.sanity import Finding, LayerScale, Run, SanityReport
from dpiat_gui.transfer.sanity_rules import findings_of
from dpiat_gui.ui.app import make_window
from dpiat_gui.ui.health import HealthFeature
from dpiat_gui.ui.health_curves import curves_of, scales_at
from dpiat_gui.ui.health_pane import HealthPane
from dpiat_gui.ui.health_texts import (
    finding_row,
    key_line,
    marks_of,
    number,
    readout,
    tick_text,
    verdict_line,
)

LONG = 120_000
SMALL, OTHER = (
    "timm:resnet10t?num_classes=5&input_size=3x64x64",
    "timm:resnet10t?num_classes=7&input_size=3x64x64",
)


def scale(path, activation=1.0, gradient=0.1, **more):
    return LayerScale(path, activation, gradient, 0.5, **({"dead": 0.0} | more))


def made_report():
    def run(role, mode, layers):
        return Run(role, mode, 1.0, 1.0, tuple(layers))

    runs = []
    for mode in ("eval", "train"):
        runs.append(run("source", mode, [scale("s1", 2.0)]))
        runs.append(run("before", mode, [scale("t0"), scale("t1"), scale("t2"), scale("t3")]))
    after = [scale("t0"), scale("t1", 500.0), scale("t2", math.nan, not_finite=4), scale("t3", dead=0.9)]
    runs += [run("after", "eval", after), run("after", "train", [scale(f"t{at}") for at in range(4)])]
    pairs = (("s1", "t1"),)
    return SanityReport("s", "t", "clip", "8 random inputs", "mean", tuple(runs),
                        findings_of(runs, pairs), ("A note.",), pairs)  # fmt: skip


@pytest.fixture
def pane(qtbot):
    pane = HealthPane()
    qtbot.addWidget(pane)
    pane.resize(720, 260)
    pane.show()
    return pane


def test_curves_put_the_source_where_its_target_is():
    curves = curves_of(made_report(), "eval", "activation", (("t0", "stem"), ("t2", "head"), ("gone", "x")))
    assert curves.paths == ("t0", "t1", "t2", "t3")
    assert curves.values["source"] == [None, 2.0, None, None]
    assert curves.values["after"][1] == 500.0
    assert curves.flagged == {1, 2}
    assert curves.ticks == ((0, "stem"), (2, "head"))
    dead = curves_of(made_report(), "eval", "dead")
    assert dead.linear
    assert dead.flagged == {2, 3}
    assert curves_of(replace(made_report(), runs=()), "eval", "activation").paths == ()


def test_what_is_said_of_findings():
    report = made_report()
    assert verdict_line(report) == ("error", "Infinities or not-a-numbers: 3 layers")
    rows = [finding_row(finding) for finding in report.findings]
    assert ("t1", "exploding · eval", "500 (250×)") in rows
    assert ("t2", "not finite · eval", "NaN") in rows
    assert ("t3", "dead · eval", "90 %") in rows
    marks = marks_of(report)
    assert {path: (mark.text, mark.level) for path, mark in marks.items()} == {
        "t1": ("250×", "bad"),
        "t2": ("NaN", "bad"),
        "t3": ("dead 90 %", "warn"),
    }
    far = Finding("t1", "exploding", "gradient", "train", 3e9, 1.0, "")
    assert finding_row(far)[1] == "exploding grad · train"
    assert marks_of(replace(report, findings=(far,)))["t1"].text == "10⁹×"
    scales = scales_at(report, "eval", "t1")
    assert readout("t1", scales, "activation") == "t1 · source 2 · target before 1 · target after 500"
    line = key_line("t1", ("before", "after"), scales, "dead", {"before": "#111111", "after": "#222222"})
    assert "<b>0 %</b>" in line
    assert [number(x) for x in (0, 0.1234, 1234.5, 1e9, math.inf, math.nan)] == [
        "0", "0.123", "1,234", "1e+09", "∞", "NaN"]  # fmt: skip


def test_the_axis_names_what_it_has_room_for():
    places = [math.log10(value) for value in (0.2, 0.5, 1, 2, 9, 10, 20, 1e-5, 2e-5)]
    assert [tick_text(place, 200) for place in places] == [
        "0.2", "0.5", "1", "2", "", "10", "20", "10⁻⁵", "2·10⁻⁵"]  # fmt: skip
    assert [tick_text(place, 40) for place in places] == ["", "", "1", "", "", "10", "", "10⁻⁵", ""]


def test_the_plot_names_its_scales_so(pane, qtbot):
    pane.show_report(made_report(), (("t0", "stem"),))
    pane.show()
    qtbot.waitUntil(lambda: pane.plot._plot is not None)
    axis = pane.plot._plot.getAxis("left")
    places = [0.0, math.log10(2), 1.0, -5.0]
    assert axis.logTickStrings(places, 1.0, None) == [
        tick_text(place, axis.height() / (axis.range[1] - axis.range[0])) for place in places
    ]


def test_a_narrow_pane_cuts_no_button_and_the_advice_has_the_room(pane, qtbot):
    # The tabs below the canvas are narrower than their pages may like.
    host = QWidget()
    qtbot.addWidget(host)
    pane.setParent(host)
    pane.set_ready(True)
    pane.set_operators(("clip", "clip-normalized"), "clip")
    pane.show_report(made_report(), (("t0", "stem"),))
    pane.show()
    host.show()
    for width in (480, 760, 1200):
        pane.resize(width, 400)
        for part in (pane.inputs, pane.run, pane.operator, pane.quantity, pane.mode):
            qtbot.waitUntil(lambda part=part: part.width() >= part.minimumSizeHint().width())
            assert part.geometry().right() <= width
    qtbot.waitUntil(lambda: abs(pane.run.y() - pane.mode.y()) < 5)
    assert pane.table.height() < 200
    # Right below the table, not in the middle of what is left.
    assert pane.notes.alignment() & Qt.AlignmentFlag.AlignTop
    pane.resize(480, 400)
    qtbot.waitUntil(lambda: pane.run.geometry().bottom() < pane.mode.y())
    assert pane.plot._plot.getAxis("left").labelText == "RMS of the output"
    pane.setParent(None)


def test_one_mode_is_said_once(pane):
    flagged = [Finding(path, "exploding", "activation", "eval", 500.0, 2.0, "") for path in ("t1", "t2")]
    for second, head, cell in ((flagged[1], "In eval", "exploding"),
                               (replace(flagged[1], mode="train"), "What", "exploding · eval")):  # fmt: skip
        pane.show_report(replace(made_report(), findings=(flagged[0], second)))
        assert pane.table.headerItem().text(1) == head
        assert pane.table.topLevelItem(0).text(1) == cell


def test_a_report_is_plotted_listed_and_a_row_selects_its_layer(pane, qtbot):
    assert not pane.run.isEnabled()
    pane.set_ready(True)
    assert pane.run.isEnabled()
    pane.show_report(made_report(), (("t0", "stem"),))
    assert pane.verdict.text().startswith("Infinities")
    rows = [pane.table.topLevelItem(at).text(0) for at in range(pane.table.topLevelItemCount())]
    assert rows == ["whole network", "t1", "t2", "t3"] or rows == ["t1", "t2", "t3"]
    with qtbot.waitSignal(pane.layer_chosen) as asked:
        pane.table.setCurrentItem(pane.table.topLevelItem(len(rows) - 1))
    assert asked.args == ["t3"]
    pane.select_layer("t1")
    assert pane.table.currentItem().text(0) == "t1"
    assert "<b>500</b>" in pane.readout.text()
    assert "clip-normalized" in pane.notes.text()
    assert "A note." in pane.notes.text()
    pane.set_operators(("clip", "clip-normalized"), "clip")
    with qtbot.waitSignal(pane.operator_requested) as asked:
        pane.operator.click()
    assert asked.args == ["clip-normalized"]
    pane.set_operators(("clip",), "clip")
    assert not pane.operator.isEnabled()


def test_the_plot_is_walked_by_keys_and_clicks(pane, qtbot):
    pane.set_ready(True)
    pane.show_report(made_report())
    pane.select_layer("t1")
    for key, expected in ((Qt.Key.Key_Right, "t2"), (Qt.Key.Key_Left, "t0")):
        with qtbot.waitSignal(pane.layer_chosen) as asked:
            QTest.keyClick(pane.plot, key)
        assert asked.args == [expected]
    box = pane.plot._plot.getViewBox()
    assert pane.plot._layer_at(box.sceneBoundingRect().center()) in ("t1", "t2")
    assert pane.plot._layer_at(box.sceneBoundingRect().topLeft() - box.rect().bottomRight()) == ""


def test_every_quantity_and_mode_is_drawn_in_both_themes(pane):
    pane.set_ready(True)
    pane.show_report(made_report())
    for theme in (DARK, LIGHT):
        pane.set_theme(theme)
        for mode in range(2):
            pane.mode.setCurrentIndex(mode)
            for quantity in range(4):
                pane.quantity.setCurrentIndex(quantity)
                assert not pane.grab().isNull()


def test_the_keyboard_stays_with_the_button_of_a_check(pane, qtbot):
    pane.set_ready(True)
    pane.activateWindow()
    qtbot.waitUntil(pane.isActiveWindow)
    pane.run.setFocus()
    pane.show_running("Running the source", 3, 10)
    assert pane.cancel.hasFocus()
    pane.show_cancelling()
    pane.show_ended("Cancelled.")
    assert pane.run.hasFocus()


def test_states_of_the_pane(pane, tmp_path):
    pane.set_ready(True)
    pane.show_running("Running the source", 3, 10)
    assert pane.cancel.isVisible()
    assert not pane.run.isVisible()
    assert pane.stage.full_text == "Running the source…"
    pane.show_cancelling()
    assert not pane.cancel.isEnabled()
    pane.show_ended("Cancelled.")
    assert pane.run.isEnabled()
    pane.show_failed(TransferError("It cannot be run.", "Name the size."))
    assert pane.message.text() == "It cannot be run.\nName the size."
    assert pane.message.isVisible()
    pane.show_report(made_report())
    pane.show_stale()
    assert "run the check again" in pane.verdict.text()
    pane.show_current()
    assert "run the check again" not in pane.verdict.text()
    assert pane.images is None
    pane.set_folder(tmp_path)
    assert pane.images == str(tmp_path)
    sound = replace(made_report(), findings=(), notes=())
    pane.show_report(sound)
    assert pane.table.topLevelItem(0).text(0) == "No layer is flagged."
    assert not pane.operator.isVisible()


@pytest.fixture
def window(qtbot, tmp_path):
    window = make_window(QApplication.instance())
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    with qtbot.waitSignal(window.document.matching_changed, timeout=LONG, check_params_cb=bool):
        window.opening.open_both(SMALL, OTHER)
    return window


def test_a_check_runs_in_the_engine_and_marks_the_canvas(window, qtbot):
    health = next(feature for feature in window.features if isinstance(feature, HealthFeature))
    health.pane.count.setValue(2)
    before = window.docks[2].height()
    window.commands["check"].trigger()
    assert health.running
    qtbot.waitUntil(lambda: window.docks[2].height() > 0.5 * window.height())
    qtbot.waitUntil(lambda: not health.running, timeout=LONG)
    assert health.report is not None, health.pane.message.text()
    assert health.report.inputs == "2 random inputs of 3 × 64 × 64, seed 0"
    assert window.view.layer_marks["target"] == marks_of(health.report)
    path = health.report.pairs[2][1]
    health.pane.layer_chosen.emit(path)
    assert window.document.selection.target == path
    # An edit makes it stale, undoing the edit current again; other networks take it away.
    window.document.ban(*health.report.pairs[2])
    assert "run the check again" in health.pane.verdict.text()
    window.document.undo_stack.undo()
    assert "run the check again" not in health.pane.verdict.text()
    finding = Finding(path, "exploding", "activation", "eval", 1e6, None, "")
    window.view.set_layer_marks(marks_of(replace(health.report, findings=(finding,))))
    window.document.set_target(window.document.source)
    assert health.report is None
    assert window.view.layer_marks["target"] == {}
    # The canvas has its height again when another tab comes to the front.
    window.tabs.setCurrentWidget(window.pairs)
    qtbot.waitUntil(lambda: abs(window.docks[2].height() - before) < 8)
    # Begun and cancelled, nothing is left behind.
    health.run()
    health.cancel()
    qtbot.waitUntil(lambda: not health.running, timeout=LONG)
    assert health.report is None
    assert health.pane.stage.full_text == "Cancelled."
