"""The stage of the player: the table, the step in words, and the picture of an example's networks."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from dpiat_gui.canvas.view import MatchView
from dpiat_gui.services.theme import Theme
from dpiat_gui.ui.dp_table_grid import TableGrid
from dpiat_gui.ui.player_step import StepView
from dpiat_gui.ui.widgets import muted, scrolling

WIDE, HIGH = 1040, 350
"""From these sizes of the stage, in pixels, the picture stands at the right, or below the table."""


class PlayerStage(QWidget):
    """What the player shows of a step; where there is nothing to play, it says why."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._there = self._example = self._inside = False
        self.grid = TableGrid()
        self.grid.largest, self.grid.smallest = 40, 17
        # Home and End lead to the ends of the play, as the buttons say.
        self.grid.has_ends = False
        self.grid.setObjectName("player-cells")
        self.grid.setAccessibleName("Table D, as far as it is filled")
        self.words = StepView()
        self.side = scrolling(self.words)
        self.picture = MatchView()
        self.picture.set_overview_visible(False)
        # It is there only where there is room; it must not keep the dock from becoming lower again.
        self.picture.setMinimumHeight(1)
        self.picture.setAccessibleName("The example's two networks and the pairs read so far")
        self.empty = muted()
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(6)
        self._grid.addWidget(self.grid, 0, 0)
        self._grid.addWidget(self.side, 0, 1, 2, 1)
        self._grid.addWidget(self.picture, 1, 0)
        self._grid.addWidget(self.empty, 0, 0, 2, 3)
        self._arrange()

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        for part in (self.grid, self.words, self.picture):
            part.set_theme(theme)

    def show_nothing(self, words: str) -> None:
        """Say why there is nothing to play."""
        self._there = False
        self.empty.setText(words)
        self._arrange()

    def show_play(self, *, example: bool, inside: bool = False) -> None:
        """Show the table and the words, and the picture of an example where there is room.

        Parameters
        ----------
        example
            Whether an example is played.
        inside
            Whether the layers inside two blocks are: the picture shows the selected blocks alone.
        """
        self._there, self._example, self._inside = True, example, inside
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the picture where there is room for it."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        wide, high = self.width() >= WIDE, self.height() >= HIGH
        pictured = self._there and self._example and (wide or high)
        for widget in (self.grid, self.side):
            widget.setVisible(self._there)
        self.empty.setVisible(not self._there)
        self.picture.setVisible(pictured)
        self._grid.removeWidget(self.picture)
        if wide:
            self._grid.addWidget(self.picture, 0, 2, 2, 1)
        else:
            self._grid.addWidget(self.picture, 1, 0)
        # Without a picture, the table takes the room: the words need only so much.
        shares = (5, 5, 4) if pictured and wide else (7, 5, 0) if wide else (5, 5, 0)
        for column, stretch in enumerate(shares):
            self._grid.setColumnStretch(column, stretch)
        self._grid.setRowStretch(0, 1)
        self._grid.setRowStretch(1, 1 if pictured and not wide else 0)
        if pictured:
            fit = self.picture.fit_selection if self._inside else self.picture.fit_all
            QTimer.singleShot(0, self.picture, fit)
