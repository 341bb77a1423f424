"""How long a matching may take to solve, and solving one whole, for a job as for the window's own thread."""

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dpiat_gui.document.corrections import Misfit
from dpiat_gui.document.derived import Derived
from dpiat_gui.document.selection import Selection
from dpiat_gui.document.state import DocumentState, Snapshot, fitting, same_tables, solved
from dpiat_gui.errors import OverrideError
from dpiat_gui.matching.layer_scores import layer_type
from dpiat_gui.matching.methods import METHODS, Rule
from dpiat_gui.matching.values import Matching, MatchOptions, Overrides
from dpiat_gui.networks.values import Network

if TYPE_CHECKING:
    from collections.abc import Callable

    from dpiat_gui.matching.tables import ScoreTables

SLOW_MS = 50.0
"""What takes longer than this is no work for the window's own thread."""
_ORDERED_US, _FREE_US = 3.5, 1.0
"""Microseconds a cell of the largest table takes, by rule: measured, and generous."""
_NEW_TABLES = 5
"""Solves for new tables: the matching, and those that the similarity is made of."""


@dataclass(frozen=True)
class Wish:
    """An edit on its way: the state it leads to, and what to do when that is solved.

    Parameters
    ----------
    text
        What the edit does, in the menu's voice; ``""`` for what is no step of undo.
    state
        The document after it.
    setting
        One of `commands.MERGED`, or ``""``.
    fits
        Whether overrides that no longer fit are disabled; else one that does not refuses the edit.
    asked
        What to select with it, None for no change.
    told
        Called at the end with the solution.
    """

    text: str
    state: DocumentState
    setting: str = ""
    fits: bool = False
    asked: Selection | None = None
    told: "Callable[[Solution], object] | None" = field(default=None, compare=False)


@dataclass(frozen=True)
class Solution:
    """A state solved.

    Parameters
    ----------
    snapshot
        The state with its matching.
    misfits
        Overrides that do not fit and were disabled.
    derived
        Plan and coverage, where they are computed already.
    """

    snapshot: Snapshot
    misfits: tuple[Misfit, ...] = ()
    derived: Derived | None = None


def solve_wish(wish: Wish, previous: Snapshot | None) -> Solution:
    """Solve a wish; `previous` lends what has not changed.

    Raises
    ------
    OverrideError
        If an override cannot hold and may not be disabled.
    """
    if wish.fits:
        return Solution(*fitting(wish.state, previous))
    return Solution(solved(wish.state, previous))


def solve_whole(wish: Wish, previous: Snapshot | None) -> Solution:
    """Solve a wish with all that the window reads at once: similarity, plan, coverage.

    It touches nothing that is shared but the tables' own memory, so it may run in a thread.
    """
    solution = solve_wish(wish, previous)
    snapshot, state = solution.snapshot, solution.snapshot.state
    derived = Derived(snapshot.matching, state.transfer, state.seed)
    if snapshot.free is not None:
        _ = snapshot.free.similarity
        if state.overrides:
            _ = snapshot.free.score
    _ = derived.coverage
    return Solution(snapshot, solution.misfits, derived)


def overrides_cost(tables: "ScoreTables", matching: Matching, overrides: Overrides) -> float | None:
    """Return the total score under other overrides, less that of `matching`; None if they cannot hold."""
    from dpiat_gui.matching.engine import solve

    try:
        return solve(tables, overrides).score - matching.score
    except OverrideError:
        return None


def is_slow(state: DocumentState, previous: Snapshot | None = None) -> bool:
    """Tell whether solving `state` may hold up the window, with what `previous` can lend."""
    if state.source is None or state.target is None:
        return False
    if previous is not None and same_tables(previous.state, state):
        if previous.error is not None or previous.state.overrides == state.overrides:
            return False
        return is_slow_again(previous)
    return _NEW_TABLES * estimated_ms(state.source, state.target, state.options) > SLOW_MS


def is_slow_again(snapshot: Snapshot) -> bool:
    """Tell whether solving once with other overrides may hold up the window."""
    state = snapshot.state
    if state.source is None or state.target is None:
        return False
    return max(estimated_ms(state.source, state.target, state.options), snapshot.solve_ms or 0) > SLOW_MS


def estimated_ms(source: Network, target: Network, options: MatchOptions) -> float:
    """Estimate how long one solve takes, from the size of its outer table."""
    method = METHODS[options.method]
    rule = method.entries
    if Rule.ONE_TO_ONE in (method.entries, method.layers) and "scipy.optimize" not in sys.modules:
        # The first assignment of a run brings a large library along.
        return 1000.0
    cells = 1
    for network in (source, target):
        entries = network.entries_for(options.layer_types)
        if method.layerwise:
            cells *= sum(
                layer_type(layer, options.layer_types) is not None
                for block in entries
                for layer in block.layers
            )
        else:
            cells *= len(entries)
    return cells * (_ORDERED_US if rule is Rule.ORDERED else _FREE_US) / 1000
