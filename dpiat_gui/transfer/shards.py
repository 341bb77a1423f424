"""The layout of .safetensors files, known before a byte is written; large ones in shards with an index."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from dpiat_gui.errors import ExportError
from dpiat_gui.files import is_plain_name, read_json
from dpiat_gui.networks.values import TensorSpec
from dpiat_gui.transfer.dtypes import SAFETENSORS_CODES, size_of

INDEX_SUFFIX = ".index.json"
"""What the name of a sharded checkpoint's index ends in, after the whole file's name."""

_HEADER_ALIGNMENT = 8
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_SIZE = re.compile(r"\s*(\d{1,18}(?:\.\d{1,15})?)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


@dataclass(frozen=True)
class Layout:
    """Where everything stands in a .safetensors file.

    Parameters
    ----------
    header
        The file's beginning: the header's length and the header, padded with spaces.
    order
        The tensors as they follow.
    bytes
        Size of the whole file.
    """

    header: bytes
    order: tuple[TensorSpec, ...]
    bytes: int


def tensor_bytes(spec: TensorSpec) -> int:
    """Return the bytes a tensor takes in a file."""
    return spec.elements * size_of(spec.dtype)


def safetensors_order(specs: Iterable[TensorSpec]) -> tuple[TensorSpec, ...]:
    """Return tensors in the order in which they stand in a .safetensors file."""
    return tuple(sorted(specs, key=lambda spec: -size_of(spec.dtype)))


def safetensors_layout(specs: Iterable[TensorSpec], metadata: Mapping[str, str]) -> Layout:
    """Lay out a .safetensors file.

    Wide elements come first, so that every tensor is aligned to its own element; within a width
    the tensors keep their order. Equal input gives equal bytes.

    Raises
    ------
    ExportError
        If the format has no code for a dtype.
    """
    order = safetensors_order(specs)
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    at = 0
    for spec in order:
        code = SAFETENSORS_CODES.get(spec.dtype)
        if code is None:
            raise ExportError(
                f"A .safetensors file cannot hold {spec.key}: its dtype is {spec.dtype}.",
                "Choose a .pth file.",
            )
        end = at + tensor_bytes(spec)
        header[spec.key] = {"dtype": code, "shape": list(spec.shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _HEADER_ALIGNMENT)
    return Layout(len(text).to_bytes(8, "little") + text, order, 8 + len(text) + at)


def split_specs(specs: Sequence[TensorSpec], most: int | None) -> list[list[TensorSpec]]:
    """Share tensors out to shards of `most` bytes of tensors at most, in their order.

    A tensor larger than that has a shard to itself, as is usual elsewhere. None for one file.
    """
    if most is None:
        return [list(specs)]
    shards: list[list[TensorSpec]] = []
    size = 0
    for spec in specs:
        needed = tensor_bytes(spec)
        if not shards or size + needed > most:
            shards.append([])
            size = 0
        shards[-1].append(spec)
        size += needed
    return shards or [[]]


def shard_paths(goal: Path, count: int) -> list[Path]:
    """Return the names of the shards of `goal`: ``model-00001-of-00002.safetensors`` ..."""
    if count == 1:
        return [goal]
    return [
        goal.with_name(f"{goal.stem}-{number:05}-of-{count:05}{goal.suffix}")
        for number in range(1, count + 1)
    ]


def index_path(goal: Path) -> Path:
    """Return the name of the index beside the shards of `goal`: ``model.safetensors.index.json``."""
    return goal.with_name(f"{goal.name}{INDEX_SUFFIX}")


def index_bytes(shards: Mapping[Path, Sequence[TensorSpec]], metadata: Mapping[str, str]) -> bytes:
    """Return the index of a sharded checkpoint, as other programs read it.

    Parameters
    ----------
    shards
        What each shard holds.
    metadata
        Strings to keep in it, besides the total size.
    """
    total = sum(tensor_bytes(spec) for specs in shards.values() for spec in specs)
    index = {
        "metadata": {**metadata, "total_size": total},
        "weight_map": {spec.key: path.name for path, specs in shards.items() for spec in specs},
    }
    return (json.dumps(index, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def shards_of(goal: Path) -> list[Path]:
    """Return the shards that the index beside `goal` names; none where there is no such set.

    Only files that are named as shards of `goal` count: an index made elsewhere may name any.
    """
    try:
        index: Any = read_json(index_path(goal))
        names = {str(name) for name in index["weight_map"].values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    return sorted(goal.with_name(name) for name in names if is_plain_name(name) and is_shard_of(name, goal))


def is_shard_of(name: str, goal: Path) -> bool:
    """Tell by its name whether a file is a shard of `goal`."""
    path = Path(name)
    return path.suffix == goal.suffix and _SHARD.sub("", path.stem) == goal.stem != path.stem


def parse_size(text: str) -> int:
    """Read a size as a person writes it: ``2GB``, ``500 MB``, ``1.5GiB``, ``4096``.

    Raises
    ------
    ExportError
        If it is none, or zero.
    """
    found = _SIZE.fullmatch(text)
    size = int(Fraction(found[1]) * (1024 if found[3] else 1000) ** _POWERS[found[2].lower()]) if found else 0
    if size <= 0:
        raise ExportError(f"{text!r} is no size.", "Write a number with a unit, such as 2GB or 500MB.")
    return size


def size_text(size: int) -> str:
    """Return a size as `parse_size` reads it, in the largest unit that says all of it: ``2GB``."""
    for power, letter in enumerate("TGMK"):
        for base, middle in ((1000, ""), (1024, "i")):
            if size % base ** (4 - power) == 0:
                return f"{size // base ** (4 - power)}{letter}{middle}B"
    return f"{size}B"
