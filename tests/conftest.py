"""Every test runs headless, with a throw-away profile, and without the hub."""

import os
import sys
from pathlib import Path

import pytest

# Before anything imports Qt: no screen is needed, and no test looks at one.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.pop("QT_STYLE_OVERRIDE", None)

if os.environ.get("DPIAT_GUI_WITHOUT_QT"):
    # Proves that what needs no Qt imports none: `.ci/run` runs those tests once more like this.
    for name in ("PySide6", "shiboken6", "pyqtgraph"):
        sys.modules[name] = None  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def profile(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test settings, trust and recovery files of its own; the cache of structures is shared."""
    folder = tmp_path_factory.mktemp("profile")
    monkeypatch.setenv("DPIAT_GUI_CONFIG", str(folder / "config"))
    monkeypatch.setenv("DPIAT_GUI_STATE", str(folder / "state"))
    monkeypatch.setenv("DPIAT_GUI_CACHE", str(folder.parent / "cache"))
    return folder
