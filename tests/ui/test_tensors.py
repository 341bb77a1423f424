"""The Tensors pane, its pictures, and what it asks of the engine."""

import itertools
import math

import numpy as np
import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel

from dpiat_gui.document.selection import Selection
from dpiat_gui.errors import EngineError, SourceError
from dpiat_gui.services.theme import DARK, LIGHT
from dpiat_gui.transfer.values import PlanRow
from dpiat_gui.ui.app import make_window
from dpiat_gui.ui.tensors import NOTHING, TensorsFeature
from dpiat_gui.ui.tensors_drawings import ValuesPicture
from dpiat_gui.ui.tensors_images import (
    LEVELS,
    NOT_A_NUMBER,
    colored,
    diverging,
    filters_image,
    grid_for,
    nearest_shown,
    original_index,
    sampled_text,
)
from dpiat_gui.ui.tensors_pane import TensorsPane
from dpiat_gui.ui.tensors_values import TensorView, Variant, number, read_answer, source_channel
from dpiat_gui.ui.widgets import scrolling

LONG = 120_000
SMALL, OTHER = "timm:resnet10t?num_classes=5", "timm:resnet14t?num_classes=7"


def variant(name, values, layout=None, shape=None):
    layout = layout or {1: "line", 2: "matrix", 4: "filters"}[values.ndim]
    shown = values.shape[: 2 if values.ndim > 1 else 1]
    finite = values[np.isfinite(values)]
    statistics = {"mean": float(finite.mean()), "std": 1.0, "low": float(finite.min()), "high": 1.0}
    statistics |= {"rms": 1.0, "zeros": int((values == 0).sum()), "infinite": 0}
    statistics["not_a_number"] = int(np.isnan(values).sum())
    histogram = None if name == "difference" else (1, 2, 3)
    return Variant(
        name, shape or values.shape, "float32", statistics, histogram, layout, shown, shown, values
    )


def view_of(shape, **more):
    random = np.random.default_rng(0)
    made = [
        variant(name, random.normal(size=shape).astype(np.float32))
        for name in ("source", "before", "after", "difference")
    ]
    return TensorView(tuple(made), (-3.0, 3.0), 2.0, **more)


@pytest.fixture
def pane(qtbot):
    pane = TensorsPane()
    qtbot.addWidget(pane)
    pane.resize(320, 900)
    pane.show()
    return pane


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_colours_diverge_evenly_around_the_surface(theme):
    colors = diverging(theme).astype(float)
    assert colors.shape == (LEVELS, 3)
    surface = theme.color("surface")
    assert np.abs(colors[LEVELS // 2] - [surface.red(), surface.green(), surface.blue()]).max() <= 12
    lightness = colors @ [0.2126, 0.7152, 0.0722]
    half = LEVELS // 2
    for side in (lightness[half:], lightness[half::-1]):
        steps = np.diff(side)
        assert (steps >= -1).all() if theme.dark else (steps <= 1).all()
    # Both ends stand out alike, and differ from each other by hue.
    assert abs(lightness[0] - lightness[-1]) < 30
    assert colors[0][2] > colors[0][0]
    assert colors[-1][0] > colors[-1][2]


def test_values_beyond_the_ends_and_those_that_are_none_have_colours():
    colors = diverging(LIGHT)
    made = colored(np.array([0.0, 5.0, -5.0, math.inf, -math.inf, math.nan]), 1.0, colors)
    assert (made[0] == colors[LEVELS // 2]).all()
    assert (made[1] == made[3]).all()
    assert (made[1] == colors[-1]).all()
    assert (made[2] == made[4]).all()
    assert tuple(made[5]) == NOT_A_NUMBER
    assert (colored(np.zeros(2), 0.0, colors) == colors[LEVELS // 2]).all()


@pytest.mark.parametrize("cells", [1, 5, 32, 480])
def test_every_filter_has_its_place_in_the_grid(cells):
    values = np.arange(cells * 6, dtype=float).reshape(cells, 2, 3)
    grid = grid_for(cells, (2, 3), 2.0)
    image = filters_image(values, grid, 1.0, diverging(LIGHT), QColor("#010203"))
    assert image.shape == (*grid.size, 3)
    found = {grid.find(y, x) for y in range(grid.size[0]) for x in range(grid.size[1])} - {None}
    assert found == {(cell, y, x) for cell in range(cells) for y in range(2) for x in range(3)}
    assert grid.find(-1, 0) is None
    colors = colored(values, 1.0, diverging(LIGHT))
    for y in range(grid.size[0]):
        for x in range(grid.size[1]):
            place = grid.find(y, x)
            assert tuple(image[y, x]) == ((1, 2, 3) if place is None else tuple(colors[place]))


def test_indices_of_what_is_sampled():
    assert [original_index(at, 4, 10) for at in range(4)] == [0, 3, 6, 9]
    assert [nearest_shown(index, 4, 10) for index in (0, 3, 5, 9)] == [0, 1, 2, 3]
    assert original_index(3, 4, 4) == 3
    assert nearest_shown(7, 4, 4) == 3
    assert sampled_text((4, 3), (10, 3), "matrix") == "drawn: 4 of 10 rows, evenly spaced"
    assert sampled_text((4, 3), (4, 3), "filters") == ""
    assert [number(x) for x in (None, 3, 1234, -0.12345)] == ["–", "3", "1,234", "−0.1235"]


def test_the_source_shows_the_channel_that_goes_to_the_target():
    row = PlanRow("t", (4, 6), "float32", "l", "s", (4, 4), ((0, 4), (0, 4)), ((0, 4), (1, 5)))
    assert [source_channel(at, row) for at in range(6)] == [None, 0, 1, 2, 3, None]
    picked = PlanRow("t", (4, 2), "float32", "l", "s", (4, 4), ((0, 4), (1, 4)), ((0, 4), (0, 2)),
                     source_picks=(None, (3, 1)), target_picks=(None, (0, 1)))  # fmt: skip
    assert [source_channel(at, picked) for at in range(2)] == [3, 1]
    assert source_channel(5, None) == 5


def test_filters_have_pictures_and_a_channel(pane):
    row = PlanRow("t", (8, 3, 3, 3), "float32", "l", "s", (8, 3, 3, 3), ((0, 8), (0, 2), (0, 3), (0, 3)),
                  ((0, 8), (1, 3), (0, 3), (0, 3)))  # fmt: skip
    pane.show_names("a → b", ("weight", "bias"), "weight")
    pane.show_view(view_of((8, 3, 3, 3)), row)
    assert pane.channel.isVisible()
    assert pane.channel.maximum() == 2
    assert pane.channel_text.text() == "channel 1 of 3"
    shown = {name: titled.picture for name, titled in pane.pictures.items() if titled.isVisible()}
    assert list(shown) == ["source", "before", "after"]
    assert shown["source"].image is None  # channel 0 of the target takes nothing
    before = shown["before"].image
    pane.channel.setValue(1)
    assert shown["source"].image is not None
    assert shown["before"].image != before
    pane.difference.setChecked(True)
    assert pane.pictures["difference"].isVisible()
    assert pane.statistics.text_at("mean", "difference")
    picture = shown["after"]
    picture.resize(200, 100)
    text = picture.value_at(1, 1)
    value = pane.view.variant("after").values[0, 1, 0, 0]
    assert text == f"target after [0, 1, 0, 0] = {value:.5g}"
    assert picture.value_at(-5, 1) == ""


def test_vectors_are_curves_and_matrices_have_no_channel(pane):
    pane.show_view(view_of((12,), notes=("A note.",)), None)
    assert pane.lines.isVisible()
    assert not any(titled.isVisible() for titled in pane.pictures.values())
    assert pane.notes.text() == "A note."
    pane.show_view(view_of((12, 5)), None)
    assert not pane.lines.isVisible()
    assert not pane.channel.isVisible()
    assert pane.pictures["source"].isVisible()
    view = view_of((4, 4))
    view.variants[0].values[0, 0] = math.nan
    pane.show_view(TensorView((variant("source", view.variants[0].values),), (0, 1), 1.0), None)
    assert pane.statistics.text_at("NaN", "source") == "1"
    for theme in (DARK, LIGHT):
        pane.set_theme(theme)
        for width in (200, 320, 700):
            pane.resize(width, 700)
            assert not pane.grab().isNull()


@pytest.mark.parametrize("width", [300, 420, 900])
def test_the_difference_does_not_push_the_pane_beyond_the_docks_edge(qtbot, width):
    pane = TensorsPane()
    page = scrolling(pane)
    qtbot.addWidget(page)
    page.resize(width, 700)
    page.show()
    qtbot.waitExposed(page)
    pane.show_view(view_of((8, 3, 3, 3)), None)
    for wanted in (True, False, True):
        pane.difference.setChecked(wanted)
        QApplication.processEvents()
        assert pane.width() <= page.viewport().width()
        shown = pane.statistics.findChildren(QLabel)
        cells = [one.geometry() for one in shown if one.isVisible()]
        assert len(cells) >= (4 if wanted else 3) * 7
        assert all(pane.statistics.rect().contains(cell) for cell in cells)
        assert not any(a.intersects(b) for a, b in itertools.combinations(cells, 2))
    values = [pane.statistics.text_at("mean", name) for name in ("source", "before", "after", "difference")]
    assert all(values)


def test_a_message_does_not_scroll_over_the_tensor_before_it(qtbot):
    pane = TensorsPane()
    page = scrolling(pane)
    qtbot.addWidget(page)
    page.resize(300, 400)
    page.show()
    qtbot.waitExposed(page)
    bar = page.verticalScrollBar()
    assert bar.maximum() == 0
    pane.show_view(view_of((8, 3, 3, 3)), None)
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    pane.show_message("A block has many tensors: select one of its layers.")
    qtbot.waitUntil(lambda: bar.maximum() == 0)


def test_a_single_value_makes_no_curves(pane):
    pane.show_view(view_of((1,)), None)
    assert not pane.lines.isVisible()
    assert not pane.histogram.isVisible()
    assert pane.statistics.text_at("mean", "after")
    pane.show_view(view_of((12,)), None)
    assert pane.lines.isVisible()
    assert pane.histogram.isVisible()


def test_of_vectors_the_difference_is_a_curve_too(pane):
    pane.show_view(view_of((12,)), None)
    assert len(pane.lines._items) == 3
    pane.difference.setChecked(True)
    assert len(pane.lines._items) == 4


@pytest.mark.parametrize("shape", [(300, 50), (50, 300)])
def test_a_long_matrix_leaves_no_room_empty(qtbot, shape):
    picture = ValuesPicture("source")
    qtbot.addWidget(picture)
    picture.resize(300, 180)
    picture.show_variant(variant("source", np.ones(shape), "matrix"), 1.0, None)
    picture.show()
    # Every corner of the widget shows a value: nothing beside the picture is bare.
    assert all(picture.value_at(x, y) for x in (2, 297) for y in (2, 177))


def test_messages(pane):
    assert "Select a layer" in pane.message.text()
    pane.show_names("a", ("weight",), "weight")
    pane.show_reading("Reading the tensor…")
    assert pane.state.isVisible()
    pane.show_failed(SourceError("It is gone.", "Open it again."))
    assert pane.message.text() == "It is gone.\nOpen it again."
    assert not pane.state.isVisible()
    with pytest.raises(EngineError, match="could not be shown"):
        read_answer({"variants": [{"name": "source"}]})


@pytest.fixture
def window(qtbot):
    window = make_window(QApplication.instance())
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    return window


def test_the_selected_layers_tensor_is_read_when_the_pane_is_seen(window, qtbot):
    feature = next(feature for feature in window.features if isinstance(feature, TensorsFeature))
    window.pages.show("tensors")
    qtbot.waitUntil(lambda: not feature.busy)
    assert "Open a network" in feature.pane.message.text()
    with qtbot.waitSignal(window.document.matching_changed, timeout=LONG, check_params_cb=bool):
        window.opening.open_both(SMALL, OTHER)
    qtbot.waitUntil(lambda: not feature.busy)
    assert feature.pane.message.text() == NOTHING
    pair = next(p for p in window.document.matching.pairs if "conv" in p.target)
    norm = next(p for p in window.document.matching.pairs if "bn" in p.target)
    window.document.select(Selection(pair.source, pair.target))
    qtbot.waitUntil(lambda: feature.pane.view is not None, timeout=LONG)
    layer = next(one for one in window.document.target.layers if one.path == pair.target)
    assert feature.pane.view.variant("after").shape == layer.shape
    assert feature.pane.view.variant("source").name == "source"
    assert "own initialisation (seed 0)" in feature.pane.view.notes[0]
    # Another selection before the answer is there: the last one counts.
    window.document.select(Selection(norm.source, norm.target))
    feature._ask()
    window.document.select(Selection(None, pair.target))
    feature._ask()
    window.document.select(Selection(norm.source, norm.target))
    qtbot.waitUntil(lambda: not feature.busy, timeout=LONG)
    assert feature.pane.path.full_text == f"{norm.source} → {norm.target}"
    assert len(feature.pane.view.variant("before").shape) == 1
    feature.pane.tensor_chosen.emit("running_mean")
    qtbot.waitUntil(lambda: not feature.busy, timeout=LONG)
    assert feature.pane.names.currentText() == "running_mean"
    # Two layers that are not matched to each other: there is nothing to come after.
    other = next(p for p in window.document.matching.pairs if p.source != norm.source and "bn" in p.source)
    window.document.select(Selection(other.source, norm.target))
    qtbot.waitUntil(lambda: not feature.busy, timeout=LONG)
    assert [one.name for one in feature.pane.view.variants] == ["source", "before"]
    block = next(entry for entry in window.document.matching.target_entries if not entry.single)
    window.document.select_target(block.path)
    qtbot.waitUntil(lambda: not feature.busy, timeout=LONG)
    assert "select one of its layers" in feature.pane.message.text()
