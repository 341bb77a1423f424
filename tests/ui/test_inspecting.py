"""The window on live modules."""

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from torch import nn

import dpiat_gui as dg
from dpiat_gui.ui.inspecting import make_inspector
from dpiat_gui.ui.main_window import MainWindow

LONG = 30_000


def net(width):
    return nn.Sequential(
        nn.Conv2d(3, width, 3), nn.BatchNorm2d(width), nn.Conv2d(width, width, 3), nn.Linear(width, 4)
    )


def windows():
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, MainWindow) and one.isVisible()]


def in_window(act):
    """Call `act` with the window once it is there."""

    def look():
        if windows():
            act(windows()[0])
        else:
            QTimer.singleShot(20, look)

    QTimer.singleShot(0, look)


def test_what_is_edited_comes_back_when_the_window_is_closed(qtbot):
    source, target = net(8), net(12)
    before = [value.clone() for value in target.state_dict().values()]

    def act(window):
        window.document.pin("2", "0") if window.document.matching is None else window.document.ban("2", "2")
        assert window.document.modified
        window.close()

    in_window(act)
    matching = dg.inspect(source, target, overrides=dg.Overrides(fresh=["3"]))
    assert matching.overrides == dg.Overrides(bans=[("2", "2")], fresh=["3"])
    assert {pair.target for pair in matching.pairs} == {"0", "1"}
    assert windows() == []
    assert all((a == b).all() for a, b in zip(before, target.state_dict().values(), strict=True))
    report = dg.transfer(source, target, overrides=matching.overrides)
    assert report.coverage.count is not None


def test_presets_options_and_errors_are_those_of_match(qtbot):
    in_window(lambda window: window.close())
    matching = dg.inspect(net(8), net(8), preset="paper", exponent=0.25)
    assert matching.preset == "paper"
    assert matching.options == dg.match(net(8), net(8), preset="paper", exponent=0.25).options
    with pytest.raises(dg.MatchError):
        dg.inspect(net(8), net(8), exponent=7)
    with pytest.raises(dg.OverrideError):
        dg.inspect(net(8), net(8), overrides=dg.Overrides(pins=[("nowhere", "0")]))


def test_the_transfer_pane_says_where_live_modules_are_transferred(qtbot):
    window = make_inspector(QApplication.instance(), dg.match(net(8), net(8)))
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    window.show()
    assert not window.transfer.run.isEnabled()
    assert "dpiat_gui.transfer(" in window.transfer.run.toolTip() + window.transfer.summary.text()
