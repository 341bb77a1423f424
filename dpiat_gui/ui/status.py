"""The status bar: what the matching is worth, what is running, how the engine is."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCursor, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStatusBar,
    QWidget,
)

from dpiat_gui.matching.values import Matching, Similarity
from dpiat_gui.ui.texts import big, bytes_text, percent
from dpiat_gui.ui.widgets import ElidedLabel

if TYPE_CHECKING:
    from dpiat_gui.services.jobs import Job

BUSY_CURSOR_MS = 300
PANEL_MS = 1000
MESSAGE_MS = 8000
ENGINE_TEXTS = {
    "starting": "engine starting…",
    "ready": "engine ready",
    "busy": "engine busy",
    "restarting": "engine restarting…",
    "stopped": "engine stopped",
}


FIGURES = (
    ("score", "Total score D(S, T) of the matching"),
    ("similarity", "D(S,T)/D(T,T), D(T,S)/D(S,S) and their geometric mean"),
    ("covered", "Share of the target's parameters and running statistics that come from the source"),
    ("problems", "Rows that are unmatched, weak, cropped or reused: Alt+Down goes to the next"),
    ("solved", "Time the last solving took"),
)
LEAVE_FIRST = ("solved", "similarity", "problems", "covered", "score")
"""What goes first where room is short, as while a job is shown."""


class Figures(QWidget):
    """Labels side by side; what finds no room is left out whole, never cut.

    A message takes the place of all but the score: that is what an edit, of which it tells, has changed.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.labels: dict[str, QLabel] = {}
        # Any width will do: the window must never grow for the sake of a figure.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 0, 0)
        row.setSpacing(24)
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        for name, tip in FIGURES:
            label = QLabel()
            label.setToolTip(tip)
            label.setAccessibleName(name.capitalize())
            self.labels[name] = label
            row.addWidget(label)
        self.line = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self.line.hide()
        row.addWidget(self.line, 1000)
        row.addStretch(1)

    def show_message(self, text: str) -> None:
        """Show one line beside the score, or the figures again if it is empty."""
        self.line.set_full_text(text)
        self.line.setVisible(bool(text))
        self._fit()

    def show_text(self, name: str, text: str) -> None:
        """Show a figure, or take it away if the text is empty."""
        self.labels[name].setText(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show what fits."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        shown = [name for name, label in self.labels.items() if label.text()]
        if self.line.full_text:
            shown = [name for name in shown if name == "score"]
        for leaving in LEAVE_FIRST:
            needed = sum(self.labels[name].sizeHint().width() + 24 for name in shown)
            if needed <= self.width():
                break
            if leaving in shown:
                shown.remove(leaving)
        for name, label in self.labels.items():
            label.setVisible(name in shown)


class StatusBar(QStatusBar):
    """Figures of the matching at the left, the running job and the engine at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setAccessibleName("Status")
        self.figures = Figures()
        self.line = self.figures.line
        self.addWidget(self.figures, 1)
        self._message_timer = QTimer(self)
        self._message_timer.setSingleShot(True)
        self._message_timer.timeout.connect(lambda: self.figures.show_message(""))
        self.job = JobIndicator()
        self.engine = QLabel()
        self.engine.setObjectName("engineState")
        self.engine.setAccessibleName("Engine state")
        self.engine.setToolTip("The process that builds networks and carries weights over")
        self.addPermanentWidget(self.job)
        self.addPermanentWidget(self.engine)

    def say(self, text: str) -> None:
        """Show one line for some seconds in place of the figures but the score."""
        self.figures.show_message(text)
        self._message_timer.start(MESSAGE_MS)

    def show_matching(
        self, matching: Matching | None, similarity: Similarity | None, milliseconds: float | None
    ) -> None:
        """Show what the matching is worth, or nothing if there is none."""
        self.figures.show_text("score", f"score {matching.score:.3f}" if matching else "")
        text = ""
        if matching and similarity:
            text = (
                f"similarity → {similarity.forward:.3f}  ← {similarity.backward:.3f}"
                f"  symmetric {similarity.symmetric:.3f}"
            )
        self.figures.show_text("similarity", text)
        self.figures.show_text(
            "solved", f"solved in {milliseconds:.1f} ms" if matching and milliseconds is not None else ""
        )

    def show_solving(self, solving: bool) -> None:
        """Show that another matching is being solved; the figures are those of the old one."""
        if solving:
            self.figures.show_text("solved", "matching…")

    def show_coverage(self, fraction: float | None, elements: int = 0, parameters: int | None = None) -> None:
        """Show the share of the target that is covered.

        Parameters
        ----------
        fraction
            The share, None where there is none.
        elements
            Of how many values.
        parameters
            How many of them are parameters, if they are fewer: the rest are buffers, and it is said
            that they count, for the heading of the network counts parameters alone.
        """
        counted = " with buffers" if parameters is not None and parameters < elements else ""
        text = "" if fraction is None else f"covered {percent(fraction)} of {big(elements)}{counted}"
        self.figures.show_text("covered", text)

    def show_problems(self, position: int | None, count: int | None) -> None:
        """Show the place among the problems: ``problem 3 of 41``."""
        if count is None:
            text = ""
        elif count == 0:
            text = "no problems"
        elif position is None:
            text = f"{count} problems (Alt+↓)" if count > 1 else "1 problem (Alt+↓)"
        else:
            text = f"problem {position + 1} of {count} (Alt+↓)"
        self.figures.show_text("problems", text)

    def show_engine(self, state: str, device: str = "") -> None:
        """Show the state of the engine process and the device it would use."""
        text = ENGINE_TEXTS.get(state, f"engine {state}")
        self.engine.setText(f"{device} · {text}" if device else text)
        self.engine.setProperty("engineState", state)

    def figure(self, name: str) -> str:
        """Return the text of one figure, "" if there is none."""
        return self.figures.labels[name].text()


class _JobView(QFrame):
    """Title, progress and Cancel of one job; shown some time after the job began."""

    delay_ms = 0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._job: Job | None = None
        self.text = QLabel()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName("Progress of the running job")
        self.cancel = QPushButton("Cancel")
        self.cancel.setAccessibleName("Cancel the running job")
        self.cancel.setToolTip("Stop the job; nothing is written (Esc)")
        self.cancel.clicked.connect(self._cancel)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._appear)
        self.hide()

    @property
    def running(self) -> bool:
        """Whether a job is being followed."""
        return self._job is not None

    def follow(self, job: "Job") -> None:
        """Follow a job until it ends; a later one takes the place of an earlier."""
        self._job = job
        self.text.setText(f"{job.title}…")
        self.bar.setRange(0, 0)
        self.cancel.setEnabled(True)
        job.progressed.connect(self._progressed)
        job.finished.connect(self._finished)
        self._timer.start(self.delay_ms)

    def _appear(self) -> None:
        if self._job is not None:
            self.show()

    def _cancel(self) -> None:
        if self._job is not None:
            self.cancel.setEnabled(False)
            self.text.setText("Cancelling…")
            self._job.cancel()

    def _progressed(self, progress: object) -> None:
        if self.sender() is not self._job or not self.cancel.isEnabled():
            return
        done, total = getattr(progress, "done", 0), getattr(progress, "total", 0)
        self.bar.setRange(0, 1000 if total else 0)
        if total:
            self.bar.setValue(round(1000 * done / total))
        self.show_progress(done, total, getattr(progress, "text", ""))

    def show_progress(self, done: int, total: int, text: str) -> None:
        """Say how far the job is."""

    def _finished(self) -> None:
        if self.sender() is self._job:
            self._job = None
            self._timer.stop()
            self.hide()


class JobIndicator(_JobView):
    """The running job in the status bar; the pointer says busy from then on."""

    delay_ms = BUSY_CURSOR_MS

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._busy_cursor = False
        self.text.setMaximumWidth(260)
        self.bar.setFixedWidth(120)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.text, self.bar, self.cancel):
            row.addWidget(widget)
        self.cancel.setFlat(True)
        self.cancel.setObjectName("statusCancel")

    def _appear(self) -> None:
        super()._appear()
        if self._job is not None and not self._busy_cursor:
            # An arrow with an hourglass: the window still answers.
            QGuiApplication.setOverrideCursor(QCursor(Qt.CursorShape.BusyCursor))
            self._busy_cursor = True

    def _finished(self) -> None:
        super()._finished()
        if self._job is None and self._busy_cursor:
            QGuiApplication.restoreOverrideCursor()
            self._busy_cursor = False


class JobPanel(_JobView):
    """The running job above the canvas, with its stage: for what takes longer than a second."""

    delay_ms = PANEL_MS

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("jobPanel")
        self.setAccessibleName("Running job")
        self.stage = QLabel()
        self.stage.setObjectName("muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 7, 8, 7)
        row.setSpacing(12)
        row.addWidget(self.text)
        row.addWidget(self.bar, 1)
        row.addWidget(self.stage)
        row.addWidget(self.cancel)

    def follow(self, job: "Job") -> None:
        """Follow a job until it ends."""
        self.stage.clear()
        super().follow(job)

    def show_progress(self, done: int, total: int, text: str) -> None:
        """Show the stage and, for a transfer, the bytes."""
        amount = f"{bytes_text(done)} of {bytes_text(total)}" if total > 10_000 else ""
        self.stage.setText("  ".join(part for part in (text, amount) if part))
