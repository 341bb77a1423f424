"""Opening networks: one on a side, both at the start, or those of a project."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.document.document import Document
from dpiat_gui.errors import Cancelled, DpiatError, StandardizationError
from dpiat_gui.networks.references import SourceReference
from dpiat_gui.networks.values import ModuleTree, Network
from dpiat_gui.project.values import NetworkRecord, Project
from dpiat_gui.services.jobs import Job, JobRunner
from dpiat_gui.ui.demo import demo_references
from dpiat_gui.ui.fetching import Fetch
from dpiat_gui.ui.notifications import NotificationArea
from dpiat_gui.ui.relocating import Relocating

if TYPE_CHECKING:
    from dpiat_gui.services.settings import Settings

Side = Literal["source", "target"]
SIDES: tuple[Side, Side] = ("source", "target")
Both = dict[Side, Network | None]


def needs_flow(method: str, matcher: str) -> bool:
    """Tell whether a standardization or a matcher looks at the flow of information."""
    return method == "graph" or matcher == "dp-branch"


class Opening(QObject):
    """Opens source and target; the network that stands there stays until the new one is read."""

    job_started = Signal(Job)
    opening_changed = Signal()
    project_opened = Signal(object)
    """State of the window that comes with the project; before its networks are there."""

    def __init__(
        self,
        document: Document,
        jobs: JobRunner,
        settings: "Settings",
        notices: NotificationArea,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._jobs, self._settings = document, jobs, settings
        self._notices, self._window = notices, window
        self._fetches: dict[Side, Fetch] = {}
        self._pending: dict[Side, str] = {}
        self.relocating = Relocating(document, notices, self._open_at, self._ask_at, window)

    def _open_at(self, side: str, reference: SourceReference) -> None:
        self.open("source" if side == "source" else "target", reference)

    def _ask_at(self, side: str) -> None:
        self.ask("source" if side == "source" else "target")

    @property
    def pending(self) -> dict[str, str]:
        """References that are being opened, by side."""
        return {str(side): reference for side, reference in self._pending.items()}

    def ask(self, side: Side, file: str = "") -> None:
        """Show the dialog that asks which network to open, with a file in it already or not."""
        # Not before it is wanted: the list of names is read from a file.
        from dpiat_gui.networks.timm_models import near_names, timm_names
        from dpiat_gui.ui.open_dialog import OpenDialog

        settings = self._settings
        recent = settings.recent_sources if side == "source" else settings.recent_targets
        dialog = OpenDialog(side, timm_names(), near_names, () if file else recent, self._window)
        dialog.chosen.connect(partial(self.open, side))
        dialog.finished.connect(dialog.deleteLater)
        if file:
            dialog.set_file(file)
        dialog.open()

    def open_file(self, side: Side, path: str) -> None:
        """Open a dropped file; a Python file asks which factory is meant."""
        if path.endswith(".py"):
            self.ask(side, path)
        else:
            self.open(side, path)

    def open(self, side: Side, reference: str | SourceReference) -> None:
        """Open a network on a side, as a step that can be undone."""
        state = self._document.wanted
        flow = needs_flow(state.method, state.options.method)
        self._fetch(side, reference, partial(self._put, side), flow=flow)

    def open_both(self, source: str, target: str) -> None:
        """Start over with two networks, either of which may be ``""``."""
        project = Project(
            NetworkRecord(source) if source else None,
            NetworkRecord(target) if target else None,
            seed=self._settings.seed,
        )
        self.open_project(project, "")

    def open_demo(self) -> None:
        """Start over with the built-in demo."""
        try:
            source, target = demo_references()
        except DpiatError as error:
            self._notices.show_error(error, key="demo")
            return
        self.open_both(source, target)

    def open_project(self, project: Project, path: str, *, recovered: bool = False) -> None:
        """Start over with a project; it is there at once, its networks as soon as they are read."""
        self.project_opened.emit(project.view)
        references: dict[Side, str] = {
            "source": project.source.reference if project.source else "",
            "target": project.target.reference if project.target else "",
        }

        def show(networks: Both) -> None:
            source, target = networks["source"], networks["target"]
            self._document.open_project(project, source, target, path, recovered=recovered)

        flow = needs_flow(project.method, project.options.method)
        self._open_pair(references, project.method, show, flow=flow)

    def _open_pair(
        self, references: dict[Side, str], method: str, show: Callable[[Both], object], *, flow: bool
    ) -> None:
        for side in SIDES:
            self._drop(side)
        networks: Both = {"source": None, "target": None}
        looking = [side for side in SIDES if references[side]]

        def got(side: Side, reference: SourceReference, tree: ModuleTree) -> None:
            network = self._standardized(side, reference.text, tree, method)
            if network is None:
                return
            networks[side] = network
            self._remember(side, reference)
            if not looking:
                show(networks)

        def looked_up(side: Side) -> None:
            looking.remove(side)
            # Both come at once where both are known already: one change of the document, not two.
            if not looking and any(networks.values()):
                # In a turn of its own: reading, showing and painting take some 20 ms each.
                QTimer.singleShot(1, self, partial(show, networks))

        show(networks)
        for side in tuple(looking):
            self._fetch(side, references[side], partial(got, side), partial(looked_up, side), flow=flow)

    def _fetch(
        self,
        side: Side,
        reference: str | SourceReference,
        got: Callable[[SourceReference, ModuleTree], object],
        looked_up: Callable[[], object] | None = None,
        *,
        flow: bool,
    ) -> None:
        self._drop(side)

        def succeed(parsed: SourceReference, tree: ModuleTree) -> None:
            self._settle(side)
            got(parsed, tree)

        def fail(error: DpiatError) -> None:
            self._settle(side)
            if flow and isinstance(error, StandardizationError):
                # What cannot be traced can still be opened, and matched without its branches.
                self._fetch(side, reference, got, flow=False)
                self._document.message.emit(error.message)
                return
            self._fail(side, error, str(reference))

        fetch = Fetch(self._jobs, self._window, succeed, fail, flow=flow)
        fetch.job_started.connect(self.job_started)
        if looked_up is not None:
            fetch.looked_up.connect(looked_up)
        self._fetches[side] = fetch
        self._pending[side] = str(reference)
        fetch.start(reference)
        self.opening_changed.emit()

    def _drop(self, side: Side) -> None:
        fetch = self._fetches.pop(side, None)
        if fetch is not None:
            fetch.drop()
        self._pending.pop(side, None)

    def _settle(self, side: Side) -> None:
        self._fetches.pop(side, None)
        self._pending.pop(side, None)
        self._notices.dismiss_all(f"open {side}")
        self.opening_changed.emit()

    def _put(self, side: Side, reference: SourceReference, tree: ModuleTree) -> None:
        network = self._standardized(side, reference.text, tree, self._document.wanted.method)
        if network is None:
            return
        if side == "source":
            self._document.set_source(network, reference.text)
        else:
            self._document.set_target(network, reference.text)
        self._remember(side, reference)

    def _remember(self, side: Side, reference: SourceReference) -> None:
        if side == "source":
            self._settings.add_recent_source(reference.text)
        else:
            self._settings.add_recent_target(reference.text)

    def _standardized(self, side: Side, reference: str, tree: ModuleTree, method: str) -> Network | None:
        # Not before the window is painted: it brings much along.
        from dpiat_gui.networks.standardize import standardize_tree

        try:
            return standardize_tree(tree, method)
        except DpiatError as error:
            self._fail(side, error, reference)
            return None

    def _fail(self, side: Side, error: DpiatError, reference: str) -> None:
        if isinstance(error, Cancelled):
            self._document.message.emit(error.message)
            return
        self.relocating.tell_missing(side, reference, error)
