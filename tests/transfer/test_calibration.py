import pytest
import torch
from torch import nn

from dpiat_gui.errors import Cancelled, TransferError
from dpiat_gui.networks.sources import build_module
from dpiat_gui.transfer.calibration import calibrate, calibrate_on_folder

SMALL = "timm:mobilenetv3_small_050?num_classes=10"


class Net(nn.Module):
    """Two convolutions with norms; the second norm is used twice, dropout would show."""

    def __init__(self, affine=True):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)
        self.bn = nn.BatchNorm2d(6, affine=affine)
        self.drop = nn.Dropout(0.5)
        self.again = nn.BatchNorm2d(6)
        self.unused = nn.BatchNorm2d(2)
        self.stateless = nn.BatchNorm2d(6, track_running_stats=False)
        self.fc = nn.Linear(6, 4)

    def forward(self, x):
        x = self.drop(self.bn(self.conv(x)).relu())
        x = self.again(self.again(x) + 1)
        return self.fc(self.stateless(x).mean((2, 3)))


def inputs(count=12, size=8):
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(0)) * 3 + 1


# -- statistics ----------------------------------------------------------------------------


def test_the_statistics_are_those_of_all_that_reached_the_norm():
    net = Net()
    batches = list(inputs().split(4))
    done = calibrate(net, batches)
    seen = net.conv(inputs()).detach()
    assert torch.allclose(net.bn.running_mean, seen.mean((0, 2, 3)), atol=1e-5)
    # Each batch's variance is the unbiased one, the spread between batches is counted.
    assert torch.allclose(net.bn.running_var, seen.var((0, 2, 3)), rtol=0.02)
    assert (done.images, done.norms, done.unreached) == (12, 2, 1)


def test_batches_weigh_as_many_images_as_they_have():
    net = Net()
    calibrate(net, inputs(12).split(10))
    seen = net.conv(inputs(12)).detach()
    assert torch.allclose(net.bn.running_mean, seen.mean((0, 2, 3)), atol=1e-5)


def test_nothing_but_statistics_changes():
    net = Net().train()
    net.drop.eval()
    net.again.momentum = None
    net.unused.running_mean.fill_(7.0)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    calibrate(net, inputs().split(4))
    changed = {key for key, value in net.state_dict().items() if not torch.equal(value, before[key])}
    assert changed == {
        f"{norm}.{name}"
        for norm in ("bn", "again")
        for name in ("running_mean", "running_var", "num_batches_tracked")
    }
    assert net.training
    assert net.bn.training
    assert not net.drop.training
    assert (net.bn.momentum, net.again.momentum) == (0.1, None)
    assert not net.bn._forward_hooks


def test_old_statistics_do_not_shine_through():
    net = Net()
    net.bn.running_var.fill_(float("inf"))
    net.bn.running_mean.fill_(float("nan"))
    calibrate(net, inputs().split(4))
    assert torch.isfinite(net.bn.running_var).all()


def test_dropout_is_off():
    one, other = Net(), Net()
    other.load_state_dict(one.state_dict())
    other.drop.p = 0.9
    for net in (one, other):
        calibrate(net, inputs().split(4))
    assert torch.equal(one.again.running_mean, other.again.running_mean)


def test_what_explodes_is_refused_and_the_old_statistics_come_back():
    net = Net()
    net.bn.running_mean.fill_(3.0)
    with torch.no_grad():
        net.conv.weight.fill_(1e38)
    with pytest.raises(TransferError, match="not finite"):
        calibrate(net, inputs().split(4))
    assert torch.equal(net.bn.running_mean, torch.full((6,), 3.0))


def test_a_network_that_fails_on_the_images_says_so():
    net = Net()
    with pytest.raises(TransferError, match="does not run on the images"):
        calibrate(net, [torch.zeros(2, 5, 8, 8)])


def test_cancelling_brings_the_old_statistics_back():
    net, asked = Net(), []

    def check():
        asked.append(1)
        if len(asked) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        calibrate(net, inputs().split(4), check=check)
    assert torch.equal(net.bn.running_mean, torch.zeros(6))
    assert net.training
    # It is asked at every norm, not only between batches.
    assert len(asked) == 3


# -- a folder ------------------------------------------------------------------------------


def test_a_folder_gives_equal_statistics_each_time(folder):
    states = []
    for _ in range(2):
        module = build_module(SMALL, seed=1)
        done = calibrate_on_folder(module, folder, told=(32,))
        states.append(module.state_dict())
    assert all(torch.equal(value, states[1][key]) for key, value in states[0].items())
    assert (done.images, done.size, done.unreached) == (20, (3, 32, 32), 0)
    assert module.training
    assert done.to_json()["folder"] == str(folder)


def test_unreadable_images_are_left_out_and_told_of(folder):
    done = calibrate_on_folder(build_module(SMALL), folder, told=(32,))
    assert sorted(text.partition(":")[0] for text in done.unreadable) == ["broken.jpg", "cut.png"]
    assert any("broken.jpg" in note for note in done.notes)
    assert any("20 images are few" in note for note in done.notes)


def test_progress_counts_images(folder):
    told = []
    calibrate_on_folder(build_module(SMALL), folder, images=8, told=(32,), progress=told.append)
    assert (told[-1].done, told[-1].total) == (8, 8)


def test_a_network_in_half_precision_keeps_it(folder):
    module = build_module(SMALL).half()
    calibrate_on_folder(module, folder, told=(32,))
    assert {value.dtype for value in module.state_dict().values()} == {torch.float16, torch.int64}
    other = build_module(SMALL).half().float()
    calibrate_on_folder(other, folder, told=(32,))
    norm = "bn1.running_var"
    assert torch.equal(module.state_dict()[norm], other.state_dict()[norm].half())


def test_cancelling_stops_the_search_and_the_work(folder):
    module = build_module(SMALL)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    for patience in (0, 1, 10):
        asked = iter([False] * patience + [True] * 1000)
        with pytest.raises(Cancelled):
            calibrate_on_folder(module, folder, told=(32,), cancelled=lambda: next(asked))  # noqa: B023
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


def test_what_cannot_be_calibrated_on_says_what_to_do(folder, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    module = build_module(SMALL)
    with pytest.raises(TransferError, match="no folder"):
        calibrate_on_folder(module, tmp_path / "missing")
    with pytest.raises(TransferError, match="holds no images"):
        calibrate_on_folder(module, empty)
    (empty / "one.png").write_bytes((folder / "dark" / "00.png").read_bytes())
    with pytest.raises(TransferError, match="1 readable image; two are needed"):
        calibrate_on_folder(module, empty, told=(32,))
    with pytest.raises(TransferError, match="takes no images"):
        calibrate_on_folder(nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)), folder)
