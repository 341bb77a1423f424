from importlib import resources

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon

from dpiat_gui.services.icons import SIZES, app_icon, icon, pixmap
from dpiat_gui.services.theme import DARK, LIGHT

FOLDER = resources.files("dpiat_gui.resources") / "icons"
NAMES = sorted(
    file.name.removesuffix(".svg")
    for file in FOLDER.iterdir()
    if file.name.endswith(".svg") and not file.name.startswith(("style-", "app."))
)
WANTED = (
    "open-source open-target swap search fit zoom-in zoom-out expand collapse pin ban fresh clear undo redo "
    "transfer export save help warning error ok engine cancel settings edges recent folder close"
)


def inks(image):
    """Colours of the pixels that are fully drawn."""
    found = {}
    for x in range(image.width()):
        for y in range(image.height()):
            color = image.pixelColor(x, y)
            if color.alpha() == 255:
                found[color.name()] = found.get(color.name(), 0) + 1
    return found


def test_every_icon_that_is_spoken_of_is_there():
    assert set(WANTED.split()) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_icon_is_drawn_in_the_themes_colours(qapp, name):
    source = (FOLDER / f"{name}.svg").read_text()
    assert "currentColor" in source
    assert "#" not in source
    for theme in (LIGHT, DARK):
        drawn = inks(pixmap(name, theme, 48).toImage())
        assert set(drawn) == {QColor(theme.text).name()}
        assert sum(drawn.values()) > 60, "hardly anything is drawn"


def test_modes_have_their_colours(qapp):
    made = icon("pin", LIGHT)
    size = QSize(48, 48)
    assert set(inks(made.pixmap(size).toImage())) == {LIGHT.text}
    assert set(inks(made.pixmap(size, QIcon.Mode.Disabled).toImage())) == {LIGHT.text_disabled}
    assert set(inks(made.pixmap(size, QIcon.Mode.Normal, QIcon.State.On).toImage())) == {LIGHT.accent_text}
    assert set(inks(icon("error", DARK, color="error").pixmap(size).toImage())) == {DARK.error}


def test_icons_stay_sharp_on_dense_screens(qapp):
    made = icon("search", LIGHT)
    dense = made.pixmap(QSize(24, 24), 2.0)
    assert dense.size() == QSize(48, 48)
    assert dense.devicePixelRatio() == 2.0
    assert {size.width() for size in made.availableSizes()} == set(SIZES)
    assert pixmap("search", LIGHT, 16, 1.5).size() == QSize(24, 24)


def test_an_icon_that_is_not_there_is_an_error(qapp):
    with pytest.raises(FileNotFoundError):
        icon("no such icon", LIGHT)


def test_the_programs_own_icon_has_several_colours(qapp):
    assert len(inks(app_icon().pixmap(QSize(64, 64)).toImage())) > 4
