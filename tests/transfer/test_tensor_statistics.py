import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dpiat_gui.transfer import tensor_statistics
from dpiat_gui.transfer.tensor_statistics import (
    common_range,
    histogram_of,
    picture_of,
    reach_of,
    statistics_of,
)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_statistics_are_those_of_torch(dtype, offset, monkeypatch):
    monkeypatch.setattr(tensor_statistics, "_CHUNK", 1000)
    torch.manual_seed(0)
    tensor = (torch.randn(40, 25, 3, 3) + offset).to(dtype)
    tensor[0, 0] = 0
    found, exact = statistics_of(tensor), tensor.double()
    assert found.elements == tensor.numel()
    assert found.mean == pytest.approx(exact.mean().item(), rel=1e-6, abs=1e-9)
    assert found.std == pytest.approx(exact.std().item(), rel=1e-6)
    assert (found.low, found.high) == (exact.min().item(), exact.max().item())
    assert found.rms == pytest.approx(exact.square().mean().sqrt().item(), rel=1e-6)
    assert found.zeros == 9
    assert found.not_a_number == found.infinite == 0


def test_what_is_no_number_is_counted_and_left_out():
    tensor = torch.tensor([1.0, math.nan, -3.0, math.inf, -math.inf, 0.0])
    found = statistics_of(tensor)
    assert (found.not_a_number, found.infinite, found.zeros) == (1, 2, 1)
    assert (found.low, found.high) == (-3.0, 1.0)
    assert found.mean == pytest.approx(-2 / 3)
    nothing = statistics_of(torch.full((2,), math.nan))
    assert nothing.mean is None
    assert nothing.low is None
    assert statistics_of(torch.tensor(3)).std is None
    assert statistics_of(torch.empty(0, 3)).elements == 0


def test_finite_values_whose_sum_is_infinite_all_count():
    found = statistics_of(torch.tensor([1.5e308, 1.5e308, 1.0], dtype=torch.float64))
    assert (found.elements, found.infinite, found.not_a_number, found.high) == (3, 0, 0, 1.5e308)


def test_histograms_share_their_range():
    first, second = torch.tensor([0.0, 1.0, math.nan]), torch.tensor([[-1.0, 3.0]])
    low, high = common_range([statistics_of(first), statistics_of(second)])
    assert (low, high) == (-1.0, 3.0)
    assert histogram_of(first, low, high, 4) == [0, 1, 1, 0]
    assert histogram_of(second, low, high, 4) == [1, 0, 0, 1]
    assert common_range([]) == (-1.0, 1.0)
    low, high = common_range([statistics_of(torch.full((3,), 2.0))])
    assert low < 2.0 < high


@pytest.mark.parametrize(
    ("shape", "layout", "shown"),
    [
        ((), "line", (1,)),
        ((7,), "line", (7,)),
        ((9000,), "line", (4096,)),
        ((5, 6), "matrix", (5, 6)),
        ((1000, 600), "matrix", (512, 512)),
        ((5, 6, 1, 1), "matrix", (5, 6)),
        ((5, 6, 3, 3), "filters", (5, 6)),
        ((5, 6, 3), "filters", (5, 6)),
        ((1, 197, 64), "matrix", (197, 64)),
        ((2, 3, 2, 3, 4), "filters", (2, 3)),
        ((900, 1, 3, 3), "filters", (900, 1)),
        ((600, 600, 3, 3), "filters", (256, 256)),
        ((2, 3, 1, 2, 2, 2), "matrix", (2, 24)),
        ((0, 3, 3, 3), "matrix", (0, 27)),
        ((1, 2, 700, 700), "matrix", (1, 512)),
    ],
)
def test_pictures_hold_what_there_is_room_for(shape, layout, shown):
    picture = picture_of(torch.zeros(shape))
    assert (picture.layout, picture.shown) == (layout, shown)
    assert picture.sampled == (picture.shown != picture.of)
    assert picture.values.dtype == torch.float32
    assert picture.values.ndim == {"line": 1, "matrix": 2, "filters": 4}[layout]


def test_a_picture_that_is_not_sampled_holds_the_very_values():
    tensor = torch.randn(4, 5, 3, 2)
    assert torch.equal(picture_of(tensor).values, tensor)
    sampled = picture_of(torch.arange(9000.0)).values
    assert sampled[0] == 0
    assert sampled[-1] == 8999
    assert bool((sampled.diff() > 0).all())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=0, max_size=6))
def test_pictures_are_never_larger_than_they_may_be(shape):
    picture = picture_of(torch.zeros(shape))
    assert picture.values.numel() <= 2 * tensor_statistics.MOST_VALUES
    assert all(a <= b for a, b in zip(picture.shown, picture.of, strict=True))


def test_colours_reach_to_what_nearly_all_stay_below():
    values = torch.cat([torch.linspace(-1, 1, 999), torch.tensor([1e9])])
    assert reach_of(values) == pytest.approx(1.0, abs=0.01)
    assert reach_of(torch.tensor([0.0] * 999 + [2.0])) == 2.0
    assert np.isnan(reach_of(torch.tensor([math.nan])))
