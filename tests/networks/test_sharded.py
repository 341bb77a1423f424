import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.checkpoints import open_weights, read_specs
from dpiat_gui.networks.references import parse_reference

NAME = "model.safetensors.index.json"


def write(folder: Path, shards: dict[str, dict[str, torch.Tensor]], **more: object) -> Path:
    for name, tensors in shards.items():
        save_file(tensors, folder / name)
    weight_map = {key: name for name, tensors in shards.items() for key in tensors}
    (folder / NAME).write_text(json.dumps({"metadata": {}, "weight_map": weight_map | more}))
    return folder / NAME


def test_shards_are_read_as_one_checkpoint(tmp_path: Path) -> None:
    one, two = {"a.weight": torch.ones(2, 3)}, {"b.weight": torch.zeros(3), "b.bias": torch.ones(3).half()}
    index = write(tmp_path, {"m-00001-of-00002.safetensors": one, "m-00002-of-00002.safetensors": two})
    assert {spec.key: spec.shape for spec in read_specs(index)} == {
        "a.weight": (2, 3),
        "b.weight": (3,),
        "b.bias": (3,),
    }
    with open_weights(index) as weights:
        for key, value in (one | two).items():
            assert torch.equal(weights.read(key), value)
    reference = parse_reference(str(index))
    assert (reference.kind, reference.title) == ("checkpoint", "model")


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    index = write(tmp_path, {"a.safetensors": {"a": torch.ones(2)}}, b="b.safetensors")
    with pytest.raises(SourceError, match=r"b\.safetensors, and there is no such file"):
        read_specs(index)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": 3}', "nothing", "[" * 100_000])
def test_what_is_no_index_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(SourceError):
        read_specs(tmp_path / NAME)


@pytest.mark.parametrize("name", ["../b.safetensors", "", ".", "..", "..\\b.safetensors"])
def test_shards_elsewhere_are_not_read(tmp_path: Path, name: str) -> None:
    index = write(tmp_path, {"a.safetensors": {"a": torch.ones(2)}}, b=name)
    with pytest.raises(SourceError, match="other folders"):
        read_specs(index)


def test_a_tensor_in_two_shards_is_told(tmp_path: Path) -> None:
    tensors = {"a": torch.ones(2)}
    index = write(tmp_path, {"a.safetensors": tensors, "b.safetensors": tensors}, c="a.safetensors")
    with pytest.raises(SourceError, match="same tensor"):
        read_specs(index)
