import argparse
import json
import os
import pickle
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.checkpoints import (
    is_safetensors,
    open_weights,
    read_pickled_shapes,
    read_safetensors_header,
    read_specs,
    unwrap_state_dict,
)


def _state() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    return net.state_dict()


@pytest.fixture
def safetensors(tmp_path: Path) -> Path:
    path = tmp_path / "net.safetensors"
    save_file(_state(), path, {"made by": "a test"})
    return path


@pytest.fixture(params=["zip", "legacy"])
def pickled(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "net.pth"
    torch.save(_state(), path, _use_new_zipfile_serialization=request.param == "zip")
    return path


def test_a_header_names_every_tensor_with_shape_and_dtype(safetensors: Path) -> None:
    specs = {spec.key: spec for spec in read_safetensors_header(safetensors)}
    assert {key: spec.shape for key, spec in specs.items()} == {
        key: tuple(value.shape) for key, value in _state().items()
    }
    assert specs["1.num_batches_tracked"].dtype == "int64"
    assert {key for key, spec in specs.items() if spec.buffer} == {
        "1.running_mean",
        "1.running_var",
        "1.num_batches_tracked",
    }


@pytest.mark.parametrize(
    "dtype",
    ["float16", "bfloat16", "float64", "int8", "uint8", "bool", "float8_e4m3fn", "uint16", "complex64"],
)
def test_dtypes_are_named_as_torch_names_them(dtype: str, tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    save_file({"x": torch.zeros(2, 3).to(getattr(torch, dtype))}, path)
    (spec,) = read_safetensors_header(path)
    assert (spec.dtype, spec.shape) == (dtype, (2, 3))


def test_a_header_needs_no_torch(safetensors: Path) -> None:
    code = (
        "import sys; from dpiat_gui.networks.sources import load_cached_tree;"
        f"assert load_cached_tree({str(safetensors)!r}).tensors;"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@given(st.integers(1, 400))
def test_a_cut_off_file_says_how_many_bytes_are_missing(missing: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.safetensors"
        save_file(_state(), path)
        whole = path.stat().st_size
        os.truncate(path, whole - missing)
        with pytest.raises(SourceError, match="cut off") as caught:
            read_safetensors_header(path)
        number = f"{missing:,} byte"
        header = 8 + struct.unpack("<Q", path.read_bytes()[:8])[0]
        if whole - missing >= header:
            assert f" {number}" in caught.value.message
        else:
            assert "at least" in caught.value.message


def _written(path: Path, header: Any, data: bytes = b"", length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


@pytest.mark.parametrize(
    ("header", "data", "message"),
    [
        (b"{not json", b"", "damaged"),
        (b"[1]", b"", "no .safetensors"),
        (b'{"x": 1}', b"", "damaged"),
        (b'{"a": ' * 2000, b"", "damaged"),
        ({"x": {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}}, b"1234", "damaged"),
        ({"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, b"1234", "damaged"),
        ({"x": {"dtype": "F32", "shape": [-1], "data_offsets": [4, 0]}}, b"1234", "damaged"),
        ({"x": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, b"12345678", "overlap or leave gaps"),
        ({"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, b"12345", "after its last tensor"),
        ({}, b"", "no weights"),
        ({"__metadata__": {"a": "b"}}, b"", "no weights"),
    ],
)
def test_a_header_that_contradicts_itself_is_refused(
    tmp_path: Path, header: Any, data: bytes, message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        read_safetensors_header(_written(tmp_path / "x.safetensors", header, data))


def test_a_header_that_names_a_tensor_twice_is_refused(tmp_path: Path) -> None:
    one = b'"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
    path = _written(tmp_path / "x.safetensors", b"{" + one + b"," + one + b"}", bytes(4))
    with pytest.raises(SourceError, match="is damaged: its header cannot be read"):
        read_safetensors_header(path)


def test_a_file_of_another_kind_is_no_safetensors(tmp_path: Path, pickled: Path) -> None:
    path = tmp_path / "renamed.safetensors"
    path.write_bytes(pickled.read_bytes())
    with pytest.raises(SourceError, match=r"no \.safetensors file"):
        read_safetensors_header(path)
    # An enormous length must not be read into memory to find out.
    with pytest.raises(SourceError, match=r"no \.safetensors file"):
        read_safetensors_header(_written(tmp_path / "y.safetensors", b"{}", length=2**62))


def test_pickled_shapes_are_those_of_the_state_dict_in_order(pickled: Path) -> None:
    specs = read_pickled_shapes(pickled)
    state = _state()
    assert [(spec.key, spec.shape) for spec in specs] == [(key, tuple(v.shape)) for key, v in state.items()]
    assert read_specs(pickled) == specs


def test_weights_are_read_one_by_one(safetensors: Path, pickled: Path) -> None:
    state = _state()
    for path in (safetensors, pickled):
        with open_weights(path) as weights:
            assert set(weights.keys()) == set(state)
            for key, value in state.items():
                assert torch.equal(weights.read(key), value)
            with pytest.raises(SourceError, match="no tensor named 'none'"):
                weights.read("none")
        with pytest.raises(SourceError, match="closed"):
            weights.read("0.weight")


def test_a_large_pickle_is_mapped_and_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "large.pth"
    torch.save({"weight": torch.zeros(16 << 20)}, path)  # 64 MiB
    code = (
        "import resource, sys, torch; from dpiat_gui.networks.checkpoints import read_specs;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        f"read_specs({str(path)!r});"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    grown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert int(grown) < 32 << 10  # KiB


def test_a_safetensors_file_is_told_by_its_content_too(safetensors: Path, tmp_path: Path) -> None:
    path = tmp_path / "renamed.bin"
    path.write_bytes(safetensors.read_bytes())
    assert is_safetensors(path)
    assert {spec.key for spec in read_specs(path)} == set(_state())


def _prefixed(prefix: str) -> dict[str, torch.Tensor]:
    return {prefix + key: value for key, value in _state().items()}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"state_dict": state, "epoch": 3, "optimizer": {"state": {"big": torch.zeros(999)}}},
        lambda state: {"model": state, "args": argparse.Namespace(lr=0.1)},
        lambda state: {"model_state_dict": state, "loss": 0.5},
        lambda state: {"net": state, "acc": np.float64(0.9)},
        lambda state: {"checkpoint": {"model": {"state_dict": state}}},
        lambda state: {"unheard of": state, "optim": {"big": torch.zeros(999)}},
        lambda state: {"state_dict_ema": state, "state_dict": {"0.weight": torch.zeros(1)}},
        lambda state: _prefixed("module."),
        lambda state: _prefixed("_orig_mod."),
        lambda state: {"model": _prefixed("module._orig_mod.")},
        lambda state: {**_prefixed("module."), "n_averaged": torch.tensor(3)},
        lambda state: {key.replace(".", "._orig_mod."): value for key, value in state.items()},
    ],
)
def test_wrappers_around_the_weights_are_left_out(wrap: Callable[[Any], Any], tmp_path: Path) -> None:
    path = tmp_path / "wrapped.pth"
    torch.save(wrap(_state()), path)
    assert [spec.key for spec in read_specs(path)] == list(_state())
    with open_weights(path) as weights:
        assert torch.equal(weights.read("0.weight"), _state()["0.weight"])


def test_prefixes_of_a_safetensors_file_are_left_out_and_its_tensors_found(tmp_path: Path) -> None:
    path = tmp_path / "wrapped.safetensors"
    save_file(_prefixed("module."), path)
    with open_weights(path) as weights:
        assert set(weights.keys()) == set(_state())
        assert torch.equal(weights.read("2.bias"), _state()["2.bias"])


def test_a_prefix_that_only_some_keys_have_is_theirs() -> None:
    state = {"module.a": torch.zeros(1), "head": torch.zeros(1)}
    assert list(unwrap_state_dict(state)) == ["module.a", "head"]
    # Removing it would make two keys one.
    state = {"a._orig_mod.b": torch.zeros(1), "a.b": torch.zeros(1)}
    assert list(unwrap_state_dict(state)) == list(state)


def test_the_larger_of_two_networks_is_taken() -> None:
    state = {"G": {"w": torch.zeros(2)}, "D": {"v": torch.zeros(9)}}
    assert list(unwrap_state_dict(state)) == ["v"]


def test_tied_tensors_name_the_first_key(tmp_path: Path) -> None:
    shared = torch.zeros(4, 4)
    path = tmp_path / "tied.pth"
    torch.save({"embed.weight": shared, "head.weight": shared, "view.weight": shared[:2]}, path)
    assert [spec.tied_to for spec in read_specs(path)] == ["", "embed.weight", ""]


class _Evil:
    def __reduce__(self) -> Any:
        return (os.mkdir, (os.environ["DPIAT_TEST_EVIL"],))


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_pickle_is_not_run_and_named(
    zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "it ran"
    monkeypatch.setenv("DPIAT_TEST_EVIL", str(trace))
    path = tmp_path / "evil.pth"
    torch.save({"w": torch.zeros(1), "x": _Evil()}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(SourceError) as caught:
        read_specs(path)
    assert "holds code (" in caught.value.message
    assert "mkdir" in caught.value.message
    assert "was not run" in caught.value.message
    assert "state_dict()" in caught.value.hint
    assert not trace.exists()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol:UserWarning")
def test_a_whole_pickled_module_and_a_plain_pickle_are_code(tmp_path: Path) -> None:
    whole = tmp_path / "whole.pth"
    torch.save(nn.Linear(2, 2), whole)
    with pytest.raises(SourceError, match=r"holds code \(torch.nn.modules.linear.Linear\)"):
        read_specs(whole)
    plain = tmp_path / "plain.bin"
    plain.write_bytes(pickle.dumps({"x": argparse.ArgumentParser}))
    with pytest.raises(SourceError):
        read_specs(plain)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_torchscript_program_is_code(tmp_path: Path) -> None:
    path = tmp_path / "script.pt"
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), str(path))
    with pytest.raises(SourceError, match="TorchScript"):
        read_specs(path)


@pytest.mark.parametrize("content", [{}, {"epoch": 3}, [torch.zeros(2)], torch.zeros(3), {"state_dict": {}}])
def test_a_file_without_tensors_by_name_says_so(content: Any, tmp_path: Path) -> None:
    path = tmp_path / "none.pth"
    torch.save(content, path)
    with pytest.raises(SourceError, match="holds no weights"):
        read_specs(path)


@pytest.mark.parametrize("kept", [0.99, 0.5, 0.1])
def test_a_cut_off_pickle_is_told(kept: float, pickled: Path) -> None:
    os.truncate(pickled, int(pickled.stat().st_size * kept))
    with pytest.raises(SourceError, match=r"cut off|damaged"):
        read_specs(pickled)


def test_a_cut_off_zip_is_called_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    torch.save(_state(), path)
    os.truncate(path, path.stat().st_size - 30)
    with pytest.raises(SourceError, match="cut off"):
        read_specs(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"not a checkpoint at all, but some text", "damaged, or no checkpoint"),
        (b"\x80\x02garbage", "damaged, or no checkpoint|cut off"),
        (b"<!DOCTYPE html><html>404</html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "Git LFS"),
    ],
)
def test_what_is_no_checkpoint_is_called_what_it_is(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.pth"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        read_specs(path)


@pytest.mark.parametrize("name", ["none.safetensors", "none.pth"])
def test_missing_files_and_folders_are_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file"):
        read_specs(tmp_path / name)
    (tmp_path / name).mkdir()
    (tmp_path / name / "model.safetensors").write_bytes(b"")
    with pytest.raises(SourceError, match="is a folder") as caught:
        read_specs(tmp_path / name)
    assert "model.safetensors" in caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(pickled: Path) -> None:
    pickled.chmod(0)
    with pytest.raises(SourceError, match="cannot be read"):
        read_specs(pickled)


def test_tensors_of_a_mapped_file_have_storages_of_their_own(safetensors: Path, tmp_path: Path) -> None:
    # torch.save writes whole storages, and refuses one that is seen as two dtypes.
    with open_weights(safetensors) as weights:
        state = {spec.key: weights.read(spec.key) for spec in weights.specs}
        for key, tensor in state.items():
            assert tensor.untyped_storage().nbytes() == tensor.nbytes, key
        torch.save(state, tmp_path / "again.pth")
    assert torch.equal(torch.load(tmp_path / "again.pth")["0.weight"], _state()["0.weight"])
