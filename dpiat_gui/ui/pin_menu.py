"""A menu of partners: what a row could be pinned to, with score and cost, one click or Enter to pin."""

from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from dpiat_gui.document.document import Document
from dpiat_gui.document.facts import Candidate, facts_of
from dpiat_gui.document.pinning import partners
from dpiat_gui.ui.editing import Editing
from dpiat_gui.ui.texts import cost, shortened

QUICK_MS = 4.0
"""Costs that are not known at once take a solve each, about ten of them; it must not hold up the menu."""
_LONGEST = 56


def candidates_of(document: Document) -> tuple[Candidate, ...]:
    """Return what the selected row could be pinned to, the least costly first."""
    matching, tables = document.matching, document.tables
    if matching is None or tables is None or not document.selection:
        return ()
    facts = facts_of(matching, tables, document.selection)
    return partners(tables, matching, facts, weigh=(document.solve_ms or 0.0) <= QUICK_MS)


class PinMenu(QMenu):
    """The partners of the selected row; it is filled when it opens.

    Parameters
    ----------
    document
        Whose selection it is about.
    editing
        Pins what is chosen.
    parent
        Owner.
    """

    def __init__(self, document: Document, editing: Editing, parent: QWidget) -> None:
        super().__init__("Pi&n to", parent)
        self._document, self._editing = document, editing
        self.setToolTipsVisible(True)
        self.setAccessibleName("Partners of the selected row")
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """List the partners of what is selected now."""
        self.clear()
        selection = self._document.selection
        for_target = selection.target is not None
        row = selection.target if for_target else selection.source
        # A heading that can be read, not chosen.
        takes = "takes from" if for_target else "gives to"
        self._word(f"{shortened(row, _LONGEST)} {takes}:   score\ttotal" if row else "Select a row first.")
        self.addSeparator()
        found = candidates_of(self._document)
        for candidate in found:
            self._add(candidate, for_target=for_target)
        if row and not found:
            self._word("Nothing of the same type can be matched with it.")

    def _word(self, text: str) -> None:
        action = self.addAction(text)
        action.setEnabled(False)

    def _add(self, candidate: Candidate, *, for_target: bool) -> QAction:
        path = candidate.source if for_target else candidate.target
        change = "blocked" if candidate.reason else "" if candidate.change is None else cost(candidate.change)
        action = self.addAction(f"{shortened(path, _LONGEST)}   {candidate.score:.2f}\t{change}")
        tip = f"Total score {change} with {candidate.source} pinned to {candidate.target}"
        action.setToolTip(candidate.reason or tip)
        # What is in the way is said, and can be replaced; so a pin that cannot hold can be chosen too.
        action.triggered.connect(partial(self._pin, candidate.source, candidate.target))
        return action

    def _pin(self, source: str, target: str, _checked: bool = False) -> None:
        self._editing.pin(source, target)
