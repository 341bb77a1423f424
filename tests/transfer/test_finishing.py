"""Verification, manifest, ledger and shards of a whole transfer; and checking it later."""

import csv
import hashlib
import json
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from plain_files import asked, write_networks
from safetensors import safe_open
from safetensors.torch import load_file

from dpiat_gui.errors import ExportError, TransferError
from dpiat_gui.networks.sources import load_network
from dpiat_gui.transfer import finishing
from dpiat_gui.transfer.checking import check_checkpoint
from dpiat_gui.transfer.execution import run_transfer
from dpiat_gui.transfer.progress import Meter
from dpiat_gui.transfer.request import TransferRequest


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    return write_networks(tmp_path_factory.mktemp("networks"))


def request(networks, folder, form="one file", **more):
    made = asked(networks, folder, form)
    return TransferRequest(**{name: getattr(made, name) for name in made.__slots__} | more)


def check(path, **more):
    return check_checkpoint(path, Meter(lambda progress: None, lambda: False), **more)


def flip(path, at=-5):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_shards_hold_what_one_file_holds(tmp_path, networks):
    whole = run_transfer(request(networks, tmp_path))
    expected = load_file(whole.path)
    (tmp_path / "out.safetensors").unlink()
    report = run_transfer(request(networks, tmp_path, "shards"))
    index = json.loads((tmp_path / "out.safetensors.index.json").read_text())
    assert report.path == str(tmp_path / "out.safetensors.index.json")
    found = {}
    for name in sorted(set(index["weight_map"].values())):
        held = load_file(tmp_path / name)
        assert all(index["weight_map"][key] == name for key in held)
        found |= held
    assert set(found) == set(expected)
    assert all(found[key].equal(value) for key, value in expected.items())
    assert index["metadata"]["total_size"] == sum(value.nbytes for value in found.values())
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        {*index["weight_map"].values(), "out.safetensors.index.json"}
    )
    assert report.verified_tensors == whole.verified_tensors == len(expected)


def test_shards_of_an_older_set_go(tmp_path, networks):
    run_transfer(request(networks, tmp_path, "shards", max_shard_size=100_000))
    many = len(list(tmp_path.iterdir()))
    run_transfer(request(networks, tmp_path, "shards", max_shard_size=700_000))
    assert len(list(tmp_path.iterdir())) < many
    assert check(tmp_path / "out.safetensors.index.json").tensors == 36


def test_only_safetensors_come_in_shards(tmp_path, networks):
    with pytest.raises(ExportError, match="shards"):
        run_transfer(request(networks, tmp_path, "pth", max_shard_size=400_000))
    with pytest.raises(TransferError, match="too small"):
        request(networks, tmp_path, max_shard_size=0)


@pytest.mark.parametrize("form", ["one file", "shards", "pth"])
def test_a_file_that_is_not_what_was_planned_does_not_take_its_place(tmp_path, networks, monkeypatch, form):
    run_transfer(request(networks, tmp_path, form))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    real = finishing.verify_written

    def spoil(rows, files, *more):
        flip(next(iter(files)), -5 if form != "pth" else len(next(iter(files)).read_bytes()) // 2)
        return real(rows, files, *more)

    monkeypatch.setattr(finishing, "verify_written", spoil)
    with pytest.raises(ExportError, match="not what it should be") as caught:
        run_transfer(request(networks, tmp_path, form, seed=5))
    assert "rejected" in caught.value.hint
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    rejected = [name for name in after if name.endswith(".rejected")]
    assert rejected
    assert {name: content for name, content in after.items() if name not in rejected} == before


def test_without_verification_nothing_is_read_back(tmp_path, networks, monkeypatch):
    monkeypatch.setattr(finishing, "verify_written", lambda *arguments: pytest.fail("it was"))
    report = run_transfer(request(networks, tmp_path, verify=False))
    assert report.verified_tensors is None


def test_a_manifest_says_all_that_went_in(tmp_path, networks):
    report = run_transfer(request(networks, tmp_path, "shards and manifest", seed=7))
    told = json.loads((tmp_path / "out.safetensors.manifest.json").read_text())
    assert told["seed"] == 7
    assert told["plan_digest"] == report.plan_digest
    assert {"python", "torch", "timm", "dpiat-gui"} <= set(told["versions"])
    for side, path in zip(("source", "target"), networks, strict=True):
        assert told[side]["files"][0]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    for file in told["files"]:
        assert file["sha256"] == hashlib.sha256((tmp_path / file["name"]).read_bytes()).hexdigest()
    parts = [told["coverage"][part] for part in ("copied", "set", "kept", "fresh")]
    assert sum(parts) == told["coverage"]["elements"]
    first = (tmp_path / "out.safetensors.manifest.json").read_bytes()
    run_transfer(request(networks, tmp_path, "shards and manifest", seed=7))
    assert (tmp_path / "out.safetensors.manifest.json").read_bytes() == first


def test_ledgers_are_written_by_the_ending(tmp_path, networks):
    for name in ("l.csv", "l.json"):
        run_transfer(request(networks, tmp_path, ledger=str(tmp_path / name)))
    rows = list(csv.DictReader((tmp_path / "l.csv").open()))
    told = json.loads((tmp_path / "l.json").read_text())
    assert sum(int(row["elements"]) for row in rows) == told["total"]["elements"]
    with pytest.raises(ExportError, match="what kind"):
        run_transfer(request(networks, tmp_path, ledger=str(tmp_path / "l.txt")))


# -- checking later -----------------------------------------------------------------------


@pytest.mark.parametrize("form", ["one file", "shards", "file and manifest", "shards and manifest"])
def test_a_file_is_checked_later_and_a_changed_one_is_found(tmp_path, networks, form):
    report = run_transfer(request(networks, tmp_path, form))
    found = check(tmp_path / report.path)
    assert (found.tensors, found.against) == (36, "manifest" if "manifest" in form else "metadata")
    assert found.bytes == report.verified_bytes
    flip(sorted(tmp_path.glob("*.safetensors"))[-1])
    with pytest.raises(ExportError, match="not as it was written"):
        check(tmp_path / report.path)


def test_a_manifest_lets_the_sources_be_asked_again(tmp_path, networks):
    run_transfer(request(networks, tmp_path, "file and manifest"))
    assert check(tmp_path / "out.safetensors", again=True).again
    told = tmp_path / "out.safetensors.manifest.json"
    manifest = json.loads(told.read_text())
    manifest["source"]["files"][0]["sha256"] = "0" * 64
    told.write_text(json.dumps(manifest))
    with pytest.raises(ExportError, match="not the file that the source"):
        check(tmp_path / "out.safetensors", again=True)


@pytest.mark.parametrize(
    "change",
    [
        {"files": None},
        {"files": [{"name": "../out.safetensors", "bytes": 1, "sha256": ""}]},
        {"shards": {"..\\out.safetensors": []}},
        {"shards": {"out.safetensors": "a"}},
        {"shards": {"": []}},
        {"source": {"reference": 3, "files": []}},
        {"target": {"reference": "a.pth", "files": [{"name": "/etc/passwd", "bytes": 1, "sha256": ""}]}},
        {"tensors": []},
        {"plan": None},
        {"seed": "0"},
    ],
)
def test_a_manifest_changed_by_hand_is_told_of_and_names_nothing_elsewhere(tmp_path, networks, change):
    run_transfer(request(networks, tmp_path, "file and manifest"))
    told = tmp_path / "out.safetensors.manifest.json"
    told.write_text(json.dumps(json.loads(told.read_text()) | change))
    with pytest.raises(ExportError, match="is damaged"):
        check(tmp_path / "out.safetensors", again=True)


def test_a_manifest_nested_without_end_cannot_be_read(tmp_path, networks):
    run_transfer(request(networks, tmp_path, "file and manifest"))
    (tmp_path / "out.safetensors.manifest.json").write_text('{"a":' * 200_000)
    with pytest.raises(ExportError, match="cannot be read"):
        check(tmp_path / "out.safetensors")


@pytest.mark.parametrize("content", [b"", b"a page of text, and no tensors", bytes(100)])
def test_a_file_that_cannot_be_read_is_not_as_it_was_written(tmp_path, content):
    (tmp_path / "out.safetensors").write_bytes(content)
    with pytest.raises(ExportError, match="is not as it was written: it cannot be read"):
        check(tmp_path / "out.safetensors")


def test_a_folder_is_no_checkpoint(tmp_path):
    for folder in (tmp_path, Path("/")):
        with pytest.raises(ExportError, match="is a folder"):
            check(folder)


@pytest.mark.parametrize("held", [{"epoch": 3, "state_dict": {"a": torch.ones(3)}}, [1, 2]])
def test_a_training_checkpoint_of_others_cannot_be_checked(tmp_path, held):
    torch.save(held, tmp_path / "theirs.pth")
    with pytest.raises(ExportError, match="Nobody wrote down"):
        check(tmp_path / "theirs.pth")


def test_code_in_a_checkpoint_is_not_run_to_check_it(tmp_path):
    torch.save(Fraction(1, 2), tmp_path / "code.pth")
    with pytest.raises(ExportError, match="it cannot be read"):
        check(tmp_path / "code.pth")


def test_what_nobody_wrote_down_cannot_be_checked(tmp_path, networks):
    with pytest.raises(ExportError, match="Nobody wrote down"):
        check(networks[0])
    run_transfer(request(networks, tmp_path))
    with pytest.raises(ExportError, match="no manifest"):
        check(tmp_path / "out.safetensors", again=True)
    with pytest.raises(ExportError, match="There is no file"):
        check(tmp_path / "missing.safetensors")
    (tmp_path / "out.safetensors.manifest.json").write_text("{}")
    with pytest.raises(ExportError, match="no manifest"):
        check(tmp_path / "out.safetensors")


def test_metadata_tell_where_it_came_from(tmp_path, networks):
    run_transfer(request(networks, tmp_path, "shards"))
    for path in tmp_path.glob("*.safetensors"):
        with safe_open(path, "pt") as opened:
            assert opened.metadata()["source"] == str(networks[0])


def test_shards_are_a_source_and_a_target_like_any_other(tmp_path, networks):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    run_transfer(request(networks, tmp_path / "one", "shards"))
    run_transfer(request(networks, tmp_path / "one"))
    whole, index = tmp_path / "one" / "out.safetensors", tmp_path / "one" / "out.safetensors.index.json"
    assert load_network(str(index)).fingerprint == load_network(str(whole)).fingerprint
    for pair in ((index, networks[0]), (networks[0], index)):
        run_transfer(request(pair, tmp_path / "two", "file and manifest"))
        assert check(tmp_path / "two" / "out.safetensors", again=True).again
        from_index = load_file(tmp_path / "two" / "out.safetensors")
        run_transfer(request([whole if path == index else path for path in pair], tmp_path / "two"))
        from_whole = load_file(tmp_path / "two" / "out.safetensors")
        assert all(from_index[key].equal(value) for key, value in from_whole.items())
        (tmp_path / "two" / "out.safetensors.manifest.json").unlink()
    with pytest.raises(ExportError, match="being read"):
        run_transfer(request((index, networks[0]), tmp_path / "one", "shards"))
