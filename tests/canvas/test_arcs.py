import xml.etree.ElementTree as ET
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from made import network
from PySide6.QtCore import QRectF

from dpiat_gui.canvas.arcs import _LANES, ArcLine, _in_lanes, arc_lines
from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.details import describe_html
from dpiat_gui.canvas.legend import EdgeState, legend
from dpiat_gui.canvas.render import render_matching
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.networks.values import Arc
from dpiat_gui.services.palettes import LIGHT

S, T = Side.SOURCE, Side.TARGET
ROWS = [(8, 8, 1, 1), (8,), (8, 8, 3, 3)]


def made(name, skips=(), arcs=()):
    plain = network(name, [(8, 3, 3, 3), ROWS, ROWS, (10, 8)])
    sequence = tuple(
        replace(block, skip=True) if at in skips else block for at, block in enumerate(plain.sequence)
    )
    return replace(plain, sequence=sequence, arcs=tuple(arcs))


def lines(board, side=T):
    return arc_lines(board.columns[side], board.placed(side))


def shown(target):
    board = Board()
    board.set_networks(made("s"), target)
    return board


def test_a_block_with_a_skip_has_an_arc_beside_it():
    board = shown(made("t", skips=[2]))
    assert lines(board, S) == ()
    (arc,) = lines(board)
    placed = board.placed(T)[2]
    assert placed.top < arc.y0 < arc.y1 < placed.bottom
    board.expand([Place(T, 2)])
    (opened,) = lines(board)
    assert opened.y1 - opened.y0 > arc.y1 - arc.y0


def test_traced_arcs_lead_from_layer_to_layer():
    arcs = [
        Arc("t0", "t1.2", "skip"),
        Arc("t1.0", "t1.2", "cat"),
        Arc("", "t3", "add"),
        Arc("gone", "t3", "add"),
    ]
    board = shown(made("t", skips=[1], arcs=arcs))
    # What lies inside a collapsed block is not drawn, nor what begins nowhere; no arc is drawn twice.
    (arc,) = lines(board)
    assert (arc.y0, arc.y1) == (board.placed(T)[0].port, board.placed(T)[1].port)
    board.expand([Place(T, 1)])
    placed = board.placed(T)[1]
    assert {(line.y0, line.y1, line.kind) for line in lines(board)} == {
        (board.placed(T)[0].port, placed.row_port(2), "skip"),
        (placed.row_port(0), placed.row_port(2), "cat"),
    }
    assert {line.kind: line.lane for line in lines(board)} == {"cat": 0, "skip": 1}


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), max_size=12))
def test_arcs_that_overlap_have_lanes_of_their_own(spans):
    spans = sorted({(float(y), float(y + size), "skip") for y, size in spans}, key=lambda s: (s[1] - s[0], s))
    found = list(_in_lanes(spans))
    assert len(found) == len(spans)
    for one in found:
        for other in found:
            if one is not other and one.lane == other.lane and one.lane < _LANES - 1:
                assert one.y1 <= other.y0 or other.y1 <= one.y0


def test_hundreds_of_arcs_are_thinned():
    many = tuple(Arc(f"t1.{i}", f"t2.{j}", "cat") for i in range(40) for j in range(40))
    rows = [(8, 8, 1, 1)] * 40
    board = shown(replace(network("t", [(8, 3, 3, 3), rows, rows]), arcs=many))
    assert len(lines(board)) == 1
    board.expand(board.everything())
    assert 100 < len(lines(board)) < len(many)
    assert max(line.lane for line in lines(board)) == _LANES - 1


def test_arcs_are_painted_outside_the_column_and_can_be_hidden(qtbot, view):
    view.set_networks(made("s", skips=[1]), made("t", skips=[2]))
    for side, entry in ((S, 1), (T, 2)):
        bounds = view._scene._levels.arcs[side].sceneBoundingRect()
        assert not bounds.intersects(view._scene.rect_of(Place(side, entry)).adjusted(1, 0, -1, 0))
        assert len(view._scene._levels.arcs[side]._drawing) == 1
    item = view._scene._levels.arcs[T]

    def ink():
        rect = view.mapFromScene(item.sceneBoundingRect()).boundingRect()
        image = view.viewport().grab(rect).toImage()
        return sum(
            image.pixelColor(x, y).name() != LIGHT.canvas
            for x in range(image.width())
            for y in range(image.height())
        )

    with_arcs = ink()
    with qtbot.waitSignal(view.arcs_visible_changed) as caught:
        view.set_arcs_visible(False)
    assert caught.args == [False]
    assert not view.arcs_visible
    # What is left is the border of the boxes.
    assert ink() < with_arcs - 20


def test_a_figure_has_the_arcs_and_its_legend_says_so(qapp, tmp_path):
    source, target = made("s"), made("t", skips=[2])
    matching = match_networks(source, target)
    text = render_matching(matching, tmp_path / "figure.svg").read_text()
    root = ET.fromstring(text)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}polyline"))) == 2
    assert EdgeState.ARC.value in text
    assert EdgeState.ARC not in legend(source, made("t"), LIGHT, None).states


def test_the_card_tells_of_the_skip():
    board = shown(made("t", skips=[2]))
    assert "identity skip" in describe_html(board, None, Place(T, 2))
    assert "identity skip" not in describe_html(board, None, Place(T, 1))


def test_only_what_is_seen_is_painted(view):
    view.set_networks(made("s"), made("t", skips=[1, 2]))
    drawing = view._scene._levels.arcs[T]._drawing

    class Counting:
        def __init__(self):
            self.lines = 0

        def setPen(self, pen):
            pass

        def drawPolyline(self, points):
            self.lines += 1

    for rect, count in ((QRectF(0, 0, 9, 1e6), 2), (QRectF(0, 1e5, 9, 9), 0)):
        painter = Counting()
        drawing.paint(painter, rect.top(), rect.bottom())
        assert painter.lines == count
    assert isinstance(lines(view.board)[0], ArcLine)
