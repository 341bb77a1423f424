"""The history of the document: how an edit is solved, and becomes a step that can be undone."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject

from dpiat_gui.document import edits
from dpiat_gui.document.commands import Change
from dpiat_gui.document.derived import Derived
from dpiat_gui.document.readable import ReadableDocument
from dpiat_gui.document.selection import Selection
from dpiat_gui.document.solving import Solution, Wish, is_slow, is_slow_again, solve_whole, solve_wish
from dpiat_gui.document.state import DocumentState, Snapshot
from dpiat_gui.errors import DpiatError, MatchError

if TYPE_CHECKING:
    from dpiat_gui.services.jobs import Job, JobRunner

UNDO_LIMIT = 500
"""Steps of undo; each holds two small values, and shares networks and tables with the others."""
_CANCELLED = MatchError("Matching was cancelled.", "Match again with F5.")
Answer = TypeVar("Answer")


class RecordedDocument(ReadableDocument):
    """The document with its history: every edit is solved whole, then pushed as one flat step.

    Parameters
    ----------
    parent
        Owner.
    jobs
        Solves what takes long in a thread of its own; without it everything is solved at once.

    Notes
    -----
    While a job solves, the old values stay. One wish is under way at a time: a further edit
    builds on it and takes its place, and undo gives it up.
    """

    def __init__(self, parent: QObject | None = None, jobs: "JobRunner | None" = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._wish: Wish | None = None
        self._job: Job | None = None
        self._walk: list[tuple[Derived | None, Snapshot]] | None = None
        self._saved: DocumentState | None = None  # what a file holds although it is still being solved
        self.undo_stack.setUndoLimit(UNDO_LIMIT)
        self.undo_stack.cleanChanged.connect(self._on_clean_changed)
        # The stack empties itself as it dies with the document, and would tell a half-dead one.
        self.destroyed.connect(partial(self.undo_stack.blockSignals, True))

    @property
    def solving(self) -> bool:
        """Whether a matching is being solved in a job."""
        return self._wish is not None

    @property
    def wanted(self) -> DocumentState:
        """The state as it will be when the job that solves has ended; without one, the state."""
        return self._wish.state if self._wish is not None else self.state

    @property
    def at_risk(self) -> bool:
        """Whether something would be lost with the program now: unsaved steps, or one still being solved."""
        under_way = self._wish is not None and bool(self._wish.text)
        return not self.undo_stack.isClean() or (under_way and self._saved is None)

    def cancel_solving(self) -> None:
        """Give up the matching that is being solved; the old one stays."""
        job = self._job
        if job is not None:
            # At once: its answer may be on its way already, and is not wanted any more.
            self._on_cancelled(job)
            job.cancel()

    def undo(self) -> None:
        """Take back the last edit; one that is still being solved is given up."""
        if self._wish is not None and self._wish.text:
            self.cancel_solving()
        else:
            self.undo_stack.undo()

    def go_to_step(self, index: int) -> None:
        """Go to a step of the history; what lies between is passed over, in one change for all readers.

        Parameters
        ----------
        index
            How many steps shall be done: 0 for the beginning.
        """
        walk: list[tuple[Derived | None, Snapshot]] = []
        self._walk = walk
        try:
            self.undo_stack.setIndex(index)
        finally:
            self._walk = None
        if walk:
            self._put(*walk[-1])

    def snapshot_at(self, index: int) -> Snapshot:
        """Return the document as it was after the first `index` steps of the history.

        Raises
        ------
        IndexError
            If there are not so many.
        """
        if not 0 <= index <= self.undo_stack.count():
            raise IndexError(f"There is no step {index} of {self.undo_stack.count()}.")
        if index == self.undo_stack.index():
            return self._snapshot
        command = self.undo_stack.command(max(index - 1, 0))
        assert isinstance(command, Change)
        return command.after if index else command.before

    def work_out(
        self,
        owner: QObject,
        work: Callable[[], Answer],
        then: Callable[[Answer], None],
        failed: Callable[[DpiatError], None] | None = None,
        slow: bool | None = None,
    ) -> None:
        """Compute something that takes some solves, in a thread if they are long.

        Parameters
        ----------
        owner
            Nothing is called once it is gone.
        work
            Pure, of values alone.
        then
            Takes the answer; later, or before this returns.
        failed
            Takes the error, if `work` raises one.
        slow
            Whether `work` is long; None for one solve with other overrides.
        """
        if slow is None:
            slow = is_slow_again(self._snapshot)
        if self._jobs is not None and slow:
            job = self._jobs.run_in_thread(lambda _token: work(), "Weighing alternatives", pure=True)
            job.deliver_to(owner, done=then, failed=failed)
            return
        try:
            answer = work()
        except DpiatError as error:
            if failed is not None:
                failed(error)
            return
        then(answer)

    # -- for the classes that edit -------------------------------------------------------

    def _edit(
        self, text: str, state: DocumentState, setting: str = "", asked: Selection | None = None
    ) -> None:
        """Push `state` as one step, unless it is what there is already.

        `asked` is selected with it, in one change of the selection.
        """
        self._wish_for(Wish(text, state, setting, asked=asked))

    def _refit(self, text: str, state: DocumentState, setting: str = "") -> None:
        """Push `state` with the overrides that fit it, and report the others."""
        self._wish_for(Wish(text, state, setting, fits=True, told=self._report))

    def _wish_for(self, wish: Wish) -> None:
        if wish.state == self.wanted:
            return
        under_way = self._wish
        if wish.state == self.state:
            self._forget_wish()
            return
        if under_way is not None:
            # It builds on what was under way, which never became a step of its own.
            texts = [text for text in (under_way.text, wish.text) if text]
            wish = replace(wish, text="; ".join(dict.fromkeys(texts)), fits=wish.fits or under_way.fits)
            wish = replace(wish, told=wish.told or under_way.told)
        self._solve(wish)

    def _solve(self, wish: Wish) -> None:
        """Solve a wish and grant it: now, or by a job if it may take long."""
        if self._jobs is None or not is_slow(wish.state, self._snapshot):
            solution = solve_wish(wish, self._snapshot)
            self._forget_wish()
            self._grant(wish, solution)
        else:
            self._solve_in_job(wish, self._snapshot)

    def _solve_in_job(self, wish: Wish, previous: Snapshot | None) -> None:
        assert self._jobs is not None
        was_solving = self.solving
        self._forget_wish(tell=False)
        # Without what is told at the end: a thread must never hold the last reference to the document.
        values = replace(wish, told=None)
        job = self._jobs.run_in_thread(lambda _token: solve_whole(values, previous), "Matching", pure=True)
        self._wish, self._job = wish, job
        job.deliver_to(
            self,
            done=partial(self._on_solved, job),
            failed=partial(self._on_failed, job),
            cancelled=partial(self._on_cancelled, job),
        )
        self.job_started.emit(job)
        if not was_solving:
            self.solving_changed.emit(True)

    def _grant(self, wish: Wish, solution: Solution) -> None:
        """Put a solution in place, as a step if the wish has a text."""
        if wish.asked is not None:
            self._asked = wish.asked
        if wish.text:
            put = partial(self._put, solution.derived)
            self.undo_stack.push(Change(wish.text, self._snapshot, solution.snapshot, put, wish.setting))
        else:
            self._assign(solution.snapshot, solution.derived)
        saved, self._saved = self._saved, None
        if saved is not None and saved == solution.snapshot.state:
            self.undo_stack.setClean()
        if wish.told is not None:
            wish.told(solution)
        if wish.asked is not None:
            self._select(wish.asked)

    def _put(self, derived: Derived | None, snapshot: Snapshot) -> None:
        """Put a step's snapshot in place; what was under way built on another one and is given up."""
        if self._walk is not None:
            self._walk.append((derived, snapshot))
            return
        self._forget_wish()
        self._assign(snapshot, derived if derived is not None and derived.belongs_to(snapshot) else None)
        if snapshot.unsolved:
            self._solve(Wish("", snapshot.state, fits=True))

    def _report(self, solution: Solution) -> None:
        if solution.snapshot.error is not None:
            self.message.emit(str(solution.snapshot.error))
        elif solution.misfits:
            self.message.emit(edits.misfits_text(solution.misfits))
            self.misfitted.emit(solution.misfits)

    def _forget_wish(self, *, tell: bool = True) -> None:
        """Drop what is under way; its job's end is nobody's business any more."""
        job, self._job, self._wish = self._job, None, None
        if job is not None:
            self._differ_from_file()
            job.cancel()
            if tell:
                self.solving_changed.emit(False)

    def _differ_from_file(self) -> None:
        """Count as modified where the file holds an edit that has come to nothing."""
        if self._saved is not None:
            self._saved = None
            self.undo_stack.resetClean()

    # -- the job's end ---------------------------------------------------------------------

    def _on_solved(self, job: "Job", solution: Solution) -> None:
        wish = self._taken(job)
        if wish is not None:
            self._grant(wish, solution)

    def _on_failed(self, job: "Job", error: DpiatError) -> None:
        if self._taken(job) is not None:
            self._give_up(error)
            self.refused.emit(error)

    def _on_cancelled(self, job: "Job") -> None:
        if self._taken(job) is not None:
            self._give_up(_CANCELLED)
            self.message.emit(str(_CANCELLED) if self.matching is None else _CANCELLED.message)

    def _taken(self, job: "Job") -> Wish | None:
        """Return the wish whose job has ended; None if it is no longer wanted."""
        if job is not self._job:
            return None
        wish, self._wish, self._job = self._wish, None, None
        self.solving_changed.emit(False)
        return wish

    def _give_up(self, error: DpiatError) -> None:
        self._differ_from_file()
        if self._snapshot.unsolved:
            shown = error if isinstance(error, MatchError) else MatchError(error.message, error.hint)
            self._assign(replace(self._snapshot, error=shown))

    def _on_clean_changed(self, clean: bool) -> None:
        self.modified_changed.emit(not clean)
