"""The present matching against another one."""

from dataclasses import replace

import pytest
from made import network
from PySide6.QtCore import QCoreApplication, QEvent, Qt

from dpiat_gui.document import solving
from dpiat_gui.document.document import Document
from dpiat_gui.services.engine_client import EngineClient
from dpiat_gui.services.jobs import JobRunner
from dpiat_gui.ui.compare_dialog import CompareDialog
from dpiat_gui.ui.comparing import AUTOMATIC, short_name

C1, C2 = (8, 3, 3, 3), (16, 8, 3, 3)
SOURCE = network("s", [[C1, (8,)], [C2, (16,)], (10, 12), (10, 6)])
TARGET = network("t", [[C1, (8,)], [C2, (12,)], (10, 12), (7, 7, 1, 1)])


@pytest.fixture
def document(qapp):
    document = Document()
    document.open_networks(SOURCE, TARGET)
    return document


@pytest.fixture
def dialog(document, qtbot):
    dialog = CompareDialog(document)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.other.setCurrentIndex(dialog.other.findData(AUTOMATIC))
    dialog.refresh()
    return dialog


def shown(dialog):
    return [
        tuple(dialog.list.topLevelItem(row).text(column) for column in (0, 1, 2, 4))
        for row in range(dialog.list.topLevelItemCount())
    ]


def test_without_overrides_nothing_differs(dialog):
    assert shown(dialog) == []
    assert dialog.figures.text().startswith("5 pairs in both · 0 only here · 0 only there · 100 % agree")
    assert "±0" in dialog.figures.text()
    assert "Both matchings are the same" in dialog.equal.text()
    assert dialog.equal.isVisible()
    assert not dialog.list.isVisible()


def test_it_opens_on_a_matching_that_may_differ(document, qtbot):
    dialog = CompareDialog(document)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.other.currentData() == "flat"
    dialog.hide()
    document.set_options(method="flat")
    dialog.show()
    assert dialog.other.currentData() == "dp"
    dialog.hide()
    document.pin("s3", "t2")
    dialog.show()
    assert dialog.other.currentData() == AUTOMATIC


def test_an_override_shows_what_it_changed(dialog, document):
    document.pin("s3", "t2")
    assert shown(dialog) == [("differs", "t2", "s3", "s2")]
    assert "−0.500" in dialog.figures.text()
    document.set_fresh("t2")
    assert shown(dialog) == [("only there", "t2", "–", "s2")]


def test_equal_pairs_are_shown_on_wish_in_target_order(dialog, document):
    document.pin("s3", "t2")
    dialog.every.setChecked(True)
    assert [row[1] for row in shown(dialog)] == ["t0.0", "t0.1", "t1.0", "t1.1", "t2"]
    assert [row[0] for row in shown(dialog)] == ["in both"] * 4 + ["differs"]


def test_another_method_keeps_the_overrides(dialog, document):
    document.pin("s3", "t2")
    dialog.other.setCurrentIndex(dialog.other.findData("flat"))
    dialog.refresh()
    assert shown(dialog) == []


def test_rows_select_by_keyboard(dialog, document, qtbot):
    document.pin("s3", "t2")
    document.clear_selection()
    qtbot.keyClick(dialog.list, Qt.Key.Key_Down)
    assert document.selection.pair == ("s3", "t2")


def test_a_long_one_is_solved_by_a_job(qtbot, monkeypatch):
    jobs = JobRunner(EngineClient())
    document = Document(jobs=jobs)
    document.open_networks(SOURCE, TARGET)
    dialog = CompareDialog(document)
    qtbot.addWidget(dialog)
    monkeypatch.setattr(solving, "SLOW_MS", -1.0)
    dialog.show()
    assert dialog.figures.text() == "Matching…"
    qtbot.waitUntil(lambda: "agree" in dialog.figures.text())
    jobs.shutdown()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_nothing_to_compare_is_said(qtbot):
    dialog = CompareDialog(Document())
    qtbot.addWidget(dialog)
    dialog.show()
    assert "Open two networks" in dialog.figures.text()


def test_a_step_of_the_history_is_compared_with_and_kept(dialog, document):
    document.pin("s3", "t2")
    document.set_fresh("t0")
    dialog.compare_with_step(1)
    assert [row[0] for row in shown(dialog)] == ["only there", "only there"]
    assert dialog.other.currentText() == "step 1: Pin s3 to t2"
    document.undo()
    document.undo()
    document.set_fresh("t1")
    # The step is gone from the history, but what was chosen stays what it was.
    assert dialog.other.currentText() == "step 1: Pin s3 to t2"
    assert ("differs", "t2", "s2", "s3") in shown(dialog)


def test_what_differs_is_told_while_it_is_open_and_wanted(dialog, document):
    told = []
    dialog.compared.connect(lambda comparison, name: told.append((comparison, name)))
    document.pin("s3", "t2")
    assert len(told[-1][0].changes) == 1
    assert told[-1][1].startswith("the automatic matching")
    dialog.mark.setChecked(False)
    assert told[-1][0] is None
    dialog.mark.setChecked(True)
    dialog.close()
    assert told[-1][0] is None


def test_another_standardization_is_compared_by_layers(dialog, document):
    document.pin("s3", "t2")
    dialog.other.setCurrentIndex(dialog.other.findData("standardized by flatten"))
    dialog.refresh()
    # Pins on layers hold there too, and both networks stay as they are here.
    assert shown(dialog) == []
    assert "The totals are sums over other blocks" in dialog.figures.text()
    assert document.state.method == "blocks"
    assert document.undo_stack.count() == 1


def test_scores_of_both_are_told(dialog, document):
    document.pin("s3", "t2")
    assert "here" in dialog.figures.text().splitlines()[1]
    first, second = dialog.figures.text().splitlines()
    score = document.matching.score
    assert second.startswith(f"Total {score:.3f} here, {score + 0.5:.3f} there.")
    assert "add 0.500 here, 1.000 there" in second
    assert first.startswith("4 pairs in both · 1 only here · 1 only there")


def test_what_the_lines_say_adds_up_to_the_difference_of_the_totals(qtbot):
    def blocks(name, *skips):
        made = network(name, [*([(8, 8, 3, 3), (8,)] for _ in skips), (4, 8)])
        first = (replace(block, skip=skip) for block, skip in zip(made.sequence, skips, strict=False))
        return replace(made, sequence=(*first, made.sequence[-1]))

    document = Document()
    document.open_networks(blocks("s", False, True), blocks("t", True))
    dialog = CompareDialog(document)
    qtbot.addWidget(dialog)
    document.pin("s0.0", "t0.0")
    dialog.show()
    dialog.other.setCurrentIndex(dialog.other.findData(AUTOMATIC))
    dialog.every.setChecked(True)
    dialog.refresh()
    rows = [dialog.list.topLevelItem(at).row for at in range(dialog.list.topLevelItemCount())]
    assert {row.here.score - row.there.score for row in rows} == {0.0}
    assert document.override_cost == pytest.approx(-1.0), "the skip is lost"
    assert sum(row.difference for row in rows) == pytest.approx(-1.0)
    assert "Pairs of only one add 1.000 here, 2.000 there." in dialog.figures.text()


def test_the_list_sorts_by_meaning(dialog, document):
    document.set_fresh("t2")
    document.set_fresh("t0")
    dialog.every.setChecked(True)
    targets = [row[1] for row in shown(dialog)]
    assert targets == ["t0.0", "t0.1", "t1.0", "t1.1", "t2"]
    dialog.list.sortByColumn(6, Qt.SortOrder.AscendingOrder)
    differences = [dialog.list.topLevelItem(row).row.difference for row in range(5)]
    assert differences == sorted(differences)
    assert differences[0] < 0
    dialog.list.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert [row[1] for row in shown(dialog)] == targets[::-1]


def test_a_pair_that_is_only_there_can_be_gone_to(dialog, document, qtbot):
    document.set_fresh("t2")
    document.clear_selection()
    qtbot.keyClick(dialog.list, Qt.Key.Key_Down)
    assert document.selection.pair == ("s2", "t2")


def test_flows_are_traced_first_and_can_be_given_up(qtbot):
    engine = EngineClient()
    jobs = JobRunner(engine)
    document = Document(jobs=jobs)
    document.open_networks(SOURCE, TARGET)
    dialog = CompareDialog(document, jobs=jobs)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.other.setCurrentIndex(dialog.other.findData("standardized by graph"))
    dialog._chosen()
    assert dialog.figures.text() == "Tracing the flow of information…"
    assert dialog.cancel.isVisible()
    qtbot.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
    assert dialog.other.currentData() == ""
    assert not dialog.cancel.isVisible()
    assert "agree" in dialog.figures.text()
    jobs.shutdown()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_what_cannot_be_traced_is_said_and_not_tried_again_at_each_edit(qtbot):
    jobs = JobRunner(EngineClient())
    document = Document(jobs=jobs)
    document.open_networks(SOURCE, TARGET)
    dialog = CompareDialog(document, jobs=jobs)
    qtbot.addWidget(dialog)
    dialog.show()
    started = []
    dialog.job_started.connect(started.append)
    dialog.other.setCurrentIndex(dialog.other.findData("standardized by graph"))
    dialog._chosen()
    # What these networks come from is no file and no model.
    qtbot.waitUntil(lambda: not dialog.cancel.isVisible(), timeout=30_000)
    said = dialog.figures.text()
    assert said
    assert "Tracing" not in said
    tried = len(started)
    document.pin("s3", "t2")
    assert dialog.figures.text() == said
    assert len(started) == tried
    jobs.shutdown()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("the automatic matching, without overrides", "the automatic matching"),
        ("the matcher Flat", "Flat"),
        ("the standardization Blocks by information flow", "Blocks by information flow"),
        ("step 3: Pin a to b", "step 3"),
    ],
)
def test_what_the_key_calls_the_other(text, short):
    assert short_name(text) == short
