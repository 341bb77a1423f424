"""What the open dialog offers and says about what is typed; knows no widgets."""

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.folders import expanded
from dpiat_gui.networks.references import CHECKPOINT_SUFFIXES, SourceReference, parse_reference

MOST_SUGGESTIONS = 200
_CHECKPOINTS = "*.safetensors *.safetensors.index.json *.pth *.pt *.bin *.ckpt"
FILE_FILTER = (
    f"Networks ({_CHECKPOINTS} *.py);;Checkpoints ({_CHECKPOINTS});;Python files (*.py);;All files (*)"
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line of the list: what it opens, and what it is."""

    text: str
    label: str
    kind: Literal["timm", "recent", "factory"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the typed text means.

    Parameters
    ----------
    reference
        What would be opened, None if it cannot be.
    message
        One line that says so, or what is wrong.
    hint
        What to do next.
    near
        Names that may have been meant.
    """

    reference: SourceReference | None
    message: str
    hint: str = ""
    near: tuple[str, ...] = ()


def suggest(text: str, names: Sequence[str], recent: Iterable[str]) -> tuple[Suggestion, ...]:
    """Return what fits the typed text: what was opened lately, then timm's names.

    Parameters
    ----------
    text
        What was typed; every word of it must occur somewhere in a name.
    names
        The names timm knows, sorted.
    recent
        References opened lately, latest first.
    """
    words = text.removeprefix("timm:").partition("?")[0].casefold().split()
    found = [
        Suggestion(reference, reference, "recent")
        for reference in recent
        if all(word in reference.casefold() for word in words)
    ]
    # Names that begin with what was typed come before names that only contain it.
    first = words[0] if words else ""
    fitting = [name for name in names if all(word in name.casefold() for word in words)]
    fitting.sort(key=lambda name: not name.casefold().startswith(first))
    found.extend(Suggestion(f"timm:{name}", name, "timm") for name in fitting)
    return tuple(found[:MOST_SUGGESTIONS])


def factories_in(text: str) -> tuple[Suggestion, ...]:
    """Return the functions and classes of a Python file that is being typed, without running it.

    Parameters
    ----------
    text
        ``FILE.py`` or ``FILE.py:BEGINNING_OF_A_NAME``; anything else gives nothing.
    """
    file, found, rest = text.strip().partition(".py")
    path = expanded(f"{file}.py")
    if not found or rest[:1] not in ("", ":") or not path.is_file():
        return ()
    beginning = rest[1:].partition("?")[0].casefold()
    try:
        body = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return ()
    names = [
        node.name
        for node in body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[:1] != "_"
    ]
    return tuple(
        Suggestion(f"{path}:{name}", f"{path.name}:{name}", "factory")
        for name in names
        if beginning in name.casefold()
    )


def read_text(text: str, names: frozenset[str], near_names: Callable[[str], Sequence[str]]) -> Reading:
    """Say what the typed text means.

    Parameters
    ----------
    text
        A source reference, or a bare name of timm.
    names
        The names timm knows; empty if the list is not known.
    near_names
        Gives names near to a name that is not among them.
    """
    stripped = text.strip()
    if not stripped:
        return Reading(None, "Type a name, or choose a file.")
    name = stripped.partition("?")[0]
    if name in names:
        stripped = f"timm:{stripped}"
    try:
        reference = parse_reference(stripped)
    except SourceError as error:
        near = tuple(near_names(name)) if name.replace("_", "").replace(".", "").isalnum() else ()
        if near:
            return Reading(None, f"timm knows no {name!r}.", f"Near to it: {', '.join(near[:4])}.", near)
        return Reading(None, error.message, error.hint)
    return _explain(reference, names, near_names)


def _explain(
    reference: SourceReference, names: frozenset[str], near_names: Callable[[str], Sequence[str]]
) -> Reading:
    if reference.kind == "timm":
        base = reference.name.partition(".")[0]
        if names and base not in names:
            near = tuple(near_names(base))
            hint = f"Near to it: {', '.join(near[:4])}." if near else "Choose one from the list."
            return Reading(None, f"timm knows no {reference.name!r}.", hint, near)
        weights = (
            "with its published weights" if reference.option("pretrained") else "structure, seeded weights"
        )
        return Reading(reference, f"{reference.name} from timm, {weights}.")
    path = reference.path
    if path is not None and not path.is_file():
        return Reading(None, f"There is no file {path}.", "Look at the path, or press Browse.")
    if reference.kind == "checkpoint":
        how = (
            "read from its header"
            if reference.name.lower().endswith(CHECKPOINT_SUFFIXES[0])
            else "weights only"
        )
        return Reading(reference, f"Checkpoint {reference.title}, {how}.")
    place = path.name if path is not None else reference.name
    return Reading(
        reference, f"{reference.attribute} of {place}. It runs code: you will be asked whether to trust it."
    )


def with_options(reference: SourceReference, classes: int, pretrained: bool) -> SourceReference:
    """Return the reference with the options of the dialog's row; what was typed wins.

    Parameters
    ----------
    reference
        What was typed; only timm's models take these options.
    classes
        Size of the head; 0 leaves it as published.
    pretrained
        Whether the published weights are wanted.
    """
    if reference.kind != "timm":
        return reference
    options = dict(reference.options)
    if classes:
        options.setdefault("num_classes", classes)
    if pretrained:
        options.setdefault("pretrained", True)
    return replace(reference, options=tuple(sorted(options.items())))
