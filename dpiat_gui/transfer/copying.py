"""Copying elements: the one place where weights move."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from dpiat_gui.errors import TransferError
from dpiat_gui.transfer.dtypes import ConversionLoss
from dpiat_gui.transfer.values import PlanRow, Slices, TransferPlan

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread inside the block.

    Thousands of small copies that are each spread over several threads take 20 to 40 times as
    long as one thread needs: the threads wait for each other, not for the memory.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def region(tensor: "Tensor", slices: Slices) -> "Tensor":
    """Return the part of a tensor that lies within (start, stop) of each dimension, as a view.

    Networks have hundreds of small tensors: one view by strides takes half the time of indexing.
    """
    if len(slices) == 1:
        ((start, stop),) = slices
        return tensor if stop - start == tensor.shape[0] else tensor[start:stop]
    sizes = [stop - start for start, stop in slices]
    if tensor.shape == tuple(sizes):
        return tensor
    strides = tensor.stride()
    offset = tensor.storage_offset()
    for (start, _), stride in zip(slices, strides, strict=True):
        offset += start * stride
    return tensor.as_strided(sizes, strides, offset)


def taken(row: PlanRow, source: "Tensor") -> "Tensor":
    """Return what a row takes of its source tensor, in the order it takes it; a view where it can be."""
    part = region(source, row.source_slices)
    if not row.source_picks:
        return part
    if part.device.type == "cpu" and not part.is_conj():
        return _taken_by_numpy(row, bits(part.detach())).view(source.dtype)
    for axis, picks in enumerate(row.source_picks):
        if picks is not None:
            part = bits(part).index_select(axis, _positions(picks, row.source_slices[axis][0], part))
    return part if part.dtype == source.dtype else part.view(source.dtype)


def _taken_by_numpy(row: PlanRow, part: "Tensor") -> "Tensor":
    """Pick elements in the CPU's memory: NumPy takes a quarter of the time that torch does."""
    import torch

    values = part.numpy()
    for axis, picks in enumerate(row.source_picks):
        if picks is not None:
            values = values.take(np.array(picks) - row.source_slices[axis][0], axis)
    return torch.from_numpy(values)


def put(row: PlanRow, target: "Tensor", part: "Tensor") -> None:
    """Put what was taken, in the target's dtype and on its device, where the row says."""
    into = region(target, row.target_slices)
    picked = [axis for axis, picks in enumerate(row.target_picks) if picks is not None]
    if not picked:
        into.copy_(part)
        return
    into, part = bits(into), bits(part)
    index: list[Tensor | slice] = [slice(None)] * into.dim()
    for number, axis in enumerate(picked):
        picks = row.target_picks[axis]
        assert picks is not None
        places = _positions(picks, row.target_slices[axis][0], into)
        index[axis] = places.view(-1, *[1] * (len(picked) - 1 - number))
    if len(picked) == 1:
        into.index_copy_(picked[0], places, part)
    else:
        # Indices in several dimensions: what lies between them must come along in one order.
        order = [*picked, *(axis for axis in range(into.dim()) if axis not in picked)]
        turned = into.permute(order)
        turned[tuple(index[axis] for axis in picked)] = part.permute(order)


def converted(
    row: PlanRow, part: "Tensor", dtype: "torch.dtype", loss: ConversionLoss | None = None
) -> "Tensor":
    """Scale what was taken and give it the target's dtype: on the CPU, so that every device agrees.

    Parameters
    ----------
    row
        Holds the scale.
    part
        What was taken, on any device; it is not changed.
    dtype
        The target's.
    loss
        Told of the values that do not survive the change of dtype.
    """
    if row.scale == 1.0 and part.dtype == dtype:
        return part
    here = part.cpu()
    if row.scale != 1.0:
        here = here.to(_wide(part.dtype, dtype)) * row.scale
    made = here.to(dtype)
    if loss is not None and part.dtype != dtype:
        loss.compare(here, made, row.target)
    return made


def _wide(*dtypes: "torch.dtype") -> "torch.dtype":
    """Return the dtype to compute in: float32, or the widest of these."""
    import torch

    found = torch.float32
    for dtype in dtypes:
        # The eight-bit floats have no promotion of their own; float32 holds them all.
        if not (dtype.is_floating_point and dtype.itemsize == 1):
            found = torch.promote_types(found, dtype)
    return found


def copy_row(
    row: PlanRow, source: "Tensor | None", target: "Tensor", loss: ConversionLoss | None = None
) -> int:
    """Carry out one row in place: ``target[target_indices] = source[source_indices] * scale``, or a constant.

    The tensors may lie on different devices and differ in dtype; the target's own stay. Call
    it without gradients and, for tensors in the CPU's memory, under `one_thread`.

    Returns
    -------
    int
        Bytes written.
    """
    if row.constant is not None:
        target.fill_(row.constant)
        return target.nbytes
    assert source is not None
    if source.untyped_storage().data_ptr() == target.untyped_storage().data_ptr():
        # A network transferred into itself: the two regions may overlap.
        source = source.clone()
    if source.dtype == target.dtype and _is_plain(row):
        part = region(target, row.target_slices)
        part.copy_(region(source, row.source_slices))
        return part.nbytes
    made = converted(row, taken(row, source), target.dtype, loss)
    put(row, target, made.to(target.device))
    return made.nbytes


def _is_plain(row: PlanRow) -> bool:
    """Tell whether a row copies a box as it is."""
    return not row.source_picks and not row.target_picks and row.scale == 1.0


def apply_plan(
    plan: TransferPlan,
    read_source: Callable[[str], "Tensor"],
    targets: Mapping[str, "Tensor"],
    loss: ConversionLoss | None = None,
) -> int:
    """Carry out a plan in memory, in place.

    Parameters
    ----------
    plan
        What goes where.
    read_source
        Gives the source's tensor of a state-dict key.
    targets
        The target's tensors by state-dict key; changed in place.
    loss
        Told of what does not survive a change of dtype.

    Returns
    -------
    int
        Bytes written.

    Raises
    ------
    TransferError
        If a tensor is missing or its shape is not the planned one. Nothing has been changed then.
    """
    import torch

    work: list[tuple[PlanRow, Tensor | None, Tensor]] = []
    for row in plan.rows:
        if row.fresh is None:
            source = find_tensor(read_source, row.source, row.source_shape, "source") if row.source else None
            target = checked_tensor(targets.get(row.target), row.target, row.target_shape, "target")
            work.append((row, source, target))
    written_to = {target.untyped_storage().data_ptr() for _, _, target in work}
    into: list[Tensor] = []
    parts: list[Tensor] = []
    written = 0
    with torch.no_grad(), one_thread():
        for row, source, target in work:
            if source is not None and source.untyped_storage().data_ptr() in written_to:
                # A network transferred into itself: nothing is read that was written before.
                source = source.clone()
            if source is None or source.dtype != target.dtype or not _is_plain(row):
                written += copy_row(row, source, target, loss)
                continue
            same = row.source_shape == row.target_shape and not row.padded
            into.append(target if same else region(target, row.target_slices))
            parts.append(source if same else region(source, row.source_slices))
        if into:
            # All plain copies in one call: a call for each takes longer than most of the copies.
            torch._foreach_copy_(into, parts)
    return written + sum([part.nbytes for part in into])


def find_tensor(
    read: Callable[[str], "Tensor"], key: str, shape: tuple[int, ...] | None, side: str
) -> "Tensor":
    """Read a tensor and check it against the plan.

    Raises
    ------
    TransferError
        If there is none of this key, or its shape is not the planned one.
    """
    try:
        tensor = read(key)
    except KeyError as error:
        raise _changed(f"The {side} network has no tensor {key}.") from error
    return checked_tensor(tensor, key, shape, side)


def checked_tensor(tensor: "Tensor | None", key: str, shape: tuple[int, ...] | None, side: str) -> "Tensor":
    """Return the tensor once it is there, holds values of its own, and has the planned shape.

    Raises
    ------
    TransferError
        If any of it is not so.
    """
    import torch

    if tensor is None:
        raise _changed(f"The {side} network has no tensor {key}.")
    if tensor.shape != shape:
        raise _changed(
            f"{key} of the {side} network has the shape {tuple(tensor.shape)}, and the plan says {shape}."
        )
    if tensor.is_meta:
        raise TransferError(
            f"{key} of the {side} network has a shape but no values: it is on the meta device.",
            "Give the network values first, for instance by Module.to_empty and its initialisation.",
        )
    if tensor.layout is not torch.strided or tensor.is_conj() or tensor.is_neg():
        raise TransferError(
            f"{key} of the {side} network is no plain tensor: it is sparse, or a conjugate view.",
            "Make it plain first, by to_dense(), resolve_conj() or resolve_neg().",
        )
    return tensor


def _changed(message: str) -> TransferError:
    return TransferError(message, "The network is not the one that was matched; match the two again.")


def _positions(picks: tuple[int, ...], start: int, beside: "Tensor") -> "Tensor":
    """Return indices within a box that begins at `start`, on the device of another tensor."""
    import torch

    return torch.tensor(picks, device=beside.device) - start


def bits(tensor: "Tensor") -> "Tensor":
    """View a tensor as integers of the same size: not every dtype can be indexed everywhere."""
    import torch

    kinds = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    kind = kinds.get(tensor.dtype.itemsize)
    return tensor if kind is None or tensor.dtype == kind else tensor.view(kind)
