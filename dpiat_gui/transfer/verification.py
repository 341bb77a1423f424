"""Checking a written checkpoint: read it back, compare hashes, and apply the plan a second time.

The second application shares no code with the first: it reads the plan's JSON and works with NumPy's
indices on raw elements, block by block.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dpiat_gui.transfer.dtypes import SIZES
from dpiat_gui.transfer.read_back import Array, Held, bytes_of, opened, refused

if TYPE_CHECKING:
    from torch import Tensor

Read = Callable[[str], "Tensor"]
BLOCK = 1 << 20
"""Bytes that are compared at a time."""

_RAW: Mapping[int, np.dtype[Any]] = {
    1: np.dtype("u1"),
    2: np.dtype("u2"),
    4: np.dtype("u4"),
    8: np.dtype("u8"),
    16: np.dtype("V16"),
}
_NUMBERS = frozenset(
    (
        "float16",
        "float32",
        "float64",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
    )
)
"""Dtypes that NumPy computes with as torch does."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found to be right.

    Parameters
    ----------
    tensors, bytes
        How many, and how large they are in sum.
    """

    tensors: int
    bytes: int


def verify_written(
    rows: Sequence[Mapping[str, Any]],
    files: Mapping[Path, Sequence[str]],
    hashes: Mapping[str, str],
    source: Read,
    own: Read,
    watch: Callable[[int, str], None] = lambda done, key: None,
) -> Verified:
    """Read files back and see that they hold what a plan says, to the last bit.

    Parameters
    ----------
    rows
        The rows of the plan's JSON.
    files
        The files, with the keys that each should hold.
    hashes
        SHA-256 of each tensor as it was written, by key.
    source, own
        The tensors of the source, and the target's own.
    watch
        Told of the bytes that were compared and of the tensor they belong to; what it raises ends
        the work.

    Raises
    ------
    ExportError
        If anything differs; the message names the first tensor that does.
    """
    by_target = {row["target"]: row for row in rows}
    wrong: dict[str, str] = {}
    done = tensors = 0
    for path, keys in files.items():
        with opened(path) as held:
            if set(held.keys) != set(keys):
                raise refused(path, f"it holds {len(held.keys)} tensors, not {len(keys)}")
            for key in keys:
                row = by_target.get(key) or _kept(held, key)
                watch(done, key)
                complaint = _compare(row, held, source, own, hashes[key], watch, done)
                if complaint:
                    wrong[key] = complaint
                done += held.size(key)
                tensors += 1
    if wrong:
        key, complaint = next(iter(wrong.items()))
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise refused(next(iter(files)), f"{key} {complaint}{more}")
    return Verified(tensors, done)


def _kept(held: Held, key: str) -> dict[str, Any]:
    """Return a row for a tensor that no plan speaks of: it is the target's own."""
    dtype, shape = held.kind(key)
    return {"target": key, "target_shape": list(shape), "target_dtype": dtype, "fresh": "not_a_layer"}


def _compare(
    row: Mapping[str, Any],
    held: Held,
    source: Read,
    own: Read,
    expected_hash: str,
    watch: Callable[[int, str], None],
    done: int,
) -> str:
    """Compare one tensor with its hash and its row; return what is wrong, or ``""``."""
    key = row["target"]
    dtype, shape = held.kind(key)
    if (dtype, list(shape)) != (row["target_dtype"], list(row["target_shape"])):
        return f"is {dtype} {shape}"
    data = held.data(key)
    found = hashlib.sha256()
    again = _Again(row, source, own)
    differs = False
    for start, stop, begin, end in _blocks(shape, SIZES[dtype]):
        watch(done + begin, key)
        block = data[begin:end]
        found.update(block.data)
        differs = differs or not again.equals(block, start, stop)
    if found.hexdigest() != expected_hash:
        return "was changed on its way to the disk"
    return "does not follow the plan" if differs else ""


def hash_again(held: Held, key: str, check: Callable[[], None]) -> str:
    """Return the SHA-256 of a tensor as it stands in the file."""
    found, data = hashlib.sha256(), held.data(key)
    for at in range(0, len(data), BLOCK):
        check()
        found.update(data[at : at + BLOCK].data)
    return found.hexdigest()


def _blocks(shape: tuple[int, ...], width: int) -> Iterator[tuple[int, int, int, int]]:
    """Cut a tensor along its first dimension; yields first and last index, and first and last byte."""
    size = prod(shape) * width
    if not shape or size <= BLOCK:
        yield 0, shape[0] if shape else 1, 0, size
        return
    row = size // shape[0]
    step = max(1, BLOCK // row)
    for start in range(0, shape[0], step):
        stop = min(start + step, shape[0])
        yield start, stop, start * row, stop * row


class _Again:
    """Makes a target tensor a second time, by the JSON of its row."""

    def __init__(self, row: Mapping[str, Any], source: Read, own: Read) -> None:
        self._row = row
        self._own = own
        self._dtype: str = row["target_dtype"]
        self._shape = tuple(row["target_shape"]) or (1,)
        self._raw = _RAW[SIZES[self._dtype]]
        self._filled = 0
        self._source: Array | None = None
        if row.get("source") is not None:
            tensor = source(row["source"])
            self._source_dtype = str(tensor.dtype).removeprefix("torch.")
            raw = bytes_of(tensor).view(_RAW[SIZES[self._source_dtype]])
            self._source = raw.reshape(tuple(row["source_shape"]) or (1,))
            self._taken, self._placed = _indices(row, "source"), _indices(row, "target")
            self._filled = prod(map(len, self._placed))
        elif row.get("constant") is not None:
            self._filled = prod(self._shape)

    def equals(self, block: Array, start: int, stop: int) -> bool:
        """Tell whether `block` is what belongs at the first index from `start` to `stop`."""
        if not block.size:
            return True
        key = self._row["target"]
        if self._source is None and self._filled:
            made = np.empty(block.size // self._raw.itemsize, self._raw)
            made[...] = _constant(self._row["constant"], self._dtype)
            return np.array_equal(_flat(made), block)
        if self._filled < prod(self._shape):
            made = bytes_of(self._own(key)).view(self._raw).reshape(self._shape)[start:stop]
        else:
            made = np.empty((stop - start, *self._shape[1:]), self._raw)
        if self._source is None:
            return np.array_equal(_flat(made), block)
        first, last = bisect_left(self._placed[0], start), bisect_left(self._placed[0], stop)
        taken = (self._taken[0][first:last], *self._taken[1:])
        if first < last:
            part = self._converted(self._source[_selector(taken)])
            if part.size == made.size:  # target indices rise: all of them are all in their order
                made = part
            else:
                made = made.copy()
                made[_selector((_less(self._placed[0][first:last], start), *self._placed[1:]))] = part
        return np.array_equal(_flat(made), block) or self._both_no_numbers(made, block)

    def _converted(self, part: Array) -> Array:
        """Scale and convert raw elements; they stay raw."""
        of, to, scale = self._source_dtype, self._dtype, self._row.get("scale", 1.0)
        if of == to and scale == 1.0:
            return part
        if {of, to} <= _NUMBERS:
            values = part.view(np.dtype(of))
            if scale != 1.0:
                wide = np.float64 if "float64" in (of, to) else np.float32
                values = np.multiply(values.astype(wide), wide(scale))
            if to == "float16" and values.dtype == np.float64:
                values = values.astype(np.float32)  # there is no other way in torch
            with np.errstate(all="ignore"):
                return np.ascontiguousarray(values.astype(np.dtype(to))).view(self._raw)
        return self._converted_by_torch(part, of, to, scale)

    def _converted_by_torch(self, part: Array, of: str, to: str, scale: float) -> Array:
        """Convert elements that NumPy has no numbers for, such as bfloat16."""
        import torch

        shape = part.shape
        flat = torch.from_numpy(_flat(part).copy()).view(getattr(torch, of))
        if scale != 1.0:
            is_double = bool({of, to} & {"float64", "complex128"})
            is_complex = bool({of, to} & {"complex64", "complex128"})
            wide = {
                (False, False): torch.float32,
                (True, False): torch.float64,
                (False, True): torch.complex64,
                (True, True): torch.complex128,
            }
            flat = flat.to(wide[is_double, is_complex]) * scale
        return flat.to(getattr(torch, to)).view(torch.uint8).numpy().view(self._raw).reshape(shape)

    def _both_no_numbers(self, made: Array, block: Array) -> bool:
        """Tell whether two blocks differ in the bits of what is not a number alone, after a conversion."""
        converted = self._source_dtype != self._dtype or self._row.get("scale", 1.0) != 1.0
        if not converted or not self._dtype.startswith(("float", "bfloat", "complex")):
            return False
        import torch

        kind = getattr(torch, self._dtype)
        one, other = (torch.from_numpy(_flat(data).copy()).view(kind).double() for data in (made, block))
        return bool(torch.allclose(one, other, rtol=0, atol=0, equal_nan=True))


def _indices(row: Mapping[str, Any], side: str) -> list[Sequence[int]]:
    """Return the indices along each dimension, as the plan's documentation says."""
    slices = row[f"{side}_slices"] or [[0, 1]]
    picks = row.get(f"{side}_picks") or [None] * len(slices)
    return [range(*box) if one is None else one for box, one in zip(slices, picks, strict=True)]


def _less(indices: Sequence[int], by: int) -> Sequence[int]:
    return (
        range(indices[0] - by, indices[-1] + 1 - by)
        if isinstance(indices, range)
        else [i - by for i in indices]
    )


def _selector(indices: Sequence[Sequence[int]]) -> Any:
    """Return what selects these indices of an array: plain slices where they will do."""
    if all(isinstance(along, range) for along in indices):
        return tuple(slice(along[0], along[-1] + 1) for along in indices)
    return np.ix_(*(np.asarray(along) for along in indices))


def _constant(value: float, dtype: str) -> Array:
    import torch

    return bytes_of(torch.full((1,), value, dtype=getattr(torch, dtype))).view(_RAW[SIZES[dtype]])


def _flat(array: Array) -> Array:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)
