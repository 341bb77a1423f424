"""What a pin would do: the check agrees with the solver, the outcome with solving it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import network

from dpiat_gui.document.corrections import fitting_overrides
from dpiat_gui.document.facts import facts_of
from dpiat_gui.document.pinning import PinChecker, outcome_of, partners
from dpiat_gui.document.selection import Selection
from dpiat_gui.errors import OverrideError
from dpiat_gui.matching.engine import check_pin, prepare, solve
from dpiat_gui.matching.values import Overrides, match_options

C1, C2, C3 = (8, 3, 3, 3), (16, 8, 3, 3), (12, 16, 1, 1)
SOURCE = network("s", [[C1, (8,), None], [C2, (16,)], C3, [C2, (16,), C3], (10, 12)])
TARGET = network("t", [[C1, (8,)], [C1, (9,), None], C3, [C2, (12,), C3], C3, (20, 12)])
TABLES = prepare(SOURCE, TARGET, match_options())
SOURCES = [path for block in SOURCE.sequence for path in (block.path, *(one.path for one in block.layers))]
TARGETS = [path for block in TARGET.sequence for path in (block.path, *(one.path for one in block.layers))]
PAIRS = st.tuples(st.sampled_from(SOURCES), st.sampled_from(TARGETS))


@settings(max_examples=150, deadline=None)
@given(
    wanted=st.lists(PAIRS, max_size=4),
    banned=st.lists(PAIRS, max_size=3),
    fresh=st.lists(st.sampled_from(TARGETS), max_size=2),
    asked=st.lists(PAIRS, min_size=1, max_size=8),
)
def test_the_quick_check_says_what_the_slow_one_says(
    wanted: list[tuple[str, str]],
    banned: list[tuple[str, str]],
    fresh: list[str],
    asked: list[tuple[str, str]],
) -> None:
    overrides = fitting_overrides(TABLES, Overrides(bans=banned, fresh=fresh))[0]
    for pair in wanted:
        if check_pin(TABLES, overrides, *pair) is None:
            overrides = overrides.with_pin(*pair)
    checker = PinChecker(TABLES, overrides)
    for pair in asked:
        assert checker.reason(*pair) == check_pin(TABLES, overrides, *pair)


def test_an_outcome_is_the_difference_to_the_solved_matching() -> None:
    matching = solve(TABLES, Overrides())
    pinned = Overrides().with_pin("s1", "t1")
    outcome = outcome_of(TABLES, matching, pinned)
    other = solve(TABLES, pinned)
    assert outcome is not None
    assert outcome.change == pytest.approx(other.score - matching.score)
    pairs = {(pair.source, pair.target) for pair in matching.pairs} - set(outcome.removed) | set(
        outcome.added
    )
    assert pairs == {(pair.source, pair.target) for pair in other.pairs}
    assert outcome_of(TABLES, matching, Overrides([("s0", "t9")])) is None


@pytest.mark.parametrize("method", ["dp", "nested-bipartite"])
def test_partners_come_by_cost_and_impossible_ones_last(method: str) -> None:
    tables = prepare(SOURCE, TARGET, match_options(method=method))
    matching = solve(tables, Overrides(pins=[("s0", "t0")]))
    facts = facts_of(matching, tables, Selection(target="t3.0"))
    found = partners(tables, matching, facts)
    assert found
    costs = [one.change for one in found]
    possible = [cost for cost in costs if cost is not None]
    assert possible == sorted(possible, reverse=True)
    assert costs[: len(possible)] == possible
    for one in found:
        try:
            other = solve(tables, matching.overrides.with_pin(one.source, one.target))
        except OverrideError:
            assert one.change is None
            assert one.reason
        else:
            assert one.change == pytest.approx(other.score - matching.score)


def test_partners_that_take_long_to_weigh_are_left_unweighed() -> None:
    tables = prepare(SOURCE, TARGET, match_options(method="nested-bipartite"))
    matching = solve(tables, Overrides())
    found = partners(tables, matching, facts_of(matching, tables, Selection(target="t3.0")), weigh=False)
    assert found
    assert all(one.change is None for one in found)
