"""The inspector pane: everything about the selected pair, layer or block."""

from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, SignalInstance
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from dpiat_gui.document.document import Document
from dpiat_gui.document.facts import Candidate, Facts, candidates, dimension_names, facts_of
from dpiat_gui.document.ranking import block_runner_up, rank_of
from dpiat_gui.document.selection import Selection
from dpiat_gui.document.solving import overrides_cost
from dpiat_gui.services.theme import Theme
from dpiat_gui.ui import inspector_texts as texts
from dpiat_gui.ui.inspector_drawings import CopyDrawing, DimensionBars
from dpiat_gui.ui.inspector_parts import CandidateList, LayerFacts, LayerList, RunnerUp
from dpiat_gui.ui.inspector_plan import TensorList, rows_of, slices_text
from dpiat_gui.ui.widgets import ElidedLabel, monospaced, muted, section

if TYPE_CHECKING:
    from collections.abc import Callable

    from dpiat_gui.matching.explain import Alternative
    from dpiat_gui.transfer.values import PlanRow

_GAP = 10
"""Pixels between the parts."""


class InspectorPanel(QWidget):
    """Shapes, score, coverage, candidates and corrections of what the document has selected.

    What is quick to compute shows at once; coverage and the candidates' costs follow when the
    event loop is idle, one at a time, so that walking through rows never waits for them. It
    edits nothing itself: its buttons say what a person wants.

    Signals
    -------
    pin_requested, ban_requested : str, str
        Source and target.
    fresh_requested, clear_requested : str
        Target.
    """

    pin_requested = Signal(str, str)
    ban_requested = Signal(str, str)
    fresh_requested = Signal(str)
    clear_requested = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._facts: Facts | None = None
        self._candidates: tuple[Candidate, ...] = ()
        self._steps: deque[Callable[[], None]] = deque()
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._make_parts()
        self._lay_out()
        self._connect()
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        for part in (self.bars, self.drawing, self.layers, self.tensors):
            part.set_theme(theme)
        self.refresh()

    # -- set-up -------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.source_path = ElidedLabel(mode=Qt.TextElideMode.ElideLeft)
        self.target_path = ElidedLabel(mode=Qt.TextElideMode.ElideLeft)
        self.state = muted()
        self.state.setWordWrap(True)
        self.bars = DimensionBars()
        self.score = section("")
        self.score.setWordWrap(True)
        self.formula = muted(small=True)
        self.formula.setWordWrap(True)
        self.rank = muted(small=True)
        self.rank.setWordWrap(True)
        self.layers = LayerList()
        self.copy_title = muted("What is copied")
        self.tensors = TensorList()
        self.drawing = CopyDrawing()
        self.slices = monospaced(muted(small=True))
        self.slices.setWordWrap(True)
        self.slices.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.slices.setToolTip("Which part goes where: first index up to, and without, the last one")
        self.covered = muted(small=True)
        self.covered.setWordWrap(True)
        self.pin = QPushButton("Pin")
        self.ban = QPushButton("Ban")
        self.fresh = QPushButton("Leave fresh")
        self.clear = QPushButton("Clear")
        self.runner_up_title = muted("Without this pair: change of the total")
        self.runner_up = RunnerUp()
        self.candidates_title = muted("Other candidates")
        self.candidates = CandidateList()
        self.layer_facts = LayerFacts()
        self.details_title = muted("Details")

    def _lay_out(self) -> None:
        for path in (self.source_path, self.target_path):
            monospaced(path)
        self.setAccessibleName("Inspector")
        self.pin.setToolTip("Hold this pair (Ctrl+L)")
        self.ban.setToolTip("Never match this pair (Delete)")
        self.fresh.setToolTip("Let the target keep its own initialisation (Ctrl+Delete)")
        self.clear.setToolTip("Drop the overrides of this target (Ctrl+Shift+L)")
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.pin, self.ban, self.fresh, self.clear):
            button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
            buttons.addWidget(button)
        buttons.addStretch(1)
        self._buttons = QWidget()
        self._buttons.setLayout(buttons)
        buttons.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 8, 14, 10)
        layout.setSpacing(4)
        parts: tuple[tuple[QWidget, int], ...] = (
            (self.source_path, 0),
            (self.target_path, 0),
            (self.state, _GAP),
            (self.bars, _GAP),
            (self.score, 0),
            (self.formula, 0),
            (self.rank, _GAP),
            (self._buttons, _GAP),
            (self.layers, _GAP),
            (self.copy_title, 0),
            (self.tensors, 0),
            (self.drawing, 0),
            (self.slices, 0),
            (self.covered, _GAP),
            (self.runner_up_title, 0),
            (self.runner_up, _GAP),
            (self.candidates_title, 0),
            (self.candidates, _GAP),
            (self.details_title, 0),
            (self.layer_facts, 0),
        )
        for part, gap in parts:
            layout.addWidget(part)
            if gap:
                layout.addSpacing(gap - layout.spacing())
        layout.addStretch(1)

    def _connect(self) -> None:
        self._document.selection_changed.connect(self.refresh)
        self._document.plan_changed.connect(self.refresh)
        self._timer.timeout.connect(self._next_step)
        self.candidates.pin_requested.connect(self.pin_requested)
        self.runner_up.pin_requested.connect(self.pin_requested)
        self.layers.layer_chosen.connect(self._on_layer_chosen)
        self.tensors.row_chosen.connect(self._draw_row)
        for button, wish in (
            (self.pin, self.pin_requested),
            (self.ban, self.ban_requested),
            (self.fresh, self.fresh_requested),
            (self.clear, self.clear_requested),
        ):
            button.clicked.connect(partial(self._ask, wish))

    # -- showing ------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what is selected now."""
        document = self._document
        matching, tables = document.matching, document.tables
        self._steps.clear()
        if matching is None or tables is None or not document.selection:
            self._facts = None
            self._show_nothing()
            return
        facts = facts_of(matching, tables, document.selection)
        self._facts = facts
        self._show_paths(facts)
        self._show_score(facts)
        self._show_buttons(facts)
        self._show_layers(facts)
        # The old drawing and costs stay hidden until the new ones are there.
        _show(self.rank, self.copy_title, self.tensors, self.drawing, shown=False)
        _show(self.slices, self.covered, shown=False)
        _show(self.runner_up_title, self.runner_up, self.candidates_title, self.candidates, shown=False)
        self._steps.extend((self._show_copy, self._show_rank, self._explain, self._show_candidates))
        self._timer.start()

    def _next_step(self) -> None:
        if self._steps:
            self._steps.popleft()()
        if self._steps:
            self._timer.start()

    def _show_nothing(self) -> None:
        document = self._document
        _show(self.source_path, self.target_path, self.bars, self.score, self.formula, shown=False)
        _show(self.rank, self._buttons, self.layers, self.copy_title, self.tensors, shown=False)
        _show(self.drawing, self.slices, self.covered, shown=False)
        _show(self.runner_up_title, self.runner_up, self.candidates_title, self.candidates, shown=False)
        _show(self.details_title, self.layer_facts, shown=False)
        self.state.setText(texts.nothing_selected(document.source, document.target, document.match_error))
        self.state.show()

    def _show_paths(self, facts: Facts) -> None:
        both = facts.source is not None and facts.target is not None
        self.source_path.set_full_text(facts.source.path if facts.source else "")
        target = facts.target.path if facts.target else ""
        self.target_path.set_full_text(f"→ {target}" if both else target)
        self.source_path.setVisible(facts.source is not None)
        self.target_path.setVisible(facts.target is not None)
        document = self._document
        self.state.setText(texts.state_line(facts, document.overrides, document.selection_note))
        self.state.show()

    def _show_score(self, facts: Facts) -> None:
        matching = self._document.matching
        assert matching is not None
        self.bars.set_dimensions(facts.dimensions)
        self.bars.setVisible(bool(facts.dimensions))
        self.score.setText(texts.score_line(facts, matching))
        self.score.setVisible(bool(self.score.text()))
        self.formula.setText(texts.formula_lines(facts, matching))
        self.formula.setVisible(bool(self.formula.text()))

    def _show_buttons(self, facts: Facts) -> None:
        pair = facts.source is not None and facts.target is not None
        overrides = self._document.overrides
        possible = pair and (facts.score or 0) > 0
        pinned = possible and self._document.selection.pair in overrides.pins
        self.pin.setEnabled(bool(possible and not pinned))
        self.ban.setEnabled(bool(possible) and self._document.selection.pair not in overrides.bans)
        target = facts.target.path if facts.target else None
        scored = target is not None and texts.is_correctable(facts, self._document.options.layer_types)
        self.fresh.setEnabled(scored and target not in overrides.fresh)
        self.clear.setEnabled(target is not None and texts.is_overridden(target, overrides))
        self._buttons.show()

    def _show_layers(self, facts: Facts) -> None:
        matching = self._document.matching
        assert matching is not None
        rows = texts.block_rows(facts, matching)
        self.layers.setVisible(bool(rows))
        if rows:
            blocks = [place.block.path if place else "" for place in (facts.source, facts.target)]
            self.layers.set_rows(rows, *blocks)
        single = not facts.is_block
        _show(self.details_title, self.layer_facts, shown=single)
        if single:
            layers = [place.layer if place else None for place in (facts.source, facts.target)]
            self.layer_facts.set_layers(*layers)

    def _show_copy(self) -> None:
        """Show the plan of what is selected, and how much of the target it covers."""
        facts, plan, coverage = self._facts, self._document.plan, self._document.coverage
        if facts is None or facts.target is None or plan is None or coverage is None:
            return
        text = texts.covered_text(facts, coverage)
        if plan.provisional and text:
            text += "\nWhich indices are taken goes by the weights, and is decided at the transfer."
        self.covered.setText(text)
        self.covered.setVisible(bool(text))
        self.layers.set_coverage(coverage.layers)
        # Of two that are not matched to each other, the plan says nothing.
        alone = facts.source is None
        rows = rows_of(facts.target.layer, plan) if facts.matched or alone else ()
        self.tensors.set_rows(rows)
        self.copy_title.setVisible(bool(rows))
        if not rows:
            _show(self.drawing, self.slices, shown=False)

    def _draw_row(self, row: "PlanRow") -> None:
        """Draw what happens to one tensor; nothing does to a fresh one."""
        layer = self._facts.target.layer if self._facts and self._facts.target else None
        happens = row.source is not None or row.constant is not None
        self.drawing.setVisible(happens)
        if layer is not None and happens:
            self.drawing.set_row(row, dimension_names(layer))
        self.slices.setText(slices_text(row))
        self.slices.setVisible(bool(self.slices.text()))

    def _show_rank(self) -> None:
        facts, tables = self._facts, self._document.tables
        rank = rank_of(tables, facts) if facts is not None and tables is not None else None
        self.rank.setText(texts.rank_line(rank, facts) if rank is not None and facts is not None else "")
        self.rank.setVisible(rank is not None)

    def _show_candidates(self) -> None:
        """List the candidates; a cost that takes a whole solve is left to a step of its own."""
        facts, tables = self._facts, self._document.tables
        if facts is None or tables is None:
            return
        found = candidates(tables, facts, overrides=self._document.overrides)
        for_target = facts.target is not None
        self.candidates.set_candidates(found, for_target=for_target)
        self.candidates_title.setText(texts.candidates_title(facts, bool(found)))
        self.candidates_title.setVisible(bool(self.candidates_title.text()))
        self.candidates.setVisible(bool(found))
        self._candidates = found
        for at, candidate in enumerate(found):
            if candidate.change is not None or candidate.reason:
                self.candidates.set_cost(at, candidate.change, candidate.reason)
            else:
                self._steps.append(partial(self._show_cost, at))

    def _explain(self) -> None:
        """Find out what the selected pair keeps out: one solve with the pair banned."""
        from dpiat_gui.matching.explain import explain_pair

        facts, document = self._facts, self._document
        matching, tables = document.matching, document.tables
        if facts is None or not facts.matched or matching is None or tables is None:
            return
        if facts.pair is not None and not facts.pair.pinned:
            explain = partial(explain_pair, tables, matching, facts.pair.target)
            document.work_out(self, explain, lambda found: self._show_runner_up(facts, found.runner_up))
        elif facts.entry is not None and facts.pair is None and not facts.entry.pinned:
            assert facts.source is not None
            assert facts.target is not None
            weigh = partial(block_runner_up, tables, matching, facts.source.path, facts.target.path)
            document.work_out(self, weigh, partial(self._show_runner_up, facts))

    def _show_runner_up(self, facts: Facts, other: "Alternative") -> None:
        matching = self._document.matching
        if facts is self._facts and facts.target is not None and matching is not None:
            text, change = texts.runner_up_line(other, matching.score)
            self.runner_up.show_other(other.source, facts.target.path, text, change)
            _show(self.runner_up_title, self.runner_up, shown=True)

    def _show_cost(self, at: int) -> None:
        facts, document, candidate = self._facts, self._document, self._candidates[at]
        matching, tables = document.matching, document.tables
        if matching is None or tables is None:
            return
        reason = document.can_pin(candidate.source, candidate.target)
        if reason:
            self.candidates.set_cost(at, None, reason)
            return
        pinned = document.overrides.with_pin(candidate.source, candidate.target)

        def show(change: float | None) -> None:
            if facts is self._facts:
                self.candidates.set_cost(at, change)

        document.work_out(self, partial(overrides_cost, tables, matching, pinned), show)

    # -- what a person does -------------------------------------------------------------

    def _ask(self, wish: SignalInstance, *_: object) -> None:
        source, target = self._document.selection.pair
        if target is None:
            return
        if wish in (self.fresh_requested, self.clear_requested):
            wish.emit(target)
        elif source is not None:
            wish.emit(source, target)

    def _on_layer_chosen(self, source: str, target: str) -> None:
        self._document.select(Selection(target=target) if target else Selection(source=source))


def _show(*parts: QLabel | QWidget, shown: bool) -> None:
    for part in parts:
        part.setVisible(shown)
