import re
import xml.etree.ElementTree as ET

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.layout import Columns
from dpiat_gui.canvas.render import render_matching
from dpiat_gui.canvas.view import MatchView
from dpiat_gui.errors import ExportError
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import match_options

S, T = Side.SOURCE, Side.TARGET
LEFT = Qt.MouseButton.LeftButton
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def strips(view):
    view.set_orientation("strips")
    return view


def test_the_source_lies_above_the_target_and_entries_run_to_the_right(strips):
    scene = strips._scene
    for entry in range(4):
        here, there = scene.rect_of(Place(T, entry)), scene.rect_of(Place(T, entry + 1))
        assert here.right() < there.left()
        assert here.top() == there.top()
    assert scene.rect_of(Place(S, 0)).bottom() < scene.rect_of(Place(T, 0)).top()
    # The whole width of the strips is seen at 100 %.
    assert strips.verticalScrollBar().maximum() == 0
    assert strips.seen().height() >= scene.columns.total


def test_boxes_are_painted_where_places_are(strips):
    strips.expand("t3")
    for side in Side:
        for entry, item in enumerate(strips._scene.blocks(side)):
            rect = strips._scene.rect_of(Place(side, entry))
            drawn = item.sceneBoundingRect()
            overhang = 7.0
            inner = drawn.adjusted(overhang, overhang, -overhang, -overhang)
            assert inner.topLeft().toPoint() == rect.topLeft().toPoint()
            assert inner.size() == rect.size()
            assert strips._scene.place_at(rect.center()).entry == entry


def test_edges_run_from_the_lower_side_of_the_source_to_the_upper_side_of_the_target(strips):
    drawing, scene = strips._scene.drawing, strips._scene
    for i in range(len(drawing)):
        start, end = drawing._ends(i)
        source, target = strips.board.ends(i)
        assert start.y() == scene.rect_of(source).bottom()
        assert end.y() == scene.rect_of(target).top()
        assert scene.edge_at(drawing.middle(i), 3) == i


@pytest.mark.parametrize("orientation", ["columns", "strips"])
def test_drawn_edges_never_cross_in_either_orientation(qtbot, view, orientation):
    view.set_orientation(orientation)
    for change in (view.expand_all, view.collapse_all, lambda: view.expand("s1", "source")):
        change()
        drawing = view._scene.drawing
        stage = view._scene.stage
        for fraction in (0.0, 0.3, 0.5, 0.9, 1.0):
            points = [drawing._along(i, fraction) for i in range(len(drawing))]
            along = [stage.local(point.x(), point.y())[1] for point in points]
            assert along == sorted(along)


def test_the_names_stand_above_and_below(strips):
    assert strips._headings.y() == 0
    assert strips._footing.isVisible()
    assert strips._footing.y() > strips.viewport().geometry().bottom()
    assert strips._footing._columns[T].network.name == "t"
    assert T not in strips._headings._columns
    assert strips._strips[S].geometry().bottom() < strips.viewport().y()
    assert strips._strips[T].y() > strips.viewport().geometry().bottom()
    strips.set_orientation("columns")
    assert not strips._footing.isVisible()
    assert strips._headings._columns[T].network.name == "t"


def test_arrows_turn_with_the_strips(qtbot, strips):
    strips.select(Place(T, 1))
    qtbot.keyClick(strips, Qt.Key.Key_Right)
    assert strips.selection == ("s1", "t2")
    qtbot.keyClick(strips, Qt.Key.Key_Up)
    assert strips.current_side == "source"
    qtbot.keyClick(strips, Qt.Key.Key_Left)
    assert strips.selection == ("s0", "t0")


def test_a_curve_is_pulled_from_strip_to_strip(qtbot, strips):
    strips.set_pin_check(lambda source, target: None)
    begin, end = (
        strips.viewportTransform().map(strips._scene.rect_of(place).center()).toPoint()
        for place in (Place(S, 1), Place(T, 3))
    )
    qtbot.mousePress(strips.viewport(), LEFT, pos=begin)
    qtbot.mouseMove(strips.viewport(), begin + QPoint(0, 30))
    qtbot.mouseMove(strips.viewport(), end)
    with qtbot.waitSignal(strips.pin_requested) as caught:
        qtbot.mouseRelease(strips.viewport(), LEFT, pos=end)
    assert caught.args == ["s1", "t3"]


def test_a_click_on_the_chevron_opens(qtbot, strips):
    rect = strips._scene.rect_of(Place(T, 3))
    point = strips.viewportTransform().map(QPointF(rect.center().x(), rect.bottom() - 14)).toPoint()
    qtbot.mouseClick(strips.viewport(), LEFT, pos=point)
    assert strips.board.expanded[T] == {3}


def test_the_wheel_moves_along_the_strips(long_view):
    long_view.set_orientation("strips")
    bar = long_view.horizontalScrollBar()
    bar.setValue(0)
    event = QWheelEvent(
        QPointF(50, 50),
        QPointF(50, 50),
        QPoint(),
        QPoint(0, -240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(long_view.viewport(), event)
    assert bar.value() == 120


def test_what_is_selected_stays_in_view_when_the_picture_turns(qtbot, long_view):
    view = long_view
    view.select(Place(T, 30))
    for orientation in ("strips", "columns"):
        with qtbot.waitSignal(view.orientation_changed) as caught:
            view.set_orientation(orientation)
        assert caught.args == [orientation]
        assert view.orientation == orientation
        assert view.seen().intersects(view._scene.rect_of(Place(T, 30)))
    view.set_orientation("strips")
    view.select(Place(T, 2))
    assert view.seen().intersects(view._scene.rect_of(Place(T, 2)))
    with pytest.raises(ValueError, match="diagonal"):
        view.set_orientation("diagonal")


def test_the_orientation_is_kept_with_the_view(qtbot, matching, strips):
    strips.set_arcs_visible(False)
    state = strips.view_state()
    other = MatchView()
    qtbot.addWidget(other)
    other.set_matching(matching)
    other.restore_view_state(state)
    assert other.orientation == "strips"
    assert not other.arcs_visible
    other.restore_view_state({"orientation": "upside down", "arcs": 3})
    assert other.orientation == "strips"


def test_files_go_to_the_upper_or_lower_half(strips):
    assert strips._drop_side(QPointF(700, 40)) is S
    assert strips._drop_side(QPointF(100, strips.viewport().height() - 40)) is T


def test_an_empty_half_invites(strips, source):
    strips.set_networks(source, None)
    assert strips._invitations[T].isVisible()
    assert strips._invitations[T].y() >= strips.viewport().geometry().center().y()


@pytest.mark.parametrize("available", [300, 520, 760, 1400])
def test_strips_fit_the_height_they_are_given(available):
    columns = Columns.stacked(available)
    if available >= 540:
        assert columns.total <= available
    assert columns.gap >= 72
    assert columns.width >= 190


@pytest.mark.parametrize("method", ["dp", "random"])
def test_a_figure_of_strips_has_one_path_a_pair_and_is_wide(qapp, source, target, tmp_path, method):
    matching = match_networks(source, target, match_options(method=method))
    path = render_matching(matching, tmp_path / "figure.svg", orientation="strips")
    root = ET.fromstring(path.read_bytes())
    paths = list(root.iter(f"{SVG}path"))
    assert len(paths) == len(matching.entry_pairs)
    for one in paths:
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = (
            map(float, pair.split(",")) for pair in re.findall(r"[-\d.]+,[-\d.]+", one.get("d"))
        )
        # From above to below, with vertical tangents.
        assert y0 < y1 <= y2 < y3 or y0 < y2 <= y1 < y3
        assert (x0, x2) == (x1, x3)
    texts = {element.text for element in root.iter(f"{SVG}text")}
    assert {"s", "t"} <= texts
    turned = [group for group in root.iter(f"{SVG}g") if "rotate(-90)" in group.get("transform")]
    assert len(turned) == 12


def test_png_and_pdf_of_strips_are_written(qapp, matching, tmp_path):
    for name in ("figure.png", "figure.pdf"):
        assert render_matching(matching, tmp_path / name, orientation="strips").stat().st_size > 1000


def test_an_unknown_orientation_of_a_figure_is_refused(qapp, matching, tmp_path):
    with pytest.raises(ExportError) as caught:
        render_matching(matching, tmp_path / "figure.svg", orientation="diagonal")
    assert "columns, strips" in caught.value.hint


def test_a_low_view_shows_both_strips_at_once_and_columns_at_their_size(long_view):
    long_view.resize(700, 480)
    long_view.set_orientation("strips")
    assert 0.6 <= long_view.zoom < 1.0
    assert long_view.seen().height() >= long_view._scene.columns.total - 2
    long_view.set_orientation("columns")
    assert long_view.zoom == pytest.approx(1.0)
    long_view.set_zoom(2.0)
    long_view.set_orientation("strips")
    assert long_view.zoom == pytest.approx(2.0)
