import pytest
from made import layer, network
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Mark, Place, Row, Side
from dpiat_gui.canvas.overview import strip_rects
from dpiat_gui.canvas.troubles import Tick, Trouble, ticks, troubles_of
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.titles import LayerRole
from dpiat_gui.services.palettes import DARK, LIGHT

S, T = Side.SOURCE, Side.TARGET
LEFT = Qt.MouseButton.LeftButton


def colors_in(strip):
    image = strip.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def test_a_strip_shows_every_entry_and_what_is_wrong_with_it(board):
    found = list(ticks(board, T))
    assert len(found) == 7
    # Of the fourth block a row is fresh; the sixth is fresh altogether.
    # The second and third share a source.
    assert [tick.troubles for tick in found[:4]] == [(), *[(Trouble.REUSED,)] * 2, (Trouble.WEAK,)]
    assert found[5].troubles == (Trouble.FREE,)
    assert [(tick.top, tick.bottom) for tick in found] == [(p.top, p.bottom) for p in board.placed(T)]
    assert [tick.troubles for tick in ticks(board, S)][2] == (Trouble.WEAK,)


def test_a_weak_pair_shows_on_both_sides():
    board = Board()
    board.set_matching(match_networks(network("s", [(8, 3, 3, 3)]), network("t", [(80, 3, 3, 3)])))
    assert [tick.troubles for side in Side for tick in ticks(board, side)] == [(Trouble.WEAK,)] * 2


def test_cropped_and_unsupported_rows_are_told(qtbot):
    board = Board()
    board.set_matching(match_networks(network("s", [(16, 3, 3, 3)]), network("t", [(12, 3, 3, 3)])))
    assert [tick.troubles for side in Side for tick in ticks(board, side)] == [(Trouble.CROPPED,)] * 2
    odd = Row(layer("t1", (32, 8), LayerKind.OTHER), "", LayerRole.OTHER, scored=False)
    assert odd.unsupported
    assert not Row(layer("t1", None), "", LayerRole.ACTIVATION, scored=False).unsupported
    assert troubles_of(Mark(unsupported=True)) == (Trouble.UNSUPPORTED,)


def test_every_trouble_is_drawn_by_shape_too(qtbot, view):
    strip = view._strips[T]
    style = view._style
    pictures = set()
    for trouble in Trouble:
        picture = QPixmap(18, 40)
        picture.fill(style.color("canvas"))
        painter = QPainter(picture)
        strip._mark(painter, style, Tick(0, view.board.layout.height, None, (trouble,)), trouble)
        painter.end()
        shape = picture.toImage().convertToFormat(QImage.Format.Format_Grayscale8)
        pixels = [shape.pixel(x, y) for x in range(18) for y in range(40)]
        # Whatever is not the ground is drawn; only the worst of all covers the ground.
        drawn = tuple(pixel != pixels[-1] or trouble is Trouble.FREE for pixel in pixels)
        pictures.add(drawn)
    assert len(pictures) == len(Trouble)


def test_the_tip_of_a_strip_names_the_place_and_its_troubles(view):
    strip = view._strips[T]
    middle = view.board.placed(T)[5]
    y = (middle.top + middle.bottom) / 2 / view.board.layout.height * strip.height()
    words = strip.words_at(QPointF(4, y))
    assert words.startswith("t5: fresh: takes nothing")
    assert "cropped" in words
    assert strip.accessibleName() == "Overview of the target"


def test_rows_that_show_have_their_own_marks(board):
    board.expand([Place(T, 5)])
    rows = [tick for tick in ticks(board, T) if tick.role is None]
    assert [tick.troubles for tick in rows] == [(Trouble.FREE,)] * 2
    assert [tick.top for tick in rows] == list(board.placed(T)[5].rows)


def test_nothing_is_wrong_before_a_matching(source, target):
    board = Board()
    board.set_networks(source, target)
    assert {tick.troubles for tick in ticks(board, T)} == {()}
    board.set_networks(None, target)
    assert list(ticks(board, S)) == []


def test_strips_stand_beside_the_picture_and_can_be_hidden(qtbot, view):
    left, right = view._strips[S], view._strips[T]
    assert left.isVisible()
    assert left.geometry().right() + 1 == view.viewport().x()
    assert right.x() == view.viewport().geometry().right() + 1
    assert left.y() == view.viewport().y()
    width = view._scene.columns.total
    with qtbot.waitSignal(view.overview_visible_changed) as caught:
        view.set_overview_visible(False)
    assert caught.args == [False]
    assert not left.isVisible()
    assert view.viewport().x() == 0
    assert view._scene.columns.total > width
    assert view.horizontalScrollBar().maximum() == 0
    with qtbot.assertNotEmitted(view.overview_visible_changed):
        view.set_overview_visible(False)


def test_no_strip_stands_beside_an_empty_picture(view):
    view.set_networks(None, None)
    assert not view._strips[S].isVisible()
    assert view.viewport().x() == 0


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_strips_are_painted_in_the_theme(view, theme):
    view.set_theme(theme)
    assert theme.fresh in colors_in(view._strips[T])
    assert theme.canvas in colors_in(view._strips[T])
    assert theme.unmatched not in colors_in(view._strips[T])


def test_a_strip_follows_an_edit(view, source, target):
    before = view._strips[T].grab().toImage()
    fresh = match_networks(source, target, None, view.board.matching.overrides.with_fresh("t0"))
    view.set_matching(fresh)
    assert view._strips[T].grab().toImage() != before


def test_a_click_goes_there_and_a_drag_follows(qtbot, long_view):
    view, strip = long_view, long_view._strips[S]
    x = strip.width() // 2
    qtbot.mouseClick(strip, LEFT, pos=QPoint(x, strip.height() // 2))
    middle = view.board.layout.height / 2
    assert abs(view.seen().center().y() - middle) < 10
    # Inside the frame nothing jumps: it is taken hold of.
    qtbot.mousePress(strip, LEFT, pos=QPoint(x, strip.height() // 2 + 3))
    assert abs(view.seen().center().y() - middle) < 10
    qtbot.mouseMove(strip, QPoint(x, strip.height() // 2 + 53))
    qtbot.mouseRelease(strip, LEFT, pos=QPoint(x, strip.height() // 2 + 53))
    moved = 50 / strip.height() * view.board.layout.height
    assert abs(view.seen().center().y() - middle - moved) < 10
    place = strip.place_at(QPointF(x, strip.height() / 2 + 50))
    assert place is None or place.side is S


def test_the_frame_shows_what_is_seen(long_view):
    view, strip = long_view, long_view._strips[T]
    top = strip.grab().toImage()
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    bottom = strip.grab().toImage()
    assert top.pixelColor(2, 0) != bottom.pixelColor(2, 0)
    # The picture below the frame is kept.
    assert strip._picture is not None
    kept = strip._picture.cacheKey()
    strip.grab()
    assert strip._picture.cacheKey() == kept


def test_strips_stand_above_and_below_where_the_picture_runs_across():
    rects = strip_rects(QRect(0, 50, 400, 300), 16, across=True)
    assert rects[S] == QRect(0, 34, 400, 16)
    assert rects[T] == QRect(0, 350, 400, 16)
