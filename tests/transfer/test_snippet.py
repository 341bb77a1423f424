"""The exported script repeats a transfer, with no part of this program at hand."""

import ast
import json
import subprocess
import sys
from urllib.parse import quote

import pytest
import torch
from safetensors.torch import load_file, save_file
from transfers import OTHER, request

from dpiat_gui.errors import ExportError
from dpiat_gui.networks.references import parse_reference
from dpiat_gui.networks.sources import build_module
from dpiat_gui.networks.trust import TrustStore
from dpiat_gui.transfer.execution import run_transfer
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.preparing import export_plan
from dpiat_gui.transfer.progress import Meter
from dpiat_gui.transfer.snippet import make_snippet

BLOCKED = (
    "import sys, runpy; sys.modules['dpiat_gui'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"
)
METER = Meter(lambda progress: None, lambda: False)


def repeat(script):
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, str(script)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def same(one, other):
    assert set(one) == set(other)
    for key, value in one.items():
        assert value.dtype == other[key].dtype, key
        flat = [tensor.contiguous().reshape(-1).view(torch.uint8) for tensor in (value, other[key])]
        assert torch.equal(*flat), key


@pytest.mark.parametrize("operator", ["clip", "full", "clip-normalized"])
def test_a_script_repeats_a_transfer_between_files_to_the_byte(tmp_path, trained, operator):
    own, wrapped = tmp_path / "own.safetensors", tmp_path / "wrapped.pth"
    save_file(build_module(OTHER, seed=3).state_dict(), own)
    state = {f"module.{key}": value.half() for key, value in load_file(trained).items()}
    torch.save({"state_dict": state}, wrapped)
    asked = request(wrapped, own, tmp_path / "out.safetensors", transfer=TransferOptions(operator=operator))
    run_transfer(asked)
    expected = load_file(asked.output)
    (tmp_path / "out.safetensors").unlink()
    made = export_plan(asked, tmp_path / "repeat.py", METER)
    assert [path.name for path in made.files] == ["repeat.py", "repeat.plan.json"]
    repeat(tmp_path / "repeat.py")
    same(load_file(asked.output), expected)


def test_a_script_repeats_a_transfer_into_a_model_of_timm_and_one_of_ones_own(tmp_path, trained):
    file = tmp_path / "own.py"
    name = OTHER[5:].partition("?")[0]
    code = f"def make(classes=3):\n    return timm.create_model('{name}', num_classes=classes)\n"
    more = "class Nets:\n    small = staticmethod(make)\n\nready = make(COUNT)\n"
    file.write_text(f"import timm\nfrom beside import COUNT\n\n{code}\n{more}")
    (tmp_path / "beside.py").write_text("COUNT = 5\n")
    TrustStore(tmp_path / "trust.json").trust(file)
    for target in (OTHER, f"{file}:make?classes=4", f"{file}:Nets.small", f"{file}:ready"):
        asked = request(trained, target, tmp_path / "out.pth", seed=11, trust=str(tmp_path / "trust.json"))
        run_transfer(asked)
        expected = torch.load(asked.output, weights_only=True)
        export_plan(asked, tmp_path / "repeat.py", METER)
        repeat(tmp_path / "repeat.py")
        same(torch.load(asked.output, weights_only=True), expected)


def test_plans_and_ledgers_are_exported_by_the_ending(tmp_path, trained):
    asked = request(trained, OTHER, tmp_path / "out.pth")
    told = json.loads(export_plan(asked, tmp_path / "p.json", METER).files[0].read_text())
    rows = export_plan(asked, tmp_path / "p.csv", METER).files[0].read_text().splitlines()
    assert len(rows) == len(told["rows"]) + 1
    with pytest.raises(ExportError, match=r"\.json, \.csv, \.py"):
        export_plan(asked, tmp_path / "p.txt", METER)


def test_the_script_says_what_it_needs():
    text = make_snippet("a.pth", "b.safetensors", seed=0, plan="p.json", output="o.pth")
    assert "timm" not in text
    assert "SEED" not in text
    assert "statistics" in make_snippet("a.pth", OTHER, seed=0, plan="p", output="o", calibrated=True)


EVIL = (
    '"""; RAN = True; """',
    "'''; RAN = True; '''",
    "'; RAN = True; '",
    '"; RAN = True; "',
    "\\",
    "a\nRAN = True\n#",
    "$target $source {target} {source} {plan}",
    "\N{GRINNING FACE} \N{LATIN SMALL LETTER E WITH ACUTE}\udcff",
)


@pytest.mark.parametrize("name", EVIL)
def test_no_name_of_a_file_becomes_code(name):
    # Two networks, since what stands for one must not be read as a place for the other's.
    source, target = f"/{{target}}/{name}.pth", f"/$source/); RAN = True; ({name}.safetensors"
    text = make_snippet(source, target, seed=0, plan=f"{name}.json", output=f"{name}.pth")
    tree = ast.parse(text.encode())
    written = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    # Everything named stands in the script to the letter, as a text.
    assert {f"{name}.json", f"{name}.pth"} <= written
    assert {parse_reference(source).name, parse_reference(target).name} <= written
    assert shape_of(tree) == shape_of(ast.parse(make_snippet("a.pth", "b.pth", seed=0, plan="p", output="o")))


def test_no_option_or_name_of_a_function_becomes_code():
    plain = make_snippet("f.py:make?name=x", "timm:resnet18?name=x", seed=0, plan="p", output="o")
    sources = (f"{quote(name)}.py:make?name={quote(name)}" for name in EVIL[:-1])
    for source in sources:
        target = f"timm:resnet18?name={source.partition('?name=')[2]}"
        text = make_snippet(source, target, seed=0, plan="p", output="o")
        assert shape_of(ast.parse(text)) == shape_of(ast.parse(plain))


def shape_of(tree):
    """Return a script without the texts in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)
