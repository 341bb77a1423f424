"""Writing a finished target: any format, any number of files; whole or not at all."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dpiat_gui.file_sets import FileSet, write_set
from dpiat_gui.transfer.export import SUFFIXES, write_pth
from dpiat_gui.transfer.progress import Meter
from dpiat_gui.transfer.shards import index_path, shards_of, split_specs, tensor_bytes
from dpiat_gui.transfer.streaming import Written, write_safetensors
from dpiat_gui.transfer.targets import Target
from dpiat_gui.transfer.weights import Copier

if TYPE_CHECKING:
    from torch import Tensor

Check = Callable[[Written, FileSet], None]
"""Looks at what was written before it takes its place; it may add files, and refuse all by an error."""


def is_streamed(goal: Path) -> bool:
    """Tell whether the file is written tensor by tensor; torch.save takes them all at once."""
    return SUFFIXES[goal.suffix.lower()] == "safetensors"


def write_checkpoint(
    goal: Path,
    target: Target,
    copier: Copier,
    metadata: Mapping[str, str],
    meter: Meter,
    *,
    most: int | None = None,
    passes: int = 1,
    check: Check = lambda written, files: None,
) -> Written:
    """Finish the target's tensors one by one and write them.

    Parameters
    ----------
    goal
        The file, or the name that those of its shards are made of.
    target, copier
        What is written.
    metadata
        Strings for the header of a .safetensors file.
    meter
        Told of bytes, `passes` times as many as the tensors have.
    most
        Bytes of tensors in one .safetensors file; None for a single file.
    passes
        How often the caller goes through the bytes, the writing among them.
    check
        Looks at what was written before it takes its place.

    Raises
    ------
    ExportError
        If it cannot be written; what stood there stays as it was.
    """
    total = sum(tensor_bytes(spec) for spec in target.specs)
    if is_streamed(goal):
        count = len(split_specs(target.specs, most))
        with write_set(index_path(goal) if count > 1 else goal, removes=_stale(goal, count)) as files:
            written = write_safetensors(
                files,
                goal,
                target.specs,
                lambda spec: target.pieces(spec.key, copier),
                metadata,
                most=most,
                watch=lambda done, key: meter.step(done, total * passes, key),
            )
            check(written, files)
        return written
    # The two halves of the work: the tensors' values, then the file.
    passes += 1
    tensors, hashes, done = {}, {}, 0
    for spec in target.specs:
        meter.step(done, total * passes, spec.key)
        tensors[spec.key] = target.whole(spec.key, copier, meter.check).contiguous()
        hashes[spec.key] = hash_of(tensors[spec.key], meter.check)
        done += tensor_bytes(spec)
    with write_set(goal) as files:
        size = write_pth(
            files,
            goal,
            tensors,
            watch=lambda written: meter.step(min(total + written, total * 2), total * passes, goal.name),
        )
        written = Written(goal, {goal: size}, hashes, {goal: tuple(hashes)})
        check(written, files)
    return written


def hash_of(tensor: "Tensor", check: Callable[[], None] = lambda: None) -> str:
    """Return the SHA-256 of a tensor's elements in row-major order."""
    import torch

    found = hashlib.sha256()
    if tensor.numel():
        data = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().data
        for at in range(0, len(data), 8 << 20):
            check()
            found.update(data[at : at + (8 << 20)])
    return found.hexdigest()


def _stale(goal: Path, count: int) -> Callable[[], list[Path]]:
    """Return what lists the shards of an older set, which a new one leaves behind."""
    return (lambda: shards_of(goal)) if count > 1 else list
