"""What a person does to the matching: overrides, problems, selection; errors become notices."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.document.corrections import Misfit, Override, each_of, emptied, near_overrides
from dpiat_gui.document.document import Document
from dpiat_gui.document.problems import ProblemStep
from dpiat_gui.document.selection import Selection
from dpiat_gui.errors import DpiatError
from dpiat_gui.matching.values import Matching, Overrides
from dpiat_gui.ui.choosing import Chosen
from dpiat_gui.ui.notifications import Notification, NotificationArea, Severity
from dpiat_gui.ui.texts import plural

EDIT = "edit"
"""Key of the messages about an edit; the next one that succeeds takes them away."""
_SHOWN = 3
"""Names that are told in full; of more, only the number."""


class Editing(QObject):
    """Passes wishes on to the document; one that cannot be granted is explained, nothing is lost.

    Signals
    -------
    problem_reached : ProblemStep
        A walk through the problems has come to one.
    """

    problem_reached = Signal(object)

    def __init__(self, document: Document, notices: NotificationArea, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._notices = document, notices
        self.chosen = Chosen(document)
        self._pin_wished: tuple[str, str] | None = None
        self._before_ban: Matching | None = None
        self._told_in_step = False
        document.undo_stack.indexChanged.connect(self._on_step)
        document.refused.connect(self._refused_later)
        document.matching_changed.connect(self._tell_emptied)

    def attempt(self, edit: Callable[..., object], *arguments: object) -> bool:
        """Call an edit of the document; show why, if it cannot be done.

        Returns
        -------
        bool
            Whether it was done.
        """
        before = self._document.wanted.overrides
        # While the edit runs: what is told by it stays up, what was told before goes.
        self._notices.dismiss_all(EDIT)
        try:
            edit(*arguments)
        except DpiatError as error:
            self._before_ban = None
            self.refuse(error)
            return False
        self._tell_what_gave_way(before)
        return True

    def refuse(self, error: DpiatError) -> None:
        """Show why an edit came to nothing."""
        self._show(Severity.WARNING, error.message, error.hint)

    # -- one pair ---------------------------------------------------------------------------

    def pin(self, source: str, target: str) -> None:
        """Pin a pair; where others are in its way, offer to replace them."""
        self._pin_wished = (source, target)
        before = self._document.wanted.overrides
        self._notices.dismiss_all(EDIT)
        try:
            self._document.pin(source, target)
        except DpiatError as error:
            self._refuse_pin(source, target, error)
            return
        self._tell_what_gave_way(before)

    def explain_refusal(self, source: str, target: str, reason: str) -> None:
        """Say why a pair that was joined by hand cannot be pinned, and offer what can be done."""
        self._refuse_pin(source, target, DpiatError(reason))

    def ban(self, source: str, target: str) -> None:
        """Ban a pair; a block that takes nothing any more is named."""
        self._before_ban = self._document.matching
        self.attempt(self._document.ban, source, target)

    def fresh(self, target: str) -> None:
        """Leave a target fresh."""
        self.attempt(self._document.set_fresh, target)

    def clear(self, target: str) -> None:
        """Clear the overrides of a target."""
        self.attempt(self._document.clear_override, target)

    def repin(self, old_source: str, old_target: str, source: str, target: str) -> None:
        """Move an end of a pair."""
        self._pin_wished = (source, target)
        self.attempt(self._document.repin, (old_source, old_target), (source, target))

    # -- what is chosen ----------------------------------------------------------------------

    def on_selection(self, edit: str) -> None:
        """Do one of ``pin``, ``ban``, ``fresh``, ``clear``, ``accept`` to what is chosen."""
        pairs, targets = self.chosen.pairs, self.chosen.targets
        document = self._document
        if edit == "accept" and pairs:
            self.accept(pairs)
        elif edit in ("pin", "ban") and pairs:
            if len(pairs) == 1:
                (self.pin if edit == "pin" else self.ban)(*pairs[0])
                return
            self._before_ban = document.matching if edit == "ban" else None
            self.attempt(document.pin_all if edit == "pin" else document.ban_all, pairs)
        elif edit in ("fresh", "clear") and targets:
            if len(targets) == 1:
                (self.fresh if edit == "fresh" else self.clear)(targets[0])
                return
            self.attempt(document.set_fresh_all if edit == "fresh" else document.clear_all_of, targets)

    def accept(self, pairs: Sequence[tuple[str, str]] = (), above: float | None = None) -> None:
        """Pin what the solver found: some pairs, all, or all from a score on."""
        done: list[int] = []
        if self.attempt(lambda: done.append(self._document.accept(pairs, above))):
            count = done[0]
            nothing = "Nothing to accept: these pairs are pinned already, or none scores as much."
            self._document.message.emit(
                f"Accepted {plural(count, 'pair')}: later corrections leave them alone." if count else nothing
            )

    def enable(self, overrides: Sequence[Override], enabled: bool) -> None:
        """Let overrides count or not; where one cannot, say why and offer what can be done."""
        try:
            self._notices.dismiss_all(EDIT)
            self._document.set_enabled(overrides, enabled)
        except DpiatError as error:
            one = overrides[0]
            others = self._document.in_the_way(one.source, one.target) if one.source else ()
            if len(overrides) == 1 and one.kind == "pin" and (others or self._target_is_pinned(one.target)):
                instead = partial(self.attempt, self._document.enable_instead, one)
                self._show(Severity.WARNING, error.message, "", (("Enable it instead", instead),))
            elif len(overrides) == 1 and self._has_near_paths(one):
                # Its rows are not there, but others are that are called much the same.
                self._document.misfitted.emit((Misfit(one, error.message),))
            else:
                self.refuse(error)

    def _has_near_paths(self, one: Override) -> bool:
        tables = self._document.tables
        return tables is not None and bool(near_overrides(tables, self._document.overrides, one))

    def _target_is_pinned(self, target: str) -> bool:
        return any(pinned == target for _, pinned in self._document.overrides.pins)

    # -- going about -------------------------------------------------------------------------

    def walk(self, direction: int) -> None:
        """Go to the next problem (1) or the one before (-1)."""
        document = self._document
        step = document.next_problem() if direction > 0 else document.previous_problem()
        if step is None:
            document.message.emit("There is no problem: every row is matched well.")
            return
        document.select(step.selection)
        self.problem_reached.emit(step)
        document.message.emit(_step_text(step, direction))

    def select(self, source: str | None, target: str | None) -> None:
        """Select rows by path; None on both sides selects nothing."""
        self._document.select(Selection(source, target))

    # -- telling -----------------------------------------------------------------------------

    def _show(
        self,
        severity: Severity,
        message: str,
        hint: str,
        actions: tuple[tuple[str, Callable[[], object]], ...] = (),
    ) -> None:
        self._notices.show_notification(Notification(severity, message, hint, actions=actions, key=EDIT))

    def _refuse_pin(self, source: str, target: str, error: DpiatError) -> None:
        others = self._document.in_the_way(source, target)
        if not others:
            self.refuse(error)
            return
        instead = partial(self.attempt, self._document.pin_instead, source, target)
        hint = f"Pinning it would drop {_named([one.text for one in others], 'overrides')}."
        label = "Replace it" if len(others) == 1 else f"Replace {len(others)}"
        show = (("Show it", partial(self._document.select, others[0].selection)),)
        self._show(Severity.WARNING, error.message, hint, ((label, instead), *show))

    def _refused_later(self, error: DpiatError) -> None:
        """Show why an edit that a job solved came to nothing."""
        wished, self._pin_wished = self._pin_wished, None
        if wished is not None:
            self._refuse_pin(*wished, error)
        else:
            self.refuse(error)

    def _tell_what_gave_way(self, before: Overrides) -> None:
        after = self._document.wanted
        kept = {*each_of(after.overrides), *each_of(after.disabled)}
        gone = [one.text for one in each_of(before) if one not in kept]
        made = set(each_of(after.overrides)).difference(each_of(before))
        # Clearing and removing say so themselves; here something new took their place.
        if gone and made:
            self._document.message.emit(f"In place of {_named(gone, 'overrides')}.")

    def _on_step(self) -> None:
        """Take messages about an edit away once another one was made, or undone."""
        told, self._told_in_step = self._told_in_step, False
        if not told:
            self._notices.dismiss_all(EDIT)

    def _tell_emptied(self, matching: Matching | None) -> None:
        """Say which blocks take nothing since the ban."""
        before, self._before_ban = self._before_ban, None
        if before is None or matching is None or before is matching:
            return
        blocks = emptied(before, matching)
        if blocks:
            # The step itself comes next, and must not take this away.
            self._told_in_step = True
            verb = "takes" if len(blocks) == 1 else "take"
            self._show(
                Severity.INFO,
                f"With this ban {_named(list(blocks), 'target blocks')} {verb} nothing from the source.",
                "No other source block is left that adds to the score without crossing others.",
                (("Undo", self._document.undo),),
            )


def _named(names: Sequence[str], many: str) -> str:
    """Return a few names in full, of many their number and the first."""
    if len(names) <= _SHOWN:
        return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{len(names)} {many} ({names[0]} among them)"


def _step_text(step: ProblemStep, direction: int) -> str:
    if step.at_end:
        end = "last" if direction > 0 else "first"
        return f"That is the {end} problem.  {step.problem.text}"
    return f"Problem {step.counter}:  {step.problem.text}"
