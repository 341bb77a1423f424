import pytest

from dpiat_gui.errors import MatchError
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.values import Block, Layer, ModuleNode, ModuleTree, Network, TensorSpec
from dpiat_gui.ui.search import Hit, find_hits


def layer(path, kind, shape=None):
    tensors = (TensorSpec(f"{path}.weight", shape),) if shape else ()
    return Layer(path, kind, kind.value, tensors)


def network(name, *blocks):
    return Network(ModuleTree(name, ModuleNode("", "Net", LayerKind.OTHER)), blocks)


STEM = layer("stem.conv", LayerKind.CONV2D, (64, 3, 3, 3))
CONV = layer("blocks.0.conv", LayerKind.CONV2D, (64, 64, 3, 3))
NORM = layer("blocks.0.bn", LayerKind.BATCH_NORM2D, (64,))
HEAD = layer("head", LayerKind.LINEAR, (10, 64))
SOURCE = network(
    "source",
    Block("stem.conv", (STEM,), True),
    Block("blocks.0", (CONV, NORM), False),
    Block("head", (HEAD,), True),
)
TARGET = network("target", Block("head", (HEAD,), True))


def found(query, source=SOURCE, target=TARGET):
    return [(hit.side, hit.path) for hit in find_hits(source, target, query)]


def test_part_of_a_name_in_column_order():
    assert found("conv") == [("source", "stem.conv"), ("source", "blocks.0.conv")]


def test_both_columns_are_searched():
    assert found("linear") == [("source", "head"), ("target", "head")]


def test_all_words_must_hold():
    assert found("conv blocks") == [("source", "blocks.0.conv")]


def test_quotes_mean_exactly():
    assert found('"conv"') == [("source", "stem.conv"), ("source", "blocks.0.conv")]
    assert found('"con"') == []
    assert found('"stem.conv"') == [("source", "stem.conv")]


@pytest.mark.parametrize("shape", ["64,3,3,3", "64x3x3x3", "64×3×3×3"])
def test_a_shape(shape):
    assert found(shape) == [("source", "stem.conv")]


def test_the_beginning_of_a_shape():
    assert found("64,64,") == [("source", "blocks.0.conv")]


def test_a_regular_expression():
    assert found(r"/^blocks\.\d\.bn$/") == [("source", "blocks.0.bn")]


def test_a_block_is_found_by_its_path():
    assert ("source", "blocks.0") in found("blocks.0")


def test_a_bad_expression_says_so():
    with pytest.raises(MatchError, match="regular expression"):
        find_hits(SOURCE, TARGET, "/(/")


def test_nothing_is_found_by_nothing():
    assert found("") == []
    assert found('  "') == []
    assert find_hits(None, TARGET, "head") == (Hit("target", "head"),)
