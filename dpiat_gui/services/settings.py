"""What a person has chosen for every run, and what the window remembers from the last one."""

import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from dpiat_gui.errors import DpiatError
from dpiat_gui.files import write_whole
from dpiat_gui.networks.folders import config_folder

THEMES = ("system", "light", "dark")
MOST_RECENT = 12
MAX_SEED = 2**31 - 1
FILE_NAME = "settings.json"

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
    recent_sources, recent_projects
        References and files opened lately, the latest first.
    geometry, layout
        Place and panes of the window as Qt writes them, in base64.
    """

    theme: str = "system"
    wheel_zooms: bool = False
    seed: int = 0
    output_folder: str = ""
    recent_sources: tuple[str, ...] = ()
    recent_projects: tuple[str, ...] = ()
    geometry: str = ""
    layout: str = ""


class Settings(QObject):
    """Reads the choices once, keeps them, and writes each change at once.

    Parameters
    ----------
    path
        The file; the one in the config folder if None. A damaged one counts as empty, and a
        value of the wrong type is dropped: the window always starts.
    parent
        Owner.
    """

    changed = Signal(str)
    """Name of the choice that is another one now."""

    def __init__(self, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path or config_folder() / FILE_NAME
        self._choices = read_choices(self._path)

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
    def recent_projects(self) -> tuple[str, ...]:
        """Project files opened lately, the latest first."""
        return self._choices.recent_projects

    @property
    def window(self) -> tuple[bytes, bytes]:
        """Place and panes of the window as Qt wrote them, empty if there are none."""
        return _decoded(self._choices.geometry), _decoded(self._choices.layout)

    def set(self, **changes: Any) -> None:
        """Change choices by name and write them; a value of the wrong kind is refused.

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
        if differing:
            self._write()
        for name in differing:
            self.changed.emit(name)

    def set_window(self, geometry: bytes, layout: bytes) -> None:
        """Keep place and panes of the window."""
        self.set(
            geometry=base64.b64encode(geometry).decode("ascii"),
            layout=base64.b64encode(layout).decode("ascii"),
        )

    def add_recent_source(self, reference: str) -> None:
        """Put a reference in front of those opened lately."""
        self.set(recent_sources=_in_front(reference, self.recent_sources))

    def add_recent_project(self, path: str) -> None:
        """Put a project in front of those opened lately."""
        self.set(recent_projects=_in_front(path, self.recent_projects))

    def _write(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with write_whole(self._path) as stream:
                stream.write(json.dumps(asdict(self._choices), indent=1).encode())
        except (DpiatError, OSError) as error:
            # Nothing that a person did is lost; the next run starts with the old choices.
            _log.warning("The settings were not written: %s", error)


def read_choices(path: Path) -> Choices:
    """Read the choices of a file; what is missing, damaged or of the wrong type is as at first."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return Choices()
    if not isinstance(data, Mapping):
        return Choices()
    known = {}
    for name in (field.name for field in fields(Choices)):
        value = data.get(name)
        value = tuple(value) if isinstance(value, list) else value
        if name in data and _fits(name, value):
            known[name] = value
    return Choices(**known)


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
