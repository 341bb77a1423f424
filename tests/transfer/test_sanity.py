"""The sanity check: what it measures, what it says, and that it ends when it is told to."""

import json
import math
import textwrap
from dataclasses import replace

import numpy as np
import pytest
import timm
import torch
import torchvision
from pairing import network_of
from safetensors.torch import save_file
from torch import nn
from transfers import request

from dpiat_gui.errors import Cancelled, SourceError, TransferError
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.networks.sources import load_network
from dpiat_gui.networks.trust import TrustStore
from dpiat_gui.transfer import sanity_running
from dpiat_gui.transfer.execution import run_transfer
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.sanity import MODES, ROLES, Finding, LayerScale, Run, SanityReport, SanityRequest
from dpiat_gui.transfer.sanity_measuring import measure
from dpiat_gui.transfer.sanity_rules import BOUND, NORM_RATIO, RATIO, advice_of, findings_of, notes_of
from dpiat_gui.transfer.sanity_running import run_check

CODE = """
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self, width=8, scale=1.0, classes=5, size=12):
            super().__init__()
            self.conv = nn.Conv2d(3, width, 3, padding=1)
            self.bn = nn.BatchNorm2d(width)
            self.act = nn.ReLU(inplace=True)
            self.drop = nn.Dropout(0.5)
            self.pool = nn.AdaptiveAvgPool2d(1)
            self.fc = nn.Linear(width, classes)
            with torch.no_grad():
                self.bn.running_var.fill_(1 / scale)
                self.bn.weight.mul_(scale)
            self.size = size

        def forward(self, x):
            assert x.shape[-1] % self.size == 0, "the side is no multiple of the size"
            x = self.act(self.bn(self.conv(x)))
            return self.fc(self.pool(self.drop(x)).flatten(1))

    def silent(width=8):
        made = Net(width)
        with torch.no_grad():
            made.fc.weight.zero_()
            made.fc.bias.zero_()
        return made

    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.out = nn.Embedding(7, 6), nn.Linear(6, 1)

        def forward(self, x):
            return self.out(self.table(x).mean(1))
"""
SIZED = "input_size=3x12x12"


@pytest.fixture
def nets(tmp_path):
    """Write a file with small networks, trusted; return what makes requests for checks of them."""
    path = tmp_path / "nets.py"
    path.write_text(textwrap.dedent(CODE))
    store = TrustStore(tmp_path / "trusted.json")
    store.trust(path)

    def asked(source, target, **more):
        texts = [f"{path}:{one}" if ":" not in one and "/" not in one else one for one in (source, target)]
        pairs = ()
        if not str(texts[0]).endswith(".pth"):
            matching = match_networks(*(load_network(one, trust=store) for one in texts))
            pairs = tuple((pair.source, pair.target) for pair in matching.pairs)
        transfer = request(*texts, tmp_path / "unused.safetensors", trust=str(tmp_path / "trusted.json"))
        return SanityRequest(transfer, pairs, **more)

    return asked


def test_scales_are_those_of_the_tensors():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(12, 4))
    with torch.no_grad():
        module[0].bias[1] = -100.0
    batch = torch.randn(5, 2, 4, 4)
    run, loss = measure(module, network_of(module).layers, batch, "after", "train", seed=3)
    assert loss == "cross entropy against random labels"
    labels = torch.randint(4, (5,), generator=torch.Generator().manual_seed(3))
    first = module[0](batch)
    first.retain_grad()
    second = first.relu()
    second.retain_grad()
    last = module[3](second.flatten(1))
    expected = nn.functional.cross_entropy(last, labels)
    expected.backward()
    scales = run.scales()
    assert run.loss == pytest.approx(expected.item(), rel=1e-6)

    def rms(tensor):
        return tensor.detach().double().square().mean().sqrt().item()

    assert scales["0"].activation == pytest.approx(rms(first), rel=1e-6)
    assert scales["1"].activation == pytest.approx(rms(second), rel=1e-6)
    assert scales["0"].gradient == pytest.approx(rms(first.grad), rel=1e-6)
    assert scales["1"].gradient == pytest.approx(rms(second.grad), rel=1e-6)
    norm = torch.stack([p.grad.double().norm() for p in module.parameters()]).norm().item()
    assert run.gradient_norm == pytest.approx(norm, rel=1e-6)
    own = torch.stack([p.grad.double().norm() for p in module[3].parameters()]).norm().item()
    assert scales["3"].weight_gradient == pytest.approx(own, rel=1e-6)
    assert scales["1"].dead == pytest.approx(1 / 3)
    assert scales["0"].dead == 0.0


def test_a_network_is_not_gone_through_once_for_each_of_its_layers():
    class Counted(nn.Sequential):
        asked = 0

        def named_parameters(self, *given, **named):
            Counted.asked += 1
            return super().named_parameters(*given, **named)

    counts = []
    for layers in (2, 20):
        module, Counted.asked = Counted(*(nn.Linear(3, 3) for _ in range(layers))), 0
        measure(module, network_of(module).layers, torch.randn(4, 3), "after", "eval", seed=0)
        counts.append(Counted.asked)
    assert counts[0] == counts[1]


def test_infinities_are_counted_and_squares_do_not_overflow():
    module = nn.Sequential(nn.Linear(2, 3, bias=False), nn.Linear(3, 2, bias=False))
    with torch.no_grad():
        module[0].weight.fill_(1e30)
        module[1].weight.fill_(1e30)
    run, _ = measure(module, network_of(module).layers, torch.ones(4, 2), "after", "eval", seed=0)
    first, second = run.layers
    assert first.activation == pytest.approx(2e30, rel=1e-6)
    assert second.not_finite >= 8
    assert math.isnan(second.activation)
    kinds = {(finding.path, finding.kind) for finding in findings_of([run], [])}
    assert {("", "not finite"), ("1", "not finite")} <= kinds


def test_the_three_networks_are_run_in_both_modes(nets):
    report = run_check(nets(f"Net?width=6&{SIZED}", f"Net?{SIZED}", inputs=4))
    assert [(run.role, run.mode) for run in report.runs] == [
        (role, mode) for role in ("source", "before", "after") for mode in ("eval", "train")
    ]
    assert report.verdict == "sound", report.findings
    assert report.inputs == "4 random inputs of 3 × 12 × 12, seed 0"
    assert report.notes == ()
    paths = [layer.path for layer in report.run("after", "eval").layers]
    assert paths == ["conv", "bn", "act", "drop", "pool", "fc"]
    # In training mode the batch norm's output is normalized; with running statistics it is not.
    assert report.run("before", "train").scales()["bn"].activation == pytest.approx(1.0, abs=0.01)
    assert report.run("before", "eval").scales()["bn"].activation < 0.9


def test_what_is_checked_is_what_would_be_written(nets, tmp_path):
    asked = nets(f"Net?width=6&{SIZED}", f"Net?{SIZED}", inputs=4)
    written = tmp_path / "written.safetensors"
    run_transfer(replace(asked.transfer, output=str(written)))
    in_memory, from_file = run_check(asked), run_check(replace(asked, weights=str(written)))
    assert replace(in_memory, seconds=0) == replace(from_file, seconds=0)
    with pytest.raises(TransferError, match="no checkpoint of Net"):
        run_check(replace(nets(f"Net?{SIZED}", f"Net?width=5&{SIZED}"), weights=str(written)))


def test_statistics_that_do_not_fit_explode_in_evaluation_alone(nets):
    report = run_check(nets(f"Net?scale=1e9&{SIZED}", f"Net?{SIZED}", inputs=4))
    assert report.verdict == "exploding"
    flagged = {
        (f.path, f.mode) for f in report.findings if f.kind == "exploding" and f.quantity == "activation"
    }
    # The source does the same; only what is beyond any bound is told.
    assert ("bn", "eval") in flagged
    assert advice_of(report)[0].startswith("Only evaluation") or "clip-normalized" in advice_of(report)[0]


def test_a_zeroed_head_is_no_fault(nets):
    report = run_check(nets(f"silent?{SIZED}", f"Net?{SIZED}", inputs=4))
    assert report.run("after", "train").scales()["fc"].zero
    assert report.run("after", "train").scales()["conv"].gradient == 0.0
    assert report.verdict == "sound", report.findings
    assert any("No gradient passes the zeroed head" in note for note in report.notes)


def test_a_gate_that_starts_open_is_no_fault():
    module = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 2))
    with torch.no_grad():
        module[1].weight.zero_()
        module[1].bias.fill_(4.0)
        module[2].weight.zero_()
        module[2].bias.zero_()
    run, _loss = measure(module, network_of(module).layers, torch.randn(2, 3), "after", "eval", seed=0)
    assert [layer.constant for layer in run.layers] == [False, True, False]
    assert [layer.zero for layer in run.layers] == [False, False, True]
    assert any(note.startswith("1 gives its bias") for note in notes_of([run]))


def test_a_source_that_is_a_checkpoint_is_left_out_and_said_so(nets, tmp_path):
    torch.save(nn.Sequential(nn.Conv2d(3, 8, 3)).state_dict(), tmp_path / "s.pth")
    torch.save({"conv.weight": torch.randn(8, 3, 3, 3)}, tmp_path / "s.pth")
    report = run_check(nets(str(tmp_path / "s.pth"), f"Net?{SIZED}", inputs=4))
    assert {run.role for run in report.runs} == {"before", "after"}
    assert "holds weights, but not the code of its network, and none of timm's models" in report.notes[0]
    with pytest.raises(TransferError, match="cannot be run"):
        run_check(nets(f"Net?{SIZED}", f"Net?{SIZED}").__class__(
            request(tmp_path / "s.pth", tmp_path / "s.pth", tmp_path / "o.safetensors")))  # fmt: skip


def test_checkpoints_whose_model_is_known_are_run_as_that_model(tmp_path):
    theirs, mine, out = tmp_path / "theirs.pth", tmp_path / "mine.safetensors", tmp_path / "o.safetensors"
    torch.manual_seed(0)
    module = torchvision.models.mobilenet_v2(num_classes=10)
    torch.save(module.state_dict(), theirs)
    save_file(timm.create_model("mobilenetv2_050", num_classes=10).state_dict(), mine)
    asked = request(theirs, mine, out)
    matching = match_networks(load_network(asked.source), load_network(asked.target), asked.options)
    pairs = tuple((pair.source, pair.target) for pair in matching.pairs)
    report = run_check(SanityRequest(asked, pairs, inputs=2))
    assert [run.role for run in report.runs] == [role for role in ROLES for _ in MODES]
    assert [note.split(":")[0] for note in report.notes[:2]] == [
        "theirs holds no code",
        "mine holds no code",
    ]
    # Layers have the names that the pairs have, so that curves and marks find each other.
    scales = report.run("source", "eval").scales()
    assert {source for source, _ in pairs} <= set(scales)
    batch = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        first = module.eval().features[0][0](batch)
    assert scales["features.0.0"].activation == pytest.approx(first.square().mean().sqrt().item(), rel=1e-5)
    # The target after the transfer holds what a transfer writes.
    run_transfer(asked)
    again = run_check(SanityRequest(asked, pairs, weights=str(out), inputs=2))
    assert replace(again, seconds=0) == replace(report, seconds=0)


def test_what_a_checkpoint_is_run_as_is_said_once_and_only_where_it_ran(tmp_path, monkeypatch):
    mine, out = tmp_path / "mine.safetensors", tmp_path / "o.safetensors"
    save_file(timm.create_model("mobilenetv2_050", num_classes=10).state_dict(), mine)
    asked = SanityRequest(request(mine, mine, out), inputs=2)
    assert [note.split(":")[0] for note in run_check(asked).notes] == ["mine holds no code"]

    def refuse_the_source(module, layers, batch, role, mode, **more):
        if role == "source":
            raise RuntimeError("not today")
        return measure(module, layers, batch, role, mode, **more)

    monkeypatch.setattr(sanity_running, "measure", refuse_the_source)
    other = tmp_path / "other.safetensors"
    save_file(timm.create_model("resnet18", num_classes=10).state_dict(), other)
    notes = run_check(SanityRequest(request(other, mine, out), inputs=2)).notes
    assert [note.split(":")[0].partition(" holds")[0] for note in notes][:2] == [
        "The source was not run. The source cannot be run",
        "mine",
    ]


def test_a_network_that_does_not_run_says_what_to_do(nets):
    asked = nets("Net?size=13", "Net?size=17")
    with pytest.raises(TransferError, match="the side is no multiple of the size") as caught:
        run_check(asked)
    assert "?input_size=" in caught.value.hint
    # The source alone does not run: that is a note.
    report = run_check(nets("Net?size=13", f"Net?{SIZED}", inputs=4))
    assert report.notes[0].startswith("The source was not run. ")
    with pytest.raises(SourceError, match="no size"):
        run_check(nets("Net", "Net?input_size=big"))


def test_networks_of_words_take_numbers(nets):
    report = run_check(nets("Words", "Words", inputs=3))
    assert report.inputs == "3 random inputs of 16, seed 0"
    assert report.loss == "mean of the output"
    assert report.verdict == "sound"


def test_images_of_a_folder_are_read_and_bad_ones_left_out(nets, tmp_path):
    from PIL import Image

    folder = tmp_path / "images"
    (folder / "deeper").mkdir(parents=True)
    asked = nets(f"Net?{SIZED}", f"Net?{SIZED}", images=str(folder))
    with pytest.raises(TransferError, match="holds no images"):
        run_check(asked)
    (folder / "a.png").write_bytes(b"no image")
    for at, mode in enumerate(("RGB", "L", "P")):
        pixels = np.full((20, 30 + at), 40 * at, np.uint8)
        Image.fromarray(pixels).convert(mode).save(folder / "deeper" / f"{at}.png")
    report = run_check(asked)
    assert report.inputs == f"3 images from {folder}, 12 × 12, seed 0"
    assert report.notes == ("1 images could not be read and were left out.",)
    with pytest.raises(TransferError, match="no folder"):
        run_check(replace(asked, images=str(tmp_path / "none")))
    with pytest.raises(TransferError, match="no image"):
        run_check(nets("Words", "Words", images=str(folder)))


@pytest.mark.parametrize("after", [0, 1, 7, 23])
def test_it_can_be_cancelled_between_layers_there_and_back(nets, after):
    calls = 0

    def cancelled():
        nonlocal calls
        calls += 1
        return calls > after

    with pytest.raises(Cancelled):
        run_check(nets(f"Net?{SIZED}", f"Net?{SIZED}", inputs=4), cancelled=cancelled)
    assert calls == after + 1


def test_cancelling_on_the_way_back_ends_the_run():
    module = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
    steps = 0

    def step():
        nonlocal steps
        steps += 1
        if steps == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        measure(module, network_of(module).layers, torch.ones(2, 3), "after", "eval", seed=0, step=step)
    assert steps == 3


def test_request_and_report_travel_as_json(nets):
    asked = nets(f"Net?{SIZED}", f"Net?{SIZED}", inputs=4)
    assert SanityRequest.from_json(json.loads(json.dumps(asked.to_json()))) == asked
    for bad in ({}, {"transfer": 3}, asked.to_json() | {"nonsense": 1}):
        with pytest.raises(TransferError):
            SanityRequest.from_json(bad)
    with pytest.raises(TransferError, match="1 inputs"):
        replace(asked, inputs=1)
    report = run_check(asked)
    assert SanityReport.from_json(json.loads(json.dumps(report.to_json(), allow_nan=False))) == report
    with pytest.raises(TransferError, match="no report"):
        SanityReport.from_json({"source": "a"})
    run = Run("after", "eval", math.inf, -math.inf, (LayerScale("a", math.inf, None, 1.0, 3, 0.5),))
    finding = Finding("a", "exploding", "activation", "eval", math.inf, None, "")
    report = replace(report, runs=(run,), findings=(finding,))
    assert SanityReport.from_json(json.loads(json.dumps(report.to_json(), allow_nan=False))) == report


def runs(before, after, source=None, mode="eval", **more):
    """Return runs of one layer each, by (activation, gradient)."""
    made = [Run("before", mode, 1.0, 1.0, (LayerScale("t", *before),))]
    made.append(Run("after", mode, 1.0, more.pop("norm", 1.0), (LayerScale("t", *after, **more),)))
    if source is not None:
        made.append(Run("source", mode, 1.0, 1.0, (LayerScale("s", *source),)))
    return made


@pytest.mark.parametrize(
    ("made", "kinds"),
    [
        (runs((1.0, 1.0), (RATIO, RATIO)), []),
        (runs((1.0, 1.0), (RATIO * 1.01, 1.0)), ["exploding"]),
        (runs((1.0, 1.0), (1.0, RATIO * 1.01)), ["exploding"]),
        (runs((1.0, 1.0), (RATIO * 1.01, 1.0), source=(2.0, 1.0)), []),
        # What fades as it is made says little of what does not any more.
        (runs((1e-4, 1.0), (9.0, 1.0)), []),
        (runs((1e-4, 1.0), (11.0, 1.0)), ["exploding"]),
        (runs((1.0, 1e-4), (1.0, 0.011)), ["exploding"]),
        (runs((BOUND, 1.0), (BOUND * 1.01, 1.0)), ["exploding"]),
        (runs((1.0, 1.0), (0.9 / RATIO**2, 1.0)), ["vanishing"]),
        (runs((1.0, 1.0), (1.0, 1.0), dead=0.6), ["dead"]),
        (runs((1.0, 1.0), (1.0, 1.0), dead=0.4), []),
        # What is silent in the source is silent here with reason.
        (runs((1.0, 1.0), (1.0, 1.0), source=(1.0, 1.0, None, 0, 0.5), dead=0.6), []),
        (runs((1.0, 1.0), (1.0, 1.0), source=(1.0, 1.0, None, 0, 0.3), dead=0.6), ["dead"]),
        (runs((1.0, 1.0), (0.0, 1.0), dead=1.0, zero=True), []),
        # A gate that starts open gives its bias, whatever its own initialisation gave.
        (runs((0.01, 1.0), (4.0, 1.0), constant=True), []),
        (runs((0.01, 1.0), (BOUND * 1.01, 1.0), constant=True), ["exploding"]),
        (runs((1.0, 1.0), (1.0, 1.0), not_finite=2), ["not finite"]),
        (runs((1.0, 1.0), (1.0, 1.0), norm=NORM_RATIO * 1.01), ["exploding"]),
        (runs((1.0, 1.0), (1.0, 1.0), norm=math.nan), ["not finite"]),
    ],
)
def test_the_rules(made, kinds):
    assert [finding.kind for finding in findings_of(made, [("s", "t")])] == kinds


def test_advice_follows_the_findings():
    report = SanityReport("s", "t", "clip", "", "", (), ())
    assert report.verdict == "sound"
    assert advice_of(report) == ()
    bad = Finding("t", "exploding", "activation", "eval", 1e5, None, "")
    advice = advice_of(replace(report, findings=(bad,)))
    assert advice[0].startswith("Only evaluation explodes")
    assert "Copy them too" not in advice[0], "they are copied"
    assert "on more images" in advice_of(replace(report, findings=(bad,), calibrated=True))[0]
    assert "Copy them too" in advice_of(replace(report, findings=(bad,), buffers=False))[0]
    assert "clip-normalized" in advice[1]
    both = (bad, replace(bad, mode="train", quantity="gradient"))
    assert "gradients" in advice_of(replace(report, findings=both, operator="clip-normalized"))[-1]
    assert "Try the operator" not in " ".join(
        advice_of(replace(report, operator="clip-normalized", findings=both))
    )
    scales = (LayerScale("t", 1.0, 0.0), LayerScale("head", 0.0, 1.0, zero=True), LayerScale("u", 1.0, 0.0))
    headless = replace(report, findings=both, runs=(Run("after", "eval", 1.0, 1.0, scales),))
    assert advice_of(headless)[-1] == "Clip gradients in the first steps.", "the head is zero already"
    dead = replace(report, findings=(replace(bad, kind="dead"),))
    assert dead.verdict == "dead"
    assert advice_of(dead)
    assert notes_of(()) == ()


def test_the_operator_is_told():
    transfer = replace(request("a", "b", "c"), transfer=TransferOptions())
    assert SanityRequest(transfer).to_json()["transfer"]["transfer"]["operator"] == "clip"
