"""The one mutable place: networks, options, overrides, history, selection and file."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from dpiat_gui.document.correcting import CorrectingDocument
from dpiat_gui.document.edits import misfits_text
from dpiat_gui.document.problems import Problem, ProblemStep, find_problems, step
from dpiat_gui.document.selection import Selection
from dpiat_gui.document.solving import Solution, Wish, is_slow
from dpiat_gui.document.state import DocumentState, Snapshot
from dpiat_gui.errors import ProjectError
from dpiat_gui.networks.values import Network
from dpiat_gui.project.values import SUFFIX, NetworkRecord, Project

if TYPE_CHECKING:
    from dpiat_gui.matching.values import Matching
    from dpiat_gui.services.jobs import JobRunner

__all__ = ["Document", "Selection"]


class Document(CorrectingDocument):
    """What the window shows and edits.

    Readers connect to the signals of `ReadableDocument` and read its properties; edits are the
    methods of `EditableDocument` and `CorrectingDocument`; here are selection, problems and the project file.
    """

    def __init__(self, parent: QObject | None = None, jobs: "JobRunner | None" = None) -> None:
        super().__init__(parent, jobs)
        self._path = ""
        self._project = Project()
        self._problems: tuple[Matching | None, tuple[Problem, ...]] = (None, ())

    # -- selection ----------------------------------------------------------------------

    def select(self, selection: Selection) -> None:
        """Select a row on either side, or one on each.

        A single side brings its partner from the matching; where there is none, `selection_note`
        and `message` say why. The partner is looked up again whenever the matching changes.
        """
        self._select(selection)

    def select_source(self, path: str | None) -> None:
        """Select a source layer or block with its partner."""
        self._select(Selection(source=path))

    def select_target(self, path: str | None) -> None:
        """Select a target layer or block with its partner."""
        self._select(Selection(target=path))

    def clear_selection(self) -> None:
        """Select nothing."""
        self._select(Selection())

    # -- problems -----------------------------------------------------------------------

    def problems(self) -> tuple[Problem, ...]:
        """Return the rows worth a look, in the order of the target's column."""
        matching = self.matching
        if matching is None:
            return ()
        if self._problems[0] is not matching:
            self._problems = (matching, find_problems(matching))
        return self._problems[1]

    def next_problem(self, start: Selection | None = None) -> ProblemStep | None:
        """Return the next problem after the selection, None if there is none at all.

        Parameters
        ----------
        start
            Where to start from instead, such as the first row on screen.
        """
        return self._problem_step(start, 1)

    def previous_problem(self, start: Selection | None = None) -> ProblemStep | None:
        """Return the problem before the selection, as `next_problem`."""
        return self._problem_step(start, -1)

    def _problem_step(self, start: Selection | None, direction: int) -> ProblemStep | None:
        if self.matching is None:
            return None
        return step(self.problems(), self.matching, start or self.selection, direction)

    # -- the project ----------------------------------------------------------------------

    @property
    def modified(self) -> bool:
        """Whether there is anything to save."""
        return not self.undo_stack.isClean()

    @property
    def project_path(self) -> str:
        """The file the project is saved in, ``""`` for none."""
        return self._path

    @property
    def view(self) -> Mapping[str, Any]:
        """State of the window as the project had it; see `save`."""
        return self._project.view

    def new(self) -> None:
        """Start over with nothing open; history and file are forgotten."""
        self.open_project(Project())

    def open_networks(
        self,
        source: Network | None,
        target: Network | None,
        source_reference: str = "",
        target_reference: str = "",
    ) -> None:
        """Start over with these networks open, nothing to undo and nothing to save."""
        references = (
            source_reference or (source.origin if source else ""),
            target_reference or (target.origin if target else ""),
        )
        project = Project(
            NetworkRecord(references[0]) if references[0] else None,
            NetworkRecord(references[1]) if references[1] else None,
            method=next((network.method for network in (source, target) if network), "blocks"),
        )
        self.open_project(project, source, target)

    def open_project(
        self,
        project: Project,
        source: Network | None = None,
        target: Network | None = None,
        path: str = "",
        *,
        recovered: bool = False,
    ) -> None:
        """Start over with a project; history is forgotten.

        Parameters
        ----------
        project
            The project.
        source, target
            Its networks as they were loaded, None for one that could not be: its reference and
            the overrides stay, so that it can be opened later or saved again.
        path
            The file it came from.
        recovered
            Whether it is more than that file holds: then there is something to save.
        """
        state = _state_of(project, source, target)
        self._forget_wish()
        self._project = project
        self._asked = Selection()
        self.undo_stack.clear()
        if recovered:
            self.undo_stack.resetClean()
        if self._jobs is not None and is_slow(state):
            self._assign(Snapshot(state))
        self._set_path(path)
        both = (("source", project.source, source), ("target", project.target, target))
        differing = {
            side: f"{network.name} is not the structure the project was saved with."
            for side, record, network in both
            if record is not None and network is not None and record.differs_from(network)
        }

        def tell(solution: Solution) -> None:
            notes = list(differing.values())
            if solution.snapshot.error is not None:
                notes.append(str(solution.snapshot.error))
            if solution.misfits:
                notes.append(misfits_text(solution.misfits))
            if notes:
                self.message.emit(" ".join(notes))
            if differing:
                self.differing.emit(tuple(differing))
            if solution.misfits:
                self.misfitted.emit(solution.misfits)

        self._assign_anew(Wish("", state, fits=True, told=tell))

    def to_project(self, view: Mapping[str, Any] | None = None, *, wanted: bool = False) -> Project:
        """Return the document as a project.

        Parameters
        ----------
        view
            State of the window to keep with it; what the project had already if left out.
        wanted
            With an edit that is still being solved: what is kept is what was asked for.
        """
        state = self.wanted if wanted else self.state
        return Project(
            source=_record(state.source, state.source_reference, self._project.source),
            target=_record(state.target, state.target_reference, self._project.target),
            method=state.method,
            preset=state.preset,
            options=state.options,
            overrides=state.overrides,
            disabled=state.disabled,
            transfer=state.transfer,
            seed=state.seed,
            device=state.device,
            writing=state.writing,
            view=self._project.view if view is None else view,
            extra=self._project.extra,
        )

    def save(self, view: Mapping[str, Any] | None = None) -> None:
        """Save the project where it was saved last.

        Raises
        ------
        ProjectError
            If it was never saved.
        ExportError
            If the file cannot be written; the project stays modified.
        """
        if not self._path:
            raise ProjectError("The project has no file yet.", "Choose a name with Save as.")
        self.save_as(self._path, view)

    def save_as(self, path: str | os.PathLike[str], view: Mapping[str, Any] | None = None) -> None:
        """Save the project in another file; its suffix is added if it has none.

        Raises
        ------
        ExportError
            If the file cannot be written; the project stays modified.
        """
        # Here and not above: the window paints before it reads or writes a project.
        from dpiat_gui.project.project import save_project

        goal = Path(path)
        if not goal.suffix:
            goal = goal.with_name(f"{goal.name}{SUFFIX}")
        project = self.to_project(view, wanted=True)
        save_project(project, goal)
        self._project = project
        self._set_path(str(goal))
        self._saved = self.wanted if self.wanted != self.state else None
        self.undo_stack.setClean()

    def _set_path(self, path: str) -> None:
        if path != self._path:
            self._path = path
            self.project_path_changed.emit(path)


def _record(network: Network | None, reference: str, before: NetworkRecord | None) -> NetworkRecord | None:
    """Return how a network is saved; one that could not be opened keeps what was known of it."""
    if network is not None:
        return NetworkRecord(reference, network.name, network.fingerprint)
    if not reference:
        return None
    return before if before is not None and before.reference == reference else NetworkRecord(reference)


def _reference(record: NetworkRecord | None, network: Network | None) -> str:
    if record is not None:
        return record.reference
    return network.origin if network is not None else ""


def _state_of(project: Project, source: Network | None, target: Network | None) -> DocumentState:
    return DocumentState(
        source=source,
        target=target,
        source_reference=_reference(project.source, source),
        target_reference=_reference(project.target, target),
        method=project.method,
        preset=project.preset,
        options=project.options,
        overrides=project.overrides,
        disabled=project.disabled,
        transfer=project.transfer,
        seed=project.seed,
        device=project.device,
        writing=project.writing,
    )
