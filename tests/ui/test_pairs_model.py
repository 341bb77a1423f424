import pytest
from made import network
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from dpiat_gui.document.selection import Selection
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import Matching, Overrides
from dpiat_gui.ui.pair_filter import parse_filter
from dpiat_gui.ui.pair_rows import Column, pair_rows
from dpiat_gui.ui.pairs_model import SORT_ROLE, PairsModel, PairsProxy

C = (8, 4, 3, 3)
SOURCE = network("s", [[C, (8,), None], (5,), (9, 9, 1, 1), (10, 8)])
TARGET = network("t", [[C, (8,)], [C, (8,), (2, 2), None], (1, 9, 1, 1), (10, 8)])


def _match(overrides: Overrides | None = None) -> Matching:
    return match_networks(SOURCE, TARGET, overrides=overrides)


@pytest.fixture
def model(qtbot: QtBot) -> PairsModel:
    model = PairsModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    return model


def test_a_row_for_each_scored_target_and_each_unused_source() -> None:
    rows = pair_rows(_match())
    assert [(row.source, row.target, row.state) for row in rows] == [
        ("s0.0", "t0.0", "auto"),
        ("s0.1", "t0.1", "auto"),
        ("s0.0", "t1.0", "auto"),
        ("s0.1", "t1.1", "auto"),
        ("", "t1.2", "fresh"),
        ("s1", "", "unused"),
        ("s2", "t2", "weak"),
        ("s3", "t3", "auto"),
    ]
    assert rows[6].shapes == "9×9×1×1 → 1×9×1×1"
    assert rows[6].score == pytest.approx(1 / 9)


def test_overrides_show_in_the_state() -> None:
    overrides = Overrides(pins=[("s0.0", "t0.0")], bans=[("s3", "t3")], fresh=["t2"])
    states = {row.target: row.state for row in pair_rows(_match(overrides)) if row.target}
    assert (states["t0.0"], states["t3"], states["t2"]) == ("pinned", "banned", "fresh")


def test_rows_of_a_pinned_block_are_pinned() -> None:
    rows = {row.target: row for row in pair_rows(_match(Overrides(pins=[("s0", "t1")])))}
    assert [rows[path].state for path in ("t1.0", "t1.1", "t3")] == ["pinned", "pinned", "auto"]
    assert rows["t1.0"].text(Column.STATE) == "pinned block"
    assert parse_filter("state:pinned").accepts(rows["t1.1"])


def test_a_row_selects_its_target_or_else_its_source() -> None:
    rows = pair_rows(_match())
    assert rows[0].selection == Selection(target="t0.0")
    assert rows[5].selection == Selection(source="s1")


def test_the_model_shows_what_the_rows_say(model: PairsModel) -> None:
    model.set_matching(_match())
    model.set_covered({"t2": 1.0})
    texts = [model.index(6, column).data() for column in Column]
    assert texts == ["s2", "t2", "Conv2d", "9×9×1×1 → 1×9×1×1", "0.111", "weak", "100 %", ""]
    assert model.index(4, Column.SOURCE).data() == "–"
    assert model.index(4, Column.SCORE).data() == ""
    assert model.index(6, Column.SCORE).data(Qt.ItemDataRole.AccessibleTextRole) == "Score 0.111"


def test_an_edit_tells_of_the_rows_it_changed_alone(model: PairsModel, qtbot: QtBot) -> None:
    model.set_matching(_match())
    told: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: told.append((first.row(), last.row())))
    model.modelReset.connect(lambda: told.append((-1, -1)))
    model.set_matching(_match(Overrides(pins=[("s0.1", "t0.1"), ("s0.0", "t0.0")])))
    assert told == [(0, 1)]
    told.clear()
    model.set_matching(_match(Overrides(pins=[("s0.1", "t0.1"), ("s0.0", "t0.0")])))
    assert told == []
    model.set_matching(None)
    assert told == [(-1, -1)]


def test_columns_are_sorted_by_meaning_not_by_text(model: PairsModel) -> None:
    many = network("m", [(4, 4)] * 12)
    model.set_matching(match_networks(many, many))
    proxy = PairsProxy()
    proxy.setSourceModel(model)
    proxy.sort(Column.TARGET, Qt.SortOrder.DescendingOrder)
    assert [proxy.index(row, Column.TARGET).data() for row in (0, 1, 11)] == ["m11", "m10", "m0"]


def test_rows_without_a_score_are_sorted_before_the_worst(model: PairsModel) -> None:
    model.set_matching(_match())
    proxy = PairsProxy()
    proxy.setSourceModel(model)
    proxy.sort(Column.SCORE, Qt.SortOrder.AscendingOrder)
    scores = [proxy.index(row, Column.SCORE).data(SORT_ROLE) for row in range(proxy.rowCount())]
    assert scores == sorted(scores)
    assert scores[0] == -1


def test_the_proxy_filters(model: PairsModel) -> None:
    model.set_matching(_match())
    proxy = PairsProxy()
    proxy.setSourceModel(model)
    proxy.set_filter(parse_filter("state:weak,unused"))
    assert [proxy.index(row, Column.SOURCE).data() for row in range(proxy.rowCount())] == ["s1", "s2"]
    proxy.set_filter(parse_filter(""))
    assert proxy.rowCount() == model.rowCount()
