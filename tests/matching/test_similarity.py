import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import network

from dpiat_gui.errors import MatchError
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.similarity import self_score, similarity
from dpiat_gui.matching.values import MatchOptions, match_options
from dpiat_gui.networks.sources import load_network

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "matchings.json").read_text())["cases"]
SHAPES = st.sampled_from([None, (4,), (8,), (8, 4, 3, 3), (8, 8, 1, 1), (8, 8)])
ENTRIES = st.lists(st.one_of(SHAPES, st.lists(SHAPES, min_size=2, max_size=4)), min_size=1, max_size=6)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case['source']}-{case['target']}")
def test_golden_similarities(case):
    source, target = load_network(f"timm:{case['source']}"), load_network(f"timm:{case['target']}")
    found = similarity(source, target, match_options("paper"))
    assert found.forward == pytest.approx(case["sim"], abs=1e-9)
    assert found.backward == pytest.approx(case["sim_back"], abs=1e-9)
    assert found.symmetric == pytest.approx(case["sim_sym"], abs=1e-9)
    assert self_score(source, "paper") == case["self_source"]


@settings(max_examples=150, deadline=None)
@given(ENTRIES, st.floats(0.05, 0.95))
def test_self_score_is_the_number_of_scored_layers(entries, exponent):
    made = network("n", entries)
    matching = match_networks(made, made, MatchOptions(exponent=exponent))
    assert matching.score == pytest.approx(self_score(made), abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(ENTRIES, ENTRIES, st.booleans())
def test_similarity_is_the_score_by_the_targets_own(source, target, same):
    one, other = network("s", source), network("t", source if same else target)
    if not (self_score(one) and self_score(other)):
        return
    found = similarity(one, other)
    forward, backward = match_networks(one, other).score, match_networks(other, one).score
    assert found.forward == pytest.approx(forward / self_score(other), abs=1e-9)
    assert found.backward == pytest.approx(backward / self_score(one), abs=1e-9)
    assert not same or found.symmetric == 1


def test_a_network_with_itself_is_similar_by_one():
    net = load_network("timm:resnet18")
    found = similarity(net, net)
    assert (found.forward, found.backward, found.symmetric) == (1, 1, 1)


def test_no_scored_layer_is_an_error_that_says_so():
    with pytest.raises(MatchError, match="no layer"):
        similarity(network("s", [(8,)]), network("t", [None]))
