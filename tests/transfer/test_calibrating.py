"""Calibration as a part of whole transfers."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file
from transfers import OTHER, SMALL, digest, request

import dpiat_gui as dg
from dpiat_gui.errors import Cancelled, TransferError
from dpiat_gui.networks.sources import build_module
from dpiat_gui.transfer.checking import check_checkpoint
from dpiat_gui.transfer.execution import run_transfer
from dpiat_gui.transfer.options import TransferOptions, transfer_options
from dpiat_gui.transfer.progress import Meter
from dpiat_gui.transfer.request import TransferRequest

SIZED = f"{OTHER}&input_size=3x32x32"


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    random = np.random.default_rng(0)
    for at in range(6):
        Image.fromarray(random.integers(0, 255, (32, 32, 3), dtype=np.uint8)).save(folder / f"{at}.png")
    return folder


def statistics(state):
    return {key for key in state if "running_" in key or key.endswith("num_batches_tracked")}


def test_the_written_file_holds_calibrated_statistics_and_says_so(trained, images, tmp_path):
    goal, plain = tmp_path / "out.safetensors", tmp_path / "plain.safetensors"
    options = transfer_options("recommended")
    calibrated = transfer_options("recommended", calibrate=str(images))
    told = []
    report = run_transfer(request(trained, SIZED, goal, transfer=calibrated), progress=told.append)
    run_transfer(request(trained, SIZED, plain, transfer=options))
    with_images, without = load_file(goal), load_file(plain)
    differing = {key for key, value in with_images.items() if not torch.equal(value, without[key])}
    assert differing == statistics(with_images)
    # The network computes with them what it computes in training mode on those images.
    assert report.verified_tensors == len(with_images)
    assert report.calibration.images == 6
    assert report.steps["calibrate"] == len(differing)
    assert any("6 images" in note for note in report.notes)
    assert any("Calibrating" in progress.text for progress in told)
    with safe_open(goal, "pt") as file:
        metadata = file.metadata()
    assert json.loads(metadata["calibrated"])["images"] == 6
    assert report.to_json()["calibration"]["images"] == 6


def test_equal_requests_give_equal_bytes(trained, images, tmp_path):
    options = transfer_options("recommended", calibrate=str(images))
    for name in ("one", "two"):
        run_transfer(request(trained, SIZED, tmp_path / f"{name}.safetensors", transfer=options))
    assert digest(tmp_path / "one.safetensors") == digest(tmp_path / "two.safetensors")


def test_a_pth_file_holds_them_too(trained, images, tmp_path):
    options = transfer_options("recommended", calibrate=str(images))
    run_transfer(request(trained, SIZED, tmp_path / "out.pth", transfer=options))
    run_transfer(request(trained, SIZED, tmp_path / "out.safetensors", transfer=options))
    one = torch.load(tmp_path / "out.pth", weights_only=True)
    other = load_file(tmp_path / "out.safetensors")
    assert all(torch.equal(one[key], value) for key, value in other.items())


def test_a_checkpoint_cannot_be_calibrated(trained, images, tmp_path):
    options = TransferOptions(calibrate=str(images))
    with pytest.raises(TransferError, match="holds no code"):
        run_transfer(request(SMALL, trained, tmp_path / "out.safetensors", transfer=options))
    with pytest.raises(TransferError, match="no folder"):
        run_transfer(
            request(SMALL, SIZED, tmp_path / "out.safetensors", transfer=TransferOptions(calibrate="missing"))
        )
    assert not (tmp_path / "out.safetensors").exists()


def test_cancelling_a_calibration_writes_nothing(trained, images, tmp_path):
    goal = tmp_path / "out.safetensors"
    goal.write_bytes(b"old")
    told = []
    with pytest.raises(Cancelled):
        run_transfer(
            request(trained, SIZED, goal, transfer=TransferOptions(calibrate=str(images))),
            progress=told.append,
            cancelled=lambda: any("Calibrating" in progress.text for progress in told),
        )
    assert goal.read_bytes() == b"old"


def test_live_modules_are_calibrated_in_place(images):
    source, target = build_module(SMALL, seed=1), build_module(SMALL, seed=2)
    report = dg.transfer(source, target, calibrate=str(images))
    given, taken = source.state_dict(), target.state_dict()
    assert {key for key in taken if not torch.equal(taken[key], given[key])} == statistics(taken)
    assert report.calibration.size == (3, 224, 224)
    with pytest.raises(TransferError, match="no folder"):
        dg.transfer(source, target, calibrate=str(images / "missing"))
    with pytest.raises(TransferError, match="no folder"):
        dg.transfer(source, target, calibrate="~nobody-here/images")


def test_a_request_keeps_the_options_on_its_way_to_the_engine(images, tmp_path):
    options = TransferOptions(repeats=True, head="zero", neck="fresh", calibrate=str(images))
    asked = request(SMALL, OTHER, tmp_path / "out.safetensors", transfer=options)
    assert TransferRequest.from_json(json.loads(json.dumps(asked.to_json()))) == asked


def test_a_calibrated_file_can_be_checked_again_later(trained, images, tmp_path):
    goal = tmp_path / "out.safetensors"
    options = transfer_options("recommended", calibrate=str(images))
    run_transfer(request(trained, SIZED, goal, transfer=options, manifest=True))
    found = check_checkpoint(goal, Meter(lambda progress: None, lambda: False), again=True)
    assert found.again
    assert found.tensors == len(load_file(goal))
