import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import network

from dpiat_gui.errors import MatchError, OverrideError
from dpiat_gui.matching.engine import prepare, solve
from dpiat_gui.matching.examples import examples
from dpiat_gui.matching.explain import entry_table
from dpiat_gui.matching.methods import METHODS, Rule
from dpiat_gui.matching.named_tables import named_entry_table, named_inner_table
from dpiat_gui.matching.teaching import StepKind, Steps, best_span, chosen_from, way_back
from dpiat_gui.matching.values import MatchOptions, Overrides

SHAPES = st.sampled_from([None, (4,), (6,), (8,), (8, 4, 3, 3), (8, 8, 3, 3)])
ENTRIES = st.lists(st.one_of(SHAPES, st.lists(SHAPES, min_size=2, max_size=4)), min_size=1, max_size=6)


@st.composite
def corrected(draw):
    """Scores of two networks, and overrides that hold."""
    exponent = draw(st.sampled_from([0.3, 0.5, 0.8]))
    tables = prepare(
        network("s", draw(ENTRIES)), network("t", draw(ENTRIES)), MatchOptions(exponent=exponent)
    )
    overrides = Overrides()
    sides = tables.source_side, tables.target_side
    paths = [
        [block.path for block in side.entries] + [one.path for block in side.entries for one in block.layers]
        for side in sides
    ]
    for kind in draw(st.lists(st.sampled_from(["pin", "ban", "fresh"]), max_size=3)):
        source, target = draw(st.sampled_from(paths[0])), draw(st.sampled_from(paths[1]))
        wanted = {
            "pin": overrides.with_pin(source, target),
            "ban": overrides.with_ban(source, target),
            "fresh": overrides.with_fresh(target),
        }[kind]
        try:
            solve(tables, wanted)
        except OverrideError:
            continue
        overrides = wanted
    return tables, overrides


@settings(max_examples=120, deadline=None)
@given(corrected(), st.data())
def test_at_every_step_the_table_is_the_prefix_of_d(case, data):
    table = entry_table(*case)
    steps = Steps(table)
    targets, sources = table.scores.shape
    at = data.draw(st.integers(0, len(steps) - 1))
    shown = steps.prefix(at)
    for row in range(targets + 1):
        for column in range(sources + 1):
            if steps.step_of(row, column) <= at:
                assert shown[row, column] == table.values[row, column]
            else:
                assert np.isnan(shown[row, column])


@settings(max_examples=120, deadline=None)
@given(corrected())
def test_the_chosen_candidate_is_the_value_of_the_cell_and_stands_already(case):
    table = entry_table(*case)
    steps = Steps(table)
    seen = set()
    for step in steps:
        if step.kind is StepKind.FILL:
            assert steps.step_of(step.row, step.column) == step.number
            assert (step.row, step.column) not in seen
            seen.add((step.row, step.column))
        if step.cell is None:
            continue
        cell = step.cell
        given = {"target": cell.without_target, "source": cell.without_source}
        chosen = best_span(cell).value if cell.choice == "match" else given[cell.choice]
        assert chosen == table.values[step.row, step.column]
        candidates = [cell.without_target, cell.without_source, *(span.value for span in cell.spans)]
        assert max(candidates) == cell.value
        row, column = chosen_from(cell)
        assert steps.step_of(row, column) < step.number
        # Every candidate was there before the cell was filled.
        if step.kind is StepKind.FILL:
            shown = steps.prefix(step.number - 1)
            needed = [(row - 1, column), (row, column - 1)] + [
                (span.first, column - 1) for span in cell.spans
            ]
            assert not any(np.isnan(shown[max(r, 0), max(c, 0)]) for r, c in needed)
    assert len(seen) == table.scores.size


@settings(max_examples=150, deadline=None)
@given(corrected())
def test_the_way_back_reads_the_pairs_of_the_matching(case):
    tables, overrides = case
    matching = solve(tables, overrides)
    steps = Steps(entry_table(tables, overrides))
    last = steps[-1]
    assert last.kind is StepKind.END
    assert min(last.row, last.column) == 0
    assert sorted(last.pairs) == sorted((entry.source, entry.target) for entry in matching.entry_pairs)
    for number in range(steps.first_walk, len(steps) - 1):
        step = steps[number]
        assert step.kind is StepKind.WALK
        assert (step.span is not None) == (step.cell.choice == "match")
        if step.span is not None:
            assert best_span(step.cell).first == step.span.first
            assert step.span.last == step.row - 1
        assert chosen_from(step.cell) == steps.way[number - steps.first_walk + 1]
        assert set(step.pairs) <= set(steps[number + 1].pairs)


@settings(max_examples=60, deadline=None)
@given(corrected())
def test_the_way_back_inside_blocks_reads_their_layers(case):
    tables, overrides = case
    for entry in solve(tables, overrides).entry_pairs:
        if tables.target_side.entries[entry.target].single:
            continue
        named = named_inner_table(tables, overrides, entry.source, entry.target)
        pairs = Steps(named.table)[-1].pairs
        found = {(named.sources[s].path, named.targets[t].path) for s, t in pairs}
        assert found == {(pair.source, pair.target) for pair in entry.pairs}
        assert {(s, t) for t, s in named.served.items()} == set(pairs)


def test_steps_of_a_large_table_are_made_one_by_one():
    # A million cells: a list of their steps would take minutes.
    from dpiat_gui.matching.explain import DpTable

    scores = np.zeros((1000, 1000))
    steps = Steps(DpTable(scores, np.zeros((1001, 1001)), (), 0.5))
    assert len(steps) == 1_000_000 + 1 + 1000 + 1
    assert (steps[2001].row, steps[2001].column) == (3, 1)
    assert steps[-1].pairs == ()
    assert [step.number for step in steps[3:6]] == [3, 4, 5]
    with pytest.raises(IndexError):
        steps[len(steps)]


def test_a_named_table_knows_its_overrides():
    source = network("s", [(8,), [(8, 8, 3, 3), (8,), None], (6,)])
    target = network("t", [(8,), [(8, 8, 3, 3), (8,)], (6,), (6,)])
    tables = prepare(source, target, MatchOptions())
    overrides = Overrides(
        pins=[("s1.0", "t1.0")], bans=[("s0", "t0"), ("s1.1", "t1.1")], fresh=["t3", "t1.1"]
    )
    named = named_entry_table(tables, overrides)
    assert named.pins == {(1, 1)}
    assert named.bans == {(0, 0)}
    assert named.fresh == {3}
    assert [name.block for name in named.targets] == [False, True, False, False]
    assert [name.scored for name in named.sources] == [1, 2, 1]
    assert named.shares[1, 1] == pytest.approx(0.5)
    assert named.served == {1: 1, 2: 2}
    inner = named_inner_table(tables, overrides, 1, 1)
    assert (inner.pins, inner.bans, inner.fresh) == ({(0, 0)}, {(1, 1)}, {1})
    assert [name.short for name in inner.sources] == ["0", "1", "2"]
    assert [name.title for name in inner.sources] == ["8×8×3×3", "8", "ReLU"]
    assert inner.total == named.table.scores[1, 1] == 1.0


@pytest.mark.parametrize("method", sorted(METHODS))
def test_named_tables_are_there_where_the_method_fills_them(method):
    tables = prepare(network("s", [[(8,), (6,)]]), network("t", [[(8,)]]), MatchOptions(method=method))
    if METHODS[method].entries is Rule.ORDERED:
        assert named_entry_table(tables, Overrides()).total > 0
    else:
        with pytest.raises(MatchError, match="no table"):
            named_entry_table(tables, Overrides())


SCORES = {
    "equal": 5,
    "deeper": 1 + 2**0.5 + 1,
    "wider": 0.5 + 0.5 + 0.25 + 0.5,
    "penalty": 2 / 3**0.5,
    "ties": 2,
    "unmatched": 2,
}


def test_the_examples_show_what_they_say():
    made = {example.name: example for example in examples()}
    assert {name: made[name].matching.score for name in SCORES} == pytest.approx(SCORES)
    free = solve(made["pin"].tables, Overrides())
    assert made["pin"].matching.score < free.score
    named = named_entry_table(made["pin"].tables, made["pin"].overrides)
    # As its words say: in the pinned row and below it, before the pinned source has come.
    assert np.argwhere(np.isneginf(named.table.values)).tolist() == [[2, 0], [3, 0]]
    assert [pair.source for pair in made["ties"].matching.pairs] == ["conv1", "conv2"]
    assert "conv3" not in made["penalty"].matching.by_target
    unmatched = named_entry_table(made["unmatched"].tables, Overrides()).table
    larger = np.maximum(unmatched.values[:-1, 1:], unmatched.values[1:, :-1])
    assert np.array_equal(unmatched.values[1:, 1:][unmatched.scores == 0], larger[unmatched.scores == 0])
    blocks = made["blocks"]
    assert max(entry.span for entry in blocks.matching.entry_pairs) > 1
    for example in made.values():
        steps = Steps(named_entry_table(example.tables, example.overrides).table)
        assert len(steps) < 100
        assert len(steps[-1].pairs) == len(example.matching.entry_pairs)


def test_the_way_back_goes_through_rows_that_score_nothing():
    tables = prepare(network("s", [None, (8,)]), network("t", [None, (8,), None]), MatchOptions())
    way = list(way_back(entry_table(tables, Overrides())))
    assert [(row, column) for row, column, _ in way] == [(3, 2), (2, 2), (1, 1), (1, 0)]
