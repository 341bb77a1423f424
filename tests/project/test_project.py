import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dpiat_gui.errors import ExportError, ProjectError
from dpiat_gui.matching.values import MatchOptions, Overrides, match_options
from dpiat_gui.project.project import (
    NetworkRecord,
    Project,
    dump_project,
    load_project,
    parse_project,
    save_project,
)
from dpiat_gui.project.records import from_record, to_record
from dpiat_gui.project.request import transfer_request, written_request
from dpiat_gui.transfer.options import TransferOptions, Writing

FIXTURE = Path(__file__).parent / "fixtures" / "v1.dpiat.json"

paths = st.text(min_size=1, max_size=12)
pairs = st.lists(st.tuples(paths, paths), max_size=4)
numbers = st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=6), plain, max_size=4)


def without(some: Overrides, others: Overrides) -> Overrides:
    """Return the overrides that are not among others."""
    return Overrides(
        [pair for pair in some.pins if pair not in others.pins],
        [pair for pair in some.bans if pair not in others.bans],
        [path for path in some.fresh if path not in others.fresh],
    )


networks = st.none() | st.builds(NetworkRecord, paths, st.text(max_size=9), st.text(max_size=9))
options = st.builds(
    MatchOptions,
    layer_types=st.sampled_from(["paper", "all"]),
    exponent=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**31),
)
projects = st.builds(
    Project,
    source=networks,
    target=networks,
    method=st.sampled_from(["blocks", "flatten"]),
    preset=st.sampled_from(["paper", "recommended"]),
    options=options,
    overrides=st.builds(Overrides, pairs, pairs, st.lists(paths, max_size=3)),
    disabled=st.builds(Overrides, pairs, pairs, st.lists(paths, max_size=3)),
    transfer=st.builds(TransferOptions, operator=st.sampled_from(["clip"]), buffers=st.booleans()),
    seed=st.integers(0, 2**63 - 1),
    device=st.sampled_from(["auto", "cpu", "mps", "cuda", "cuda:3", "xpu", "xpu:1"]),
    writing=st.builds(
        Writing, st.none() | st.integers(1, 10**12), st.none() | st.integers(1 << 20, 10**12), st.booleans()
    ),
    view=objects,
).map(lambda project: replace(project, disabled=without(project.disabled, project.overrides)))


@given(projects)
def test_a_project_is_read_as_it_was_written(project: Project) -> None:
    assert parse_project(dump_project(project)) == project


@given(projects)
def test_the_same_project_gives_the_same_bytes(project: Project) -> None:
    data = dump_project(project)
    assert dump_project(parse_project(data)) == data


def test_the_fixture_of_version_1_is_read_whole() -> None:
    project = load_project(FIXTURE)
    assert project.source == NetworkRecord("timm:rexnet_100?pretrained=true", "rexnet_100", "0f2c")
    assert project.options == match_options("recommended", exponent=0.25, seed=3)
    assert project.overrides == Overrides(
        [("features.9", "blocks.4.1")], [("head.fc", "classifier")], ["blocks.6.1"]
    )
    assert (project.transfer, project.seed, project.device) == (TransferOptions("clip", False), 41, "cuda:1")
    assert project.view == {"zoom": 1.25, "expanded": ["blocks.3.3"]}


def test_the_fixture_of_version_2_is_read_whole() -> None:
    project = load_project(FIXTURE.with_name("v2.dpiat.json"))
    assert project.overrides == Overrides([("features.9", "blocks.4.1")], [("head.fc", "classifier")])
    assert project.disabled == Overrides([("features.8", "blocks.4.0")], fresh=["blocks.6.1"])
    again = json.loads(dump_project(project))
    assert _holds(again, json.loads(FIXTURE.with_name("v2.dpiat.json").read_text()))


def test_files_from_before_say_nothing_of_how_the_checkpoint_is_written() -> None:
    for name in ("v1", "v2"):
        assert load_project(FIXTURE.with_name(f"{name}.dpiat.json")).writing == Writing()


def test_the_way_of_writing_is_part_of_what_a_project_asks_for() -> None:
    record = NetworkRecord("timm:resnet18")
    project = Project(record, record, writing=Writing(2_000_000, 1 << 21, manifest=True))
    request = written_request(project, "out.safetensors")
    assert (request.max_shard_size, request.max_device_memory, request.manifest) == (2_000_000, 1 << 21, True)
    assert written_request(project, "out.pth").max_shard_size is None, "a format without shards"
    assert transfer_request(project, "out.safetensors").max_shard_size is None, "a plan needs none"


def test_version_1_had_no_overrides_that_are_switched_off() -> None:
    assert load_project(FIXTURE).disabled == Overrides()
    project = parse_project(_with(overrides={"fresh": ["a"], "disabled": "what it meant then"}))
    assert (project.overrides, project.disabled) == (Overrides(fresh=["a"]), Overrides())
    assert b"what it meant then" in dump_project(project)


def test_duplicates_are_read_once_and_what_counts_is_not_switched_off() -> None:
    one, two = {"source": "a", "target": "b"}, {"source": "c", "target": "d"}
    text = {"pins": [one, one], "fresh": ["x", "x"], "disabled": {"pins": [one, two, two], "fresh": ["x"]}}
    project = parse_project(_with(version=2, overrides=text))
    assert project.overrides == Overrides([("a", "b")], fresh=["x"])
    assert project.disabled == Overrides([("c", "d")])


def test_unknown_keys_are_written_back_where_they_stood(tmp_path: Path) -> None:
    saved = tmp_path / "again.dpiat"
    save_project(load_project(FIXTURE), saved)
    before, after = json.loads(FIXTURE.read_text()), json.loads(saved.read_text())
    # Options that came later are added; nothing that was there is lost or changed.
    assert _holds(after, before | {"version": after["version"]})


def _holds(after: Any, before: Any) -> bool:
    if isinstance(before, dict):
        return isinstance(after, dict) and all(
            key in after and _holds(after[key], before[key]) for key in before
        )
    return bool(after == before)


def test_unknown_keys_of_an_override_go_with_it() -> None:
    project = load_project(FIXTURE)
    data = dump_project(replace(project, overrides=Overrides()))
    assert b"looked at by hand" not in data
    assert b"one of us" in data


def test_a_file_holds_plain_text_a_person_can_read() -> None:
    text = dump_project(Project(overrides=Overrides([("größe", "blocks.1")]))).decode()
    assert '"source": "größe"' in text
    assert text.startswith('{\n  "format": "dpiat-project",\n  "version": 2,\n')
    assert text.endswith("}\n")


def test_a_path_that_is_not_utf8_survives(tmp_path: Path) -> None:
    project = Project(source=NetworkRecord("/data/\udcff.safetensors"))
    save_project(project, tmp_path / "p.dpiat")
    assert load_project(tmp_path / "p.dpiat") == project


def test_missing_sections_take_their_defaults() -> None:
    # What version 1 did not know was not done by it.
    expected = Project(transfer=TransferOptions())
    assert parse_project(b'{"format": "dpiat-project", "version": 1}') == expected


def test_a_preset_fills_in_the_options_that_are_not_given() -> None:
    project = parse_project(_with(matching={"preset": "paper"}))
    assert project.options.layer_types == "paper"


def _with(**sections: Any) -> bytes:
    return json.dumps({"format": "dpiat-project", "version": 1, **sections}).encode()


@pytest.mark.parametrize(
    ("sections", "field"),
    [
        ({"source": {"reference": 3}}, "source.reference"),
        ({"source": {"name": "x"}}, "source.reference"),
        ({"target": []}, "target"),
        ({"target": {"reference": "a", "fingerprint": None}}, "target.fingerprint"),
        ({"standardization": {"method": "magic"}}, "standardization.method"),
        ({"matching": {"preset": "best"}}, "matching.preset"),
        ({"matching": {"method": "dq"}}, "matching"),
        ({"matching": {"exponent": "half"}}, "matching.exponent"),
        ({"matching": {"exponent": True}}, "matching.exponent"),
        ({"matching": {"exponent": 1.5}}, "between 0 and 1"),
        ({"matching": {"exponent": 10**400}}, "matching.exponent"),
        ({"matching": {"seed": 1.5}}, "matching.seed"),
        ({"overrides": {"pins": {}}}, "overrides.pins"),
        ({"version": 2, "overrides": {"disabled": []}}, "overrides.disabled"),
        ({"version": 2, "overrides": {"disabled": {"bans": [7]}}}, "overrides.disabled.bans[0]"),
        ({"overrides": [1]}, "overrides"),
        ({"overrides": {"pins": [["a", "b"]]}}, "overrides.pins[0]"),
        (
            {"overrides": {"bans": [{"source": "a", "target": "b"}, {"source": "a"}]}},
            "overrides.bans[1].target",
        ),
        ({"overrides": {"fresh": "head"}}, "overrides.fresh"),
        ({"overrides": {"fresh": [""]}}, "overrides.fresh"),
        ({"transfer": {"operator": ""}}, "transfer.operator"),
        ({"transfer": {"buffers": 1}}, "transfer.buffers"),
        ({"transfer": {"seed": -1}}, "transfer.seed"),
        ({"transfer": {"seed": True}}, "transfer.seed"),
        ({"transfer": {"seed": 2**63}}, "transfer.seed"),
        ({"transfer": {"device": "tpu"}}, "transfer.device"),
        ({"transfer": {"max_shard_size": "2GB"}}, "transfer.max_shard_size"),
        ({"transfer": {"max_shard_size": 0}}, "max shard size"),
        ({"transfer": {"max_device_memory": 9}}, "max device memory"),
        ({"transfer": {"manifest": 1}}, "transfer.manifest"),
        ({"view": [1]}, "view"),
        ({"version": 1.0}, "version"),
        ({"version": True}, "version"),
        ({"version": 0}, "version"),
    ],
)
def test_a_field_that_makes_no_sense_is_named(sections: dict[str, Any], field: str) -> None:
    with pytest.raises(ProjectError) as caught:
        parse_project(_with(**sections))
    assert field in str(caught.value)
    assert caught.value.hint


def test_a_newer_version_is_refused_and_both_versions_are_named() -> None:
    with pytest.raises(ProjectError, match=r"version 3.*up to 2") as caught:
        parse_project(_with(version=3, shape="other"))
    assert "Update" in caught.value.hint


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04\x95pickle",
        b"null",
        b"[]",
        b'"dpiat-project"',
        b'{"format": "other", "version": 1}',
        b'{"version": 1}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"format": "dpiat-project", "version": 1, "view": {"x": ' + b"[" * 900 + b"]" * 900 + b"}}",
        b'{"format": "dpiat-project", "version": ' + b"9" * 5000 + b"}",
        b'{"format": "dpiat-project", "version": 1, "view": {"zoom": NaN}}',
        b'{"format": "dpiat-project", "version": 1, "view": {"zoom": 1e999}}',
        b'{"format": "dpiat-project", "version": 1, "version": 1}',
    ],
)
def test_what_is_no_project_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(ProjectError) as caught:
        parse_project(data)
    assert caught.value.hint


@settings(max_examples=300)
@given(st.binary(max_size=200) | plain.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    with pytest.raises(ProjectError):
        parse_project(data)


@settings(max_examples=300)
@given(st.data())
def test_no_change_of_a_good_file_crashes_the_reader(data: st.DataObject) -> None:
    good = FIXTURE.read_bytes()
    at = data.draw(st.integers(0, len(good)))
    changed = good[:at] + data.draw(st.binary(max_size=4)) + good[at + data.draw(st.integers(0, 8)) :]
    try:
        project = parse_project(changed)
    except ProjectError:
        return
    assert parse_project(dump_project(project)) == project


@settings(max_examples=300)
@given(
    st.sampled_from(["source", "target", "standardization", "matching", "overrides", "transfer", "view"]),
    st.sampled_from(
        ["reference", "method", "preset", "exponent", "seed", "pins", "fresh", "buffers", "device"]
    ),
    plain,
)
def test_any_value_in_any_field_is_read_or_refused(section: str, key: str, value: object) -> None:
    try:
        project = parse_project(_with(**{section: {"reference": "timm:a", key: value}}))
    except ProjectError:
        return
    assert parse_project(dump_project(project)) == project


def test_every_cut_of_a_file_is_refused() -> None:
    good = dump_project(load_project(FIXTURE)).rstrip()
    for length in range(len(good)):
        with pytest.raises(ProjectError):
            parse_project(good[:length])


def test_a_missing_file_a_folder_and_a_device_are_refused(tmp_path: Path) -> None:
    for path, said in (
        (tmp_path / "no.dpiat", "no project"),
        (tmp_path, "folder"),
        (Path("/dev/zero"), "no project"),
    ):
        with pytest.raises(ProjectError, match=said):
            load_project(path)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.dpiat"
    with huge.open("wb") as stream:
        stream.truncate(2**33)
    with pytest.raises(ProjectError, match="too large"):
        load_project(huge)


def test_a_view_that_json_cannot_hold_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "p.dpiat"
    save_project(Project(seed=4), path)
    with pytest.raises(ProjectError):
        save_project(Project(view={"zoom": float("nan")}), path)
    with pytest.raises(ProjectError):
        save_project(Project(view={"object": object()}), path)
    assert load_project(path).seed == 4


def test_a_folder_that_is_missing_is_an_export_error(tmp_path: Path) -> None:
    with pytest.raises(ExportError):
        save_project(Project(), tmp_path / "none" / "p.dpiat")


@pytest.mark.parametrize("option", [field.name for field in fields(MatchOptions)])
def test_every_option_of_the_matching_is_kept(option: str) -> None:
    other = {"method": "flat", "layer_types": "paper", "exponent": 0.25, "seed": 9, "skip_factor": 0.75}
    project = Project(options=replace(MatchOptions(), **{option: other[option]}))
    assert getattr(parse_project(dump_project(project)).options, option) == other[option]


def test_a_matcher_that_nobody_knows_is_named() -> None:
    text = dump_project(Project()).decode().replace('"method": "dp"', '"method": "magic"')
    with pytest.raises(ProjectError, match="magic") as caught:
        parse_project(text.encode())
    assert "dp-branch" in caught.value.hint


def test_operators_of_single_targets_are_kept():
    project = Project(overrides=Overrides(operators=[("a.conv", "full"), ("b", "trace")]))
    record = to_record(project)
    assert record["overrides"]["operators"][0] == {"target": "a.conv", "operator": "full"}
    record["overrides"]["operators"][1]["why"] = "wide"
    again = from_record(record)
    assert again.overrides == project.overrides
    assert to_record(again) == record
    record["overrides"]["operators"][0]["operator"] = "crop"
    with pytest.raises(ProjectError, match="operator") as caught:
        from_record(record)
    assert "clip-normalized" in caught.value.hint
