import pytest
from made import network
from PySide6.QtCore import QPointF, Qt

from dpiat_gui.canvas.columns import Place, Side, make_column
from dpiat_gui.canvas.equality import equal_runs
from dpiat_gui.canvas.navigation import shown_places
from dpiat_gui.canvas.view import MatchView
from dpiat_gui.matching.engine import match_networks

S, T = Side.SOURCE, Side.TARGET
A = [(8, 8, 1, 1), (8,), None, (8, 8, 3, 3), (8,)]
B = [(16, 16, 1, 1), (16,), None, (16, 16, 3, 3), (16,)]


@pytest.fixture
def folded(qtbot):
    source = network("s", [(8, 3, 3, 3), A, A, A, B, B, (10, 8)])
    target = network("t", [(8, 3, 3, 3), A, A, A, A, B, B, (10, 8)])
    view = MatchView()
    qtbot.addWidget(view)
    view.resize(900, 700)
    view.set_matching(match_networks(source, target))
    with qtbot.waitExposed(view):
        view.show()
    view.set_fold_runs(True)
    return view


def test_runs_are_of_equal_neighbours():
    assert equal_runs("aabccc") == (range(2), range(3, 6))
    assert equal_runs([None, None, 1, 1]) == (range(2, 4),)
    assert equal_runs([]) == ()


def test_blocks_are_equal_by_title_and_shapes_and_layers_never_fold():
    column = make_column(network("s", [(8, 8), (8, 8), A, A, B, A]))
    assert column.runs == (range(2, 4),)


def test_a_folded_run_is_one_box_that_says_how_many(folded):
    boxes = folded._scene.blocks(T)
    assert [box.isVisible() for box in boxes] == [True, True, False, False, False, True, False, True]
    assert "4" in boxes[1].view.title
    assert boxes[1].view.path == "t1 … t4"
    assert boxes[1].view.height > boxes[7].view.height
    assert not folded.viewport().grab().isNull()


def test_the_edges_of_two_folded_runs_are_one(folded):
    edges = folded.board.edges.edges
    assert len(edges) == 4
    marks = dict(zip([edge.link for edge in edges], folded.board.edge_marks, strict=True))
    assert marks[edges[1].link].count == 16
    assert marks[edges[0].link].count == 1
    # Whichever member is asked for, its edge is the one of the run.
    assert folded.board.edges_of(Place(S, 2), Place(T, 3)) == {1}
    assert folded.board.edges.bands == ()


def test_a_click_on_a_folded_run_selects_its_first_block(qtbot, folded):
    where = folded._scene.rect_of(Place(T, 1)).center()
    point = folded.viewportTransform().map(where).toPoint()
    qtbot.mouseClick(folded.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert folded.selection == ("s1", "t1")
    assert folded.board.is_folded(Place(T, 1))


def test_a_double_click_and_keys_unfold_and_fold(qtbot, folded):
    where = folded._scene.rect_of(Place(T, 1)).center()
    point = folded.viewportTransform().map(where).toPoint()
    qtbot.mouseDClick(folded.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert not folded.board.is_folded(Place(T, 1))
    # The partner's run opens with it, the other run stays.
    assert not folded.board.is_folded(Place(S, 1))
    assert folded.board.is_folded(Place(T, 5))
    folded.select(Place(T, 2))
    qtbot.keyClick(folded, Qt.Key.Key_Minus)
    assert folded.board.is_folded(Place(T, 2))
    qtbot.keyClick(folded, Qt.Key.Key_Plus)
    assert not folded.board.is_folded(Place(T, 2))
    qtbot.keyClick(folded, Qt.Key.Key_Plus)
    assert 2 in folded.board.expanded[T]


def test_who_goes_to_a_hidden_block_sees_it(folded):
    folded.set_selection(None, "t3.0")
    assert not folded.board.is_folded(Place(T, 3))
    assert folded._scene.blocks(T)[3].isVisible()
    assert folded.board.is_folded(Place(T, 5))


def test_arrows_walk_over_boxes_that_are_seen(folded):
    entries = [place.entry for place in shown_places(folded.board, T)]
    assert entries == [0, 1, 5, 7]


def test_expanding_everything_unfolds_and_collapsing_folds(folded):
    folded.expand_all()
    assert len(shown_places(folded.board, T)) == 8 + 6 * 5
    folded.collapse_all()
    assert len(shown_places(folded.board, T)) == 4
    folded.set_fold_runs(False)
    assert len(shown_places(folded.board, T)) == 8


def test_folding_is_told_and_kept_with_the_view(qtbot, folded):
    folded.unfold_at([Place(T, 5)])
    state = folded.view_state()
    assert state["fold_runs"] is True
    assert state["unfolded"]["target"] == ["t5"]
    other = MatchView()
    qtbot.addWidget(other)
    other.set_matching(folded.board.matching)
    with qtbot.waitSignal(other.fold_runs_changed) as caught:
        other.restore_view_state(state)
    assert caught.args == [True]
    assert other.board.is_folded(Place(T, 1))
    assert not other.board.is_folded(Place(T, 5))
    other.restore_view_state({"fold_runs": "no", "unfolded": 3})
    assert other.fold_runs


@pytest.mark.parametrize("mode", ["aligned", "linked"])
@pytest.mark.parametrize("orientation", ["columns", "strips"])
def test_folded_runs_can_be_seen_in_every_arrangement(folded, mode, orientation):
    folded.set_layout_mode(mode)
    folded.set_orientation(orientation)
    for zoom in (1.0, 0.4, 0.1):
        folded.set_zoom(zoom)
        assert not folded.viewport().grab().isNull()
    rect = folded._scene.rect_of(Place(T, 3))
    assert rect == folded._scene.rect_of(Place(T, 1))
    assert folded._scene.place_at(QPointF(rect.center())) == Place(T, 1)
    for strip in folded._strips.values():
        assert not strip.grab().isNull()


def test_blocks_open_with_their_partners_or_by_themselves(qtbot, folded):
    with qtbot.waitSignal(folded.coupled_changed) as caught:
        folded.set_coupled(False)
    assert caught.args == [False]
    assert folded.view_state()["coupled"] is False
    folded.select(Place(T, 1))
    qtbot.keyClick(folded, Qt.Key.Key_Plus)
    assert not folded.board.is_folded(Place(T, 1))
    assert folded.board.is_folded(Place(S, 1))
    qtbot.keyClick(folded, Qt.Key.Key_Plus)
    assert folded.board.expanded == {S: set(), T: {1}}
    folded.restore_view_state({"coupled": True})
    assert folded.coupled
