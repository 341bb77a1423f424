"""The public Python interface, as a training script uses it."""

import os
import subprocess
import sys

import pytest
import torch
from torch import nn

import dpiat_gui as dg


def small(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, width, 3))


def test_importing_the_package_imports_neither_qt_nor_torch():
    script = (
        "import sys, dpiat_gui\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not names & {'torch', 'PySide6', 'timm', 'numpy'}, names\n"
        "assert {'match', 'transfer'} <= set(dir(dpiat_gui))\n"
        "dpiat_gui.Overrides()\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_every_public_name_is_there():
    # The one name that opens a window; everything else must be there without Qt.
    headless = bool(os.environ.get("DPIAT_GUI_WITHOUT_QT"))
    for name in set(dg.__all__) - ({"inspect"} if headless else set()):
        assert getattr(dg, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = dg.nonsense


def test_the_readme_example():
    source, target = dg.load_network("timm:efficientnet_b0"), dg.load_network("timm:efficientnet_b2")
    matching = dg.match(source, target, preset="paper")
    assert matching.score == pytest.approx(133.27931655228247, abs=1e-9)
    pinned = dg.match(
        source,
        target,
        preset="paper",
        overrides=dg.Overrides(pins=[("blocks.1.0.conv_pw", "blocks.1.1.conv_pw")]),
    )
    assert pinned.score < matching.score
    assert [pair.source for pair in pinned.pairs if pair.pinned] == ["blocks.1.0.conv_pw"]
    assert dg.similarity(source, target).symmetric == pytest.approx(0.8040420679621775, abs=1e-9)


def test_a_plan_takes_its_options_from_the_preset_of_the_matching():
    one, other = dg.standardize(small(4)), dg.standardize(small(4))
    assert dg.plan_transfer(dg.match(one, other)).buffers is True
    paper = dg.match(one, other, preset="paper")
    assert dg.plan_transfer(paper).buffers is False
    assert dg.plan_transfer(paper, buffers=True).buffers is True


def test_transfer_in_place_between_live_modules():
    source, target = small(8), small(8)
    source[1].running_mean.fill_(3)
    before = target[0].weight
    report = dg.transfer(source, target)
    assert target[0].weight is before
    assert all(
        torch.equal(a, b)
        for a, b in zip(source.state_dict().values(), target.state_dict().values(), strict=True)
    )
    assert report.coverage.fraction == 1
    # The paper's preset leaves the running statistics alone.
    fresh = small(8)
    dg.transfer(source, fresh, preset="paper")
    assert torch.equal(fresh[1].running_mean, torch.zeros(8))


def test_transfer_is_a_package_and_a_function_alike():
    import dpiat_gui.transfer.planning

    assert dpiat_gui.transfer.planning.plan_transfer
    assert callable(dg.transfer)
    with pytest.raises(dg.TransferError, match="colour"):
        dg.transfer(small(4), small(4), colour="red")


def test_errors_share_a_base_and_carry_a_hint():
    with pytest.raises(dg.DpiatError) as caught:
        dg.load_network("timm:resnet5")
    assert isinstance(caught.value, dg.SourceError)
    assert "resnet50" in caught.value.hint


def test_explain_and_compare():
    source, target = dg.load_network("timm:resnet18"), dg.load_network("timm:resnet34")
    one = dg.match(source, target)
    told = dg.explain(one, one.pairs[0].target)
    assert told.pair == one.pairs[0]
    assert told.cost >= 0
    found = dg.compare(one, dg.match(source, target, overrides=dg.Overrides(fresh=["fc"])))
    assert [change.target for change in found.changes] == ["fc"]


def test_branches_are_traced_on_wish():
    plain = dg.load_network("timm:mixnet_s")
    traced = dg.load_network("timm:mixnet_s", branches=True)
    assert not any(block.branches for block in plain.entries)
    assert any(block.branches for block in traced.entries)
    other = dg.load_network("timm:mixnet_m", branches=True)
    by_branch, by_order = (
        dg.match(traced, other, method=name, skip_factor=1.0) for name in ("dp-branch", "dp")
    )
    assert by_branch.score >= by_order.score


class Fork(nn.Module):
    """A block of two branches and what joins them."""

    def __init__(self, *kernels: int) -> None:
        super().__init__()
        self.a, self.b = (nn.Conv2d(16, 8 * size, size, padding=size // 2) for size in kernels)
        self.c = nn.Conv2d(8 * sum(kernels), 16, 1)

    def forward(self, x):
        return self.c(torch.cat([self.a(x), self.b(x)], 1))


def test_a_method_that_aligns_branches_has_live_modules_traced():
    one, other = (nn.Sequential(nn.Conv2d(3, 16, 3), Fork(*k), Fork(*k)) for k in ((1, 3), (3, 1)))
    by_order, by_branch = (dg.match(one, other, method=method) for method in ("dp", "dp-branch"))
    assert (by_order.score, by_branch.score) == (5.0, 7.0)
    traced = [dg.standardize(module, branches=True) for module in (one, other)]
    assert dg.match(*traced, method="dp-branch").score == 7.0
    report = dg.transfer(one, other, method="dp-branch")
    assert report.score == 7.0
    assert torch.equal(other[1].b.weight, one[1].a.weight)


def test_a_method_that_aligns_branches_takes_what_cannot_be_traced_to_have_none():
    class Untraceable(nn.Sequential):
        def forward(self, x):
            raise RuntimeError("not today")

    module = Untraceable(*small(8))
    assert dg.match(module, module, method="dp-branch").score == dg.match(module, module).score


def test_a_source_reference_will_do_for_a_network():
    opened = [dg.load_network(f"timm:{name}") for name in ("resnet18", "resnet34")]
    named = ("timm:resnet18", "timm:resnet34")
    assert dg.match(*named).score == dg.match(*opened).score
    assert dg.similarity(named[0], opened[1]) == dg.similarity(*opened)
    branched = dg.match("timm:mixnet_s", "timm:mixnet_s", method="dp-branch")
    assert any(block.branches for block in branched.target.entries)
    with pytest.raises(dg.SourceError, match="no model named"):
        dg.match("timm:nonsense", opened[1])
