"""Whole transfers by every operator: the file holds what an independent script makes of the plan."""

import json

import numpy as np
import pytest
from by_hand import by_hand
from safetensors.numpy import load_file
from safetensors.torch import save_file
from torch import nn
from transfers import OTHER, SMALL, digest, request

from dpiat_gui.matching.engine import match_networks
from dpiat_gui.networks.sources import build_module, load_network, load_tree
from dpiat_gui.transfer.execution import run_transfer
from dpiat_gui.transfer.operators import OPERATORS
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.plan_json import plan_digest, plan_to_json
from dpiat_gui.transfer.planning import plan_transfer, resolve_plan


@pytest.fixture(scope="module")
def modules():
    return tuple(build_module(reference, seed=3) for reference in (OTHER, SMALL))


def arrays(module):
    return {key: value.numpy().copy() for key, value in module.state_dict().items()}


@pytest.mark.parametrize(
    ("operator", "align"),
    [*((name, "paper") for name in OPERATORS), ("clip", "structure"), ("trace", "structure")],
)
def test_the_file_is_what_the_plan_says(tmp_path, modules, operator, align):
    options = TransferOptions(operator=operator, align=align, repeats=True, head="auto")
    out = tmp_path / "out.safetensors"
    report = run_transfer(request(OTHER, SMALL, out, transfer=options, seed=3))
    flows = tuple(load_tree(reference, flow=True).flow for reference in (OTHER, SMALL))
    matching = match_networks(load_network(OTHER), load_network(SMALL))
    plan = plan_transfer(matching, options, seed=3, flows=flows)
    assert plan.provisional == OPERATORS[operator].by_weights
    final = resolve_plan(plan, matching, modules[0].state_dict().__getitem__, seed=3, flows=flows)
    assert report.plan_digest == plan_digest(final)
    expected = by_hand(json.loads(json.dumps(plan_to_json(final))), *map(arrays, modules))
    found = load_file(out)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[key], value) for key, value in expected.items())


@pytest.mark.parametrize("operator", ["full", "trace"])
def test_equal_requests_give_equal_bytes(tmp_path, operator):
    made = []
    for name in "ab":
        out = tmp_path / f"{name}.safetensors"
        run_transfer(request(OTHER, SMALL, out, transfer=TransferOptions(operator=operator), seed=5))
        made.append(digest(out))
    assert made[0] == made[1]
    other = tmp_path / "other.safetensors"
    run_transfer(request(OTHER, SMALL, other, transfer=TransferOptions(operator=operator), seed=6))
    assert digest(other) != made[0]


def test_a_network_without_a_flow_is_not_traced_and_the_report_says_so(tmp_path):
    files = []
    for name, width in (("source", 8), ("target", 4)):
        files.append(tmp_path / f"{name}.safetensors")
        module = nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width), nn.Conv2d(width, 2, 1))
        save_file({f"mine_{key}": value for key, value in module.state_dict().items()}, files[-1])
    options = TransferOptions(operator="trace", align="structure")
    report = run_transfer(request(*files, tmp_path / "out.safetensors", transfer=options))
    assert any("is not traced" in note for note in report.notes)
    assert any("only groups" in note for note in report.notes)
