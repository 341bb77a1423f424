"""A person's own networks: functions and classes in their Python files and packages."""

import hashlib
import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dpiat_gui.errors import DpiatError, SourceError
from dpiat_gui.networks.file_checks import readable
from dpiat_gui.networks.meta_build import build_structure
from dpiat_gui.networks.references import SourceReference, parse_reference
from dpiat_gui.networks.timm_models import INPUT_SIZE
from dpiat_gui.networks.trust import TrustStore, read_code
from dpiat_gui.networks.values import ModuleTree

if TYPE_CHECKING:
    from torch import nn

__all__ = ["TrustStore", "code_file", "factory_tree", "load_factory"]

_PRIVATE_NAME = "_dpiat_gui_source"


def code_file(reference: str | SourceReference) -> Path | None:
    """Return the file whose code opening the reference runs, None if it runs none.

    Nothing is imported or run to find it, and neither are the packages around a module.

    Raises
    ------
    SourceError
        If there is no such file or module, or the module is not made from a file.
    """
    reference = parse_reference(reference)
    if reference.kind == "file_factory":
        file = Path(reference.name)
        with readable(file):
            is_folder, is_file = file.is_dir(), file.is_file()
        if is_folder:
            raise SourceError(f"{file} is a folder.", "Choose a Python file.")
        if not is_file:
            raise SourceError(f"There is no file {file}.", "Check the path.")
        return file.resolve()
    if reference.kind == "module_factory":
        return _module_file(reference.name)
    return None


def load_factory(
    reference: str | SourceReference, trust: TrustStore | None = None
) -> Callable[..., "nn.Module"]:
    """Load the function or class that a reference names; this runs the person's code.

    Parameters
    ----------
    reference
        ``FILE.py:factory`` or ``package.module:factory``.
    trust
        Files that may be run; those the person has trusted before if None.

    Returns
    -------
    callable
        Takes keyword arguments and returns an ``nn.Module``; raises `SourceError` for whatever
        goes wrong in the person's code.

    Raises
    ------
    TrustError
        If the file is not trusted with the content it has now.
    SourceError
        If it cannot be found or loaded, or names no such factory.
    """
    reference = parse_reference(reference)
    file = code_file(reference)
    if file is None:
        raise SourceError(f"{reference.text} names no factory.", "Write FILE.py:factory.")
    # What is checked is what is run: the content is read once.
    content = read_code(file)
    (trust or TrustStore()).check(file, content)
    with _importing_from(reference, file), _explaining(reference):
        if reference.kind == "file_factory":
            module = _run_file(file, content)
        else:
            module = importlib.import_module(reference.name)
    found = _find(module, reference)

    def make(**options: Any) -> "nn.Module":
        return _make(reference, file, found, options)

    return make


def factory_tree(
    reference: str | SourceReference, trust: TrustStore | None = None, *, flow: bool = False
) -> ModuleTree:
    """Return the structure of a person's network, made on the meta device where that works.

    Parameters
    ----------
    reference, trust
        As for `load_factory`.
    flow
        Whether to trace the flow of information as well.

    Raises
    ------
    TrustError, SourceError
        As `load_factory`, and for whatever goes wrong in the person's code.
    StandardizationError
        If the flow is wanted and cannot be traced.
    """
    from dpiat_gui.networks.torch_modules import tree_of
    from dpiat_gui.networks.tracing import with_flow

    reference = parse_reference(reference)
    make = load_factory(reference, trust)
    module = build_structure(lambda: make(**dict(reference.options)))
    tree = tree_of(module, reference.title, reference.text)
    return with_flow(tree, module, dict(reference.options).get(INPUT_SIZE)) if flow else tree


def _make(reference: SourceReference, file: Path, found: Any, options: dict[str, Any]) -> "nn.Module":
    from torch import nn

    if INPUT_SIZE in options and not _takes(found, INPUT_SIZE):
        options = {name: value for name, value in options.items() if name != INPUT_SIZE}
    if isinstance(found, nn.Module) and not options:
        return found
    _check_arguments(reference, found, options)
    with _importing_from(reference, file), _explaining(reference):
        made = found(**options)
    if not isinstance(made, nn.Module):
        raise SourceError(
            f"{reference.attribute} returned {_a(type(made).__name__)}, not a network.",
            "It must return an instance of torch.nn.Module.",
        )
    return made


def _takes(found: Any, name: str) -> bool:
    """Tell whether a factory has a parameter of this name; one for a module's instance has none."""
    try:
        return callable(found) and name in inspect.signature(found).parameters
    except (TypeError, ValueError):  # written in C, or hides its signature
        return False


def _check_arguments(reference: SourceReference, found: Any, options: dict[str, Any]) -> None:
    if not callable(found):
        raise SourceError(
            f"{reference.attribute} is {_a(type(found).__name__)}, not a function or class.",
            "Name a function or class that makes the network.",
        )
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):  # written in C, or hides its signature
        return
    try:
        signature.bind(**options)
    except TypeError as error:
        raise SourceError(
            f"{reference.attribute}{signature} cannot be called: {error}.",
            "Give its arguments as options: ?name=value&other=value.",
        ) from error


def _run_file(file: Path, content: bytes) -> ModuleType:
    """Run a file as a module under a private name of its own, so that it shadows nothing."""
    name = f"{_PRIVATE_NAME}_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    module = ModuleType(name)
    module.__file__ = str(file)
    # Dataclasses, type hints and copies look a class's module up, now and later.
    sys.modules[name] = module
    try:
        exec(compile(content, str(file), "exec"), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _find(module: ModuleType, reference: SourceReference) -> Any:
    found: Any = module
    for part in reference.attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            known = [name for name, value in vars(module).items() if _is_own_factory(name, value, module)]
            raise SourceError(
                f"{reference.name} holds nothing named {reference.attribute}.",
                f"It holds {', '.join(sorted(known))}." if known else "Check the name after the colon.",
            ) from error
    return found


def _is_own_factory(name: str, value: Any, module: ModuleType) -> bool:
    own = getattr(value, "__module__", None) == module.__name__
    return own and callable(value) and not name.startswith("_")


def _module_file(name: str) -> Path:
    """Find a module's file without running any code of the packages it lies in."""
    places: list[str] | None = None
    spec: ModuleSpec | None = None
    parts = name.split(".")
    with _on_path(Path.cwd(), last=True):
        for depth in range(1, len(parts) + 1):
            spec = _find_spec(".".join(parts[:depth]), places)
            if spec is None:
                raise SourceError(
                    f"There is no module {'.'.join(parts[:depth])}.",
                    "Install it into this Python environment, start the program in the folder that holds it, "
                    "or write FILE.py:factory.",
                )
            places = list(spec.submodule_search_locations or [])
    if spec is None or not spec.has_location or not spec.origin:
        raise SourceError(f"The module {name} is not made from a file.", "Name a module that is.")
    return Path(spec.origin).resolve()


def _find_spec(name: str, places: list[str] | None) -> ModuleSpec | None:
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find(name, places) if find else None
        if spec is not None:
            return spec
    return None


@contextmanager
def _importing_from(reference: SourceReference, file: Path) -> Iterator[None]:
    """Let the code import its neighbours, and forget those of a lone file afterwards.

    Two folders may each hold a ``layers.py``, and a person edits theirs between two runs.
    """
    if reference.kind == "module_factory":
        with _on_path(Path.cwd(), last=True):
            yield
        return
    before = set(sys.modules)
    try:
        with _on_path(file.parent, last=False):
            yield
    finally:
        for name in set(sys.modules) - before:
            origin = getattr(sys.modules[name], "__file__", None)
            if not origin or name.startswith(_PRIVATE_NAME) or _installed(origin):
                continue
            if Path(origin).resolve().is_relative_to(file.parent):
                del sys.modules[name]


def _installed(origin: str) -> bool:
    return "site-packages" in Path(origin).parts


@contextmanager
def _on_path(folder: Path, *, last: bool) -> Iterator[None]:
    entry = str(folder)
    importlib.invalidate_caches()
    sys.path.insert(len(sys.path) if last else 0, entry)
    try:
        yield
    finally:
        if entry in sys.path:
            places = [place for place, known in enumerate(sys.path) if known == entry]
            del sys.path[places[-1] if last else places[0]]


@contextmanager
def _explaining(reference: SourceReference) -> Iterator[None]:
    """Turn whatever the person's code raises into a `SourceError` that says where."""
    try:
        yield
    except DpiatError:
        raise
    except (Exception, SystemExit) as error:  # a person's code may raise anything, and leave
        raise SourceError(
            f"The code of {reference.title} failed: {_last_line(error)}{_place(error)}.",
            "Mend the file and open it again.",
        ) from error


def _last_line(error: BaseException) -> str:
    return traceback.format_exception_only(error)[-1].strip().rstrip(".")


def _place(error: BaseException) -> str:
    """Say where in the person's code: the innermost line outside installed packages."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({error.filename}, line {error.lineno})"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__ and not frame.filename.startswith("<frozen")
    ]
    own = [frame for frame in frames if not _installed(frame.filename)]
    for frame in (own or frames)[-1:]:
        return f" ({frame.filename}, line {frame.lineno})"
    return ""


def _a(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
