from dataclasses import replace
from itertools import pairwise

import pytest
from made import network

from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Mark, Place, RowState, Side, compact_count, local_name, make_column
from dpiat_gui.canvas.details import describe_html, describe_plain
from dpiat_gui.canvas.navigation import Move, moved, shown_places
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import Overrides, match_options

S, T = Side.SOURCE, Side.TARGET


def states(board, side, entry):
    return [mark.state for mark in board.marks[side][entry].rows]


def test_rows_say_what_becomes_of_them(board):
    assert states(board, S, 2) == [
        RowState.MATCHED,
        RowState.MATCHED,
        RowState.PLAIN,
        RowState.MATCHED,
        RowState.MATCHED,
        RowState.FREE,
    ]
    assert states(board, T, 3)[-1] is RowState.FREE
    assert board.marks[T][5].whole.state is RowState.FREE
    assert board.marks[T][4].whole.state is RowState.PLAIN
    assert board.marks[S][0].whole.state is RowState.MATCHED


def test_coverage_is_told_of_scored_target_rows_only(board):
    assert board.marks[T][1].rows[0].coverage == 0.5
    assert board.marks[T][1].rows[2].coverage is None
    assert board.marks[T][1].whole.coverage == 0.5
    assert all(mark.whole.coverage is None for mark in board.marks[S])


def test_overrides_mark_rows_and_the_blocks_that_hide_them(source, target):
    overrides = Overrides(pins=[("s1.0", "t2.0")], bans=[("s2", "t3")], fresh=["t1.1"])
    board = Board()
    board.set_matching(match_networks(source, target, None, overrides))
    assert board.marks[S][1].rows[0].pinned
    assert board.marks[T][2].whole.pinned
    assert board.marks[T][3].whole.banned
    assert board.marks[T][1].rows[1] == Mark(RowState.FREE, fresh=True)
    assert not board.marks[S][1].rows[1].pinned


def test_partners_are_found_both_ways(board):
    assert board.partner(Place(S, 0)) == Place(T, 0)
    assert board.partner(Place(T, 2, 3)) == Place(S, 1, 3)
    assert board.partner(Place(S, 1)) == Place(T, 1)
    assert board.partner(Place(S, 2, 5)) is None
    assert board.partner(Place(T, 5)) is None


def test_the_partner_of_a_shared_source_is_the_one_looked_at(board):
    board.expand([Place(S, 1)])
    assert board.partner(Place(S, 1, 0)) == Place(T, 1, 0)
    assert board.set_focus(2)
    assert board.partner(Place(S, 1, 0)) == Place(T, 2, 0)
    assert not board.set_focus(3)


def test_expanding_expands_the_partners(board):
    assert board.expand([Place(T, 2)])
    assert board.expanded == {S: {1}, T: {2}}
    assert not board.expand([Place(T, 2)])
    assert board.expand([Place(S, 1)])
    assert board.expanded == {S: {1}, T: {1, 2}}


def test_collapsing_leaves_a_source_open_that_another_target_needs(board):
    board.expand([Place(S, 1)])
    assert board.expand([Place(T, 2)], open_them=False)
    assert board.expanded == {S: {1}, T: {1}}
    assert board.expand([Place(T, 1)], open_them=False)
    assert board.expanded == {S: set(), T: set()}


def test_expanding_can_leave_the_partners_alone(board):
    assert board.expand([Place(T, 3)], partners=False)
    assert board.expanded == {S: set(), T: {3}}


def test_a_single_layer_never_expands(board):
    assert not board.expand([Place(S, 0), Place(T, 4)])


def test_edges_are_found_for_pairs_and_their_ends_lead_back(board):
    assert board.edges_of(Place(S, 0), Place(T, 0)) == {0}
    assert board.edges_of(Place(S, 1, 3), Place(T, 2, 3)) == {2}
    assert board.edges_of(Place(S, 1), None) == {1, 2}
    assert board.edges_of(Place(S, 0), Place(T, 1)) == frozenset()
    assert board.edges_of(None, Place(T, 5)) == frozenset()
    board.expand([Place(T, 3)])
    rows = board.edges_of(Place(S, 2, 3), Place(T, 3, 3))
    assert len(rows) == 1
    assert board.ends(next(iter(rows))) == (Place(S, 2, 3), Place(T, 3, 3))
    assert len(board.edges_of(Place(S, 2), Place(T, 3))) == 4


def test_an_edge_of_blocks_stands_for_its_pairs(board):
    mark = board.edge_marks[next(iter(board.edges_of(Place(S, 2), Place(T, 3))))]
    assert mark.count == 4
    # Four of the target's five layers that can be matched are matched perfectly.
    assert mark.score == 0.8
    assert not mark.weak


def test_a_place_is_found_at_a_height(board):
    board.expand([Place(T, 3)])
    placed = board.placed(T)[3]
    assert board.at(T, placed.top + 3) == Place(T, 3)
    assert board.at(T, placed.row_port(1)) == Place(T, 3, 1)
    assert board.at(T, placed.bottom + 2) is None
    assert board.at(T, -5) is None


def test_the_same_networks_keep_their_columns_and_what_is_expanded(board, source, target):
    board.expand([Place(T, 3)])
    column = board.columns[T]
    assert not board.set_matching(match_networks(source, target, None, Overrides(fresh=["t0"])))
    assert board.columns[T] is column
    assert board.expanded[T] == {3}
    assert not board.set_networks(source, target)
    assert board.links == ()
    assert board.expanded[T] == {3}


def test_blocks_that_stay_stay_expanded_when_the_layer_types_change(board, source, target):
    board.expand([Place(T, 3)])
    board.set_matching(match_networks(source, target, match_options("paper")))
    assert board.expanded[T] == {3}


def test_another_network_begins_collapsed(board, source):
    board.expand([Place(T, 3)])
    assert board.set_networks(source, source)
    assert board.expanded[T] == set()
    assert board.set_networks(None, None)
    assert board.layout.height == 0


def test_keys_walk_through_entries_and_shown_rows(board):
    board.expand([Place(T, 1)])
    assert [place.row for place in shown_places(board, T)][:4] == [None, None, 0, 1]
    assert moved(board, None, T, Move.DOWN, 100) == Place(T, 0)
    assert moved(board, None, T, Move.UP, 100) == Place(T, 6)
    assert moved(board, Place(T, 1), T, Move.DOWN, 100) == Place(T, 1, 0)
    assert moved(board, Place(T, 1, 0), T, Move.UP, 100) == Place(T, 1)
    assert moved(board, Place(T, 0), T, Move.UP, 100) == Place(T, 0)
    assert moved(board, Place(T, 3), T, Move.FIRST, 100) == Place(T, 0)
    assert moved(board, Place(T, 3), T, Move.LAST, 100) == Place(T, 6)
    assert moved(board, Place(T, 0), T, Move.PAGE_DOWN, 1e6) == Place(T, 6)
    assert moved(board, Place(T, 6), T, Move.PAGE_UP, 1) == Place(T, 5)
    # A row that hides in a collapsed block counts as the block.
    assert moved(board, Place(T, 3, 2), T, Move.DOWN, 100) == Place(T, 4)
    assert moved(Board(), None, T, Move.DOWN, 100) is None


def test_a_page_moves_about_a_page(board):
    board.expand(board.everything())
    start = Place(T, 0)
    goal = moved(board, start, T, Move.PAGE_DOWN, 150)
    moved_by = board.extent(goal)[0] - board.extent(start)[0]
    assert 100 <= moved_by <= 150


def test_columns_name_rows_below_their_block(source):
    column = make_column(source)
    assert column.entries[1].rows[0].name == "0"
    assert column.path(1, 0) == "s1.0"
    assert column.summary == f"{compact_count(source.parameters)} · 5 entries"
    assert local_name("a.b.c", "a.b") == "c"
    assert local_name("a", "") == "a"


def test_counts_are_short():
    assert [compact_count(n) for n in (0, 860, 52_146, 999_960, 4_800_000, 480e6, 1.2e9)] == [
        "0",
        "860",
        "52.1 k",
        "1.0 M",
        "4.8 M",
        "480 M",
        "1.2 G",
    ]


# -- other matchers -----------------------------------------------------------------------------


METHODS_THERE_ARE = ["dp", "dp-branch", "flat", "bipartite", "nested-bipartite", "random"]


@pytest.mark.parametrize("method", METHODS_THERE_ARE)
@pytest.mark.parametrize("opened", ["none", "all", "targets", "one"])
def test_every_matching_of_every_method_is_drawn(source, target, method, opened):
    for a, b in ((source, target), (target, source)):
        board = Board()
        board.set_matching(match_networks(a, b, match_options(method=method, seed=3)))
        if opened == "one":
            board.expand([Place(T, 3)])
        elif opened != "none":
            spots = [spot for spot in board.everything() if opened == "all" or spot.side is T]
            board.expand(spots, partners=False)
        check_edges(board)


def check_edges(board):
    matching = board.matching
    assert {edge.link for edge in board.edges.edges} == set(range(len(matching.entry_pairs)))
    assert len(board.edge_marks) == len(board.edges.edges)
    for i in range(len(board.edges.edges)):
        ends = board.ends(i)
        assert i in board.edges_of(*ends)
        paths = [board.path(end) for end in ends]
        if all(board.row_of(end) is not None for end in ends):
            assert tuple(paths) in {(pair.source, pair.target) for pair in matching.pairs}
    if matching.keeps_order:
        for upper, lower in pairwise(board.edges.edges):
            assert upper.y0 <= lower.y0
            assert upper.y1 <= lower.y1
    elif len(board.expanded[S]) > 1:
        shown = [mark.count for mark in board.edge_marks]
        assert sum(shown) == len(matching.pairs)


def test_a_layer_by_itself_is_paired_with_a_row_of_a_block():
    board = Board()
    a, b = (
        network("s", [(8, 3, 3, 3), (8,), (8, 8, 3, 3)]),
        network("t", [[(8, 3, 3, 3), (8,)], [(8, 8, 3, 3)]]),
    )
    board.set_matching(match_networks(a, b, match_options(method="flat")))
    assert board.partner(Place(S, 1)) == Place(T, 0, 1)
    assert board.partner(Place(T, 0, 1)) == Place(S, 1)
    assert board.partner(Place(T, 0)) == Place(S, 0)
    board.expand(board.everything())
    assert [edge.pair for edge in board.edges.edges] == [0, 0, 0]
    assert board.edges_of(Place(S, 1), Place(T, 0, 1)) == {1}
    assert "s1 gives to t0.1, score 1.00" in describe_plain(board, Place(S, 1), Place(T, 0, 1))


def test_crossings_are_told_where_pairs_may_cross(source, target):
    board = Board()
    board.set_matching(match_networks(source, target))
    assert board.counts == "14 pairs"
    random = match_networks(source, target, match_options(method="random", seed=3))
    board.set_matching(random)
    assert random.crossings > 1
    assert board.counts == f"{len(random.pairs)} pairs · {random.crossings} crossings"


def test_blocks_of_which_one_has_a_skip_say_so():
    def made(name, skip):
        plain = network(name, [[(8, 8, 1, 1), (8,)], (8, 3, 3, 3)])
        return replace(plain, sequence=(replace(plain.sequence[0], skip=skip), plain.sequence[1]))

    board = Board()
    board.set_matching(match_networks(made("s", True), made("t", False), match_options(skip_factor=0.5)))
    assert [mark.factor for mark in board.edge_marks] == [0.5, 1.0]
    words = "skip on one side only: the blocks keep 0.5 of their score"
    assert words in describe_html(board, Place(S, 0), Place(T, 0))
    assert "lowered to 0.5 for a skip on one side only" in describe_plain(board, Place(S, 0), Place(T, 0))
    board.expand([Place(T, 0)])
    # Once a pair of blocks, not on every row.
    assert [mark.factor for mark in board.edge_marks] == [0.5, 1.0, 1.0]
    assert words in describe_html(board, Place(S, 0, 1), Place(T, 0, 1))
    assert words not in describe_html(board, Place(S, 1), Place(T, 1))


def test_expanding_where_pairs_cross_opens_only_what_is_faced(source, target):
    board = Board()
    board.set_matching(match_networks(source, target, match_options(method="random", seed=3)))
    for spot in board.everything():
        board.expand([spot])
        assert len(board.expanded[spot.side.other]) <= 1
        board.expand(board.everything(), open_them=False)
