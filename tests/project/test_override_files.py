"""Overrides in a file of their own: read as written, and nothing else is taken for one."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dpiat_gui.errors import ExportError, ProjectError
from dpiat_gui.matching.values import Overrides
from dpiat_gui.project.override_files import (
    FORMAT,
    OverrideList,
    dump_overrides,
    load_overrides,
    parse_overrides,
    save_overrides,
)
from dpiat_gui.project.project import Project, save_project

paths = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
pairs = st.lists(st.tuples(paths, paths), max_size=4)
overrides = st.builds(Overrides, pairs, pairs, st.lists(paths, max_size=3))
lists = st.builds(OverrideList, overrides, overrides, st.text(max_size=9), st.text(max_size=9))
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
GOOD = OverrideList(Overrides([("a.b", "c.d")], [("e", "f")], ["g"]), Overrides(fresh=["h"]), "one", "two")


def _with(**fields: Any) -> bytes:
    return json.dumps({"format": FORMAT, "version": 1, **fields}).encode()


@given(lists)
def test_a_list_is_read_as_it_was_written(listed: OverrideList) -> None:
    assert parse_overrides(dump_overrides(listed)) == listed


def test_a_file_is_written_whole_and_read_again(tmp_path: Path) -> None:
    file = tmp_path / "a.overrides.json"
    save_overrides(GOOD, file)
    assert load_overrides(file) == GOOD
    assert '"source": "a.b"' in file.read_text()
    with pytest.raises(ExportError):
        save_overrides(GOOD, tmp_path / "none" / "a.json")


def test_the_overrides_of_a_project_file_are_taken_too(tmp_path: Path) -> None:
    save_project(Project(overrides=GOOD.overrides, disabled=GOOD.disabled), tmp_path / "p.dpiat")
    listed = load_overrides(tmp_path / "p.dpiat")
    assert (listed.overrides, listed.disabled) == (GOOD.overrides, GOOD.disabled)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "damaged"),
        (b"\x80\x04", "not text"),
        (b"[]", "no overrides"),
        (b"{}", "no overrides"),
        (_with(version=2), "newer"),
        (_with(version="1"), "version"),
        (_with(pins=3), "makes no sense"),
        (_with(bans=[{"source": "a"}]), "makes no sense"),
        (_with(fresh=[None]), "makes no sense"),
        (_with(disabled=[]), "disabled"),
        (b"[" * 100_000, "nested too deeply"),
        (_with(pins=[{"source": str(at), "target": "t"} for at in range(100_001)]), "more than 100,000"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(ProjectError, match=said) as caught:
        parse_overrides(data)
    assert caught.value.hint


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.json"
    with huge.open("wb") as stream:
        stream.truncate(2**33)
    with pytest.raises(ProjectError, match="too large"):
        load_overrides(huge)


@settings(max_examples=300)
@given(st.data())
def test_no_change_of_a_good_file_crashes_the_reader(data: st.DataObject) -> None:
    good = dump_overrides(GOOD)
    at = data.draw(st.integers(0, len(good)))
    changed = good[:at] + data.draw(st.binary(max_size=4)) + good[at + data.draw(st.integers(0, 8)) :]
    try:
        listed = parse_overrides(changed)
    except ProjectError:
        return
    assert parse_overrides(dump_overrides(listed)) == listed


@given(st.sampled_from(["pins", "bans", "fresh", "disabled", "source", "version"]), plain)
def test_any_value_in_any_field_is_read_or_refused(name: str, value: object) -> None:
    try:
        listed = parse_overrides(_with(**{name: value}))
    except ProjectError:
        return
    assert parse_overrides(dump_overrides(listed)) == listed
