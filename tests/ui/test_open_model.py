import pytest

from dpiat_gui.networks.references import SourceReference
from dpiat_gui.ui.open_model import factories_in, read_text, suggest, with_options

NAMES = ("efficientnet_b0", "efficientnet_b1", "resnet18", "resnet50", "seresnet50")
KNOWN = frozenset(NAMES)


def near(name):
    return ("resnet50",) if name.startswith("resn") else ()


def read(text):
    return read_text(text, KNOWN, near)


def test_names_that_begin_so_come_first():
    assert [item.label for item in suggest("resnet50", NAMES, ())] == ["resnet50", "seresnet50"]


def test_every_word_must_occur():
    assert [item.label for item in suggest("b1 eff", NAMES, ())] == ["efficientnet_b1"]


def test_recent_references_come_first():
    labels = [item.label for item in suggest("resnet", NAMES, ("timm:resnet18?num_classes=10", "/a/b.pth"))]
    assert labels[0] == "timm:resnet18?num_classes=10"
    assert "/a/b.pth" not in labels


def test_prefix_and_options_do_not_spoil_the_search():
    assert [item.label for item in suggest("timm:resnet18?num_classes=3", NAMES, ())] == ["resnet18"]


def test_a_bare_name_of_timm_is_understood():
    assert read("resnet50").reference == SourceReference("timm", "resnet50")
    assert read("resnet50?num_classes=7").reference.text == "timm:resnet50?num_classes=7"


@pytest.mark.parametrize("text", ["resnt50", "timm:resnt50"])
def test_an_unknown_name_offers_near_ones(text):
    reading = read(text)
    assert reading.reference is None
    assert "resnt50" in reading.message
    assert reading.near == ("resnet50",)
    assert "resnet50" in reading.hint


def test_a_missing_file_is_said_before_it_is_opened(tmp_path):
    reading = read(str(tmp_path / "none.safetensors"))
    assert reading.reference is None
    assert "no file" in reading.message


def test_a_file_that_is_there(tmp_path):
    file = tmp_path / "weights.pth"
    file.write_bytes(b"")
    assert read(str(file)).reference.kind == "checkpoint"


def test_a_python_file_offers_its_factories_without_running(tmp_path):
    file = tmp_path / "model.py"
    file.write_text("raise SystemExit\ndef build(): ...\nclass Net: ...\ndef _hidden(): ...\n")
    assert [item.label for item in factories_in(str(file))] == ["model.py:build", "model.py:Net"]
    assert [item.text for item in factories_in(f"{file}:bu")] == [f"{file}:build"]
    assert read(f"{file}:build").reference.runs_code


def test_a_broken_python_file_offers_nothing(tmp_path):
    file = tmp_path / "model.py"
    file.write_text("def (")
    assert factories_in(str(file)) == ()


def test_nothing_typed_is_no_error():
    assert read("  ").reference is None
    assert "Type" in read("").message


def test_options_of_the_row_do_not_overrule_what_was_typed():
    typed = SourceReference("timm", "resnet50", options=(("num_classes", 3),))
    assert with_options(typed, 10, True).text == "timm:resnet50?num_classes=3&pretrained=true"
    assert with_options(typed, 0, False) == typed
    file = SourceReference("checkpoint", "/a.pth")
    assert with_options(file, 10, True) == file
