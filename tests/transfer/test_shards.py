"""Shards and their index are laid out as other programs read them."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dpiat_gui.errors import ExportError
from dpiat_gui.networks.values import TensorSpec
from dpiat_gui.transfer.shards import (
    index_bytes,
    index_path,
    parse_size,
    shard_paths,
    shards_of,
    size_text,
    split_specs,
    tensor_bytes,
)

SPECS = st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["float32", "int64", "float16"])), max_size=20)


@given(SPECS, st.integers(1, 200))
def test_every_tensor_is_in_one_shard_in_its_order(drawn, most):
    specs = [TensorSpec(f"t{number}", (size,), dtype) for number, (size, dtype) in enumerate(drawn)]
    shards = split_specs(specs, most)
    assert [spec for shard in shards for spec in shard] == specs
    for shard in shards:
        assert len(shard) <= 1 or sum(map(tensor_bytes, shard)) <= most
    assert split_specs(specs, None) == [specs]


def test_a_shard_is_filled_to_the_last_byte():
    specs = [TensorSpec(name, (4,), "float32") for name in "abcd"]
    assert [[spec.key for spec in shard] for shard in split_specs(specs, 32)] == [["a", "b"], ["c", "d"]]


def test_names_are_those_of_the_ecosystem(tmp_path):
    goal = tmp_path / "model.safetensors"
    assert shard_paths(goal, 1) == [goal]
    assert [path.name for path in shard_paths(goal, 2)] == [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    ]
    assert index_path(goal).name == "model.safetensors.index.json"


def test_the_index_names_the_shard_of_every_tensor(tmp_path):
    goal = tmp_path / "m.safetensors"
    one, two = shard_paths(goal, 2)
    shards = {one: [TensorSpec("a", (2,))], two: [TensorSpec("b", (3,), "int64")]}
    index_path(goal).write_bytes(index_bytes(shards, {"program": "x"}))
    told = json.loads(index_path(goal).read_text())
    assert told["weight_map"] == {"a": one.name, "b": two.name}
    assert told["metadata"] == {"program": "x", "total_size": 32}
    assert shards_of(goal) == [one, two]


@pytest.mark.parametrize(
    "names", [["../m-00001-of-00001.safetensors"], ["other.safetensors"], ["m.pth"], [3], [""]]
)
def test_an_index_made_elsewhere_names_no_shards_of_ours(tmp_path, names):
    goal = tmp_path / "m.safetensors"
    index_path(goal).write_text(json.dumps({"weight_map": {f"t{n}": name for n, name in enumerate(names)}}))
    assert shards_of(goal) == []
    index_path(goal).write_text("[]")
    assert shards_of(goal) == []


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GB", 2_000_000_000), ("1.5 MB", 1_500_000), ("4096", 4096), ("1GiB", 1 << 30), ("10kb", 10_000)],
)
def test_sizes_are_read_as_people_write_them(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "much", "0", "-1", "0.1", "2XB", "GB", "9" * 400])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ExportError, match="is no size"):
        parse_size(text)


@example(10**15 + 1)
@given(st.integers(1, 2**50))
def test_a_size_is_written_as_it_is_read(size):
    assert parse_size(size_text(size)) == size


def test_sizes_have_the_unit_a_person_would_choose():
    assert [size_text(size) for size in (2 * 10**9, 1 << 20, 300, 1_500_000)] == [
        "2GB",
        "1MiB",
        "300B",
        "1500KB",
    ]
