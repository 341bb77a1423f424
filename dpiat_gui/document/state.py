"""The document as one value: what a person chose, and what was solved from it."""

from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING

from dpiat_gui.document.corrections import Misfit, fitting_overrides, joined, overrides_of
from dpiat_gui.document.unconstrained import Unconstrained
from dpiat_gui.errors import MatchError, OverrideError
from dpiat_gui.matching.engine import prepare, solve
from dpiat_gui.matching.values import Matching, MatchOptions, Overrides, match_options
from dpiat_gui.networks.values import Network
from dpiat_gui.transfer.options import TransferOptions, Writing, transfer_options

if TYPE_CHECKING:
    from dpiat_gui.matching.tables import ScoreTables


@dataclass(frozen=True)
class DocumentState:
    """Everything a person can choose; a project is this and the names of the networks.

    Parameters
    ----------
    source, target
        The two networks, None while a side is not open.
    source_reference, target_reference
        Where they come from; may be set before the network is open.
    method
        The standardization of both networks.
    preset, options
        The preset, and the options of the matching that came of it.
    overrides
        Corrections by hand.
    disabled
        Corrections that are kept, and do not count: switched off, or no longer fitting.
    transfer
        Options of the transfer.
    seed
        Seed of the target's own initialisation.
    device
        Where the transfer runs.
    writing
        How the checkpoint is written.
    """

    source: Network | None = field(default=None, repr=False)
    target: Network | None = field(default=None, repr=False)
    source_reference: str = ""
    target_reference: str = ""
    method: str = "blocks"
    preset: str = "recommended"
    options: MatchOptions = field(default_factory=match_options)
    overrides: Overrides = field(default_factory=Overrides)
    disabled: Overrides = field(default_factory=Overrides)
    transfer: TransferOptions = field(default_factory=transfer_options)
    seed: int = 0
    device: str = "auto"
    writing: Writing = field(default_factory=Writing)


@dataclass(frozen=True)
class Snapshot:
    """A state and what was solved from it; a step of the undo history holds two of these.

    Parameters
    ----------
    state
        The state.
    tables
        Scores of every pair of blocks, shared by all snapshots of the same networks and
        options; None while a network is missing.
    matching
        The matching, None where there is none.
    error
        Why there is no matching although both networks are open, None where there is one.
    solve_ms
        How long solving took, in milliseconds; None where nothing was solved.
    free
        What holds before any override; None where there are no tables.
    """

    state: DocumentState
    tables: "ScoreTables | None" = field(default=None, repr=False)
    matching: Matching | None = field(default=None, repr=False)
    error: MatchError | None = field(default=None, repr=False)
    solve_ms: float | None = field(default=None, compare=False)
    free: Unconstrained | None = field(default=None, repr=False, compare=False)

    @property
    def unsolved(self) -> bool:
        """Whether both networks are open and nobody has tried to match them yet."""
        both = self.state.source is not None and self.state.target is not None
        return both and self.matching is None and self.error is None


def solved(state: DocumentState, previous: Snapshot | None = None) -> Snapshot:
    """Return `state` with its matching, doing again only what `previous` cannot lend.

    Raises
    ------
    OverrideError
        If an override cannot hold.
    """
    if state.source is None or state.target is None:
        return Snapshot(state)
    free = None
    if previous is not None and same_tables(previous.state, state):
        if previous.error is not None:
            return replace(previous, state=state)
        if previous.matching is not None and previous.state.overrides == state.overrides:
            return replace(previous, state=state, matching=_of_preset(previous.matching, state.preset))
        tables, free = previous.tables, previous.free
    else:
        tables = None
    # The first solve of a run brings its libraries along, which is no part of how long it takes.
    import dpiat_gui.matching.solving  # noqa: F401 - to have it loaded is all

    began = perf_counter()
    if tables is None:
        try:
            tables = prepare(state.source, state.target, state.options)
        except MatchError as error:
            return Snapshot(state, error=error)
    matching = _of_preset(solve(tables, state.overrides), state.preset)
    milliseconds = (perf_counter() - began) * 1000
    return Snapshot(state, tables, matching, None, milliseconds, free or Unconstrained(tables))


def fitting(state: DocumentState, previous: Snapshot | None = None) -> tuple[Snapshot, tuple[Misfit, ...]]:
    """Return `state` solved with those of its overrides that fit, and why each of the others does not.

    Used when a network, the standardization or the options change under the overrides. Those that
    do not fit are kept as disabled ones.
    """
    try:
        return solved(state, previous), ()
    except OverrideError:
        snapshot = solved(replace(state, overrides=Overrides()), previous)
    assert snapshot.tables is not None
    kept, misfits = fitting_overrides(snapshot.tables, state.overrides)
    disabled = joined(state.disabled, overrides_of(misfit.override for misfit in misfits))
    return solved(replace(state, overrides=kept, disabled=disabled), snapshot), misfits


def _of_preset(matching: Matching, preset: str) -> Matching:
    """Return the matching with the preset its options came from."""
    return matching if matching.preset == preset else replace(matching, preset=preset)


def same_tables(before: DocumentState, after: DocumentState) -> bool:
    """Tell whether both states are solved from the same scores."""
    return before.source is after.source and before.target is after.target and before.options == after.options
