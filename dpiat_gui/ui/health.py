"""The sanity check in the window: from the pane to a job of the engine, its report back, marks on rows."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from dpiat_gui.errors import DpiatError
from dpiat_gui.transfer.sanity import SanityReport, SanityRequest
from dpiat_gui.ui import health_texts as texts
from dpiat_gui.ui.action_values import Action, matched
from dpiat_gui.ui.health_pane import HealthPane
from dpiat_gui.ui.tab_values import Tab

if TYPE_CHECKING:
    from dpiat_gui.document.document import Document
    from dpiat_gui.engine.protocol import Progress
    from dpiat_gui.services.jobs import Job
    from dpiat_gui.services.theme import Theme
    from dpiat_gui.ui.main_window import MainWindow

ACTIONS = (
    Action(
        "check",
        "Check the resul&t",
        "Transfer",
        ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
        "",
        "Run one batch through the source, the target before and the target after the transfer.",
        matched,
    ),
)
"""Rows of the table of actions."""

_TALL = 0.56
"""Share of the window's height that findings and advice are given."""


class HealthFeature(QObject):
    """Runs one check at a time, and keeps its report until another takes its place.

    Parameters
    ----------
    window
        The window it belongs to.
    """

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._document: Document = window.document
        self._job: Job | None = None
        self._report: SanityReport | None = None
        self._checked: object = None
        self.pane = HealthPane()
        document, pane = self._document, self.pane
        document.matching_changed.connect(self._on_matching_changed)
        document.settings_changed.connect(self._on_changed)
        document.selection_changed.connect(self._on_selection_changed)
        pane.run_requested.connect(self.run)
        pane.cancel_requested.connect(self.cancel)
        pane.layer_chosen.connect(self._choose)
        pane.operator_requested.connect(self._use_operator)
        self._on_matching_changed()

    def tabs(self) -> "Sequence[Tab]":
        """Return the pane, below the canvas."""
        return (Tab("health", "Health", self.pane),)

    def handlers(self) -> Mapping[str, Callable[..., object]]:
        """Return what to call for the action."""
        return {"check": self._show_and_run}

    def set_theme(self, theme: "Theme") -> None:
        """Draw with the colours of `theme`."""
        self.pane.set_theme(theme)

    @property
    def report(self) -> SanityReport | None:
        """The report of the last check that ended well; None before, and for other networks."""
        return self._report

    @property
    def current_report(self) -> SanityReport | None:
        """The check that was run last, if it holds for what is open; None otherwise."""
        state = self._document.state
        holds = self._checked == (self._document.matching, state.transfer, state.seed)
        return self._report if holds else None

    @property
    def running(self) -> bool:
        """Whether a check is running."""
        return self._job is not None

    def run(self) -> None:
        """Begin a check of the document as it is now."""
        document = self._document
        if self.running or document.matching is None:
            return
        try:
            request = self._request()
        except DpiatError as error:
            self.pane.show_failed(error)
            return
        snapshot = (document.matching, document.state.transfer, document.seed)
        job = self._window.jobs.run_in_engine({"do": "check"} | request.to_json(), "Checking the result")
        self._job = job
        if self._window.pages.is_shown("health"):
            # The findings and the advice need more rows than the pairs do.
            self._window.lower_height.borrow((self.pane,), _TALL)
        self.pane.show_running("Starting", 0, 0)
        job.deliver_to(
            self,
            done=partial(self._done, snapshot),
            failed=self._failed,
            cancelled=self._cancelled,
            progressed=self._progressed,
        )
        self._window.running.follow(job, shown=True)

    def cancel(self) -> None:
        """Cancel the running check."""
        if self._job is not None:
            self.pane.show_cancelling()
            self._job.cancel()

    def _show_and_run(self) -> None:
        self._window.pages.show("health")
        self.run()

    def _request(self) -> SanityRequest:
        from dpiat_gui.project.request import transfer_request

        document, pane = self._document, self.pane
        assert document.matching is not None
        pairs = tuple((pair.source, pair.target) for pair in document.matching.pairs)
        # Nothing is written there: the check carries the transfer out in a folder of its own.
        transfer = transfer_request(document.to_project(), "unused.safetensors")
        return SanityRequest(
            transfer, pairs, images=pane.images, inputs=pane.count.value(), seed=document.seed
        )

    # -- the job's end -----------------------------------------------------------------------

    def _progressed(self, progress: "Progress") -> None:
        if self._job is not None and not self._job.cancelling:
            self.pane.show_running(progress.text, progress.done, progress.total)

    def _done(self, snapshot: object, answer: dict[str, Any]) -> None:
        self._job = None
        try:
            report = SanityReport.from_json(answer)
        except DpiatError as error:
            self.pane.show_failed(error)
            return
        self._report, self._checked = report, snapshot
        self.pane.show_report(report, self._blocks())
        self.pane.select_layer(self._document.selection.target or "")
        self._window.view.set_layer_marks(texts.marks_of(report))
        self._offer_operator()
        self._on_changed()

    def _failed(self, error: DpiatError) -> None:
        self._job = None
        self.pane.show_failed(error)

    def _cancelled(self) -> None:
        self._job = None
        self.pane.show_ended("Cancelled.")

    # -- following the document --------------------------------------------------------------

    def _blocks(self) -> tuple[tuple[str, str], ...]:
        """Return the first layer and the name of each block of the target."""
        matching = self._document.matching
        entries = matching.target_entries if matching is not None else ()
        return tuple((layer.path, block.path) for block in entries for layer in block.layers)

    def _on_matching_changed(self, _matching: object = None) -> None:
        document = self._document
        if self._report is not None and self._same_networks():
            self._on_changed()
            return
        self._report = self._checked = None
        self._window.view.set_layer_marks(None)
        if document.matching is None:
            why = str(document.match_error) if document.match_error else "Open a source and a target first."
            self.pane.set_ready(False, f"{texts.INTRODUCTION}\n\n{why}")
        else:
            self.pane.set_ready(True)

    def _same_networks(self) -> bool:
        """Tell whether the report is of the networks that are open."""
        matching = self._document.matching
        checked = self._checked[0] if isinstance(self._checked, tuple) else None
        if matching is None or checked is None:
            return False
        return checked.source is matching.source and checked.target is matching.target

    def _on_changed(self, *_: object) -> None:
        """Say so where the report is of something else by now."""
        document = self._document
        if self._report is None:
            return
        if self._checked == (document.matching, document.state.transfer, document.seed):
            self.pane.show_current()
        else:
            self.pane.show_stale()
        self._offer_operator()

    def _on_selection_changed(self, *_: object) -> None:
        self.pane.select_layer(self._document.selection.target or "")

    def _choose(self, path: str) -> None:
        self._document.select_target(path)

    def _offer_operator(self) -> None:
        from dpiat_gui.transfer.planning import OPERATORS

        self.pane.set_operators(tuple(OPERATORS), self._document.state.transfer.operator)

    def _use_operator(self, operator: str) -> None:
        self._window.editing.attempt(partial(self._document.set_transfer, operator=operator))
