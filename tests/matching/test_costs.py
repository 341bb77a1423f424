"""What pins cost, against pinning and solving anew."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import network

from dpiat_gui.errors import OverrideError
from dpiat_gui.matching import blocks, costs
from dpiat_gui.matching.costs import has_quick_costs, pin_costs
from dpiat_gui.matching.engine import check_pin, prepare, solve
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import MatchOptions, Overrides, match_options
from dpiat_gui.networks.sources import load_network

SHAPES = st.sampled_from([None, (4,), (6,), (8,), (4, 4, 1, 1), (8, 4, 3, 3), (8, 8, 3, 3)])
ENTRIES = st.lists(st.one_of(SHAPES, st.lists(SHAPES, min_size=2, max_size=5)), min_size=1, max_size=6)


def rows(side):
    return [block.path for block in side.entries if not block.single] + [
        layer.path for block in side.entries for layer in block.layers
    ]


def with_skips(made, lots):
    """Let some blocks have an identity skip, so that factors come in."""
    skips = [None if block.single else lots.random() < 0.5 for block in made.sequence]
    sequence = (replace(block, skip=skip) for block, skip in zip(made.sequence, skips, strict=True))
    return replace(made, sequence=tuple(sequence))


@st.composite
def corrected(draw, method="dp"):
    """Scores of two networks, and overrides that hold."""
    lots = draw(st.randoms(use_true_random=False))
    options = MatchOptions(
        method=method,
        exponent=draw(st.sampled_from([0.3, 0.5, 0.8])),
        skip_factor=draw(st.sampled_from([0.5, 1.0])),
    )
    scored = prepare(
        with_skips(network("s", draw(ENTRIES)), lots), with_skips(network("t", draw(ENTRIES)), lots), options
    )
    overrides = Overrides()
    sides = rows(scored.source_side), rows(scored.target_side)
    for kind in draw(st.lists(st.sampled_from(["pin", "pin", "ban", "fresh"]), max_size=4)):
        source, target = draw(st.sampled_from(sides[0])), draw(st.sampled_from(sides[1]))
        wanted = {
            "pin": overrides.with_pin(source, target),
            "ban": overrides.with_ban(source, target),
            "fresh": overrides.with_fresh(target),
        }[kind]
        try:
            solve(scored, wanted)
        except OverrideError:
            continue
        overrides = wanted
    return scored, overrides


def pinned_total(scored, overrides, source, target):
    """Pin and solve anew: the total, or the reason why not."""
    reason = check_pin(scored, overrides, source, target)
    if reason:
        return reason
    try:
        return solve(scored, overrides.without(target).with_pin(source, target)).score
    except OverrideError as error:
        return str(error)


def assert_true(scored, overrides, found):
    present = solve(scored, overrides).score
    for cost in found:
        expected = pinned_total(scored, overrides, cost.source, cost.target)
        if cost.total is None:
            assert cost.reason == expected
            assert cost.change is None
        else:
            assert cost.reason == ""
            assert cost.total == pytest.approx(expected, abs=1e-9)
            assert cost.change == pytest.approx(expected - present, abs=1e-9)


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(["dp", "dp", "flat"]).flatmap(corrected), st.data())
def test_costs_are_those_of_pinning_and_solving_anew(problem, data):
    scored, overrides = problem
    sides = rows(scored.source_side), rows(scored.target_side)
    target, source = data.draw(st.sampled_from(sides[1])), data.draw(st.sampled_from(sides[0]))
    assert_true(scored, overrides, pin_costs(scored, overrides, target=target))
    assert_true(scored, overrides, pin_costs(scored, overrides, source=source))
    assert_true(scored, overrides, pin_costs(scored, overrides, target=target, among=sides[0]))
    assert_true(scored, overrides, pin_costs(scored, overrides, source=source, among=sides[1]))


@settings(max_examples=100, deadline=None)
@given(corrected(), st.data())
def test_every_row_that_can_be_pinned_is_a_candidate(problem, data):
    scored, overrides = problem
    sides = rows(scored.source_side), rows(scored.target_side)
    target, source = data.draw(st.sampled_from(sides[1])), data.draw(st.sampled_from(sides[0]))
    found = {cost.source for cost in pin_costs(scored, overrides, target=target)}
    assert {path for path in sides[0] if check_pin(scored, overrides, path, target) is None} <= found
    found = {cost.target for cost in pin_costs(scored, overrides, source=source)}
    assert {path for path in sides[1] if check_pin(scored, overrides, source, path) is None} <= found


OTHER = st.sampled_from([name for name in METHODS if name not in ("dp", "flat")])


@settings(max_examples=20, deadline=None)
@given(OTHER.flatmap(corrected), st.data())
def test_other_methods_solve_anew(problem, data):
    scored, overrides = problem
    assert not has_quick_costs(scored)
    target = data.draw(st.sampled_from(rows(scored.target_side)))
    assert_true(scored, overrides, pin_costs(scored, overrides, target=target))


def test_blocks_too_large_for_a_batch_and_tables_in_parts(monkeypatch):
    shapes = [(8, 8, 3, 3), (8,), None, (4, 8, 1, 1), (4,)]
    source, target = network("s", [shapes * 2, shapes, shapes]), network("t", [shapes, shapes * 2, shapes])
    scored = prepare(source, target, MatchOptions())
    whole = [pin_costs(scored, Overrides(), target=path) for path in ("t1.3", "t1")]
    monkeypatch.setattr("dpiat_gui.matching.forced._MOST_CELLS", 1)
    monkeypatch.setattr(blocks, "_BATCH_CELLS", 1)
    again = prepare(source, target, MatchOptions())
    assert [pin_costs(again, Overrides(), target=path) for path in ("t1.3", "t1")] == whole
    monkeypatch.setattr(blocks, "_BATCH_ROWS", (3,))
    again = prepare(source, target, MatchOptions())
    assert not again.forced
    for path in ("t1.3", "t1"):
        assert_true(again, Overrides(), pin_costs(again, Overrides(), target=path))


@pytest.mark.parametrize(
    ("source", "target"), [("efficientnet_b0", "efficientnet_b2"), ("rexnet_100", "mixnet_s")]
)
def test_costs_on_real_networks(source, target):
    scored = prepare(load_network(f"timm:{source}"), load_network(f"timm:{target}"), match_options())
    matching = solve(scored, Overrides())
    pair = matching.pairs[len(matching.pairs) // 3]
    overrides = Overrides(pins=[(pair.source, pair.target)])
    row = matching.pairs[len(matching.pairs) // 2]
    entry = matching.entry_pairs[len(matching.entry_pairs) // 2]
    block = matching.target_entries[entry.target].path
    for found in (
        pin_costs(scored, overrides, target=row.target),
        pin_costs(scored, overrides, source=row.source),
        pin_costs(scored, overrides, target=block),
    ):
        assert len(found) > 5
        assert any(cost.reason for cost in found)
        assert_true(scored, overrides, found[::7])
    # What is matched already costs nothing to pin.
    costs_of = {cost.source: cost.change for cost in pin_costs(scored, Overrides(), target=row.target)}
    assert costs_of[row.source] == pytest.approx(0, abs=1e-9)
    assert max(costs_of.values()) <= 1e-9


def test_a_few_outlooks_are_remembered():
    scored = prepare(network("s", [(8,), (6,)]), network("t", [(8,), (6,)]), MatchOptions())
    every = [Overrides(bans=[(s, t)]) for s in ("s0", "s1") for t in ("t0", "t1")] + [Overrides()]
    for overrides in every * 2:
        assert_true(scored, overrides, pin_costs(scored, overrides, target="t0"))
    assert len(scored._outlooks) <= 4


def test_one_row_must_be_named():
    scored = prepare(network("s", [(8,)]), network("t", [(8,)]), MatchOptions())
    for names in ({}, {"source": "s0", "target": "t0"}):
        with pytest.raises(ValueError, match="Name a source or a target"):
            pin_costs(scored, Overrides(), **names)
    with pytest.raises(OverrideError, match="Did you mean"):
        pin_costs(scored, Overrides(), target="t00")


def test_large_tables_are_filled_only_for_many_candidates(monkeypatch):
    scored = prepare(network("s", [(8,), (6,)]), network("t", [(8,), (6,)]), MatchOptions())
    exact = pin_costs(scored, Overrides(), target="t0")
    monkeypatch.setattr(costs, "_MOST_CELLS", 1)
    monkeypatch.setattr("dpiat_gui.matching.outlook.both_ends", None)
    scored._outlooks.clear()
    assert [cost.total for cost in pin_costs(scored, Overrides(), target="t0")] == pytest.approx(
        [cost.total for cost in exact]
    )
