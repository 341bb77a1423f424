"""Checkpoints of timm's models, known again by their tensors."""

import random
from dataclasses import replace

import pytest
import torch
import torchvision
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import match_options
from dpiat_gui.networks.adopting import adopt, annotate
from dpiat_gui.networks.known_models import (
    KnownModel,
    known_by_order,
    known_model,
    write_catalogue,
)
from dpiat_gui.networks.shipped import demo_source
from dpiat_gui.networks.sources import load_cached_tree, load_network, load_tree
from dpiat_gui.networks.timm_models import timm_tree
from dpiat_gui.networks.values import TensorSpec

# One of each way in which keys alone say too little: parallel convolutions, attention, attention in windows.
MODELS = ("mixnet_s", "vit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "resnet18")


def paths(network):
    return [(block.path, tuple(layer.path for layer in block.layers)) for block in network.sequence]


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


def test_a_checkpoint_keeps_its_dtypes_and_may_lack_counters():
    specs = [
        replace(spec, dtype="float16")
        for spec in timm_tree_once().tensors
        if not spec.key.endswith("num_batches_tracked")
    ]
    model = known_model(specs)
    assert model is not None
    adopted = adopt(timm_tree(model.name), specs)
    assert {spec.key: spec.dtype for spec in adopted.tensors} == {spec.key: "float16" for spec in specs}


def test_a_structure_that_differs_after_all_is_not_adopted():
    specs = list(timm_tree_once().tensors)
    assert adopt(timm_tree_once(), specs[:-1]) is None
    assert adopt(timm_tree_once(), [*specs, TensorSpec("more", (1,))]) is None


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_checkpoint_of_a_model_has_the_blocks_of_the_model(tmp_path, own_cache, suffix):
    import timm

    torch.manual_seed(0)
    state = timm.create_model("mixnet_s", num_classes=5).state_dict()
    path = tmp_path / f"mine{suffix}"
    if suffix == ".pth":
        torch.save({"state_dict": {f"module.{key}": value for key, value in state.items()}}, path)
    else:
        save_file(state, path)
    # Nothing of this model is known yet, and it takes torch to read it.
    assert load_cached_tree(str(path)) is None
    network = load_network(str(path))
    assert network.name == "mine"
    assert paths(network) == paths(load_network("timm:mixnet_s?num_classes=5"))
    again = load_cached_tree(str(path))
    assert again is not None
    assert again.fingerprint == network.fingerprint


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_the_flow_of_a_checkpoint_of_a_model_is_that_of_the_model(tmp_path, own_cache, suffix):
    import timm

    state = timm.create_model("resnet18").state_dict()
    path = tmp_path / f"mine{suffix}"
    torch.save(state, path) if suffix == ".pth" else save_file(state, path)
    assert load_tree(str(path)).flow is None
    assert paths(load_network(str(path), "graph")) == paths(load_network("timm:resnet18", "graph"))


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("mobilenet_v2", "mobilenetv2_100"),
        ("mnasnet1_0", "mnasnet_100"),
        ("efficientnet_b0", "efficientnet_b0"),
    ],
)
def test_another_author_of_the_same_tensors_is_known_by_their_order(author, name, tmp_path, own_cache):
    module = getattr(torchvision.models, author)(num_classes=7)
    path = tmp_path / "theirs.pth"
    torch.save(module.state_dict(), path)
    tree = load_tree(str(path))
    assert dict(tree.details)["model"] == f"timm:{name}?num_classes=7"
    # Keys and paths stay the author's own.
    assert [spec.key for spec in tree.tensors] == list(module.state_dict())
    model = timm_tree(name, {"num_classes": 7})
    assert annotate(tree, model) == tree
    other = timm_tree(name, {"num_classes": 8})
    assert annotate(tree, other) is None


def test_shapes_in_another_order_or_of_few_tensors_name_no_model():
    specs = [spec for spec in timm_tree_once().tensors if not spec.key.endswith("num_batches_tracked")]
    renamed = [replace(spec, key=f"m{number}.weight") for number, spec in enumerate(specs)]
    assert known_by_order(renamed).text == "timm:resnet18?num_classes=1000"
    assert known_by_order([renamed[1], renamed[0], *renamed[2:]]) is None
    assert known_by_order(renamed[:-1]) is None
    assert known_by_order(renamed[-10:]) is None
    assert known_by_order([]) is None


def test_skips_are_told_of_checkpoints_whose_keys_are_an_authors_own(tmp_path, own_cache):
    network = load_network(demo_source())
    model = load_network("timm:efficientnet_lite0")
    told = {block.path: block.skip for block in network.sequence if not block.single}
    assert [*told.values()] == [block.skip for block in model.sequence if not block.single]
    assert True in told.values()
    # So the skip factor of the recommended preset acts on them as on the model.
    target = load_network("timm:mobilenetv2_100")
    options = match_options("recommended")
    scores = [match_networks(one, target, options).score for one in (network, model)]
    assert scores[0] == pytest.approx(scores[1])


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
