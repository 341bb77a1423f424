"""Correcting by hand in the window: conflicts, several rows at once, panes, files of overrides."""

import csv
import json

import pytest
from made import network
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QInputDialog

from dpiat_gui.canvas.columns import Side
from dpiat_gui.document.corrections import each_of
from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection
from dpiat_gui.matching.values import Overrides
from dpiat_gui.ui.app import make_window
from dpiat_gui.ui.correcting import CorrectingFeature
from dpiat_gui.ui.misfits_dialog import MisfitsDialog
from dpiat_gui.ui.override_exchange import OverrideExchange
from dpiat_gui.ui.pair_rows import Column

# A menu asks for the keyboard, which a platform without a screen has none to give of.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (grabbing the keyboard|raise)")

C1, C2, C3 = (8, 3, 3, 3), (16, 8, 3, 3), (12, 16, 1, 1)
SOURCE = network("s", [[C1, (8,), None], [C2, (16,)], C3, [C2, (16,), C3], (10, 12)])
TARGET = network("t", [[C1, (8,)], [C1, (9,), None], C3, [C2, (12,), C3], C3, (20, 12)])


@pytest.fixture
def window(qtbot):
    window = make_window(QApplication.instance())
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    window.document.open_networks(SOURCE, TARGET)
    qtbot.waitUntil(lambda: window.commands["pin_to"].menu() is not None)
    return window


@pytest.fixture
def feature(window):
    return next(one for one in window.features if isinstance(one, CorrectingFeature))


def shown(window):
    return [notice.message for notice in window.notices.shown]


def press(window, label):
    dict(window.notices.shown[0].actions)[label]()


def test_a_pin_that_crosses_another_says_which_and_offers_to_replace_it(window):
    document = window.document
    document.pin("s1", "t1")
    window.editing.pin("s3", "t0")
    assert "would cross the pin s1 → t1" in shown(window)[0]
    assert "the pin s1 → t1" in window.notices.shown[0].hint
    assert document.overrides.pins == (("s1", "t1"),)
    press(window, "Show it")
    assert document.selection == Selection("s1", "t1")
    press(window, "Replace it")
    assert document.overrides.pins == (("s3", "t0"),)
    assert shown(window) == []
    document.undo()
    assert document.overrides.pins == (("s1", "t1"),)


def test_a_curve_dropped_on_a_row_that_is_blocked_offers_the_same(window):
    window.document.pin("s1", "t1")
    window.view.pin_refused.emit("s3", "t0", "s3 → t0 cannot be pinned: it would cross the pin s1 → t1.")
    press(window, "Replace it")
    assert window.document.overrides.pins == (("s3", "t0"),)


def test_an_end_of_an_edge_is_moved_in_one_step(window):
    document = window.document
    window.view.repin_requested.emit("s0", "t0", "s1", "t0")
    assert document.overrides.pins == (("s1", "t0"),)
    assert document.undo_stack.undoText() == "Move t0 to s1"
    window.view.repin_requested.emit("s1", "t0", "s4", "t0")
    assert "cannot be" in shown(window)[0]
    assert document.undo_stack.count() == 1
    assert window.view._repin_check("s1", "t0", "s0", "t0") is None
    assert window.view._repin_check("s1", "t0", "s4", "t0")


def test_a_curve_over_a_row_tells_what_a_drop_would_change(window):
    document = window.document
    preview = window.view._previewer("s1", "t0")
    before = {(pair.source, pair.target) for pair in document.matching.pairs}
    score = document.matching.score
    document.pin("s1", "t0")
    after = {(pair.source, pair.target) for pair in document.matching.pairs}
    assert set(preview.added) == after - before
    assert set(preview.removed) == before - after
    assert preview.score_change == pytest.approx(document.matching.score - score)
    assert window.view._previewer("s0", "t9") is None


def test_what_can_never_be_pinned_offers_nothing(window):
    window.editing.pin("s0.0", "t0.1")
    assert "one is a Conv2d, the other a BatchNorm2d" in shown(window)[0]
    assert window.notices.shown[0].actions == ()


def test_what_gives_way_to_an_edit_is_told(window, qtbot):
    document = window.document
    window.editing.pin("s0.0", "t0.0")
    with qtbot.waitSignal(document.message, check_params_cb=lambda text: "the pin s0.0 → t0.0" in text):
        window.editing.fresh("t0")


def test_a_ban_that_empties_a_block_says_so_and_can_be_undone(window):
    document = window.document
    before = document.matching
    window.editing.ban("s4", "t5")
    assert shown(window) == ["With this ban t5 takes nothing from the source."]
    press(window, "Undo")
    assert document.matching == before
    assert shown(window) == []
    window.editing.ban("s4", "t5")
    document.set_fresh("t4")
    assert shown(window) == []  # its Undo would take back something else by now
    window.editing.ban("s0", "t0")
    assert not any("t5" in text for text in shown(window))


def test_commands_act_on_all_that_is_chosen_in_one_step(window):
    document = window.document
    document.select_target("t0.0")
    window.editing.chosen.set_several([("s0.0", "t0.0"), ("s0.1", "t0.1")])
    assert window.commands["pin"].text() == "&Pin 2 selected pairs"
    window.refresh()
    window.commands["pin"].trigger()
    assert document.overrides.pins == (("s0.0", "t0.0"), ("s0.1", "t0.1"))
    assert document.undo_stack.count() == 1
    window.commands["fresh"].trigger()
    assert document.overrides == Overrides(fresh=["t0.0", "t0.1"])
    window.refresh()
    window.commands["clear_override"].trigger()
    assert not document.overrides
    assert document.undo_stack.count() == 3
    document.select_target("t5")
    assert window.commands["pin"].text() == "&Pin selected pair"


def test_several_chosen_on_the_canvas_are_selected_in_the_table_and_the_other_way(window):
    view, table = window.view, window.pairs.table
    view.set_selection("s0.0", "t0.0")
    view.multi_selected.emit((("s0.0", "t0.0"), ("s4", "t5")))
    assert len(table.selectionModel().selectedRows()) == 2
    table.setFocus()
    table.clearSelection()
    table.selectRow(0)
    table.selectAll()
    assert len(view.multi_selection) == table.model().rowCount()


def test_a_menu_on_one_of_several_rows_is_about_all_of_them(window, qtbot):
    view = window.view
    wished = []
    view.context_menu_requested.disconnect()
    view.context_menu_requested.connect(lambda *_: wished.append(window.editing.chosen.pairs))
    places = [view.board.find(Side.TARGET, path) for path in ("t0", "t2", "t5")]

    def ask(place):
        point = view.viewportTransform().map(view._scene.rect_of(place).center()).toPoint()
        where = view.viewport().mapToGlobal(point)
        view.contextMenuEvent(QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, where))

    view.select(places[0])
    view.select_further(places[1])
    ask(places[0])
    assert wished[-1] == (("s0", "t0"), ("s2", "t2"))
    ask(places[2])
    assert wished[-1] == (("s4", "t5"),)


def test_accepting_from_a_score_on_is_asked_for_and_told(window, feature, qtbot):
    window.refresh()
    window.commands["accept_above"].trigger()
    dialog = window.findChild(QInputDialog)
    assert dialog.doubleValue() == 0.8
    dialog.setDoubleValue(0.9)
    with qtbot.waitSignal(window.document.message, check_params_cb=lambda text: "Accepted" in text):
        dialog.accept()
    scores = {pair.target: pair.score for pair in window.document.matching.pairs}
    assert {target for _, target in window.document.overrides.pins} == {
        target for target, score in scores.items() if score >= 0.9
    }
    window.commands["accept_all"].trigger()
    assert len(window.document.overrides.pins) == len(scores)
    with qtbot.waitSignal(window.document.message, check_params_cb=lambda text: "Nothing to accept" in text):
        window.commands["accept_all"].trigger()


def test_partners_are_listed_by_cost_and_pinned_by_enter(window, feature, qtbot):
    document = window.document
    document.select_target("t0.0")
    window.pairs.table.setFocus()
    feature.show_partners()
    menu = feature.partners
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts[0].startswith("t0.0 takes from")
    assert "s1.0" in texts[1]
    assert "0.1" in texts[1]
    assert "−" in texts[1].split("\t")[1]
    assert menu.activeAction().text() == texts[1]
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert document.overrides.pins == ((texts[1].split()[0], "t0.0"),)


def test_a_row_without_any_partner_says_so(window, feature):
    window.document.open_networks(network("a", [(8,)]), network("b", [(4, 4)]))
    window.document.select_target("b0")
    feature.partners.fill()
    assert "Nothing of the same type" in feature.partners.actions()[-1].text()


def test_the_tabs_count_and_the_history_goes_to_a_step(window, feature, qtbot):
    document, panel = window.document, feature.history
    titles = [window.tabs.tabText(at) for at in range(window.tabs.count())]
    assert "Overrides" in titles
    document.pin("s1", "t1")
    document.set_fresh("t5")
    assert window.tabs.tabText(window.tabs.indexOf(feature.overrides)) == "Overrides 2"
    window.commands["show_history"].trigger()
    qtbot.waitUntil(lambda: panel.list.count() == 3)
    rows = [panel.list.item(at).text() for at in range(3)]
    assert rows == ["Beginning", "Pin s1 to t1", "Leave t5 fresh"]
    assert panel.list.item(2).font().bold()
    qtbot.mouseClick(
        panel.list.viewport(),
        Qt.MouseButton.LeftButton,
        pos=panel.list.visualItemRect(panel.list.item(1)).center(),
    )
    assert document.overrides == Overrides([("s1", "t1")])
    assert panel.list.item(1).font().bold()
    assert "1 step undone" in panel.about.text()
    qtbot.keyClick(panel.list, Qt.Key.Key_Up)
    assert document.undo_stack.index() == 1  # moving alone goes nowhere
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert not document.overrides
    assert not document.modified


def test_the_history_marks_the_step_that_is_saved(window, feature, qtbot, tmp_path):
    document, panel = window.document, feature.history
    window.commands["show_history"].trigger()
    document.pin("s1", "t1")
    document.save_as(tmp_path / "a.dpiat")
    document.set_fresh("t5")
    qtbot.waitUntil(lambda: panel.list.count() == 3)
    assert panel.list.item(1).text() == "Pin s1 to t1   (saved)"
    assert not panel.list.item(1).icon().isNull()


def test_a_step_is_compared_in_columns_and_table(window, feature, qtbot):
    document = window.document
    document.ban("s4", "t5")
    window.commands["show_history"].trigger()
    qtbot.waitUntil(lambda: feature.history.list.count() == 2)
    feature.history.list.setCurrentRow(0)
    feature.history.compare.click()
    dialog = feature._compare
    assert dialog.isVisible()
    assert window.view.comparison.only_before == (("s4", "t5"),)
    assert not window.pairs.table.isColumnHidden(Column.BEFORE)
    window.pairs.set_filter_text("change:removed")
    assert window.pairs.proxy.rowCount() == 1
    dialog.close()
    assert window.view.comparison is None
    assert window.pairs.table.isColumnHidden(Column.BEFORE)


def test_an_override_that_cannot_be_enabled_can_be_put_in_the_place_of_others(window, feature):
    document = window.document
    document.pin("s3", "t0")
    document.set_enabled(each_of(document.overrides), False)
    document.pin("s1", "t1")
    window.commands["show_overrides"].trigger()
    feature.overrides.list.setCurrentItem(feature.overrides.list.topLevelItem(0))
    feature.overrides.switch_selected()
    assert "cannot be pinned" in shown(window)[0]
    assert document.disabled.pins == (("s3", "t0"),)
    press(window, "Enable it instead")
    assert document.overrides.pins == (("s3", "t0"),)
    assert document.disabled.pins == (("s1", "t1"),)


def test_overrides_are_exported_and_applied_to_other_networks_with_a_report(window, feature, tmp_path):
    document = window.document
    document.pin("s0.0", "t0.0")
    document.ban("s3", "t3")
    document.set_fresh("t5")
    path = tmp_path / "mine"
    feature.exchange.export_file(str(path))
    written = json.loads((tmp_path / "mine.overrides.json").read_text())
    assert (written["source"], written["fresh"]) == ("s", ["t5"])
    document.open_networks(SOURCE, network("t", [[C1, (8,)], [C1, (9,), None], C3]))
    feature.exchange.import_file(f"{path}.overrides.json")
    assert document.overrides == Overrides([("s0.0", "t0.0")])
    assert shown(window)[0].startswith("2 overrides do not fit; 1 other is in force")
    press(window, "Look at them…")
    dialog = window.findChild(MisfitsDialog)
    assert dialog.table.rowCount() == 2
    assert "has no layer or block 't3'" in dialog.table.item(0, 1).text()
    assert "t2" in [dialog.boxes[1].itemText(at) for at in range(dialog.boxes[1].count())]
    dialog.boxes[1].setCurrentText("t2")
    dialog.boxes[0].setCurrentText("remove it")
    assert "one step" in dialog.note.text()
    dialog.apply()
    assert document.overrides == Overrides([("s0.0", "t0.0")], fresh=["t2"])
    assert not document.disabled
    assert document.undo_stack.undoText() == "Use near paths for 2 overrides"


def test_one_whose_rows_are_not_there_is_offered_near_paths_when_it_is_enabled(window, feature):
    document = window.document
    document.apply_overrides(Overrides([("s3.7", "t3.0")]))
    assert shown(window)[0].startswith("An override does not fit: s has no layer or block 's3.7'")
    window.notices.dismiss_all()
    window.editing.enable(each_of(document.disabled), True)
    press(window, "Look at them…")
    dialog = window.findChild(MisfitsDialog)
    assert dialog.boxes[0].count() > 2
    dialog.boxes[0].setCurrentIndex(1)
    dialog.apply()
    assert document.overrides.pins[0][1] == "t3.0"
    assert not document.disabled


def test_a_file_without_overrides_is_refused_with_the_reason(window, feature, tmp_path):
    (tmp_path / "a.json").write_text("[]")
    feature.exchange.import_file(str(tmp_path / "a.json"))
    assert shown(window) == ["The file holds no overrides of this program."]
    assert window.document.undo_stack.count() == 0
    feature.exchange.export_file(str(tmp_path / "none" / "b.json"))
    assert "does not exist" in shown(window)[0]


def test_pairs_are_exported_as_they_are_shown(window, feature, tmp_path):
    window.pairs.set_filter_text("kind:conv score>0.5")
    feature.exchange.export_pairs(str(tmp_path / "pairs"))
    with (tmp_path / "pairs.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0][:2] == ["Source", "Target"]
    assert len(rows) == window.pairs.proxy.rowCount() + 1
    assert all("conv" in row[2].lower() for row in rows[1:])


def test_an_exported_name_is_no_formula_to_a_spreadsheet(window, feature, tmp_path):
    table = [["Source", "Target", "Covered"], ["=cmd", "-1.a", "-5 %"]]
    exchange = OverrideExchange(window.document, window.notices, lambda: table, window.export_folder, window)
    exchange.export_pairs(str(tmp_path / "pairs.csv"))
    assert (tmp_path / "pairs.csv").read_text().splitlines()[1] == "'=cmd,'-1.a,-5 %"


def test_overrides_of_a_project_opened_with_other_networks_are_kept(window):
    document = window.document
    document.pin("s3.1", "t3.1")
    project = document.to_project()
    other = Document()
    heard = []
    other.misfitted.connect(heard.append)
    other.open_project(project, SOURCE, network("t", [[C1, (8,)], [C2, (9,)]]))
    assert other.disabled.pins == (("s3.1", "t3.1"),)
    assert len(heard[0]) == 1
    assert other.to_project().disabled == other.disabled
