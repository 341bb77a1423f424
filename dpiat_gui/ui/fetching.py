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

    looked_up = Signal()
    """Once, when it was found or not among the known structures, or dropped before that."""

    def __init__(
        self, jobs: JobRunner, window: QWidget, got: Got, failed: Failed, *, flow: bool = False
    ) -> None:
        super().__init__(window)
        self._flow = flow
        self._jobs, self._window = jobs, window
        self._got, self._failed = got, failed
        self._job: Job | None = None
        self._over = False
        self._looking = True

    def start(self, reference: str | SourceReference) -> None:
        """Begin: look among the structures that are known, in a thread, then ask the engine."""
        try:
            parsed = parse_reference(reference)
        except DpiatError as error:
            self._fail(error)
            self._told_looked_up()
            return
        # A file is read whole to know it again, and a large structure takes long to unpack.
        work = partial(_known_tree, parsed, self._flow)
        self._job = self._jobs.run_in_thread(work, f"Opening {parsed.title}", pure=True)
        self._job.deliver_to(self, done=partial(self._looked_up, parsed), failed=self._look_up_failed)

    def _looked_up(self, reference: SourceReference, tree: ModuleTree | None) -> None:
        self._job = None
        if tree is not None:
            self._succeed(reference, tree)
        elif not self._over:
            self._ask_engine(reference)
        self._told_looked_up()

    def _look_up_failed(self, error: DpiatError) -> None:
        self._job = None
        self._fail(error)
        self._told_looked_up()

    def _told_looked_up(self) -> None:
        if self._looking:
            self._looking = False
            self.looked_up.emit()

    def drop(self) -> None:
        """Forget it; a job that runs for it is cancelled."""
        self._over = True
        self._told_looked_up()
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
        file = _code_of(reference) if isinstance(error, TrustError) else None
        if self._over or file is None:
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


def _known_tree(reference: SourceReference, flow: bool, _token: object) -> ModuleTree | None:
    """Return a structure that is known already, None where the engine has to read it."""
    # Imported here, in a thread: reading and matching bring NumPy along, which takes a tenth of a
    # second that the window's own thread must not stand still for.
    import dpiat_gui.ui.warm  # noqa: F401 - to have it loaded is all
    from dpiat_gui.networks.sources import load_cached_tree

    return load_cached_tree(reference, flow=flow)


def _code_of(reference: SourceReference) -> Path | None:
    """Return the file whose code a reference runs, None where there is none; nothing is run to find it."""
    from dpiat_gui.networks.factories import code_file

    try:
        return code_file(reference)
    except DpiatError:
        return None


def _describe(reference: str, flow: bool) -> Script:
    """Have the engine read a structure, and a thread unpack it: a large one takes some time."""
    from dpiat_gui.engine.operations import read_structure

    answer = yield InEngine({"do": "describe", "reference": reference, "flow": flow})
    tree = yield InThread(lambda _token: read_structure(answer))
    return tree
