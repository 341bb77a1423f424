"""Choosing the method: from the panel and the menu to the document, with flows traced where needed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from dpiat_gui.document.document import Document
from dpiat_gui.document.state import DocumentState
from dpiat_gui.errors import Cancelled, DpiatError
from dpiat_gui.networks.references import SourceReference
from dpiat_gui.networks.values import ModuleTree, Network
from dpiat_gui.services.jobs import Job, JobRunner
from dpiat_gui.ui import method_texts as texts
from dpiat_gui.ui.editing import Editing
from dpiat_gui.ui.fetching import Fetch
from dpiat_gui.ui.method_panel import MethodPanel

Trees = dict[str, ModuleTree]


class Methods(QObject):
    """Keeps the panel, the menus and the button in step with the document, and does what they say."""

    job_started = Signal(Job)
    summary_changed = Signal(str)

    def __init__(self, document: Document, editing: Editing, jobs: JobRunner, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._editing, self._jobs, self._window = document, editing, jobs, window
        self._actions: dict[str, dict[str, QAction]] = {}
        self._fetches: dict[str, Fetch] = {}
        self._awaited: dict[str, str] = {}
        self.panel = MethodPanel(window)
        self.panel.preset_chosen.connect(self.choose_preset)
        self.panel.matcher_chosen.connect(self.choose_matcher)
        self.panel.standardization_chosen.connect(self.choose_standardization)
        self.panel.option_chosen.connect(self.choose_option)
        self.panel.cancel_requested.connect(self.cancel)
        document.options_changed.connect(self.refresh)
        document.solving_changed.connect(self.refresh)

    def refresh(self, _changed: object = None) -> None:
        """Show what holds, or is about to."""
        state = self._chosen
        tracing = "Tracing the flow of information…" if self._fetches else ""
        self.panel.show_state(state, "Matching…" if self._document.solving else tracing)
        for mark, value in (("matcher", state.options.method), ("standardization", state.method)):
            if value in self._actions.get(mark, {}):
                self._actions[mark][value].setChecked(True)
        self.summary_changed.emit(texts.summary(state))

    @property
    def _chosen(self) -> DocumentState:
        """The state as it will be when everything under way has ended."""
        state = self._document.wanted
        if "method" in self._awaited:
            state = replace(state, method=self._awaited["method"])
        if "matcher" in self._awaited:
            state = replace(state, options=replace(state.options, method=self._awaited["matcher"]))
        return state

    def fill_menus(self, matchers: QMenu, standardizations: QMenu) -> None:
        """Put one action for each matcher and standardization into the menus."""
        names = {name: (text, texts.matcher_text(name)) for name, text in texts.MATCHERS.items()}
        self._actions["matcher"] = _fill(matchers, names, self.choose_matcher)
        offered = texts.STANDARDIZATIONS
        self._actions["standardization"] = _fill(standardizations, offered, self.choose_standardization)
        self.refresh()

    # -- what a person chooses -----------------------------------------------------------

    def choose_preset(self, preset: str) -> None:
        """Take all options of a preset."""
        self._attempt("preset", partial(self._document.set_preset, preset))

    def choose_option(self, name: str, value: Any) -> None:
        """Change one option of the matching."""
        self._attempt(name, lambda: self._document.set_options(**{name: value}))

    def choose_matcher(self, name: str) -> None:
        """Match by another method; one that looks at branches has the flows traced first."""
        if name == "dp-branch" and self._without_flow():
            self._trace({"matcher": name}, needed=False)
        else:
            self._attempt("method", lambda: self._document.set_options(method=name))

    def choose_standardization(self, method: str) -> None:
        """Standardize by another method; by the flow of information once that is traced."""
        if method == "graph" and self._without_flow():
            self._trace({"method": method}, needed=True)
        else:
            self._attempt("standardization", partial(self._document.set_method, method))

    def cancel(self) -> None:
        """Give up what is being traced or solved; everything stays as it was."""
        self._drop_traces()
        self._document.cancel_solving()
        self.refresh()

    # -- how -----------------------------------------------------------------------------

    def _attempt(self, name: str, edit: Callable[[], object]) -> None:
        """Do an edit; one that is refused is explained where it was asked for."""
        self._drop_traces()
        if not self.panel.isVisible():
            self._editing.attempt(edit)
            self.refresh()
            return
        try:
            edit()
        except DpiatError as error:
            self.panel.show_problem(name, str(error))
        else:
            self.refresh()

    def _without_flow(self) -> dict[str, Network]:
        """Return the networks whose flow of information nobody has traced yet, by side."""
        state = self._document.wanted
        sides = (("source", state.source), ("target", state.target))
        return {side: network for side, network in sides if network and network.tree.flow is None}

    def _trace(self, choice: dict[str, str], *, needed: bool) -> None:
        """Have the engine trace the flows that are missing, and do what was chosen with the trees.

        Parameters
        ----------
        choice
            What `Document.set_traced` takes beside them.
        needed
            Whether nothing can be done without; else what cannot be traced is said and left out.
        """
        self._drop_traces()
        self._awaited = choice
        missing, trees, failures = self._without_flow(), Trees(), list[DpiatError]()
        pending = set(missing)

        def ended(side: str) -> None:
            self._fetches.pop(side, None)
            pending.discard(side)
            if pending:
                return
            self._awaited = {}
            for error in failures[:1]:
                if isinstance(error, Cancelled):
                    self._document.message.emit(error.message)
                    self.refresh()
                    return
                self._say(error, needed=needed)
            if not (failures and needed):
                self._attempt("method", partial(self._document.set_traced, trees, **choice))

        def got(side: str, _reference: SourceReference, tree: ModuleTree) -> None:
            trees[side] = tree
            ended(side)

        def failed(side: str, error: DpiatError) -> None:
            failures.append(error)
            ended(side)

        for side, network in missing.items():
            fetch = Fetch(
                self._jobs,
                self._window,
                partial(got, side),
                partial(failed, side),
                flow=True,
            )
            fetch.job_started.connect(self.job_started)
            self._fetches[side] = fetch
            reference = getattr(self._document.wanted, f"{side}_reference")
            fetch.start(reference or network.origin)
        if self._fetches:
            self.refresh()

    def _drop_traces(self) -> None:
        """Forget what is being traced: something else was chosen."""
        for fetch in self._fetches.values():
            fetch.drop()
        self._fetches.clear()
        self._awaited = {}

    def _say(self, error: DpiatError, *, needed: bool) -> None:
        if not needed:
            self._document.message.emit(f"Branches are not known everywhere: {error.message}")
            return
        self.refresh()
        if self.panel.isVisible():
            self.panel.show_problem("standardization", str(error))
        else:
            self._editing.refuse(error)


def _fill(
    menu: QMenu, offered: Mapping[str, tuple[str, str]], choose: Callable[[str], object]
) -> dict[str, QAction]:
    group = QActionGroup(menu)
    actions = {}
    for name, (text, tip) in offered.items():
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setToolTip(tip)
        action.triggered.connect(lambda _checked, name=name: choose(name))
        group.addAction(action)
        actions[name] = action
    menu.setToolTipsVisible(True)
    return actions
