import itertools
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import network
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QProxyStyle, QStyle

from dpiat_gui.canvas.apart import blend, place_apart
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.layout import EntryShape, Link, Metrics, place
from dpiat_gui.canvas.linkage import Linkage
from dpiat_gui.canvas.view import MatchView
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import Overrides, match_options

S, T = Side.SOURCE, Side.TARGET
BLOCK = [(8, 8, 1, 1), (8,), None, (8, 8, 3, 3), (8,)]


class Still(QProxyStyle):
    """A style that asks for no motion."""

    def styleHint(self, hint, *args):
        if hint == QStyle.StyleHint.SH_Widget_Animation_Duration:
            return 0
        return super().styleHint(hint, *args)


@st.composite
def columns(draw):
    sources, targets = (
        [
            EntryShape("e", tuple("r" * draw(st.integers(1, 5))), single)
            for single in draw(st.lists(st.booleans(), min_size=1, max_size=7))
        ]
        for _ in range(2)
    )
    chosen = sorted(draw(st.sets(st.integers(0, len(targets) - 1))))
    given_by = draw(st.lists(st.integers(0, len(sources) - 1), min_size=len(chosen), max_size=len(chosen)))
    links = [Link(i, j, ((0, 0),)) for i, j in zip(given_by, chosen, strict=True)]
    opened = [set(range(0, len(side), draw(st.integers(1, 3)))) for side in (sources, targets)]
    return sources, targets, links, opened


@given(columns())
def test_columns_apart_have_no_gaps(picture):
    sources, targets, links, opened = picture
    layout = place_apart(sources, targets, links, *opened)
    for column in (layout.source, layout.target):
        assert column[0].top == Metrics().margin
        for above, below in pairwise(column):
            assert below.top == above.bottom + Metrics().spacing
    assert layout.height == max(layout.source[-1].bottom, layout.target[-1].bottom) + Metrics().margin


@given(columns(), st.floats(0, 1))
def test_what_is_matched_meets_on_the_line(picture, share):
    sources, targets, links, opened = picture
    layout = place_apart(sources, targets, links, *opened)
    linkage = Linkage.of(layout, links)
    for position in layout.spine:
        link = links[position]
        if sum(each.source == link.source for each in links) > 1:
            # It meets the first of them; the rest of its span follows.
            continue
        one, other = layout.source[link.source], layout.target[link.target]
        both = one.expanded and other.expanded
        y0, y1 = (one.row_port(0), other.row_port(0)) if both else (one.port, other.port)
        at = (y0 + y1) / (linkage.source[-1] + linkage.target[-1])
        up, down = linkage.shifts(at)
        assert y0 + up == pytest.approx(y1 + down)
        assert y0 + up == pytest.approx(at * layout.height)
    # Neither column ever scrolls back.
    before, after = linkage.heights(share * 0.9), linkage.heights(share)
    assert before[0] <= after[0]
    assert before[1] <= after[1]


@given(columns())
def test_both_ends_are_reached(picture):
    sources, targets, links, opened = picture
    layout = place_apart(sources, targets, links, *opened)
    linkage = Linkage.of(layout, links)
    assert linkage.shifts(0.0) == (0.0, 0.0)
    up, down = linkage.shifts(1.0)
    margin = Metrics().margin
    assert layout.source[-1].bottom + up == pytest.approx(layout.height - margin)
    assert layout.target[-1].bottom + down == pytest.approx(layout.height - margin)


@given(columns(), st.floats(0, 1))
def test_a_blend_keeps_the_order_of_what_it_is_made_of(picture, share):
    sources, targets, links, opened = picture
    if any(a.source > b.source for a, b in pairwise(links)):
        links = []
    one = place(sources, targets, links, *opened)
    other = place_apart(sources, targets, links, *opened)
    between = blend(one, other, share)
    for column in (between.source, between.target):
        for above, below in pairwise(column):
            assert below.top >= above.bottom
    assert blend(one, other, 0.0).source == one.source
    assert blend(one, other, 1.0).target == other.target


# -- the view --------------------------------------------------------------------------------


@pytest.fixture
def still(qapp):
    style = Still()
    yield style
    style.deleteLater()


@pytest.fixture
def linked(qtbot, still):
    """A view of a short source and a target three times as long, every third of which is matched."""
    source = network("s", [BLOCK] * 20)
    target = network("t", [BLOCK, [(5, 5), (5, 5)], [(5, 5), (5, 5)]] * 20)
    view = MatchView()
    view.setStyle(still)
    qtbot.addWidget(view)
    view.resize(800, 500)
    pins = [(f"s{i}", f"t{3 * i}") for i in range(20)]
    view.set_matching(match_networks(source, target, None, Overrides(pins=pins)))
    with qtbot.waitExposed(view):
        view.show()
    view.set_layout_mode("linked")
    return view


def on_screen(view, place):
    return view.viewportTransform().map(view._scene.rect_of(place).center()).y()


def scroll_to(view, share):
    bar = view.verticalScrollBar()
    bar.setValue(round(share * bar.maximum()))


def test_columns_scroll_apart_and_partners_meet(linked):
    scroll_to(linked, 0.5)
    stage = linked._scene.stage
    assert stage.source_shift > 100
    middle = linked.viewport().height() / 2
    at_line = min(range(20), key=lambda i: abs(on_screen(linked, Place(S, i)) - middle))
    assert abs(on_screen(linked, Place(S, at_line)) - on_screen(linked, Place(T, 3 * at_line))) < 60
    scroll_to(linked, 1.0)
    assert on_screen(linked, Place(S, 19)) < linked.viewport().height()
    assert on_screen(linked, Place(T, 59)) < linked.viewport().height()
    scroll_to(linked, 0.0)
    assert (linked._scene.stage.source_shift, linked._scene.stage.target_shift) == (0, 0)


def test_items_stand_where_places_are(linked):
    linked.expand("t30")
    scroll_to(linked, 0.4)
    for side, entry in ((S, 10), (T, 30)):
        rect = linked._scene.rect_of(Place(side, entry))
        drawn = linked._scene.blocks(side)[entry].sceneBoundingRect()
        assert abs(drawn.center().y() - rect.center().y()) < 1
        assert linked._scene.place_at(rect.center()).entry == entry


@pytest.mark.parametrize("share", [0.0, 0.2, 0.55, 1.0])
def test_edges_never_cross_while_columns_scroll_apart(linked, share):
    linked.expand_all()
    scroll_to(linked, share)
    drawing = linked._scene.drawing
    ends = [drawing._ends(i) for i in drawing.visible(-1e9, 1e9)]
    assert len(ends) > 3
    for at in (0, 1):
        heights = [end[at].y() for end in ends]
        assert heights == sorted(heights)


def test_partners_off_the_screen_are_stubs_that_cannot_be_picked(linked):
    linked.set_matching(match_networks(linked.board.matching.source, linked.board.matching.target))
    scroll_to(linked, 0.0)
    drawing = linked._scene.drawing
    cut = drawing._cut
    stubs = cut.source_stubs | cut.target_stubs
    assert stubs
    assert not stubs & cut.whole
    top, bottom = linked._scene._seen
    for stub in cut.source_stubs:
        start, end = drawing._ends(stub)
        assert top <= start.y() <= bottom
        assert end.y() > bottom
    stub = max(cut.source_stubs)
    assert drawing.nearest(drawing.middle(stub), 1.0) != stub
    before = linked.viewport().grab().toImage()
    stubs_at = drawing._ends(stub)[0] + QPointF(8, 0)
    pixel = linked.viewportTransform().map(stubs_at).toPoint()
    assert before.pixelColor(pixel).name() != linked._style.theme.canvas


def test_what_is_selected_comes_to_the_line_with_its_partner(qtbot, linked):
    linked.setFocus()
    linked.select(Place(T, 0))
    for _ in range(3):
        qtbot.keyClick(linked, Qt.Key.Key_PageDown)
        target = linked.current()
        height = linked.viewport().height()
        assert 0 < on_screen(linked, target) < height
    linked.select(Place(T, 45))
    assert 0 < on_screen(linked, Place(S, 15)) < linked.viewport().height()


def test_expanding_keeps_the_block_where_it_is(linked):
    scroll_to(linked, 0.5)
    seen = linked._scene.span(T, linked.seen())
    entry = next(i for i, p in enumerate(linked.board.placed(T)) if p.top > seen[0] + 100)
    top = linked._screen_top(Place(T, entry))
    linked._set_open([Place(T, entry)], True, held=Place(T, entry))
    assert abs(linked._screen_top(Place(T, entry)) - top) <= 4


def test_the_mode_is_told_kept_and_undone(qtbot, linked, matching):
    state = linked.view_state()
    assert state["layout"] == "linked"
    with qtbot.waitSignal(linked.layout_mode_changed) as caught:
        linked.set_layout_mode("aligned")
    assert caught.args == ["aligned"]
    assert (linked._scene.stage.source_shift, linked._scene.stage.target_shift) == (0, 0)
    assert linked._scene._seen is None
    assert linked.board.placed(S)[4].top == linked.board.placed(T)[12].top
    linked.restore_view_state(state)
    assert linked.layout_mode == "linked"
    with pytest.raises(ValueError, match="sideways"):
        linked.set_layout_mode("sideways")


def test_strips_scroll_apart_too(linked):
    linked.set_orientation("strips")
    bar = linked.horizontalScrollBar()
    bar.setValue(bar.maximum())
    for last in (Place(S, 19), Place(T, 59)):
        x = linked.viewportTransform().map(linked._scene.rect_of(last).center()).x()
        assert 0 < x < linked.viewport().width()


def test_the_overview_jumps_in_the_column_it_stands_beside(linked):
    linked._strips[S].jumped.emit(linked.board.placed(S)[10].port)
    assert 0 < on_screen(linked, Place(S, 10)) < linked.viewport().height()
    linked._strips[T].jumped.emit(linked.board.placed(T)[45].port)
    assert 0 < on_screen(linked, Place(T, 45)) < linked.viewport().height()


def test_the_change_is_seen_step_by_step_unless_no_motion_is_wanted(qtbot, view, monkeypatch):
    class Moving(QProxyStyle):
        def styleHint(self, hint, *args):
            if hint == QStyle.StyleHint.SH_Widget_Animation_Duration:
                return 40
            return super().styleHint(hint, *args)

    # Asked for, not set: Qt dies of a proxy style of Python's where an application has a style sheet.
    moving = Moving()
    monkeypatch.setattr(view, "style", lambda: moving)
    aligned = view.board.layout
    view.set_layout_mode("linked")
    wanted = view._change
    assert wanted.state() is wanted.State.Running
    with qtbot.waitSignal(wanted.finished):
        pass
    assert view.board.layout == place_apart_of(view)
    assert view._scene.stage.source_shift == view._linked().shifts(0.0)[0]
    # Another matching in the middle of a change ends it.
    view.set_layout_mode("aligned")
    view.set_matching(view.board.matching)
    assert wanted.state() is wanted.State.Stopped
    assert view.board.layout == aligned
    still = Still()
    monkeypatch.setattr(view, "style", lambda: still)
    view.set_layout_mode("linked")
    assert wanted.state() is wanted.State.Stopped
    assert view.board.layout == place_apart_of(view)


def place_apart_of(view):
    board = view.board
    shapes = (board.columns[S].shapes, board.columns[T].shapes)
    return place_apart(*shapes, board.links, board.expanded[S], board.expanded[T], board.metrics)


def test_pairs_that_cross_scroll_apart_without_fault(linked):
    source, target = linked.board.matching.source, linked.board.matching.target
    linked.set_matching(match_networks(source, target, match_options(method="random", seed=1)))
    assert linked.board.matching.crossings
    linked.expand_all()
    drawn = []
    for share in np.linspace(0, 1, 7):
        scroll_to(linked, share)
        drawn.append(linked.viewport().grab().toImage())
    linked.fit_all()
    drawn.append(linked.viewport().grab().toImage())
    # Every place shows something else.
    assert all(one != other for one, other in itertools.pairwise(drawn))
