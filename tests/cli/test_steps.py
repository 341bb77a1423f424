"""The steps of the recipe on the command line."""

import json

import numpy as np
import pytest
from PIL import Image
from transfers import OTHER, SMALL

from dpiat_gui.cli import main


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        (("--head", "copy"), set()),
        (("--preset", "paper", "--repeats", "--squeeze-excite", "--head", "zero"), {"head", "repeats"}),
        (("--no-repeats", "--no-squeeze-excite", "--neck", "keep"), {"head"}),
    ],
)
def test_steps_are_switched_one_by_one(capsys, tmp_path, options, steps):
    arguments = ("transfer", SMALL, OTHER, "-o", tmp_path / "out.safetensors", "--device", "cpu", *options)
    code, out, _ = run(capsys, *arguments, "--json")
    assert code == 0
    assert set(json.loads(out)["steps"]) == steps


def test_calibration_is_reported(capsys, tmp_path):
    random = np.random.default_rng(0)
    for at in range(3):
        Image.fromarray(random.integers(0, 255, (40, 40, 3), dtype=np.uint8)).save(tmp_path / f"{at}.png")
    out = tmp_path / "out.safetensors"
    target = f"{OTHER}&input_size=3x32x32"
    code, text, _ = run(capsys, "transfer", SMALL, target, "-o", out, "--calibrate", tmp_path)
    assert code == 0
    assert "on 3 images of 3 × 32 × 32" in " ".join(text.split())
    assert "head 2, calibrate 102" in text
    code, _, text = run(capsys, "transfer", SMALL, target, "-o", out, "--calibrate", tmp_path / "missing")
    assert code == 2
    assert "There is no folder" in text


def test_unknown_choices_are_bad_use(capsys, tmp_path):
    code, _, text = run(capsys, "transfer", SMALL, OTHER, "-o", tmp_path / "o.safetensors", "--head", "none")
    assert code == 2
    assert "none" in text
