"""The transfer pane: what would be carried over, how, where to, and how it went."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.errors import DpiatError
from dpiat_gui.networks.folders import expanded
from dpiat_gui.services.theme import Theme
from dpiat_gui.transfer.options import TransferOptions, Writing
from dpiat_gui.ui.texts import bytes_text
from dpiat_gui.ui.transfer_form import TransferForm, choose, row_of
from dpiat_gui.ui.transfer_room import TransferRoom
from dpiat_gui.ui.transfer_steps import TransferSteps
from dpiat_gui.ui.widgets import (
    CoverageBar,
    ElidedLabel,
    disable_for_now,
    hand_over,
    muted,
    primary,
    section,
    set_state,
)

SUFFIXES = (".safetensors", ".pth", ".pt")
PROGRESS_STEPS = 1000


@dataclass(frozen=True, slots=True)
class TransferSettings:
    """What the pane shows of the document.

    Parameters
    ----------
    preset, transfer, seed, device, writing
        As the document holds them.
    """

    preset: str = "recommended"
    transfer: TransferOptions = field(default_factory=TransferOptions)
    seed: int = 0
    device: str = "auto"
    writing: Writing = field(default_factory=Writing)


class TransferPanel(QWidget):
    """Form, steps of the recipe, and outcome: coverage, progress, result. Edits nothing by itself."""

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
        self.form = TransferForm()
        self.steps = TransferSteps()
        form = self.form
        self.output, self.browse, self.format, self.device = (
            form.output,
            form.browse,
            form.format,
            form.device,
        )
        self.preset, self.operator, self.align = form.preset, form.operator, form.align
        self.buffers, self.seed, self.device = form.buffers, form.seed, form.device
        self.outcome = QWidget()
        self.outcome.setLayout(self._make_outcome())
        self._room = TransferRoom(self, self.form, self.steps, self.outcome)
        self._connect()
        self.set_ready(False, "Open a source and a target first.")

    # -- room --------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """Return what the parts take above each other: that is how they stand where room is scarce."""
        return QSize(self._room.least_width, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the parts stand as the width has room for."""
        self._room.arrange(self.width())
        super().resizeEvent(event)

    # -- building ----------------------------------------------------------------------------

    def _make_outcome(self) -> QVBoxLayout:
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
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row_of(self.title, None, self.cancel, self.run))
        column.addWidget(self.coverage)
        column.addWidget(self.summary)
        column.addWidget(self.bar)
        column.addWidget(self.stage)
        column.addWidget(self.result)
        column.addLayout(row_of(self.open_folder, self.copy_report, None))
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
        self.steps.option_chosen.connect(self.option_chosen)
        self.buffers.clicked.connect(lambda on: self.option_chosen.emit("buffers", on))
        self.seed.valueChanged.connect(lambda value: None if self._filling else self.seed_chosen.emit(value))

    # -- what it shows -----------------------------------------------------------------------

    def take_focus(self) -> None:
        """Put the focus where Enter does the main thing."""
        (self.run if self.run.isEnabled() else self.output).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def set_settings(self, settings: TransferSettings) -> None:
        """Show the document's settings; nothing is emitted."""
        self._filling = True
        choose(self.preset, settings.preset)
        choose(self.operator, settings.transfer.operator)
        choose(self.align, settings.transfer.align)
        choose(self.device, settings.device)
        self.buffers.setChecked(settings.transfer.buffers)
        self.seed.setValue(settings.seed)
        self.form.set_sizes(settings.writing.max_shard_size, settings.writing.max_device_memory)
        self.steps.set_options(settings.transfer)
        self._filling = False

    def set_devices(self, devices: Sequence[tuple[str, str]], chosen: str) -> None:
        """Offer these devices, (value, text); a chosen one that is missing stays in the list."""
        self.device.clear()
        for value, text in devices:
            self.device.addItem(text, value)
        choose(self.device, chosen)

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
        return expanded(text) if text else None

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
        disable_for_now(self.cancel)
        self.stage.set_full_text("Cancelling…")

    def show_nothing(self) -> None:
        """Show no outcome: there was none between these networks."""
        self._show_outcome(bar=False, stage=False, result=False, report=False)

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
        if self._running:
            self.cancel.setEnabled(True)
            hand_over(self.run, self.cancel)
        self.run.setEnabled(self._ready and not self._running and self.output_path is not None)
        if not self._running:
            hand_over(self.cancel, self.run)
            self.cancel.setEnabled(False)
        boxes = (self.format, self.device, self.preset, self.operator, self.align, self.seed)
        for widget in (self.output, self.browse, *boxes, self.form.memory):
            widget.setEnabled(not self._running)
        self.form.shard.setEnabled(not self._running and self.form.knows_shards)
        self.buffers.setEnabled(not self._running)
        self.steps.setEnabled(not self._running)

    def _output_changed(self) -> None:
        path = self.output_path
        if path is not None:
            choose(self.format, ".pth" if path.suffix == ".pt" else path.suffix, add=False)
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
