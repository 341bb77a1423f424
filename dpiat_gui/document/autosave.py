"""The recovery file: unsaved work, written soon after each edit and removed when it is safe."""

import logging
import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLockFile, QObject, QTimer

from dpiat_gui.document.document import Document
from dpiat_gui.errors import DpiatError
from dpiat_gui.networks.folders import state_folder
from dpiat_gui.project.values import SUFFIX, Project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dpiat_gui.services.jobs import Job, JobRunner

DELAY_MS = 1000
"""From an edit to the write, so that a gesture with many edits is written once."""
_KEY = "recovery"
_log = logging.getLogger(__name__)


def recovery_folder() -> Path:
    """Folder of the recovery files."""
    return state_folder() / "recovery"


@dataclass(frozen=True)
class Leftover:
    """Work that a run of the program left behind when it ended without being closed.

    Parameters
    ----------
    file
        The recovery file.
    project
        The work.
    path
        The project file it belongs to, ``""`` if it never was saved.
    modified
        When it was written, in seconds since the epoch.
    """

    file: Path
    project: Project
    path: str
    modified: float

    def discard(self) -> None:
        """Remove the recovery file."""
        self.file.unlink(missing_ok=True)
        _lock_path(self.file).unlink(missing_ok=True)


def find_leftovers(folder: Path | None = None) -> tuple[Leftover, ...]:
    """Return what dead runs of the program left behind, the latest first.

    Files of runs that are alive are left alone; files that cannot be read are renamed to
    ``NAME.damaged``, so that nobody is asked about them twice.
    """
    found = []
    for file in sorted((folder or recovery_folder()).glob(f"*{SUFFIX}")):
        lock = QLockFile(str(_lock_path(file)))
        # Zero: a lock is stale when its process is dead, however old it is.
        lock.setStaleLockTime(0)
        if not lock.tryLock(0):
            continue
        # Here and not above: the window paints before it reads a project, and mostly there is none.
        from dpiat_gui.project.project import load_project

        try:
            project, path = _opened(load_project(file))
            found.append(Leftover(file, project, path, file.stat().st_mtime))
        except (DpiatError, OSError) as error:
            _log.warning("Unsaved work in %s cannot be read: %s", file, error)
            _set_aside(file)
        finally:
            lock.unlock()
    return tuple(sorted(found, key=lambda leftover: -leftover.modified))


class Autosave(QObject):
    """Keeps the recovery file of one document.

    Parameters
    ----------
    document
        What is kept.
    jobs
        Writes in a thread: waiting for the disk is nothing for the window's own.
    folder
        Where; `recovery_folder` if None.
    """

    def __init__(self, document: Document, jobs: "JobRunner", folder: Path | None = None) -> None:
        super().__init__(document)
        self._document, self._jobs = document, jobs
        self._folder = folder
        self._lock: QLockFile | None = None
        self._adopted: list[Leftover] = []
        self._job: Job | None = None
        self._over = False
        self._timer = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._timer.timeout.connect(self._write)
        for signal in (
            document.source_changed,
            document.target_changed,
            document.options_changed,
            document.overrides_changed,
            document.settings_changed,
            document.modified_changed,
            document.solving_changed,
        ):
            signal.connect(self._changed)

    @property
    def file(self) -> Path:
        """The recovery file of this run."""
        return (self._folder or recovery_folder()) / f"{os.getpid()}-{id(self):x}{SUFFIX}"

    def adopt(self, leftover: Leftover) -> None:
        """Take over what was recovered: its file goes once it is written, or saved, here."""
        self._adopted.append(leftover)
        self._changed()

    def end(self) -> None:
        """Remove everything: the person has closed the program."""
        self._over = True
        self._timer.stop()
        self._remove()

    def _changed(self, _what: object = None) -> None:
        if self._over:
            return
        if not self._document.at_risk:
            self._timer.stop()
            self._remove()
        elif not self._timer.isActive():
            self._timer.start()

    def _write(self) -> None:
        if self._job is not None:
            # Once more when the write that is under way has ended.
            self._timer.start()
            return
        if self._over or not self._document.at_risk:
            return
        try:
            self._hold_lock()
        except OSError as error:
            self._failed(error)
            return
        project = _closed(self._document.to_project(wanted=True), self._document.project_path)
        work = partial(_save, project, self.file)
        self._job = self._jobs.run_in_thread(work, "Keeping unsaved work")
        self._job.deliver_to(self, done=self._written, failed=self._failed, cancelled=self._ended)

    def _hold_lock(self) -> None:
        """Show other runs that this one is alive."""
        if self._lock is None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self._lock = QLockFile(str(_lock_path(self.file)))
            self._lock.setStaleLockTime(0)
            self._lock.tryLock(0)

    def _written(self, _nothing: object = None) -> None:
        self._ended()
        for leftover in self._adopted:
            leftover.discard()
        self._adopted.clear()

    def _ended(self) -> None:
        self._job = None
        if self._over or not self._document.at_risk:
            self._remove()

    def _failed(self, error: Exception) -> None:
        # The work itself is safe in the window; the next edit tries again.
        _log.warning("Unsaved work could not be kept: %s", error)
        self._ended()

    def _remove(self) -> None:
        for leftover in self._adopted:
            leftover.discard()
        self._adopted.clear()
        if self._lock is not None and self._job is None:
            self.file.unlink(missing_ok=True)
            self._lock.unlock()
            self._lock = None


def _save(project: Project, file: Path, _token: object) -> None:
    from dpiat_gui.project.project import save_project

    save_project(project, file)


def _lock_path(file: Path) -> Path:
    return file.with_suffix(".lock")


def _closed(project: Project, path: str) -> Project:
    """Return the project with the file it belongs to written into it."""
    extra: dict[str, Mapping[str, Any]] = dict(project.extra)
    extra[""] = {**extra.get("", {}), _KEY: {"path": path}}
    return replace(project, extra=extra)


def _opened(project: Project) -> tuple[Project, str]:
    """Return the project as it was, and the file it belongs to."""
    extra = dict(project.extra)
    own = dict(extra.get("", {}))
    told = own.pop(_KEY, None)
    path = told.get("path") if isinstance(told, dict) else ""
    if own:
        extra[""] = own
    else:
        extra.pop("", None)
    return replace(project, extra=extra), path if isinstance(path, str) else ""


def _set_aside(file: Path) -> None:
    try:
        file.replace(file.with_name(f"{file.name}.damaged"))
    except OSError as error:
        _log.warning("%s could not be set aside: %s", file, error)
