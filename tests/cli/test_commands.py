"""The command line as a person or a script uses it."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from safetensors.torch import load_file, safe_open

from dpiat_gui.cli import main, output
from dpiat_gui.matching.values import Overrides, match_options
from dpiat_gui.networks.sources import load_network
from dpiat_gui.project.project import save_project
from dpiat_gui.project.values import NetworkRecord, Project
from dpiat_gui.transfer.options import transfer_options

SOURCE, TARGET = "timm:resnet18", "timm:resnet34"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_match_prints_a_table(capsys):
    code, out, _ = run(capsys, "match", SOURCE, "timm:resnet50", "--preset", "paper")
    assert code == 0
    assert "layer1.0.conv1" in out
    assert "score 37.6796" in out
    assert "symmetric 0.4876" in out


def test_match_writes_json_and_csv(capsys, tmp_path):
    file, table = tmp_path / "m.json", tmp_path / "m.csv"
    code, _, _ = run(capsys, "match", SOURCE, TARGET, "--preset", "paper", "--json", file, "--csv", table)
    assert code == 0
    data = json.loads(file.read_text())
    assert data["preset"] == "paper"
    assert data["options"]["layer_types"] == "paper"
    assert data["source"]["fingerprint"] == load_network(SOURCE).fingerprint
    rows = list(csv.DictReader(table.open()))
    assert [(row["source"], row["target"]) for row in rows] == [
        (pair["source"], pair["target"]) for pair in data["pairs"]
    ]


def test_no_name_in_the_csv_is_a_formula_to_a_spreadsheet(tmp_path, monkeypatch):
    row = ("=a", "@b", "conv", "1x1", "1x1", "1", "-1", "auto")
    monkeypatch.setattr(output, "_rows", lambda matching: iter([row]))
    output.write_csv(str(tmp_path / "m.csv"), None)
    assert (tmp_path / "m.csv").read_text().splitlines()[1] == "'=a,'@b,conv,1x1,1x1,1,-1,auto"


def test_json_without_a_file_goes_to_standard_output(capsys):
    code, out, _ = run(capsys, "similarity", SOURCE, "timm:resnet50", "--json")
    assert code == 0
    assert json.loads(out)["forward"] == pytest.approx(0.3521459460749122, abs=1e-9)


def test_overrides_on_the_command_line(capsys):
    pin = "layer1.0.conv1=layer1.1.conv1"
    code, out, _ = run(
        capsys, "match", SOURCE, TARGET, "--pin", pin, "--fresh", "fc", "--ban", "bn1=bn1", "--json"
    )
    assert code == 0
    pairs = {pair["target"]: pair for pair in json.loads(out)["pairs"]}
    assert pairs["layer1.1.conv1"]["source"] == "layer1.0.conv1"
    assert pairs["layer1.1.conv1"]["pinned"] is True
    assert "fc" not in pairs
    assert pairs.get("bn1", {}).get("source") != "bn1"


def test_transfer_writes_a_checkpoint_that_says_where_it_came_from(capsys, tmp_path):
    out_file = tmp_path / "out.safetensors"
    code, out, _ = run(capsys, "transfer", SOURCE, TARGET, "-o", out_file, "--seed", 7, "--device", "cpu")
    assert code == 0
    assert str(out_file) in out.replace("\n", "")
    with safe_open(out_file, "pt") as file:
        metadata = file.metadata()
    assert metadata["seed"] == "7"
    assert "resnet18" in metadata["source"]
    assert len(load_file(out_file)) == len(load_network(TARGET).tree.tensors)


def test_a_project_gives_the_same_bytes_as_its_options_by_hand(capsys, tmp_path):
    pins = [("layer1.0.conv1", "layer1.1.conv1")]
    records = (NetworkRecord(name, name, load_network(name).fingerprint) for name in (SOURCE, TARGET))
    project = Project(*records, overrides=Overrides(pins=pins), seed=3)
    path = tmp_path / "p.dpiat"
    save_project(project, path)
    for name, arguments in (
        ("a", ["--project", path]),
        ("b", [SOURCE, TARGET, "--seed", 3, "--pin", "layer1.0.conv1=layer1.1.conv1"]),
    ):
        assert run(capsys, "transfer", *arguments, "-o", tmp_path / f"{name}.safetensors")[0] == 0
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_a_project_whose_network_changed_is_refused(capsys, tmp_path):
    project = Project(NetworkRecord(SOURCE, "resnet18", "0" * 64), NetworkRecord(TARGET, "resnet34"))
    save_project(project, tmp_path / "p.dpiat")
    code, _, err = run(capsys, "match", "--project", tmp_path / "p.dpiat")
    assert code == 2
    assert "no longer the network" in err


@pytest.mark.parametrize("name", ["m.svg", "m.pdf", "m.png"])
def test_render_writes_a_figure(capsys, tmp_path, qapp, name):
    code, _, err = run(capsys, "render", SOURCE, TARGET, "-o", tmp_path / name)
    assert (code, err) == (0, "")
    assert (tmp_path / name).stat().st_size > 1000


def test_render_lays_the_networks_as_strips(capsys, tmp_path, qapp):
    for orientation in ("columns", "strips"):
        where = tmp_path / f"{orientation}.png"
        code, _, err = run(capsys, "render", SOURCE, TARGET, "-o", where, "--orientation", orientation)
        assert (code, err) == (0, "")
    columns, strips = (QImage(str(tmp_path / f"{name}.png")) for name in ("columns", "strips"))
    assert strips.height() < columns.height()
    assert run(capsys, "render", SOURCE, TARGET, "-o", where, "--orientation", "rings")[0] == 2


def bad_inputs(folder: Path) -> dict[str, tuple[list[object], str]]:
    """Bad input by name: the arguments, and a part of what must be said."""
    cut = folder / "cut.safetensors"
    cut.write_bytes((1000).to_bytes(8, "little") + b'{"a"')
    code = folder / "code.pth"
    code.write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    project = folder / "new.dpiat"
    project.write_text(json.dumps({"format": "dpiat-project", "version": 99}))
    out = folder / "o.safetensors"
    return {
        "unknown timm name": (["match", "timm:resnet5", TARGET], "resnet50"),
        "missing file": (["match", folder / "none.safetensors", TARGET], "no file"),
        "cut-off file": (["match", cut, TARGET], "cut off"),
        "file with code": (["match", code, TARGET], "code"),
        "newer project": (["match", "--project", project], "99"),
        "no such folder": (
            ["transfer", SOURCE, TARGET, "-o", folder / "no" / "o.safetensors"],
            "does not exist",
        ),
        "unknown suffix": (["transfer", SOURCE, TARGET, "-o", folder / "o.txt"], ".safetensors"),
        "unknown device": (["transfer", SOURCE, TARGET, "-o", out, "--device", "tpu"], "tpu"),
        "unknown path in a pin": (["match", SOURCE, TARGET, "--pin", "conv=conv1"], "conv1"),
        "no pair": (["match", SOURCE, TARGET, "--pin", "conv1"], "SOURCE=TARGET"),
        "one network": (["match", SOURCE], "TARGET"),
        "exponent": (["match", SOURCE, TARGET, "--exponent", "1.5"], "between 0 and 1"),
        "unknown command": (["mach", SOURCE, TARGET], "mach"),
        "unknown option": (["match", SOURCE, TARGET, "--fast"], "--fast"),
    }


@pytest.mark.parametrize("name", list(bad_inputs(Path("/tmp"))) if sys.platform != "win32" else [])
def test_bad_input_says_what_to_do_and_exits_with_2(capsys, tmp_path, name):
    arguments, expected = bad_inputs(tmp_path)[name]
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert expected in err
    assert "Traceback" not in err + out
    assert not (tmp_path / "o.safetensors").exists()


def test_code_needs_trust(capsys, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from torch import nn\ndef net():\n    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))\n"
    )
    code, _, err = run(capsys, "match", f"{file}:net", TARGET)
    assert code == 2
    assert "--trust" in err
    assert run(capsys, "match", f"{file}:net", TARGET, "--trust")[0] == 0
    # Trust lasts until the file changes.
    assert run(capsys, "match", f"{file}:net", TARGET)[0] == 0
    file.write_text(file.read_text() + "\n")
    assert run(capsys, "match", f"{file}:net", TARGET)[0] == 2


def test_nothing_in_common_says_so(capsys, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from torch import nn\ndef net():\n    return nn.Sequential(nn.ReLU(), nn.Dropout())\n")
    code, _, err = run(capsys, "match", f"{file}:net", TARGET, "--trust")
    assert code == 2
    assert "nothing in common" in err
    code, _, err = run(capsys, "transfer", f"{file}:net", TARGET, "-o", tmp_path / "o.pth")
    assert code == 2
    assert "no layers match" in err


def test_without_a_display_the_demo_says_how_to_go_on():
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from dpiat_gui.cli import main; sys.exit(main(['demo']))"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "dpiat-gui transfer" in done.stderr
    assert "display" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_and_version(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert all(command in out for command in ("demo", "match", "transfer", "similarity", "render"))
    code, out, _ = run(capsys, "--version")
    assert (code, out.split()[0]) == (0, "dpiat-gui")


@pytest.mark.parametrize(("command", "preset"), [("similarity", "paper"), ("match", "recommended")])
def test_help_names_the_preset_that_a_command_takes(capsys, command, preset):
    code, out, _ = run(capsys, command, "--help")
    assert code == 0
    assert f"Options to start from. [default: {preset}, or those of the project]" in " ".join(out.split())


def test_other_methods_and_comparison(capsys):
    code, out, _ = run(capsys, "match", SOURCE, TARGET, "--method", "flat", "--versus", "dp", "--json")
    data = json.loads(out)
    assert code == 0
    assert data["options"]["method"] == "flat"
    assert data["comparison"]["both"] > 0
    code, out, _ = run(capsys, "match", SOURCE, TARGET, "--ban", "fc=fc", "--versus", "automatic")
    assert code == 0
    assert "fc" in out
    assert "1 only by automatic" in out
    code, _, err = run(capsys, "match", SOURCE, TARGET, "--versus", "nonsense")
    assert code == 2
    assert "nested-bipartite" in err


def test_the_preset_of_a_project_stands_unless_another_is_named(capsys, tmp_path):
    records = (NetworkRecord(name, name) for name in (SOURCE, TARGET))
    path = tmp_path / "p.dpiat"
    save_project(
        Project(*records, preset="paper", options=match_options("paper"), transfer=transfer_options("paper")),
        path,
    )
    assert json.loads(run(capsys, "match", "--project", path, "--json")[1])["preset"] == "paper"
    out = run(capsys, "match", "--project", path, "--preset", "recommended", "--json")[1]
    assert json.loads(out)["options"]["layer_types"] == "all"


def test_a_report_is_written_with_the_check_that_is_named(tmp_path, capsys):
    page, check = tmp_path / "r.html", tmp_path / "check.json"
    assert run(capsys, "report", SOURCE, TARGET, "-o", page, "--fresh", "fc")[0] == 0
    text = page.read_text("utf-8")
    assert "<svg" in text
    assert "None was run." in text
    check.write_text("{}")
    code, _, error = run(capsys, "report", SOURCE, TARGET, "-o", page, "--check", check)
    assert code == 2
    assert "check" in error
    assert page.read_text("utf-8") == text
    code, _, error = run(capsys, "report", SOURCE, TARGET, "-o", tmp_path / "r.pdf")
    assert code == 2
    assert ".html" in error


def test_operator_and_alignment_are_named_for_all_and_for_single_targets(tmp_path, capsys):
    out = tmp_path / "out.safetensors"
    asked = ("--operator", "clip-normalized", "--align", "structure", "--operator-for", "fc=full")
    assert run(capsys, "transfer", SOURCE, TARGET, "-o", out, "--device", "cpu", *asked)[0] == 0
    with safe_open(out, "pt") as file:
        metadata = file.metadata()
    assert (metadata["operator"], metadata["align"]) == ("clip-normalized", "structure")
    assert '["fc","full"]' in metadata["overrides"]
    for bad in (("--operator", "crop"), ("--align", "left"), ("--operator-for", "fc=crop")):
        assert run(capsys, "transfer", SOURCE, TARGET, "-o", out, *bad)[0] == 2
    code, _, error = run(capsys, "transfer", SOURCE, TARGET, "-o", out, "--operator-for", "fcc=full")
    assert code == 2
    assert "has no layer or block 'fcc'" in error
    assert "Did you mean fc?" in error


def test_every_command_that_plans_a_transfer_takes_its_options(tmp_path, capsys):
    plan = tmp_path / "plan.json"
    options = ("--operator", "full", "--no-repeats", "--no-buffers", "--seed", "5")
    assert run(capsys, "plan", SOURCE, TARGET, "-o", plan, *options)[0] == 0
    written = json.loads(plan.read_text())
    assert (written["operator"], written["buffers"], written["repeats"]) == ("full", False, False)
    page = tmp_path / "report.html"
    assert run(capsys, "report", SOURCE, TARGET, "-o", page, *options)[0] == 0
    assert "full" in page.read_text("utf-8")
