"""Checkpoints of timm's models, known again by their tensors."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpiat_gui.networks.adopting import adopt
from dpiat_gui.networks.known_models import KnownModel, known_by_order, known_model, write_catalogue
from dpiat_gui.networks.timm_models import timm_tree
from dpiat_gui.networks.values import TensorSpec

# One of each way in which keys alone say too little: parallel convolutions, attention, attention in windows.
MODELS = ("mixnet_s", "vit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "resnet18")


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("classes", [1000, 7])
def test_tensors_name_their_model_in_any_order_and_with_any_number_of_classes(name, classes):
    tree = timm_tree(name, {"num_classes": classes})
    specs = list(tree.tensors)
    random.Random(0).shuffle(specs)
    model = known_model(specs)
    assert model is not None
    assert model.option("num_classes") == classes
    adopted = adopt(timm_tree(model.name, dict(model.options)), specs)
    assert adopted is not None
    assert adopted.root == tree.root


@given(st.data())
def test_any_other_key_or_shape_is_not_known(data):
    specs = list(timm_tree_once().tensors)
    number = data.draw(st.integers(0, len(specs) - 1))
    spec = specs[number]
    if spec.key.startswith("fc.") or spec.key.endswith("num_batches_tracked"):
        return
    specs[number] = data.draw(
        st.sampled_from([replace(spec, key=spec.key + "x"), replace(spec, shape=(*spec.shape, 1))])
    )
    assert known_model(specs) is None
    assert known_model(specs[:number] + specs[number + 1 :]) is None


_TREES = {}


def timm_tree_once():
    return _TREES.setdefault("resnet18", timm_tree("resnet18"))


def test_shapes_in_another_order_or_of_few_tensors_name_no_model():
    specs = [spec for spec in timm_tree_once().tensors if not spec.key.endswith("num_batches_tracked")]
    renamed = [replace(spec, key=f"m{number}.weight") for number, spec in enumerate(specs)]
    assert known_by_order(renamed).text == "timm:resnet18?num_classes=1000"
    assert known_by_order([renamed[1], renamed[0], *renamed[2:]]) is None
    assert known_by_order(renamed[:-1]) is None
    assert known_by_order(renamed[-10:]) is None
    assert known_by_order([]) is None


def test_of_models_with_the_same_tensors_the_shortest_name_stays(tmp_path):
    one = [TensorSpec("a.weight", (2, 3)), TensorSpec("fc.weight", (9, 2))]
    other = [TensorSpec("a.weight", (2, 4))]
    path = tmp_path / "models.txt"
    models = [
        (KnownModel("longer", ("fc",)), one),
        (KnownModel("long", ("fc",)), one),
        (KnownModel("b", ()), other),
    ]
    assert write_catalogue(path, models) == 2
    assert [line.split(" ")[1:] for line in path.read_text().splitlines()] == [
        ["-", "b"],
        ["-", "long", "fc"],
    ]
