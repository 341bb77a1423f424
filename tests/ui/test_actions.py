from collections import Counter

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from dpiat_gui.ui.action_values import WindowState
from dpiat_gui.ui.actions import ACTIONS, BY_ID, build_action, build_actions, update_enabled
from dpiat_gui.ui.help_dialog import shortcuts_html
from dpiat_gui.ui.menus import MENUS, SEPARATOR, SUBMENUS

# The keyboard map: what a person may rely on.
MAP = {
    "open_source": "Ctrl+O",
    "open_target": "Ctrl+Shift+O",
    "save": "Ctrl+S",
    "save_as": "Ctrl+Shift+S",
    "show_transfer": "Ctrl+E",
    "export_figure": "Ctrl+Shift+E",
    "undo": "Ctrl+Z",
    "redo": "Ctrl+Shift+Z",
    "find": "Ctrl+F",
    "find_next": "F3",
    "find_previous": "Shift+F3",
    "next_problem": "Alt+Down",
    "previous_problem": "Alt+Up",
    "next_pane": "F6",
    "previous_pane": "Shift+F6",
    "expand_all": "Ctrl+]",
    "collapse_all": "Ctrl+[",
    "pin": "Ctrl+L",
    "ban": "Del",
    "fresh": "Ctrl+Del",
    "clear_override": "Ctrl+Shift+L",
    "rematch": "F5",
    "zoom_in": "Ctrl++",
    "zoom_out": "Ctrl+-",
    "zoom_reset": "Ctrl+1",
    "fit_all": "Ctrl+0",
    "fit_selection": "Ctrl+2",
    "run_transfer": "Ctrl+Return",
    "cancel": "Esc",
    "swap": "Alt+\\",
    "overview": "F9",
    "full_screen": "F11",
    "help": "F1",
    "shortcuts": "Ctrl+?",
    "settings": "Ctrl+,",
}
EVERYTHING = WindowState(*[True] * 13, transferring=False)


def keys(action_id):
    return [key.toString(QKeySequence.SequenceFormat.PortableText) for key in BY_ID[action_id].sequences()]


@pytest.mark.parametrize(("action_id", "key"), MAP.items())
def test_key_of_the_map(qapp, action_id, key):
    assert key in keys(action_id)


def test_second_keys_of_the_map(qapp):
    assert "Ctrl+Y" in keys("redo")
    assert "F8" in keys("next_problem")
    assert "Shift+F8" in keys("previous_problem")
    assert "Ctrl+Enter" in keys("run_transfer")


def test_no_key_is_given_twice(qapp):
    counted = Counter(key for action in ACTIONS for key in keys(action.id))
    assert [key for key, count in counted.items() if count > 1] == []


def test_every_action_has_words():
    for action in ACTIONS:
        assert action.text
        assert action.tip.endswith(".")
    assert len(BY_ID) == len(ACTIONS)


def test_menus_hold_every_action_once():
    listed = [entry for _, entries in MENUS for entry in entries if entry not in (SEPARATOR, *SUBMENUS)]
    assert sorted(listed) == sorted(BY_ID)


def test_mnemonics_of_a_menu_differ():
    for title, entries in MENUS:
        letters = [
            BY_ID[entry].text[BY_ID[entry].text.index("&") + 1].lower()
            for entry in entries
            if entry in BY_ID and "&" in BY_ID[entry].text
        ]
        doubled = [letter for letter, count in Counter(letters).items() if count > 1]
        assert doubled == [], title


def test_nothing_that_needs_networks_is_enabled_without_them(qtbot):
    owner = QWidget()
    qtbot.addWidget(owner)
    actions = {action.id: build_action(action, owner) for action in ACTIONS}
    update_enabled(actions, WindowState())
    enabled = {name for name, action in actions.items() if action.isEnabled()}
    assert {"open_source", "open_target", "demo", "open_project", "help", "quit"} <= enabled
    assert not enabled & {"pin", "ban", "save", "run_transfer", "undo", "cancel", "fit_all", "find"}
    update_enabled(actions, EVERYTHING)
    assert all(action.isEnabled() for action in actions.values())


def test_actions_call_their_handlers(qtbot):
    owner = QWidget()
    qtbot.addWidget(owner)
    called = []
    handlers = {
        action.id: (lambda *given, name=action.id: called.append((name, given))) for action in ACTIONS
    }
    actions = build_actions(owner, handlers)
    actions["pin"].trigger()
    actions["only_selection_edges"].trigger()
    assert called == [("pin", ()), ("only_selection_edges", (True,))]


def test_an_action_without_a_handler_is_an_error(qtbot):
    owner = QWidget()
    qtbot.addWidget(owner)
    with pytest.raises(KeyError):
        build_actions(owner, {})


def test_sheet_of_keys_shows_every_action_that_has_one(qapp):
    sheet = shortcuts_html()
    for action in ACTIONS:
        if action.keys:
            assert f">{action.plain_text}<" in sheet
