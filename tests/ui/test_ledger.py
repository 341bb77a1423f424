"""The coverage pane: the ledger in step with the document."""

import json

import pytest
from made import network
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dpiat_gui.document.document import Document, Selection
from dpiat_gui.services.theme import DARK
from dpiat_gui.ui.ledger_model import STATE_TEXTS, Column
from dpiat_gui.ui.ledger_pane import LedgerPane

C = (8, 4, 3, 3)
SOURCE = network("s", [[C, (8,), None], (5,), (9, 9, 1, 1), (10, 8)])
TARGET = network("t", [[C, (8,)], [C, (8,), (2, 2), None], (1, 9, 1, 1), (20, 8)])


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    return Document()


@pytest.fixture
def pane(document: Document, qtbot: QtBot) -> LedgerPane:
    pane = LedgerPane(document)
    qtbot.addWidget(pane)
    pane.resize(1000, 300)
    pane.show()
    document.open_networks(SOURCE, TARGET)
    qtbot.waitUntil(lambda: pane.proxy.rowCount() > 0)
    return pane


def cell(pane: LedgerPane, row: int, column: Column) -> str:
    return pane.proxy.index(row, column).data()


def test_without_networks_it_says_what_to_do(document: Document, qtbot: QtBot) -> None:
    pane = LedgerPane(document)
    qtbot.addWidget(pane)
    pane.show()
    assert "Open two networks" in pane.empty_text.text()
    assert not pane.exports.isEnabled()


def test_every_tensor_has_a_row_with_what_becomes_of_it(document: Document, pane: LedgerPane) -> None:
    assert pane.ledger is not None
    assert pane.proxy.rowCount() == len(document.plan.rows)
    states = {cell(pane, row, Column.STATE) for row in range(pane.proxy.rowCount())}
    assert STATE_TEXTS["exact"] in states
    assert states <= set(STATE_TEXTS.values())


def test_rows_stand_for_layers_and_blocks_too(pane: LedgerPane) -> None:
    tensors = pane.proxy.rowCount()
    pane.level.setCurrentIndex(2)
    assert 0 < pane.proxy.rowCount() < tensors
    assert pane.table.isColumnHidden(Column.WHY)
    widths = sum(pane.table.columnWidth(column) for column in Column)
    assert abs(widths - pane.table.viewport().width()) < 20
    pane.level.setCurrentIndex(0)
    assert not pane.table.isColumnHidden(Column.WHY)


def test_selection_goes_both_ways_once(document: Document, pane: LedgerPane) -> None:
    heard: list[Selection] = []
    document.selection_changed.connect(heard.append)
    # Not selectRow: it asks which keys are held, and a test before this one may have left Ctrl down.
    flags = QItemSelectionModel.SelectionFlag
    first = pane.proxy.index(0, 0)
    pane.table.selectionModel().setCurrentIndex(first, flags.ClearAndSelect | flags.Rows)
    assert [selection.target for selection in heard] == [pane.model.entries[0].path]
    document.select_target("t3")
    assert cell(pane, pane.table.currentIndex().row(), Column.NAME).startswith("t3")
    pane.level.setCurrentIndex(2)
    document.select_target("t1.0")
    assert cell(pane, pane.table.currentIndex().row(), Column.NAME) == "t1"
    assert len(heard) == 3


def test_it_follows_the_plan(document: Document, pane: LedgerPane, qtbot: QtBot) -> None:
    before = pane.ledger.total.copied
    document.set_fresh("t2")
    qtbot.waitUntil(lambda: pane.ledger.total.copied < before)
    pane.filter_line.setText("left by hand")
    qtbot.waitUntil(lambda: pane.proxy.rowCount() == 1)
    assert cell(pane, 0, Column.STATE) == "fresh"


def test_words_filter_and_escape_clears(pane: LedgerPane, qtbot: QtBot) -> None:
    every = pane.proxy.rowCount()
    pane.filter_line.setText("t1")
    some = pane.proxy.rowCount()
    assert 0 < some < every
    pane.filter_line.setText("-t1")
    assert pane.proxy.rowCount() == every - some
    pane.filter_line.setText("no such tensor")
    assert pane.clear_filter.isVisible()
    QTest.keyClick(pane.filter_line, Qt.Key.Key_Escape)
    assert pane.proxy.rowCount() == every


def test_sorting_is_by_number(pane: LedgerPane) -> None:
    pane.table.sortByColumn(Column.ELEMENTS, Qt.SortOrder.DescendingOrder)
    sizes = [int(cell(pane, row, Column.ELEMENTS).replace(",", "")) for row in range(pane.proxy.rowCount())]
    assert sizes == sorted(sizes, reverse=True)


def test_rows_are_copied_for_a_spreadsheet(pane: LedgerPane) -> None:
    pane.table.selectRow(0)
    QTest.keyClick(pane.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert [line.split("\t")[0] for line in lines] == ["target", pane.model.entries[0].name]
    pane.level.setCurrentIndex(1)
    pane.table.clearSelection()
    pane.copy_rows()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].startswith("path\telements\tcopied")
    assert len(lines) == pane.proxy.rowCount() + 1


def test_bars_say_in_words_what_they_draw(pane: LedgerPane) -> None:
    told = pane.proxy.index(0, Column.BAR).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "copied" in told
    assert "copied" in pane.total.accessibleDescription()
    pane.set_theme(DARK)
    assert not pane.grab().isNull()


def test_the_ledger_is_what_is_exported(pane: LedgerPane) -> None:
    told = json.loads(pane.ledger.text("x.json"))
    assert [row["target"] for row in told["tensors"]] == [entry.name for entry in pane.model.entries]
