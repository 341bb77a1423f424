"""Exports and checks on the command line."""

import csv
import json

import pytest
from plain_files import write_networks

from dpiat_gui.cli import main
from dpiat_gui.project.project import NetworkRecord, Project, save_project
from dpiat_gui.transfer.options import Writing


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    return [str(path) for path in write_networks(tmp_path_factory.mktemp("networks"))]


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_transfer_writes_shards_manifest_and_ledger_and_is_verified(capsys, tmp_path, networks):
    out, ledger = tmp_path / "o.safetensors", tmp_path / "l.csv"
    more = ("--max-shard-size", "400kB", "--manifest", "--ledger", ledger, "--device", "cpu")
    code, told, _ = run(capsys, "transfer", *networks, "-o", out, *more)
    assert code == 0
    assert "verified: 36 tensors" in told
    assert "o.safetensors.manifest.json" in told
    assert len(list(csv.DictReader(ledger.open()))) == 36
    code, told, _ = run(capsys, "verify", tmp_path / "o.safetensors.index.json", "--sources")
    assert code == 0
    assert "held against its manifest, and the plan gives the same" in told


def test_a_project_says_how_its_checkpoint_is_written(capsys, tmp_path, networks):
    source, target = (NetworkRecord(str(network)) for network in networks)
    project = Project(source, target, device="cpu", writing=Writing(400_000, None, manifest=True))
    save_project(project, tmp_path / "p.dpiat")
    out = tmp_path / "o.safetensors"
    code, told, _ = run(capsys, "transfer", "--project", tmp_path / "p.dpiat", "-o", out)
    assert code == 0
    assert "o.safetensors.manifest.json" in told
    assert len(list(tmp_path.glob("o-*-of-*.safetensors"))) > 1
    other = tmp_path / "w.safetensors"
    more = ("--max-shard-size", "1GB", "--no-manifest")
    assert run(capsys, "transfer", "--project", tmp_path / "p.dpiat", "-o", other, *more)[0] == 0
    assert other.is_file(), "what the command names wins"
    assert not list(tmp_path.glob("w*.manifest.json"))


def test_a_changed_checkpoint_fails_its_check(capsys, tmp_path, networks):
    out = tmp_path / "o.safetensors"
    assert run(capsys, "transfer", *networks, "-o", out, "--no-verify", "--device", "cpu")[0] == 0
    code, told, _ = run(capsys, "verify", out, "--json")
    assert (code, json.loads(told)["against"]) == (0, "metadata")
    content = bytearray(out.read_bytes())
    content[-1] ^= 1
    out.write_bytes(content)
    code, _, error = run(capsys, "verify", out)
    assert code == 1  # what was asked for was done, and the file did not pass
    assert "not as it was written" in " ".join(error.split())


@pytest.mark.parametrize("name", ["p.json", "p.csv", "p.py"])
def test_a_plan_is_exported_without_a_transfer(capsys, tmp_path, networks, name):
    code, told, _ = run(capsys, "plan", *networks, "-o", tmp_path / name)
    assert code == 0
    assert "elements:" in told
    names = {path.name for path in tmp_path.iterdir()}
    assert names == ({"p.py", "p.plan.json"} if name == "p.py" else {name})


def test_bad_use_is_refused_in_plain_words(capsys, tmp_path, networks):
    out = tmp_path / "o.safetensors"
    assert run(capsys, "plan", *networks, "-o", tmp_path / "p.txt")[0] == 2
    code, _, error = run(capsys, "transfer", *networks, "-o", out, "--max-shard-size", "much")
    assert code == 2
    assert "is no size" in " ".join(error.split())
    assert run(capsys, "verify", tmp_path / "missing.safetensors")[0] == 2
    assert list(tmp_path.iterdir()) == []
