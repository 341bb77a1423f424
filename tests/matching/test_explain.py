import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import network

from dpiat_gui.errors import MatchError
from dpiat_gui.matching.engine import match_networks, prepare, solve
from dpiat_gui.matching.explain import (
    contributions,
    entry_table,
    explain_pair,
    inner_table,
)
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import MatchOptions, Overrides
from dpiat_gui.networks.sources import load_network

SHAPES = st.sampled_from([None, (4,), (6,), (8,), (8, 4, 3, 3), (8, 8, 3, 3)])
ENTRIES = st.lists(st.one_of(SHAPES, st.lists(SHAPES, min_size=2, max_size=4)), min_size=1, max_size=5)


@settings(max_examples=80, deadline=None)
@given(ENTRIES, ENTRIES, st.sampled_from(sorted(METHODS)))
def test_contributions_add_up_to_the_total(source, target, method):
    tables = prepare(network("s", source), network("t", target), MatchOptions(method=method))
    matching = solve(tables, Overrides())
    parts = contributions(matching)
    assert sum(parts.values()) == pytest.approx(matching.score, abs=1e-9)
    for path in list(parts)[:2]:
        explained = explain_pair(tables, matching, path)
        assert explained.contribution == pytest.approx(parts[path], abs=1e-12)
        assert np.prod(explained.ratios) == pytest.approx(explained.pair.score, abs=1e-12)
        if METHODS[method].keeps_order:
            assert explained.cost >= -1e-9


@settings(max_examples=100, deadline=None)
@given(ENTRIES, ENTRIES, st.data())
def test_every_cell_is_the_best_of_its_candidates(source, target, data):
    tables = prepare(network("s", source), network("t", target), MatchOptions())
    free = solve(tables, Overrides())
    overrides = Overrides()
    if free.pairs and data.draw(st.booleans()):
        pair = data.draw(st.sampled_from(free.pairs))
        overrides = Overrides(pins=[(pair.source, pair.target)])
    table = entry_table(tables, overrides)
    assert table.values[-1, -1] == pytest.approx(free.score, abs=1e-9)
    for row in range(1, table.scores.shape[0] + 1):
        for column in range(1, table.scores.shape[1] + 1):
            cell = table.cell(row, column)
            best = max(cell.without_source, cell.without_target, *(span.value for span in cell.spans))
            if np.isfinite(cell.value) or np.isfinite(best):
                assert cell.value == pytest.approx(best, abs=1e-9)
    for span in table.spans:
        assert table.cell(span.last + 1, span.source + 1).choice == "match"


def test_tables_of_real_networks():
    source, target = load_network("timm:rexnet_100"), load_network("timm:efficientnet_b2")
    options = MatchOptions(layer_types="paper")
    tables = prepare(source, target, options)
    matching = solve(tables, Overrides())
    outer = entry_table(tables, Overrides())
    assert outer.values[-1, -1] == matching.score
    entry = next(entry for entry in matching.entry_pairs if len(entry.pairs) > 5)
    inner = inner_table(tables, Overrides(), entry.source, entry.target)
    assert inner.values[-1, -1] == pytest.approx(entry.score, abs=1e-12)
    assert outer.scores[entry.target, entry.source] == pytest.approx(entry.score, abs=1e-12)
    with pytest.raises(IndexError):
        outer.cell(0, 1)


def test_the_runner_up_is_what_a_ban_leaves():
    source = network("s", [(8,), (6,)])
    target = network("t", [(8,)])
    tables = prepare(source, target, MatchOptions())
    matching = solve(tables, Overrides())
    explained = explain_pair(tables, matching, "t0")
    assert explained.pair.source == "s0"
    assert (explained.runner_up.source, explained.runner_up.total) == ("s1", 0.75)
    assert explained.cost == pytest.approx(0.25)
    banned = match_networks(source, target, MatchOptions(), Overrides(bans=[("s0", "t0")]))
    assert banned.score == explained.runner_up.total
    with pytest.raises(MatchError, match="not matched"):
        explain_pair(tables, solve(tables, Overrides(fresh=["t0"])), "t0")


def test_methods_without_a_table_say_so():
    tables = prepare(network("s", [(8,)]), network("t", [(8,)]), MatchOptions(method="nested-bipartite"))
    with pytest.raises(MatchError, match="no table"):
        entry_table(tables, Overrides())
    with pytest.raises(MatchError, match="no table"):
        inner_table(tables, Overrides(), 0, 0)
