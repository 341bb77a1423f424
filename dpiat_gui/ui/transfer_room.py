"""How the parts of the transfer pane stand: beside each other, or above each other where room is scarce."""

from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from dpiat_gui.ui.transfer_form import TransferForm

_GAP = 24


class TransferRoom:
    """Places form, steps and outcome by the width there is.

    Three columns where they fit. Two where not: the steps stand below the outcome, which has the counts of
    what they touch. One in a narrow pane: the outcome first, with the button that begins it.

    Parameters
    ----------
    pane
        The pane; it gets a layout.
    form, steps, outcome
        Its parts.
    """

    def __init__(self, pane: QWidget, form: TransferForm, steps: QWidget, outcome: QWidget) -> None:
        self._form, self._steps, self._outcome = form, steps, outcome
        self._row = QHBoxLayout(pane)
        self._row.setContentsMargins(12, 6, 12, 6)
        self._row.setSpacing(_GAP)
        self._right = QVBoxLayout()
        self._right.setSpacing(10)
        self._right.addWidget(outcome)
        self._right.addWidget(steps)
        self._right.addStretch(1)
        self._row.addWidget(form, 1)
        self._row.addLayout(self._right, 1)
        self._columns = 0
        self.arrange(0)

    @property
    def least_width(self) -> int:
        """Width that all parts take above each other."""
        return max(self._form.least_width(1), *self._others()) + self._around

    def arrange(self, width: int) -> None:
        """Stand in as many columns as `width` has room for."""
        steps, outcome = self._others()
        rooms = {
            3: self._form.least_width(2) + steps + outcome + 2 * _GAP,
            2: self._form.least_width(1) + max(steps, outcome) + _GAP,
        }
        columns = next((count for count, room in rooms.items() if width >= room + self._around), 1)
        if columns == self._columns:
            return
        self._form.set_columns(2 if columns == 3 else 1)
        way = QBoxLayout.Direction
        self._row.setDirection(way.LeftToRight if columns > 1 else way.BottomToTop)
        if 3 in (columns, self._columns):
            home = self._right if self._columns != 3 else self._row
            home.removeWidget(self._steps)
            if columns == 3:
                self._row.insertWidget(1, self._steps, 1)
            else:
                self._right.insertWidget(1, self._steps)
        self._columns = columns

    @property
    def _around(self) -> int:
        margins = self._row.contentsMargins()
        return margins.left() + margins.right()

    def _others(self) -> tuple[int, int]:
        return self._steps.minimumSizeHint().width(), self._outcome.minimumSizeHint().width()
