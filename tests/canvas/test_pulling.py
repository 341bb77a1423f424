import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

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
