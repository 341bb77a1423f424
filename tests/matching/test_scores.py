import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import layer

from dpiat_gui.matching.layer_scores import layer_score, shape_ratios
from dpiat_gui.matching.scores import score_table, spell
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.values import Block, Layer, TensorSpec

SHAPES = st.one_of(
    st.none(),
    st.tuples(st.integers(1, 64)),
    st.tuples(st.integers(1, 64), st.integers(1, 64)),
    st.tuples(st.integers(1, 64), st.integers(1, 64), st.integers(1, 7), st.integers(1, 7)),
)


def test_score_is_the_product_of_the_ratios():
    source, target = layer("a", (95, 504, 1, 1)), layer("b", (88, 528, 1, 1))
    assert shape_ratios((95, 504, 1, 1), (88, 528, 1, 1)) == (88 / 95, 504 / 528, 1.0, 1.0)
    assert layer_score(source, target) == (88 / 95) * (504 / 528)


def test_other_types_and_ranks_score_zero():
    conv = layer("a", (8, 8, 3, 3))
    assert layer_score(conv, layer("b", (8, 8))) == 0
    assert layer_score(conv, layer("b", (8, 8, 3, 3), LayerKind.CONV_TRANSPOSE2D)) == 0
    assert layer_score(conv, layer("b", (8, 8, 3), LayerKind.CONV2D)) == 0
    assert layer_score(conv, layer("b", None)) == 0


def test_a_layer_without_weight_or_elements_scores_zero():
    plain = Layer("a", LayerKind.BATCH_NORM2D, "BatchNorm2d")
    assert layer_score(plain, plain) == 0
    empty = layer("e", (0, 3))
    assert layer_score(empty, empty) == 0


def test_kinds_beyond_the_paper_score_only_with_all():
    norm = layer("a", (8,), LayerKind.LAYER_NORM)
    assert layer_score(norm, norm, "all") == 1
    assert layer_score(norm, norm, "paper") == 0


def test_bare_parameters_are_told_apart_by_name():
    def bare(path: str, shape: tuple[int, ...]) -> Layer:
        return Layer(path, LayerKind.PARAMETER, "ViT", (TensorSpec(path, shape),), bare=True)

    assert layer_score(bare("cls_token", (1, 1, 192)), bare("cls_token", (1, 1, 384))) == 0.5
    assert layer_score(bare("cls_token", (1, 1, 192)), bare("pos_embed", (1, 197, 192))) == 0


def test_sync_batch_norm_stands_for_batch_norm():
    sync, plain = layer("a", (8,), LayerKind.SYNC_BATCH_NORM), layer("b", (8,), LayerKind.BATCH_NORM2D)
    assert layer_score(sync, plain, "all") == 1
    assert layer_score(sync, plain, "paper") == 0


@given(st.lists(SHAPES, min_size=1, max_size=6), st.lists(SHAPES, min_size=1, max_size=6))
def test_the_table_holds_the_very_floats_of_the_scores(sources, targets):
    source_layers = [layer(f"s{at}", shape) for at, shape in enumerate(sources)]
    target_layers = [layer(f"t{at}", shape) for at, shape in enumerate(targets)]
    source = spell([Block("s", tuple(source_layers), single=False)], "paper")
    target = spell([Block("t", tuple(target_layers), single=False)], "paper")
    table = score_table(source, target)
    for one, row in zip(target_layers, target.codes[0], strict=True):
        for other, column in zip(source_layers, source.codes[0], strict=True):
            assert table[row, column] == layer_score(other, one, "paper")


@pytest.mark.parametrize("shape", [(3,), (4, 5), (6, 7, 3, 3)])
def test_a_layer_scores_one_with_itself(shape):
    assert layer_score(layer("a", shape), layer("b", shape), "paper") == 1
