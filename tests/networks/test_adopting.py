"""What checkpoints take over from the models that their tensors tell of."""

from dataclasses import replace

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import match_options
from dpiat_gui.networks.adopting import adopt, annotate
from dpiat_gui.networks.known_models import known_model
from dpiat_gui.networks.shipped import demo_source
from dpiat_gui.networks.sources import load_cached_tree, load_network, load_tree
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.timm_models import timm_tree
from dpiat_gui.networks.values import TensorSpec
from dpiat_gui.transfer.structure import channel_map


def paths(network):
    return [(block.path, tuple(layer.path for layer in block.layers)) for block in network.sequence]


def test_a_checkpoint_keeps_its_dtypes_and_may_lack_counters(timm_structure):
    specs = [
        replace(spec, dtype="float16")
        for spec in timm_structure("resnet18").tensors
        if not spec.key.endswith("num_batches_tracked")
    ]
    model = known_model(specs)
    assert model is not None
    adopted = adopt(timm_tree(model.name), specs)
    assert {spec.key: spec.dtype for spec in adopted.tensors} == {spec.key: "float16" for spec in specs}


def test_a_structure_that_differs_after_all_is_not_adopted(timm_structure):
    specs = list(timm_structure("resnet18").tensors)
    assert adopt(timm_structure("resnet18"), specs[:-1]) is None
    assert adopt(timm_structure("resnet18"), [*specs, TensorSpec("more", (1,))]) is None


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


@pytest.mark.parametrize("author", ["mobilenet_v2", "efficientnet_b0"])
def test_the_flow_of_a_known_model_leads_through_an_authors_layers(author, tmp_path, own_cache):
    path = tmp_path / "theirs.pth"
    torch.save(getattr(torchvision.models, author)().state_dict(), path)
    tree = load_tree(str(path), flow=True)
    model = load_tree(dict(tree.details)["model"], flow=True)
    assert set(tree.flow.layers) == {node.path for node in tree.root.walk() if node.tensors}
    networks = [standardize_tree(one, "graph") for one in (tree, model)]

    def weighted(network):
        entries = [tuple(layer.shape for layer in one.layers if layer.weight) for one in network.sequence]
        return [shapes for shapes in entries if shapes]

    assert weighted(networks[0]) == weighted(networks[1])
    # The same layers share channels: a choice of channels is carried on alike.
    maps = [channel_map(network) for network in networks]
    sets = [
        [
            (found.layers[layer.path].inputs.sets, found.layers[layer.path].outputs.sets)
            for layer in network.layers
            if layer.weight and layer.path in found.layers
        ]
        for network, found in zip(networks, maps, strict=True)
    ]
    assert len(sets[0]) == len(sets[1]) > 50
    assert [alike(sets[0], at) for at in range(len(sets[0]))] == [
        alike(sets[1], at) for at in range(len(sets[1]))
    ]


def alike(sets, at):
    """Return which layers take the very channels that a layer gives."""
    return [other for other, (inputs, _) in enumerate(sets) if inputs == sets[at][1]]
