"""The matchers beside the paper's: what each promises, under overrides too."""

from itertools import permutations

import numpy as np
import pytest
from brute import best
from hypothesis import given, settings
from hypothesis import strategies as st
from made import network

from dpiat_gui.errors import MatchError, OverrideError
from dpiat_gui.matching.assignment import assign, draw, total_of
from dpiat_gui.matching.branches import match_branches
from dpiat_gui.matching.engine import check_pin, match_networks, prepare
from dpiat_gui.matching.layer_scores import layer_score
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import MatchOptions, Overrides
from dpiat_gui.networks.sources import load_network
from dpiat_gui.networks.values import Block, Network

SHAPES = st.sampled_from([None, (4,), (6,), (8,), (4, 4, 1, 1), (8, 4, 3, 3), (8, 8, 3, 3)])
ENTRIES = st.lists(st.one_of(SHAPES, st.lists(SHAPES, min_size=2, max_size=3)), min_size=1, max_size=3)
VALUES = st.sampled_from([0.0, 0.0, 0.25, 0.5, 0.7, 1.0])


@st.composite
def cells(draw_value, most=5):
    n, m = draw_value(st.integers(1, most)), draw_value(st.integers(1, most))
    rows = st.lists(st.lists(VALUES, min_size=m, max_size=m), min_size=n, max_size=n)
    return np.array(draw_value(rows))


def options(method, **others):
    return MatchOptions(method=method, **others)


def assert_overrides_hold(matching, overrides):
    got = {(pair.source, pair.target) for pair in matching.pairs}
    assert set(overrides.pins) <= got
    assert not got & set(overrides.bans)
    assert not {target for _, target in got} & set(overrides.fresh)
    assert {(pair.source, pair.target) for pair in matching.pairs if pair.pinned} == set(overrides.pins)


def assert_adds_up(matching):
    exponent = matching.options.exponent
    total = sum(entry.score / entry.span**exponent for entry in matching.entry_pairs)
    assert total == pytest.approx(matching.score, abs=1e-9)
    for entry in matching.entry_pairs:
        inside = sum(pair.score / pair.span**exponent for pair in entry.pairs)
        assert inside * entry.factor == pytest.approx(entry.score, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(ENTRIES, ENTRIES, st.sampled_from(sorted(METHODS)), st.data())
def test_every_method_holds_overrides_and_adds_up(source, target, method, data):
    one, other = network("s", source), network("t", target)
    free = match_networks(one, other, options(method, seed=3))
    assert_adds_up(free)
    assert match_networks(one, other, options(method, seed=3)) == free
    if METHODS[method].keeps_order:
        assert free.crossings == 0
    if not free.pairs:
        return
    pairs = [(pair.source, pair.target) for pair in free.pairs]
    ban = data.draw(st.sampled_from(pairs))
    pin = data.draw(st.sampled_from(pairs))
    fresh = data.draw(st.sampled_from([target for _, target in pairs]))
    overrides = Overrides(
        [] if pin == ban or pin[1] == fresh else [pin], [ban], [] if fresh == ban[1] else [fresh]
    )
    matching = match_networks(one, other, options(method, seed=3), overrides)
    assert_overrides_hold(matching, overrides)
    assert_adds_up(matching)


@settings(max_examples=100, deadline=None)
@given(ENTRIES, ENTRIES, st.data())
def test_flat_equals_brute_force_over_all_layers(source, target, data):
    one, other = network("s", source), network("t", target)
    if len(one.layers) * len(other.layers) > 42:
        return
    scores = [[layer_score(a, b) for a in one.layers] for b in other.layers]
    positive = [(t, s) for t, row in enumerate(scores) for s, value in enumerate(row) if value]
    pins = dict([data.draw(st.sampled_from(positive))]) if positive and data.draw(st.booleans()) else {}
    overrides = Overrides([(one.layers[s].path, other.layers[t].path) for t, s in pins.items()])
    matching = match_networks(one, other, options("flat"), overrides)
    assert matching.score == pytest.approx(best(scores, pins=pins), abs=1e-9)
    assert_overrides_hold(matching, overrides)


@settings(max_examples=150, deadline=None)
@given(cells(), st.data())
def test_assignment_is_the_best_there_is(scores, data):
    n, m = scores.shape
    pins = {}
    positive = [(t, s) for t in range(n) for s in range(m) if scores[t, s] > 0]
    if positive and data.draw(st.booleans()):
        target, source = data.draw(st.sampled_from(positive))
        pins[target] = source
    found = assign(scores, pins)
    assert {target: source for source, target in found if target in pins} == pins
    assert len({s for s, _ in found}) == len({t for _, t in found}) == len(found)
    assert all(scores[t, s] > 0 for s, t in found)
    padded = np.zeros((max(n, m), max(n, m)))
    padded[:n, :m] = scores
    expected = max(
        sum(padded[t, s] for t, s in enumerate(order))
        for order in permutations(range(max(n, m)))
        if all(order[t] == s for t, s in pins.items())
    )
    assert total_of(scores, found) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(cells(), st.integers(0, 5))
def test_lots_serve_as_many_as_can_be_and_equal_seeds_draw_equal_lots(scores, seed):
    found = draw(scores, seed=seed)
    assert found == draw(scores, seed=seed)
    assert len(found) == len(assign((scores > 0).astype(float)))
    assert len({s for s, _ in found}) == len({t for _, t in found}) == len(found)


def test_seeds_draw_different_lots():
    assert len({tuple(draw(np.ones((6, 6)), seed=seed)) for seed in range(20)}) > 10


def branched(name: str, shapes, branches) -> Network:
    made = network(name, [shapes])
    block = made.sequence[0]
    blocks = (Block(block.path, block.layers, single=False, branches=branches),)
    return Network(made.tree, blocks)


@settings(max_examples=60, deadline=None)
@given(ENTRIES, ENTRIES)
def test_without_branches_dp_branch_equals_dp(source, target):
    one, other = network("s", source), network("t", target)
    plain, branch = (match_networks(one, other, options(method)) for method in ("dp", "dp-branch"))
    assert branch.entry_pairs == plain.entry_pairs
    assert branch.score == plain.score


@settings(max_examples=150, deadline=None)
@given(st.lists(VALUES, min_size=36, max_size=36), st.integers(1, 3), st.integers(1, 3))
def test_branches_equal_brute_force(values, source_split, target_split):
    """One leading layer, then two branches of together five layers on both sides."""
    scores = np.array(values).reshape(6, 6)

    def branches(split):
        return ((tuple(range(1, 1 + split)), tuple(range(1 + split, 6))),)

    found = match_branches(scores, 0.5, branches(source_split), branches(target_split))
    assert found is not None
    pairs = [
        [best(scores[np.ix_(t, s)].tolist()) for s in branches(source_split)[0]]
        for t in branches(target_split)[0]
    ]
    group = max(pairs[0][0] + pairs[1][1], pairs[0][1] + pairs[1][0])
    expected = best([[scores[0, 0], 0.0], [0.0, group]])
    assert found[0] == pytest.approx(expected, abs=1e-9)
    told = sum(score / span**0.5 for _, _, score, span in found[1])
    assert told == pytest.approx(found[0], abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.lists(VALUES, min_size=49, max_size=49))
def test_groups_inside_branches_are_aligned_in_turn(values):
    """Two branches after a leading layer, the first of which splits in two once more."""
    scores = np.array(values).reshape(7, 7)
    branches = (((1, 2, 3, 4), (5, 6)), ((2,), (3,)))
    found = match_branches(scores, 0.5, branches, branches)
    assert found is not None
    assert len({target for _, target, _, _ in found[1]}) == len(found[1])
    told = sum(score / span**0.5 for _, _, score, span in found[1])
    assert told == pytest.approx(found[0], abs=1e-9)
    flat = match_branches(scores, 0.5, branches[:1], branches[:1])
    assert flat is not None
    assert found[0] >= flat[0] - 1e-12


def test_a_swap_inside_a_branch_is_found():
    # Layers 2 and 3 are parallel, and stand in the other order in the target.
    scores = np.zeros((7, 7))
    for target, source in enumerate((0, 1, 3, 2, 4, 5, 6)):
        scores[target, source] = 1
    branches = (((1, 2, 3, 4), (5, 6)), ((2,), (3,)))
    found = match_branches(scores, 0.5, branches, branches)
    assert found is not None
    assert found[0] == pytest.approx(7)


def test_branches_in_another_order_are_found():
    small, large = (8, 8, 3, 3), (8, 8, 5, 5)
    one = branched("s", [(3, 3), small, large], (((1,), (2,)),))
    other = branched("t", [(3, 3), large, small], (((1,), (2,)),))
    assert match_networks(one, other, options("dp")).score < 3
    matching = match_networks(one, other, options("dp-branch"))
    assert matching.score == pytest.approx(3)
    assert {(pair.source, pair.target) for pair in matching.pairs} == {
        ("s0.0", "t0.0"),
        ("s0.1", "t0.2"),
        ("s0.2", "t0.1"),
    }
    assert matching.crossings == 1
    assert not matching.keeps_order
    pinned = match_networks(one, other, options("dp-branch"), Overrides([("s0.1", "t0.1")]))
    assert ("s0.1", "t0.1") in {(pair.source, pair.target) for pair in pinned.pairs}
    assert pinned.score < 3


def with_skips(made: Network, skips) -> Network:
    blocks = tuple(
        Block(block.path, block.layers, block.single, skip=skip)
        for block, skip in zip(made.sequence, skips, strict=True)
    )
    return Network(made.tree, blocks)


@pytest.mark.parametrize(
    ("skips", "expected"),
    [
        ((True, True), 2.0),
        ((False, False), 2.0),
        ((True, False), 1.0),
        ((True, None), 2.0),
        ((None, None), 2.0),
    ],
)
def test_a_lost_skip_costs_half_where_both_are_known(skips, expected):
    block = [[(8,), (8, 8, 3, 3)]]
    one, other = with_skips(network("s", block), skips[:1]), with_skips(network("t", block), skips[1:])
    matching = match_networks(one, other, options("dp", skip_factor=0.5))
    assert matching.score == expected
    assert matching.entry_pairs[0].factor == expected / 2
    assert_adds_up(matching)
    assert match_networks(one, other, options("dp")).score == 2.0
    # A pin inside does not change what the skip costs.
    pinned = match_networks(one, other, options("dp", skip_factor=0.5), Overrides([("s0.0", "t0.0")]))
    assert pinned.score == expected


def test_rules_of_pins_follow_the_method():
    one, other = network("s", [(8,), (8,)]), network("t", [(8,), (8,)])
    crossing = Overrides([("s0", "t1"), ("s1", "t0")])
    for method in ("nested-bipartite", "random"):
        assert_overrides_hold(match_networks(one, other, options(method), crossing), crossing)
    with pytest.raises(OverrideError, match="cross"):
        match_networks(one, other, options("flat"), crossing)
    twice = Overrides([("s0", "t0"), ("s0", "t1")])
    assert_overrides_hold(match_networks(one, other, options("dp"), twice), twice)
    with pytest.raises(OverrideError, match="same source"):
        match_networks(one, other, options("random"), twice)


@pytest.mark.parametrize("method", ["flat", "random"])
def test_methods_without_blocks_take_bans_and_fresh_blocks_layer_by_layer(method):
    one, other = network("s", [[(8,), (8, 8)]]), network("t", [[(8,), (8, 8)]])
    assert match_networks(one, other, options(method), Overrides(fresh=["t0"])).pairs == ()
    assert match_networks(one, other, options(method), Overrides(bans=[("s0", "t0")])).pairs == ()
    with pytest.raises(OverrideError, match="knows no blocks"):
        match_networks(one, other, options(method), Overrides(pins=[("s0", "t0")]))


def test_flat_gathers_layers_by_their_blocks():
    one = network("s", [[(8,), (8, 8)], [(8,), (8, 8)]])
    other = network("t", [[(8,), (8, 8), (8,), (8, 8)]])
    matching = match_networks(one, other, options("flat"))
    assert matching.score == 4
    assert [(entry.source, entry.target, len(entry.pairs)) for entry in matching.entry_pairs] == [
        (0, 0, 2),
        (1, 0, 2),
    ]
    assert match_networks(one, other, options("dp")).score < 4


def test_real_networks_by_every_method():
    one, other = (load_network(f"timm:{name}", branches=True) for name in ("mixnet_s", "efficientnet_b0"))
    scores = {name: match_networks(one, other, options(name, layer_types="paper")).score for name in METHODS}
    assert scores["dp"] == pytest.approx(76.33978648833605, abs=1e-9)
    assert scores["dp-branch"] >= scores["dp"]
    assert all(score > 0 for score in scores.values())


def test_options_out_of_range_are_refused():
    for bad in ({"skip_factor": 0.0}, {"skip_factor": 1.5}, {"seed": -1}):
        with pytest.raises(MatchError):
            MatchOptions(**bad)


def test_check_pin_knows_the_method():
    tables = prepare(network("s", [(8,), (8,)]), network("t", [(8,), (8,)]), options("random"))
    assert check_pin(tables, Overrides([("s0", "t1")]), "s1", "t0") is None
    assert "same source" in check_pin(tables, Overrides([("s0", "t1")]), "s0", "t0")
