"""A device picks the same bits as the CPU, in batches of any size; a full one leaves the rest."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import plans

from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.staging import Lane, Stager
from dpiat_gui.transfer.targets import Target
from dpiat_gui.transfer.values import PlanRow, TransferPlan
from dpiat_gui.transfer.weights import Copier


class Counting(Lane):
    """Counts what lies on the device, and refuses the n-th batch."""

    def __init__(self, refuse=-1):
        super().__init__("cpu")
        self.sent, self.most, self.refuse = 0, 0, refuse

    def send(self, held):
        if self.sent == self.refuse:
            raise torch.OutOfMemoryError("out of memory")
        self.sent += 1
        self.most = max(self.most, held.nbytes)
        return super().send(held)


def tensors(plan):
    generator = torch.Generator().manual_seed(0)
    shapes = {row.source: row.source_shape for row in plan.rows if row.source}
    source = {key: torch.randn(shape, generator=generator) for key, shape in shapes.items()}
    own = {row.target: torch.randn(row.target_shape, generator=generator) for row in plan.rows}
    return source, own


def same_bits(one, other):
    return torch.equal(one.view(torch.int32), other.view(torch.int32))


def made(plan, source, own, piece, stager=None):
    copier, target = Copier(source.__getitem__, piece), Target(plan, own.__getitem__)
    if stager is not None:
        keys = [row.target for row in plan.rows]
        copier.stager = Stager(source.__getitem__, target.picked_rows(keys, piece), *stager)
    found = {
        row.target: torch.cat([part.flatten().clone() for part in target.pieces(row.target, copier)])
        for row in plan.rows
    }
    return found, copier


@settings(deadline=None)
@given(plans(), st.sampled_from([8, 40, 10**6]), st.sampled_from([64, 200, 10**6]), st.integers(-1, 3))
def test_every_plan_is_picked_alike(plan, piece, most, refuse):
    source, own = tensors(plan)
    expected, _ = made(plan, source, own, piece)
    lane = Counting(refuse)
    found, copier = made(plan, source, own, piece, (lane, most))
    assert all(same_bits(found[key], value) for key, value in expected.items())
    assert lane.most <= most
    assert copier.stager.failed == (lane.sent == refuse and bool(copier.notes()))
    if not copier.stager.failed and most > 1000:
        target = Target(plan, own.__getitem__)
        rows = target.picked_rows([row.target for row in plan.rows], piece)
        plain = [row for row in rows if row.scale == 1.0 and row.source_shape]
        assert copier.stager.rows_done == len(plain)


def test_other_errors_are_not_hidden():
    class Broken(Counting):
        def send(self, held):
            raise RuntimeError("the driver is gone")

    slices = ((0, 3), (0, 3)), ((0, 3), (1, 4))
    row = PlanRow("t", (3, 5), "float32", "a", "s", (4, 3), *slices)
    plan = TransferPlan("s", "", "", "t", "", "", TransferOptions(), (row,), 12)
    source, own = tensors(plan)
    with pytest.raises(RuntimeError, match="driver"):
        made(plan, source, own, 100, (Broken(), 10**6))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@settings(deadline=None, max_examples=30)
@given(plans(), st.sampled_from([8, 10**6]))
def test_cuda_picks_alike(plan, piece):
    source, own = tensors(plan)
    expected, _ = made(plan, source, own, piece)
    found, copier = made(plan, source, own, piece, (Lane("cuda:0"), 10**6))
    assert all(same_bits(found[key], value) for key, value in expected.items())
    assert not copier.stager.failed
