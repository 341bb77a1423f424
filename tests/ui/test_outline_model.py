import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.values import ModuleNode, ModuleTree, Network, TensorSpec
from dpiat_gui.ui.outline_model import LAYER_ROLE, PATH_ROLE, OutlineFilter, OutlineModel


def _conv(path: str) -> ModuleNode:
    return ModuleNode(path, "Conv2d", LayerKind.CONV2D, (TensorSpec(f"{path}.weight", (8, 4, 3, 3)),))


def _network() -> Network:
    relu = ModuleNode("stage.0.act", "ReLU", LayerKind.ACTIVATION)
    block = ModuleNode(
        "stage.0", "Basic", LayerKind.OTHER, (), (), (_conv("stage.0.a"), relu, _conv("stage.0.b"))
    )
    other = ModuleNode("stage.1", "Basic", LayerKind.OTHER, (), (), (_conv("stage.1.a"), _conv("stage.1.b")))
    stage = ModuleNode("stage", "Sequential", LayerKind.OTHER, (), (), (block, other))
    head = ModuleNode("head", "Linear", LayerKind.LINEAR, (TensorSpec("head.weight", (10, 8)),))
    root = ModuleNode("", "Net", LayerKind.OTHER, (), (), (_conv("stem"), stage, head))
    return standardize_tree(ModuleTree("n", root))


@pytest.fixture
def model(qtbot: QtBot) -> OutlineModel:
    model = OutlineModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    model.set_network(_network())
    return model


def _paths(model: QAbstractItemModel, parent: QModelIndex | None = None) -> list[str]:
    parent = parent or QModelIndex()
    found = []
    for row in range(model.rowCount(parent)):
        index = model.index(row, 0, parent)
        found += [index.data(PATH_ROLE), *_paths(model, index)]
    return found


def test_the_whole_tree_is_there_in_order(model: OutlineModel) -> None:
    assert _paths(model) == [
        "stem",
        "stage",
        "stage.0",
        "stage.0.a",
        "stage.0.act",
        "stage.0.b",
        "stage.1",
        "stage.1.a",
        "stage.1.b",
        "head",
    ]


def test_a_row_knows_name_class_shape_and_what_to_select(model: OutlineModel) -> None:
    index = model.index_of("stage.0.b")
    assert (index.data(), index.siblingAtColumn(1).data()) == ("b", "Conv2d")
    assert index.siblingAtColumn(2).data() == "8×4×3×3"
    assert index.data(LAYER_ROLE) == "stage.0.b"
    assert model.index_of("stage.0").data(LAYER_ROLE) == "stage.0"
    assert model.index_of("stage").data(LAYER_ROLE) == "stage.0.a"


def test_a_path_is_found_or_the_module_that_holds_it(model: OutlineModel) -> None:
    assert model.index_of("stage.1.b.bias").data(PATH_ROLE) == "stage.1.b"
    assert not model.index_of("elsewhere").isValid()


def test_the_filter_keeps_the_way_to_each_hit(model: OutlineModel) -> None:
    proxy = OutlineFilter()
    proxy.setSourceModel(model)
    proxy.set_text("stage B conv")
    assert _paths(proxy) == ["stage", "stage.0", "stage.0.b", "stage.1", "stage.1.b"]
    proxy.set_text("10×8")
    assert _paths(proxy) == ["head"]
    proxy.set_text("nothing")
    assert _paths(proxy) == []
    proxy.set_text(" ")
    assert len(_paths(proxy)) == 10


def test_another_network_replaces_the_tree(model: OutlineModel) -> None:
    model.set_network(None)
    assert _paths(model) == []
    assert not model.index_of("stem").isValid()
