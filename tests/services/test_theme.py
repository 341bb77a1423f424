import itertools
import re
from dataclasses import fields
from importlib import resources
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QCheckBox, QLineEdit, QPushButton, QTreeWidget, QTreeWidgetItem

from dpiat_gui.networks.titles import BlockRole, LayerRole
from dpiat_gui.services import palettes
from dpiat_gui.services.palettes import ROLE_COLORS, TEXT_PAIRS, Theme, contrast, mixed
from dpiat_gui.services.theme import (
    DARK,
    LIGHT,
    ThemeKeeper,
    qpalette,
    role_color,
    role_outline,
    score_color,
    stylesheet,
    theme_for,
)

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
COLOR = re.compile(r"#[0-9a-f]{6}")

# Machado, Oliveira and Fernandes 2009, severity 1: what people without one kind of cone see.
BLINDNESS = {
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(color):
    parts = (color.redF(), color.greenF(), color.blueF())
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def oklab(rgb):
    red, green, blue = (max(0.0, part) for part in rgb)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def distance(first, second, seen=((1, 0, 0), (0, 1, 0), (0, 0, 1))):
    def view(color):
        rgb = linear(color)
        return oklab([sum(a * b for a, b in zip(row, rgb, strict=True)) for row in seen])

    return sum((a - b) ** 2 for a, b in zip(view(first), view(second), strict=True)) ** 0.5


@THEMES
def test_every_colour_is_a_plain_colour(theme):
    for field in fields(Theme):
        value = getattr(theme, field.name)
        if field.name == "scores":
            assert all(COLOR.fullmatch(color) for color in value)
        elif field.name not in ("name", "dark"):
            assert COLOR.fullmatch(value), field.name
    assert theme.dark == (theme.name == "dark")


@THEMES
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_stands_out_from_its_ground(theme, text, ground):
    assert contrast(theme.color(text), theme.color(ground)) >= 4.5


@THEMES
@pytest.mark.parametrize("mark", ["focus", "border_strong", "accent", "pin", "ban", "unmatched", "fresh"])
def test_marks_and_rims_of_controls_stand_out(theme, mark):
    for ground in ("surface", "canvas"):
        assert contrast(theme.color(mark), theme.color(ground)) >= 3


@THEMES
def test_the_style_sheet_uses_only_text_on_grounds_that_are_checked(theme):
    # A rule that sets both colours names a pair; each pair has to be among those above.
    template = (resources.files("dpiat_gui.resources") / "themes" / "window.qss").read_text("utf-8")
    pairs = set(TEXT_PAIRS)
    for selector, body in re.findall(r"([^{}]+)\{([^}]*)\}", template):
        text = re.search(r"(?<![-\w])color: \$(\w+)", body)
        ground = re.search(r"(?<![-\w])background: \$(\w+)", body)
        if text and ground and text[1] != "text_disabled":
            assert (text[1], ground[1]) in pairs, selector.strip()


@THEMES
def test_scores_go_evenly_and_never_vanish_into_the_ground(theme):
    colors = [score_color(step / 200, theme) for step in range(201)]
    for color in colors:
        for ground in ("surface", "canvas"):
            assert contrast(color, theme.color(ground)) >= 3
    steps = [distance(first, second) for first, second in itertools.pairwise(map(QColor, theme.scores))]
    assert max(steps) < 1.6 * min(steps)
    # Brightness alone tells the order, also to people who see no colours.
    lightness = [oklab(linear(color))[0] for color in map(QColor, theme.scores)]
    assert lightness == sorted(lightness)


@THEMES
@pytest.mark.parametrize(("score", "like"), [(-1, 0), (2, 1), (float("-inf"), 0)])
def test_scores_out_of_range_take_the_nearer_end(theme, score, like):
    assert score_color(score, theme) == score_color(like, theme)


def test_roles_have_colours_of_their_own_also_for_colour_blind_eyes():
    for first, second in itertools.combinations(ROLE_COLORS, 2):
        pair = QColor(ROLE_COLORS[first]), QColor(ROLE_COLORS[second])
        # Two just noticeable differences and more, in every way of seeing.
        assert distance(*pair) > 0.05, (first, second)
        for kind, seen in BLINDNESS.items():
            assert distance(*pair, seen) > 0.04, (first, second, kind)


@THEMES
@pytest.mark.parametrize("role", [*LayerRole, *BlockRole], ids=str)
def test_every_role_has_a_colour_and_a_rim_that_stands_out(theme, role):
    assert role.name in ROLE_COLORS
    assert role_color(role, theme).isValid()
    assert contrast(role_outline(role, theme), theme.color("surface")) >= 3


@THEMES
def test_the_palette_is_the_themes(theme):
    palette = qpalette(theme)
    assert palette.color(QPalette.ColorRole.Window).name() == theme.surface
    disabled = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    assert disabled.name() == theme.text_disabled


@THEMES
def test_the_style_sheet_follows_the_systems_font_and_names_files_that_exist(qapp, theme):
    small, large = stylesheet(theme, 8.0), stylesheet(theme, 20.0)
    assert "7.20pt" in small
    assert "18.00pt" in large
    assert "$" not in small
    files = re.findall(r'url\("([^"]+)"\)', small)
    assert files
    for file in files:
        assert Path(file).is_file()
        for color in re.findall(r'"(#[0-9a-fA-F]{6})"', Path(file).read_text()):
            assert color in vars(theme).values(), f"{file} has a colour that is not the theme's"


@THEMES
def test_the_application_looks_like_the_theme(qtbot, qapp, theme):
    keeper = ThemeKeeper(qapp, theme.name)
    button, box, field = QPushButton("Transfer"), QCheckBox("Buffers"), QLineEdit("text")
    button.setProperty("primary", True)
    for widget in (button, box, field):
        qtbot.addWidget(widget)
        widget.resize(160, 40)
        widget.ensurePolished()
    assert keeper.theme is theme
    image = button.grab().toImage()
    assert image.pixelColor(16, 20).name() == theme.accent
    image = field.grab().toImage()
    assert image.pixelColor(140, 20).name() == theme.field


def test_the_keeper_changes_themes_and_tells_once(qtbot, qapp):
    keeper = ThemeKeeper(qapp, "light")
    told = []
    keeper.theme_changed.connect(told.append)
    keeper.set_choice("dark")
    keeper.set_choice("dark")
    keeper.set_choice("light")
    assert told == [DARK, LIGHT]
    assert keeper.choice == "light"


def test_the_system_is_followed_only_where_that_is_the_choice(qtbot, qapp):
    hints = qapp.styleHints()
    keeper = ThemeKeeper(qapp, "light")
    told = []
    keeper.theme_changed.connect(told.append)
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert told == []
    # Not every platform lets a test choose; what the hints say is what has to hold.
    hints.setColorScheme(Qt.ColorScheme.Dark)
    assert theme_for("system") is (DARK if hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT)
    hints.unsetColorScheme()
    assert theme_for("system") is (DARK if hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT)
    assert theme_for("dark") is DARK


def test_a_mix_of_colours_is_a_colour():
    assert mixed(QColor("#000000"), QColor("#ffffff"), 0).name() == "#000000"
    assert mixed(QColor("#000000"), QColor("#ffffff"), 1).name() == "#ffffff"
    assert contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21)
    assert palettes.relative_luminance(QColor("#ffffff")) == pytest.approx(1)


@THEMES
def test_an_empty_tick_box_in_a_list_can_be_seen(qtbot, theme):
    tree = QTreeWidget()
    qtbot.addWidget(tree)
    tree.setStyleSheet(stylesheet(theme))
    item = QTreeWidgetItem(["pin"])
    item.setCheckState(0, Qt.CheckState.Unchecked)
    tree.addTopLevelItem(item)
    tree.resize(200, 120)
    tree.show()
    qtbot.waitExposed(tree)
    drawn = tree.viewport().grab(tree.visualItemRect(item)).toImage()
    border = theme.color("border_strong").rgb()
    seen = [
        (x, y) for x in range(drawn.width()) for y in range(drawn.height()) if drawn.pixel(x, y) == border
    ]
    # All four sides of one box, and nothing else.
    assert len({x for x, _ in seen}) >= 8
    assert len({y for _, y in seen}) >= 8
