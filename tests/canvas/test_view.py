import itertools

import pytest
from made import network
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.levels import Level
from dpiat_gui.canvas.zoom import LARGEST, SMALLEST
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import Overrides
from dpiat_gui.services.palettes import DARK, LIGHT
from dpiat_gui.transfer.coverage import coverage
from dpiat_gui.transfer.planning import plan_transfer

S, T = Side.SOURCE, Side.TARGET
LEFT = Qt.MouseButton.LeftButton


def point_of(view, place, dx=140):
    rect = view._scene.rect_of(view.board.shown(place))
    y = rect.center().y() if place.row is not None else rect.top() + 12
    return view.viewportTransform().map(QPointF(rect.left() + dx, y)).toPoint()


def middle_of_edge(view, edge):
    return view.viewportTransform().map(view._scene.drawing.middle(edge)).toPoint()


def mark(view, place):
    return view._scene.blocks(place.side)[place.entry]


# -- showing ---------------------------------------------------------------------------------


def test_both_columns_are_drawn_within_the_view(view):
    assert len(view._scene.blocks(S)) == 5
    assert len(view._scene.blocks(T)) == 7
    assert view.horizontalScrollBar().maximum() == 0
    assert view.zoom == 1.0


def test_the_picture_is_painted_in_the_theme(view):
    for theme in (LIGHT, DARK):
        view.set_theme(theme)
        image = view.viewport().grab().toImage()
        assert image.pixelColor(3, 3).name() == theme.canvas
        box = view._scene.rect_of(Place(T, 1))
        inside = view.viewportTransform().map(QPointF(box.right() - 4, box.top() + 4)).toPoint()
        assert image.pixelColor(inside).name() == theme.surface


def test_an_edit_keeps_items_scroll_expansion_and_selection(qtbot, long_view):
    view = long_view
    view.expand("t20", "target")
    view.set_selection("s20.3", "t20.3")
    before = view._scene.blocks(T)
    top = view._screen_top(Place(T, 20, 3))
    edited = match_networks(
        view.board.matching.source, view.board.matching.target, None, Overrides(fresh=["t3.0", "t5"])
    )
    view.set_matching(edited, coverage(plan_transfer(edited)))
    assert view._scene.blocks(T) == before
    assert view.board.expanded[T] == {20}
    assert view.selection == ("s20.3", "t20.3")
    assert view._scene.attention.target == Place(T, 20, 3)
    assert abs(view._screen_top(Place(T, 20, 3)) - top) <= 1


def test_an_item_is_redrawn_only_if_it_looks_different(view, matching):
    view.viewport().grab()
    drawings = [item._full for item in view._scene.blocks(S)]
    assert all(drawings)
    view.set_matching(
        match_networks(matching.source, matching.target, None, Overrides(bans=[("s2", "t3")])),
        None,
    )
    kept = [old is new._full for old, new in zip(drawings, view._scene.blocks(S), strict=True)]
    assert kept == [True, True, False, True, True]


def test_no_matching_takes_the_edges_away_and_keeps_the_columns(view):
    view.set_matching(None)
    assert len(view._scene.drawing) == 0
    assert len(view._scene.blocks(T)) == 7


def test_another_network_forgets_what_was_looked_at(view, source):
    view.select(Place(T, 5))
    view.set_networks(source, None)
    assert view._scene.attention.target is None
    assert view._scene.blocks(T) == ()
    view.set_networks(None, None)
    assert view._scene.blocks(S) == ()


def test_empty_sides_invite_and_loading_ones_say_what(qtbot, view, source):
    view.set_networks(None, None)
    left, right = view._invitations[S], view._invitations[T]
    assert left.isVisible()
    assert right.isVisible()
    assert left.geometry().right() < right.geometry().left()
    with qtbot.waitSignal(view.open_requested) as caught:
        qtbot.mouseClick(right.findChildren(QPushButton)[0], LEFT)
    assert caught.args == ["target"]
    with qtbot.waitSignal(view.demo_requested):
        qtbot.mouseClick(left.findChildren(QPushButton)[1], LEFT)
    view.set_networks(source, None)
    assert not left.isVisible()
    view.set_loading("target", "efficientnet_b2")
    assert "efficientnet_b2" in right._title.text()
    assert not right.findChildren(QPushButton)[0].isVisible()
    view.set_loading("target", None)
    assert right.findChildren(QPushButton)[0].isVisible()


@pytest.mark.parametrize("width", [498, 760])
@pytest.mark.parametrize("height", [104, 150, 200, 260, 400])
def test_what_an_empty_column_says_has_room_at_any_size(view, width, height):
    view.set_networks(None, None)
    view.resize(width, height)
    for invitation in view._invitations.values():
        shown = [one for one in invitation.findChildren(QWidget) if one.isVisible()]
        assert any(isinstance(one, QPushButton) for one in shown)
        for one in shown:
            assert invitation.rect().contains(one.geometry())
            assert one.height() >= (one.heightForWidth(one.width()) if one.hasHeightForWidth() else 1)
            assert one.width() >= one.sizeHint().width() or not isinstance(one, QPushButton)
        rects = [one.geometry() for one in shown]
        assert not any(a.intersects(b) for a, b in itertools.combinations(rects, 2))
    words = view._invitations[S].findChildren(QLabel)
    assert all(label.isVisible() for label in words) == (height >= (260 if width > 500 else 400))


def test_networks_with_nothing_in_common_say_so(qtbot, view, source):
    assert not view._notice.isVisible()
    view.set_matching(match_networks(source, network("o", [None, None])))
    assert view._notice.isVisible()
    assert "no layer types in common" in view._notice.text()


# -- zooming ---------------------------------------------------------------------------------


def wheel(view, steps, modifiers=Qt.KeyboardModifier.NoModifier, at=None):
    at = at or QPointF(200, 200)
    event = QWheelEvent(
        at,
        view.viewport().mapToGlobal(at),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def test_the_wheel_scrolls_and_with_control_zooms(long_view):
    wheel(long_view, -3)
    assert long_view.verticalScrollBar().value() > 0
    assert long_view.zoom == 1.0
    wheel(long_view, 1, Qt.KeyboardModifier.ControlModifier)
    assert long_view.zoom == pytest.approx(1.25)


def test_the_wheel_can_swap_its_meaning(long_view):
    long_view.set_wheel_zooms(True)
    wheel(long_view, 1)
    assert long_view.zoom == pytest.approx(1.25)
    wheel(long_view, -2, Qt.KeyboardModifier.ControlModifier)
    assert long_view.zoom == pytest.approx(1.25)
    assert long_view.verticalScrollBar().value() > 0


def test_zooming_holds_the_point_under_the_pointer(long_view):
    view = long_view
    view.verticalScrollBar().setValue(600)
    at = QPointF(300, 250)
    before = view._to_scene(at)
    wheel(view, 2, Qt.KeyboardModifier.ControlModifier, at)
    assert (view._to_scene(at) - before).manhattanLength() < 2


def test_the_zoom_stays_within_its_limits(long_view):
    for _ in range(60):
        long_view.zoom_in()
    assert long_view.zoom == LARGEST
    for _ in range(60):
        long_view.zoom_out()
    assert long_view.zoom == pytest.approx(min(SMALLEST, long_view.smallest_zoom()))
    long_view.zoom_reset()
    assert long_view.zoom == 1.0


def test_fit_all_shows_everything_and_the_far_view_takes_over(long_view):
    long_view.expand_all()
    long_view.fit_all()
    seen = long_view.seen().adjusted(-2, -2, 2, 2)
    assert seen.contains(long_view._scene.bounds())
    assert long_view._scene._levels.level is Level.FAR
    assert not long_view.viewport().grab().isNull()
    long_view.zoom_reset()
    assert long_view._scene._levels.level is Level.FULL


def test_fit_selection_shows_both_blocks_whole(long_view):
    long_view.set_selection("s30.1", "t30.1")
    long_view.fit_selection()
    seen = long_view.seen()
    for side in Side:
        assert seen.contains(long_view._scene.rect_of(Place(side, 30)))


def test_space_and_the_middle_button_pan(qtbot, long_view):
    view, port = long_view, long_view.viewport()
    view.verticalScrollBar().setValue(300)
    qtbot.mousePress(port, Qt.MouseButton.MiddleButton, pos=QPoint(200, 300))
    qtbot.mouseMove(port, QPoint(200, 260))
    qtbot.mouseRelease(port, Qt.MouseButton.MiddleButton, pos=QPoint(200, 260))
    assert view.verticalScrollBar().value() == 340
    qtbot.keyPress(view, Qt.Key.Key_Space)
    qtbot.mousePress(port, LEFT, pos=QPoint(200, 300))
    qtbot.mouseMove(port, QPoint(200, 200))
    qtbot.mouseRelease(port, LEFT, pos=QPoint(200, 200))
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    assert view.verticalScrollBar().value() == 440
    assert view.selection == (None, None)


def test_the_columns_follow_the_width(view):
    wide = view._scene.columns
    view.resize(620, 700)
    assert view._scene.columns.total < wide.total
    assert view.horizontalScrollBar().maximum() == 0


def test_a_view_goes_back_to_where_it_was(long_view):
    view = long_view
    view.expand("t20", "target")
    view.set_zoom(0.6)
    view.verticalScrollBar().setValue(120)
    state = view.view_state()
    view.collapse_all()
    view.zoom_reset()
    view.verticalScrollBar().setValue(0)
    view.restore_view_state(state)
    assert view.view_state() == state
    view.restore_view_state({"zoom": "large", "expanded": [1], "down": None})
    assert view.view_state() == state
    view.restore_view_state({"expanded": {"target": ["nowhere", 3]}})
    assert view.board.expanded == {S: set(), T: set()}


# -- selecting -------------------------------------------------------------------------------


def test_a_click_selects_the_pair_and_tells_once(qtbot, view):
    view.expand("t3", "target")
    told = []
    view.selected.connect(lambda *paths: told.append(paths))
    qtbot.mouseClick(view.viewport(), LEFT, pos=point_of(view, Place(T, 3, 1)))
    assert told == [("s2.1", "t3.1")]
    assert view.selection == ("s2.1", "t3.1")
    assert view.current_side == "target"
    assert "s2.1 gives to t3.1" in view.accessibleDescription()
    view.set_selection("s2.1", "t3.1")
    assert len(told) == 1


def test_a_click_on_a_row_without_partner_selects_it_alone(qtbot, view):
    qtbot.mouseClick(view.viewport(), LEFT, pos=point_of(view, Place(T, 5)))
    assert view.selection == (None, "t5")


def test_a_click_near_an_edge_selects_its_pair_and_elsewhere_nothing(qtbot, view):
    edge = next(iter(view.board.edges_of(Place(S, 2), Place(T, 3))))
    middle = middle_of_edge(view, edge)
    qtbot.mouseClick(view.viewport(), LEFT, pos=middle + QPoint(0, 4))
    assert view.selection == ("s2", "t3")
    qtbot.mouseClick(view.viewport(), LEFT, pos=middle + QPoint(0, 14))
    assert view.selection == (None, None)


def test_a_selection_from_outside_scrolls_only_when_it_must(qtbot, long_view):
    long_view.set_selection("s3", "t3")
    assert long_view.verticalScrollBar().value() == 0
    long_view.set_selection("s35", "t35")
    assert long_view.seen().contains(long_view._scene.rect_of(Place(T, 35)))
    told = []
    long_view.selected.connect(lambda *paths: told.append(paths))
    long_view.set_selection("s1", "t1")
    assert told == []


def test_the_target_looked_at_shows_its_rows_edges(qtbot, view):
    view.expand("s1", "source")
    assert len(view.board.edges_of(Place(S, 1), Place(T, 1))) == 4
    qtbot.mouseClick(view.viewport(), LEFT, pos=point_of(view, Place(T, 2, 0)))
    assert view.selection == ("s1.0", "t2.0")
    assert len(view.board.edges_of(Place(S, 1), Place(T, 1))) == 1
    assert len(view.board.edges_of(Place(S, 1), Place(T, 2))) == 4


def test_only_the_edges_of_the_selection_can_be_shown(view):
    view.set_selection("s0", "t0")
    view.set_only_selection_edges(True)
    assert view._scene._edges._rest == 0.0
    assert view._scene._edges._lifted == {0}
    # Nothing selected has no edges: that would only look like an empty matching.
    view.set_selection(None, None)
    assert view._scene._edges._rest == 1.0
    view.set_selection("s0", "t0")
    view.set_only_selection_edges(False)
    assert view._scene._edges._rest > 0


# -- keyboard --------------------------------------------------------------------------------


def press(qtbot, view, *keys):
    for key in keys:
        qtbot.keyClick(view, key)


def test_keys_walk_the_column_and_cross_to_the_partner(qtbot, view):
    key = Qt.Key
    press(qtbot, view, key.Key_Down)
    assert view.selection == ("s0", "t0")
    press(qtbot, view, key.Key_Down, key.Key_Down, key.Key_Down)
    assert view.selection == ("s2", "t3")
    press(qtbot, view, key.Key_Left)
    assert view.current_side == "source"
    press(qtbot, view, key.Key_Down)
    assert view.selection == ("s3", None)
    with qtbot.waitSignal(view.message) as caught:
        press(qtbot, view, key.Key_Right)
    assert "s3" in caught.args[0]
    press(qtbot, view, key.Key_End)
    assert view.selection == ("s4", "t6")
    press(qtbot, view, key.Key_Home)
    assert view.selection == ("s0", "t0")
    press(qtbot, view, key.Key_PageDown)
    assert view.selection == ("s4", "t6")


def test_keys_expand_collapse_ask_and_clear(qtbot, view):
    view.select(Place(T, 3))
    press(qtbot, view, Qt.Key.Key_Plus, Qt.Key.Key_Down)
    assert view.board.expanded == {S: {2}, T: {3}}
    assert view.selection == ("s2.0", "t3.0")
    press(qtbot, view, Qt.Key.Key_Minus)
    assert view.board.expanded == {S: set(), T: set()}
    assert view.selection == ("s2", "t3")
    with qtbot.waitSignal(view.details_requested):
        press(qtbot, view, Qt.Key.Key_Return)
    press(qtbot, view, Qt.Key.Key_Escape)
    assert view.selection == (None, None)


def test_the_focus_is_shown_where_the_keyboard_is(qtbot, view):
    view.select(Place(T, 0))
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    assert mark(view, Place(T, 0))._focused
    assert not mark(view, Place(S, 0))._focused
    view.clearFocus()
    assert not mark(view, Place(T, 0))._focused


def test_the_view_has_an_accessible_name(view):
    assert view.accessibleName()


# -- the pointer -----------------------------------------------------------------------------


def test_hovering_lifts_the_pair_and_tells_of_it(qtbot, view):
    told = []
    view.hovered.connect(told.append)
    qtbot.mouseMove(view.viewport(), point_of(view, Place(T, 3)))
    assert view._scene.attention.hover_source == Place(S, 2)
    assert view._scene._edges._lifted == view.board.edges_of(Place(S, 2), Place(T, 3))
    assert view._scene._edges._rest < 0.5
    qtbot.waitUntil(view._card.isVisible)
    assert view.rect().contains(view._card.geometry())
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert not view._card.isVisible()
    assert told[-1] == ""
    assert "s2 gives to t3" in told[0]
    assert view._scene._edges._rest == 1.0


def test_a_double_click_or_the_chevron_opens_a_block_where_it_stands(qtbot, long_view):
    view = long_view
    view.verticalScrollBar().setValue(400)
    block = Place(T, 15)
    top = view._screen_top(block)
    qtbot.mouseDClick(view.viewport(), LEFT, pos=point_of(view, block))
    assert view.board.expanded == {S: {15}, T: {15}}
    assert abs(view._screen_top(block) - top) <= 1
    qtbot.mouseClick(view.viewport(), LEFT, pos=point_of(view, block, dx=14))
    assert view.board.expanded == {S: set(), T: set()}


def test_expanding_by_path_and_all(view):
    view.expand("t3")
    assert view.expanded_paths() == {"source": ("s2",), "target": ("t3",)}
    view.expand_all()
    assert view.board.expanded == {S: {1, 2}, T: {1, 2, 3, 5}}
    view.collapse("s1", "source")
    assert view.board.expanded == {S: {2}, T: {3, 5}}
    view.collapse_all()
    assert view.board.expanded == {S: set(), T: set()}


def test_the_context_menu_is_asked_for_what_is_under_the_pointer(qtbot, view):
    point = point_of(view, Place(T, 3))
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, view.viewport().mapToGlobal(point))
    with qtbot.waitSignal(view.context_menu_requested) as caught:
        QApplication.sendEvent(view.viewport(), event)
    assert caught.args == ["s2", "t3", view.viewport().mapToGlobal(point)]


def test_a_context_menu_beside_the_cards_keeps_the_selection(qtbot, view):
    view.set_selection("s2", "t3")
    point = QPoint(1, view.viewport().height() - 1)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, view.viewport().mapToGlobal(point))
    with qtbot.waitSignal(view.context_menu_requested) as caught:
        QApplication.sendEvent(view.viewport(), event)
    assert caught.args[:2] == [None, None]
    assert view.selection == ("s2", "t3")


# -- dropping files --------------------------------------------------------------------------


def dropped(view, x, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(path) for path in paths])
    actions, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(x, 50), actions, data, LEFT, none)
    QApplication.sendEvent(view.viewport(), enter)
    QApplication.sendEvent(view.viewport(), QDropEvent(QPointF(x, 50), actions, data, LEFT, none))
    return enter.isAccepted()


@pytest.mark.parametrize(("x", "side"), [(100, "source"), (800, "target")])
def test_a_file_is_opened_on_the_half_it_is_dropped_on(qtbot, view, x, side):
    with qtbot.waitSignal(view.files_dropped) as caught:
        assert dropped(view, x, "/tmp/net.pth")
    assert caught.args == [side, "/tmp/net.pth"]


def test_several_files_are_not_taken(qtbot, view):
    assert not dropped(view, 100, "/tmp/a.pth", "/tmp/b.pth")
