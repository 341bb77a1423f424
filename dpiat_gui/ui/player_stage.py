"""The stage of the player: the table, the step in words, and the picture of an example's networks."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from dpiat_gui.canvas.view import MatchView
from dpiat_gui.services.theme import Theme
from dpiat_gui.ui.dp_table_geometry import HEIGHTS
from dpiat_gui.ui.dp_table_grid import TableGrid
from dpiat_gui.ui.player_step import StepView
from dpiat_gui.ui.widgets import muted, scrolling

WIDE, HIGH = 1040, 350
"""From these sizes of the stage, in pixels, the picture stands at the right, or below the table."""

_LOW = 6
"""A table of up to so many rows stands above the picture if that has room: half the height is left."""

_USUAL = 390, 380
"""Room in pixels that the words need in their usual size; in more they are larger, to be read from afar."""
_LARGEST = 2.5


class PlayerStage(QWidget):
    """What the player shows of a step; where there is nothing to play, it says why."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._there = self._example = self._inside = False
        self._rows = 0
        self.grid = TableGrid()
        self.grid.largest, self.grid.smallest = HEIGHTS[-1], 17
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

    def show_play(self, rows: int, *, example: bool, inside: bool = False) -> None:
        """Show the table and the words, and the picture of an example where there is room.

        Parameters
        ----------
        rows
            Of the table.
        example
            Whether an example is played.
        inside
            Whether the layers inside two blocks are: the picture shows the selected blocks alone.
        """
        self._there, self._rows, self._example, self._inside = True, rows, example, inside
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the picture where there is room for it."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        wide, high = self.width() >= WIDE, self.height() >= HIGH
        pictured = self._there and self._example and (wide or high)
        below = high and (not wide or self._rows <= _LOW)
        for widget in (self.grid, self.side):
            widget.setVisible(self._there)
        self.empty.setVisible(not self._there)
        self.picture.setVisible(pictured)
        self._grid.removeWidget(self.picture)
        if below:
            self._grid.addWidget(self.picture, 1, 0)
        else:
            self._grid.addWidget(self.picture, 0, 2, 2, 1)
        # Without a picture, the table takes the room: the words need only so much.
        shares = (5, 6, 4) if pictured and not below else (7, 5, 0) if wide else (5, 5, 0)
        for column, stretch in enumerate(shares):
            self._grid.setColumnStretch(column, stretch)
        room = self.width() * shares[1] / sum(shares)
        self.words.set_scale(min(max(min(room / _USUAL[0], self.height() / _USUAL[1]), 1.0), _LARGEST))
        # In a small window every pixel helps the picture: from a certain size on it writes names.
        table, picture = (1, 1) if wide else (10, 11)
        self._grid.setRowStretch(0, table)
        self._grid.setRowStretch(1, picture if pictured and below else 0)
        if pictured:
            QTimer.singleShot(0, self.picture, self._fit_picture)

    def _fit_picture(self) -> None:
        """Show all of the picture, or the blocks inside which layers are matched."""
        if self._inside:
            self.picture.fit_selection()
        else:
            self.picture.fit_all(largest=_LARGEST)
