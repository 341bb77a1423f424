"""The Health pane: what is run, how it goes, the plot of scales and the table of findings."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.errors import DpiatError
from dpiat_gui.services.theme import LIGHT, Theme
from dpiat_gui.transfer.sanity import MOST_INPUTS, SanityReport
from dpiat_gui.transfer.sanity_rules import advice_of
from dpiat_gui.ui import health_texts as texts
from dpiat_gui.ui.health_curves import curves_of, ran, scales_at
from dpiat_gui.ui.health_findings import FindingsTable
from dpiat_gui.ui.health_plot import ScalesPlot, role_colors
from dpiat_gui.ui.widgets import (
    ElidedLabel,
    disable_for_now,
    hand_over,
    inset,
    muted,
    primary,
    scrolling,
    section,
    set_state,
)

RANDOM, IMAGES = "random", "images"
_WIDE = 900
"""Pixels from which on the table has room for all of its columns."""


class HealthPane(QWidget):
    """Shows one report, and says what a person wants to check.

    Signals
    -------
    run_requested, cancel_requested
        Begin a check; stop it.
    layer_chosen : str
        Path of a target layer.
    operator_requested : str
        An operator of the transfer to try.
    """

    run_requested = Signal()
    cancel_requested = Signal()
    layer_chosen = Signal(str)
    operator_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report: SanityReport | None = None
        self._blocks: tuple[tuple[str, str], ...] = ()
        self._theme = LIGHT
        self._folder: Path | None = None
        self._ready = False
        self._running = False
        self._filling = False
        self._selected = ""
        self._offered = False
        self._make_controls()
        self._make_results()
        self._lay_out()
        self._connect()
        self.set_ready(False, texts.INTRODUCTION)

    # -- building --------------------------------------------------------------------------

    def _make_controls(self) -> None:
        self.inputs = QComboBox()
        self.inputs.addItem("Random", RANDOM)
        self.inputs.addItem("Images…", IMAGES)
        self.inputs.setAccessibleName("What is run")
        self.inputs.setToolTip(
            "Random numbers need nothing; images of yours show the scales that training sees"
        )
        self.count = inset(QSpinBox())
        self.count.setRange(2, MOST_INPUTS)
        self.count.setValue(4)
        self.count.setAccessibleName("Number of inputs")
        self.count.setMaximumWidth(72)
        self.count.setToolTip("Number of inputs in the batch; more take longer")
        self.run = primary("Run check")
        self.run.setToolTip("Run one batch forward and back through the three networks (Ctrl+Shift+Return)")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop the check (Esc)")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setMaximumWidth(140)
        self.bar.setAccessibleName("Progress of the check")
        self.stage = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self.message = muted()
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)

    def _make_results(self) -> None:
        self.quantity = _choice("Quantity that is plotted", texts.QUANTITIES)
        self.mode = _choice("Mode of the networks", texts.MODES)
        self.plot = ScalesPlot()
        self.readout = QLabel()
        self.readout.setTextFormat(Qt.TextFormat.RichText)
        self.readout.setWordWrap(True)
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.readout.setAccessibleName("Key, and the values of the selected layer")
        self.verdict = section("")
        self.verdict.setWordWrap(True)
        self.table = FindingsTable()
        self.notes = muted(small=True)
        self.notes.setWordWrap(True)
        self.notes.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.operator = QPushButton("Use clip-normalized")
        self.operator.setAccessibleName("Use the operator clip-normalized")
        self.operator.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.operator.setProperty("link", True)
        self.operator.setToolTip(
            "Choose the operator clip-normalized for the transfer; check again afterwards"
        )

    def _lay_out(self) -> None:
        self.setAccessibleName("Health of the transferred network")
        self._controls = (self.inputs, self.count, self.run, self.cancel)
        asked = _row(self.inputs, self.count, self.run, self.cancel, self.bar, self.stage)
        asked.addStretch(1)
        asked.setStretchFactor(self.stage, 100)
        shown = _row(None, self.operator, self.quantity, self.mode)
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._top.setSpacing(6)
        self._top.addLayout(asked, 1)
        self._top.addLayout(shown)
        left, right = QWidget(), QWidget()
        plotted = QVBoxLayout(left)
        plotted.setSpacing(3)
        plotted.addWidget(self.plot, 1)
        plotted.addWidget(self.readout)
        found = QVBoxLayout(right)
        found.setSpacing(4)
        found.addWidget(self.verdict)
        found.addWidget(self.table, 2)
        # The table is no taller than its rows, and the advice has the rest.
        found.addWidget(scrolling(self.notes), 1)
        plotted.setContentsMargins(0, 0, 0, 0)
        found.setContentsMargins(8, 0, 0, 0)
        results = QSplitter(Qt.Orientation.Horizontal)
        results.setChildrenCollapsible(False)
        results.addWidget(left)
        results.addWidget(right)
        results.setStretchFactor(0, 3)
        results.setStretchFactor(1, 2)
        results.setSizes([600, 400])
        self.pages = QStackedWidget()
        self.pages.addWidget(self.message)
        self.pages.addWidget(results)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(6)
        column.addLayout(self._top)
        column.addWidget(self.pages, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def _connect(self) -> None:
        self.run.clicked.connect(self.run_requested)
        self.cancel.clicked.connect(self.cancel_requested)
        self.inputs.activated.connect(self._inputs_chosen)
        self.quantity.currentIndexChanged.connect(self._replot)
        self.mode.currentIndexChanged.connect(self._replot)
        self.plot.layer_chosen.connect(self.layer_chosen)
        self.plot.layer_hovered.connect(self._show_readout)
        self.table.layer_chosen.connect(self.layer_chosen)
        self.operator.clicked.connect(lambda: self.operator_requested.emit("clip-normalized"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out the values of flagged layers where their names need the room; tooltips have them."""
        super().resizeEvent(event)
        self.table.setColumnHidden(2, self.width() < _WIDE)
        self._use_room()

    def _use_room(self) -> None:
        """Let what is run and what is shown stand below each other where the line is too short for both."""
        parts = (*self._controls, self.operator, self.quantity, self.mode)
        needed = sum(part.sizeHint().width() + 8 for part in parts if not part.isHidden())
        way = QBoxLayout.Direction
        self._top.setDirection(way.LeftToRight if needed <= self.width() - 24 else way.TopToBottom)

    # -- what is asked for -----------------------------------------------------------------

    @property
    def images(self) -> str | None:
        """The folder of images to run, None for random numbers."""
        return str(self._folder) if self.inputs.currentData() == IMAGES and self._folder else None

    def set_folder(self, folder: Path) -> None:
        """Run the images of this folder."""
        self._folder = folder
        at = self.inputs.findData(IMAGES)
        self.inputs.setItemText(at, f"Images: {folder.name or folder}")
        self.inputs.setItemData(at, str(folder), Qt.ItemDataRole.ToolTipRole)
        self.inputs.setCurrentIndex(at)

    def _inputs_chosen(self, _index: int) -> None:
        if self.inputs.currentData() != IMAGES:
            return
        name = QFileDialog.getExistingDirectory(
            self, "Images to check with", str(self._folder or Path.home())
        )
        if name:
            self.set_folder(Path(name))
        elif self._folder is None:
            self.inputs.setCurrentIndex(self.inputs.findData(RANDOM))

    # -- what is shown ---------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        self.plot.set_theme(theme)
        self._show_readout("")
        if self._report is not None:
            self.table.show_report(self._report, theme)

    def set_ready(self, ready: bool, why: str = "") -> None:
        """Allow a check, or say why there can be none; what was shown is gone."""
        self._ready = ready
        self._report = None
        self.message.setText(why or texts.INTRODUCTION)
        set_state(self.message, "state", "")
        set_state(self.message, "muted", True)
        self.stage.set_full_text("")
        self.pages.setCurrentIndex(0)
        self._update()

    def show_running(self, text: str, done: int, total: int) -> None:
        """Show how far the check is."""
        self._running = True
        self.bar.setRange(0, 1000 if total else 0)
        if total:
            self.bar.setValue(round(1000 * done / total))
        self.stage.set_full_text(f"{text}…")
        self._update()

    def show_cancelling(self) -> None:
        """Say that Cancel was heard."""
        disable_for_now(self.cancel)
        self.stage.set_full_text("Cancelling…")

    def show_ended(self, text: str) -> None:
        """Show that a check ended without a report; an older report stays."""
        self._running = False
        self.stage.set_full_text(text)
        self._update()

    def show_failed(self, error: DpiatError) -> None:
        """Show why a check failed and what to do next."""
        self.show_ended("")
        self.message.setText(f"{error.message}\n{error.hint}".strip())
        set_state(self.message, "muted", False)
        set_state(self.message, "state", "error")
        self.pages.setCurrentIndex(0)

    def show_stale(self) -> None:
        """Say that what is shown is of an older matching or transfer."""
        if self._report is not None and not self._running:
            self._say("warning", "The matching or the transfer has changed since: run the check again.")

    def show_current(self) -> None:
        """Say that what is shown is of the matching as it is now."""
        if self._report is not None and not self._running:
            self._say(*texts.verdict_line(self._report))

    def show_report(self, report: SanityReport, blocks: Sequence[tuple[str, str]] = ()) -> None:
        """Show a report.

        Parameters
        ----------
        report
            What was seen.
        blocks
            First layer and name of each of the target's blocks, for the axis.
        """
        self._running = False
        self._report, self._blocks = report, tuple(blocks)
        self._say(*texts.verdict_line(report))
        self._filling = True
        # Where only one mode is bad, that is the one to look at.
        modes = {finding.mode for finding in report.findings}
        if modes and self.mode.currentData() not in modes:
            self.mode.setCurrentIndex(self.mode.findData(next(iter(sorted(modes)))))
        self._filling = False
        self.stage.set_full_text("")
        advice = advice_of(report)
        self.notes.setText("\n".join([*advice, *report.notes, f"{report.inputs}; {report.loss}."]))
        self._offered = any("clip-normalized" in line for line in advice)
        self.pages.setCurrentIndex(1)
        self.set_theme(self._theme)
        self._replot()
        self._update()

    def select_layer(self, path: str) -> None:
        """Mark the layer that is selected elsewhere."""
        self._selected = path
        self.plot.choose(path)
        self._show_readout("")
        self.table.select_layer(path)

    def set_operators(self, known: Sequence[str], current: str) -> None:
        """Offer another operator only where there is one."""
        self.operator.setEnabled("clip-normalized" in known and current != "clip-normalized")

    def _replot(self, _index: int = 0) -> None:
        report = self._report
        if report is None or self._filling:
            return
        mode, quantity = self.mode.currentData(), self.quantity.currentData()
        self.plot.set_curves(curves_of(report, mode, quantity, self._blocks), texts.AXES[quantity])
        self.plot.choose(self._selected)
        self._show_readout("")

    def _show_readout(self, hovered: str) -> None:
        report = self._report
        path = hovered or self._selected
        shown = report is not None and path in self.plot.curves.paths
        scales = scales_at(report, self.mode.currentData(), path) if shown and report is not None else {}
        colors = {role: color.name() for role, color in role_colors(self._theme).items()}
        quantity = self.quantity.currentData()
        self.readout.setText(texts.key_line(path if shown else "", ran(report), scales, quantity, colors))
        self.readout.setToolTip(texts.readout(path, scales, quantity) if shown else "")

    def _say(self, state: str, text: str) -> None:
        self.verdict.setText(text)
        set_state(self.verdict, "state", state)

    def _update(self) -> None:
        self.run.setText("Run check" if self._report is None else "Run again")
        self.cancel.setEnabled(True)
        if self._running:
            hand_over(self.run, self.cancel)
        self.run.setEnabled(self._ready and not self._running)
        if not self._running:
            hand_over(self.cancel, self.run)
        self.bar.setVisible(self._running)
        shown = self._report is not None and not self._running
        for box in (self.quantity, self.mode):
            box.setVisible(shown)
        self.operator.setVisible(shown and self._offered)
        self.stage.setVisible(self._running or bool(self.stage.full_text))
        for widget in (self.inputs, self.count):
            widget.setEnabled(not self._running)
        self._use_room()


def _choice(name: str, items: Mapping[str, tuple[str, str]]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    for value, (text, tip) in items.items():
        box.addItem(text, value)
        box.setItemData(box.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
    # As narrow as its commoner words; the list that opens has room for all.
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    box.view().setMinimumWidth(box.view().sizeHintForColumn(0) + 24)
    return box


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """Return widgets side by side; None stands for room between."""
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row
