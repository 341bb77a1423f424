"""What was written is read back and held against the plan; whatever is wrong is seen."""

import json
from dataclasses import replace

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from plans import plans

from dpiat_gui.errors import Cancelled, ExportError
from dpiat_gui.transfer import verification
from dpiat_gui.transfer.dtypes import SAFETENSORS_CODES
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.plan_json import plan_to_json
from dpiat_gui.transfer.progress import Meter
from dpiat_gui.transfer.read_back import opened
from dpiat_gui.transfer.targets import Target
from dpiat_gui.transfer.values import PlanRow, TransferPlan
from dpiat_gui.transfer.verification import verify_written
from dpiat_gui.transfer.weights import Copier
from dpiat_gui.transfer.writing import write_checkpoint

DTYPES = [name for name in SAFETENSORS_CODES if not name.startswith("complex")]
FLOATS = ["float16", "bfloat16", "float32", "float64", "float8_e4m3fn"]


def padded_plan(dtype):
    """Plan one tensor that takes the middle of another, and keeps its own values around it."""
    slices = ((0, 3), (0, 3)), ((0, 3), (1, 4))
    row = PlanRow("t", (3, 5), dtype, "a", "s", (4, 3), *slices)
    return TransferPlan("s", "", "", "t", "", "", TransferOptions(), (row,), 12)


def values(shape, dtype, seed):
    generator = torch.Generator().manual_seed(seed)
    made = torch.randn(shape, generator=generator) * 40
    return made > 0 if dtype == "bool" else made.to(getattr(torch, dtype))


def write(folder, plan, source, own, suffix=".safetensors"):
    """Write a plan's target; return the path and what was written."""
    path = folder / f"made{suffix}"
    meter = Meter(lambda progress: None, lambda: False)
    target = Target(plan, own.__getitem__)
    return path, write_checkpoint(path, target, Copier(source.__getitem__, 16), {}, meter)


def check(path, written, plan, source, own, **more):
    rows = json.loads(json.dumps(plan_to_json(plan)))["rows"]
    files = dict(written.shards)
    return verify_written(rows, files, written.hashes, source.__getitem__, own.__getitem__, **more)


def drawn(plan, dtypes):
    """Give every tensor of a plan a dtype, and values."""
    rows = tuple(
        replace(row, target_dtype=dtypes[number % len(dtypes)]) for number, row in enumerate(plan.rows)
    )
    plan = replace(plan, rows=rows)
    shapes = {row.source: row.source_shape for row in rows if row.source}
    source = {
        key: values(shape, dtypes[-1 - number % len(dtypes)], number)
        for number, (key, shape) in enumerate(sorted(shapes.items()))
    }
    own = {row.target: values(row.target_shape, row.target_dtype, 7) for row in rows}
    return plan, source, own


@settings(deadline=None, max_examples=60)
@given(plans(), st.lists(st.sampled_from(FLOATS), min_size=1, max_size=3), st.sampled_from([4, 64, 1 << 20]))
def test_every_plan_is_found_to_be_carried_out(tmp_path_factory, plan, dtypes, block):
    folder = tmp_path_factory.mktemp("v")
    plan, source, own = drawn(plan, dtypes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verification, "BLOCK", block)
        path, written = write(folder, plan, source, own)
        found = check(path, written, plan, source, own)
    assert found.tensors == len(plan.rows)
    assert found.bytes == sum(value.nbytes for value in own.values())


@settings(deadline=None, max_examples=60)
@given(plans(), st.data())
def test_a_single_changed_bit_is_seen(tmp_path_factory, plan, data):
    folder = tmp_path_factory.mktemp("v")
    plan, source, own = drawn(plan, ["float32"])
    path, written = write(folder, plan, source, own)
    content = bytearray(path.read_bytes())
    begin = 8 + int.from_bytes(content[:8], "little")
    assume(len(content) > begin)
    at = data.draw(st.integers(begin, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    with pytest.raises(ExportError, match="changed on its way"):
        check(path, written, plan, source, own)


@settings(deadline=None, max_examples=60)
@given(plans(), st.data())
def test_another_plan_than_the_one_carried_out_is_seen(tmp_path_factory, plan, data):
    # The hashes are right here: it is the second application alone that finds what is wrong.
    folder = tmp_path_factory.mktemp("v")
    plan, source, own = drawn(plan, ["float32"])
    path, written = write(folder, plan, source, own)
    copying = [row for row in plan.rows if row.source and row.elements]
    assume(copying)
    key = data.draw(st.sampled_from(copying)).source
    source[key] = source[key] + 1000.0
    with pytest.raises(ExportError, match="does not follow the plan"):
        check(path, written, plan, source, own)


@pytest.mark.parametrize("dtype", [*DTYPES, "complex64"])
@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_every_dtype_is_compared(tmp_path, dtype, suffix):
    if suffix == ".pth" and dtype.startswith("uint") and dtype != "uint8":
        pytest.skip("torch reads no such numbers back")
    plan = padded_plan(dtype)
    source = {"s": values((4, 3), dtype, 1)}
    own = {"t": values((3, 5), dtype, 2)}
    path, written = write(tmp_path, plan, source, own, suffix)
    assert check(path, written, plan, source, own).tensors == 1
    with pytest.raises(ExportError, match="does not follow"):
        check(path, written, plan, {"s": source["s"].roll(1, 0)}, own)


def test_what_cannot_be_read_back_is_told(tmp_path):
    path = tmp_path / "made.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(ExportError, match="cannot be read back"), opened(path):
        pass


def test_missing_and_other_tensors_are_seen(tmp_path):
    plan, source, own = drawn(padded_plan("float32"), ["float32"])
    path, written = write(tmp_path, plan, source, own)
    fewer = replace(written, shards={path: ()})
    with pytest.raises(ExportError, match="holds 1 tensors, not 0"):
        check(path, fewer, plan, source, own)
    other = replace(plan, rows=(replace(plan.rows[0], target_dtype="int32"),))
    with pytest.raises(ExportError, match="t is float32"):
        check(path, written, other, source, own)


def test_it_can_be_cancelled_between_any_two_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(verification, "BLOCK", 4)
    plan, source, own = drawn(padded_plan("float32"), ["float32"])
    path, written = write(tmp_path, plan, source, own)
    steps = []
    check(path, written, plan, source, own, watch=lambda done, key: steps.append(done))
    assert len(steps) >= 3
    assert steps == sorted(steps)

    def stop(done, key):
        raise Cancelled

    with pytest.raises(Cancelled):
        check(path, written, plan, source, own, watch=stop)
