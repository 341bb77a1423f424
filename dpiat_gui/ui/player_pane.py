"""The player: the dynamic program step by step, on the document's matching or on a small example."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection
from dpiat_gui.errors import DpiatError
from dpiat_gui.matching.examples import Example, examples
from dpiat_gui.matching.teaching import StepKind, Steps, chosen_from
from dpiat_gui.services.theme import Theme
from dpiat_gui.ui.dp_table_drawing import Shown
from dpiat_gui.ui.dp_table_texts import no_table_words
from dpiat_gui.ui.method_texts import matcher_name
from dpiat_gui.ui.player_controls import PlayerControls
from dpiat_gui.ui.player_plays import Inside, Play, Revealed
from dpiat_gui.ui.player_stage import PlayerStage
from dpiat_gui.ui.player_texts import progress, step_words
from dpiat_gui.ui.widgets import muted

if TYPE_CHECKING:
    from collections.abc import Callable

    from dpiat_gui.matching.named_tables import NamedTable
    from dpiat_gui.matching.teaching import Step

MINE = "the document"
"""What the list holds for the document's own matching."""

_HIDDEN = "While the player is under way, the canvas draws only the pairs that have been read out."


class PlayerPane(QWidget):
    """The table filled cell by cell and read back, with words, numbers and a picture.

    An example is played on networks of its own: the document stays as it is.

    Signals
    -------
    revealed : object
        Pairs of paths whose edges are drawn on the canvas, None for all.
    inside_played : str
        The layers of a target block of the document are played: its path.
    taller_requested
        More room is wanted for the pane, or as much as before.
    """

    revealed = Signal(object)
    inside_played = Signal(str)
    taller_requested = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._examples: dict[str, Example] = {example.name: example for example in examples()}
        self._play: Play | None = None
        self._named: NamedTable | None = None
        self._steps: Steps | None = None
        self._told: Revealed = None
        self._asked = 0
        self._stale = True
        self._make_parts()
        self._lay_out()
        document.matching_changed.connect(self._mark_stale)

    # -- set-up ----------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.what = QComboBox()
        self.what.setObjectName("player-what")
        self.what.setAccessibleName("What to play")
        self.what.setToolTip("This matching, or a small example that shows one idea")
        self.what.addItem("This matching", MINE)
        self.what.insertSeparator(1)
        for example in self._examples.values():
            self.what.addItem(f"Example: {example.title}", example.name)
            self.what.setItemData(self.what.count() - 1, example.idea, Qt.ItemDataRole.ToolTipRole)
        self.what.activated.connect(lambda _index: self._load(None))
        self.phase = QComboBox()
        self.phase.setAccessibleName("Phase")
        self.phase.setToolTip(
            "The outer phase matches the entries; its scores come from the inner phase, which matches the "
            "layers of every pair of blocks"
        )
        self.phase.activated.connect(self._choose_phase)
        for box in (self.what, self.phase):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(12)
            box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.what.setMaximumWidth(48 * self.what.fontMetrics().averageCharWidth())
        self.controls = PlayerControls()
        self.controls.moved.connect(self._show_step)
        self.where = muted()
        self.where.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.where.setMinimumWidth(self.where.fontMetrics().horizontalAdvance("way back, move 10 of 10"))
        self.taller = QToolButton()
        self.taller.setText("⇕")
        self.taller.setToolTip("More room for this pane, or as much as before")
        self.taller.setAccessibleName("More room for this pane")
        self.taller.clicked.connect(self.taller_requested)
        self.stage = PlayerStage()
        self.stage.grid.chosen.connect(self._go_to_cell)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.what, 4)
        head.addWidget(self.phase, 4)
        head.addWidget(self.where, 2)
        head.addWidget(self.taller)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 4, 10, 6)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.controls)
        column.addWidget(self.stage, 1)
        self.setAccessibleName("Player")

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self.stage.set_theme(theme)
        self.controls.set_theme(theme)

    # -- what is played --------------------------------------------------------------------

    @property
    def steps(self) -> Steps | None:
        """The steps that are played, None where there is no table."""
        return self._steps

    @property
    def step(self) -> "Step | None":
        """The step that is shown."""
        return self._steps[self.controls.at] if self._steps is not None else None

    @property
    def plays_document(self) -> bool:
        """Whether the document's matching is played rather than an example."""
        return bool(self.what.currentData() == MINE)

    def play_document(self, inside: Inside | None, cell: Inside | None = None) -> None:
        """Play a phase of the document's matching: from the step that fills a cell, or from the start."""
        self.what.setCurrentIndex(self.what.findData(MINE))
        self._load(inside, cell)

    def play_example(self, name: str, inside: Inside | None = None) -> None:
        """Play an example from the start."""
        self.what.setCurrentIndex(self.what.findData(name))
        self._load(inside)

    def _choose_phase(self, _index: int) -> None:
        inside = self.phase.currentData()
        self._load(tuple(inside) if inside is not None else None)

    def _mark_stale(self, _matching: object = None) -> None:
        """Start over where the document's matching is another one now."""
        self._stale = True
        if self.isVisible() and self.plays_document:
            QTimer.singleShot(0, self, self._refresh)

    def _refresh(self) -> None:
        if self._stale:
            self._load(self._named.inside if self._named is not None and self.plays_document else None)

    def showEvent(self, event: QShowEvent) -> None:
        """Read what is to be played; without two networks, the first example."""
        super().showEvent(event)
        if self._document.matching is None and self._play is None:
            self.play_example(next(iter(self._examples)))
        elif self.plays_document:
            self._refresh()
        self._reveal()

    def hideEvent(self, event: QHideEvent) -> None:
        """Give the canvas all its edges back."""
        self.controls.pause()
        self._tell(None)
        super().hideEvent(event)

    def _load(self, inside: Inside | None, cell: Inside | None = None) -> None:
        """Read the table to be played, in a thread if it takes long."""
        self._asked += 1
        self.controls.pause()
        document, name = self._document, self.what.currentData()
        if name == MINE:
            self._stale = False
            tables, matching = document.tables, document.matching
            if tables is None or matching is None:
                self._show_nothing(
                    "Open two networks to play their matching, or choose an example from the list."
                    if document.match_error is None
                    else str(document.match_error)
                )
                return
            play = Play(tables, document.overrides, matching)
        else:
            example = self._examples[name]
            play = Play(example.tables, example.overrides, example.matching, example)
        if not play.has_table:
            self._show_nothing(no_table_words(matcher_name(play.tables.options.method)))
            return
        if inside is not None and not _is_there(play, inside):
            inside = None
        done, failed = partial(self._loaded, self._asked, play, cell), partial(self._failed, self._asked)
        slow = False if play.example is not None else None
        document.work_out(self, partial(play.named, inside), done, failed, slow)

    def _loaded(self, asked: int, play: Play, cell: Inside | None, named: "NamedTable") -> None:
        if asked != self._asked:
            return
        self._play, self._named, self._steps = play, named, Steps(named.table)
        self.phase.clear()
        for text, inside in play.phases(named.inside):
            self.phase.addItem(text, inside)
            if inside == named.inside:
                self.phase.setCurrentIndex(self.phase.count() - 1)
        # One phase is no choice, and the names of examples need the room.
        self.phase.setVisible(self.phase.count() > 1)
        if play.example is not None:
            self.stage.picture.set_matching(play.matching)
            self.stage.picture.collapse_all()
            for path, side in zip(play.blocks(named.inside), ("source", "target"), strict=True):
                if path is not None:
                    self.stage.picture.expand(path, side)
        elif named.inside is not None:
            self.inside_played.emit(play.tables.target_side.entries[named.inside[1]].path)
        self.controls.set_steps(len(self._steps), self._steps.first_walk)
        inside_blocks = named.inside is not None
        self.stage.show_play(len(named.targets) + 1, example=play.example is not None, inside=inside_blocks)
        self._show_step(0)
        if cell is not None:
            self.controls.go(self._steps.step_of(*cell))

    def _failed(self, asked: int, error: DpiatError) -> None:
        if asked == self._asked:
            self._show_nothing(str(error))

    def _show_nothing(self, words: str) -> None:
        self._play = self._named = self._steps = None
        self.phase.clear()
        self.phase.hide()
        self.controls.set_steps(0, 0)
        self.where.setText("")
        self.stage.show_nothing(words)
        self._tell(None)

    # -- showing a step --------------------------------------------------------------------

    def _show_step(self, number: int) -> None:
        steps, named = self._steps, self._named
        if steps is None or named is None:
            return
        step = steps[number]
        walked = step.kind in (StepKind.WALK, StepKind.END)
        way = steps.way[: number - steps.first_walk + 1] if walked else ()
        cell = step.cell
        uses: tuple[tuple[int, int], ...] = ()
        if cell is not None and step.kind is StepKind.FILL:
            uses = ((step.row - 1, step.column), (step.row, step.column - 1))
        self.stage.grid.words = lambda _row, _column: step_words(step, named)
        self.stage.grid.show_table(
            Shown(
                named,
                totals=True,
                filled=steps.filled(number),
                way=way,
                pairs=frozenset((target + 1, source + 1) for source, target in step.pairs),
                current=(step.row, step.column) if step.kind is not StepKind.START else None,
                uses=uses,
                chosen=chosen_from(cell) if cell is not None and cell.value > -float("inf") else None,
            )
        )
        example = self._play.example if self._play is not None else None
        self.stage.words.show_step(step, named, example.idea if example is not None else "")
        self.where.setText(progress(step, steps))
        self._reveal(walks=True)

    def _reveal(self, *, walks: bool = False) -> None:
        """Draw the edges that the way back has read out, and no others while the table is filled.

        Parameters
        ----------
        walks
            Whether a step is being made: then the last pair that was read out is selected too.
        """
        step, play, named = self.step, self._play, self._named
        if step is None or play is None or named is None:
            return
        pairs = None
        # A person's own canvas keeps its edges until the first step is made.
        if step.kind is not StepKind.END and (step.kind is not StepKind.START or play.example is not None):
            pairs = play.revealed(named, step.pairs)
        if play.example is not None:
            self.stage.picture.set_revealed_edges(pairs)
            row, column = step.row, step.column
            ends = play.blocks(named.inside)
            if row and column:
                ends = named.sources[column - 1].path, named.targets[row - 1].path
            self.stage.picture.set_selection(*ends)
            self._tell(None)
        elif self.isVisible():
            self._tell(pairs)
            if walks and step.kind is StepKind.WALK and step.pairs and not self.controls.rushing:
                # The canvas and the inspector go along with the pairs that are read out.
                s, t = step.pairs[-1]
                self._document.select(Selection(named.sources[s].path, named.targets[t].path))

    def _tell(self, pairs: Revealed) -> None:
        if pairs != self._told:
            if self._told is None or pairs is None:
                # Said when edges go, and taken back when they are there again.
                self._document.message.emit(_HIDDEN if pairs is not None else "")
            self._told = pairs
            self.revealed.emit(pairs)

    def _go_to_cell(self, row: int, column: int) -> None:
        """Go to the step that fills a cell."""
        if self._steps is not None:
            number = self._steps.step_of(row, column)
            if number == self.controls.at == 0:
                # The border is there from the start: from there an arrow key leads into the table.
                number = 1
            self.controls.jump(number)

    # -- keys ------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Play, step, jump."""
        acts: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_Space: self.controls.toggle,
            Qt.Key.Key_Period: partial(self.controls.step, 1),
            Qt.Key.Key_Comma: partial(self.controls.step, -1),
            Qt.Key.Key_Home: self.controls.buttons["to_start"].click,
            Qt.Key.Key_End: self.controls.buttons["to_end"].click,
            Qt.Key.Key_W: self.controls.buttons["to_way"].click,
        }
        act = acts.get(Qt.Key(event.key()))
        if act is None or event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            super().keyPressEvent(event)
        else:
            act()


def _is_there(play: Play, inside: Inside) -> bool:
    sizes = len(play.tables.source_side.entries), len(play.tables.target_side.entries)
    return play.has_inner_tables and inside[0] < sizes[0] and inside[1] < sizes[1]
