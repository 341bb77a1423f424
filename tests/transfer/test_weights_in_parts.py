"""Weights that are computed of parts: weight norm, spectral norm, pruning."""

import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

import dpiat_gui as dg
from dpiat_gui.transfer.operators import OPERATORS
from dpiat_gui.transfer.values import FreshReason


def older_weight_norm(module):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return weight_norm(module)


def pruned(module):
    return prune.l1_unstructured(module, "weight", amount=0.3)


WAYS = {
    "weight norm": parametrizations.weight_norm,
    "older weight norm": older_weight_norm,
    "spectral norm": parametrizations.spectral_norm,
    "older spectral norm": spectral_norm,
    "pruned": pruned,
}


def network(way, width, seed):
    torch.manual_seed(seed)
    layers = [
        way(nn.Conv2d(3, width, 3)),
        nn.ReLU(),
        way(nn.Conv2d(width, 2 * width, 3)),
        nn.ReLU(),
        way(nn.ConvTranspose2d(2 * width, width, 2)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        way(nn.Linear(width, 7)),
    ]
    return nn.Sequential(*layers).eval()


@pytest.mark.parametrize("name", WAYS)
def test_the_same_architecture_becomes_equal_to_the_bit(name):
    source, target = network(WAYS[name], 8, 1), network(WAYS[name], 8, 2)
    report = dg.transfer(source, target)
    assert report.coverage.fraction == 1.0
    state = target.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in source.state_dict().items())
    images = torch.randn(2, 3, 9, 9)
    with torch.no_grad():
        assert torch.equal(source(images), target(images))


@pytest.mark.parametrize("name", WAYS)
def test_a_checkpoint_tells_the_same_layers(tmp_path, name):
    module = network(WAYS[name], 8, 1)
    torch.save(module.state_dict(), tmp_path / "w.pth")
    read = dg.load_network(str(tmp_path / "w.pth"))
    known = [(layer.path, layer.kind, layer.shape) for layer in dg.standardize(module).layers if layer.weight]
    assert [(layer.path, layer.kind, layer.shape) for layer in read.layers if layer.weight] == known


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize(("before", "after"), [(8, 12), (12, 8)])
def test_all_parts_of_a_filter_come_from_one_filter(name, operator, before, after):
    source, target = network(WAYS[name], before, 1), network(WAYS[name], after, 2)
    matching = dg.match(source, target)
    plan = dg.plan_transfer(matching, source=source, operator=operator)
    dg.transfer(source, target, operator=operator)
    with torch.no_grad():
        assert target(torch.randn(2, 3, 9, 9)).isfinite().all()
    pairs = {pair.target: pair.source for pair in matching.pairs}
    assert len(pairs) == 4
    for layer in matching.target.layers:
        if layer.path not in pairs or layer.weight is None:
            continue
        weight = plan.by_target[layer.weight.key]
        assert weight.source is not None
        for tensor in layer.tensors:
            row = plan.by_target[tensor.key]
            if len(tensor.shape) != len(layer.weight.shape) or row.source is None:
                continue
            for axis, size in enumerate(tensor.shape):
                if size == layer.weight.shape[axis]:
                    assert row.source_indices[axis] == weight.source_indices[axis]
                    assert row.target_indices[axis] == weight.target_indices[axis]


def test_the_older_and_the_newer_weight_norm_are_one():
    source, target = network(older_weight_norm, 8, 1), network(parametrizations.weight_norm, 8, 2)
    assert dg.transfer(source, target).coverage.fraction == 1.0
    images = torch.randn(2, 3, 9, 9)
    with torch.no_grad():
        assert torch.equal(source(images), target(images))


@pytest.mark.parametrize("computed", ["source", "target"])
def test_a_weight_that_one_side_alone_computes_is_left_alone_and_told(computed):
    plain, parts = network(lambda module: module, 8, 1), network(parametrizations.weight_norm, 8, 2)
    source, target = (parts, plain) if computed == "source" else (plain, parts)
    matching = dg.match(source, target)
    plan = dg.plan_transfer(matching)
    reasons = [row.fresh for row in plan.rows if row.target.endswith(("weight", "original1"))]
    assert reasons == [FreshReason.IN_PARTS] * 4
    assert any("alone computes of parts, as weight norm does, are left alone" in note for note in plan.notes)
    assert all(row.source for row in plan.rows if row.target.endswith("bias"))


@pytest.mark.parametrize("target_way", ["pruned", "spectral norm", "older spectral norm", "weight norm"])
def test_a_weight_that_the_sides_compute_in_different_ways_is_left_alone_and_told(target_way):
    way = "older weight norm" if target_way != "weight norm" else "pruned"
    source, target = network(WAYS[way], 8, 1), network(WAYS[target_way], 8, 2)
    plan = dg.plan_transfer(dg.match(source, target))
    weights = {layer.weight.key for layer in dg.standardize(target).layers if layer.weight}
    assert [row.fresh for row in plan.rows if row.target in weights] == [FreshReason.OTHER_PARTS] * 4
    assert any("compute in different ways, are left alone" in note for note in plan.notes)


def test_the_older_and_the_newer_spectral_norm_give_to_each_other():
    source, target = network(spectral_norm, 8, 1), network(parametrizations.spectral_norm, 8, 2)
    plan = dg.plan_transfer(dg.match(source, target))
    assert all(row.source for row in plan.rows if row.target.endswith("original"))


def test_a_classifier_that_is_computed_is_not_zeroed():
    # Weight norm divides by the norm of its part: of a part of zeros nothing but NaN would come.
    source, target = network(parametrizations.weight_norm, 8, 1), network(parametrizations.weight_norm, 8, 2)
    dg.transfer(source, target, head="zero")
    with torch.no_grad():
        assert target(torch.randn(2, 3, 9, 9)).isfinite().all()
