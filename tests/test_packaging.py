"""What a wheel of the program holds."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_package_is_shipped():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found = {
        ".".join(file.parent.relative_to(ROOT).parts) for file in (ROOT / "dpiat_gui").rglob("__init__.py")
    }
    assert set(settings["tool"]["setuptools"]["packages"]) == found | {"dpiat_gui.resources"}
