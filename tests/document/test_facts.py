import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import layer, network
from PySide6.QtCore import QCoreApplication

from dpiat_gui.document.document import Document
from dpiat_gui.document.facts import (
    Dimension,
    candidates,
    dimension_names,
    facts_of,
    formula,
)
from dpiat_gui.document.selection import Selection
from dpiat_gui.matching.engine import prepare, solve
from dpiat_gui.matching.layer_scores import layer_score
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import MatchOptions, Overrides
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.values import Layer

C = (8, 4, 3, 3)


@pytest.mark.parametrize(
    ("shape", "kind", "names"),
    [
        ((8, 4, 3, 3), LayerKind.CONV2D, ("out", "in", "kH", "kW")),
        ((8, 4, 3), LayerKind.CONV1D, ("out", "in", "k")),
        ((8, 4, 3, 3, 3), LayerKind.CONV3D, ("out", "in", "kD", "kH", "kW")),
        ((8, 4, 3, 3), LayerKind.CONV_TRANSPOSE2D, ("in", "out", "kH", "kW")),
        ((8, 4), LayerKind.LINEAR, ("out", "in")),
        ((8,), LayerKind.BATCH_NORM2D, ("channels",)),
        ((8,), LayerKind.LAYER_NORM, ("size",)),
        ((8, 4), LayerKind.LAYER_NORM, ("dim 0", "dim 1")),
        ((8, 4), LayerKind.EMBEDDING, ("rows", "size")),
        ((1, 5, 4), LayerKind.PARAMETER, ("dim 0", "dim 1", "dim 2")),
    ],
)
def test_dimensions_are_called_what_they_are(
    shape: tuple[int, ...], kind: LayerKind, names: tuple[str, ...]
) -> None:
    assert dimension_names(layer("a", shape, kind)) == names


def test_inputs_of_a_grouped_convolution_are_counted_by_group() -> None:
    conv = layer("a", (8, 1, 3, 3))
    grouped = Layer(conv.path, conv.kind, "Conv2d", conv.tensors, (("groups", 8),))
    assert dimension_names(grouped) == ("out", "in/g", "kH", "kW")


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(1, 99)), min_size=4, max_size=4))
def test_the_product_of_the_ratios_is_the_score(sizes: list[tuple[int, int]]) -> None:
    source, target = (layer("a", tuple(size[side] for size in sizes)) for side in (0, 1))
    product = 1.0
    for s, t in sizes:
        product *= Dimension("d", s, t).ratio
    assert product == pytest.approx(layer_score(source, target))


def test_a_ratio_says_what_it_is_a_share_of() -> None:
    dimensions = tuple(Dimension("d", s, t) for s, t in ((95, 88), (504, 528), (1, 1)))
    assert [d.meaning for d in dimensions] == ["kept", "filled", "same"]
    assert formula(dimensions) == "88/95 × 504/528 × 1 = 0.8842"


SOURCE = network("s", [[C, (8,)], [C, (16,)], (10, 8)])
TARGET = network("t", [[C, (8,)], [(8, 8, 3, 3), (8,)], (5, 8)])
TABLES = prepare(SOURCE, TARGET, MatchOptions())
MATCHING = solve(TABLES, Overrides())


def test_facts_of_a_matched_pair() -> None:
    facts = facts_of(MATCHING, TABLES, Selection("s2", "t2"))
    assert facts.matched
    assert facts.pair == MATCHING.by_target["t2"]
    assert facts.score == pytest.approx(0.5)
    assert [d.meaning for d in facts.dimensions] == ["kept", "same"]


def test_facts_of_two_rows_that_are_not_matched() -> None:
    facts = facts_of(MATCHING, TABLES, Selection("s1.0", "t0.0"))
    assert not facts.matched
    assert facts.score == 1.0
    assert facts_of(MATCHING, TABLES, Selection("s1.0", "t0.1")).score == 0
    assert facts_of(MATCHING, TABLES, Selection("s1.0", "t0.1")).dimensions == ()


def test_facts_of_blocks_and_of_one_side() -> None:
    facts = facts_of(MATCHING, TABLES, Selection("s0", "t0"))
    assert facts.is_block
    assert facts.matched
    assert facts.score == pytest.approx(2.0)
    alone = facts_of(MATCHING, TABLES, Selection("s0", None))
    assert not alone.matched
    assert alone.score is None


def test_candidates_are_other_partners_of_the_same_type_best_first() -> None:
    found = candidates(TABLES, facts_of(MATCHING, TABLES, Selection("s0.1", "t0.1")))
    assert [(c.source, c.target) for c in found] == [("s1.1", "t0.1")]
    assert found[0].score == pytest.approx(0.5)
    blocks = candidates(TABLES, facts_of(MATCHING, TABLES, Selection("s0", "t0")))
    assert [c.source for c in blocks] == ["s1"]


def test_a_source_alone_has_targets_for_candidates() -> None:
    found = candidates(TABLES, facts_of(MATCHING, TABLES, Selection("s1.1", None)))
    assert {c.target for c in found} == {"t0.1", "t1.1"}
    assert {c.source for c in found} == {"s1.1"}


def test_of_equal_candidates_the_nearest_comes_first() -> None:
    source, target = network("s", [(4, 4)] * 9), network("t", [(4, 4)] * 9)
    tables = prepare(source, target, MatchOptions())
    matching = solve(tables, Overrides())
    found = candidates(tables, facts_of(matching, tables, Selection("s4", "t4")), most=4)
    assert {c.source for c in found[:2]} == {"s3", "s5"}
    assert {c.source for c in found[2:]} == {"s2", "s6"}


def test_candidates_tell_what_they_cost_or_why_not() -> None:
    facts = facts_of(MATCHING, TABLES, Selection("s0.1", "t0.1"))
    (found,) = candidates(TABLES, facts)
    pinned = solve(TABLES, Overrides(pins=((found.source, found.target),)))
    assert found.change == pytest.approx(pinned.score - MATCHING.score)
    assert found.change < 0
    assert found.reason == ""
    (crossed,) = candidates(TABLES, facts, overrides=Overrides(pins=(("s0.1", "t1.1"),)))
    assert crossed.change is None
    assert "would cross" in crossed.reason
    # Overrides that cannot hold leave the ranking by score.
    (unknown,) = candidates(TABLES, facts, overrides=Overrides(fresh=("nowhere",)))
    assert (unknown.change, unknown.reason) == (None, "")


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_has_facts_problems_and_reasons(method: str, qapp: QCoreApplication) -> None:
    document = Document()
    document.open_networks(SOURCE, TARGET)
    document.set_options(method=method)
    assert document.matching is not None
    assert document.tables is not None
    for problem in document.problems():
        assert problem.text
    for block in TARGET.sequence:
        for path in (block.path, *(one.path for one in block.layers)):
            document.select_target(path)
            facts = facts_of(document.matching, document.tables, document.selection)
            assert facts.source is not None or document.selection_note
            candidates(document.tables, facts)
    document.set_fresh("t0")
    assert "t0.0" not in document.matching.by_target
    document.ban("s1", "t1")
    document.clear_override("t0")
    document.clear_override("t1")
    assert not document.overrides
