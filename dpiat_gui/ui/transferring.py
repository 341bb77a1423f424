"""The transfer: from the pane's form to a job of the engine, and its end back into the pane."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QMessageBox

from dpiat_gui.document.document import Document
from dpiat_gui.engine.protocol import Progress
from dpiat_gui.errors import DpiatError, EngineError, TransferError
from dpiat_gui.networks.references import LIVE, parse_reference
from dpiat_gui.services.jobs import Job, JobRunner
from dpiat_gui.ui.editing import Editing
from dpiat_gui.ui.notifications import NotificationArea
from dpiat_gui.ui.texts import big, bytes_text, percent, plural
from dpiat_gui.ui.transfer_panel import SUFFIXES, TransferPanel, TransferSettings

if TYPE_CHECKING:
    from dpiat_gui.services.settings import Settings
    from dpiat_gui.transfer.coverage import Coverage
    from dpiat_gui.transfer.request import TransferRequest

ENGINE_DIED_HINT = (
    "The engine starts again by itself. The transfer was not finished; a file that stood there is intact."
)
Button = QMessageBox.StandardButton

_LIVE_TEXT = (
    "These networks live in a Python session. Close the window, and transfer there: "
    "dpiat_gui.transfer(source, target, overrides=matching.overrides)."
)


class Transferring(QObject):
    """Keeps the pane in step with the document, and runs one transfer at a time."""

    job_started = Signal(Job)
    running_changed = Signal(bool)
    pane_wanted = Signal()
    device_known = Signal(str)

    def __init__(
        self,
        document: Document,
        editing: Editing,
        jobs: JobRunner,
        panel: TransferPanel,
        notices: NotificationArea,
        settings: "Settings",
    ) -> None:
        super().__init__(panel)
        self._document, self._editing, self._jobs = document, editing, jobs
        self._panel, self._notices, self._settings = panel, notices, settings
        self._job: Job | None = None
        self._report: dict[str, Any] = {}
        self._proposed: Path | None = None
        self._best = ""
        document.matching_changed.connect(self._matching_changed)
        document.plan_changed.connect(self._show_coverage)
        for signal in (document.source_changed, document.target_changed):
            signal.connect(self._forget_outcome)
        for signal in (document.settings_changed, document.options_changed):
            signal.connect(self._show_settings)
        panel.run_requested.connect(self.run)
        panel.cancel_requested.connect(self.cancel)
        panel.preset_chosen.connect(partial(editing.attempt, document.set_preset))
        panel.option_chosen.connect(self._choose_option)
        panel.seed_chosen.connect(partial(editing.attempt, document.set_seed))
        panel.device_chosen.connect(partial(editing.attempt, document.set_device))
        panel.form.sizes_chosen.connect(self._choose_sizes)
        panel.open_folder_requested.connect(self._open_folder)
        panel.copy_report_requested.connect(self._copy_report)
        self._show_settings()

    @property
    def running(self) -> bool:
        """Whether a transfer is running."""
        return self._job is not None

    @property
    def report(self) -> dict[str, Any]:
        """The report of the last transfer that ended well, as plain JSON; empty before."""
        return self._report

    def ask_devices(self) -> None:
        """Ask the engine which devices there are; the list says auto until it answers."""
        job = self._jobs.run_in_engine({"do": "devices"}, "Looking for devices")
        job.deliver_to(self, done=self._devices_known)

    def run(self) -> None:
        """Start the transfer; a file in its way is asked about first."""
        path = self._panel.output_path
        if self.running or self._document.matching is None or path is None:
            return
        self.pane_wanted.emit()
        # What would be refused anyway, a folder or a network that is read, is not asked about.
        replaceable = path.is_file() and not self._is_read(path)
        if replaceable and str(path) != self._report.get("path"):
            self._ask_replace(path)
        else:
            self._start(path)

    def cancel(self) -> None:
        """Cancel the running transfer."""
        if self._job is not None:
            self._panel.show_cancelling()
            self._job.cancel()

    def plan_request(self, path: Path) -> "TransferRequest":
        """Return what goes where, from the document as it is now; how it is written is left open.

        Raises
        ------
        TransferError
            If a network is missing or a value has no meaning.
        """
        from dpiat_gui.project.request import transfer_request

        if self._document.state.source is None or self._document.state.target is None:
            raise TransferError("There is nothing to transfer yet.", "Open a source and a target first.")
        return transfer_request(self._document.to_project(), path)

    def request(self, path: Path) -> "TransferRequest":
        """Return what the engine is asked for: the plan, and how the form says it is written.

        Raises
        ------
        TransferError
            As `plan_request`.
        ExportError
            If a size is none.
        """
        form = self._panel.form
        return replace(
            self.plan_request(path),
            manifest=self._document.state.writing.manifest,
            max_shard_size=form.max_shard_size,
            max_device_memory=form.max_device_memory,
        )

    def _is_read(self, path: Path) -> bool:
        """Tell whether a file is one of the two networks."""
        document = self._document
        references = [text for text in (document.source_reference, document.target_reference) if text != LIVE]
        files = [parse_reference(text).path for text in references]
        return any(file is not None and file.exists() and path.samefile(file) for file in files)

    def _ask_replace(self, path: Path) -> None:
        box = QMessageBox(self._panel.window())
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Replace the file?")
        box.setText(f"{path.name} exists already. Replace it?")
        box.setInformativeText("The old file stays until the new one is complete.")
        replace = box.addButton("Replace", QMessageBox.ButtonRole.AcceptRole)
        box.addButton(Button.Cancel)
        box.setDefaultButton(Button.Cancel)
        replace.clicked.connect(partial(self._start, path))
        box.finished.connect(box.deleteLater)
        box.open()

    def _start(self, path: Path, _checked: bool = False) -> None:
        try:
            request = self.request(path)
        except DpiatError as error:
            self._panel.show_failed(error)
            return
        job = self._jobs.run_in_engine({"do": "transfer"} | request.to_json(), "Transferring weights")
        self._job = job
        self._notices.dismiss_all("transfer")
        self._panel.start()
        job.deliver_to(
            self,
            done=self._done,
            failed=self._failed,
            cancelled=self._cancelled,
            progressed=self._progressed,
        )
        self.job_started.emit(job)
        self.running_changed.emit(True)

    def _end(self) -> None:
        self._job = None
        self.running_changed.emit(False)

    def _progressed(self, progress: Progress) -> None:
        if self._job is not None and not self._job.cancelling:
            self._panel.show_progress(progress.done, progress.total, progress.text)

    def _done(self, answer: dict[str, Any]) -> None:
        self._report = answer
        self._panel.show_done(report_text(self._report))
        self._settings.set(output_folder=str(Path(self._report["path"]).parent))
        self._end()

    def _failed(self, error: DpiatError) -> None:
        if isinstance(error, EngineError):
            shown = EngineError(error.message, ENGINE_DIED_HINT)
            shown.__cause__ = error.__cause__
            self._panel.show_failed(EngineError("Not finished.", ENGINE_DIED_HINT))
            self._notices.show_error(shown, actions=(("Try again", self.run),), key="transfer")
        else:
            self._panel.show_failed(error)
            if not self._panel.isVisible():
                self._notices.show_error(error, actions=(("Try again", self.run),), key="transfer")
        self._end()

    def _cancelled(self) -> None:
        self._panel.show_cancelled()
        self._end()

    def _devices_known(self, answer: dict[str, Any]) -> None:
        found = [(str(device["name"]), str(device["title"])) for device in answer["devices"]]
        self._best = found[0][0] if found else "cpu"
        devices = [("auto", f"auto ({self._best})"), *((name, f"{name} · {title}") for name, title in found)]
        self._panel.set_devices(devices, self._document.device)
        self.device_known.emit(self._best)

    def _show_settings(self) -> None:
        state = self._document.state
        self._panel.set_settings(
            TransferSettings(state.preset, state.transfer, state.seed, state.device, state.writing)
        )

    def _choose_option(self, name: str, value: object) -> None:
        self._editing.attempt(partial(self._document.set_transfer, **{name: value}))

    def _choose_sizes(self, shard: int | None, memory: int | None) -> None:
        self._editing.attempt(
            partial(self._document.set_writing, max_shard_size=shard, max_device_memory=memory)
        )

    def _forget_outcome(self) -> None:
        """Say no more how the transfer between other networks went."""
        if not self.running:
            self._panel.show_nothing()

    def _matching_changed(self) -> None:
        document = self._document
        if document.matching is None:
            why = str(document.match_error) if document.match_error else "Open a source and a target first."
            self._panel.set_ready(False, why)
            return
        if LIVE in (document.source_reference, document.target_reference):
            self._panel.set_ready(False, _LIVE_TEXT)
            return
        self._panel.set_ready(True)
        self._propose_output()

    def _show_coverage(self) -> None:
        coverage = self._document.coverage
        plan = self._document.plan
        if coverage is None or plan is None:
            self._panel.steps.set_counts({}, ())
            return
        # Here and not above: the window paints before there is anything to transfer.
        from dpiat_gui.transfer.steps import step_notes, tensors_by_step

        of_steps = step_notes(plan.notes)
        others = [note for note in plan.notes if note not in of_steps]
        text = coverage_text(coverage, "\n".join([*filter(None, [self._weights_note()]), *others]))
        self._panel.set_coverage(coverage.fraction, text)
        self._panel.steps.set_counts(tensors_by_step(plan.rows), of_steps)
        target = self._document.target_reference
        self._panel.steps.set_runs(target != LIVE and parse_reference(target).kind != "checkpoint")

    def _weights_note(self) -> str:
        if LIVE in (self._document.source_reference, self._document.target_reference):
            return _LIVE_TEXT
        reference = parse_reference(self._document.source_reference)
        if reference.kind == "timm" and not reference.option("pretrained"):
            return "The source has no pretrained weights: random ones would be carried over."
        return ""

    def _propose_output(self) -> None:
        """Put a name made of both networks into the form, unless the person has chosen one."""
        document = self._document
        if document.source is None or document.target is None:
            return
        if self._panel.output_path not in (None, self._proposed):
            return
        folder = Path(self._settings.output_folder or Path.cwd())
        self._proposed = default_output(folder, document.source.name, document.target.name)
        self._panel.set_output(self._proposed)

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self._report["path"]).parent)))

    def _copy_report(self) -> None:
        QGuiApplication.clipboard().setText(json.dumps(self._report, indent=2))
        self._document.message.emit("The report is on the clipboard.")


def default_output(folder: Path, source: str, target: str) -> Path:
    """Return a file named after both networks, in `folder`."""

    def clean(name: str) -> str:
        return "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in name)

    return folder / f"{clean(source)}-to-{clean(target)}{SUFFIXES[0]}"


def coverage_text(coverage: "Coverage", note: str = "") -> str:
    """Say what would be carried over, in two lines."""

    def amount(elements: int) -> str:
        return big(elements).replace(" ", "\N{NO-BREAK SPACE}")

    whole = coverage.copied_tensors - coverage.padded_tensors
    made = coverage.set_elements
    lines = [
        f"{percent(coverage.fraction)} of {amount(coverage.elements)} elements; "
        f"{amount(coverage.fresh)} stay fresh" + (f", steps set {amount(made)}" if made else ""),
        f"{plural(whole, 'tensor')} whole, {coverage.padded_tensors:,} in part, "
        f"{coverage.fresh_tensors:,} not at all"
        + (f", {coverage.set_tensors:,} set" if coverage.set_tensors else ""),
    ]
    return "\n".join([*lines, note] if note else lines)


def report_text(report: dict[str, Any]) -> str:
    """Return a report as the pane shows it."""
    coverage = report.get("coverage", {})
    verified = report.get("verified_tensors")
    parts = [
        f"{percent(coverage.get('fraction', 0.0))} covered",
        f"verified: {verified:,} tensors" if verified is not None else "",
        str(report.get("device", "")),
        f"seed {report.get('seed')}",
        f"{report.get('seconds', 0.0):.1f} s",
        bytes_text(report.get("bytes", 0)),
    ]
    notes = [str(note) for note in report.get("notes", ())]
    done = " · ".join(part for part in parts if part)
    return "\n".join([f"Done: {done}", str(report.get("path", "")), *notes])
