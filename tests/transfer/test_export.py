import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from dpiat_gui.errors import Cancelled, ExportError
from dpiat_gui.file_sets import FileSet, write_set
from dpiat_gui.networks.values import TensorSpec
from dpiat_gui.transfer import export, streaming
from dpiat_gui.transfer.dtypes import SAFETENSORS_CODES, SIZES
from dpiat_gui.transfer.export import check_output
from dpiat_gui.transfer.export import write_pth as pth_into
from dpiat_gui.transfer.shards import safetensors_layout
from dpiat_gui.transfer.streaming import DIGEST_KEY, tensors_digest, write_safetensors
from dpiat_gui.transfer.writing import hash_of

SEED = torch.Generator().manual_seed(0)


def random_bits(shape, dtype):
    """Make a tensor of any dtype out of random bytes."""
    flat = torch.randint(0, 256, (torch.Size(shape).numel() * SIZES[dtype],), generator=SEED).to(torch.uint8)
    if dtype == "bool":
        return (flat > 127).view(shape)
    return flat.view(getattr(torch, dtype)).view(shape)


def specs_of(tensors):
    return [
        TensorSpec(key, tuple(t.shape), str(t.dtype).removeprefix("torch.")) for key, t in tensors.items()
    ]


def write(path, tensors, metadata=None, pieces=None):
    with write_set(path) as files:
        return write_safetensors(
            files, path, specs_of(tensors), pieces or (lambda spec: [tensors[spec.key]]), metadata or {}
        ).bytes


def write_pth(path, tensors, **more):
    with write_set(path) as files:
        return pth_into(files, path, tensors, **more)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


ALL = {dtype: random_bits((3, 5), dtype) for dtype in SAFETENSORS_CODES}
MIXED = ALL | {
    "scalar": torch.tensor(7),
    "empty": torch.zeros(0, 4),
    "odd": torch.tensor([True]),
    "zerrissen/ä": torch.arange(6.0).view(2, 3).T,
    "strided": torch.arange(24.0).view(2, 3, 4)[:, ::2, 1:3],
    "channels_last": torch.arange(24.0).view(1, 2, 3, 4).to(memory_format=torch.channels_last),
}


def test_every_dtype_and_layout_reads_back_equal_to_the_bit(tmp_path):
    path = tmp_path / "all.safetensors"
    size = write(path, MIXED, {"seed": "0", "text": 'ä "quoted"'})
    assert path.stat().st_size == size
    found = load_file(path)
    assert set(found) == set(MIXED)
    for key, tensor in MIXED.items():
        assert found[key].dtype == tensor.dtype, key
        assert found[key].shape == tensor.shape, key
        assert found[key].contiguous().view(-1).view(torch.uint8).tolist() == (
            tensor.contiguous().view(-1).view(torch.uint8).tolist()
        ), key
    hashes = {key: hash_of(tensor) for key, tensor in MIXED.items()}
    with safe_open(path, "pt") as opened:
        told = {"seed": "0", "text": 'ä "quoted"', DIGEST_KEY: tensors_digest(hashes)}
        assert opened.metadata() == told


def test_header_and_tensors_are_aligned_and_without_gaps(tmp_path):
    path = tmp_path / "all.safetensors"
    write(path, MIXED)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    assert length % 8 == 0
    header = json.loads(data[8 : 8 + length])
    header_length, at = length, 0
    metadata = header.pop("__metadata__")
    assert set(metadata) == {DIGEST_KEY}
    for place in sorted(header.values(), key=lambda place: place["data_offsets"]):
        begin, end = place["data_offsets"]
        assert begin == at
        at = end
    for key, tensor in MIXED.items():
        assert header[key]["data_offsets"][0] % tensor.element_size() == 0, key
    assert at == len(data) - 8 - header_length


@pytest.mark.parametrize("write_any", [write, lambda path, tensors: write_pth(path, tensors)])
def test_equal_tensors_give_equal_bytes(tmp_path, write_any):
    paths = [tmp_path / name for name in ("a.safetensors", "b.safetensors")]
    for path in paths:
        write_any(path, {key: tensor.clone() for key, tensor in MIXED.items()})
        assert path.stat().st_size > 0
    assert digest(paths[0]) == digest(paths[1])


def test_only_one_piece_is_asked_for_at_a_time(tmp_path):
    # Each piece must be gone when the next is asked for, or the whole file would pile up in memory.
    import weakref

    alive = []

    def read(spec):
        assert all(reference() is None for reference in alive)
        for _ in range(2):
            tensor = torch.full((50,), 1.0)
            alive.append(weakref.ref(tensor))
            yield tensor
            del tensor
            assert all(reference() is None for reference in alive)

    tensors = {f"t{number}": torch.zeros(100) for number in range(5)}
    write(tmp_path / "f.safetensors", tensors, pieces=read)
    assert len(alive) == 10


def test_a_tensor_other_than_announced_is_refused(tmp_path):
    path = tmp_path / "f.safetensors"
    told = {"t": torch.zeros(2)}
    for wrong in (torch.zeros(3), torch.zeros(1), torch.zeros(2, dtype=torch.float16)):
        with pytest.raises(ExportError, match="t is"):
            write(path, told, pieces=lambda spec, wrong=wrong: [wrong])
    assert list(tmp_path.iterdir()) == []


def test_a_dtype_the_format_lacks_points_to_pth(tmp_path):
    with pytest.raises(ExportError, match=r"\.pth"):
        safetensors_layout([TensorSpec("t", (2,), "complex128")], {})
    write_pth(tmp_path / "f.pth", {"t": torch.zeros(2, dtype=torch.complex128)})
    assert torch.load(tmp_path / "f.pth", weights_only=True)["t"].dtype == torch.complex128


def test_pth_is_an_ordinary_state_dict(tmp_path):
    path = tmp_path / "f.pth"
    size = write_pth(path, MIXED)
    assert size == path.stat().st_size
    found = torch.load(path, weights_only=True)
    assert type(found) is OrderedDict
    assert list(found) == list(MIXED)
    assert all(torch.equal(found[key].view(-1), MIXED[key].reshape(-1)) for key in ("scalar", "odd", "int64"))
    assert torch.equal(found["strided"], MIXED["strided"])


# -- where nothing can be written ---------------------------------------------------------


@pytest.mark.parametrize("name", ["f", "f.bin", "f.json", "f.safetensors.txt", ".safetensors"])
def test_an_unknown_suffix_is_refused(tmp_path, name):
    with pytest.raises(ExportError, match="what kind of file"):
        check_output(tmp_path / name)


@pytest.mark.parametrize("name", ["f.safetensors", "f.pth", "f.pt", "F.SafeTensors"])
def test_known_suffixes_pass_and_leave_no_trace(tmp_path, name):
    assert check_output(tmp_path / name) == tmp_path / name
    assert list(tmp_path.iterdir()) == []


def test_a_folder_and_a_missing_folder_are_refused(tmp_path):
    (tmp_path / "folder.pth").mkdir()
    with pytest.raises(ExportError, match="is a folder"):
        check_output(tmp_path / "folder.pth")
    with pytest.raises(ExportError, match="does not exist"):
        check_output(tmp_path / "missing" / "f.pth")
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="does not exist"):
        check_output(tmp_path / "file" / "f.pth")


def test_a_folder_that_may_not_be_written_is_refused(tmp_path):
    if os.geteuid() == 0:
        folder = Path("/proc")  # even root cannot make a file there
        if not folder.is_dir():
            pytest.skip("root may write everywhere here")
    else:
        folder = tmp_path / "closed"
        folder.mkdir(mode=0o500)
    with pytest.raises(ExportError) as caught:
        check_output(folder / "f.pth")
    assert caught.value.hint


def test_files_in_use_are_not_replaced_by_any_name(tmp_path):
    used = tmp_path / "used.pth"
    used.touch()
    (tmp_path / "link.pth").symlink_to(used)
    (tmp_path / "hard.pth").hardlink_to(used)
    for name in ("used.pth", "link.pth", "hard.pth"):
        with pytest.raises(ExportError, match="being read"):
            check_output(tmp_path / name, in_use=[tmp_path / "missing", used])
    check_output(tmp_path / "other.pth", in_use=[used])


# -- full disks ---------------------------------------------------------------------------


def test_too_little_space_is_told_before_anything_is_written(tmp_path, monkeypatch):
    free = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(export.shutil, "disk_usage", lambda path: free)
    with pytest.raises(ExportError, match="10 bytes free"):
        write(tmp_path / "f.safetensors", MIXED)
    with pytest.raises(ExportError, match="10 bytes free"):
        write_pth(tmp_path / "f.pth", MIXED)
    assert list(tmp_path.iterdir()) == []


WRITERS = {"f.safetensors": write, "f.pth": write_pth}


@pytest.mark.parametrize("name", WRITERS)
def test_a_disk_that_is_too_small(small_disk, name):
    with pytest.raises(ExportError, match="free"):
        WRITERS[name](small_disk / name, {"t": torch.zeros(2_000_000)})
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("name", WRITERS)
def test_a_disk_that_fills_up_meanwhile(small_disk, monkeypatch, name):
    WRITERS[name](small_disk / name, {"t": torch.zeros(10)})
    before = digest(small_disk / name)
    monkeypatch.setattr(export, "check_space", lambda goal, needed: None)
    monkeypatch.setattr(streaming, "check_space", lambda goal, needed: None)
    big = {f"t{number}": torch.zeros(200_000) for number in range(10)}
    with pytest.raises(ExportError, match="disk is full"):
        WRITERS[name](small_disk / name, big)
    assert digest(small_disk / name) == before
    assert [path.name for path in small_disk.iterdir()] == [name]


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("after", [0, 1, 100, 5_000, 100_000, 2_000_000])
def test_a_refused_write_at_any_point(tmp_path, monkeypatch, name, after):
    path = tmp_path / name
    path.write_bytes(b"old")
    real = FileSet.file

    class Full:
        def __init__(self, stream):
            self.stream, self.left = stream, after

        def write(self, data):
            self.left -= memoryview(data).nbytes
            if self.left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return self.stream.write(data)

        def __getattr__(self, name):
            return getattr(self.stream, name)

    class Opened:
        def __init__(self, *arguments):
            self.opened = real(*arguments)

        def __enter__(self):
            return Full(self.opened.__enter__())

        def __exit__(self, *what):
            return self.opened.__exit__(*what)

    monkeypatch.setattr(FileSet, "file", lambda *arguments: Opened(*arguments))
    with pytest.raises(ExportError, match="disk is full"):
        WRITERS[name](path, {f"t{number}": torch.zeros(100_000) for number in range(6)})
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("after", [0, 1, 1000, 500_000, 1_000_000])
def test_a_pth_can_be_cancelled_at_any_point(tmp_path, after):
    path = tmp_path / "f.pth"
    path.write_bytes(b"old")

    def watch(written):
        if written > after:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_pth(path, {f"t{number}": torch.zeros(100_000) for number in range(6)}, watch=watch)
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["f.pth"]


# -- a writer that is killed --------------------------------------------------------------

KILLED = """
import sys, time
import torch
from dpiat_gui.networks.values import TensorSpec
from pathlib import Path
from dpiat_gui.file_sets import write_set
from dpiat_gui.transfer.streaming import write_safetensors

def read(spec):
    if spec.key == "t5":
        print("half-way", flush=True)
        time.sleep(60)
    yield torch.zeros(spec.shape)

specs = [TensorSpec(f"t{number}", (100_000,)) for number in range(10)]
with write_set(sys.argv[1]) as files:
    write_safetensors(files, Path(sys.argv[1]), specs, read, {})
"""


@pytest.mark.parametrize("old", [None, b"old"])
def test_a_killed_writer_leaves_the_old_file_and_is_cleaned_up_after(tmp_path, old):
    path = tmp_path / "f.safetensors"
    if old:
        path.write_bytes(old)
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"half-way\n"
        parts = [one for one in tmp_path.iterdir() if one.suffix == ".part"]
        assert len(parts) == 1
        # A second writer meanwhile must not take the first one's file away.
        write(path, {"t": torch.zeros(2)})
        assert parts[0].exists()
        if old:
            path.write_bytes(old)
        else:
            path.unlink()
        writer.send_signal(signal.SIGKILL)
    assert (path.read_bytes() if path.exists() else None) == old
    assert parts[0].exists()
    write(path, {"t": torch.zeros(2)})
    assert [one.name for one in tmp_path.iterdir()] == ["f.safetensors"]


def test_a_checkpoint_is_written_where_a_link_leads(tmp_path):
    goal = tmp_path / "runs" / "third.safetensors"
    goal.parent.mkdir()
    link = tmp_path / "latest.safetensors"
    link.symlink_to(goal)
    assert check_output(link) == goal
    goal.write_bytes(b"read")
    with pytest.raises(ExportError, match="one of the files being read"):
        check_output(link, in_use=[goal])
