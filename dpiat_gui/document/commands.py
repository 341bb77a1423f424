"""The one undo command: a snapshot before, a snapshot after, and nothing else."""

from collections.abc import Callable

from PySide6.QtGui import QUndoCommand

from dpiat_gui.document.state import Snapshot

MERGED = ("seed", "device", "operator", "exponent", "skip_factor", "match_seed")
"""Settings whose changes in a row become one step, as when a spin box is held down."""


class Change(QUndoCommand):
    """An edit of the document, computed before it is pushed; undo and redo only assign.

    Parameters
    ----------
    text
        What the edit does, in the menu's voice: ``Pin conv_stem to features.0``.
    before, after
        The document around the edit.
    assign
        Puts a snapshot in place; it must not fail.
    setting
        One of `MERGED` if the next change of the same setting may join this step.

    Notes
    -----
    Commands stay flat: one with a parent command crashes PySide6.
    """

    def __init__(
        self,
        text: str,
        before: Snapshot,
        after: Snapshot,
        assign: Callable[[Snapshot], None],
        setting: str = "",
    ) -> None:
        super().__init__(text)
        self.before = before
        self.after = after
        self._assign = assign
        self._setting = setting

    def undo(self) -> None:
        """Put the document back."""
        self._assign(self.before)

    def redo(self) -> None:
        """Put the edited document in place."""
        self._assign(self.after)

    def id(self) -> int:
        """Return what two changes in a row must share to become one step."""
        return MERGED.index(self._setting) + 1 if self._setting else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take over the end of a later change of the same setting."""
        if not isinstance(other, Change) or other.id() != self.id():
            return False
        self.after = other.after
        self.setText(other.text())
        if self.after.state == self.before.state:
            self.setObsolete(True)
        return True
