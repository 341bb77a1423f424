"""An operator for one target, chosen in the window."""

import pytest
from made import network
from PySide6.QtWidgets import QApplication

from dpiat_gui.transfer.operators import OPERATORS
from dpiat_gui.ui.app import make_window
from dpiat_gui.ui.operator_menu import OperatorMenuFeature


@pytest.fixture
def window(qtbot):
    window = make_window(QApplication.instance())
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    window.show()
    window.document.open_networks(
        network("one", [(8, 3, 3, 3), (8,)]), network("other", [(8, 3, 3, 3), (12,)])
    )
    qtbot.waitUntil(lambda: window.commands["fit_by"].menu() is not None)
    return window


def menu_of(window):
    menu = next(one for one in window.features if isinstance(one, OperatorMenuFeature)).menu
    menu.aboutToShow.emit()
    return {action.text(): action for action in menu.actions() if action.text()}


def test_a_target_gets_an_operator_of_its_own_and_loses_it_again(window):
    window.document.select_target("other1")
    menu = menu_of(window)
    assert [text for text, action in menu.items() if action.isChecked()] == [
        "As the whole transfer (centre crop)"
    ]
    menu[OPERATORS["full"].title].trigger()
    assert window.document.overrides.operators == (("other1", "full"),)
    assert window.document.undo_stack.undoText() == "Fit other1 by full"
    row = window.document.plan.by_target["other1.weight"]
    assert row.copied == row.elements
    menu = menu_of(window)
    assert menu[OPERATORS["full"].title].isChecked()
    menu["As the whole transfer (centre crop)"].trigger()
    assert window.document.overrides.operators == ()
    window.document.undo()
    assert window.document.overrides.operators == (("other1", "full"),)


def test_without_a_target_there_is_nothing_to_fit(window, qtbot):
    window.document.clear_selection()
    qtbot.waitUntil(lambda: not window.commands["fit_by"].isEnabled())
    assert [text for text, action in menu_of(window).items() if action.isEnabled()] == []
