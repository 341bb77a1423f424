"""The transfer plan: which elements of which source tensor go where, or why none do.

One plan is read by the preview, the execution and the coverage report, and anyone can apply
it: for each row with a source, ``target[target_slices] = source[source_slices]``.
"""

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from math import prod

from dpiat_gui.transfer.options import TransferOptions


class FreshReason(Enum):
    """Why a target tensor keeps the target's own initialisation."""

    UNMATCHED = "unmatched"
    OVERRIDE = "left fresh by hand"
    NOT_IN_SOURCE = "the matched source layer has no such tensor"
    RANK_DIFFERS = "the matched tensors have different ranks"
    BUFFERS_OFF = "buffers are not copied"
    NOT_A_LAYER = "outside the matched sequence"
    EMPTY = "has no elements"


Slices = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What happens to one target tensor.

    Parameters
    ----------
    target, target_shape, target_dtype
        Key in the target's state dict, with shape and dtype.
    layer
        Path of the target layer the tensor belongs to; ``""`` outside the sequence.
    source, source_shape
        Key in the source's state dict and shape, None for a fresh row.
    source_slices, target_slices
        (start, stop) per dimension; both select the same number of elements.
    fresh
        Why the tensor stays fresh, None for a row that copies.
    """

    target: str
    target_shape: tuple[int, ...]
    target_dtype: str
    layer: str
    source: str | None = None
    source_shape: tuple[int, ...] | None = None
    source_slices: Slices = ()
    target_slices: Slices = ()
    fresh: FreshReason | None = None

    @property
    def elements(self) -> int:
        """Number of elements of the target tensor."""
        return prod(self.target_shape)

    @property
    def copied(self) -> int:
        """Number of target elements that come from the source."""
        if self.source is None:
            return 0
        return prod([stop - start for start, stop in self.target_slices])

    @property
    def cropped(self) -> bool:
        """True if part of the source tensor is cut away."""
        return self.source_shape is not None and not _is_whole(self.source_slices, self.source_shape)

    @property
    def padded(self) -> bool:
        """True if the row copies, and part of the target tensor is left to its initialisation."""
        return self.source is not None and not _is_whole(self.target_slices, self.target_shape)


def _is_whole(slices: Slices, shape: tuple[int, ...]) -> bool:
    return slices == tuple([(0, size) for size in shape])


@dataclass(frozen=True)
class TransferPlan:
    """A whole transfer, row by row, in the target's state-dict order.

    Parameters
    ----------
    source_name, source_origin, source_fingerprint
        Where the weights come from.
    target_name, target_origin, target_fingerprint
        Where they go.
    options
        How it was planned.
    rows
        One row per entry of the target's state dict.
    source_elements
        Number of elements of the source's whole state dict; 0 if nobody counted.
    """

    source_name: str
    source_origin: str
    source_fingerprint: str
    target_name: str
    target_origin: str
    target_fingerprint: str
    options: TransferOptions
    rows: tuple[PlanRow, ...] = field(repr=False)
    source_elements: int = 0

    @property
    def operator(self) -> str:
        """How a pair of tensors is cut to fit."""
        return self.options.operator

    @property
    def buffers(self) -> bool:
        """Whether running statistics are copied."""
        return self.options.buffers

    @cached_property
    def by_target(self) -> dict[str, PlanRow]:
        """The row of each target tensor, by its key."""
        return {row.target: row for row in self.rows}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job has come.

    Parameters
    ----------
    done, total
        Steps, such as bytes written and to write; a total of 0 says that nobody knows yet.
    text
        What is being done: the name of the tensor, or of the stage.
    """

    done: int
    total: int
    text: str = ""

    @property
    def fraction(self) -> float | None:
        """Share that is done, 0 to 1; None where nobody knows."""
        return min(1.0, max(0.0, self.done / self.total)) if self.total > 0 else None
