"""The jobs a person waits for: shown while they run, cancelled by Esc."""

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.services.jobs import Job
from dpiat_gui.ui.status import JobIndicator, JobPanel
from dpiat_gui.ui.transferring import Transferring


class Running(QObject):
    """Follows jobs from start to end; the latest one is shown."""

    changed = Signal()

    def __init__(
        self, transferring: Transferring, indicator: JobIndicator, panel: JobPanel, window: QWidget
    ) -> None:
        super().__init__(window)
        self._transferring, self._indicator, self._panel = transferring, indicator, panel
        self._jobs: list[Job] = []

    @property
    def busy(self) -> bool:
        """Whether a job is running."""
        return bool(self._jobs)

    def follow(self, job: Job, *, shown: bool = False) -> None:
        """Show a job until it ends; one that is `shown` by a pane of its own, in the status bar alone."""
        self._jobs.append(job)
        job.finished.connect(partial(self._ended, job))
        self._indicator.follow(job)
        # The transfer pane shows its own progress.
        if not shown and not self._transferring.running:
            self._panel.follow(job)
        self.changed.emit()

    def cancel(self) -> None:
        """Cancel the transfer, or the job that was started last."""
        if self._transferring.running:
            self._transferring.cancel()
        elif self._jobs:
            self._jobs[-1].cancel()

    def _ended(self, job: Job) -> None:
        self._jobs.remove(job)
        self.changed.emit()
