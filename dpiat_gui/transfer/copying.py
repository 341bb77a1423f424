"""Copying elements: the one place where weights move."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dpiat_gui.errors import TransferError
from dpiat_gui.transfer.values import PlanRow, Slices, TransferPlan

if TYPE_CHECKING:
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


def copy_row(row: PlanRow, source: "Tensor", target: "Tensor") -> int:
    """Carry out one row: ``target[target_slices] = source[source_slices]``, in place.

    The tensors may lie on different devices and differ in dtype; the target's own stay. Call
    it without gradients and, for tensors in the CPU's memory, under `one_thread`.

    Returns
    -------
    int
        Bytes written.
    """
    if source.untyped_storage().data_ptr() == target.untyped_storage().data_ptr():
        # A network transferred into itself: the two regions may overlap.
        source = source.clone()
    part = region(target, row.target_slices)
    part.copy_(region(source, row.source_slices))
    return part.nbytes


def apply_plan(
    plan: TransferPlan, read_source: Callable[[str], "Tensor"], targets: Mapping[str, "Tensor"]
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

    work = []
    for row in plan.rows:
        if row.source is not None:
            source = find_tensor(read_source, row.source, row.source_shape, "source")
            target = checked_tensor(targets.get(row.target), row.target, row.target_shape, "target")
            work.append((row, source, target))
    with torch.no_grad(), one_thread():
        return sum(copy_row(row, source, target) for row, source, target in work)


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
    """Return the tensor once it is there, holds values, and has the planned shape.

    Raises
    ------
    TransferError
        If any of it is not so.
    """
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
    return tensor


def _changed(message: str) -> TransferError:
    return TransferError(message, "The network is not the one that was matched; match the two again.")
