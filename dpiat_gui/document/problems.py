"""Rows worth a look, in the order of the target's column."""

from dataclasses import dataclass
from enum import Enum

from dpiat_gui.document.places import is_scored, places_of
from dpiat_gui.document.selection import Selection
from dpiat_gui.matching.values import Matching, Pair
from dpiat_gui.networks.values import Block, Layer

WEAK = 0.5
"""Pairs that score below this are called weak."""


class ProblemKind(Enum):
    """Why a row is worth a look; the value is what the window says."""

    FRESH = "fresh"
    WEAK = "weak"
    CROPPED = "cropped"
    REUSED = "reused source"
    UNUSED = "unused source"


@dataclass(frozen=True, slots=True)
class Problem:
    """One row worth a look.

    Parameters
    ----------
    source, target
        Paths of the layers; one of them is None for a fresh target or an unused source.
    kinds
        Why, the gravest first.
    score
        Score of the pair, None where there is none.
    row
        Position in the target's column, over all layers; an unused source has that of the row
        it stands before.
    """

    source: str | None
    target: str | None
    kinds: tuple[ProblemKind, ...]
    score: float | None = None
    row: int = 0

    @property
    def selection(self) -> Selection:
        """The row as a selection."""
        return Selection(self.source, self.target)

    @property
    def text(self) -> str:
        """The problem in words: ``blocks.1.0.conv_dw: weak (0.31), cropped``."""
        words = [
            f"{kind.value} ({self.score:.2f})"
            if kind is ProblemKind.WEAK and self.score is not None
            else kind.value
            for kind in self.kinds
        ]
        return f"{self.target or self.source}: {', '.join(words)}"


@dataclass(frozen=True, slots=True)
class ProblemStep:
    """A step of the walk through the problems.

    Parameters
    ----------
    problem
        The problem arrived at.
    position, count
        Its number, from 1, and how many there are.
    at_end
        True if there was none further that way, and the walk stays where it was.
    """

    problem: Problem
    position: int
    count: int
    at_end: bool = False

    @property
    def selection(self) -> Selection:
        """The row to select."""
        return self.problem.selection

    @property
    def counter(self) -> str:
        """Where the walk is: ``3 of 41``."""
        return f"{self.position} of {self.count}"


def find_problems(matching: Matching) -> tuple[Problem, ...]:
    """Return the problems of a matching in target order.

    What was decided by hand, a pin or a target left fresh, is no problem. A source that is
    unused stands before the first target that a later source serves.
    """
    layer_types = matching.options.layer_types
    sources = places_of(matching.source, layer_types)
    order = {path: at for at, path in enumerate(sources)}
    unused = [
        place.layer.path
        for place in sources.values()
        if place.layer is not None
        and is_scored(place.layer, layer_types)
        and place.layer.path not in matching.by_source
    ]
    unused.sort(key=order.__getitem__, reverse=True)
    fresh = frozenset(matching.overrides.fresh)
    found: list[Problem] = []
    for row, (block, layer) in enumerate(_target_rows(matching)):
        pair = matching.by_target.get(layer.path)
        if pair is not None:
            while unused and order[unused[-1]] < order[pair.source]:
                found.append(Problem(unused.pop(), None, (ProblemKind.UNUSED,), row=row))
            source = sources[pair.source].layer
            assert source is not None
            kinds = _kinds(matching, pair, source, layer)
            if kinds:
                found.append(Problem(pair.source, pair.target, kinds, pair.score, row))
        elif is_scored(layer, layer_types) and not {layer.path, block.path} & fresh:
            found.append(Problem(None, layer.path, (ProblemKind.FRESH,), row=row))
    rows = sum(len(block.layers) for block in matching.target_entries)
    found += [Problem(path, None, (ProblemKind.UNUSED,), row=rows) for path in reversed(unused)]
    return tuple(found)


def step(
    problems: tuple[Problem, ...], matching: Matching, at: Selection, direction: int
) -> ProblemStep | None:
    """Walk from the selected row to the next problem, or the one before it.

    Parameters
    ----------
    problems
        As `find_problems` returns them.
    matching
        The matching they are of.
    at
        Where to start; nothing starts at the first problem (the last, if `direction` is -1).
    direction
        1 for the next, -1 for the one before.

    Returns
    -------
    ProblemStep or None
        None if there is no problem at all.
    """
    if not problems:
        return None
    last = len(problems) - 1
    for here, problem in enumerate(problems):
        if (at.target and problem.target == at.target) or (not at.target and problem.source == at.source):
            wanted = here + direction
            break
    else:
        row = _row_of(matching, at)
        if row is None:
            wanted = 0 if direction > 0 else last
        elif direction > 0:
            wanted = next((k for k, problem in enumerate(problems) if problem.row >= row), last + 1)
        else:
            wanted = next((k for k in range(last, -1, -1) if problems[k].row < row), -1)
    stays = min(max(wanted, 0), last)
    return ProblemStep(problems[stays], stays + 1, len(problems), at_end=stays != wanted)


def _target_rows(matching: Matching) -> list[tuple[Block, Layer]]:
    return [(block, layer) for block in matching.target_entries for layer in block.layers]


def _row_of(matching: Matching, at: Selection) -> int | None:
    """Return the target row that a selection stands at; of a block, its first layer's."""
    path = at.target
    if path is None:
        return None
    for row, (block, layer) in enumerate(_target_rows(matching)):
        if path in (layer.path, block.path):
            return row
    return None


def _kinds(matching: Matching, pair: Pair, source: Layer, target: Layer) -> tuple[ProblemKind, ...]:
    if pair.pinned:
        return ()
    kinds = []
    if pair.score < WEAK:
        kinds.append(ProblemKind.WEAK)
    if any(s > t for s, t in zip(source.shape or (), target.shape or (), strict=False)):
        kinds.append(ProblemKind.CROPPED)
    if len(matching.by_source[pair.source]) > 1:
        kinds.append(ProblemKind.REUSED)
    return tuple(kinds)
