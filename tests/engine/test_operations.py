import json
import subprocess
import sys
from pathlib import Path

import pytest
from plain_files import write_networks

from dpiat_gui.engine import operations
from dpiat_gui.engine.context import JobContext
from dpiat_gui.engine.operations import carry_out, read_structure
from dpiat_gui.errors import Cancelled, EngineError, SourceError, TransferError
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.tree_json import tree_to_json
from dpiat_gui.networks.values import ModuleNode, ModuleTree, TensorSpec


class Context:
    """What an operation sees of its job, and what it did to it."""

    def __init__(self, cancelled=False):
        self.texts = []
        self.loaded = 0
        self.context = JobContext(
            lambda progress: self.texts.append(progress.text), lambda: cancelled, self._load
        )

    def _load(self):
        self.loaded += 1


def tree_of(layers):
    children = tuple(
        ModuleNode(f"l{n}", "Linear", LayerKind.LINEAR, (TensorSpec(f"l{n}.weight", (2, 3)),))
        for n in range(layers)
    )
    return ModuleTree("made", ModuleNode("", "Made", LayerKind.OTHER, (), (), children), "live")


def test_an_unknown_operation_names_those_there_are():
    with pytest.raises(EngineError, match="ping, describe"):
        carry_out("nothing", {}, Context().context)


def test_nothing_is_begun_for_a_job_that_was_cancelled_while_it_waited():
    with pytest.raises(Cancelled):
        carry_out("ping", {}, Context(cancelled=True).context)


def test_a_request_that_lacks_its_reference_is_refused():
    for values in ({}, {"reference": ""}, {"reference": 3}):
        with pytest.raises(EngineError, match="'reference'"):
            carry_out("describe", values, Context().context)


def test_a_transfer_that_makes_no_sense_is_refused_before_torch_is_loaded():
    job = Context()
    with pytest.raises(TransferError):
        carry_out("transfer", {"source": "timm:resnet18"}, job.context)
    with pytest.raises(TransferError, match="nonsense"):
        carry_out("transfer", {"nonsense": 1}, job.context)
    assert job.loaded == 0


@pytest.mark.parametrize("limit", [0, 10**9])
def test_a_structure_travels_in_the_answer_or_beside_it(monkeypatch, tmp_path, limit):
    monkeypatch.setenv("DPIAT_GUI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(operations, "INLINE_LIMIT", limit)
    tree = tree_of(50)
    answer = json.loads(json.dumps(operations._structure_answer(tree)))
    assert ("structure_file" in answer) == (limit == 0)
    assert read_structure(answer) == tree
    assert not list(tmp_path.glob("cache/answer-*")), "the file outlived its reading"


def test_a_structure_finds_its_way_though_no_file_can_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DPIAT_GUI_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(operations, "INLINE_LIMIT", 0)
    assert read_structure(operations._structure_answer(tree_of(3))) == tree_of(3)


@pytest.mark.parametrize(
    "answer",
    [{}, {"structure": 3}, {"structure": "{"}, {"structure": "{}"}, {"structure_file": "/no/such/file"}],
)
def test_an_answer_without_a_structure_is_a_source_error(answer):
    with pytest.raises(SourceError):
        read_structure(answer)


def test_a_checkpoint_is_described_without_loading_torch(tmp_path):
    # The header of a safetensors file is all that it takes, so a fresh process must not load torch for it.
    header = json.dumps({"fc.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    file = tmp_path / "small.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(24))
    code = (
        "import sys\nfrom dpiat_gui.engine.context import JobContext\n"
        "from dpiat_gui.engine.operations import carry_out, read_structure\n"
        "def need_torch(): raise SystemExit('torch was asked for')\n"
        "context = JobContext(lambda progress: None, lambda: False, need_torch)\n"
        f"answer = carry_out('describe', {{'reference': {str(file)!r}}}, context)\n"
        "assert [tensor.key for tensor in read_structure(answer).tensors] == ['fc.weight']\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_a_network_is_described_and_a_transfer_carried_out(tmp_path):
    job = Context()
    described = carry_out("describe", {"reference": "timm:resnet18", "cache": False}, job.context)
    tree = read_structure(described)
    assert described["fingerprint"] == tree.fingerprint
    assert tree.name == described["name"] == "resnet18"
    assert job.texts == ["Loading PyTorch", "Reading timm:resnet18"]
    output = tmp_path / "out.safetensors"
    report = carry_out(
        "transfer",
        {
            "source": "timm:resnet18",
            "target": "timm:resnet26?num_classes=10",
            "output": str(output),
            "device": "cpu",
        },
        job.context,
    )
    json.dumps(report)
    assert Path(report["path"]) == output
    assert output.stat().st_size == report["bytes"] > 0


def test_the_shape_of_the_structure_is_that_of_the_cache():
    assert json.loads(operations._structure_answer(tree_of(2))["structure"]) == tree_to_json(tree_of(2))


def test_plans_are_exported_and_files_checked(tmp_path):
    source, target = write_networks(tmp_path / "networks", 2)
    asked = {"source": str(source), "target": str(target), "output": str(tmp_path / "o.safetensors")}
    job = Context()
    answer = carry_out("plan", {"request": asked, "path": str(tmp_path / "p.py")}, job.context)
    assert answer["files"] == [str(tmp_path / "p.py"), str(tmp_path / "p.plan.json")]
    report = carry_out("transfer", asked | {"device": "cpu"}, job.context)
    found = carry_out("verify", {"path": report["path"]}, job.context)
    assert found["tensors"] == report["verified_tensors"] == 6
    json.dumps([answer, report, found])
    with pytest.raises(EngineError, match="'path'"):
        carry_out("verify", {}, job.context)
