"""Coverage: how much of the target comes from the source, to the element."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np

from dpiat_gui.transfer.values import FreshReason, PlanRow, Slices, TransferPlan


class LayerState(Enum):
    """What becomes of a target layer as a whole.

    Buffers that are left alone because buffers are off, and tensors without elements, do not
    count against a layer.
    """

    EXACT = "exact"
    """Every tensor is a whole source tensor."""
    CROPPED = "cropped"
    """Every element comes from the source, of which a part is cut away."""
    PADDED = "padded"
    """Some elements come from the source, the others keep the target's own initialisation."""
    FRESH = "fresh"
    """Nothing comes from the source."""


@dataclass(frozen=True, slots=True)
class LayerCoverage:
    """Coverage of one target layer.

    Parameters
    ----------
    elements, copied
        Elements of all its tensors, and how many of them come from the source.
    state
        What becomes of it as a whole.
    """

    elements: int
    copied: int
    state: LayerState

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
    tensors, copied_tensors
        Entries of the target's state dict, and how many of them take anything.
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

    @property
    def fresh(self) -> int:
        """Elements that keep the target's own initialisation."""
        return self.elements - self.copied

    @property
    def fraction(self) -> float:
        """Share of the elements that come from the source; 0 for a target without elements."""
        return self.copied / self.elements if self.elements else 0.0

    @property
    def fresh_tensors(self) -> int:
        """Entries of the target's state dict that take nothing."""
        return self.tensors - self.copied_tensors

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
    def padded_layers(self) -> int:
        """Layers that are filled in part."""
        return self.count(LayerState.PADDED)

    @property
    def fresh_layers(self) -> int:
        """Layers that take nothing."""
        return self.count(LayerState.FRESH)

    def to_json(self) -> dict[str, Any]:
        """Return the coverage as plain JSON, totals first."""
        return {
            "elements": self.elements,
            "copied": self.copied,
            "fresh": self.fresh,
            "fraction": self.fraction,
            "tensors": self.tensors,
            "copied_tensors": self.copied_tensors,
            "cropped_tensors": self.cropped_tensors,
            "padded_tensors": self.padded_tensors,
            "source_elements": self.source_elements,
            "source_used": self.source_used,
            "fresh_elements": dict(self.fresh_elements),
            "layer_counts": {state.value: self.count(state) for state in LayerState},
            "layers": {
                path: {"elements": layer.elements, "copied": layer.copied, "state": layer.state.value}
                for path, layer in self.layers.items()
            },
        }


PADDING = "around the copied part"
"""Key of `Coverage.fresh_elements` for what a smaller source cannot fill."""


def coverage(plan: TransferPlan) -> Coverage:
    """Count what a plan copies.

    Returns
    -------
    Coverage
        Its totals add up exactly: elements of the layers and of tensors outside any layer to
        the elements of the target, copied and fresh elements likewise.
    """
    rows = plan.rows
    copying = [row for row in rows if row.source is not None]
    fresh: dict[str, int] = {}
    for row in rows:
        if row.copied < row.elements:
            reason = row.fresh.value if row.fresh else PADDING
            fresh[reason] = fresh.get(reason, 0) + row.elements - row.copied
    return Coverage(
        elements=sum(row.elements for row in rows),
        copied=sum(row.copied for row in rows),
        tensors=len(rows),
        copied_tensors=len(copying),
        cropped_tensors=sum(row.cropped for row in copying),
        padded_tensors=sum(row.padded for row in copying),
        source_elements=plan.source_elements,
        source_used=_source_used(copying),
        layers=_by_layer(rows),
        by_tensor={row.target: row.copied / row.elements if row.elements else 0.0 for row in rows},
        fresh_elements=fresh,
    )


def _by_layer(rows: Iterable[PlanRow]) -> dict[str, LayerCoverage]:
    grouped: dict[str, list[PlanRow]] = {}
    for row in rows:
        # A network of one module has a layer whose path is empty: only the reason tells.
        if row.fresh is not FreshReason.NOT_A_LAYER:
            grouped.setdefault(row.layer, []).append(row)
    return {
        path: LayerCoverage(
            sum(row.elements for row in members), sum(row.copied for row in members), _state(members)
        )
        for path, members in grouped.items()
    }


def _state(rows: Iterable[PlanRow]) -> LayerState:
    """Judge a layer by its rows, those aside that were never meant to be copied."""
    aside = (FreshReason.BUFFERS_OFF, FreshReason.EMPTY)
    counted = [row for row in rows if row.fresh not in aside]
    copying = [row for row in counted if row.source is not None]
    if not copying:
        return LayerState.FRESH
    if len(copying) < len(counted) or any(row.padded for row in copying):
        return LayerState.PADDED
    if any(row.cropped for row in copying):
        return LayerState.CROPPED
    return LayerState.EXACT


def _source_used(copying: Iterable[PlanRow]) -> int:
    """Count the source elements that arrive anywhere."""
    by_source = sorted((row.source or "", row.source_slices) for row in copying)
    return sum(
        _union([slices for _, slices in group]) for _, group in groupby(by_source, key=lambda item: item[0])
    )


def _union(boxes: list[Slices]) -> int:
    """Count the elements in the union of boxes of one tensor.

    The boxes' corners cut the tensor into a small grid of cells, each wholly inside a box or
    wholly outside; so the cost depends on the number of boxes alone.
    """
    distinct = list(dict.fromkeys(boxes))
    rank = len(distinct[0])
    corners = [sorted({corner for box in distinct for corner in box[k]}) for k in range(rank)]
    covered = np.zeros([len(cuts) - 1 for cuts in corners], dtype=bool)
    for box in distinct:
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
