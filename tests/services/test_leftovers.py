import json
import os
import sys

import pytest

from dpiat_gui.files import make_part
from dpiat_gui.services.leftovers import remove_parts


def test_only_parts_of_this_file_and_this_run_are_removed(tmp_path):
    mine = tmp_path / ".out.pth.k2j.part"
    old = tmp_path / ".out.pth.old.part"
    other = tmp_path / ".out.pth2.k2j.part"
    result = tmp_path / "out.pth"
    for file in (mine, old, other, result):
        file.write_text("x")
    os.utime(old, (1, 1))
    remove_parts(str(result), since=1000.0)
    assert sorted(tmp_path.iterdir()) == sorted([old, other, result])
    remove_parts(str(tmp_path / "no folder" / "out.pth"), since=0.0)


def test_parts_of_shards_and_of_what_goes_with_them_are_removed(tmp_path):
    names = ["m-00001-of-00002.safetensors", "m.safetensors.index.json", "m.safetensors.manifest.json"]
    others = [".m-00001-of-00002.pth.abc.part", ".n-00001-of-00002.safetensors.abc.part", "m.safetensors"]
    for name in (*(f".{name}.abcd1234.part" for name in names), *others):
        (tmp_path / name).write_text("x")
    remove_parts(str(tmp_path / "m.safetensors"), since=0.0)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(others)


@pytest.mark.skipif(sys.platform == "win32", reason="there no lock tells a living writer")
def test_the_part_of_a_living_writer_stays(tmp_path):
    handle, name = make_part(tmp_path / "out.pth")
    remove_parts(str(tmp_path / "out.pth"), since=0.0)
    assert os.path.exists(name)  # noqa: PTH110
    os.close(handle)
    remove_parts(str(tmp_path / "out.pth"), since=0.0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there no lock tells a living writer")
def test_a_set_that_was_taking_its_places_is_completed(tmp_path):
    names = ["m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors", "m.safetensors.index.json"]
    parts = [f".{name}.abcd1234.part" for name in names]
    (tmp_path / names[0]).write_text("new")  # the first is there already
    for part in parts[1:]:
        (tmp_path / part).write_text("new")
    record = {"moves": list(zip(parts, names, strict=True)), "removes": []}
    (tmp_path / ".m.safetensors.index.json.commit").write_text(json.dumps(record))
    remove_parts(str(tmp_path / "m.safetensors"), since=0.0)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == dict.fromkeys(names, "new")
