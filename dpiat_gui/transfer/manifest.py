"""The manifest beside a checkpoint: everything that went into it, and what came out, with hashes."""

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from dpiat_gui.errors import ExportError
from dpiat_gui.files import is_plain_name, read_json
from dpiat_gui.transfer.ledger import ledger
from dpiat_gui.transfer.plan_json import plan_digest, plan_to_json
from dpiat_gui.transfer.request import TransferRequest
from dpiat_gui.transfer.streaming import Written
from dpiat_gui.transfer.values import TransferPlan

FORMAT = "dpiat-gui manifest"
VERSION = 1
SUFFIX = ".manifest.json"

_SIDES = ("source", "target")
_PACKAGES = ("dpiat-gui", "torch", "timm", "safetensors", "numpy")
_CHUNK = 8 << 20
_LONGEST = 2**29
"""Bytes; plans that pick single channels of a large network take tens of millions."""


def manifest_path(goal: Path) -> Path:
    """Return the name of the manifest of a checkpoint: ``model.safetensors.manifest.json``."""
    return goal.with_name(f"{goal.name}{SUFFIX}")


def make_manifest(
    request: TransferRequest,
    plan: TransferPlan,
    written: Written,
    *,
    read_files: Mapping[str, Iterable[Path]],
    place_of: Callable[[Path], Path],
    check: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Return the manifest of a checkpoint as plain JSON; equal transfers give equal ones.

    Parameters
    ----------
    request, plan, written
        What was asked for, what was done, and what came of it.
    read_files
        The files that ``source`` and ``target`` were read from.
    place_of
        Where a written file lies just now.
    check
        Asked again and again whether to go on.
    """
    sides = {
        "source": (request.source, plan.source_name, plan.source_fingerprint),
        "target": (request.target, plan.target_name, plan.target_fingerprint),
    }
    asked = request.to_json()
    return {
        "format": FORMAT,
        "version": VERSION,
        "versions": versions(),
        **{
            side: {
                "reference": reference,
                "name": name,
                "fingerprint": fingerprint,
                "files": [_file(path, path, check) for path in read_files.get(side, ())],
            }
            for side, (reference, name, fingerprint) in sides.items()
        },
        "standardization": request.method,
        "options": asked["options"],
        "overrides": asked["overrides"],
        "transfer": asked["transfer"],
        "seed": request.seed,
        "coverage": ledger(plan).total.to_json(),
        "files": [_file(path, place_of(path), check) for path in written.files],
        "shards": {path.name: list(keys) for path, keys in written.shards.items()},
        "tensors": dict(written.hashes),
        "plan_digest": plan_digest(plan),
        "plan": plan_to_json(plan),
    }


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """Return a manifest as its file holds it."""
    return (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()


def read_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest.

    Raises
    ------
    ExportError
        If it is damaged, or of a version that this program does not read.
    """
    try:
        found = read_json(path, _LONGEST)
    except (OSError, ValueError) as error:
        raise ExportError(f"The manifest {path} cannot be read.", "Write the checkpoint again.") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ExportError(f"{path} is no manifest of a checkpoint.", "Write the checkpoint again.")
    if found.get("version") != VERSION:
        raise ExportError(
            f"{path} has version {found.get('version')}, and this program reads version {VERSION}.",
            "Update this program.",
        )
    if not _is_sound(found):
        raise ExportError(
            f"The manifest {path} is damaged, or was changed by hand.", "Write the checkpoint again."
        )
    return found


def _is_sound(manifest: dict[str, Any]) -> bool:
    """Tell whether all is there that a check goes by, and names no file in another folder."""
    try:
        files = [*manifest["files"], *(file for side in _SIDES for file in manifest[side]["files"])]
        names = [*(file["name"] for file in files), *manifest["shards"]]
        return (
            all(isinstance(name, str) and is_plain_name(name) for name in names)
            and all(type(file["bytes"]) is int and isinstance(file["sha256"], str) for file in files)
            and all(isinstance(keys, list) for keys in manifest["shards"].values())
            and all(isinstance(key, str) for keys in manifest["shards"].values() for key in keys)
            and all(isinstance(manifest[side]["reference"], str) for side in _SIDES)
            and isinstance(manifest["tensors"], dict)
            and isinstance(manifest["plan"], dict)
            and type(manifest["seed"]) is int
        )
    except (AttributeError, KeyError, TypeError):
        return False


def versions() -> dict[str, str]:
    """Return the versions of all that a checkpoint's values can depend on."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # run from its folder, without an installation
            found[name] = "unknown"
    return found


def file_hash(path: Path, check: Callable[[], None] = lambda: None) -> str:
    """Return the SHA-256 of a file.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            check()
            found.update(chunk)
    return found.hexdigest()


def _file(path: Path, place: Path, check: Callable[[], None]) -> dict[str, Any]:
    return {"name": path.name, "bytes": place.stat().st_size, "sha256": file_hash(place, check)}
