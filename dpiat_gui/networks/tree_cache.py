"""Structures known already: shipped with the program, or kept from an earlier run.

What a structure was read from is its key: timm's model, options and version, or a file's
content. Whatever cannot be keyed so (a person's code imports what it likes) is not kept.
Nothing here imports torch.
"""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from dpiat_gui.errors import DpiatError, SourceError
from dpiat_gui.files import write_whole
from dpiat_gui.networks.checkpoints import is_safetensors
from dpiat_gui.networks.folders import cache_folder
from dpiat_gui.networks.references import SourceReference
from dpiat_gui.networks.timm_models import INPUT_SIZE, structure_options, timm_version
from dpiat_gui.networks.tree_json import tree_from_json, tree_to_json
from dpiat_gui.networks.values import ModuleTree

LIMIT = 200
"""Structures kept; beyond it the one unused for longest goes."""

_RULES = 5  # to be raised when the same source is read into another tree
_WHOLE = 64 << 20  # bytes up to which a file is keyed by all of its content
_ENDS = 1 << 20  # bytes of either end that key a larger one, beside its size and time


@dataclass(frozen=True, slots=True)
class CacheKey:
    """What a structure was read from.

    Parameters
    ----------
    text
        Canonical JSON of it.
    slug
        Name for the file, to be read by people.
    """

    text: str
    slug: str

    @property
    def file_name(self) -> str:
        """Name of the file that holds the structure."""
        return f"{self.slug}-{hashlib.sha256(self.text.encode()).hexdigest()[:20]}.json"


def cache_key(reference: SourceReference, *, flow: bool = False) -> CacheKey | None:
    """Return the key of what a reference names now, None if it cannot be kept.

    Parameters
    ----------
    reference
        What was opened.
    flow
        True for the structure with its flow of information, which the size of the input is a part of.

    Notes
    -----
    A .safetensors file is not kept either: its header is read as fast as a kept structure.
    """
    if reference.kind == "timm":
        version = timm_version()
        read_from: dict[str, Any] = {
            "timm": reference.name,
            "options": structure_options(reference),
            "version": version,
        }
        if flow:
            read_from["flow"] = str(dict(reference.options).get(INPUT_SIZE, ""))
        return _key(read_from, reference.title) if version else None
    if reference.kind != "checkpoint":
        return None
    try:
        path = Path(reference.name)
        # Of a pipe there is no content to tell it by, and whoever opens it may wait for ever.
        if is_safetensors(path) or not path.is_file():
            return None
        # One of timm's models may be traced; the structure alone is kept apart from that.
        return _key(_file_identity(path) | ({"flow": ""} if flow else {}), "weights")
    except OSError:
        return None


def load_kept(key: CacheKey, reference: SourceReference) -> ModuleTree | None:
    """Return the structure kept under `key`, named as `reference` names it; None if there is none.

    A damaged entry counts as none.
    """
    shipped = resources.files("dpiat_gui.resources").joinpath("structures", key.file_name)
    try:
        text = shipped.read_bytes() if shipped.is_file() else _read_and_touch(_folder() / key.file_name)
        data = json.loads(text)
        if data["key"] != json.loads(key.text):
            return None
        tree = tree_from_json(data["tree"])
    except (OSError, SourceError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return replace(tree, name=reference.title, origin=reference.text)


def keep(key: CacheKey, tree: ModuleTree) -> None:
    """Keep a structure for another run; where that is not possible, nothing happens."""
    try:
        _folder().mkdir(parents=True, exist_ok=True)
        write_kept(_folder(), key, tree)
        _forget_oldest()
    except (OSError, DpiatError):
        return


def write_kept(folder: Path, key: CacheKey, tree: ModuleTree) -> Path:
    """Write a structure into `folder` as `load_kept` reads it; return the file.

    Raises
    ------
    ExportError
        If the folder cannot be written.
    """
    nameless = replace(tree, name=key.slug, origin="")
    entry = {"key": json.loads(key.text), "tree": tree_to_json(nameless)}
    path = folder / key.file_name
    with write_whole(path) as stream:
        stream.write(json.dumps(entry, separators=(",", ":")).encode())
    return path


def _key(read_from: dict[str, Any], title: str) -> CacheKey:
    slug = re.sub(r"[^\w.-]+", "_", title)[:60]
    return CacheKey(json.dumps({"rules": _RULES, **read_from}, sort_keys=True), slug)


def _file_identity(path: Path) -> dict[str, Any]:
    """Tell a file's content by its hash; a large one's by both ends, its size and time.

    The end of a zip archive, which a large .pth is, holds a checksum of every member.
    """
    status = path.stat()
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        if status.st_size <= _WHOLE:
            while block := stream.read(_ENDS):
                digest.update(block)
            return {"file": digest.hexdigest(), "size": status.st_size}
        digest.update(stream.read(_ENDS))
        stream.seek(-_ENDS, os.SEEK_END)
        digest.update(stream.read(_ENDS))
    return {"ends": digest.hexdigest(), "size": status.st_size, "time": status.st_mtime_ns}


def _folder() -> Path:
    return cache_folder() / "structures"


def _read_and_touch(path: Path) -> bytes:
    text = path.read_bytes()
    # In somebody else's folder only the order of forgetting suffers.
    with contextlib.suppress(OSError):
        os.utime(path)
    return text


def _forget_oldest() -> None:
    kept = sorted(_ages(), reverse=True)
    for _, path in kept[LIMIT:]:
        path.unlink(missing_ok=True)


def _ages() -> Iterator[tuple[int, Path]]:
    for path in _folder().glob("*.json"):
        try:
            yield path.stat().st_mtime_ns, path
        except FileNotFoundError:  # another process has just forgotten it
            continue
