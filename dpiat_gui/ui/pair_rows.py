"""What the pairs table says: one row per scored target layer, and per source layer that gives nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from dpiat_gui.document.places import is_scored
from dpiat_gui.document.problems import WEAK
from dpiat_gui.document.selection import Selection
from dpiat_gui.matching.values import Matching, Overrides
from dpiat_gui.networks.titles import format_shape
from dpiat_gui.networks.values import Layer
from dpiat_gui.ui.pair_filter import STATES
from dpiat_gui.ui.texts import percent


class Column(IntEnum):
    """Columns of the table."""

    SOURCE = 0
    TARGET = 1
    KIND = 2
    SHAPES = 3
    SCORE = 4
    STATE = 5
    COVERED = 6
    BEFORE = 7


HEADERS = ("Source", "Target", "Kind", "Shapes", "Score", "State", "Covered", "Compared")
_CHANGE_ORDER = {"changed": 0, "removed": 1, "added": 2, "same": 3, "": 4}


@dataclass(frozen=True, slots=True)
class PairRow:
    """One row of the table.

    Parameters
    ----------
    source, target
        Paths, ``""`` where there is none.
    kind
        Kind of the layers.
    shapes
        As shown: ``504×84×1×1 → 528×88×1×1``.
    score
        Score of the pair, None without one.
    state
        One of `dpiat_gui.ui.pair_filter.STATES`.
    covered
        Share of the target layer that is copied, None where unknown or without meaning.
    order
        Positions among all source layers and all target layers, -1 where there is none.
    elements
        Elements of the larger of both scored tensors; shapes are sorted by it.
    change
        What the row is to a matching that this one is compared with, one of
        `dpiat_gui.ui.pair_filter.CHANGES`; ``""`` while nothing is compared.
    before
        Source of the target in that other matching, ``""`` for none.
    by_block
        Whether it is pinned because its block is.
    """

    source: str
    target: str
    kind: str
    shapes: str
    score: float | None
    state: str
    covered: float | None = None
    order: tuple[int, int] = (-1, -1)
    elements: int = 0
    change: str = ""
    before: str = ""
    by_block: bool = False

    @property
    def selection(self) -> Selection:
        """What to select for the row: its target, which brings the source, or its source alone."""
        return Selection(target=self.target) if self.target else Selection(source=self.source)

    def text(self, column: int) -> str:
        """Return the text of a cell."""
        if column == Column.SCORE:
            return "" if self.score is None else f"{self.score:.3f}"
        if column == Column.COVERED:
            return "" if self.covered is None else percent(self.covered)
        if column == Column.BEFORE:
            words = {"added": "+ new", "removed": f"− {self.before}", "changed": f"was {self.before}"}
            return words.get(self.change, "")
        state = f"{self.state} block" if self.by_block else self.state
        return (self.source or "–", self.target or "–", self.kind, self.shapes, "", state)[column]

    def sort_key(self, column: int) -> int | float | str:
        """Return what a cell is sorted by; paths stand in the order of their network."""
        return (
            self.order[0],
            self.order[1],
            self.kind.lower(),
            self.elements,
            -1.0 if self.score is None else self.score,
            STATES.index(self.state),
            -1.0 if self.covered is None else self.covered,
            _CHANGE_ORDER[self.change],
        )[column]


def pair_rows(matching: Matching, covered: Mapping[str, float] | None = None) -> list[PairRow]:
    """Return the rows of a matching in target order; see `PairsModel`.

    Parameters
    ----------
    matching
        The matching.
    covered
        Copied share of each target layer, by path, as far as it is known.
    """
    covered = covered or {}
    layer_types = matching.options.layer_types
    sources = [layer for block in matching.source_entries for layer in block.layers]
    order = {layer.path: at for at, layer in enumerate(sources)}
    unused = [
        at
        for at, layer in enumerate(sources)
        if is_scored(layer, layer_types) and layer.path not in matching.by_source
    ][::-1]
    banned = {target for _, target in matching.overrides.bans}
    by_block = _held_by_blocks(matching)
    rows: list[PairRow] = []
    position = 0
    for block in matching.target_entries:
        for layer in block.layers:
            pair = matching.by_target.get(layer.path)
            if pair is not None:
                at = order[pair.source]
                while unused and unused[-1] < at:
                    rows.append(_unused_row(sources[unused[-1]], unused.pop()))
                held = pair.source in by_block.get(block.path, ())
                state = "pinned" if pair.pinned or held else "weak" if pair.score < WEAK else "auto"
                row = _pair_row(sources[at], layer, pair.score, state, (at, position), covered)
                rows.append(replace(row, by_block=True) if held and not pair.pinned else row)
            elif is_scored(layer, layer_types):
                is_banned = bool({layer.path, block.path} & banned)
                by_hand = _left_fresh(matching.overrides, layer.path, block.path)
                state = "banned" if is_banned and not by_hand else "fresh"
                rows.append(_fresh_row(layer, position, state))
            position += 1
    rows += [_unused_row(sources[at], at) for at in reversed(unused)]
    return rows


def _held_by_blocks(matching: Matching) -> dict[str, frozenset[str]]:
    """Return the layers of the source block by the target block it is pinned to, both of several layers."""
    found: dict[str, frozenset[str]] = {}
    for entry in matching.entry_pairs:
        source, target = matching.source_entries[entry.source], matching.target_entries[entry.target]
        if (source.path, target.path) in matching.overrides.pins and not target.single:
            found[target.path] = frozenset(layer.path for layer in source.layers)
    return found


def _left_fresh(overrides: Overrides, *paths: str) -> bool:
    return any(path in overrides.fresh for path in paths)


def _fresh_row(layer: Layer, position: int, state: str) -> PairRow:
    shape = f"→ {format_shape(layer.shape)}"
    elements = layer.weight.elements if layer.weight else 0
    return PairRow("", layer.path, layer.kind.value, shape, None, state, 0.0, (-1, position), elements)


def _pair_row(
    source: Layer,
    target: Layer,
    score: float,
    state: str,
    order: tuple[int, int],
    covered: Mapping[str, float],
) -> PairRow:
    shapes = f"{format_shape(source.shape)} → {format_shape(target.shape)}"
    elements = max(layer.weight.elements if layer.weight else 0 for layer in (source, target))
    share = covered.get(target.path)
    return PairRow(source.path, target.path, target.kind.value, shapes, score, state, share, order, elements)


def _unused_row(layer: Layer, at: int) -> PairRow:
    elements = layer.weight.elements if layer.weight else 0
    shape = f"{format_shape(layer.shape)} →"
    return PairRow(layer.path, "", layer.kind.value, shape, None, "unused", None, (at, -1), elements)
