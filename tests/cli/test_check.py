"""The command ``check``."""

import json

import pytest
from transfers import OTHER, SMALL

from dpiat_gui.cli import main
from dpiat_gui.cli.checking import print_check
from dpiat_gui.transfer.sanity import Finding, LayerScale, Run, SanityReport

SIZED = "&input_size=3x64x64"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_check_prints_or_writes_what_it_saw(capsys, tmp_path):
    asked = ("check", SMALL + SIZED, OTHER + SIZED, "--inputs", 2, "--device", "cpu")
    code, out, _ = run(capsys, *asked, "--json")
    assert code == 0
    report = SanityReport.from_json(json.loads(out))
    assert len(report.runs) == 6
    assert report.pairs
    assert not list(tmp_path.iterdir())
    print_check(report)
    out = capsys.readouterr().out
    assert "mobilenetv3_small_050 → mobilenetv3_small_075: " in out
    assert "2 random inputs of 3 × 64 × 64, seed 0" in out
    assert out.count("target after") == 2


def test_what_cannot_be_checked_is_bad_input(capsys, tmp_path):
    code, _, error = run(capsys, "check", SMALL, OTHER, "--images", tmp_path, "--device", "cpu")
    assert code == 2
    assert "holds no images" in error
    code, _, error = run(capsys, "check", SMALL, OTHER, "--inputs", 1)
    assert code == 2
    assert "Choose from 2" in error


def test_findings_and_advice_are_printed(capsys):
    finding = Finding("a[0]", "exploding", "activation", "eval", 1e6, None, "Its activation is 1e+06.")
    runs = (Run("after", "eval", 1.0, float("nan"), (LayerScale("a[0]", float("nan")),)),)
    report = SanityReport("s", "t", "clip", "2 inputs", "mean", runs, (finding,) * 30, ("A note.",))
    print_check(report)
    out = capsys.readouterr().out
    assert "exploding a[0]: Its activation is 1e+06." in out
    assert "... and 10 more" in out
    assert "Note: A note." in out
    assert "clip-normalized" in out
