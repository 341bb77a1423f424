"""Rules of the house that no single module can hold by itself."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import networkx
import pytest
from dpiat_gui.resources import resource

import dpiat_gui
from dpiat_gui import errors

PACKAGE = Path(dpiat_gui.__file__).parent
QT_FREE = (
    *("api", "errors", "file_sets", "files"),
    *("networks", "matching", "transfer", "project", "engine", "report"),
)


def modules(*names: str) -> list[str]:
    found = []
    for name in names:
        files = (
            [PACKAGE / f"{name}.py"] if (PACKAGE / f"{name}.py").exists() else (PACKAGE / name).rglob("*.py")
        )
        for file in files:
            parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return sorted(name for name in found if not name.endswith("__main__"))


def import_with_blocked(blocked: list[str], names: list[str]) -> None:
    script = (
        "import sys, importlib\n"
        f"for name in {blocked!r}: sys.modules[name] = None\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_core_and_the_engine_import_without_qt():
    import_with_blocked(["PySide6", "shiboken6", "pyqtgraph"], modules(*QT_FREE))


def test_what_the_window_imports_needs_no_torch():
    # The command line's own modules come last: the window's start goes through them.
    names = [*modules("canvas", "document", "services", "ui"), "dpiat_gui.cli", "dpiat_gui.cli.window"]
    import_with_blocked(["torch", "timm", "torchvision"], names)


def test_modules_stay_small():
    sizes = {str(file): len(file.read_text().splitlines()) for file in PACKAGE.rglob("*.py")}
    assert {file: size for file, size in sizes.items() if size > 420} == {}


def imported(tree: ast.AST, known: set[str]) -> Iterator[str]:
    """Yield the modules that one imports, inside its functions too; not what only annotations need."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            full = [f"{node.module}.{name.name}" for name in node.names]
            yield from (name if name in known else node.module for name in full)
        else:
            yield from imported(node, known)


def test_no_modules_import_each_other_in_a_circle():
    files = {name: PACKAGE.parent.joinpath(*name.split(".")) for name in modules("")}
    graph = networkx.DiGraph()
    for name, place in files.items():
        file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        # The package itself is lazy: it imports its parts when they are asked for.
        found = set(imported(ast.parse(file.read_text()), set(files))) & set(files) - {name, "dpiat_gui"}
        graph.add_edges_from((name, other) for other in found)
    assert graph.number_of_edges() > 500
    assert [sorted(part) for part in networkx.strongly_connected_components(graph) if len(part) > 1] == []


def test_functions_stay_short():
    long = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                said = node.body[0] if ast.get_docstring(node) else None
                told = said.end_lineno - said.lineno + 1 if said else 0
                if node.end_lineno - node.lineno + 1 - told > 60:
                    long.append(f"{file.name}: {node.name}")
    assert long == []


def test_every_error_says_what_to_do_next():
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type)} - {"Cancelled"}
    silent, seen = [], 0
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in kinds:
                continue
            seen += 1
            hints = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "hint")]
            # A message that was made elsewhere, such as a refusal's reason, holds its advice itself.
            made = not hints and node.args and isinstance(node.args[0], ast.Name)
            spread = any(isinstance(argument, ast.Starred) for argument in node.args)
            empty = any(isinstance(hint, ast.Constant) and not hint.value for hint in hints)
            if (not hints and not made and not spread) or empty:
                silent.append(f"{file.name}:{node.lineno}")
    assert seen > 150
    assert silent == []


def test_the_version_is_told_once():
    assert version("dpiat-gui") == dpiat_gui.__version__


def test_resources_are_readable():
    assert resource("__init__.py").is_file()
    with pytest.raises(FileNotFoundError, match="nonsense"):
        resource("nonsense.svg")
