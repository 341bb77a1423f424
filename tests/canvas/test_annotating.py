import pytest
from PySide6.QtCore import Qt

from dpiat_gui.canvas.annotations import ComparisonOverlay, LayerMark, PinPreview
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.ghosts import GhostKind

S, T = Side.SOURCE, Side.TARGET


def drawn_pairs(view):
    return {tuple(map(view.board.path, view.board.ends(i))) for i in range(len(view._scene.drawing))}


def test_only_revealed_pairs_have_edges(view):
    everything = drawn_pairs(view)
    view.set_revealed_edges([("s0", "t0"), ("s1.0", "t1.0")])
    assert drawn_pairs(view) == {("s0", "t0"), ("s1", "t1")}
    # The ribbon of a span is there only once all of it is.
    assert view.board.edges.bands == ()
    view.set_revealed_edges([("s1.0", "t1.0"), ("s1.3", "t2.3")])
    assert len(view.board.edges.bands) == 1
    view.set_revealed_edges([])
    assert drawn_pairs(view) == set()
    view.set_revealed_edges(None)
    assert drawn_pairs(view) == everything


def test_of_an_expanded_block_single_rows_can_be_revealed(view):
    view.expand("t3", "target")
    view.set_revealed_edges([("s2.3", "t3.3")])
    assert drawn_pairs(view) == {("s2.3", "t3.3")}
    assert not view.viewport().grab().isNull()


def test_marks_stand_on_rows_and_the_worst_on_the_collapsed_block(view):
    marks = {"t3.0": LayerMark("1.2", "ok"), "t3.3": LayerMark("0.1", "bad", "far too small")}
    view.set_layer_marks(marks)
    assert view.layer_marks["target"] == marks
    block = view._scene.blocks(T)[3]
    assert block.view.notes == (marks["t3.3"],)
    texts = [shape.text for shape in drawn(block, view) if hasattr(shape, "text")]
    assert "0.1" in texts
    view.expand("t3", "target")
    assert block.view.notes[0] == marks["t3.0"]
    texts = [shape.text for shape in drawn(block, view) if hasattr(shape, "text")]
    assert {"0.1", "1.2"} <= set(texts)
    view.set_layer_marks(None)
    assert block.view.notes == ()
    view.set_layer_marks({"s0": LayerMark("x", "warn")}, "source")
    assert view._scene.blocks(S)[0].view.notes == (LayerMark("x", "warn"),)


def drawn(item, view):
    view.viewport().grab()
    return item._full


def test_another_matching_is_drawn_as_ghosts_with_a_key(view):
    view.set_comparison(ComparisonOverlay((("s0", "t5"), ("s4", "t0")), (("s0", "t0"),), "banded", "mine"))
    ghosts = view._scene.ghosts.ghosts
    assert sorted(ghost.kind.name for ghost in ghosts) == ["BEFORE", "BEFORE", "NOW"]
    assert view._key.isVisible()
    assert "only mine: 1" in view._key.accessibleName()
    assert "only banded: 2" in view._key.accessibleName()
    high = view._key.height()
    view.resize(view.width(), 240)
    assert view._key.height() < high / 2, "a line: a board would hide the edges it explains"
    view.resize(view.width(), 640)
    assert view._key.height() == high
    assert not view.viewport().grab().isNull()
    view.set_comparison(None)
    assert view._scene.ghosts.ghosts == ()
    assert not view._key.isVisible()


def test_ghosts_of_hidden_rows_are_counted_where_they_are_seen(view):
    pairs = (("s2.0", "t2.0"), ("s2.1", "t2.1"))
    view.set_comparison(ComparisonOverlay(pairs))
    assert [ghost.count for ghost in view._scene.ghosts.ghosts] == [2]
    view.expand("t2", "target")
    view.expand("s2", "source")
    assert [ghost.count for ghost in view._scene.ghosts.ghosts] == [1, 1]


def test_annotations_go_with_the_networks_they_were_said_of(view, source):
    view.set_comparison(ComparisonOverlay((("s0", "t5"),)))
    view.set_layer_marks({"t0": LayerMark("x")})
    view.set_revealed_edges([])
    view.set_networks(source, source)
    assert view.comparison is None
    assert view.layer_marks == {"source": {}, "target": {}}
    assert view.board.revealed is None


def test_a_preview_says_what_changes():
    preview = PinPreview(-1.321, (("a", "b"),), (("a", "c"), ("d", "b")))
    assert preview.words == "total −1.32\n1 pair added, 2 pairs removed"
    assert PinPreview(-0.001).words == "total +0.00"
    assert PinPreview(0.5, text="better").words == "better"


@pytest.mark.parametrize("key", [Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier])
def test_several_rows_are_selected_with_a_modifier(qtbot, view, key):
    def click(place, modifier=Qt.KeyboardModifier.NoModifier):
        rect = view._scene.rect_of(place)
        point = view.viewportTransform().map(rect.center()).toPoint()
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifier, point)

    click(Place(T, 0))
    with qtbot.waitSignal(view.multi_selected) as caught:
        click(Place(T, 3), key)
    between = [("s0", "t0"), ("s1", "t1"), ("s1", "t2"), ("s2", "t3")]
    expected = between if key is Qt.KeyboardModifier.ShiftModifier else [between[0], between[3]]
    assert caught.args[0] == tuple(expected)
    assert view.multi_selection == tuple(expected)
    assert {Place(T, 0), Place(T, 3), Place(S, 0)} <= view._scene.attention.extra
    with qtbot.waitSignal(view.multi_selected) as caught:
        click(Place(T, 4))
    assert caught.args[0] == ()
    assert view._scene.attention.extra == frozenset()


def test_a_second_click_with_control_takes_a_row_out(view):
    view.select(Place(T, 0))
    view.select_further(Place(T, 3))
    view.select_further(Place(T, 0))
    assert view.multi_selection == (("s2", "t3"),)


def test_the_switch_of_edges_tells_when_it_changes(qtbot, view):
    with qtbot.waitSignal(view.only_selection_edges_changed) as caught:
        view.set_only_selection_edges(True)
    assert caught.args == [True]
    with qtbot.assertNotEmitted(view.only_selection_edges_changed):
        view.set_only_selection_edges(True)


def test_ghosts_keep_out_of_the_way_of_other_kinds(view):
    view._scene.set_ghosts(GhostKind.ADDED, [("s0", "t0")])
    assert [(ghost.kind, ghost.upon) for ghost in view._scene.ghosts.ghosts] == [(GhostKind.ADDED, False)]
    view._scene.set_ghosts(GhostKind.REMOVED, [("s0", "t0"), ("nowhere", "t0")])
    assert len(view._scene.ghosts.ghosts) == 2
