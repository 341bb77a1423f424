"""What a wheel of the program holds."""

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
COMES_WITH = {
    "PIL": "pillow",
    "PySide6": "PySide6-Essentials",
    "shiboken6": "PySide6-Essentials",
    "huggingface_hub": "timm",
}


def test_every_package_is_shipped():
    found = {
        ".".join(file.parent.relative_to(ROOT).parts) for file in (ROOT / "dpiat_gui").rglob("__init__.py")
    }
    assert set(SETTINGS["tool"]["setuptools"]["packages"]) == found | {"dpiat_gui.resources"}


def test_everything_imported_is_a_dependency_and_the_other_way_round():
    imported = set()
    for file in (ROOT / "dpiat_gui").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).partition(".")[0])
    others = imported - set(sys.stdlib_module_names) - {"dpiat_gui"}
    declared = {re.split(r"[^\w.-]", line)[0] for line in SETTINGS["project"]["dependencies"]}
    assert {COMES_WITH.get(name, name) for name in others} == declared
