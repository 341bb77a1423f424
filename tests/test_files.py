"""Files are written whole or not at all."""

import errno
import os

import pytest

from dpiat_gui.errors import ExportError
from dpiat_gui.files import csv_name, read_json, write_whole


def test_a_file_appears_only_when_it_is_whole(tmp_path):
    goal = tmp_path / "a.bin"
    with write_whole(goal) as stream:
        stream.write(b"new")
        assert not goal.exists()
    assert goal.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [goal]


def test_an_error_leaves_the_old_file(tmp_path):
    goal = tmp_path / "a.bin"
    goal.write_bytes(b"old")

    def fail():
        with write_whole(goal) as stream:
            stream.write(b"ne")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert goal.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [goal]


@pytest.mark.parametrize(
    ("number", "word"), [(errno.ENOSPC, "full"), (errno.EACCES, "permission"), (errno.EIO, "not written")]
)
def test_causes_are_told_in_plain_words(tmp_path, number, word):
    goal = tmp_path / "a.bin"
    with pytest.raises(ExportError, match=word), write_whole(goal):
        raise OSError(number, os.strerror(number))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ExportError, match="does not exist"), write_whole(tmp_path / "no" / "a.bin"):
        pass


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="the system knows no links")
def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path):
    kept, folder = tmp_path / "kept", tmp_path / "elsewhere"
    folder.mkdir()
    for old in (b"old", None):  # a link may lead to nothing yet
        goal = folder / f"a{old}.bin"
        if old is not None:
            goal.write_bytes(old)
        link = tmp_path / f"{goal.name}.link"
        link.symlink_to(goal)
        with write_whole(link) as stream:
            stream.write(b"new")
        assert link.is_symlink()
        assert goal.read_bytes() == b"new"
    kept.symlink_to(kept)  # a loop
    with pytest.raises(ExportError), write_whole(kept / "a.bin"):
        pass


@pytest.mark.skipif(not hasattr(os, "umask"), reason="the system knows no modes")
def test_permissions_are_those_of_the_old_file_or_of_a_new_one(tmp_path):
    goal = tmp_path / "a.bin"
    with write_whole(goal) as stream:
        stream.write(b"1")
    (tmp_path / "plain").write_bytes(b"")
    assert goal.stat().st_mode == (tmp_path / "plain").stat().st_mode
    goal.chmod(0o600)
    with write_whole(goal) as stream:
        stream.write(b"2")
    assert goal.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "1234567890", "\udcff"])
def test_what_is_no_json_of_ours_is_a_value_error(tmp_path, text):
    (tmp_path / "a.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ValueError):  # noqa: PT011 - json's own words
        read_json(tmp_path / "a.json", 9 if text.isdecimal() else 2**20)
    (tmp_path / "a.json").write_text("[1]")
    assert read_json(tmp_path / "a.json", 3) == [1]


@pytest.mark.parametrize("start", "=+-@")
def test_no_name_is_a_formula_to_a_spreadsheet(start):
    assert csv_name(f"{start}a.b") == f"'{start}a.b"
    assert csv_name(f"a{start}b") == f"a{start}b"
    assert csv_name("") == ""
