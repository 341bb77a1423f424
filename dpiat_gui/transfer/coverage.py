"""Coverage: how much of the target comes from the source, to the element."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

import numpy as np

from dpiat_gui.transfer.values import FreshReason, Picks, PlanRow, Slices, TransferPlan


class LayerState(Enum):
    """What becomes of a target layer as a whole.

    Buffers that are left alone because buffers are off, and tensors without elements, do not
    count against a layer.
    """

    EXACT = "exact"
    """Every tensor is a whole source tensor."""
    CROPPED = "cropped"
    """Every element comes from the source, of which a part is cut away, repeated or scaled."""
    SET = "set"
    """Every element is set by a step of the recipe or comes from the source, and some are set."""
    PADDED = "padded"
    """Some elements come from the source or are set, the others keep the target's own initialisation."""
    FRESH = "fresh"
    """Nothing comes from the source, and nothing is set."""


@dataclass(frozen=True, slots=True)
class LayerCoverage:
    """Coverage of one target layer.

    Parameters
    ----------
    elements, copied
        Elements of all its tensors, and how many of them come from the source.
    state
        What becomes of it as a whole.
    set_elements
        Elements that a step of the recipe sets.
    """

    elements: int
    copied: int
    state: LayerState
    set_elements: int = 0

    @property
    def fraction(self) -> float:
        """Share of the elements that come from the source; 0 for a layer without elements."""
        return self.copied / self.elements if self.elements else 0.0


@dataclass(frozen=True)
class Coverage:
    """Coverage of a whole transfer.

    Parameters
    ----------
    elements, copied
        Elements of the target's state dict, and how many of them come from the source.
    tensors, copied_tensors, set_tensors
        Entries of the target's state dict, how many of them take anything, and how many a step of the
        recipe sets.
    cropped_tensors, padded_tensors
        Entries for which the source is cut, and entries that are filled in part; some are both.
    source_elements, source_used
        Elements of the source's state dict (0 if nobody counted), and how many of them arrive
        anywhere; one that arrives in several places counts once.
    layers
        Coverage of each target layer that holds tensors, by path, in target order.
    by_tensor
        Share of the elements that come from the source, by state-dict key.
    fresh_elements
        Elements that keep the target's own initialisation, by reason; `PADDING` stands for
        what lies around a copied part.
    set_by_step
        Elements that are neither copied nor fresh, by the step of the recipe that sets them.

    Notes
    -----
    ``copied + set_elements + fresh == elements``, to the element.
    """

    elements: int
    copied: int
    tensors: int
    copied_tensors: int
    cropped_tensors: int
    padded_tensors: int
    source_elements: int
    source_used: int
    layers: Mapping[str, LayerCoverage] = field(repr=False)
    by_tensor: Mapping[str, float] = field(repr=False)
    fresh_elements: Mapping[str, int] = field(repr=False)
    set_by_step: Mapping[str, int] = field(default_factory=dict, repr=False)
    set_tensors: int = 0

    @property
    def set_elements(self) -> int:
        """Elements that a step of the recipe sets."""
        return sum(self.set_by_step.values())

    @property
    def fresh(self) -> int:
        """Elements that keep the target's own initialisation."""
        return self.elements - self.copied - self.set_elements

    @property
    def fraction(self) -> float:
        """Share of the elements that come from the source; 0 for a target without elements."""
        return self.copied / self.elements if self.elements else 0.0

    @property
    def fresh_tensors(self) -> int:
        """Entries of the target's state dict that take nothing and are not set."""
        return self.tensors - self.copied_tensors - self.set_tensors

    @cached_property
    def by_layer(self) -> dict[str, float]:
        """Share of the elements that come from the source, by layer path."""
        return {path: layer.fraction for path, layer in self.layers.items()}

    def count(self, state: LayerState) -> int:
        """Return the number of layers in this state."""
        return sum(layer.state is state for layer in self.layers.values())

    @property
    def exact_layers(self) -> int:
        """Layers all of whose tensors are whole source tensors."""
        return self.count(LayerState.EXACT)

    @property
    def cropped_layers(self) -> int:
        """Layers that are filled wholly, from a larger source."""
        return self.count(LayerState.CROPPED)

    @property
    def set_layers(self) -> int:
        """Layers that steps of the recipe set, as a whole or in part, with nothing left fresh."""
        return self.count(LayerState.SET)

    @property
    def padded_layers(self) -> int:
        """Layers that are filled in part."""
        return self.count(LayerState.PADDED)

    @property
    def fresh_layers(self) -> int:
        """Layers that take nothing and are not set."""
        return self.count(LayerState.FRESH)

    def to_json(self) -> dict[str, Any]:
        """Return the coverage as plain JSON, totals first."""
        return {
            "elements": self.elements,
            "copied": self.copied,
            "set": self.set_elements,
            "fresh": self.fresh,
            "fraction": self.fraction,
            "tensors": self.tensors,
            "copied_tensors": self.copied_tensors,
            "set_tensors": self.set_tensors,
            "cropped_tensors": self.cropped_tensors,
            "padded_tensors": self.padded_tensors,
            "source_elements": self.source_elements,
            "source_used": self.source_used,
            "fresh_elements": dict(self.fresh_elements),
            "set_by_step": dict(self.set_by_step),
            "layer_counts": {state.value: self.count(state) for state in LayerState},
            "layers": {
                path: {
                    "elements": layer.elements,
                    "copied": layer.copied,
                    "set": layer.set_elements,
                    "state": layer.state.value,
                }
                for path, layer in self.layers.items()
            },
        }


PADDING = "around the copied part"
"""Key of `Coverage.fresh_elements` for what a smaller source cannot fill."""


def coverage(plan: TransferPlan) -> Coverage:
    """Count what a plan copies and sets.

    Returns
    -------
    Coverage
        Its totals add up exactly: elements of the layers and of tensors outside any layer to
        the elements of the target; copied, set and fresh elements likewise.
    """
    counted = [_Counted(row, row.elements, row.copied, row.cropped) for row in plan.rows]
    copying = [one for one in counted if one.row.source is not None]
    fresh: dict[str, int] = {}
    made: dict[str, int] = {}
    for one in counted:
        if one.row.constant is not None:
            made[one.row.step] = made.get(one.row.step, 0) + one.elements
        elif one.copied < one.elements:
            reason = one.row.fresh.value if one.row.fresh else PADDING
            fresh[reason] = fresh.get(reason, 0) + one.elements - one.copied
    return Coverage(
        elements=sum(one.elements for one in counted),
        copied=sum(one.copied for one in counted),
        tensors=len(counted),
        copied_tensors=len(copying),
        cropped_tensors=sum(one.cropped for one in copying),
        padded_tensors=sum(one.copied < one.elements for one in copying),
        source_elements=plan.source_elements,
        source_used=_source_used(one.row for one in copying),
        layers=_by_layer(counted),
        by_tensor={one.row.target: one.copied / one.elements if one.elements else 0.0 for one in counted},
        fresh_elements=fresh,
        set_by_step=made,
        set_tensors=sum(one.row.constant is not None for one in counted),
    )


class _Counted(NamedTuple):
    """A row with what is asked of it several times."""

    row: PlanRow
    elements: int
    copied: int
    cropped: bool


def _by_layer(counted: Iterable[_Counted]) -> dict[str, LayerCoverage]:
    grouped: dict[str, list[_Counted]] = {}
    for one in counted:
        # A network of one module has a layer whose path is empty: only the reason tells.
        if one.row.fresh is not FreshReason.NOT_A_LAYER:
            grouped.setdefault(one.row.layer, []).append(one)
    return {
        path: LayerCoverage(
            sum([one.elements for one in members]),
            sum([one.copied for one in members]),
            _state(members),
            sum([one.row.set for one in members]),
        )
        for path, members in grouped.items()
    }


def _state(members: Iterable[_Counted]) -> LayerState:
    """Judge a layer by its rows, those aside that were never meant to be copied."""
    aside = (FreshReason.BUFFERS_OFF, FreshReason.EMPTY, FreshReason.CALIBRATED)
    meant = [one for one in members if one.row.fresh not in aside]
    made = any(one.row.constant is not None for one in meant)
    if not made and not any(one.copied for one in meant):
        return LayerState.FRESH
    if any(one.copied < one.elements and one.row.constant is None for one in meant):
        return LayerState.PADDED
    if made:
        return LayerState.SET
    return LayerState.EXACT if all(one.row.exact for one in meant) else LayerState.CROPPED


def _source_used(copying: Iterable[PlanRow]) -> int:
    """Count the source elements that arrive anywhere."""
    rows: dict[str, dict[tuple[Slices, Picks], PlanRow]] = {}
    for row in copying:
        rows.setdefault(row.source or "", {})[row.source_slices, row.source_picks] = row
    used = 0
    for of_one in rows.values():
        if any(row.source_picks for row in of_one.values()):
            used += _union_of_picks(list(of_one.values()))
        else:
            used += _union([row.source_slices for row in of_one.values()])
    return used


def _union_of_picks(rows: list[PlanRow]) -> int:
    """Count the elements in the union of what rows take of one tensor, index by index.

    Along each dimension, indices that the same rows take are as one: so the cost depends on the number
    of rows and the lengths of the dimensions, not on the number of elements.
    """
    taken = [row.source_indices for row in rows]
    if len(taken) == 1:
        return prod([len({*along}) for along in taken[0]])
    classes, sizes = [], []
    for axis, length in enumerate(rows[0].source_shape or ()):
        takes = np.zeros((length, len(rows)), dtype=bool)
        for number, indices in enumerate(taken):
            takes[list(indices[axis]), number] = True
        distinct, counts = np.unique(takes, axis=0, return_counts=True)
        classes.append(distinct)
        sizes.append(counts)
    covered = np.zeros([len(counts) for counts in sizes], dtype=bool)
    for number in range(len(rows)):
        covered[np.ix_(*[distinct[:, number] for distinct in classes])] = True
    elements = np.ones(covered.shape, dtype=np.int64)
    for axis, counts in enumerate(sizes):
        elements *= counts.reshape([-1 if at == axis else 1 for at in range(len(sizes))])
    return int(elements[covered].sum())


def _union(boxes: list[Slices]) -> int:
    """Count the elements in the union of distinct boxes of one tensor.

    The boxes' corners cut the tensor into a small grid of cells, each wholly inside a box or
    wholly outside; so the cost depends on the number of boxes alone.
    """
    if len(boxes) == 1:
        return prod([stop - start for start, stop in boxes[0]])
    rank = len(boxes[0])
    corners = [sorted({corner for box in boxes for corner in box[k]}) for k in range(rank)]
    covered = np.zeros([len(cuts) - 1 for cuts in corners], dtype=bool)
    for box in boxes:
        covered[
            tuple(
                slice(cuts.index(start), cuts.index(stop))
                for (start, stop), cuts in zip(box, corners, strict=True)
            )
        ] = True
    sizes = np.ones(covered.shape, dtype=np.int64)
    for k, cuts in enumerate(corners):
        sizes *= np.diff(cuts).reshape([-1 if axis == k else 1 for axis in range(rank)])
    return int(sizes[covered].sum())
