"""Transfers that are refused or cancelled, and what they tell on the way."""

import pytest
import torch
from safetensors.torch import save_file
from transfers import OTHER, digest, request

from dpiat_gui.errors import (
    Cancelled,
    ExportError,
    MatchError,
    OverrideError,
    SourceError,
    StandardizationError,
    TransferError,
)
from dpiat_gui.matching.values import Overrides
from dpiat_gui.networks.sources import build_module, load_network
from dpiat_gui.transfer import execution
from dpiat_gui.transfer.execution import run_transfer
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.request import TransferRequest
from dpiat_gui.transfer.values import Progress


def test_a_changed_network_is_noticed(tmp_path, trained):
    right = load_network(str(trained)).fingerprint
    out = tmp_path / "out.pth"
    for side in ("source_fingerprint", "target_fingerprint"):
        with pytest.raises(TransferError, match="has changed since it was matched"):
            run_transfer(request(trained, OTHER, out, **{side: "0" * 64}))
    assert not out.exists()
    run_transfer(request(trained, OTHER, out, source_fingerprint=right))


def test_bad_outputs_are_refused_before_any_work(tmp_path, trained, monkeypatch):
    monkeypatch.setattr(execution, "match_request", lambda *arguments: pytest.fail("work was begun"))
    for out in (tmp_path / "out.txt", tmp_path, tmp_path / "no" / "out.pth", trained):
        with pytest.raises(ExportError):
            run_transfer(request(trained, OTHER, out))


def test_neither_network_is_overwritten(tmp_path, trained):
    target = tmp_path / "own.safetensors"
    save_file(build_module(OTHER).state_dict(), target)
    before = digest(target)
    with pytest.raises(ExportError, match="being read"):
        run_transfer(request(trained, target, target))
    with pytest.raises(ExportError, match="being read"):
        run_transfer(request(f"timm:resnet18?checkpoint_path={target}", OTHER, target))
    assert digest(target) == before


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"source": "timm:no_such_network"}, SourceError),
        ({"source": "missing.safetensors"}, SourceError),
        ({"transfer": TransferOptions(operator="magic")}, TransferError),
        ({"device": "cuda:99"}, TransferError),
        ({"device": "abacus"}, TransferError),
        ({"overrides": Overrides(pins=[("nowhere", "classifier")])}, OverrideError),
        ({"method": "magic"}, StandardizationError),
    ],
)
def test_bad_requests_leave_the_old_file(tmp_path, trained, changes, error):
    out = tmp_path / "out.pth"
    out.write_bytes(b"old")
    asked = TransferRequest(**({"source": str(trained), "target": OTHER, "output": str(out)} | changes))
    with pytest.raises(error) as caught:
        run_transfer(asked)
    assert getattr(caught.value, "message", None)
    assert out.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["out.pth"]


def test_networks_with_nothing_in_common_are_refused(tmp_path):
    save_file({"fc.weight": torch.zeros(3, 4)}, tmp_path / "linear.safetensors")
    save_file({"conv.weight": torch.zeros(3, 4, 3, 3)}, tmp_path / "conv.safetensors")
    with pytest.raises((TransferError, MatchError)) as caught:
        run_transfer(
            request(tmp_path / "linear.safetensors", tmp_path / "conv.safetensors", tmp_path / "out.pth")
        )
    assert caught.value.hint
    assert not (tmp_path / "out.pth").exists()


# -- progress and cancelling --------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_progress_goes_forward_to_the_end_and_names_tensors(tmp_path, trained, monkeypatch, suffix):
    monkeypatch.setattr("dpiat_gui.transfer.progress.INTERVAL", 0)
    told = []
    report = run_transfer(request(trained, OTHER, tmp_path / f"o{suffix}"), progress=told.append)
    stages = [progress for progress in told if progress.total == 0]
    steps = [progress for progress in told if progress.total]
    assert told[: len(stages)] == stages
    assert [progress.done for progress in steps] == sorted(progress.done for progress in steps)
    assert len({progress.total for progress in steps}) == 1
    assert steps[-1] == Progress(steps[-1].total, steps[-1].total, f"o{suffix}")
    assert report.bytes >= sum(value.nbytes for value in build_module(OTHER).state_dict().values())
    assert {tensor.key for tensor in load_network(OTHER).tree.tensors} <= {one.text for one in steps}


def points(trained, out):
    """Count how often a transfer asks whether to go on."""
    count = 0

    def ask():
        nonlocal count
        count += 1
        return False

    run_transfer(request(trained, OTHER, out), cancelled=ask)
    return count


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("old", [None, b"old"])
def test_cancelling_anywhere_leaves_the_old_file_or_none(tmp_path, trained, suffix, old):
    out = tmp_path / f"out{suffix}"
    total = points(trained, tmp_path / f"other{suffix}")
    (tmp_path / f"other{suffix}").unlink()
    assert total > 150
    for at in sorted({0, 1, 2, 3, total // 3, total // 2, total - 2, total - 1}):
        if old:
            out.write_bytes(old)
        left = at

        def ask():
            nonlocal left
            left -= 1
            return left < 0

        with pytest.raises(Cancelled):
            run_transfer(request(trained, OTHER, out), cancelled=ask)
        assert (out.read_bytes() if out.exists() else None) == old
        assert [path.name for path in tmp_path.iterdir()] == ([out.name] if old else [])


def test_a_choice_of_channels_can_be_cancelled_while_weights_are_read(tmp_path, trained, monkeypatch):
    monkeypatch.setattr(execution, "open_target", lambda *given, **named: pytest.fail("it went on"))
    stage, asked = [""], []

    def tell(progress):
        stage[0] = progress.text

    def ask():
        if stage[0] == "Reading the weights":
            asked.append(True)
        return len(asked) > 3

    wanted = request(OTHER, trained, tmp_path / "o.pth", transfer=TransferOptions(operator="magnitude"))
    with pytest.raises(Cancelled):
        run_transfer(wanted, progress=tell, cancelled=ask)
