import itertools
import math

import numpy as np
import pytest
from brute import best
from hypothesis import given, settings
from hypothesis import strategies as st

from dpiat_gui.matching import filling, long_filling
from dpiat_gui.matching.filling import best_values, longest_worthwhile, path_values
from dpiat_gui.matching.problems import make_problem
from dpiat_gui.matching.recurrence import trace_back

VALUES = st.sampled_from([0.0, 0.0, 0.25, 0.5, 0.7, 1.0])


def solve(cells, exponent=0.5, pins=None):
    problem = make_problem(np.array(cells, dtype=float), exponent, pins)
    table = best_values(problem)
    return table[-1, -1], trace_back(problem, table)


@st.composite
def cells(draw, most=5):
    n, m = draw(st.integers(1, most)), draw(st.integers(1, most))
    return draw(st.lists(st.lists(VALUES, min_size=m, max_size=m), min_size=n, max_size=n))


@pytest.mark.parametrize(
    ("column_count", "scores", "expected"),
    [
        (1, [[1], [1], [1]], 1.7320508075688772),
        (2, [[1, 1], [1, 1], [1, 1]], 2.414213562373095),
        (1, [[1], [0], [1]], 2 / math.sqrt(3)),
        # With three zero rows between, the second target is dropped: 1 > 2 / sqrt(5).
        (1, [[1], [0], [0], [0], [1]], 1.0),
    ],
)
def test_oracles(column_count, scores, expected):
    value, _ = solve(scores)
    assert value == pytest.approx(expected, abs=1e-12)
    assert len(scores[0]) == column_count


@settings(max_examples=300, deadline=None)
@given(cells(), st.sampled_from([0.3, 0.5, 0.8]))
def test_best_value_equals_brute_force(scores, exponent):
    value, spans = solve(scores, exponent)
    assert value == pytest.approx(best(scores, exponent), abs=1e-9)
    told = sum(
        sum(scores[target][span.source] for target in range(span.first, span.last + 1))
        / span.length**exponent
        for span in spans
    )
    assert told == pytest.approx(value, abs=1e-9)


@settings(max_examples=300, deadline=None)
@given(cells(), st.data())
def test_pins_equal_brute_force(scores, data):
    positive = [(t, s) for t, row in enumerate(scores) for s, value in enumerate(row) if value > 0]
    chosen = data.draw(st.lists(st.sampled_from(positive), max_size=3)) if positive else []
    pins: dict[int, int] = {}
    for target, source in chosen:
        if all((target - t) * (source - s) >= 0 and target != t for t, s in pins.items()):
            pins[target] = source
    value, spans = solve(scores, pins=pins)
    assert value == pytest.approx(best(scores, pins=pins), abs=1e-9)
    served = {target: span.source for span in spans for target in range(span.first, span.last + 1)}
    assert {target: served.get(target) for target in pins} == pins


@settings(max_examples=200, deadline=None)
@given(cells(most=7))
def test_spans_are_disjoint_and_in_order(scores):
    _, spans = solve(scores)
    for earlier, later in itertools.pairwise(spans):
        assert earlier.last < later.first
        assert earlier.source < later.source


def test_ties_prefer_skipping_the_source_and_the_shorter_span():
    # Either source serves the one target equally well: the earlier one is left with it.
    _, spans = solve([[1, 1]])
    assert [span.source for span in spans] == [0]
    # The empty row may lie inside or outside the span; outside is worth more.
    _, spans = solve([[0], [1]])
    assert [(span.first, span.last) for span in spans] == [(1, 1)]


@pytest.mark.parametrize("seed", range(40))
def test_long_sequences_get_the_very_same_table(monkeypatch, seed):
    """Spans that are given up early could not have gained."""
    lots = np.random.default_rng(seed)
    n, m = lots.integers(1, 120, size=2)
    values = lots.choice([0.0, 0.2, 0.5, 0.9, 1.0], size=(n, m), p=lots.dirichlet(np.ones(5)))
    if seed % 2:
        # Sources that are equal to many others.
        values = values[:, lots.integers(0, min(m, 3), size=m)]
    if seed % 4 > 1:
        monkeypatch.setattr(long_filling, "_MOST_SHARED", 200)
    pins = {}
    if seed % 3 == 0 and values.any():
        target, source = lots.choice(np.argwhere(values > 0))
        pins[int(target)] = int(source)
    problem = make_problem(values, 0.5, pins)
    whole = best_values(problem)
    monkeypatch.setattr(filling, "_MOST_RUNS", 0)
    np.testing.assert_array_equal(best_values(problem), whole)


@pytest.mark.parametrize("seed", range(60))
def test_tables_without_spans_too_long_give_the_very_same_matching(monkeypatch, seed):
    lots = np.random.default_rng(seed)
    n, m = lots.integers(9, 60, size=2)
    # From networks that are nearly the same, where short spans are enough, to any.
    noise = lots.choice([0.0, 0.3, 1.0])
    near = np.equal.outer(np.arange(n) * m // n, np.arange(m)) * 1.0
    values = np.maximum(near, noise * lots.choice([0.0, 0.5, 0.5, 0.9, 1.0], size=(n, m)))
    pins = {}
    if seed % 3 == 0:
        target, source = lots.choice(np.argwhere(values > 0))
        pins[int(target)] = int(source)
    problem = make_problem(values, 0.5, pins)
    whole = best_values(problem)
    monkeypatch.setattr(filling, "_MOST_FULL", 0)
    pruned = path_values(problem)
    assert pruned[-1, -1] == whole[-1, -1]
    assert (pruned <= whole).all()
    spans = trace_back(problem, whole)
    assert trace_back(problem, pruned) == spans
    longest = longest_worthwhile(problem, float(whole[-1, -1]))
    assert max(span.length for span in spans) <= longest <= n
    if not noise and not pins and n <= m:
        assert longest < filling._GUESS


def test_nothing_to_match():
    value, spans = solve([[0, 0], [0, 0]])
    assert value == 0
    assert spans == []
