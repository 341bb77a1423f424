"""The transfer plan: which elements of which source tensor go where, or why none do.

One plan is read by the preview, the execution and the coverage report, and anyone can apply
it: for each row with a source, with the indices that a row takes along each dimension,
``target[ix(target_indices)] = source[ix(source_indices)] * scale``, where ``ix`` is NumPy's ``ix_``;
for each row with a constant, ``target[...] = constant``.
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
    WHOLE_NUMBERS = "whole numbers of another shape or kind are left alone"
    COMPLEX = "complex numbers have no place among real ones"
    FROZEN = "a frozen parameter is left alone"
    IN_PARTS = "one side alone computes its weight of parts, as weight norm does"
    OTHER_PARTS = "the two sides compute this weight in different ways, as weight norm and pruning do"
    NECK = "left fresh before a classifier that starts from zero"
    CALIBRATED = "estimated anew on images, after the transfer"


Slices = tuple[tuple[int, int], ...]
Picks = tuple[tuple[int, ...] | None, ...]
"""Indices one by one in each dimension, None for all within the slice."""
Indices = range | tuple[int, ...]
"""Indices along one dimension, in the order in which they are taken."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What happens to one target tensor: a part is copied, all is set to one value, or nothing.

    Parameters
    ----------
    target, target_shape, target_dtype
        Key in the target's state dict, with shape and dtype.
    layer
        Path of the target layer the tensor belongs to; ``""`` outside the sequence.
    source, source_shape
        Key in the source's state dict and shape, None for a row that copies nothing.
    source_slices, target_slices
        (start, stop) per dimension: the smallest box around what is taken and what is filled.
    fresh
        Why the tensor stays fresh, None for a row that copies or sets.
    source_picks, target_picks
        Where the indices along a dimension are not all of its box, the indices themselves, as many
        on both sides: a source index may come several times and in any order, target indices
        rise. Empty where every dimension is a plain box.
    scale
        Factor on what is copied: computed in float32, or the wider of the two dtypes, then cast.
    constant
        Value that the whole tensor is set to, None for none.
    step
        Step of the recipe that set it, or that left it fresh.
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
    source_picks: Picks = ()
    target_picks: Picks = ()
    scale: float = 1.0
    constant: float | None = None
    step: str = ""

    @property
    def elements(self) -> int:
        """Number of elements of the target tensor."""
        return prod(self.target_shape)

    @property
    def source_indices(self) -> tuple[Indices, ...]:
        """The source's indices along each dimension, in the order they are taken."""
        return _indices(self.source_slices, self.source_picks)

    @property
    def target_indices(self) -> tuple[Indices, ...]:
        """The target's indices along each dimension, as many as the source's."""
        return _indices(self.target_slices, self.target_picks)

    @property
    def copied(self) -> int:
        """Number of target elements that come from the source."""
        if self.source is None:
            return 0
        if self.target_picks:
            return prod([len(indices) for indices in self.target_indices])
        return prod([stop - start for start, stop in self.target_slices])

    @property
    def set(self) -> int:
        """Number of target elements that a step of the recipe sets."""
        return 0 if self.constant is None else self.elements

    @property
    def cropped(self) -> bool:
        """True if part of the source tensor is cut away."""
        if self.source_shape is None:
            return False
        return not _is_whole(self.source_slices, self.source_picks, self.source_shape)

    @property
    def padded(self) -> bool:
        """True if the row copies, and part of the target tensor is left to its initialisation."""
        if self.source is None:
            return False
        return not _is_whole(self.target_slices, self.target_picks, self.target_shape)

    @property
    def exact(self) -> bool:
        """True if the target tensor becomes a whole source tensor as it is, but for its dtype."""
        if self.source is None or self.source_picks or self.target_picks or self.scale != 1.0:
            return False
        return self.source_shape == self.target_shape and not self.padded


def _indices(slices: Slices, picks: Picks) -> tuple[Indices, ...]:
    if not picks:
        return tuple(range(start, stop) for start, stop in slices)
    return tuple(
        range(start, stop) if one is None else one for (start, stop), one in zip(slices, picks, strict=True)
    )


def _is_whole(slices: Slices, picks: Picks, shape: tuple[int, ...]) -> bool:
    if slices != tuple([(0, size) for size in shape]):
        return False
    return all(one is None or len({*one}) == size for one, size in zip(picks, shape, strict=False))


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
    provisional
        True for a plan made without the source's weights where its operator goes by them, or without
        a flow of information that it goes by: the transfer decides which elements are taken. Their
        numbers are right, but for a network that is aligned by structure and was not traced.
    notes
        What a person should know of how it was planned, one sentence each.
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
    provisional: bool = False
    notes: tuple[str, ...] = ()

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
