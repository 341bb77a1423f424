"""The transfer pane: what would be carried over, how, where to, and how it went."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.errors import DpiatError
from dpiat_gui.services.theme import Theme
from dpiat_gui.transfer.operators import ALIGNMENTS, OPERATORS
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.ui.texts import bytes_text
from dpiat_gui.ui.widgets import CoverageBar, ElidedLabel, muted, primary, section, set_state

FORMATS = (("safetensors", ".safetensors"), ("PyTorch .pth", ".pth"))
SUFFIXES = (".safetensors", ".pth", ".pt")
MOST_SEED = 2**31 - 1
PROGRESS_STEPS = 1000


@dataclass(frozen=True, slots=True)
class TransferSettings:
    """What the pane shows of the document.

    Parameters
    ----------
    preset, transfer, seed, device
        As the document holds them.
    """

    preset: str = "recommended"
    transfer: TransferOptions = field(default_factory=TransferOptions)
    seed: int = 0
    device: str = "auto"


class TransferPanel(QWidget):
    """Form at the left; coverage, progress and result at the right. Edits nothing by itself."""

    run_requested = Signal()
    cancel_requested = Signal()
    preset_chosen = Signal(str)
    option_chosen = Signal(str, object)
    """Name and value of an option of the transfer."""
    seed_chosen = Signal(int)
    device_chosen = Signal(str)
    open_folder_requested = Signal()
    copy_report_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filling = False
        self._ready = False
        self._why = ""
        self._running = False
        self._halves = (self._form(), self._outcome())
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 6, 12, 6)
        self._row.setSpacing(18)
        for half in self._halves:
            self._row.addLayout(half, 1)
        self._connect()
        self.set_ready(False, "Open a source and a target first.")

    # -- room --------------------------------------------------------------------------------

    def _widths(self) -> tuple[int, int]:
        """Return the least width of the halves above each other, and side by side."""
        margins, widths = self._row.contentsMargins(), [half.minimumSize().width() for half in self._halves]
        around = margins.left() + margins.right()
        return max(widths) + around, sum(widths) + self._row.spacing() + around

    def minimumSizeHint(self) -> QSize:
        """Return what the halves take above each other: that is how they stand where room is scarce."""
        return QSize(self._widths()[0], super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the outcome, with the button that begins it, above the form where both do not fit."""
        way = QBoxLayout.Direction
        beside = self.width() >= self._widths()[1]
        self._row.setDirection(way.LeftToRight if beside else way.BottomToTop)
        super().resizeEvent(event)

    # -- building ----------------------------------------------------------------------------

    def _form(self) -> QGridLayout:
        self.device = QComboBox()
        self.device.addItem("auto", "auto")
        self.preset = QComboBox()
        self.preset.addItem("recommended", "recommended")
        self.preset.addItem("paper", "paper")
        self.operator = QComboBox()
        for one in OPERATORS.values():
            self.operator.addItem(one.name, one.name)
            tip = f"{one.title}. {one.text}"
            self.operator.setItemData(self.operator.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.align = QComboBox()
        for text, value in (("centre", "paper"), ("structure", "structure")):
            self.align.addItem(text, value)
            self.align.setItemData(self.align.count() - 1, ALIGNMENTS[value], Qt.ItemDataRole.ToolTipRole)
        self.buffers = QCheckBox("&Running statistics too")
        self.seed = QSpinBox()
        self.seed.setRange(0, MOST_SEED)
        self.output = QLineEdit()
        self.output.setPlaceholderText("Where the checkpoint is written")
        self.browse = QPushButton("Browse…")
        self.format = QComboBox()
        for text, suffix in FORMATS:
            self.format.addItem(text, suffix)
        names = {
            self.device: (
                "Device",
                "Where the weights are cut and copied; the result is the same everywhere",
            ),
            self.preset: ("Preset", "recommended: every type of layer, statistics too; paper: as published"),
            self.operator: ("Operator", "How tensors of different size are fitted; clip: centre to centre"),
            self.align: (
                "Alignment",
                "centre: every tensor by itself, as in the paper; structure: inside groups, heads, "
                "concatenated parts and flattened maps, so that channels keep their place",
            ),
            self.buffers: ("Running statistics", "Mean and variance of batch norms; off in the paper"),
            self.seed: ("Seed", "Of the target's own initialisation, kept where nothing is copied"),
            self.output: ("Output file", "The ending decides the format"),
            self.browse: ("Choose the output file", ""),
            self.format: ("Output format", "Follows the ending of the file"),
        }
        for widget, (name, tip) in names.items():
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
        for box in (self.device, self.preset, self.operator, self.align, self.format):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(7)
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.operator.setMinimumContentsLength(max(map(len, OPERATORS)))
        return self._grid()

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(7)
        grid.addWidget(_label("&Output", self.output), 0, 0)
        grid.addLayout(_row(self.output, self.browse), 0, 1, 1, 3)
        fields = (
            (("&Device", self.device), ("&Format", self.format)),
            (("&Preset", self.preset), ("O&perator", self.operator)),
            (("S&eed", self.seed), ("Alig&nment", self.align)),
        )
        for row, pair in enumerate(fields, 1):
            for column, (text, widget) in enumerate(pair):
                grid.addWidget(_label(text, widget), row, 2 * column)
                grid.addWidget(widget, row, 2 * column + 1)
        grid.addWidget(self.buffers, 4, 2, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        grid.setRowStretch(5, 1)
        return grid

    def _outcome(self) -> QVBoxLayout:
        self.title = section("What is carried over")
        self.coverage = CoverageBar()
        self.summary = muted()
        self.summary.setWordWrap(True)
        self.summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.run = primary("Run transfer")
        self.run.setToolTip("Carry the weights over and write the checkpoint (Ctrl+Enter)")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop; nothing is written (Esc)")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName("Progress of the transfer")
        self.stage = ElidedLabel()
        self.stage.setProperty("muted", True)
        self.result = muted()
        self.result.setWordWrap(True)
        self.result.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.result.setAccessibleName("Result of the transfer")
        self.open_folder = QPushButton("Open folder")
        self.copy_report = QPushButton("Copy report")
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addLayout(_row(self.title, None, self.cancel, self.run))
        column.addWidget(self.coverage)
        column.addWidget(self.summary)
        column.addWidget(self.bar)
        column.addWidget(self.stage)
        column.addWidget(self.result)
        column.addLayout(_row(self.open_folder, self.copy_report, None))
        column.addStretch(1)
        self._show_outcome(bar=False, stage=False, result=False, report=False)
        self.cancel.hide()
        return column

    def _connect(self) -> None:
        self.run.clicked.connect(self.run_requested)
        self.cancel.clicked.connect(self.cancel_requested)
        self.open_folder.clicked.connect(self.open_folder_requested)
        self.copy_report.clicked.connect(self.copy_report_requested)
        self.browse.clicked.connect(self._browse)
        self.output.textChanged.connect(self._output_changed)
        self.format.activated.connect(self._format_chosen)
        self.device.activated.connect(lambda: self.device_chosen.emit(self.device.currentData()))
        self.preset.activated.connect(lambda: self.preset_chosen.emit(self.preset.currentData()))
        self.operator.activated.connect(
            lambda: self.option_chosen.emit("operator", self.operator.currentData())
        )
        self.align.activated.connect(lambda: self.option_chosen.emit("align", self.align.currentData()))
        self.buffers.clicked.connect(lambda on: self.option_chosen.emit("buffers", on))
        self.seed.valueChanged.connect(lambda value: None if self._filling else self.seed_chosen.emit(value))

    # -- what it shows -----------------------------------------------------------------------

    def take_focus(self) -> None:
        """Put the focus where Enter does the main thing."""
        (self.run if self.run.isEnabled() else self.output).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def set_settings(self, settings: TransferSettings) -> None:
        """Show the document's settings; nothing is emitted."""
        self._filling = True
        _choose(self.preset, settings.preset)
        _choose(self.operator, settings.transfer.operator)
        _choose(self.align, settings.transfer.align)
        _choose(self.device, settings.device)
        self.buffers.setChecked(settings.transfer.buffers)
        self.seed.setValue(settings.seed)
        self._filling = False

    def set_devices(self, devices: Sequence[tuple[str, str]], chosen: str) -> None:
        """Offer these devices, (value, text); a chosen one that is missing stays in the list."""
        self.device.clear()
        for value, text in devices:
            self.device.addItem(text, value)
        _choose(self.device, chosen)

    def set_coverage(self, fraction: float | None, text: str) -> None:
        """Show what would be carried over."""
        self.coverage.setVisible(fraction is not None)
        self.coverage.set_covered(fraction or 0.0)
        self.summary.setText(text)

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self.coverage.set_theme(theme)

    def set_ready(self, ready: bool, why: str = "") -> None:
        """Allow running, or say why not."""
        self._ready, self._why = ready, why
        if not ready:
            self.set_coverage(None, why)
        self._update_run()

    @property
    def output_path(self) -> Path | None:
        """The file to write, None if none is named."""
        text = self.output.text().strip()
        return Path(text).expanduser() if text else None

    def set_output(self, path: Path) -> None:
        """Propose a file."""
        self.output.setText(str(path))

    # -- a transfer --------------------------------------------------------------------------

    def start(self) -> None:
        """Show that a transfer has begun."""
        self._running = True
        self.bar.setRange(0, 0)
        self.stage.set_full_text("Starting…")
        self._show_outcome(bar=True, stage=True, result=False, report=False)
        self._update_run()

    def show_progress(self, done: int, total: int, text: str) -> None:
        """Show bytes and tensor."""
        self.bar.setRange(0, PROGRESS_STEPS if total else 0)
        if total:
            self.bar.setValue(round(PROGRESS_STEPS * done / total))
        amount = f"{bytes_text(done)} of {bytes_text(total)}" if total else ""
        self.stage.set_full_text("   ".join(part for part in (amount, text) if part))

    def show_cancelling(self) -> None:
        """Say that Cancel was heard."""
        self.cancel.setEnabled(False)
        self.stage.set_full_text("Cancelling…")

    def show_done(self, text: str) -> None:
        """Show the result of a transfer that ended well."""
        self._end(text, "ok", report=True)

    def show_failed(self, error: DpiatError) -> None:
        """Show why a transfer failed and what to do next."""
        self._end(f"{error.message}\n{error.hint}".strip(), "error", report=False)

    def show_cancelled(self) -> None:
        """Say that nothing was written."""
        self._end(
            "Cancelled; nothing was written. A file that stood there is intact.", "warning", report=False
        )

    def _end(self, text: str, state: str, *, report: bool) -> None:
        self._running = False
        self.result.setText(text)
        set_state(self.result, "muted", False)
        set_state(self.result, "state", state)
        self._show_outcome(bar=False, stage=False, result=True, report=report)
        self._update_run()

    def _show_outcome(self, *, bar: bool, stage: bool, result: bool, report: bool) -> None:
        self.bar.setVisible(bar)
        self.stage.setVisible(stage)
        self.result.setVisible(result)
        self.open_folder.setVisible(report)
        self.copy_report.setVisible(report)

    def _update_run(self) -> None:
        self.run.setEnabled(self._ready and not self._running and self.output_path is not None)
        self.run.setVisible(not self._running)
        self.cancel.setVisible(self._running)
        self.cancel.setEnabled(self._running)
        boxes = (self.format, self.device, self.preset, self.operator, self.align, self.seed)
        for widget in (self.output, self.browse, *boxes):
            widget.setEnabled(not self._running)
        self.buffers.setEnabled(not self._running)

    def _output_changed(self) -> None:
        path = self.output_path
        if path is not None:
            _choose(self.format, ".pth" if path.suffix == ".pt" else path.suffix, add=False)
        self._update_run()

    def _format_chosen(self) -> None:
        path, suffix = self.output_path, self.format.currentData()
        if path is not None and path.suffix != suffix:
            self.set_output(path.with_suffix(suffix) if path.suffix in SUFFIXES else Path(f"{path}{suffix}"))

    def _browse(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self,
            "Write the checkpoint to",
            self.output.text(),
            "safetensors (*.safetensors);;PyTorch (*.pth *.pt)",
        )
        if name:
            self.set_output(Path(name) if Path(name).suffix in SUFFIXES else Path(f"{name}.safetensors"))


def _choose(box: QComboBox, value: str, *, add: bool = True) -> None:
    index = box.findData(value)
    if index < 0 and add:
        box.addItem(value, value)
        index = box.count() - 1
    if index >= 0:
        box.setCurrentIndex(index)


def _label(text: str, buddy: QWidget) -> QLabel:
    label = QLabel(text)
    label.setBuddy(buddy)
    return label


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """Return widgets side by side; None stands for room between."""
    row = QHBoxLayout()
    row.setSpacing(6)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row
