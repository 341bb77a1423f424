import pytest
from made import layer

from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Place, Row, Side
from dpiat_gui.canvas.details import describe_html, describe_plain, dimension_names, factors
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import Overrides
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.titles import LayerRole

S, T = Side.SOURCE, Side.TARGET


def row(shape, kind=LayerKind.CONV2D):
    return Row(layer("x", shape, kind), "", LayerRole.CONV, True)


def test_factors_name_each_dimension_and_what_becomes_of_it():
    found = factors(row((95, 504, 1, 1)), row((88, 528, 1, 1)))
    assert [(f.name, f.source, f.target, f.verdict) for f in found] == [
        ("out", 95, 88, "kept"),
        ("in", 504, 528, "filled"),
        ("kH", 1, 1, "same"),
        ("kW", 1, 1, "same"),
    ]
    assert found[0].ratio == pytest.approx(88 / 95)
    assert factors(row((4,)), row((4, 4, 1, 1))) == ()


@pytest.mark.parametrize(
    ("kind", "rank", "names"),
    [
        (LayerKind.CONV1D, 3, ("out", "in", "k")),
        (LayerKind.CONV_TRANSPOSE2D, 4, ("in", "out", "kH", "kW")),
        (LayerKind.LINEAR, 2, ("out", "in")),
        (LayerKind.BATCH_NORM2D, 1, ("channels",)),
        (LayerKind.EMBEDDING, 2, ("rows", "width")),
        (LayerKind.PARAMETER, 3, ("dim 0", "dim 1", "dim 2")),
    ],
)
def test_dimensions_have_names(kind, rank, names):
    assert dimension_names(kind, rank) == names


def test_a_pair_of_rows_tells_score_factors_and_penalty(board):
    text = describe_html(board, Place(S, 1, 3), Place(T, 2, 3))
    for part in ("s1.3", "t2.3", "1.000", "kW", "one source for 2 entries", "0.707", "parameters"):
        assert part in text


def test_a_pair_of_blocks_tells_how_much_of_the_best_it_reaches(board):
    text = describe_html(board, Place(S, 2), Place(T, 3))
    assert "block score 4.00 of 5 layers" in text
    assert "4 pairs inside" in text
    assert "span 1, no penalty" in text


def test_a_pair_of_single_layers_tells_its_factors(board):
    assert "kW" in describe_html(board, Place(S, 0), Place(T, 0))


def test_a_place_alone_tells_why(board):
    assert "unused" in describe_html(board, Place(S, 2, 5), None)
    assert "fresh: it takes nothing" in describe_html(board, None, Place(T, 5))
    assert "no weight" in describe_html(board, None, Place(T, 4))
    assert describe_html(board, None, None) == ""


def test_two_places_that_are_no_pair_are_told_one_by_one(board):
    assert describe_html(board, Place(S, 0), Place(T, 6)).count("<hr>") == 1
    assert describe_plain(board, Place(S, 0), Place(T, 6)) == "s0 and t6 are not matched."


def test_a_screen_reader_gets_a_sentence(board):
    assert describe_plain(board, Place(S, 0), Place(T, 0)) == "s0 gives to t0, score 1.00."
    assert describe_plain(board, None, Place(T, 5)).startswith("Target t5: ")
    assert describe_plain(board, None, None) == ""


def test_overrides_are_told(source, target):
    board = Board()
    board.set_matching(match_networks(source, target, None, Overrides(pins=[("s0", "t0")], fresh=["t6"])))
    assert "pinned" in describe_plain(board, Place(S, 0), Place(T, 0))
    assert "left fresh by hand" in describe_plain(board, None, Place(T, 6))


def test_networks_that_are_not_matched_say_so(source):
    board = Board()
    board.set_networks(source, None)
    assert "not matched yet" in describe_plain(board, Place(S, 0), None)
