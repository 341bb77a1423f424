"""What a person has chosen for every run, and what the window remembers from the last one."""

import base64
import json
import logging
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from dpiat_gui.errors import DpiatError
from dpiat_gui.files import read_json, write_whole
from dpiat_gui.networks.folders import config_folder

THEMES = ("system", "light", "dark")
MOST_RECENT = 12
MAX_SEED = 2**31 - 1
FILE_NAME = "settings.json"
_WRITE_AFTER_MS = 300

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choices:
    """Everything that is kept, as one value.

    Parameters
    ----------
    theme
        ``system``, ``light`` or ``dark``.
    wheel_zooms
        Whether the wheel zooms and Ctrl+wheel scrolls, instead of the other way round.
    seed
        Seed that a new project begins with.
    output_folder
        Folder of the last checkpoint that was written.
    only_selection_edges
        Whether only the edges of what is selected are drawn.
    overview
        Whether the strips beside the columns are shown.
    recent_sources, recent_targets, recent_projects
        References and files opened lately, the latest first.
    geometry, layout
        Place and panes of the window as Qt writes them, in base64.
    """

    theme: str = "system"
    wheel_zooms: bool = False
    seed: int = 0
    output_folder: str = ""
    only_selection_edges: bool = False
    overview: bool = True
    recent_sources: tuple[str, ...] = ()
    recent_targets: tuple[str, ...] = ()
    recent_projects: tuple[str, ...] = ()
    geometry: str = ""
    layout: str = ""


class Settings(QObject):
    """Reads the choices once, keeps them, and writes what changed soon after.

    Only what differs from the default is written, so that a better default reaches everybody;
    keys that this version does not know stay in the file, and so does what another window of the
    program wrote there in the meantime.

    Parameters
    ----------
    path
        The file; the one in the config folder if None. In a damaged one what can be understood
        counts, and the file is copied beside itself first: the window always starts.
    parent
        Owner.
    """

    changed = Signal(str)
    """Name of the choice that is another one now."""

    def __init__(self, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path or config_folder() / FILE_NAME
        self._choices = read_choices(self._path)
        self._unwritten: set[str] = set()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_WRITE_AFTER_MS)
        self._later.timeout.connect(self.flush)
        if application := QCoreApplication.instance():
            application.aboutToQuit.connect(self.flush)

    @property
    def choices(self) -> Choices:
        """All of them, as one value."""
        return self._choices

    @property
    def theme(self) -> str:
        """``system``, ``light`` or ``dark``."""
        return self._choices.theme

    @property
    def wheel_zooms(self) -> bool:
        """Whether the wheel zooms."""
        return self._choices.wheel_zooms

    @property
    def seed(self) -> int:
        """Seed that a new project begins with."""
        return self._choices.seed

    @property
    def output_folder(self) -> str:
        """Folder of the last checkpoint, ``""`` if there is none."""
        return self._choices.output_folder

    @property
    def recent_sources(self) -> tuple[str, ...]:
        """References opened lately, the latest first."""
        return self._choices.recent_sources

    @property
    def recent_targets(self) -> tuple[str, ...]:
        """References opened lately as targets, the latest first."""
        return self._choices.recent_targets

    @property
    def only_selection_edges(self) -> bool:
        """Whether only the edges of what is selected are drawn."""
        return self._choices.only_selection_edges

    @property
    def overview(self) -> bool:
        """Whether the strips beside the columns are shown."""
        return self._choices.overview

    @property
    def recent_projects(self) -> tuple[str, ...]:
        """Project files opened lately, the latest first."""
        return self._choices.recent_projects

    @property
    def window(self) -> tuple[bytes, bytes]:
        """Place and panes of the window as Qt wrote them, empty if there are none."""
        return _decoded(self._choices.geometry), _decoded(self._choices.layout)

    def set(self, **changes: Any) -> None:
        """Change choices by name; a value of the wrong kind is refused.

        Raises
        ------
        ValueError
            If there is no such choice, or the value has no meaning.
        """
        wrong = [name for name, value in changes.items() if not _fits(name, value)]
        if wrong:
            raise ValueError(f"{wrong[0]} cannot be {changes[wrong[0]]!r}")
        after = replace(self._choices, **changes)
        differing = [name for name in changes if getattr(after, name) != getattr(self._choices, name)]
        self._choices = after
        self._unwritten.update(differing)
        if QCoreApplication.instance() is None:
            self.flush()
        elif differing:
            # A spin box changes many times in a second, and each write waits for the disk.
            self._later.start()
        for name in differing:
            self.changed.emit(name)

    def set_window(self, geometry: bytes, layout: bytes) -> None:
        """Keep place and panes of the window."""
        self.set(
            geometry=base64.b64encode(geometry).decode("ascii"),
            layout=base64.b64encode(layout).decode("ascii"),
        )
        self.flush()

    def add_recent_source(self, reference: str) -> None:
        """Put a reference in front of those opened lately."""
        self.set(recent_sources=_in_front(reference, self.recent_sources))

    def add_recent_target(self, reference: str) -> None:
        """Put a reference in front of the targets opened lately."""
        self.set(recent_targets=_in_front(reference, self.recent_targets))

    def add_recent_project(self, path: str) -> None:
        """Put a project in front of those opened lately."""
        self.set(recent_projects=_in_front(path, self.recent_projects))

    def flush(self) -> None:
        """Write now what is not written yet."""
        self._later.stop()
        if not self._unwritten:
            return
        record = _read(self._path)
        for name in self._unwritten:
            value = getattr(self._choices, name)
            if value == getattr(Choices(), name):
                record.pop(name, None)
            else:
                record[name] = value
        self._unwritten.clear()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with write_whole(self._path) as stream:
                stream.write(json.dumps(record, indent=1).encode())
        except (DpiatError, OSError) as error:
            # Nothing that a person did is lost; the next run starts with the old choices.
            _log.warning("The settings were not written: %s", error)


def read_choices(path: Path) -> Choices:
    """Read the choices of a file; what is missing, damaged or of the wrong type is as at first.

    A file of which anything is dropped is copied to ``NAME.bak`` before.
    """
    record = _read(path)
    known: dict[str, Any] = {}
    for name in (field.name for field in fields(Choices)):
        value = record.get(name)
        value = tuple(value) if isinstance(value, list) else value
        if name in record and _fits(name, value):
            known[name] = value
    if path.is_file() and (not record or set(known) != _names() & set(record)):
        _back_up(path)
    return Choices(**known)


def _read(path: Path) -> dict[str, Any]:
    """Return what the file says, nothing if it cannot be understood."""
    try:
        data = read_json(path)
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _back_up(path: Path) -> None:
    backup = path.with_name(f"{path.name}.bak")
    try:
        content = path.read_bytes()
        if content.strip() in (b"", b"{}"):
            return
        with write_whole(backup) as stream:
            stream.write(content)
    except (DpiatError, OSError) as error:
        _log.warning("The damaged settings could not be copied: %s", error)
    else:
        _log.warning("Some settings made no sense and are as at first; the file was copied to %s.", backup)


def _names() -> set[str]:
    return {field.name for field in fields(Choices)}


def _fits(name: str, value: object) -> bool:
    default = getattr(Choices(), name, None)
    if default is None or type(value) is not type(default):
        return False
    if isinstance(value, tuple):
        return all(isinstance(item, str) for item in value)
    if name == "theme":
        return value in THEMES
    return name != "seed" or (isinstance(value, int) and 0 <= value <= MAX_SEED)


def _in_front(item: str, items: tuple[str, ...]) -> tuple[str, ...]:
    return (item, *(other for other in items if other != item))[:MOST_RECENT]


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
