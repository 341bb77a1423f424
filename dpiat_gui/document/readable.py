"""The document as its readers see it: values, and a signal for each that changes."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from dpiat_gui.document.derived import Derived
from dpiat_gui.document.explain import resolve
from dpiat_gui.document.selection import Selection
from dpiat_gui.document.state import DocumentState, Snapshot
from dpiat_gui.errors import DpiatError
from dpiat_gui.matching.values import Matching, MatchOptions, Overrides, Similarity
from dpiat_gui.networks.values import Network
from dpiat_gui.transfer.options import TransferOptions

if TYPE_CHECKING:
    from dpiat_gui.matching.tables import ScoreTables
    from dpiat_gui.transfer.coverage import Coverage
    from dpiat_gui.transfer.values import TransferPlan


class ReadableDocument(QObject):
    """The current state, its matching and what follows from it.

    Signals fire once for each change and never when a value stays equal; they fire after all
    values have taken their new state, so that any slot may read any property. Values are
    immutable: keep them, compare them, but ask again after a signal.

    Signals
    -------
    source_changed, target_changed
        A network, or the reference it comes from.
    matching_changed : Matching or None
        The pairs, the overrides or the options they were solved with.
    plan_changed
        What the plan and the coverage are made of.
    options_changed
        Options of the matching, its preset, or the standardization.
    overrides_changed
        Pins, bans and fresh targets, enabled or not.
    settings_changed
        Options, seed or device of the transfer.
    selection_changed : Selection
        What is selected, partner included.
    modified_changed : bool
        Whether there is anything to save.
    message : str
        A sentence for the status bar.
    project_path_changed : str
        The file the project is saved in, ``""`` for none.
    solving_changed : bool
        Whether a matching is being solved in a job; until it ends the old one stays.
    misfitted : tuple[Misfit, ...]
        Overrides that no longer fit and were disabled; after everything else is told.
    differing : tuple[str, ...]
        Sides, ``source`` and ``target``, that are not the structure the opened project was saved with.
    refused : DpiatError
        Why an edit that was solved in a job came to nothing.
    job_started : Job
        The job that solves.
    """

    source_changed = Signal()
    target_changed = Signal()
    matching_changed = Signal(object)
    plan_changed = Signal()
    options_changed = Signal()
    overrides_changed = Signal()
    settings_changed = Signal()
    selection_changed = Signal(object)
    modified_changed = Signal(bool)
    message = Signal(str)
    project_path_changed = Signal(str)
    solving_changed = Signal(bool)
    misfitted = Signal(object)
    differing = Signal(object)
    refused = Signal(object)
    job_started = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._snapshot = Snapshot(DocumentState())
        self._derived = Derived(None, self.state.transfer)
        self._asked = Selection()
        self._selection = Selection()
        self._note = ""
        self.undo_stack = QUndoStack(self)

    @property
    def state(self) -> DocumentState:
        """Everything a person has chosen, as one value."""
        return self._snapshot.state

    @property
    def source(self) -> Network | None:
        """The source network, None while none is open."""
        return self.state.source

    @property
    def target(self) -> Network | None:
        """The target network, None while none is open."""
        return self.state.target

    @property
    def source_reference(self) -> str:
        """Where the source comes from, ``""`` while none is chosen."""
        return self.state.source_reference

    @property
    def target_reference(self) -> str:
        """Where the target comes from, ``""`` while none is chosen."""
        return self.state.target_reference

    @property
    def options(self) -> MatchOptions:
        """Options of the matching."""
        return self.state.options

    @property
    def overrides(self) -> Overrides:
        """Corrections by hand."""
        return self.state.overrides

    @property
    def disabled(self) -> Overrides:
        """Corrections by hand that are kept, and do not count."""
        return self.state.disabled

    @property
    def transfer(self) -> TransferOptions:
        """Options of the transfer."""
        return self.state.transfer

    @property
    def seed(self) -> int:
        """Seed of the target's own initialisation."""
        return self.state.seed

    @property
    def device(self) -> str:
        """Where the transfer runs."""
        return self.state.device

    @property
    def matching(self) -> Matching | None:
        """The matching, None while a network is missing or they cannot be matched."""
        return self._snapshot.matching

    @property
    def solve_ms(self) -> float | None:
        """How long the matching took to solve, in milliseconds; None without one."""
        return self._snapshot.solve_ms

    @property
    def match_error(self) -> DpiatError | None:
        """Why there is no matching although both networks are open."""
        return self._snapshot.error

    @property
    def tables(self) -> "ScoreTables | None":
        """Scores of every pair of blocks: what a matching is solved from."""
        return self._snapshot.tables

    @property
    def plan(self) -> "TransferPlan | None":
        """The transfer plan, computed when first asked for; None without a matching."""
        return self._derived.plan

    @property
    def coverage(self) -> "Coverage | None":
        """What of the target the source covers; None without a matching."""
        return self._derived.coverage

    @property
    def similarity(self) -> Similarity | None:
        """Similarity of the two architectures; overrides do not change it."""
        free = self._snapshot.free
        return None if free is None else free.similarity

    @property
    def override_cost(self) -> float:
        """What all overrides together change in the total score: for the dynamic programs, 0 or less."""
        free = self._snapshot.free
        if free is None or self.matching is None or not self.overrides:
            return 0.0
        return self.matching.score - free.score

    @property
    def selection(self) -> Selection:
        """What is selected, partner included."""
        return self._selection

    @property
    def selection_note(self) -> str:
        """Why the selected row has no partner; ``""`` if it has one."""
        return self._note

    def resolved(self, asked: Selection) -> Selection:
        """Return what a selection means now: one side brings its partner, paths that are gone are dropped."""
        return resolve(asked, self._snapshot)[0]

    # -- for the classes that edit -------------------------------------------------------

    def _assign(self, snapshot: Snapshot, derived: Derived | None = None) -> None:
        """Put a snapshot in place and tell of each value that is another one now.

        Parameters
        ----------
        snapshot
            The snapshot.
        derived
            What follows from it, where that was computed already.
        """
        before, self._snapshot = self._snapshot, snapshot
        plan_differs = not self._derived.belongs_to(snapshot)
        if plan_differs:
            self._derived = derived or Derived(
                snapshot.matching, snapshot.state.transfer, snapshot.state.seed
            )
        old, new = before.state, snapshot.state
        if old.source is not new.source or old.source_reference != new.source_reference:
            self.source_changed.emit()
        if old.target is not new.target or old.target_reference != new.target_reference:
            self.target_changed.emit()
        if (old.options, old.preset, old.method) != (new.options, new.preset, new.method):
            self.options_changed.emit()
        if (old.overrides, old.disabled) != (new.overrides, new.disabled):
            self.overrides_changed.emit()
        chosen = (old.transfer, old.seed, old.device, old.writing)
        if chosen != (new.transfer, new.seed, new.device, new.writing):
            self.settings_changed.emit()
        if before.matching != snapshot.matching:
            self.matching_changed.emit(snapshot.matching)
        if plan_differs:
            self.plan_changed.emit()
        self._select(self._asked, tell=False)

    def _select(self, asked: Selection, *, tell: bool = True) -> None:
        """Select what was asked for, with the partner of a single side.

        Parameters
        ----------
        asked
            What to select; it is kept, so that a new matching brings the new partner.
        tell
            Whether to say in the status bar why there is no partner.
        """
        self._asked = asked
        selection, note = resolve(asked, self._snapshot)
        self._note = note
        if selection != self._selection:
            self._selection = selection
            self.selection_changed.emit(selection)
        if tell and note:
            self.message.emit(note)
