import pytest
from made import network
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyle, QWidget
from pytestqt.qtbot import QtBot

from dpiat_gui.document.corrections import each_of, overrides_of
from dpiat_gui.document.document import Document, Selection
from dpiat_gui.document.solving import overrides_cost
from dpiat_gui.matching.values import Overrides
from dpiat_gui.services.theme import DARK, LIGHT, Theme, stylesheet
from dpiat_gui.ui.override_list import ALONE, HERE, OVERRIDE_ROLE, STATE
from dpiat_gui.ui.overrides_panel import OverridesPanel
from dpiat_gui.ui.texts import cost

C = (8, 4, 3, 3)
SOURCE = network("s", [[C, (8,)], [C, (16,)], (10, 8)])
TARGET = network("t", [[C, (8,)], [C, (16,)], (5, 8)])


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    document = Document()
    document.open_networks(SOURCE, TARGET)
    return document


@pytest.fixture
def panel(document: Document, qtbot: QtBot) -> OverridesPanel:
    panel = OverridesPanel(document)
    qtbot.addWidget(panel)
    panel.resize(300, 300)
    panel.show()
    return panel


def _texts(panel: OverridesPanel) -> list[tuple[str, str | None, str]]:
    model = panel.list.model()
    rows = [model.index(row, 0).data(OVERRIDE_ROLE) for row in range(model.rowCount())]
    return [(row.kind, row.source, row.target) for row in rows]


def _cost(panel: OverridesPanel, row: int) -> str:
    return str(panel.list.model().index(row, HERE).data() or "")


def test_pins_come_first_and_each_says_what_it_does() -> None:
    listed = each_of(Overrides([("a", "b")], [("a", "c")], ["d"]))
    assert [(one.kind, one.source, one.target) for one in listed] == [
        ("pin", "a", "b"),
        ("ban", "a", "c"),
        ("fresh", None, "d"),
    ]
    assert [one.meaning for one in listed] == [
        "b takes from a.",
        "c never takes from a.",
        "d keeps its own initialisation.",
    ]


def test_without_overrides_it_says_how_to_make_one(panel: OverridesPanel, document: Document) -> None:
    assert not panel.list.isVisible()
    document.set_fresh("t2")
    assert panel.list.isVisible()
    document.undo_stack.undo()
    assert not panel.list.isVisible()


def test_costs_arrive_one_by_one_and_belong_to_their_row(
    panel: OverridesPanel, document: Document, qtbot: QtBot
) -> None:
    document.set_fresh("t2")
    document.ban("s0", "t0")
    assert _texts(panel) == [("ban", "s0", "t0"), ("fresh", None, "t2")]
    qtbot.waitUntil(lambda: bool(_cost(panel, 1)))
    assert _cost(panel, 1) == cost(-0.5)
    ban = overrides_cost(document.tables, document.matching, Overrides(fresh=["t2"]))
    assert ban is not None
    assert _cost(panel, 0) == cost(-ban)
    assert panel.total.full_text == f"{cost(document.override_cost)} in total score"


def test_the_kind_of_an_override_is_read_in_full(
    panel: OverridesPanel, document: Document, qtbot: QtBot
) -> None:
    panel.setStyleSheet(stylesheet(DARK))
    document.set_fresh("t2")
    letters = panel.list.fontMetrics()
    box = panel.list.style().pixelMetric(QStyle.PixelMetric.PM_IndicatorWidth, None, panel.list)
    assert panel.list.columnWidth(0) >= letters.horizontalAdvance("fresh") + box + 2 * letters.height()


def test_a_narrow_pane_cuts_no_button(panel: OverridesPanel, document: Document, qtbot: QtBot) -> None:
    document.set_fresh("t2")
    # The tabs below the canvas are narrower than their pages may like.
    host = QWidget()
    qtbot.addWidget(host)
    panel.setParent(host)
    panel.show()
    host.show()
    buttons = (panel.enable_button, panel.remove_button, panel.clear_button, panel.import_button)
    panel.resize(sum(button.sizeHint().width() for button in (*buttons, panel.export_button)) + 80, 200)
    for button in (*buttons, panel.export_button):
        qtbot.waitUntil(lambda button=button: button.width() >= button.sizeHint().width())
    assert panel.export_button.geometry().right() <= panel.width()
    panel.setParent(None)


def test_delete_removes_one_after_another(panel: OverridesPanel, document: Document) -> None:
    for target in ("t0", "t1", "t2"):
        document.set_fresh(target)
    panel.list.setFocus()
    panel.list.setCurrentIndex(panel.list.model().index(1, 0))
    QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    assert document.overrides.fresh == ("t0", "t2")
    QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    assert document.overrides.fresh == ("t0",)
    panel.remove_button.click()
    assert not document.overrides
    assert not panel.remove_button.isEnabled()
    panel.remove_selected()
    assert document.undo_stack.count() == 6


def test_clear_all_is_one_step(panel: OverridesPanel, document: Document) -> None:
    document.set_fresh("t0")
    document.pin("s2", "t2")
    panel.clear_button.click()
    assert not document.overrides
    assert document.undo_stack.undoText() == "Clear all overrides"


def test_choosing_a_row_selects_it_and_enter_asks_to_centre(
    panel: OverridesPanel, document: Document, qtbot: QtBot
) -> None:
    document.ban("s0", "t0")
    document.set_fresh("t2")
    panel.list.setFocus()
    panel.list.setCurrentIndex(panel.list.model().index(0, 0))
    assert document.selection == Selection("s0", "t0")
    with qtbot.waitSignal(panel.centre_requested) as asked:
        QTest.keyClick(panel.list, Qt.Key.Key_Return)
    assert asked.args == [Selection("s0", "t0")]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_row_is_drawn_in_the_colours_of_the_theme(
    panel: OverridesPanel, document: Document, theme: Theme
) -> None:
    document.pin("s2", "t2")
    panel.set_theme(theme)
    panel.resize(800, 300)
    color = panel.list.topLevelItem(0).foreground(0).color().name()
    assert color == theme.color("accent_text").name()


def test_overrides_of_a_project_whose_networks_are_missing_are_listed(
    qtbot: QtBot, document: Document
) -> None:
    document.set_fresh("t2")
    project = document.to_project()
    other = Document()
    panel = OverridesPanel(other)
    qtbot.addWidget(panel)
    other.open_project(project)
    panel.show()
    assert _texts(panel) == [("fresh", None, "t2")]


def test_a_tick_lets_an_override_count_or_not(panel: OverridesPanel, document: Document) -> None:
    panel.enable_requested.connect(document.set_enabled)
    document.pin("s2", "t2")
    document.set_fresh("t0")
    panel.list.topLevelItem(1).setCheckState(0, Qt.CheckState.Unchecked)
    assert document.disabled == Overrides(fresh=["t0"])
    assert panel.list.topLevelItem(1).text(STATE) == "off"
    assert panel.list.topLevelItem(1).font(1).strikeOut()
    assert "1 disabled" in panel.total.full_text
    panel.list.setFocus()
    panel.list.setCurrentIndex(panel.list.model().index(1, 0))
    QTest.keyClick(panel.list, Qt.Key.Key_Space)
    assert document.overrides == Overrides([("s2", "t2")], fresh=["t0"])
    panel.list.selectAll()
    QTest.keyClick(panel.list, Qt.Key.Key_Space)
    assert not document.overrides
    assert document.undo_stack.undoText() == "Disable 2 overrides"
    panel.remove_button.click()
    assert not document.disabled


def test_what_an_override_costs_alone_is_measured_against_the_automatic_matching(
    panel: OverridesPanel, document: Document, qtbot: QtBot
) -> None:
    document.set_fresh("t2")
    document.ban("s0", "t0")
    row = panel.list.topLevelItem(0)
    qtbot.waitUntil(lambda: bool(panel.list.topLevelItem(panel.list.topLevelItemCount() - 1).text(ALONE)))
    other = Document()
    other.open_networks(SOURCE, TARGET)
    one = panel.list.topLevelItem(0).data(0, OVERRIDE_ROLE)
    alone = overrides_cost(other.tables, other.matching, overrides_of([one]))
    assert alone is not None
    assert row.text(ALONE) == cost(alone)


def test_one_whose_rows_are_not_there_says_so(panel: OverridesPanel, document: Document) -> None:
    document.apply_overrides(Overrides([("s9", "t0")]))
    assert panel.list.topLevelItem(0).text(STATE) == "does not fit"


def test_rows_are_sorted_by_what_they_cost(panel: OverridesPanel, document: Document, qtbot: QtBot) -> None:
    document.set_fresh("t2")
    document.set_fresh("t0")
    document.ban("s1", "t1")
    qtbot.waitUntil(lambda: all(_cost(panel, row) for row in range(3)))
    panel.list.sortByColumn(HERE, Qt.SortOrder.AscendingOrder)
    costs = [float(_cost(panel, row).replace("−", "-").replace("±", "")) for row in range(3)]
    assert costs == sorted(costs)


def test_behind_a_tab_only_the_count_follows(panel: OverridesPanel, document: Document) -> None:
    counts: list[int] = []
    panel.count_changed.connect(counts.append)
    panel.hide()
    document.set_fresh("t2")
    assert counts == [1]
    assert panel.list.topLevelItemCount() == 0
    panel.show()
    assert _texts(panel) == [("fresh", None, "t2")]


def test_the_sum_is_whole_and_no_button_cut_however_narrow_the_pane(
    panel: OverridesPanel, document: Document, qtbot: QtBot
) -> None:
    document.ban("s2", "t2")
    panel.show()
    buttons = (panel.enable_button, panel.clear_button, panel.import_button, panel.export_button)
    for width in (260, 380, 900):
        panel.resize(width, 240)
        QApplication.processEvents()
        assert panel.total.text().startswith(cost(document.override_cost))
        for button in buttons:
            assert button.width() >= button.minimumSizeHint().width()
    assert panel.enable_button.y() == panel.export_button.y(), "one line where there is room"
