"""Source references: the one-line texts that say where a network comes from."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.folders import expanded

SourceKind = Literal["timm", "checkpoint", "file_factory", "module_factory"]
OptionValue = str | int | float | bool

CHECKPOINT_SUFFIXES = (
    ".safetensors",
    ".pth",
    ".pt",
    ".bin",
    ".ckpt",
    ".pth.tar",
    ".safetensors.index.json",
)
"""Endings of the files that are read as checkpoints; all but the first and the last hold pickles."""

CHECKPOINT_PATH = "checkpoint_path"
"""The option that names the file whose weights a model of timm takes."""

FORMS = "timm:NAME?option=value, FILE.safetensors, FILE.pth, FILE.py:factory or package.module:factory"

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_INTEGER = re.compile(r"[+-]?\d+")
_LONGEST_NUMBER = 40  # digits; what has more is a name, and Python reads only so many
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
# What a value may show as it is; everything else is percent-encoded in the canonical text.
_SAFE = "/:,.()[]{}~@!$'*;\\"


@dataclass(frozen=True, slots=True)
class SourceReference:
    """Where a network comes from.

    Parameters
    ----------
    kind
        ``timm``, ``checkpoint``, ``file_factory`` or ``module_factory``.
    name
        timm's model name, the absolute path of a file, or a module's dotted name.
    attribute
        Name of the factory inside the file or module, possibly dotted; else empty.
    options
        Keyword arguments by name, sorted; only for timm and factories.
    """

    kind: SourceKind
    name: str
    attribute: str = ""
    options: tuple[tuple[str, OptionValue], ...] = ()

    @property
    def text(self) -> str:
        """The canonical text; parsing it gives this reference again."""
        base = {
            "timm": f"timm:{self.name}",
            "checkpoint": self.name,
            "file_factory": f"{self.name}:{self.attribute}",
            "module_factory": f"{self.name}:{self.attribute}",
        }[self.kind]
        query = "&".join(f"{name}={_format_value(value)}" for name, value in self.options)
        return f"{base}?{query}" if query else base

    @property
    def title(self) -> str:
        """Short name to show: the model's, the file's stem, or the factory's."""
        if self.kind == "checkpoint":
            name = Path(self.name).name
            suffix = next((s for s in reversed(CHECKPOINT_SUFFIXES) if name.lower().endswith(s)), "")
            return name[: len(name) - len(suffix)] or name
        if self.kind == "timm":
            return self.name
        return self.attribute

    @property
    def path(self) -> Path | None:
        """The file the reference names, None if it names none."""
        return Path(self.name) if self.kind in ("checkpoint", "file_factory") else None

    @property
    def runs_code(self) -> bool:
        """True if opening it runs a person's code, and so needs trust."""
        return self.kind in ("file_factory", "module_factory")

    def option(self, name: str, default: OptionValue | None = None) -> OptionValue | None:
        """Value of the named option, `default` if it is not given."""
        return dict(self.options).get(name, default)

    def __str__(self) -> str:
        return self.text


LIVE = "live"
"""Where a network comes from that was handed over as a module."""


def parse_reference(text: str | SourceReference) -> SourceReference:
    """Read a source reference.

    Parameters
    ----------
    text
        ``timm:NAME?num_classes=10&pretrained=true``, ``FILE.safetensors``, ``FILE.pth`` (``.pt``,
        ``.bin``, ``.ckpt``), the index of shards ``FILE.safetensors.index.json``,
        ``FILE.py:factory?width=2`` or ``package.module:factory``. Options are typed by how they look:
        integers, floats, ``true`` and ``false``, anything else a string; ``%XX`` stands for a
        character with a meaning of its own. A reference passes through.

    Raises
    ------
    SourceError
        If the text has none of these forms. Nothing is opened or imported to find out.

    Notes
    -----
    Paths become absolute, so that a reference means the same in another folder.
    """
    if isinstance(text, SourceReference):
        return text
    stripped = text.strip()
    if not stripped:
        raise SourceError("No network was named.", f"Give one of: {FORMS}.")
    if stripped.startswith("timm:"):
        name, options = _split_options(stripped.removeprefix("timm:"), stripped)
        if not name:
            raise SourceError("No timm model was named.", "Write timm:NAME, for example timm:resnet50.")
        return SourceReference("timm", name, options=tuple(map(_with_absolute_path, options)))
    if stripped.lower().endswith(CHECKPOINT_SUFFIXES):
        return SourceReference("checkpoint", _absolute(stripped))
    file, found, rest = _split_python_file(stripped)
    if found:
        attribute, options = _split_options(rest, stripped)
        _check_attribute(attribute, stripped)
        return SourceReference("file_factory", _absolute(file), attribute, options)
    name, colon, rest = stripped.partition(":")
    if colon and _DOTTED.fullmatch(name) and "/" not in rest.partition("?")[0]:
        attribute, options = _split_options(rest, stripped)
        _check_attribute(attribute, stripped)
        return SourceReference("module_factory", name, attribute, options)
    if stripped == LIVE:
        raise SourceError(
            "This network lives in a Python session, where only its structure can be read.",
            "Close the window and call dpiat_gui.transfer there, or save its weights and open the file.",
        )
    raise _unknown_form(stripped)


def _split_python_file(text: str) -> tuple[str, bool, str]:
    """Split ``FILE.py:factory`` at the colon; a drive letter's colon does not count."""
    place = re.search(r"\.py:(?![\\/])", text)
    return (text[: place.start() + 3], True, text[place.end() :]) if place else (text, False, "")


def _check_attribute(attribute: str, text: str) -> None:
    if not _DOTTED.fullmatch(attribute):
        raise SourceError(
            f"{text!r} names no factory.",
            "After the colon give the name of a function or class that makes the network.",
        )


def _unknown_form(text: str) -> SourceError:
    path, is_folder, is_file = Path(text), False, False
    # A name that no system takes is no file and no folder.
    with suppress(OSError, ValueError):
        path = expanded(path)
        is_folder, is_file = path.is_dir(), path.is_file()
    if is_folder:
        return SourceError(f"{path} is a folder.", "Choose the checkpoint file inside it.")
    if text.endswith(".py"):
        return SourceError(
            f"{text!r} names a Python file, but not what in it makes the network.",
            f"Add the function or class: {text}:NAME.",
        )
    if is_file:
        return SourceError(
            f"{path} is no file of a kind that is read here.",
            f"Files read end in {', '.join(CHECKPOINT_SUFFIXES)}.",
        )
    hint = f"Give one of: {FORMS}."
    if re.fullmatch(r"[\w.]+(\?.*)?", text):
        hint = f"For a model of timm write timm:{text}; else give one of: {FORMS.partition(', ')[2]}."
    return SourceError(f"{text!r} is no source that is known here.", hint)


def _split_options(text: str, whole: str) -> tuple[str, tuple[tuple[str, OptionValue], ...]]:
    name, _, query = text.partition("?")
    options: dict[str, OptionValue] = {}
    for part in filter(None, query.split("&")):
        key, equals, value = part.partition("=")
        if not equals or not key.isidentifier():
            raise SourceError(
                f"{part!r} in {whole!r} is no option.", "Write options as ?name=value&other=value."
            )
        if key in options:
            raise SourceError(f"The option {key} is given twice in {whole!r}.", "Give it once.")
        options[key] = _read_value(unquote(value))
    return name, tuple(sorted(options.items()))


def _read_value(text: str) -> OptionValue:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    return text


def _format_value(value: OptionValue) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return quote(value, safe=_SAFE) if isinstance(value, str) else repr(value)


def _with_absolute_path(option: tuple[str, OptionValue]) -> tuple[str, OptionValue]:
    name, value = option
    return (name, _absolute(str(value))) if name == CHECKPOINT_PATH and value else option


def _absolute(path: str) -> str:
    return os.path.abspath(expanded(path))  # noqa: PTH100 - keeps links, as written
