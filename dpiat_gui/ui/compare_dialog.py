"""The present matching compared: with the automatic one, another method's, or a step of the history."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.document.document import Document
from dpiat_gui.document.solving import is_slow
from dpiat_gui.errors import DpiatError
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.networks.values import ModuleTree
from dpiat_gui.services.jobs import Job, JobRunner
from dpiat_gui.ui.compare_list import CompareList
from dpiat_gui.ui.comparing import (
    AUTOMATIC,
    Answer,
    Row,
    answer_to,
    figures,
    others,
    places,
    rows_of,
    short_name,
    standardization_of,
    untraced,
)
from dpiat_gui.ui.tracing_flows import FlowTraces
from dpiat_gui.ui.widgets import muted

if TYPE_CHECKING:
    from dpiat_gui.matching.values import Matching

_FIRST = ("flat", "dp")
"""Matchers to begin with where nothing was corrected: the first that is not in use."""

KEPT = -1
"""Stands for a step of the history that was chosen before the history went on."""


class CompareDialog(QDialog):
    """Two matchings of the same networks side by side; a row selects its pair on the canvas.

    It stays open beside the canvas and follows every edit; it changes nothing itself.

    Parameters
    ----------
    document
        Whose matching is compared.
    parent
        The window.
    jobs
        Traces flows of information, for the standardization that needs them; None does without.

    Signals
    -------
    compared : Comparison or None, str
        What the columns and the table should mark, and what the other matching is called; None
        when nothing should be marked any more.
    job_started : Job
        Networks are being traced.
    """

    compared = Signal(object, str)
    job_started = Signal(Job)

    def __init__(
        self, document: Document, parent: QWidget | None = None, jobs: JobRunner | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._answer: Answer | None = None
        self._present: Matching | None = None
        self._step: Matching | None = None
        self._by_itself: tuple[str, ...] = ()
        self._traced: dict[str, ModuleTree] = {}
        self._tracing: Mapping[str, str] = {}
        self._hopeless: Mapping[str, str] = {}
        self._traces = FlowTraces(jobs, self) if jobs is not None else None
        self.setWindowTitle("Compare matchings")
        self.resize(QSize(920, 460))
        self._make_parts()
        self._lay_out()
        self.other.activated.connect(self._chosen)
        self.every.toggled.connect(self._fill)
        self.mark.toggled.connect(self._tell)
        self.list.chosen.connect(lambda row: document.select(row.selection))
        document.undo_stack.indexChanged.connect(self._list_steps)
        document.matching_changed.connect(self._follow)
        if self._traces is not None:
            self._traces.traced.connect(self._on_traced)
            self._traces.failed.connect(self._on_untraceable)
            self._traces.job_started.connect(self.job_started)
            self.cancel.clicked.connect(self._give_up)

    # -- set-up ----------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.other = QComboBox()
        self.other.setAccessibleName("Compare the present matching with")
        self.other.setToolTip(
            "Another matching of the same two networks. Nothing is changed by looking at it."
        )
        for key, text, tip in others():
            self.other.addItem(text, key)
            self.other.setItemData(self.other.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._methods = self.other.count()
        self.other.setMaxVisibleItems(20)
        self.other.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.other.setMinimumContentsLength(40)
        self.every = QCheckBox("Show pairs that are &equal too")
        self.every.setToolTip("List every matched target, not only those whose source differs")
        self.mark = QCheckBox("&Mark in the columns and in the pairs table")
        self.mark.setChecked(True)
        self.mark.setToolTip("A plus is only here, a minus only there; the table gets a column")
        self.figures = QLabel()
        self.figures.setWordWrap(True)
        self.figures.setAccessibleName("How much the two matchings agree")
        self.figures.setToolTip(
            "A pair is a source layer and a target layer. The total score of a matching is the sum over its "
            "pairs, less what spans and lost skips cost."
        )
        self.cancel = QPushButton("Cancel")
        self.cancel.setProperty("link", True)
        self.cancel.setAccessibleName("Cancel tracing the flow of information")
        self.cancel.setToolTip("Stop, and compare with the automatic matching instead")
        self.cancel.hide()
        self.equal = muted()
        self.equal.setWordWrap(True)
        self.equal.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.equal.setMinimumHeight(6 * self.fontMetrics().height())
        self.equal.hide()
        self.list = CompareList()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        label = QLabel("Compare &with")
        label.setBuddy(self.other)
        head.addWidget(label)
        head.addWidget(self.other)
        head.addStretch(1)
        head.addWidget(self.every)
        told = QHBoxLayout()
        told.addWidget(self.figures, 1)
        told.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 14)
        column.setSpacing(8)
        column.addLayout(head)
        column.addLayout(told)
        column.addWidget(self.equal, 1)
        column.addWidget(self.list, 1)
        foot = QHBoxLayout()
        foot.addWidget(muted("Here is the present matching, there the other one.", small=True), 1)
        foot.addWidget(self.mark)
        column.addLayout(foot)

    # -- showing ---------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Compare anew whenever it is opened."""
        super().showEvent(event)
        if not event.spontaneous():
            self._list_steps()
            self._choose_other()
            self.refresh()

    def _choose_other(self) -> None:
        """Begin with a matching that may differ: the present one compared with itself says nothing."""
        state = self._document.state
        if state.overrides:
            same = self.other.currentData() in (state.options.method, *self._by_itself)
            wanted = AUTOMATIC if same else None
        else:
            same = self.other.currentData() in (AUTOMATIC, state.options.method)
            wanted = next(name for name in _FIRST if name != state.options.method) if same else None
        self._by_itself = (wanted,) if wanted is not None else ()
        if wanted is not None:
            self.other.setCurrentIndex(self.other.findData(wanted))

    def hideEvent(self, event: QHideEvent) -> None:
        """Mark nothing any more, and trace nothing."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._drop_traces()
            self.compared.emit(None, "")

    def compare_with_step(self, index: int) -> None:
        """Compare with the matching after the first `index` steps of the history, and show it."""
        self._list_steps()
        self.other.setCurrentIndex(self.other.findData(index))
        self._chosen()
        self.show()

    def _chosen(self) -> None:
        """Take the matching of a step as it is now: the history may go another way later."""
        other = self.other.currentData()
        self._hopeless = {}
        if other != KEPT:
            self._step = self._document.snapshot_at(other).matching if isinstance(other, int) else None
        self.refresh()

    def _list_steps(self) -> None:
        """Offer the steps of the history below the methods, the latest first."""
        stack, chosen = self._document.undo_stack, self.other.currentData()
        text = self.other.currentText()
        while self.other.count() > self._methods:
            self.other.removeItem(self.other.count() - 1)
        if isinstance(chosen, int) and self._step is not None:
            self.other.addItem(text, KEPT)
            self.other.setCurrentIndex(self.other.count() - 1)
        names = ["the beginning", *(f"step {at + 1}: {stack.text(at)}" for at in range(stack.count()))]
        for at in reversed(range(len(names))):
            if at != stack.index():
                self.other.addItem(names[at], at)

    # -- comparing -------------------------------------------------------------------------

    def refresh(self) -> None:
        """Solve the other matching and compare; networks are traced first where it needs that."""
        present, state, key = self._document.matching, self._document.state, self.other.currentData()
        step, traced = self._step, dict(self._traced)
        self._present, self._answer = present, None
        self._fill()
        if present is None:
            self._drop_traces()
            self.figures.setText("Open two networks that can be matched.")
            return
        if step is None and self._must_trace():
            return
        self._drop_traces()
        self.figures.setText("Matching…")
        method = key if isinstance(key, str) and key in METHODS else state.options.method
        options = replace(state.options, method=method)
        # Other blocks have to be made first, and how many they are shows only then.
        slow = step is None and (bool(standardization_of(key)) or is_slow(replace(state, options=options)))
        self._document.work_out(
            self,
            lambda: answer_to(state, present, key, traced, step),
            partial(self._compared, present, key),
            partial(self._failed, key),
            slow=slow,
        )

    def _compared(self, present: "Matching", key: object, answer: Answer | None) -> None:
        if present is not self._document.matching or key != self.other.currentData():
            return
        self._answer = answer
        self.figures.setText("There is no such matching." if answer is None else figures(answer))
        self._fill()
        self._tell()

    def _tell(self) -> None:
        """Let the columns and the table mark what differs, or nothing."""
        shown = self.isVisible() and self.mark.isChecked() and self._answer is not None
        comparison = self._answer.comparison if shown and self._answer is not None else None
        self.compared.emit(comparison, short_name(self.other.currentText()))

    def _failed(self, key: object, error: DpiatError) -> None:
        if key == self.other.currentData():
            self.figures.setText(str(error))
            self._tell()

    def _follow(self) -> None:
        if self.isVisible():
            self.refresh()

    def _fill(self, _every: object = None) -> None:
        """List what differs, and all pairs if they are asked for; say so where nothing does."""
        comparison = self._answer.comparison if self._answer is not None else None
        rows: list[Row] = []
        order: Mapping[str, int] = {}
        if self._answer is not None and self._present is not None:
            rows = rows_of(self._answer, self._present, all_pairs=self.every.isChecked())
            order = places(self._present)
        self.list.show_rows(rows, order)
        same = comparison is not None and not comparison.changes
        self.equal.setText(f"Both matchings are the same: every pair is also in {self.other.currentText()}.")
        self.equal.setVisible(same)
        self.list.setVisible(not same or bool(rows))

    # -- tracing ---------------------------------------------------------------------------

    def _must_trace(self) -> bool:
        """Have the engine trace what is missing; return whether anything is."""
        state, key = self._document.state, self.other.currentData()
        missing = {
            side: getattr(state, f"{side}_reference") or getattr(state, side).origin
            for side in untraced(state, key, self._traced)
        }
        if not missing or self._traces is None:
            # Without an engine the standardization says itself what it lacks.
            return False
        if missing == self._hopeless:
            return True
        self.figures.setText("Tracing the flow of information…")
        self.cancel.show()
        if missing != self._tracing:
            self._tracing = missing
            self._traces.start(missing)
        self._tell()
        return True

    def _on_traced(self, trees: Mapping[str, ModuleTree]) -> None:
        self._traced.update(trees)
        self.refresh()

    def _on_untraceable(self, error: DpiatError) -> None:
        self._hopeless = self._tracing
        self._drop_traces()
        self.figures.setText(str(error))

    def _give_up(self) -> None:
        """Go back to what can be compared with at once."""
        self._drop_traces()
        self.other.setCurrentIndex(self.other.findData(AUTOMATIC))
        self._chosen()

    def _drop_traces(self) -> None:
        self._tracing = {}
        self.cancel.hide()
        if self._traces is not None:
            self._traces.drop()
