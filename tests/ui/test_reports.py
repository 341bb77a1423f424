"""The report of the window."""

import pytest
from made import network
from PySide6.QtWidgets import QApplication, QPushButton

from dpiat_gui.ui.app import make_window
from dpiat_gui.ui.notifications import NotificationBar

LONG = 30_000


@pytest.fixture
def window(qtbot):
    window = make_window(QApplication.instance())
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def matched(window):
    window.document.open_networks(
        network("one", [(8, 3, 3, 3), (8,)]), network("other", [(8, 3, 3, 3), (6,)])
    )
    assert window.document.matching.pairs
    return window


def feature_of(window):
    return next(feature for feature in window.features if "export_report" in feature.handlers())


def bars(window):
    return window.notices.findChildren(NotificationBar)


def test_a_report_says_what_the_window_shows(matched, qtbot, tmp_path):
    path = tmp_path / "report.html"
    feature_of(matched).write(path)
    qtbot.waitUntil(path.exists, timeout=LONG)
    text = path.read_text("utf-8")
    assert f"{matched.document.matching.score:.3f}" in text
    assert text.count("<path") > 0
    qtbot.waitUntil(lambda: bool(bars(matched)), timeout=LONG)
    assert any(button.text() == "Open it" for button in bars(matched)[0].findChildren(QPushButton))


def test_a_report_that_cannot_be_written_is_told_and_another_place_offered(matched, qtbot, tmp_path):
    feature_of(matched).write(tmp_path / "missing" / "report.html")
    qtbot.waitUntil(lambda: bool(bars(matched)), timeout=LONG)
    assert any("another file" in button.text() for button in bars(matched)[0].findChildren(QPushButton))
    assert list(tmp_path.glob("**/*.html")) == []


def test_without_a_matching_there_is_nothing_to_report(window):
    assert not window.commands["export_report"].isEnabled()
