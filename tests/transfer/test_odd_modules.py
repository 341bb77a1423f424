"""Modules of a person's own that are not plain: what they compute, what holds no values."""

import pytest
import torch
from pairing import network_of, paired
from torch import nn

from dpiat_gui.errors import TransferError
from dpiat_gui.networks.trust import TrustStore
from dpiat_gui.transfer.execution import run_transfer
from dpiat_gui.transfer.planning import plan_transfer
from dpiat_gui.transfer.request import TransferRequest
from dpiat_gui.transfer.sanity import SanityRequest
from dpiat_gui.transfer.sanity_running import run_check
from dpiat_gui.transfer.targets import ModuleTarget
from dpiat_gui.transfer.weights import Copier

ODD = """
import torch
from torch import nn
from torch.nn.utils import prune

def pruned(width):
    module = nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU(), nn.Conv2d(width, width, 3))
    return prune.l1_unstructured(module[2], "weight", 0.3) and module

def nowhere(width):
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.Conv2d(width, width, 3, device="meta"))
"""


@pytest.fixture
def asked(tmp_path):
    """Return what makes a request of two functions of the file."""
    (tmp_path / "odd.py").write_text(ODD)
    TrustStore(tmp_path / "trusted.json").trust(tmp_path / "odd.py")

    def request(source, target, out):
        made = [f"{tmp_path}/odd.py:{name}" for name in (source, target)]
        return TransferRequest(*made, str(tmp_path / out), trust=str(tmp_path / "trusted.json"))

    return request


def test_a_module_that_keeps_what_it_computed_is_a_target(asked):
    report = run_transfer(asked("pruned?width=8", "pruned?width=12", "o.safetensors"))
    assert report.verified_tensors == 5


def test_a_module_that_keeps_what_it_computed_is_checked_too(asked):
    wanted = asked("pruned?width=8", "pruned?width=12", "o.safetensors")
    report = run_check(SanityRequest(wanted, inputs=2))
    assert [run.role for run in report.runs] == ["source"] * 2 + ["before"] * 2 + ["after"] * 2


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_module_without_values_is_refused_in_plain_words(asked, side):
    names = ("nowhere", "pruned") if side == "source" else ("pruned", "nowhere")
    with pytest.raises(TransferError, match=f"of the {side} network has a shape but no values"):
        run_transfer(asked(*(f"{name}?width=8" for name in names), "o.pth"))


def test_a_large_tied_tensor_asks_between_its_pieces_whether_to_go_on():
    class Tied(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.words, self.head = nn.Embedding(50, width), nn.Linear(width, 50, bias=False)
            self.head.weight = self.words.weight

    source, module = Tied(8), Tied(12)
    plan = plan_transfer(paired(network_of(source), network_of(module)))
    asked = []
    copier = Copier(source.state_dict().__getitem__, piece=100, check=lambda: asked.append(True))
    with torch.no_grad():
        assert len(list(ModuleTarget(plan, module).pieces("words.weight", copier))) == 1
    assert len(asked) >= 50 * 12 * 4 // 100
