"""The window with a real engine process and small networks."""

import json
import os
import signal
import subprocess
import sys

import pytest
from made import network
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QPlainTextEdit, QWidget

from dpiat_gui.document.autosave import recovery_folder
from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection
from dpiat_gui.errors import TrustError
from dpiat_gui.networks.references import parse_reference
from dpiat_gui.networks.shipped import demo_source
from dpiat_gui.networks.sources import load_network
from dpiat_gui.project.project import load_project, save_project
from dpiat_gui.ui.app import make_window
from dpiat_gui.ui.fetching import Fetch, _code_of
from dpiat_gui.ui.help_dialog import shortcuts_html
from dpiat_gui.ui.legend import LegendPanel
from dpiat_gui.ui.menus import BACKGROUND
from dpiat_gui.ui.networks_panel import NetworkCard, NetworksPanel
from dpiat_gui.ui.notifications import Severity
from dpiat_gui.ui.open_dialog import OpenDialog
from dpiat_gui.ui.trust_dialog import TrustDialog

SMALL = "timm:resnet10t?num_classes=5"
OTHER = "timm:resnet14t?num_classes=7"
LONG = 60_000


@pytest.fixture
def window(qtbot, tmp_path):
    window = make_window(QApplication.instance())
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    window.settings.set(output_folder=str(tmp_path))
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def matched(window, qtbot):
    with qtbot.waitSignal(window.document.matching_changed, timeout=LONG, check_params_cb=bool):
        window.opening.open_both(SMALL, OTHER)
    return window


def pair_of(window):
    return next(pair for pair in window.document.matching.pairs if "conv" in pair.target)


def test_the_demo_is_drawn_without_torch(window, qtbot):
    window.opening.open_demo()
    qtbot.waitUntil(lambda: window.document.matching is not None, timeout=LONG)
    assert window.document.target.name == "mobilenetv2_100"
    assert window.view.board.matching is window.document.matching
    # The status bar follows in the next round of the event loop.
    qtbot.waitUntil(lambda: window.status.figure("score").startswith("score 7"), timeout=LONG)
    assert "problem" in window.status.figure("problems")
    assert window.transfer.output_path.name.endswith("-to-mobilenetv2_100.safetensors")
    assert not window.document.modified


def test_a_new_project_begins_with_the_chosen_seed(window):
    window.settings.set(seed=11)
    window.projects.new()
    assert window.document.seed == 11
    assert window.transfer.seed.value() == 11
    assert not window.document.modified


def test_a_pin_is_one_step_and_can_be_undone(matched):
    document, pair = matched.document, pair_of(matched)
    before = document.matching
    matched.editing.pin(pair.source, pair.target)
    assert document.matching.by_target[pair.target].pinned
    assert matched.view.board.matching is document.matching
    matched.refresh()
    assert "Pin" in matched.commands["undo"].text()
    matched.commands["undo"].trigger()
    assert document.matching == before
    matched.refresh()
    matched.commands["redo"].trigger()
    assert document.matching.by_target[pair.target].pinned


def test_actions_follow_the_selection(matched):
    pair = pair_of(matched)
    matched.document.select(Selection(pair.source, pair.target))
    matched.refresh()
    assert matched.commands["pin"].isEnabled()
    matched.commands["pin"].trigger()
    assert matched.document.overrides.pins == ((pair.source, pair.target),)
    matched.refresh()
    matched.commands["clear_override"].trigger()
    assert not matched.document.overrides
    matched.document.clear_selection()
    matched.refresh()
    assert not matched.commands["pin"].isEnabled()


def test_what_cannot_be_pinned_says_why_and_changes_nothing(matched):
    convolution = pair_of(matched).source
    norm = next(p.target for p in matched.document.matching.pairs if "bn" in p.target)
    matched.editing.pin(convolution, norm)
    assert not matched.document.overrides
    assert matched.notices.shown[0].severity is Severity.WARNING
    assert norm in matched.notices.shown[0].message + matched.notices.shown[0].hint


def test_search_walks_both_columns_and_returns(matched, qtbot):
    document, field = matched.document, matched.toolbar.search.field
    pair = pair_of(matched)
    document.select_target(pair.target)
    before = document.selection
    field.setText("fc")
    assert {hit.side for hit in matched.search.hits} == {"source", "target"}
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert document.selection.source == "fc"
    assert matched.toolbar.search.count.text() == "1 of 2"
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert document.selection == before
    assert field.text() == ""


def test_problems_are_walked_and_counted(matched):
    problems = matched.document.problems()
    assert problems
    matched.commands["next_problem"].trigger()
    assert matched.document.selection == problems[0].selection
    assert matched.status.figure("problems") == f"problem 1 of {len(problems)} (Alt+↓)"


def test_a_bad_name_is_said_with_near_ones_and_nothing_is_lost(matched, qtbot):
    kept = matched.document.source
    matched.opening.open("source", "timm:resnt18")
    qtbot.waitUntil(lambda: bool(matched.notices.shown), timeout=LONG)
    shown = matched.notices.shown[0]
    assert "resnt18" in shown.message
    assert "resnet18" in shown.hint
    assert matched.document.source is kept
    assert not matched.opening.pending


def test_a_cut_off_file_is_said(window, qtbot, tmp_path):
    file = tmp_path / "cut.safetensors"
    file.write_bytes(b"\x40\0\0\0\0\0\0\0{")
    window.opening.open("source", str(file))
    qtbot.waitUntil(lambda: bool(window.notices.shown), timeout=LONG)
    assert "cut" in window.notices.shown[0].message


def test_a_file_is_opened_where_it_is_dropped(window, qtbot, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(window.opening, "open_file", lambda side, path: opened.append((side, path)))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.pth"))])
    for x in (10, window.width() - 10):
        event = QDropEvent(
            QPointF(x, 100),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        window.dropEvent(event)
    assert opened == [("source", str(tmp_path / "a.pth")), ("target", str(tmp_path / "a.pth"))]


def test_open_dialog_completes_and_opens_by_enter(window, qtbot):
    window.commands["open_source"].trigger()
    dialog = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, OpenDialog))
    dialog.pretrained.setChecked(False)
    dialog.classes.setValue(5)
    qtbot.keyClicks(dialog.field, "resnet10")
    assert dialog.labels[0] == "resnet10t"
    assert dialog.reference.text == SMALL
    with qtbot.waitSignal(dialog.chosen) as chosen:
        qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    assert chosen.args[0].text == SMALL
    qtbot.waitUntil(lambda: window.document.source is not None, timeout=LONG)


def test_a_project_is_saved_and_opened_again(matched, qtbot, tmp_path, monkeypatch):
    document, pair = matched.document, pair_of(matched)
    matched.editing.pin(pair.source, pair.target)
    path = tmp_path / "work.dpiat"
    monkeypatch.setattr("dpiat_gui.ui.projects.QFileDialog.getSaveFileName", lambda *_: (str(path), ""))
    assert matched.projects.save()
    assert not document.modified
    assert load_project(path).overrides.pins == ((pair.source, pair.target),)
    matched.projects.new()
    assert document.source is None
    with qtbot.waitSignal(document.matching_changed, timeout=LONG, check_params_cb=bool):
        matched.projects.open(str(path))
    assert document.matching.by_target[pair.target].pinned
    assert document.project_path == str(path)
    assert "work.dpiat" in matched.windowTitle()


def test_closing_stops_the_engine_and_keeps_the_layout(window, qtbot):
    window.jobs.start_engine()
    window.commands["quit"].trigger()
    qtbot.waitUntil(window.isHidden, timeout=LONG)
    assert window.jobs.engine_state == "stopped"
    assert window.settings.window[0]


def test_unsaved_changes_are_asked_about(matched, qtbot):
    pair = pair_of(matched)
    matched.editing.pin(pair.source, pair.target)
    matched.close()
    qtbot.waitUntil(lambda: bool(matched.findChildren(QMessageBox)), timeout=LONG)
    box = matched.findChildren(QMessageBox)[0]
    assert matched.isVisible()
    assert "Save" in box.text()
    qtbot.mouseClick(box.button(QMessageBox.StandardButton.Cancel), Qt.MouseButton.LeftButton)
    assert matched.isVisible()
    assert matched.document.modified


def test_f6_goes_round_the_panes(matched, qtbot):
    matched.activateWindow()
    matched.view.setFocus()
    seen = []
    for _ in matched.panes:
        matched.cycle_panes(1)
        seen.append(QApplication.focusWidget())
    assert len({id(widget) for widget in seen}) >= 4
    assert matched.view in seen


@pytest.mark.slow
def test_a_transfer_writes_a_checkpoint(matched, qtbot):
    with qtbot.waitSignal(
        matched.transferring.running_changed, timeout=LONG, check_params_cb=lambda on: not on
    ):
        matched.commands["run_transfer"].trigger()
    path = matched.transfer.output_path
    assert path.is_file(), matched.transfer.result.text()
    assert matched.transferring.report["path"] == str(path)
    assert "covered" in matched.transfer.result.text()
    matched.transferring._copy_report()
    assert json.loads(QApplication.clipboard().text())["seed"] == 0


@pytest.mark.slow
def test_the_window_outlives_its_engine(matched, qtbot):
    path = matched.transfer.output_path
    path.write_bytes(b"old")
    matched.transferring._start(path)
    job = matched.jobs.jobs[0]
    with qtbot.waitSignal(job.started, timeout=LONG):
        pass
    with qtbot.waitSignal(matched.transferring.running_changed, timeout=LONG):
        os.kill(matched.jobs.engine.process_id, signal.SIGKILL)
    assert "died" in matched.notices.shown[0].message
    assert path.read_bytes() == b"old"
    with qtbot.waitSignal(
        matched.transferring.running_changed, timeout=LONG, check_params_cb=lambda on: not on
    ):
        matched.transferring._start(path)
    assert path.stat().st_size > 1000, matched.transfer.result.text()


def test_a_folder_that_is_not_there_is_said_in_the_pane(matched, qtbot, tmp_path):
    matched.transfer.set_output(tmp_path / "none" / "out.safetensors")
    with qtbot.waitSignal(
        matched.transferring.running_changed, timeout=LONG, check_params_cb=lambda on: not on
    ):
        matched.commands["run_transfer"].trigger()
    assert "does not exist" in matched.transfer.result.text()


def test_torch_stays_out_of_the_window(tmp_path):
    # A process of its own: others in this one may have imported torch.
    script = (
        "import sys\n"
        "from PySide6.QtCore import QTimer\n"
        "from PySide6.QtWidgets import QApplication\n"
        "app = QApplication([])\n"
        "from dpiat_gui.ui.app import make_window\n"
        "window = make_window(app)\n"
        "window.document.matching_changed.connect(lambda m: QTimer.singleShot(0, window.close_now))\n"
        "window.painted.connect(window.opening.open_demo)\n"
        "window.show()\n"
        "app.exec()\n"
        "heavy = {'torch', 'timm', 'pyqtgraph', 'networkx'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_context_menu_offers_the_overrides(matched):
    menu = matched.selection_menu.build()
    assert [action.objectName() for action in menu.actions()][:3] == ["pin", "ban", "fresh"]
    about_all = matched.selection_menu.build(BACKGROUND)
    assert all(action.isEnabled() for action in about_all.actions())


def test_unsaved_work_is_kept_offered_back_and_restored(matched, qtbot):
    pair = pair_of(matched)
    matched.editing.pin(pair.source, pair.target)
    file = matched.autosave.file
    qtbot.waitUntil(file.is_file, timeout=LONG)
    left = file.with_name("1-dead.dpiat")
    left.write_bytes(file.read_bytes())
    matched.document.undo()
    qtbot.waitUntil(lambda: not file.exists(), timeout=LONG)
    matched.recovery.offer()
    notice = matched.notices.shown[0]
    assert "resnet10t → resnet14t" in notice.message
    with qtbot.waitSignal(matched.document.matching_changed, timeout=LONG, check_params_cb=bool):
        dict(notice.actions)["Restore"]()
    assert matched.document.overrides.pins == ((pair.source, pair.target),)
    assert matched.document.modified
    assert not matched.notices.shown
    qtbot.waitUntil(lambda: file.is_file() and not left.exists(), timeout=LONG)


def test_unsaved_work_can_be_discarded(matched, qtbot):
    recovery_folder().mkdir(parents=True)
    left = recovery_folder() / "1-dead.dpiat"
    save_project(matched.document.to_project(), left)
    matched.recovery.offer()
    dict(matched.notices.shown[0].actions)["Discard"]()
    assert not left.exists()
    assert not matched.notices.shown


def test_a_project_brings_its_view_back(matched, qtbot, tmp_path):
    matched.view.expand_all()
    matched.view.zoom_in()
    seen = matched.view.view_state()
    path = str(tmp_path / "view.dpiat")
    assert matched.projects._write(path)
    matched.view.collapse_all()
    matched.view.zoom_reset()
    matched.projects.open(path)
    qtbot.waitUntil(lambda: matched.view.view_state()["expanded"] == seen["expanded"], timeout=LONG)
    assert matched.view.zoom == pytest.approx(seen["zoom"])


def test_only_edges_of_the_selection_is_kept(window, qtbot):
    window.commands["only_selection_edges"].setChecked(True)
    assert window.settings.only_selection_edges
    window.settings.flush()
    again = make_window(QApplication.instance())
    qtbot.addWidget(again, before_close_func=lambda made: setattr(made, "_closing", True))
    assert again.commands["only_selection_edges"].isChecked()


def test_switches_of_the_view_arrange_it_and_follow_it(matched, qtbot):
    view, commands = matched.view, matched.commands
    assert commands["arcs"].isChecked()
    assert commands["overview"].isChecked()
    for name in ("linked", "strips", "overview", "arcs"):
        commands[name].trigger()
    assert (view.layout_mode, view.orientation) == ("linked", "strips")
    assert not view.overview_visible
    assert not view.arcs_visible
    view.restore_view_state({"orientation": "columns", "layout": "aligned", "arcs": True})
    assert [commands[name].isChecked() for name in ("linked", "strips", "arcs")] == [False, False, True]


def test_hidden_overview_stays_hidden(window, qtbot):
    window.commands["overview"].setChecked(False)
    window.settings.flush()
    again = make_window(QApplication.instance())
    qtbot.addWidget(again, before_close_func=lambda made: setattr(made, "_closing", True))
    assert not again.view.overview_visible
    assert not again.commands["overview"].isChecked()


@pytest.mark.parametrize("width", [1000, 1178, 1440, 1920])
def test_the_main_button_is_in_sight_at_every_width(matched, qtbot, width):
    matched.resize(width, 740)
    qtbot.waitUntil(lambda: matched.toolbar.width() == matched.width(), timeout=LONG)
    qtbot.waitUntil(matched.toolbar.transfer.isVisible, timeout=LONG)
    assert matched.toolbar.transfer.geometry().right() <= matched.toolbar.width()


@pytest.mark.parametrize(("width", "least"), [(1178, 160), (1280, 240), (1440, 240), (1920, 330)])
def test_the_search_field_takes_the_room_there_is(matched, qtbot, width, least):
    matched.resize(width, 740)
    qtbot.waitUntil(lambda: matched.toolbar.width() == matched.width(), timeout=LONG)
    toolbar = matched.toolbar
    qtbot.waitUntil(lambda: toolbar.transfer.geometry().right() <= toolbar.width(), timeout=LONG)
    qtbot.waitUntil(lambda: toolbar.search.width() >= least, timeout=LONG)
    assert toolbar.transfer.isVisible()


def test_names_and_tabs_are_whole_in_a_narrow_pane(qtbot):
    document, host = Document(), QWidget()
    panel = NetworksPanel(document, LegendPanel(document), host)
    qtbot.addWidget(host)
    host.show()
    document.open_networks(network("s", [(8, 3, 3, 3)]), network("t", [(8, 3, 3, 3)]))
    outline, card = panel.outline, panel.cards["target"]
    for width in (180, 260):
        panel.setGeometry(0, 0, width, 600)
        qtbot.waitUntil(lambda width=width: outline.title.isVisible() == (width == 260), timeout=LONG)
        assert panel.minimumSizeHint().width() <= width
        assert outline.tabs.width() >= outline.tabs.sizeHint().width()
        # The name has its line to itself.
        assert card.name.width() >= card.width() - 4
    # Without the tabs there is room: a folded outline keeps its name.
    panel.setGeometry(0, 0, 180, 600)
    qtbot.waitUntil(outline.title.isHidden)
    outline.fold.click()
    assert outline.title.isVisible()


def test_what_a_narrow_legend_cuts_stands_in_its_tooltip(qtbot):
    document = Document()
    legend = LegendPanel(document)
    qtbot.addWidget(legend)
    document.open_networks(network("s", [(8, 3, 3, 3)]), network("t", [(4, 3, 3, 3)]))
    legend.resize(400, 200)
    legend.show()
    assert legend.legend.states
    qtbot.waitUntil(lambda: not legend.toolTip())
    legend.resize(120, 200)
    qtbot.waitUntil(lambda: "cropped: source is larger" in legend.toolTip())
    assert "auto" not in legend.toolTip()


@pytest.mark.parametrize("width", [1000, 1178, 1680])
def test_the_transfer_pane_fits_its_dock(matched, qtbot, width):
    matched.resize(width, 740)
    matched.show_transfer()
    panel = matched.transfer
    panel.open_folder.show()
    panel.copy_report.show()
    room = matched.transfer_page.viewport()
    qtbot.waitUntil(lambda: panel.width() <= room.width(), timeout=LONG)
    for widget in (panel.run, panel.format, panel.preset, panel.browse):
        assert widget.mapTo(panel, widget.rect().topRight()).x() <= room.width()
        assert widget.width() >= widget.minimumSizeHint().width()


def test_the_sheet_of_keys_names_no_keys_that_nobody_has(qapp):
    sheet = shortcuts_html()
    assert "Ctrl+O" in sheet
    for key in ("F14", "Exit", ", Open<", "+Save"):
        assert key not in sheet


def test_a_message_takes_the_place_of_the_figures_but_the_score(matched):
    labels = matched.status.figures.labels
    matched.status.say("Problem 1 of 3")
    assert matched.status.line.isVisible()
    assert [name for name, label in labels.items() if label.isVisible()] == ["score"]
    matched.status._message_timer.timeout.emit()
    assert labels["covered"].isVisible()
    assert not matched.status.line.isVisible()


def test_taking_an_edit_back_takes_back_what_was_said_of_it(matched, qtbot):
    document = matched.document
    pair = document.matching.pairs[0]
    document.ban(pair.source, pair.target)
    document.message.emit("An override does not fit.")
    assert matched.status.line.isVisible()
    document.undo()
    assert not matched.status.line.isVisible()
    document.undo_stack.redo()
    document.message.emit("It does not fit again.")
    assert matched.status.line.isVisible()


def test_parts_of_the_left_pane_fold_away(qtbot):
    document = Document()
    document.open_networks(network("s", [(8, 8), (8, 4)]), network("t", [(8, 8)]))
    legend = LegendPanel(document)
    panel = NetworksPanel(document, legend)
    qtbot.addWidget(panel)
    panel.resize(260, 1000)
    panel.show()
    qtbot.waitUntil(lambda: panel.outline.height() > legend.height())
    panel.outline.fold.click()
    assert not panel.outline.tree.isVisible()
    qtbot.waitUntil(lambda: panel.outline.height() < 60)
    panel.outline.fold.click()
    assert panel.outline.tree.isVisible()


def test_code_of_a_module_is_shown_before_it_is_trusted(window, qtbot, tmp_path, monkeypatch):
    (tmp_path / "mynets.py").write_text("print('ran')\ndef build(): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    reference = parse_reference("mynets:build")
    assert _code_of(reference) == tmp_path / "mynets.py"
    assert "mynets" not in sys.modules
    fetch = Fetch(window.jobs, window, lambda *_: None, lambda _: None)
    fetch._refused(reference, TrustError("not trusted"))
    dialog = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, TrustDialog))
    assert "print('ran')" in dialog.findChild(QPlainTextEdit).toPlainText()
    assert any(str(tmp_path / "mynets.py") in label.text() for label in dialog.findChildren(QLabel))
    dialog.reject()


def test_the_panes_beside_the_canvas_give_way_in_a_narrower_window(window, qtbot):
    window.resize(1600, 800)
    window.resizeDocks(window.docks[:2], [300, 400], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: window.docks[1].width() == 400)
    window.resize(1060, 800)
    qtbot.waitUntil(lambda: window.docks[1].width() < 400 and window.docks[0].width() < 300)


def test_some_of_the_canvas_is_always_seen(window, qtbot):
    window.resizeDocks([window.docks[2]], [2000], Qt.Orientation.Vertical)
    window.resize(1100, 620)
    qtbot.waitUntil(lambda: window.height() == 620, timeout=LONG)
    assert window.view.height() >= 150
    assert window.minimumSizeHint().height() <= 600


def test_the_window_fits_a_small_screen(window, qtbot):
    window.resize(1024, 700)
    window.window_state.limit()
    window.window_state.arrange()
    qtbot.waitUntil(lambda: window.docks[0].minimumWidth() < 240)
    assert window.minimumSizeHint().width() <= 853


def test_a_network_that_cannot_be_opened_says_so_under_its_name(qtbot):
    card = NetworkCard("source")
    qtbot.addWidget(card)
    card.resize(200, 80)
    card.show_network(None, "timm:a_network_of_a_very_long_name_indeed")
    assert card.figures.full_text == "(not open)"
    assert not card.figures.isHidden()


def test_the_card_of_a_checkpoint_names_the_model_whose_tensors_it_has(qtbot):
    card = NetworkCard("source")
    qtbot.addWidget(card)
    source = demo_source()
    card.show_network(load_network(source), source)
    assert card.name.toolTip().splitlines() == [
        source,
        "Its tensors are those of timm:efficientnet_lite0?num_classes=1000.",
    ]
    card.show_network(load_network(SMALL), SMALL)
    assert card.name.toolTip() == SMALL


def test_enter_presses_the_button_that_has_the_keyboard(matched, qtbot):
    pair = pair_of(matched)
    matched.document.select(Selection(pair.source, pair.target))
    button = matched.inspector.pin
    qtbot.waitUntil(lambda: button.isVisible() and button.isEnabled())
    before = len(matched.document.overrides.pins)
    qtbot.keyClick(button, Qt.Key.Key_Return)
    assert len(matched.document.overrides.pins) == before + 1
