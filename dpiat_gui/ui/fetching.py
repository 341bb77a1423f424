"""Getting the structure of a network: from the cache at once, else by the engine, with trust asked."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.errors import Cancelled, DpiatError, TrustError
from dpiat_gui.networks.references import SourceReference, parse_reference
from dpiat_gui.networks.trust import TrustStore
from dpiat_gui.networks.values import ModuleTree
from dpiat_gui.services.jobs import InEngine, InThread, Job, JobRunner, Script
from dpiat_gui.ui.trust_dialog import TrustDialog

Got = Callable[[SourceReference, ModuleTree], object]
Failed = Callable[[DpiatError], object]


class Fetch(QObject):
    """One wish for a structure; it ends with one call of `got` or `failed`, or is dropped.

    Parameters
    ----------
    jobs
        Runs the engine.
    window
        Parent of the question of trust.
    got, failed
        Called at the end; neither after `drop`.
    flow
        Whether the flow of information is traced with it.
    """

    job_started = Signal(Job)

    def __init__(
        self, jobs: JobRunner, window: QWidget, got: Got, failed: Failed, *, flow: bool = False
    ) -> None:
        super().__init__(window)
        self._flow = flow
        self._jobs, self._window = jobs, window
        self._got, self._failed = got, failed
        self._job: Job | None = None
        self._over = False

    def start(self, reference: str | SourceReference) -> None:
        """Begin; what needs no engine has ended when this returns."""
        # Not before the window is painted: it brings much along.
        from dpiat_gui.networks.sources import load_cached_tree

        try:
            parsed = parse_reference(reference)
            tree = load_cached_tree(parsed, flow=self._flow)
        except DpiatError as error:
            self._fail(error)
            return
        if tree is not None:
            self._succeed(parsed, tree)
        else:
            self._ask_engine(parsed)

    def drop(self) -> None:
        """Forget it; a job that runs for it is cancelled."""
        self._over = True
        if self._job is not None:
            self._job.cancel()
        self.deleteLater()

    def _ask_engine(self, reference: SourceReference) -> None:
        doing = "Tracing" if self._flow else "Opening"
        job = self._jobs.run_script(_describe(reference.text, self._flow), f"{doing} {reference.title}")
        self._job = job
        job.deliver_to(
            self,
            done=partial(self._described, reference),
            failed=partial(self._refused, reference),
            cancelled=partial(self._fail, Cancelled(f"{doing} {reference.title} was cancelled.")),
        )
        self.job_started.emit(job)

    def _described(self, reference: SourceReference, tree: ModuleTree) -> None:
        self._job = None
        self._succeed(reference, tree)

    def _refused(self, reference: SourceReference, error: DpiatError) -> None:
        self._job = None
        file = Path(getattr(error, "path", "") or reference.path or "")
        if self._over or not isinstance(error, TrustError) or not file.is_file():
            self._fail(error)
            return
        dialog = TrustDialog(file, parent=self._window)
        dialog.trusted.connect(partial(self._trust, reference, file))
        dialog.rejected.connect(partial(self._fail, error))
        dialog.open()

    def _trust(self, reference: SourceReference, file: Path) -> None:
        try:
            TrustStore().trust(file)
        except DpiatError as error:
            self._fail(error)
            return
        self._ask_engine(reference)

    def _succeed(self, reference: SourceReference, tree: ModuleTree) -> None:
        if not self._over:
            self._over = True
            self._got(reference, tree)
            self.deleteLater()

    def _fail(self, error: DpiatError) -> None:
        if not self._over:
            self._over = True
            self._failed(error)
            self.deleteLater()


def _describe(reference: str, flow: bool) -> Script:
    """Have the engine read a structure, and a thread unpack it: a large one takes some time."""
    from dpiat_gui.engine.operations import read_structure

    answer = yield InEngine({"do": "describe", "reference": reference, "flow": flow})
    tree = yield InThread(lambda _token: read_structure(answer))
    return tree
