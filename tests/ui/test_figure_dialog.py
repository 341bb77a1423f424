import pytest
from PySide6.QtWidgets import QLabel

from dpiat_gui.services.settings import Settings
from dpiat_gui.services.theme import DARK, LIGHT, ThemeKeeper, stylesheet
from dpiat_gui.ui.figure_dialog import CONTENTS, FigureDialog, FigureWish
from dpiat_gui.ui.method_panel import MethodPanel
from dpiat_gui.ui.settings_dialog import SettingsDialog


def test_the_dialog_begins_with_what_was_wished_last(qtbot):
    wish = FigureWish("view", DARK, legend=False, title=True, width_mm=84.0, scale=3.0)
    dialog = FigureDialog(wish)
    qtbot.addWidget(dialog)
    assert dialog.wish == wish
    # With a width in millimetres the scale says nothing.
    assert not dialog.scale.isEnabled()
    dialog.width_mm.setCurrentIndex(0)
    assert dialog.scale.isEnabled()
    assert dialog.wish.width_mm is None


@pytest.mark.parametrize("content", [value for _, value in CONTENTS])
def test_every_content_can_be_chosen(qtbot, content):
    dialog = FigureDialog(FigureWish())
    qtbot.addWidget(dialog)
    dialog.content.setCurrentIndex(dialog.content.findData(content))
    assert dialog.wish == FigureWish(content, LIGHT)


def dialogs_with_fields(app):
    """Return every dialog that is a form."""
    settings = Settings()
    return FigureDialog(FigureWish()), SettingsDialog(settings, ThemeKeeper(app)), MethodPanel()


@pytest.mark.parametrize("which", range(3), ids=["figure", "settings", "method"])
def test_every_label_stands_on_the_line_of_its_field(qtbot, qapp, which):
    before = qapp.styleSheet()
    # It is the style of the window that makes fields taller than their labels.
    qapp.setStyleSheet(stylesheet(LIGHT))
    try:
        dialog = dialogs_with_fields(qapp)[which]
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.waitExposed(dialog)
        pairs = [(one, one.buddy()) for one in dialog.findChildren(QLabel)]
        seen = [(label, field) for label, field in pairs if field is not None and field.isVisible()]
        assert seen
        for label, field in seen:
            assert abs(label.geometry().center().y() - field.geometry().center().y()) <= 1, label.text()
    finally:
        qapp.setStyleSheet(before)
