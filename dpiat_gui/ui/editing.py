"""What a person does to the matching: overrides, problems, selection; errors become notices."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.document.document import Document
from dpiat_gui.document.problems import ProblemStep
from dpiat_gui.document.selection import Selection
from dpiat_gui.errors import DpiatError
from dpiat_gui.ui.notifications import Notification, NotificationArea, Severity


class Editing(QObject):
    """Passes wishes on to the document; one that cannot be granted is explained, nothing is lost."""

    problem_reached = Signal(object)

    def __init__(self, document: Document, notices: NotificationArea, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._notices = document, notices
        document.refused.connect(self.refuse)

    def attempt(self, edit: Callable[..., object], *arguments: object) -> bool:
        """Call an edit of the document; show why, if it cannot be done.

        Returns
        -------
        bool
            Whether it was done.
        """
        try:
            edit(*arguments)
        except DpiatError as error:
            self.refuse(error)
            return False
        self._notices.dismiss_all("edit")
        return True

    def refuse(self, error: DpiatError) -> None:
        """Show why an edit came to nothing."""
        self._notices.show_notification(Notification(Severity.WARNING, error.message, error.hint, key="edit"))

    def pin(self, source: str, target: str) -> None:
        """Pin a pair."""
        self.attempt(self._document.pin, source, target)

    def ban(self, source: str, target: str) -> None:
        """Ban a pair."""
        self.attempt(self._document.ban, source, target)

    def fresh(self, target: str) -> None:
        """Leave a target fresh."""
        self.attempt(self._document.set_fresh, target)

    def clear(self, target: str) -> None:
        """Clear the overrides of a target."""
        self.attempt(self._document.clear_override, target)

    def on_selection(self, edit: str) -> None:
        """Do one of ``pin``, ``ban``, ``fresh``, ``clear`` to what is selected."""
        selection = self._document.selection
        if edit in ("pin", "ban") and selection.source is not None and selection.target is not None:
            (self.pin if edit == "pin" else self.ban)(selection.source, selection.target)
        elif edit in ("fresh", "clear") and selection.target is not None:
            (self.fresh if edit == "fresh" else self.clear)(selection.target)

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


def _step_text(step: ProblemStep, direction: int) -> str:
    if step.at_end:
        end = "last" if direction > 0 else "first"
        return f"That is the {end} problem.  {step.problem.text}"
    return f"Problem {step.counter}:  {step.problem.text}"
