"""Keeps the status bar and the window's title in step with the document."""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection
from dpiat_gui.ui.status import StatusBar

TITLE = "DPIAT matching inspector"


class Readout(QObject):
    """Shows figures of the matching, the place among the problems, and the engine."""

    title_changed = Signal(str)

    def __init__(self, document: Document, status: StatusBar, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._status = document, status
        self._device, self._engine = "", "stopped"
        self._stale = False
        self._step = document.undo_stack.index()
        document.undo_stack.indexChanged.connect(self._follow_history)
        for signal in (
            document.source_changed,
            document.target_changed,
            document.matching_changed,
            document.plan_changed,
            document.project_path_changed,
            document.solving_changed,
        ):
            signal.connect(self._refresh_later)
        document.selection_changed.connect(self._show_problems)
        document.message.connect(status.say)

    def _follow_history(self, index: int) -> None:
        """Say no more what an edit did that has been taken back."""
        if index < self._step:
            self._status.say("")
        self._step = index

    def _refresh_later(self, _changed: object = None) -> None:
        """Refresh once for all signals of one change, when what changed is drawn."""
        if not self._stale:
            self._stale = True
            QTimer.singleShot(0, self, self.refresh)

    def refresh(self) -> None:
        """Show everything anew."""
        self._stale = False
        document = self._document
        coverage = document.coverage
        self._status.show_matching(document.matching, document.similarity, document.solve_ms)
        self._status.show_solving(document.solving)
        parameters = document.target.parameters if document.target is not None else None
        if coverage is not None:
            self._status.show_coverage(coverage.fraction, coverage.elements, parameters)
        else:
            self._status.show_coverage(None)
        self._show_problems(document.selection)
        self._show_title()

    def show_device(self, device: str) -> None:
        """Show the device that ``auto`` stands for here."""
        self._device = device
        self._status.show_engine(self._engine, device)

    def show_engine(self, state: str) -> None:
        """Show the state of the engine."""
        self._engine = state
        self._status.show_engine(state, self._device)

    def _show_title(self) -> None:
        document = self._document
        names = [network.name for network in (document.source, document.target) if network]
        what = Path(document.project_path).name if document.project_path else " → ".join(names)
        self.title_changed.emit(f"{what}[*] – {TITLE}" if what else f"{TITLE}[*]")

    def _show_problems(self, selection: Selection) -> None:
        if self._document.matching is None:
            self._status.show_problems(None, None)
            return
        problems = self._document.problems()
        at = next((i for i, problem in enumerate(problems) if problem.selection == selection), None)
        self._status.show_problems(at, len(problems))
