import pytest
from made import network
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dpiat_gui.document.document import Document, Selection
from dpiat_gui.matching.compare import compare
from dpiat_gui.services.theme import DARK
from dpiat_gui.ui.choosing import Chosen
from dpiat_gui.ui.pair_rows import Column
from dpiat_gui.ui.pairs_dock import PairsPanel

C = (8, 4, 3, 3)
SOURCE = network("s", [[C, (8,), None], (5,), (9, 9, 1, 1), (10, 8)])
TARGET = network("t", [[C, (8,)], [C, (8,), (2, 2), None], (1, 9, 1, 1), (10, 8)])


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    return Document()


@pytest.fixture
def panel(document: Document, qtbot: QtBot) -> PairsPanel:
    panel = PairsPanel(document)
    qtbot.addWidget(panel)
    panel.resize(900, 300)
    panel.show()
    document.open_networks(SOURCE, TARGET)
    return panel


def _current(panel: PairsPanel) -> tuple[str, str]:
    row = panel.table.currentIndex().row()
    return panel.proxy.index(row, Column.SOURCE).data(), panel.proxy.index(row, Column.TARGET).data()


def test_without_networks_it_says_what_to_do(document: Document, qtbot: QtBot) -> None:
    panel = PairsPanel(document)
    qtbot.addWidget(panel)
    panel.show()
    assert panel.empty_text.isVisible()
    assert "Open two networks" in panel.empty_text.text()
    assert not panel.clear_filter.isVisible()


def test_the_count_is_that_of_the_pairs(document: Document, panel: PairsPanel, qtbot: QtBot) -> None:
    counts: list[int] = []
    panel.count_changed.connect(counts.append)
    document.ban("s3", "t3")
    document.set_seed(3)
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert counts == [5, 6]


def test_the_table_follows_the_document(document: Document, panel: PairsPanel) -> None:
    document.select_target("t2")
    assert _current(panel) == ("s2", "t2")
    document.select_source("s1")
    assert _current(panel) == ("s1", "–")
    document.select_target("t1")
    assert _current(panel) == ("s0.0", "t1.0")
    document.clear_selection()
    assert not panel.table.currentIndex().isValid()
    assert not panel.table.selectionModel().hasSelection()


def test_the_document_follows_the_table_once(document: Document, panel: PairsPanel) -> None:
    heard: list[Selection] = []
    document.selection_changed.connect(heard.append)
    panel.table.setFocus()
    panel.table.selectRow(6)
    assert heard == [Selection("s2", "t2")]
    QTest.keyClick(panel.table, Qt.Key.Key_Up)
    assert heard[1:] == [Selection("s1", None)]


def test_an_edit_keeps_the_current_row(document: Document, panel: PairsPanel) -> None:
    panel.table.selectRow(6)
    document.set_fresh("t3")
    document.select_target("t2")
    document.undo_stack.undo()
    assert _current(panel) == ("s2", "t2")
    assert document.selection == Selection("s2", "t2")


def test_a_filter_hides_rows_but_leaves_the_selection(document: Document, panel: PairsPanel) -> None:
    document.select_target("t3")
    heard: list[Selection] = []
    document.selection_changed.connect(heard.append)
    panel.set_filter_text("state:weak")
    assert panel.proxy.rowCount() == 1
    assert panel.shown.text() == "1 of 8 rows"
    assert heard == []
    panel.set_filter_text("")
    assert _current(panel) == ("s3", "t3")
    assert panel.shown.text() == "8 rows"


def test_a_bad_filter_says_why_and_shows_the_rows(panel: PairsPanel) -> None:
    panel.set_filter_text("score<x")
    assert panel.error.isVisible()
    assert "not a number" in panel.error.text()
    assert panel.filter_line.property("invalid") is True
    assert panel.proxy.rowCount() == 8
    panel.set_filter_text("score<1")
    assert not panel.error.isVisible()
    assert panel.filter_line.property("invalid") is False


def test_nothing_passing_offers_to_clear_the_filter(panel: PairsPanel, qtbot: QtBot) -> None:
    panel.set_filter_text("zzz")
    assert panel.clear_filter.isVisible()
    assert "No pair passes" in panel.empty_text.text()
    qtbot.mouseClick(panel.clear_filter, Qt.MouseButton.LeftButton)
    assert panel.table.isVisible()
    assert panel.filter_line.text() == ""


def test_enter_on_a_row_asks_to_centre_it(document: Document, panel: PairsPanel, qtbot: QtBot) -> None:
    panel.table.selectRow(6)
    with qtbot.waitSignal(panel.centre_requested) as asked:
        QTest.keyClick(panel.table, Qt.Key.Key_Return)
    assert asked.args == [Selection("s2", "t2")]


def test_keys_lead_from_the_filter_to_the_table_and_clear_it(panel: PairsPanel) -> None:
    panel.filter_line.setFocus()
    panel.set_filter_text("state:weak")
    QTest.keyClick(panel.filter_line, Qt.Key.Key_Down)
    assert _current(panel) == ("s2", "t2")
    QTest.keyClick(panel.filter_line, Qt.Key.Key_Escape)
    assert panel.filter_line.text() == ""


def test_the_menu_opens_on_the_row_under_the_pointer(
    document: Document, panel: PairsPanel, qtbot: QtBot
) -> None:
    where = panel.table.visualRect(panel.proxy.index(2, 0)).center()
    with qtbot.waitSignal(panel.context_menu_requested) as asked:
        panel.table.customContextMenuRequested.emit(where)
    assert document.selection == Selection("s0.0", "t1.0")
    assert asked.args == [panel.table.viewport().mapToGlobal(where)]
    asked_again: list[QPoint] = []
    panel.context_menu_requested.connect(asked_again.append)
    panel.table.customContextMenuRequested.emit(QPoint(5, 10_000))
    assert asked_again == []


def test_rows_are_copied_as_tab_separated_text(panel: PairsPanel) -> None:
    panel.table.selectRow(6)
    QTest.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t") == ["Source", "Target", "Kind", "Shapes", "Score", "State", "Covered"]
    assert lines[1].split("\t")[:3] == ["s2", "t2", "Conv2d"]
    assert len(lines) == 2
    panel.table.clearSelection()
    panel.copy_rows()
    assert len(QGuiApplication.clipboard().text().splitlines()) == 9


def test_coverage_arrives_after_the_pairs(document: Document, panel: PairsPanel, qtbot: QtBot) -> None:
    document.set_fresh("t3")
    index = panel.model.index(6, Column.COVERED)
    qtbot.waitUntil(lambda: index.data() == "100 %")
    panel.set_theme(DARK)
    assert document.coverage is not None
    assert panel.model.rows[0].covered == pytest.approx(document.coverage.by_layer["t0.0"])


def test_another_matching_gets_a_column_and_a_word_for_the_filter(
    document: Document, panel: PairsPanel
) -> None:
    before = document.matching
    document.ban("s3", "t3")
    assert before is not None
    assert document.matching is not None
    assert panel.table.isColumnHidden(Column.BEFORE)
    comparison = compare(before, document.matching)
    panel.show_comparison(comparison)
    assert not panel.table.isColumnHidden(Column.BEFORE)
    panel.set_filter_text("change:removed")
    assert [panel.proxy.index(at, Column.BEFORE).data() for at in range(panel.proxy.rowCount())] == ["− s3"]
    panel.set_filter_text("change:moved")
    assert "changed" in panel.error.text()
    panel.set_filter_text("")
    panel.show_comparison(None)
    assert panel.table.isColumnHidden(Column.BEFORE)
    assert len(panel.cells()[0]) == 7


def test_the_columns_still_share_the_width_after_a_comparison(
    document: Document, panel: PairsPanel, qtbot: QtBot
) -> None:
    before = document.matching
    document.ban("s3", "t3")
    assert before is not None
    assert document.matching is not None
    qtbot.waitExposed(panel)
    panel.show_comparison(compare(before, document.matching))
    panel.resize(1200, 300)
    header = panel.table.horizontalHeader()
    assert header.length() == pytest.approx(panel.table.viewport().width(), abs=8)
    panel.show_comparison(None)
    panel.resize(1000, 300)
    assert header.length() == pytest.approx(panel.table.viewport().width(), abs=8)


def test_the_longest_state_and_the_commonest_kind_are_read_in_full(
    document: Document, panel: PairsPanel
) -> None:
    letters = QFontMetrics(panel.model.data(panel.model.index(0, 0), Qt.ItemDataRole.FontRole))
    panel.resize(600, 300)
    for column, text in ((Column.STATE, "pinned block"), (Column.KIND, "BatchNorm2d")):
        assert panel.table.columnWidth(column) >= letters.horizontalAdvance(text) + 20


def test_several_rows_are_chosen_together_and_stay_so(document: Document, panel: PairsPanel) -> None:
    chosen = Chosen(document)
    panel.follow_chosen(chosen)
    panel.table.setFocus()
    panel.table.selectRow(0)
    QTest.keyClick(panel.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert chosen.targets == ("t0.0", "t0.1")
    assert chosen.pairs == (("s0.0", "t0.0"), ("s0.1", "t0.1"))
    document.ban_all(chosen.pairs)
    assert len(panel.table.selectionModel().selectedRows()) == 2
    assert chosen.targets == ("t0.0", "t0.1")
    document.select_target("t3")
    assert chosen.several == ()
    assert chosen.targets == ("t3",)


def test_rows_that_others_choose_are_selected_here(document: Document, panel: PairsPanel) -> None:
    chosen = Chosen(document)
    panel.follow_chosen(chosen)
    chosen.set_several([("s0.0", "t0.0"), ("s3", "t3")])
    rows = sorted(index.row() for index in panel.table.selectionModel().selectedRows())
    assert [panel.proxy.index(at, Column.TARGET).data() for at in rows] == ["t0.0", "t3"]
