"""Writing .safetensors files as their tensors are made: piece by piece, hashed on the way."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from dpiat_gui.errors import ExportError
from dpiat_gui.file_sets import FileSet
from dpiat_gui.networks.values import TensorSpec
from dpiat_gui.transfer.export import CHUNK, check_space
from dpiat_gui.transfer.shards import (
    Layout,
    index_bytes,
    index_path,
    safetensors_layout,
    shard_paths,
    split_specs,
    tensor_bytes,
)

if TYPE_CHECKING:
    from torch import Tensor

DIGEST_KEY = "tensors_sha256"
"""Key of a file's metadata under which the hash of its tensors stands, see `tensors_digest`."""

_NO_DIGEST = "0" * 64

Pieces = Callable[[TensorSpec], "Iterable[Tensor]"]
"""Gives the elements of a tensor in row-major order, in as many pieces as one likes."""


@dataclass(frozen=True)
class Written:
    """What was written.

    Parameters
    ----------
    head
        The file that a person opens: the checkpoint, or the index of its shards.
    files
        Sizes in bytes by path, the index among them.
    hashes
        SHA-256 of each tensor's elements in row-major order, little-endian, by key.
    shards
        The keys that each file of tensors holds.
    """

    head: Path
    files: Mapping[Path, int]
    hashes: Mapping[str, str] = field(repr=False)
    shards: Mapping[Path, tuple[str, ...]] = field(repr=False)

    @property
    def bytes(self) -> int:
        """Bytes of all files."""
        return sum(self.files.values())


def tensors_digest(hashes: Mapping[str, str]) -> str:
    """Return the SHA-256 of tensors by their names and hashes, whatever their order."""
    lines = "".join(f"{key}\t{hashes[key]}\n" for key in sorted(hashes))
    return hashlib.sha256(lines.encode()).hexdigest()


def write_safetensors(
    files: FileSet,
    goal: Path,
    specs: Sequence[TensorSpec],
    pieces: Pieces,
    metadata: Mapping[str, str],
    *,
    most: int | None = None,
    watch: Callable[[int, str], None] = lambda written, key: None,
) -> Written:
    """Write a .safetensors file, or shards with an index, as the tensors are made.

    Parameters
    ----------
    files
        What all of it takes its place with; its head is `goal`, or the index beside it.
    goal
        The file to write, or the name that those of the shards are made of.
    specs
        What it holds.
    pieces
        Gives each tensor once, in the order of the layout. A piece is not used any more when the
        next is asked for.
    metadata
        Strings for the header of every file; the hash of its tensors joins them.
    most
        Bytes of tensors in a shard; None for one file.
    watch
        Told the bytes of tensors written so far, and of which tensor they are; what it raises
        ends the writing.

    Raises
    ------
    ExportError
        If the disk is too small or refuses, or a tensor is not what its spec says.
    """
    shards = split_specs(specs, most)
    paths = shard_paths(goal, len(shards))
    layouts = [safetensors_layout(shard, {**metadata, DIGEST_KEY: _NO_DIGEST}) for shard in shards]
    index = b""
    if len(paths) > 1:
        index = index_bytes(dict(zip(paths, shards, strict=True)), metadata)
    check_space(goal, sum(layout.bytes for layout in layouts) + len(index))
    sizes = {path: layout.bytes for path, layout in zip(paths, layouts, strict=True)}
    hashes: dict[str, str] = {}
    done = 0
    for path, layout in zip(paths, layouts, strict=True):
        with files.file(path) as stream:
            hashes |= _write_file(stream, layout, pieces, watch, done)
        done += sum(tensor_bytes(spec) for spec in layout.order)
    if index:
        with files.file(index_path(goal)) as stream:
            stream.write(index)
        sizes[index_path(goal)] = len(index)
    return Written(
        head=index_path(goal) if index else goal,
        files=sizes,
        hashes=hashes,
        shards={path: tuple(spec.key for spec in shard) for path, shard in zip(paths, shards, strict=True)},
    )


def _write_file(
    stream: IO[bytes], layout: Layout, pieces: Pieces, watch: Callable[[int, str], None], done: int
) -> dict[str, str]:
    """Write one file, its tensors' hash last: that stands in the header, and is known at the end."""
    writer = _Writer(stream, watch, done)
    stream.write(layout.header)
    hashes = {}
    for spec in layout.order:
        writer.begin(spec)
        for piece in pieces(spec):
            writer.put(piece)
            del piece  # it is gone before the next one is made
        hashes[spec.key] = writer.end()
    place = layout.header.index(f'"{DIGEST_KEY}":"{_NO_DIGEST}"'.encode()) + len(DIGEST_KEY) + 4
    stream.seek(place)
    stream.write(tensors_digest(hashes).encode())
    return hashes


class _Writer:
    """Writes the pieces of one tensor after the other, and hashes them."""

    def __init__(self, stream: IO[bytes], watch: Callable[[int, str], None], done: int) -> None:
        self._stream = stream
        self._watch = watch
        self._done = done
        self._pending = 0

    def begin(self, spec: TensorSpec) -> None:
        """Begin a tensor."""
        self._spec = spec
        self._left = tensor_bytes(spec)
        self._hash = hashlib.sha256()

    def put(self, piece: "Tensor") -> None:
        """Write a piece: at most one copy of it is made, where it does not lie in one run."""
        import torch

        spec = self._spec
        if str(piece.dtype) != f"torch.{spec.dtype}" or piece.nbytes > self._left:
            raise _other(spec, f"{piece.dtype} {tuple(piece.shape)}")
        self._left -= piece.nbytes
        if not piece.nbytes:
            return
        flat = piece.detach().cpu().contiguous().reshape(-1)
        data = flat.view(torch.uint8).numpy().data
        for at in range(0, len(data), CHUNK):
            self._watch(self._done, spec.key)
            chunk = data[at : at + CHUNK]
            self._stream.write(chunk)
            self._hash.update(chunk)
            self._done += len(chunk)
            self._pending += len(chunk)
            if self._pending >= CHUNK:
                self._hurry()

    def end(self) -> str:
        """End the tensor; return its hash."""
        if self._left:
            raise _other(self._spec, f"{self._left:,} bytes short")
        return self._hash.hexdigest()

    def _hurry(self) -> None:
        """Let the system begin to bring the bytes to the disk while the next ones are made."""
        if hasattr(os, "posix_fadvise"):
            self._stream.flush()
            at = self._stream.tell()
            os.posix_fadvise(self._stream.fileno(), at - self._pending, self._pending, os.POSIX_FADV_DONTNEED)
        self._pending = 0


def _other(spec: TensorSpec, found: str) -> ExportError:
    return ExportError(
        f"{spec.key} is {found}, not {spec.dtype} {spec.shape}.",
        "The network is not the one that was matched; match the two again.",
    )
