"""Offers back what a run of the program left unsaved; nobody has to answer."""

from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from dpiat_gui.document.autosave import Autosave, Leftover, find_leftovers
from dpiat_gui.ui.notifications import Notification, NotificationArea, Severity
from dpiat_gui.ui.opening import Opening
from dpiat_gui.ui.projects import Projects


class Recovery(QObject):
    """Asks, in a bar above the canvas, whether unsaved work is wanted back."""

    def __init__(
        self,
        autosave: Autosave,
        opening: Opening,
        projects: Projects,
        notices: NotificationArea,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._autosave, self._opening, self._projects = autosave, opening, projects
        self._notices = notices

    def offer(self) -> None:
        """Offer the latest work that was left; the others are offered at later starts."""
        for leftover in find_leftovers()[:1]:
            self._notices.show_notification(
                Notification(
                    Severity.WARNING,
                    f"There is unsaved work: {_what(leftover)}.",
                    f"The program ended before it was saved, {_when(leftover.modified)}.",
                    actions=(
                        ("Restore", partial(self._restore, leftover)),
                        ("Discard", partial(self._discard, leftover)),
                    ),
                    key="recovery",
                )
            )

    def _restore(self, leftover: Leftover) -> None:
        self._projects.when_safe(partial(self._open, leftover))

    def _open(self, leftover: Leftover) -> None:
        self._notices.dismiss_all("recovery")
        self._opening.open_project(leftover.project, leftover.path, recovered=True)
        self._autosave.adopt(leftover)

    def _discard(self, leftover: Leftover) -> None:
        leftover.discard()
        self._notices.dismiss_all("recovery")


def _what(leftover: Leftover) -> str:
    if leftover.path:
        return Path(leftover.path).name
    records = (leftover.project.source, leftover.project.target)
    names = [record.name or record.reference for record in records if record is not None]
    return " → ".join(names) or "a project"


def _when(seconds: float) -> str:
    then = datetime.fromtimestamp(seconds).astimezone()
    today = then.date() == datetime.now().astimezone().date()
    return f"{then:today at %H:%M}" if today else f"on {then:%Y-%m-%d at %H:%M}"
