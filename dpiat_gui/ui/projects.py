"""New, open, save: projects, and the question about what is not saved yet."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget

from dpiat_gui.document.document import Document
from dpiat_gui.errors import DpiatError
from dpiat_gui.project.values import SUFFIX, Project
from dpiat_gui.ui.notifications import NotificationArea
from dpiat_gui.ui.opening import Opening
from dpiat_gui.ui.texts import shortened

if TYPE_CHECKING:
    from dpiat_gui.services.settings import Settings

FILTER = f"Projects (*{SUFFIX});;All files (*)"
MOST_RECENT = 10
Button = QMessageBox.StandardButton


class Projects(QObject):
    """Reads and writes projects; asks before anything unsaved is lost.

    Parameters
    ----------
    document
        What is saved.
    opening
        Opens the networks a project names.
    settings
        Keeps the list of recent projects.
    notices
        Where errors are shown.
    window
        Parent of the dialogs.
    view_state
        Gives the window's state to save with the project.
    """

    def __init__(
        self,
        document: Document,
        opening: Opening,
        settings: "Settings",
        notices: NotificationArea,
        window: QWidget,
        view_state: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        super().__init__(window)
        self._document, self._opening, self._settings = document, opening, settings
        self._notices, self._window, self._view_state = notices, window, view_state

    def new(self) -> None:
        """Close everything, after asking about what is not saved."""
        self.when_safe(lambda: self._opening.open_project(Project(seed=self._settings.seed), ""))

    def ask_open(self) -> None:
        """Ask for a project and open it."""
        self.when_safe(self._ask_open)

    def open(self, path: str) -> None:
        """Open a project, after asking about what is not saved."""
        self.when_safe(partial(self._open, path))

    def save(self) -> bool:
        """Save where it was saved last, or ask where; returns whether it is saved."""
        if not self._document.project_path:
            return self.save_as()
        return self._write(self._document.project_path)

    def save_as(self) -> bool:
        """Ask where to save, and save; returns whether it is saved."""
        proposed = self._document.project_path or str(Path.home() / f"{self._proposed_name()}{SUFFIX}")
        name, _ = QFileDialog.getSaveFileName(self._window, "Save project as", proposed, FILTER)
        return bool(name) and self._write(name)

    def when_safe(self, then: Callable[[], object]) -> None:
        """Call `then` when nothing unsaved would be lost, or the person does not mind."""
        if not self._document.at_risk:
            then()
            return
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Unsaved changes")
        path = self._document.project_path
        name = shortened(Path(path).name, 40) if path else "this project"
        box.setText(f"Save the changes to {name}?")
        box.setInformativeText("Networks, options and overrides are lost otherwise.")
        box.setStandardButtons(Button.Save | Button.Discard | Button.Cancel)
        box.setDefaultButton(Button.Save)
        box.finished.connect(partial(self._answered, then))
        box.finished.connect(box.deleteLater)
        box.open()

    def fill_recent(self, menu: QMenu) -> None:
        """Put the recent projects into a menu."""
        menu.clear()
        for path in self._settings.recent_projects[:MOST_RECENT]:
            action = menu.addAction(Path(path).name)
            action.setToolTip(path)
            action.triggered.connect(partial(self.open, path))
        menu.setEnabled(not menu.isEmpty())

    def _answered(self, then: Callable[[], object], answer: int) -> None:
        if answer == Button.Discard.value or (answer == Button.Save.value and self.save()):
            then()

    def _ask_open(self) -> None:
        folder = str(Path(self._document.project_path).parent) if self._document.project_path else ""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open project", folder, FILTER)
        if name:
            self._open(name)

    def _open(self, path: str) -> None:
        # Not before the window is painted: few are opened.
        from dpiat_gui.project.project import load_project

        try:
            project = load_project(path)
        except DpiatError as error:
            self._notices.show_error(error, key="project")
            return
        self._notices.dismiss_all()
        self._opening.open_project(project, path)
        self._settings.add_recent_project(path)

    def _write(self, path: str) -> bool:
        try:
            self._document.save_as(path, self._view_state())
        except DpiatError as error:
            self._notices.show_error(error, actions=(("Save elsewhere…", self.save_as),), key="project")
            return False
        self._notices.dismiss_all("project")
        self._settings.add_recent_project(self._document.project_path)
        self._document.message.emit(f"Saved {self._document.project_path}.")
        return True

    def _proposed_name(self) -> str:
        networks = (self._document.source, self._document.target)
        return "-to-".join(network.name for network in networks if network) or "project"
