"""Rows worth a look, in the order of the target's column."""

from dataclasses import dataclass
from enum import Enum

from dpiat_gui.document.places import is_scored
from dpiat_gui.document.selection import Selection
from dpiat_gui.matching.values import EntryPair, Matching
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
        Paths of two layers or two blocks; one is None for a fresh target or an unused source.
    kinds
        Why, the gravest first.
    score
        Score of a pair of layers, None for blocks and where there is no pair.
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
        """The problem in words: ``blocks.1.0.conv_dw: weak (0.314), cropped``."""
        words = [
            f"{kind.value} ({self.score:.3f})"
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

    A block that is fresh or unused as a whole is one problem, and so is one whose layers are
    cropped or whose source serves others too; a layer that is weak, or fresh in a matched block,
    is one of its own. What was decided by hand, a pin or a target left fresh, is none. A source
    that is unused stands before the first target that a later source serves.
    """
    layer_types = matching.options.layer_types
    fresh = frozenset(matching.overrides.fresh)
    # Of several sources for one block, as some methods have them, the first speaks for all.
    by_target = {entry.target: entry for entry in reversed(matching.entry_pairs)}
    unused = _unused(matching)
    found: list[Problem] = []
    row = 0
    for at, block in enumerate(matching.target_entries):
        entry = by_target.get(at)
        scored = [layer for layer in block.layers if is_scored(layer, layer_types)]
        if entry is None:
            if scored and block.path not in fresh and not all(layer.path in fresh for layer in scored):
                found.append(Problem(None, block.path, (ProblemKind.FRESH,), row=row))
            row += len(block.layers)
            continue
        while unused and unused[-1][0] < entry.source:
            found.append(Problem(unused.pop()[1], None, (ProblemKind.UNUSED,), row=row))
        kinds = _entry_kinds(matching, entry)
        if kinds and not block.single:
            source = matching.source_entries[entry.source].path
            found.append(Problem(source, block.path, kinds, row=row))
        for layer in block.layers:
            problem = _layer_problem(matching, layer, kinds if block.single else (), row)
            if problem is not None and layer in scored and layer.path not in fresh:
                found.append(problem)
            row += 1
        while unused and unused[-1][0] == entry.source and entry.target == _last_target(matching, entry):
            found.append(Problem(unused.pop()[1], None, (ProblemKind.UNUSED,), row=row))
    found += [Problem(path, None, (ProblemKind.UNUSED,), row=row) for _, path in reversed(unused)]
    return tuple(found)


def _unused(matching: Matching) -> list[tuple[int, str]]:
    """Return (entry, path) of every scored source block or layer that serves nothing, last first."""
    layer_types = matching.options.layer_types
    served = {entry.source for entry in matching.entry_pairs}
    found = []
    for at, block in enumerate(matching.source_entries):
        scored = [layer for layer in block.layers if is_scored(layer, layer_types)]
        if at in served:
            found += [(at, layer.path) for layer in scored if layer.path not in matching.by_source]
        elif scored:
            found.append((at, block.path))
    return found[::-1]


def _last_target(matching: Matching, entry: EntryPair) -> int:
    return max(other.target for other in matching.entry_pairs if other.source == entry.source)


def _entry_kinds(matching: Matching, entry: EntryPair) -> tuple[ProblemKind, ...]:
    """Return what is wrong with a pair of entries as a whole."""
    if entry.pinned:
        return ()
    kinds = []
    sources = _shapes(matching.source_entries[entry.source])
    targets = _shapes(matching.target_entries[entry.target])
    if any(
        s > t for pair in entry.pairs for s, t in zip(sources[pair.source], targets[pair.target], strict=True)
    ):
        kinds.append(ProblemKind.CROPPED)
    if any(len(matching.by_source[pair.source]) > 1 for pair in entry.pairs):
        kinds.append(ProblemKind.REUSED)
    return tuple(kinds)


def _shapes(block: Block) -> dict[str, tuple[int, ...]]:
    return {layer.path: layer.shape or () for layer in block.layers}


def _layer_problem(
    matching: Matching, layer: Layer, kinds: tuple[ProblemKind, ...], row: int
) -> Problem | None:
    """Return the problem of one layer in a matched entry; `kinds` are those of a single entry."""
    pair = matching.by_target.get(layer.path)
    if pair is None:
        return Problem(None, layer.path, (ProblemKind.FRESH,), row=row)
    if pair.pinned:
        return None
    if pair.score < WEAK:
        kinds = (ProblemKind.WEAK, *kinds)
    return Problem(pair.source, pair.target, kinds, pair.score, row) if kinds else None


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
        if (at.target and problem.target == at.target) or (
            not at.target and at.source and problem.source == at.source
        ):
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
