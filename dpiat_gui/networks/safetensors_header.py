"""Read a .safetensors file's header: names, shapes and places of its tensors, none of the rest."""

import json
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.buffers import is_buffer
from dpiat_gui.networks.values import TensorSpec

_LENGTH = struct.Struct("<Q")
_LONGEST = 100_000_000  # as the format's own reader
# The format's names with torch's, and bits an element.
_DTYPES = {
    "BOOL": ("bool", 8),
    "U8": ("uint8", 8),
    "I8": ("int8", 8),
    "U16": ("uint16", 16),
    "I16": ("int16", 16),
    "U32": ("uint32", 32),
    "I32": ("int32", 32),
    "U64": ("uint64", 64),
    "I64": ("int64", 64),
    "F8_E4M3": ("float8_e4m3fn", 8),
    "F8_E5M2": ("float8_e5m2", 8),
    "F8_E8M0": ("float8_e8m0fnu", 8),
    "F8_E4M3FNUZ": ("float8_e4m3fnuz", 8),
    "F8_E5M2FNUZ": ("float8_e5m2fnuz", 8),
    "F4": ("float4_e2m1fn_x2", 4),
    "F16": ("float16", 16),
    "BF16": ("bfloat16", 16),
    "F32": ("float32", 32),
    "F64": ("float64", 64),
    "C64": ("complex64", 64),
}


@dataclass(frozen=True, slots=True)
class SafetensorsHeader:
    """What the header of a .safetensors file says.

    Parameters
    ----------
    tensors
        In the order in which they lie in the file.
    metadata
        Free text by key, as its writer put it in.
    """

    tensors: tuple[TensorSpec, ...]
    metadata: dict[str, str]


def read_header(path: Path) -> SafetensorsHeader:
    """Read and check the header of a .safetensors file; the tensors themselves are not read.

    Raises
    ------
    SourceError
        If the file is cut off (the message says how many bytes are missing), is no
        .safetensors file, or its header contradicts itself or the file's size.
    OSError
        If it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        start = stream.read(_LENGTH.size)
        if len(start) < _LENGTH.size:
            raise _cut_off(path, _LENGTH.size - len(start), at_least=True)
        (length,) = _LENGTH.unpack(start)
        begin = stream.read(1)
        if length > _LONGEST or (begin and begin != b"{"):
            raise SourceError(
                f"{path} is no .safetensors file.",
                "Check how it was made, or its ending if it is another kind.",
            )
        text = begin + stream.read(max(length - 1, 0))
    if len(text) < length:
        raise _cut_off(path, length - len(text), at_least=True)
    try:
        header = json.loads(text, object_pairs_hook=_once)
        metadata = header.pop("__metadata__", {}) or {}
        entries = [_entry(name, entry) for name, entry in header.items()]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _damaged(path, "its header cannot be read") from error
    entries.sort(key=lambda entry: (entry[0], entry[1]))
    _check_places(path, entries, size - _LENGTH.size - length)
    texts = {str(key): str(value) for key, value in metadata.items()} if isinstance(metadata, dict) else {}
    return SafetensorsHeader(tuple(spec for _, _, spec in entries), texts)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON whose names differ: of two tensors of one name, readers take either."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _entry(name: str, entry: dict[str, Any]) -> tuple[int, int, TensorSpec]:
    dtype, bits = _DTYPES[entry["dtype"]]
    begin, end = entry["data_offsets"]
    shape = tuple(entry["shape"])
    if not all(type(number) is int and number >= 0 for number in (*shape, begin, end)):
        raise ValueError(f"{name}: not a shape and a place")
    if (end - begin) * 8 != prod(shape) * bits:
        raise ValueError(f"{name}: its place does not fit its shape")
    return begin, end, TensorSpec(name, shape, dtype, is_buffer(name, dtype))


def _check_places(path: Path, entries: list[tuple[int, int, TensorSpec]], present: int) -> None:
    """See that the tensors lie one behind the other and fill the file."""
    place = 0
    for begin, end, _ in entries:
        if begin != place:
            raise _damaged(path, "its tensors overlap or leave gaps")
        place = end
    if present < place:
        raise _cut_off(path, place - present)
    if present > place:
        raise _damaged(path, f"it goes on for {present - place:,} bytes after its last tensor")


def _cut_off(path: Path, missing: int, *, at_least: bool = False) -> SourceError:
    amount = f"{'at least ' if at_least else ''}{missing:,} byte{'s' if missing != 1 else ''}"
    verb = "is" if missing == 1 else "are"
    return SourceError(
        f"{path} is cut off: {amount} {verb} missing at its end.", "Copy or download it again, whole."
    )


def _damaged(path: Path, how: str) -> SourceError:
    return SourceError(f"{path} is damaged: {how}.", "Copy or download it again.")
