import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.references import SourceReference, parse_reference


@pytest.mark.parametrize(
    ("text", "kind", "name", "attribute", "options", "title"),
    [
        ("timm:resnet50", "timm", "resnet50", "", {}, "resnet50"),
        ("  timm:resnet50.a1_in1k ", "timm", "resnet50.a1_in1k", "", {}, "resnet50.a1_in1k"),
        (
            "timm:resnet50?num_classes=10&pretrained=True&drop_rate=.5&global_pool=avg",
            "timm",
            "resnet50",
            "",
            {"num_classes": 10, "pretrained": True, "drop_rate": 0.5, "global_pool": "avg"},
            "resnet50",
        ),
        ("/a b/m.safetensors", "checkpoint", "/a b/m.safetensors", "", {}, "m"),
        ("/a/v1.2.PTH", "checkpoint", "/a/v1.2.PTH", "", {}, "v1.2"),
        ("/a/m.pth.tar", "checkpoint", "/a/m.pth.tar", "", {}, "m"),
        ("/a/pytorch_model.bin", "checkpoint", "/a/pytorch_model.bin", "", {}, "pytorch_model"),
        ("/a/nets.py:make?w=2", "file_factory", "/a/nets.py", "make", {"w": 2}, "make"),
        ("/a/nets.py:Net.small", "file_factory", "/a/nets.py", "Net.small", {}, "Net.small"),
        ("torchvision.models:resnet18", "module_factory", "torchvision.models", "resnet18", {}, "resnet18"),
    ],
)
def test_every_form_is_read(
    text: str, kind: str, name: str, attribute: str, options: dict[str, object], title: str
) -> None:
    reference = parse_reference(text)
    assert (reference.kind, reference.name, reference.attribute) == (kind, name, attribute)
    assert dict(reference.options) == options
    assert {key: type(value) for key, value in reference.options} == {
        key: type(value) for key, value in options.items()
    }
    assert reference.title == title
    assert parse_reference(reference.text) == reference
    assert parse_reference(reference) is reference


def test_options_are_ordered_so_that_equal_references_have_equal_texts() -> None:
    assert (
        parse_reference("timm:x?b=1&a=2").text == parse_reference("timm:x?a=2&b=1").text == "timm:x?a=2&b=1"
    )


def test_relative_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_reference("m.pth").name == os.path.join(tmp_path, "m.pth")  # noqa: PTH118
    assert parse_reference("sub/n.py:f").text == f"{tmp_path}/sub/n.py:f"
    monkeypatch.setenv("HOME", "/home/someone")
    assert parse_reference("~/m.pth").name == "/home/someone/m.pth"
    assert parse_reference("timm:a?checkpoint_path=m.pth").option("checkpoint_path") == f"{tmp_path}/m.pth"
    assert (
        parse_reference("timm:a?checkpoint_path=~/m.pth").text == "timm:a?checkpoint_path=/home/someone/m.pth"
    )
    assert parse_reference("timm:a?checkpoint_path=").option("checkpoint_path") == ""


def test_a_drive_letter_is_no_module() -> None:
    assert parse_reference("C:\\nets\\m.pth").kind == "checkpoint"
    assert parse_reference("C:\\nets\\n.py:make").attribute == "make"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "No network was named", "timm:NAME"),
        ("   ", "No network was named", "timm:NAME"),
        ("timm:", "No timm model", "timm:resnet50"),
        ("timm:?a=1", "No timm model", "timm:resnet50"),
        ("resnet50", "no source", "timm:resnet50"),
        ("/nowhere/weights.h5", "no source", "FILE.safetensors"),
        ("nets.py", "not what in it", "nets.py:NAME"),
        ("nets.py:", "names no factory", "After the colon"),
        ("nets.py:1x", "names no factory", "After the colon"),
        ("package.module:", "names no factory", "After the colon"),
        ("timm:x?classes", "no option", "name=value"),
        ("timm:x?a b=1", "no option", "name=value"),
        ("timm:x?a=1&a=2", "twice", "once"),
    ],
)
def test_what_has_no_form_is_refused_with_what_to_do(text: str, message: str, hint: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_reference(text)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_folder_and_a_file_of_another_kind_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a folder"):
        parse_reference(str(tmp_path))
    other = tmp_path / "weights.h5"
    other.write_bytes(b"x")
    with pytest.raises(SourceError, match="no file of a kind"):
        parse_reference(str(other))


_values = st.one_of(
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20).filter(lambda text: isinstance(_as_read(text), str)),
)


def _as_read(text: str) -> object:
    from dpiat_gui.networks.references import _read_value

    return _read_value(text)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), _values, max_size=4))
def test_any_options_survive_their_text(options: dict[str, str | int | float | bool]) -> None:
    reference = SourceReference("timm", "resnet50", options=tuple(sorted(options.items())))
    again = parse_reference(reference.text)
    assert again == reference
    assert [type(value) for _, value in again.options] == [type(value) for _, value in reference.options]
