import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import network

from dpiat_gui.errors import MatchError
from dpiat_gui.matching.compare import compare
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import MatchOptions, Overrides

SHAPES = st.sampled_from([None, (4,), (8,), (8, 4, 3, 3), (8, 8, 3, 3)])
ENTRIES = st.lists(st.one_of(SHAPES, st.lists(SHAPES, min_size=2, max_size=3)), min_size=1, max_size=4)
NAMES = st.sampled_from(sorted(METHODS))


@settings(max_examples=80, deadline=None)
@given(ENTRIES, ENTRIES, NAMES, NAMES)
def test_a_comparison_sorts_every_pair_once(source, target, one, other):
    networks = network("s", source), network("t", target)
    first, second = (match_networks(*networks, MatchOptions(method=name)) for name in (one, other))
    found = compare(first, second)
    assert len(found.both) + len(found.only_first) == len(first.pairs)
    assert len(found.both) + len(found.only_second) == len(second.pairs)
    assert found.score_difference == second.score - first.score
    changed = {pair.target for pair in (*found.only_first, *found.only_second)}
    assert {change.target for change in found.changes} == changed
    assert compare(first, first).agreement == 1
    assert compare(first, first).changes == ()


def test_kinds_of_changes():
    source, target = network("s", [(8,), (4,)]), network("t", [(8,), (4,)])
    before = match_networks(source, target)
    after = match_networks(source, target, overrides=Overrides(pins=[("s0", "t1")], fresh=["t0"]))
    found = compare(before, after)
    assert [(change.target, change.kind) for change in found.changes] == [
        ("t0", "removed"),
        ("t1", "changed"),
    ]
    assert [change.kind for change in compare(after, before).changes] == ["added", "changed"]
    assert found.score_difference < 0


def test_other_networks_are_refused():
    one = match_networks(network("s", [(8,)]), network("t", [(8,)]))
    other = match_networks(network("s", [(8,)]), network("t", [(4,)]))
    with pytest.raises(MatchError, match="different networks"):
        compare(one, other)
