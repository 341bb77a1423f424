import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from dpiat_gui.networks import tree_cache
from dpiat_gui.networks.references import parse_reference
from dpiat_gui.networks.shipped import DEMO_TARGET, demo_source, shipped_references, write_shipped
from dpiat_gui.networks.sources import load_cached_tree, load_tree
from dpiat_gui.networks.tree_cache import cache_key, load_kept


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "net.pth"
    torch.save(nn.Linear(2, 3).state_dict(), path)
    return path


def test_a_structure_is_kept_and_found_again(own_cache: Path, weights: Path) -> None:
    for reference in ("timm:resnet18?num_classes=7", str(weights)):
        assert load_cached_tree(reference) is None
        tree = load_tree(reference)
        assert load_cached_tree(reference) == tree
        assert load_tree(reference) == tree
    assert len(list(own_cache.iterdir())) == 2


def test_without_the_cache_nothing_is_kept(own_cache: Path) -> None:
    load_tree("timm:resnet18", cache=False)
    assert not own_cache.exists()


def test_options_of_weights_share_a_structure_and_keep_their_names(own_cache: Path) -> None:
    tree = load_tree("timm:resnet18")
    found = load_cached_tree("timm:resnet18?pretrained=true")
    assert found is not None
    assert found.root == tree.root
    assert found.origin == "timm:resnet18?pretrained=true"
    assert load_cached_tree("timm:resnet18?num_classes=2") is None


def test_another_timm_is_another_structure(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_tree("timm:resnet18")
    monkeypatch.setattr(tree_cache, "timm_version", lambda: "99.0")
    assert load_cached_tree("timm:resnet18") is None


def test_a_file_is_known_by_its_content_wherever_it_lies(
    own_cache: Path, weights: Path, tmp_path: Path
) -> None:
    load_tree(str(weights))
    other = tmp_path / "elsewhere.pth"
    other.write_bytes(weights.read_bytes())
    found = load_cached_tree(str(other))
    assert found is not None
    assert (found.name, found.origin) == ("elsewhere", str(other))
    torch.save(nn.Linear(5, 5).state_dict(), weights)
    assert load_cached_tree(str(weights)) is None


def test_a_large_file_is_known_by_its_ends_size_and_time(
    own_cache: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_cache, "_WHOLE", 100)
    monkeypatch.setattr(tree_cache, "_ENDS", 50)
    tree = load_tree(str(weights))
    assert load_cached_tree(str(weights)) == tree
    os.utime(weights, (1, 1))
    assert load_cached_tree(str(weights)) is None


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"{}", b'{"key": {}, "tree": {}}', b"\xff\xfe"])
def test_a_damaged_entry_is_ignored_and_written_anew(damage: bytes, own_cache: Path) -> None:
    tree = load_tree("timm:resnet18")
    (entry,) = own_cache.iterdir()
    whole = entry.read_bytes()
    for content in (damage, whole[:-20], whole.replace(b'"Conv2d"', b'"Conv9d"')):
        entry.write_bytes(content)
        assert load_cached_tree("timm:resnet18") is None
        assert load_tree("timm:resnet18") == tree
        assert entry.read_bytes() == whole


def test_the_entry_unused_for_longest_goes(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_cache, "LIMIT", 2)
    for number, classes in enumerate((1, 2)):
        load_tree(f"timm:resnet18?num_classes={classes}")
        for entry in own_cache.iterdir():
            os.utime(entry, (number + 1, number + 1))
    for entry in own_cache.iterdir():
        os.utime(entry, (5, 5))
    assert load_cached_tree("timm:resnet18?num_classes=1") is not None  # used just now
    load_tree("timm:resnet18?num_classes=3")
    assert len(list(own_cache.iterdir())) == 2
    assert load_cached_tree("timm:resnet18?num_classes=1") is not None
    assert load_cached_tree("timm:resnet18?num_classes=2") is None


def test_a_cache_that_cannot_be_written_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "a file"
    blocked.write_bytes(b"")
    monkeypatch.setenv("DPIAT_GUI_CACHE", str(blocked))
    assert load_tree("timm:resnet18").tensors
    assert load_cached_tree("timm:resnet18") is None


@pytest.mark.parametrize(
    "reference",
    ["/nowhere.pth", "/nowhere.safetensors", "nonsense", "timm:nonsense", "/tmp", "", "json:loads"],
)
def test_what_is_wrong_is_left_for_loading_to_say(reference: str, own_cache: Path) -> None:
    assert load_cached_tree(reference) is None


def test_the_shipped_structures_are_what_is_read_afresh(tmp_path: Path) -> None:
    from importlib import resources

    import timm

    if timm.__version__ != "1.0.31":
        pytest.skip("shipped for timm 1.0.31")
    shipped = Path(str(resources.files("dpiat_gui.resources").joinpath("structures")))
    fresh = write_shipped(tmp_path)
    assert {path.name: path.read_bytes() for path in fresh} == {
        path.name: path.read_bytes() for path in shipped.glob("*.json")
    }


def test_the_demo_opens_from_what_is_shipped_without_torch(own_cache: Path) -> None:
    code = (
        "import sys; from dpiat_gui.networks.sources import load_cached_tree;"
        "from dpiat_gui.networks.shipped import *;"
        "assert all(load_cached_tree(reference) for reference in shipped_references());"
        "assert not {'torch', 'timm', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert not own_cache.exists()
    source, target = shipped_references()
    assert source.text == demo_source()
    assert target == parse_reference(DEMO_TARGET)
    for reference in (source, target):
        key = cache_key(reference)
        assert key is not None
        kept = load_kept(key, reference)
        assert kept is not None
        assert (kept.name, kept.origin) == (reference.title, reference.text)
