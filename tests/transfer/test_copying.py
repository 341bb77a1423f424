import json

import numpy as np
import pytest
import torch
from by_hand import by_hand
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import plans

from dpiat_gui.transfer.copying import apply_plan
from dpiat_gui.transfer.dtypes import ConversionLoss
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.plan_json import plan_to_json
from dpiat_gui.transfer.targets import Target
from dpiat_gui.transfer.values import PlanRow, TransferPlan
from dpiat_gui.transfer.weights import Copier


def tensors_of(plan):
    """Return random tensors of both sides, as NumPy's."""
    generator = np.random.default_rng(0)
    sources = {row.source: row.source_shape for row in plan.rows if row.source}
    targets = {row.target: row.target_shape for row in plan.rows}
    return tuple(
        {key: generator.standard_normal(shape).astype(np.float32) for key, shape in side.items()}
        for side in (sources, targets)
    )


def copied(tensors):
    return {key: torch.as_tensor(value).clone() for key, value in tensors.items()}


@settings(deadline=None)
@given(plans())
def test_every_plan_does_what_its_json_says(plan):
    source, target = tensors_of(plan)
    found = copied(target)
    expected = by_hand(json.loads(json.dumps(plan_to_json(plan))), source, target)
    written = apply_plan(plan, copied(source).__getitem__, found)
    assert written == 4 * sum(row.copied + row.set for row in plan.rows)
    for key, value in expected.items():
        assert np.array_equal(found[key].numpy(), value), key


@settings(deadline=None)
@given(plans(), st.sampled_from([4, 8, 20, 48, 10**6]))
def test_files_get_the_same_as_memory_in_pieces_of_any_size(plan, piece):
    source, target = map(copied, tensors_of(plan))
    made = Target(plan, copied(target).__getitem__)
    copier = Copier(source.__getitem__, piece)
    found = {
        row.target: torch.cat([piece.flatten().clone() for piece in made.pieces(row.target, copier)])
        for row in plan.rows
    }
    whole = {row.target: made.whole(row.target, copier).flatten() for row in plan.rows}
    assert all(torch.equal(found[key], value) for key, value in whole.items())
    apply_plan(plan, source.__getitem__, target)
    assert all(torch.equal(found[key], value.flatten()) for key, value in target.items())


def plan_of(row):
    return TransferPlan("s", "", "", "t", "", "", TransferOptions(), (row,))


def row(dtype="float32", **more):
    return PlanRow("t", (2, 3), dtype, "a", "s", (3, 3), ((0, 3), (0, 3)), ((0, 2), (0, 3)), **more)


PICKED = {"source_picks": ((2, 0), (2, 1, 0)), "target_picks": ((0, 1), (0, 1, 2))}


@pytest.mark.parametrize(
    "dtype", ["float64", "float16", "bfloat16", "complex64", "complex128", "float8_e4m3fn", "int64", "bool"]
)
def test_every_dtype_can_be_picked(dtype):
    kind = getattr(torch, dtype)
    source = torch.arange(9.0).view(3, 3).to(kind)
    target = torch.zeros(2, 3).to(kind)
    apply_plan(plan_of(row(dtype, **PICKED)), {"s": source}.__getitem__, {"t": target})
    expected = torch.tensor([[8.0, 7, 6], [2, 1, 0]]).to(kind)
    assert torch.equal(target.to(torch.complex128), expected.to(torch.complex128))


def test_a_scale_is_computed_in_float32_at_least_and_in_float64_for_float64():
    third = 1 / 3
    for dtype, wide in ((torch.float16, torch.float32), (torch.float64, torch.float64)):
        source = torch.linspace(0, 1, 9).view(3, 3).to(dtype)
        target = torch.zeros(2, 3, dtype=dtype)
        one = row(str(dtype).removeprefix("torch."), scale=third, **PICKED)
        apply_plan(plan_of(one), {"s": source}.__getitem__, {"t": target})
        expected = (source.to(wide) * third).to(dtype)[[2, 0]].flip(1)
        assert torch.equal(target, expected)


def test_strided_tensors_and_parameters_are_filled_in_place():
    source = torch.arange(9.0).view(3, 3).t()
    memory = torch.nn.Parameter(torch.zeros(3, 2))
    target = memory.detach().t()
    apply_plan(plan_of(row(**PICKED)), {"s": source}.__getitem__, {"t": target})
    assert torch.equal(memory.t(), source[[2, 0]].flip(1))


def test_values_that_do_not_survive_the_change_of_dtype_are_counted():
    source = torch.tensor([[1.0, 1e6, -1e6], [1e-12, 0.1, float("nan")], [float("inf"), 2.0, 0.0]])
    target = torch.zeros(3, 3, dtype=torch.float16)
    loss = ConversionLoss()
    one = PlanRow("t", (3, 3), "float16", "a", "s", (3, 3), ((0, 3), (0, 3)), ((0, 3), (0, 3)))
    apply_plan(plan_of(one), {"s": source}.__getitem__, {"t": target}, loss)
    assert (loss.tensors, loss.overflowed, loss.vanished, loss.rounded) == (1, 2, 1, 1)
    assert len(loss.notes()) == 3
    wider = ConversionLoss()
    wide = torch.zeros(3, 3, dtype=torch.float64)
    apply_plan(plan_of(one), {"s": source}.__getitem__, {"t": wide}, wider)
    assert (wider.tensors, wider.overflowed, wider.vanished, wider.rounded) == (1, 0, 0, 0)
    assert ConversionLoss().notes() == ()
