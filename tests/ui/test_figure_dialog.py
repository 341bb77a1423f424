import pytest
from PySide6.QtWidgets import QLabel

from dpiat_gui.services.theme import DARK, LIGHT, stylesheet
from dpiat_gui.ui.figure_dialog import CONTENTS, FigureDialog, FigureWish


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


def test_every_label_stands_on_the_line_of_its_field(qtbot, qapp):
    before = qapp.styleSheet()
    # It is the style of the window that makes fields taller than their labels.
    qapp.setStyleSheet(stylesheet(LIGHT))
    try:
        dialog = FigureDialog(FigureWish())
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.waitExposed(dialog)
        for field in (dialog.content, dialog.theme, dialog.scale):
            label = next(one for one in dialog.findChildren(QLabel) if one.buddy() is field)
            assert abs(label.geometry().center().y() - field.geometry().center().y()) <= 1
    finally:
        qapp.setStyleSheet(before)
