"""One tensor of source and target, as the engine reads it."""

import math

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transfers import OTHER, SMALL, request

from dpiat_gui.engine import tensors
from dpiat_gui.engine.context import JobContext
from dpiat_gui.engine.operations import carry_out
from dpiat_gui.errors import EngineError, SourceError
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.networks.sources import build_module, load_network
from dpiat_gui.transfer.execution import run_transfer
from dpiat_gui.transfer.plan_json import plan_to_json
from dpiat_gui.transfer.planning import plan_transfer

CONTEXT = JobContext(lambda progress: None, lambda: False, lambda: None)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Write a checkpoint of the small network."""
    path = tmp_path_factory.mktemp("trained") / "trained.safetensors"
    save_file(build_module(SMALL, seed=5).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def plan():
    return plan_transfer(match_networks(load_network(SMALL), load_network(OTHER)))


def one_row(plan, row):
    return plan_to_json(plan) | {
        "rows": [one for one in plan_to_json(plan)["rows"] if one["target"] == row.target]
    }


def ask(folder, **values):
    answer = carry_out("tensor", {"folder": str(folder), "seed": 0} | values, CONTEXT)
    return answer, {record["name"]: record for record in answer["variants"]}


def test_source_before_and_after_are_those_of_the_networks(trained, tmp_path, plan):
    row = next(
        row for row in plan.rows if row.padded and len(row.target_shape) == 4 and row.target_shape[2] > 1
    )
    out = tmp_path / "out.pth"
    run_transfer(request(trained, OTHER, out))
    answer, found = ask(
        tmp_path,
        source=str(trained),
        target=OTHER,
        source_key=row.source,
        target_key=row.target,
        plan=one_row(plan, row),
    )
    assert list(found) == ["source", "before", "after", "difference"]
    before = build_module(OTHER, seed=0).state_dict()[row.target]
    after = torch.load(out, weights_only=True)[row.target]
    for name, expected in (("before", before), ("after", after), ("difference", after - before)):
        record = found[name]
        values = np.load(record["file"], allow_pickle=False)
        assert np.array_equal(values, expected.float().numpy())
        assert record["shape"] == list(expected.shape)
        assert record["statistics"]["mean"] == pytest.approx(expected.double().mean().item(), abs=1e-6)
        assert record["statistics"]["std"] == pytest.approx(expected.double().std().item(), rel=1e-6)
    low, high = answer["range"]
    every = [found[name] for name in ("source", "before", "after")]
    assert low == min(record["statistics"]["low"] for record in every)
    assert high == max(record["statistics"]["high"] for record in every)
    assert all(sum(record["histogram"]) == math.prod(record["shape"]) for record in every)
    assert answer["notes"] == ["The target has no trained weights: its own initialisation (seed 0) is shown."]


def test_one_side_alone_is_shown_too(trained, tmp_path):
    _, found = ask(tmp_path, source=str(trained), source_key="conv_stem.weight")
    assert list(found) == ["source"]
    _, found = ask(tmp_path, target=SMALL, target_key="bn1.num_batches_tracked")
    assert found["before"]["dtype"] == "int64"


def test_a_network_is_built_once(tmp_path, monkeypatch):
    tensors._state.cache_clear()
    for key in ("conv_stem.weight", "bn1.weight"):
        ask(tmp_path, target=SMALL, target_key=key)
    assert tensors._state.cache_info().misses == 1
    ask(tmp_path, target=SMALL, target_key="bn1.weight", seed=1)
    assert tensors._state.cache_info().misses == 2


def test_what_is_not_there_is_said(trained, tmp_path):
    with pytest.raises(SourceError, match="nonsense"):
        ask(tmp_path, target=SMALL, target_key="nonsense")
    with pytest.raises(SourceError, match="nonsense"):
        ask(tmp_path, source=str(trained), source_key="nonsense")
    with pytest.raises(EngineError, match="no folder"):
        ask(tmp_path / "none", target=SMALL, target_key="bn1.weight")
