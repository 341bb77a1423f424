import gc
import threading
from collections.abc import Callable

import pytest
import torch
from torch import nn

from dpiat_gui.networks.meta_build import build_structure, structure_only
from dpiat_gui.networks.torch_modules import tree_of


class _Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(1e-6 * torch.ones(4))
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.attention = nn.MultiheadAttention(4, 2)
        self.register_buffer("index", torch.arange(9).reshape(3, 3))
        nn.init.kaiming_normal_(self.conv.weight)
        nn.init.trunc_normal_(self.gamma, std=0.02)
        self.conv.bias.data.fill_(3)


def test_the_structure_is_that_of_an_ordinary_build_and_takes_no_memory() -> None:
    built = build_structure(_Net)
    assert tree_of(built) == tree_of(_Net())
    assert all(parameter.is_meta for parameter in built.parameters())


class _ReadsValues(nn.Module):
    """Computes on the values of what it has just made, as no meta tensor can."""

    def __init__(self, make: Callable[[], torch.Tensor]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(int(make().sum().item())))


@pytest.mark.parametrize(
    "make", [lambda: torch.ones(3), lambda: torch.linspace(1, 1, 3), lambda: torch.full((1,), 3.0)]
)
def test_a_constructor_that_reads_values_is_built_all_the_same(make: Callable[[], torch.Tensor]) -> None:
    assert len(build_structure(lambda: _ReadsValues(make)).layers) == 3


def test_the_callers_random_numbers_and_collector_go_on_undisturbed() -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    build_structure(lambda: _ReadsValues(lambda: torch.ones(2)))
    assert torch.equal(torch.rand(3), expected)
    assert gc.isenabled()
    gc.disable()
    try:
        build_structure(_Net)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_another_threads_layers_are_initialised_meanwhile() -> None:
    made: list[nn.Linear] = []
    with structure_only():
        thread = threading.Thread(target=lambda: made.append(nn.Linear(64, 64)))
        thread.start()
        thread.join()
        assert nn.Linear(2, 2).weight.is_meta
    weight = made[0].weight
    assert weight.device.type == "cpu"
    assert 0 < weight.abs().max() <= 1 / 8  # torch's own initialisation for 64 inputs


def test_everything_is_put_back_after_a_failure() -> None:
    before = nn.Linear.__dict__["reset_parameters"]

    def fails() -> nn.Module:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        build_structure(fails)
    assert nn.Linear.__dict__["reset_parameters"] is before
    assert not nn.Linear(2, 2).weight.is_meta


def test_a_call_with_an_unknown_argument_is_not_repeated() -> None:
    calls = []

    def wrong() -> nn.Module:
        calls.append(1)
        return nn.Linear(2, 2, strange=1)  # type: ignore[call-arg]

    with pytest.raises(TypeError, match="strange"):
        build_structure(wrong)
    assert len(calls) == 1


def test_building_within_building_stays_on_the_meta_device() -> None:
    def outer() -> nn.Module:
        inner = build_structure(_Net)
        return nn.Sequential(inner, nn.Linear(2, 2))

    assert all(parameter.is_meta for parameter in build_structure(outer).parameters())
