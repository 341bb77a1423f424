"""Where the program keeps what it remembers between runs."""

import os
import sys
from pathlib import Path

_NAME = "dpiat-gui"


def config_folder() -> Path:
    """Folder of settings and trusted files; ``DPIAT_GUI_CONFIG`` overrides the system's place."""
    return _folder("DPIAT_GUI_CONFIG", "XDG_CONFIG_HOME", ".config", "APPDATA", "Library/Application Support")


def cache_folder() -> Path:
    """Folder of what can be made again at any time; ``DPIAT_GUI_CACHE`` overrides the system's place."""
    return _folder("DPIAT_GUI_CACHE", "XDG_CACHE_HOME", ".cache", "LOCALAPPDATA", "Library/Caches")


def state_folder() -> Path:
    """Folder of logs and what a crash left; ``DPIAT_GUI_STATE`` overrides the system's place."""
    return _folder("DPIAT_GUI_STATE", "XDG_STATE_HOME", ".local/state", "LOCALAPPDATA", "Library/Logs")


def _folder(own: str, xdg: str, unix: str, windows: str, mac: str) -> Path:
    if chosen := os.environ.get(own):
        return expanded(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get(windows) or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / mac
    else:
        base = Path(os.environ.get(xdg) or Path.home() / unix)
    return base / _NAME


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with ``~`` expanded; as it stands where there is no such home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
