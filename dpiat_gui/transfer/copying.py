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
    """Return the part of a tensor that lies within (start, stop) of each dimension, as a view."""
    return tensor[tuple(slice(start, stop) for start, stop in slices)]


def copy_row(row: PlanRow, source: "Tensor", target: "Tensor") -> None:
    """Carry out one row: ``target[target_slices] = source[source_slices]``, in place.

    The tensors may lie on different devices and differ in dtype; the target's own stay. Call
    it without gradients and, for tensors in the CPU's memory, under `one_thread`.
    """
    if source.untyped_storage().data_ptr() == target.untyped_storage().data_ptr():
        # A network transferred into itself: the two regions may overlap.
        source = source.clone()
    if row.source_shape != row.target_shape:
        target = region(target, row.target_slices)
        source = region(source, row.source_slices)
    target.copy_(source)


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

    work = [
        (row, find_tensor(read_source, row.source, row.source_shape, "source"), targets.get(row.target))
        for row in plan.rows
        if row.source is not None
    ]
    for row, _, target in work:
        check_tensor(target, row.target, row.target_shape, "target")
    with torch.no_grad(), one_thread():
        for row, source, target in work:
            assert target is not None
            copy_row(row, source, target)
    return sum(row.copied * target.element_size() for row, _, target in work if target is not None)


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
    check_tensor(tensor, key, shape, side)
    return tensor


def check_tensor(tensor: "Tensor | None", key: str, shape: tuple[int, ...] | None, side: str) -> None:
    """Check that a tensor is there, holds values, and has the planned shape."""
    if tensor is None:
        raise _changed(f"The {side} network has no tensor {key}.")
    if tuple(tensor.shape) != shape:
        raise _changed(
            f"{key} of the {side} network has the shape {tuple(tensor.shape)}, and the plan says {shape}."
        )
    if tensor.is_meta:
        raise TransferError(
            f"{key} of the {side} network has a shape but no values: it is on the meta device.",
            "Give the network values first, for instance by Module.to_empty and its initialisation.",
        )


def _changed(message: str) -> TransferError:
    return TransferError(message, "The network is not the one that was matched; match the two again.")
