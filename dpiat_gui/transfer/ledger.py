"""The ledger of a transfer: every element of the target accounted for, by tensor, layer and block."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, Literal

from dpiat_gui.files import csv_name
from dpiat_gui.networks.values import Network
from dpiat_gui.transfer.values import Indices, PlanRow, TransferPlan

FORMAT = "dpiat-gui coverage ledger"
VERSION = 1
PARTS = ("copied", "set", "kept", "fresh")
"""The four ways in which an element of the target comes by its value; they add up to all elements."""

State = Literal["exact", "cropped", "part", "set", "fresh"]
STATES: tuple[State, ...] = ("exact", "cropped", "part", "set", "fresh")
"""What becomes of a tensor as a whole."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Elements by where their values come from.

    Parameters
    ----------
    elements
        All of them; the sum of the others.
    copied
        From the source.
    set
        Set to one value by a step of the recipe.
    kept
        Around a copied part: the source is smaller there, and the target's own values stay.
    fresh
        Of tensors that take nothing: the target's own values stay.
    tensors
        Tensors they belong to.
    """

    elements: int = 0
    copied: int = 0
    set: int = 0
    kept: int = 0
    fresh: int = 0
    tensors: int = 0

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(
            self.elements + other.elements,
            self.copied + other.copied,
            self.set + other.set,
            self.kept + other.kept,
            self.fresh + other.fresh,
            self.tensors + other.tensors,
        )

    @property
    def fraction(self) -> float:
        """Share that comes from the source; 0 where there are no elements."""
        return self.copied / self.elements if self.elements else 0.0

    def to_json(self) -> dict[str, int]:
        """Return the numbers as plain JSON."""
        return {name: getattr(self, name) for name in ("elements", *PARTS, "tensors")}


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What becomes of one tensor of the target.

    Parameters
    ----------
    target, shape, dtype
        Key in the target's state dict, with shape and dtype.
    layer, block
        Paths of the target layer and of its block; ``""`` outside the sequence.
    source, source_shape
        Key of the tensor it takes from, with its shape; ``""`` and ``()`` for none.
    amounts
        Its elements by where their values come from.
    cut
        Elements of the source tensor that are not taken.
    state
        What becomes of it as a whole.
    why
        Why it stays fresh, or which step set it; ``""`` for one that is copied.
    scale
        Factor on what is copied.
    """

    target: str
    shape: tuple[int, ...]
    dtype: str
    layer: str
    block: str
    source: str
    source_shape: tuple[int, ...]
    amounts: Amounts
    cut: int
    state: State
    why: str
    scale: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain JSON."""
        amounts = self.amounts.to_json()
        del amounts["tensors"]
        return {
            "target": self.target,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "layer": self.layer,
            "block": self.block,
            "source": self.source or None,
            "source_shape": list(self.source_shape) if self.source else None,
            **amounts,
            "cut": self.cut,
            "scale": self.scale,
            "state": self.state,
            "why": self.why,
        }


@dataclass(frozen=True)
class Ledger:
    """What becomes of every element of a target.

    Parameters
    ----------
    source, target
        Names of the two networks.
    rows
        One per entry of the target's state dict, in its order.
    total
        Of all rows.
    by_layer, by_block
        Of the rows of each layer and block, in target order; ``""`` for what lies outside the
        sequence.
    """

    source: str
    target: str
    rows: tuple[LedgerRow, ...] = field(repr=False)
    total: Amounts
    by_layer: Mapping[str, Amounts] = field(repr=False)
    by_block: Mapping[str, Amounts] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return the ledger as plain JSON, totals first."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "source": self.source,
            "target": self.target,
            "total": self.total.to_json(),
            "blocks": {path: amounts.to_json() for path, amounts in self.by_block.items()},
            "layers": {path: amounts.to_json() for path, amounts in self.by_layer.items()},
            "tensors": [row.to_json() for row in self.rows],
        }

    def to_csv(self) -> str:
        """Return the tensors as CSV with a header; shapes read ``64x3x7x7``."""
        return _table(self.rows, delimiter=",")

    def text(self, path: str) -> str:
        """Return the ledger as a file of that name holds it: CSV for ``.csv``, else JSON."""
        if path.lower().endswith(".csv"):
            return self.to_csv()
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n"


def ledger(plan: TransferPlan, target: Network | None = None) -> Ledger:
    """Account for every element of a plan's target.

    Parameters
    ----------
    plan
        What goes where.
    target
        The target, which knows the blocks of its layers; without it each layer is its own.
    """
    blocks = block_of_layers(target) if target is not None else {}
    rows = tuple(_ledger_row(row, blocks.get(row.layer, row.layer)) for row in plan.rows)
    return Ledger(
        source=plan.source_name,
        target=plan.target_name,
        rows=rows,
        total=sum([row.amounts for row in rows], Amounts()),
        by_layer=_totals(rows, lambda row: row.layer),
        by_block=_totals(rows, lambda row: row.block),
    )


def block_of_layers(network: Network) -> dict[str, str]:
    """Return the path of the block of each layer."""
    return {layer.path: block.path for block in network.sequence for layer in block.layers}


def tsv(rows: Iterable[LedgerRow]) -> str:
    """Return rows for the clipboard, as a spreadsheet takes them."""
    return _table(rows, delimiter="\t")


def _ledger_row(row: PlanRow, block: str) -> LedgerRow:
    elements, copied, by_step = row.elements, row.copied, row.set
    copies = row.source is not None
    rest = elements - copied - by_step
    return LedgerRow(
        target=row.target,
        shape=row.target_shape,
        dtype=row.target_dtype,
        layer=row.layer,
        block=block,
        source=row.source or "",
        source_shape=row.source_shape or (),
        amounts=Amounts(
            elements, copied, by_step, kept=rest if copies else 0, fresh=0 if copies else rest, tensors=1
        ),
        cut=_cut(row),
        state=_state(row),
        why=row.fresh.value if row.fresh else row.step,
        scale=row.scale,
    )


def _cut(row: PlanRow) -> int:
    """Count the source elements that are not taken; one taken several times counts once."""
    if row.source is None or row.source_shape is None:
        return 0
    return prod(row.source_shape) - prod([_distinct(indices) for indices in row.source_indices])


def _distinct(indices: Indices) -> int:
    return len(indices) if isinstance(indices, range) else len({*indices})


def _state(row: PlanRow) -> State:
    if row.constant is not None:
        return "set"
    if row.source is None:
        return "fresh"
    if row.padded:
        return "part"
    return "exact" if row.exact else "cropped"


def _totals(rows: Iterable[LedgerRow], of: Callable[[LedgerRow], str]) -> dict[str, Amounts]:
    found: dict[str, Amounts] = {}
    for row in rows:
        found[of(row)] = found.get(of(row), Amounts()) + row.amounts
    return found


def _table(rows: Iterable[LedgerRow], delimiter: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    places = ("target", "shape", "dtype", "layer", "block", "source", "source_shape")
    writer.writerow((*places, "elements", *PARTS, "cut", "scale", "state", "why"))
    for row in rows:
        amounts = row.amounts
        writer.writerow(
            (
                *(
                    csv_name(row.target),
                    _shape(row.shape),
                    row.dtype,
                    csv_name(row.layer),
                    csv_name(row.block),
                ),
                *(csv_name(row.source), _shape(row.source_shape)),
                *(amounts.elements, amounts.copied, amounts.set, amounts.kept, amounts.fresh),
                *(row.cut, f"{row.scale:g}", row.state, row.why),
            )
        )
    return text.getvalue()


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
