import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from dpiat_gui.canvas.annotations import PinPreview
from dpiat_gui.canvas.columns import Place, Side

S, T = Side.SOURCE, Side.TARGET
LEFT = Qt.MouseButton.LeftButton


def point_of(view, place, dx=140):
    rect = view._scene.rect_of(view.board.shown(place))
    y = rect.center().y() if place.row is not None else rect.top() + 12
    return view.viewportTransform().map(QPointF(rect.left() + dx, y)).toPoint()


def pull(qtbot, view, begin, end):
    qtbot.mousePress(view.viewport(), LEFT, pos=point_of(view, begin))
    qtbot.mouseMove(view.viewport(), point_of(view, begin) + QPoint(30, 0))
    qtbot.mouseMove(view.viewport(), point_of(view, end))


def release(qtbot, view, end):
    qtbot.mouseRelease(view.viewport(), LEFT, pos=point_of(view, end))


@pytest.mark.parametrize(("begin", "end"), [((S, 1), (T, 3)), ((T, 3), (S, 1))])
def test_a_pull_to_the_other_side_asks_for_a_pin(qtbot, view, begin, end):
    view.set_pin_check(lambda source, target: None)
    pull(qtbot, view, Place(*begin), Place(*end))
    with qtbot.waitSignal(view.pin_requested) as caught:
        release(qtbot, view, Place(*end))
    assert caught.args == ["s1", "t3"]
    assert not view._scene.attention.glow
    assert not view._scene.attention.pulling


def test_valid_goals_glow_and_others_say_why(qtbot, view):
    view.set_pin_check(lambda source, target: None if target == "t3" else f"{target} will not do.")
    pull(qtbot, view, Place(S, 1), Place(T, 5))
    assert view._scene.attention.glow == {Place(T, 3)}
    assert view._reason.isVisible()
    assert view._reason._label.text() == "t5 will not do."
    asked = []
    view.pin_requested.connect(lambda *paths: asked.append(paths))
    with qtbot.waitSignal(view.message) as caught:
        release(qtbot, view, Place(T, 5))
    assert caught.args == ["t5 will not do."]
    assert asked == []
    assert not view._reason.isVisible()


def test_escape_gives_a_pull_up(qtbot, view):
    asked = []
    view.pin_requested.connect(lambda *paths: asked.append(paths))
    count = len(view._scene.items())
    pull(qtbot, view, Place(S, 1), Place(T, 3))
    assert len(view._scene.items()) == count + 1
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    release(qtbot, view, Place(T, 3))
    assert asked == []
    assert len(view._scene.items()) == count
    assert view.selection == ("s1", "t1")


def test_a_drop_beside_the_columns_does_nothing(qtbot, view):
    asked = []
    view.pin_requested.connect(lambda *paths: asked.append(paths))
    pull(qtbot, view, Place(S, 1), Place(S, 2))
    release(qtbot, view, Place(S, 2))
    assert asked == []


def test_new_networks_end_a_pull(qtbot, view, source):
    pull(qtbot, view, Place(S, 1), Place(T, 3))
    view.set_networks(source, source)
    assert view._drag is None
    release(qtbot, view, Place(S, 0))


def test_a_collapsed_block_opens_under_a_curve_that_waits(qtbot, view):
    view._opening.setInterval(0)
    view.set_pin_check(lambda source, target: None)
    view.expand("s1", "source")
    view.collapse("t3", "target")
    top = view._screen_top(Place(T, 3))
    pull(qtbot, view, Place(S, 1, 3), Place(T, 3))
    with qtbot.waitSignal(view.expansion_changed):
        pass
    assert 3 in view.board.expanded[T]
    assert abs(view._screen_top(Place(T, 3)) - top) <= 1
    assert Place(T, 3, 3) in view._scene.attention.glow
    qtbot.mouseMove(view.viewport(), point_of(view, Place(T, 3, 3)))
    with qtbot.waitSignal(view.pin_requested) as caught:
        release(qtbot, view, Place(T, 3, 3))
    assert caught.args == ["s1.3", "t3.3"]


def test_nothing_opens_under_a_block_that_is_pulled(qtbot, view):
    pull(qtbot, view, Place(S, 1), Place(T, 3))
    assert not view._opening.isActive()


def test_a_curve_that_moves_on_opens_nothing(qtbot, view):
    view.expand("s1", "source")
    view.collapse("t3", "target")
    view.collapse("t4", "target")
    pull(qtbot, view, Place(S, 1, 3), Place(T, 3))
    assert view._opening.isActive()
    qtbot.mouseMove(view.viewport(), point_of(view, Place(T, 4)))
    assert not view._opening.isActive()
    qtbot.mouseMove(view.viewport(), point_of(view, Place(T, 3)))
    release(qtbot, view, Place(T, 3))
    assert not view._opening.isActive()
    assert not view.board.expanded[T] & {3, 4}


# -- previews --------------------------------------------------------------------------------


def previewing(view):
    asked = []

    def preview(source, target):
        asked.append((source, target))
        return PinPreview(-1.32, ((source, target),), (("s2", "t3"),))

    view.set_pin_check(lambda source, target: "no" if target == "t5" else None)
    view.set_pin_preview(preview)
    return asked


def kinds(view):
    return sorted(ghost.kind.name for ghost in view._scene.ghosts.ghosts)


def test_what_a_drop_would_change_is_drawn_and_asked_for_once_a_row(qtbot, view):
    asked = previewing(view)
    pull(qtbot, view, Place(S, 1), Place(T, 3))
    for step in range(4):
        qtbot.mouseMove(view.viewport(), point_of(view, Place(T, 3)) + QPoint(step, 0))
    assert asked == [("s1", "t3")]
    assert kinds(view) == ["ADDED", "REMOVED"]
    assert view._outcome._label.text() == "total −1.32\n1 pair added, 1 pair removed"
    assert not view.viewport().grab().isNull()
    assert asked == [("s1", "t3")]
    # What cannot be pinned is not asked about, and says why.
    qtbot.mouseMove(view.viewport(), point_of(view, Place(T, 5)))
    assert asked == [("s1", "t3")]
    assert kinds(view) == []
    assert not view._outcome.isVisible()
    assert view._reason.isVisible()
    qtbot.mouseMove(view.viewport(), point_of(view, Place(T, 3)))
    assert asked == [("s1", "t3")]
    release(qtbot, view, Place(T, 3))
    assert kinds(view) == []
    assert not view._outcome.isVisible()


def test_without_an_answer_nothing_is_previewed(qtbot, view):
    view.set_pin_preview(lambda source, target: None)
    pull(qtbot, view, Place(S, 1), Place(T, 3))
    assert kinds(view) == []
    assert not view._outcome.isVisible()
    release(qtbot, view, Place(T, 3))


# -- moving the end of an edge -----------------------------------------------------------------


def end_of(view, place):
    return view._on_screen(place).toPoint()


@pytest.mark.parametrize(
    ("loose", "goal", "new"), [((T, 3), (T, 2), ("s2", "t2")), ((S, 2), (S, 1), ("s1", "t3"))]
)
def test_an_end_of_the_selected_edge_is_moved(qtbot, view, loose, goal, new):
    view.set_pin_check(lambda source, target: None)
    view.select(Place(T, 3))
    begin = end_of(view, Place(*loose))
    qtbot.mousePress(view.viewport(), LEFT, pos=begin)
    qtbot.mouseMove(view.viewport(), begin + QPoint(0, 30))
    qtbot.mouseMove(view.viewport(), point_of(view, Place(*goal)))
    pinned = []
    view.pin_requested.connect(lambda *paths: pinned.append(paths))
    with qtbot.waitSignal(view.repin_requested) as caught:
        release(qtbot, view, Place(*goal))
    assert caught.args == ["s2", "t3", *new]
    assert pinned == []
    assert view.selection == ("s2", "t3")


def test_moving_an_end_back_asks_for_nothing(qtbot, view):
    view.set_repin_check(lambda *paths: None)
    view.select(Place(T, 3))
    begin = end_of(view, Place(T, 3))
    qtbot.mousePress(view.viewport(), LEFT, pos=begin)
    qtbot.mouseMove(view.viewport(), begin + QPoint(0, 30))
    with qtbot.assertNotEmitted(view.repin_requested):
        release(qtbot, view, Place(T, 3))


def test_a_move_is_checked_with_the_pair_it_begins_at(qtbot, view):
    asked = []
    view.set_repin_check(lambda *paths: asked.append(paths) or "not there")
    view.select(Place(T, 3))
    begin = end_of(view, Place(T, 3))
    qtbot.mousePress(view.viewport(), LEFT, pos=begin)
    qtbot.mouseMove(view.viewport(), point_of(view, Place(T, 2)))
    assert ("s2", "t3", "s2", "t2") in asked
    with qtbot.waitSignal(view.message) as caught:
        release(qtbot, view, Place(T, 2))
    assert caught.args == ["not there"]


def test_only_the_selected_edge_can_be_taken_hold_of(view):
    view.select(Place(T, 3))
    assert view.grip_at(view._on_screen(Place(T, 0))) is None
    assert view.grip_at(view._on_screen(Place(T, 3))).loose == Place(T, 3)
    view.select(Place(T, 5))
    assert view.grip_at(view._on_screen(Place(T, 5))) is None


# -- by the keyboard ---------------------------------------------------------------------------


def test_a_pair_is_pinned_by_keys_alone(qtbot, view):
    asked = previewing(view)
    view.select(Place(S, 1))
    with qtbot.waitSignal(view.message) as caught:
        qtbot.keyClick(view, Qt.Key.Key_P)
    assert "Enter pins" in caught.args[0]
    assert view.pulling
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert asked[-1] == ("s1", "t3")
    assert kinds(view) == ["ADDED", "REMOVED"]
    assert "Pin to t3?" in view.accessibleDescription()
    assert "1 pair added" in view.accessibleDescription()
    with qtbot.waitSignal(view.pin_requested) as caught:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert caught.args == ["s1", "t3"]
    assert not view.pulling


def test_keys_say_why_a_pair_cannot_be_pinned_and_escape_leaves(qtbot, view):
    previewing(view)
    view.select(Place(S, 4))
    qtbot.keyClick(view, Qt.Key.Key_P)
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert view._reason.isVisible()
    with qtbot.waitSignal(view.message) as caught, qtbot.assertNotEmitted(view.pin_requested):
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert caught.args == ["no"]
    view.select(Place(S, 4))
    qtbot.keyClick(view, Qt.Key.Key_P)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert not view.pulling
    assert view.selection == ("s4", "t6")


def test_a_collapsed_block_is_opened_while_aiming(qtbot, view):
    view.expand("s1", "source")
    view.collapse("t3", "target")
    view.select(Place(S, 1, 3))
    qtbot.keyClick(view, Qt.Key.Key_P)
    while view._aimed.entry != 3:
        qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert 3 in view.board.expanded[T]
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view._aimed == Place(T, 3, 0)
    qtbot.keyClick(view, Qt.Key.Key_Escape)


def test_aiming_needs_a_start(qtbot, view):
    with qtbot.waitSignal(view.message) as caught:
        qtbot.keyClick(view, Qt.Key.Key_P)
    assert "Select a row first" in caught.args[0]
    assert not view.pulling


def test_a_move_is_previewed_as_a_move(qtbot, view):
    asked = []
    view.set_pin_preview(lambda *paths: PinPreview(0.0))
    view.set_repin_preview(lambda *paths: asked.append(paths) or PinPreview(-0.25, text="moved"))
    view.select(Place(T, 3))
    begin = end_of(view, Place(T, 3))
    qtbot.mousePress(view.viewport(), LEFT, pos=begin)
    qtbot.mouseMove(view.viewport(), point_of(view, Place(T, 2)))
    assert asked == [("s2", "t3", "s2", "t2")]
    assert view._outcome._label.text() == "moved"
    release(qtbot, view, Place(T, 2))
