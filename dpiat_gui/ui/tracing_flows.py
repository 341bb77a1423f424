"""Tracing the flow of information of one or both networks, by the engine; all or nothing."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.errors import DpiatError
from dpiat_gui.networks.references import SourceReference
from dpiat_gui.networks.values import ModuleTree
from dpiat_gui.services.jobs import Job, JobRunner
from dpiat_gui.ui.fetching import Fetch


class FlowTraces(QObject):
    """Wishes for the flows of networks; they end together, once, or are dropped.

    Parameters
    ----------
    jobs
        Runs the engine.
    window
        Parent of the question of trust.

    Signals
    -------
    job_started : Job
        The engine has begun with one of them.
    traced : dict of str to ModuleTree
        All trees with their flows, by side.
    failed : DpiatError
        Why one of them has none; the others are given up.
    """

    job_started = Signal(Job)
    traced = Signal(object)
    failed = Signal(object)

    def __init__(self, jobs: JobRunner, window: QWidget) -> None:
        super().__init__(window)
        self._jobs, self._window = jobs, window
        self._fetches: dict[str, Fetch] = {}
        self._trees: dict[str, ModuleTree] = {}

    @property
    def under_way(self) -> bool:
        """Whether anything is being traced."""
        return bool(self._fetches)

    def start(self, references: Mapping[str, str]) -> None:
        """Trace networks anew, by side; what was under way is dropped."""
        self.drop()
        for side in references:
            fetch = Fetch(
                self._jobs, self._window, partial(self._got, side), partial(self._lost, side), flow=True
            )
            fetch.job_started.connect(self.job_started)
            self._fetches[side] = fetch
        for side, fetch in list(self._fetches.items()):
            # One that fails at once takes the others along.
            if self._fetches.get(side) is fetch:
                fetch.start(references[side])

    def drop(self) -> None:
        """Forget what is under way; nothing is told of it any more."""
        for fetch in self._fetches.values():
            fetch.drop()
        self._fetches.clear()
        self._trees = {}

    def _got(self, side: str, _reference: SourceReference, tree: ModuleTree) -> None:
        self._trees[side] = tree
        self._fetches.pop(side, None)
        if not self._fetches:
            trees, self._trees = self._trees, {}
            self.traced.emit(trees)

    def _lost(self, side: str, error: DpiatError) -> None:
        self._fetches.pop(side, None)
        self.drop()
        self.failed.emit(error)
