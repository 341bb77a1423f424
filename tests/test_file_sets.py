"""Sets of files take their places together or not at all."""

import json
import os
import subprocess
import sys
import threading

import pytest

from dpiat_gui import file_sets
from dpiat_gui.errors import ExportError
from dpiat_gui.file_sets import finish_set, write_set

NAMES = ("a.bin", "b.bin", "head.json")


def write(folder, text, names=NAMES, **more):
    with write_set(folder / names[-1], **more) as made:
        for name in names:
            with made.file(folder / name) as stream:
                stream.write(f"{text} {name}".encode())


def held(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def whole(text, names=NAMES):
    return {name: f"{text} {name}" for name in names}


def test_a_set_appears_only_when_all_of_it_is_whole(tmp_path):
    with write_set(tmp_path / "head.json") as made:
        for name in NAMES:
            with made.file(tmp_path / name) as stream:
                stream.write(b"x")
            assert not any((tmp_path / name).exists() for name in NAMES)
    assert sorted(held(tmp_path)) == sorted(NAMES)


@pytest.mark.parametrize("at", range(len(NAMES)))
def test_an_error_in_any_file_leaves_the_old_set(tmp_path, at):
    write(tmp_path, "old")

    def fail():
        with write_set(tmp_path / "head.json") as made:
            for number, name in enumerate(NAMES):
                with made.file(tmp_path / name) as stream:
                    stream.write(b"new")
                    if number == at:
                        raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert held(tmp_path) == whole("old")


def test_written_files_can_be_looked_at_and_refused_before_they_take_their_places(tmp_path):
    write(tmp_path, "old")

    def look():
        with write_set(tmp_path / "head.json") as made:
            with made.file(tmp_path / "head.json") as stream:
                stream.write(b"new")
            assert made.part(tmp_path / "head.json").read_bytes() == b"new"
            raise ExportError("no")

    with pytest.raises(ExportError, match="no"):
        look()
    assert held(tmp_path) == whole("old")


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("at", range(len(NAMES)))
@pytest.mark.parametrize("old", [True, False])
def test_a_rename_that_fails_puts_everything_back(tmp_path, monkeypatch, at, old, links):
    if old:
        write(tmp_path, "old")
    real, left = type(tmp_path).replace, at

    def replace(self, goal):
        nonlocal left
        if self.suffix == ".part" and goal.name in NAMES:
            left -= 1
            if left == -1:
                raise OSError(5, "no")
        return real(self, goal)

    monkeypatch.setattr(type(tmp_path), "replace", replace)
    if not links:
        monkeypatch.setattr(file_sets.os, "link", lambda *names: (_ for _ in ()).throw(OSError(1, "no")))
    with pytest.raises(ExportError):
        write(tmp_path, "new")
    assert held(tmp_path) == (whole("old") if old else {})


KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_file_sets import write
at, real = int(sys.argv[2]), Path.replace
def replace(self, goal):
    global at
    if self.suffix == ".part" and not goal.name.startswith("."):
        at -= 1
        if at < 0:
            os._exit(9)
    return real(self, goal)
Path.replace = replace
write(Path(sys.argv[1]), "new", removes=lambda: [Path(sys.argv[1]) / "stale.bin"])
"""


@pytest.mark.parametrize("at", range(len(NAMES)))
def test_a_set_whose_writer_is_killed_while_renaming_is_completed(tmp_path, at):
    write(tmp_path, "old")
    (tmp_path / "stale.bin").write_text("of an older set")
    here = os.path.dirname(__file__)  # noqa: PTH120
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(at), here], check=False)
    assert done.returncode == 9
    assert finish_set(tmp_path / "head.json")
    assert {name: text for name, text in held(tmp_path).items() if not name.startswith(".")} == whole("new")
    assert not finish_set(tmp_path / "head.json")
    write(tmp_path, "newer")
    assert held(tmp_path) == whole("newer")


def test_files_of_an_older_set_go_once_the_new_one_is_complete(tmp_path):
    names = ("a.bin", "c.bin", "d.bin", "head.json")
    write(tmp_path, "old", names)
    write(tmp_path, "new", removes=lambda: [tmp_path / name for name in names])
    assert held(tmp_path) == whole("new")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks of folders there")
def test_two_writers_of_one_set_do_not_mix(tmp_path, monkeypatch):
    really = file_sets._move_all
    other = threading.Thread(target=write, args=(tmp_path, "other"))

    def half_of_them_before_the_other(moves):
        if other.ident is not None:
            return really(moves)
        really(moves[:1])
        other.start()
        other.join(0.3)  # it waits for us
        assert other.is_alive()
        return really(moves[1:])

    monkeypatch.setattr(file_sets, "_move_all", half_of_them_before_the_other)
    write(tmp_path, "first")
    other.join()
    assert held(tmp_path) == whole("other")


def test_a_damaged_journal_is_told_of(tmp_path):
    (tmp_path / ".head.json.commit").write_text(json.dumps({"moves": 3}))
    with pytest.raises(ExportError, match="damaged"):
        write(tmp_path, "new")


@pytest.mark.parametrize(
    "record",
    [
        {"moves": [], "removes": ["../kept.txt"]},
        {"moves": [], "removes": ["{folder}/kept.txt"]},
        {"moves": [], "removes": [".."]},
        {"moves": [[".a.x.part", "../kept.txt"]], "removes": []},
        {"moves": [["../kept.txt", "a"]], "removes": []},
        {"moves": [["own.txt", "kept.txt"]], "removes": []},
        {"moves": [["..a.x.part/../../kept.txt", ".a.x.part"]], "removes": []},
        {"moves": [[".a.x/../../kept.part", "a"]], "removes": []},
        {"moves": 3, "removes": []},
        {"moves": [["a"]], "removes": []},
        [],
    ],
)
def test_a_journal_of_somebody_else_touches_nothing(tmp_path, record):
    inner = tmp_path / "inner"
    inner.mkdir()
    for file in (tmp_path / "kept.txt", tmp_path / "kept.part", inner / "own.txt", inner / ".a.x.part"):
        file.write_text("mine")
    text = json.dumps(record).replace("{folder}", str(tmp_path))
    (inner / ".head.json.commit").write_text(text)
    before = {file: file.read_text() for file in tmp_path.rglob("*") if file.is_file()}
    with pytest.raises(ExportError, match="damaged"):
        finish_set(inner / "head.json")
    assert {file: file.read_text() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_a_journal_nested_without_end_is_damaged(tmp_path):
    (tmp_path / ".head.json.commit").write_text("[" * 200_000)
    with pytest.raises(ExportError, match="damaged"):
        finish_set(tmp_path / "head.json")


def test_a_file_elsewhere_is_no_part_of_a_set(tmp_path):
    with write_set(tmp_path / "head.json") as made:
        opened = made.file(tmp_path / "sub" / "a.bin")
        with pytest.raises(ValueError, match="no place"), opened:
            pass
