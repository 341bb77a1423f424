"""Checking a checkpoint that was written earlier, against its manifest or its own metadata."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dpiat_gui.errors import ExportError, WriteError
from dpiat_gui.file_sets import finish_set
from dpiat_gui.networks.checkpoints import open_weights
from dpiat_gui.networks.references import CHECKPOINT_PATH, parse_reference
from dpiat_gui.transfer.manifest import file_hash, manifest_path, read_manifest
from dpiat_gui.transfer.plan_json import plan_from_json, plan_to_json
from dpiat_gui.transfer.progress import Meter
from dpiat_gui.transfer.read_back import Held, opened
from dpiat_gui.transfer.shards import INDEX_SUFFIX, index_path, shards_of
from dpiat_gui.transfer.streaming import DIGEST_KEY, tensors_digest
from dpiat_gui.transfer.targets import open_target
from dpiat_gui.transfer.values import FreshReason
from dpiat_gui.transfer.verification import hash_again, verify_written
from dpiat_gui.transfer.weights import open_source

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found to be right.

    Parameters
    ----------
    path
        The checkpoint.
    files, tensors, bytes
        How many files and tensors, and how large the tensors are in sum.
    against
        What they were held against: ``manifest`` or ``metadata``.
    again
        Whether the plan was applied to the original files once more.
    """

    path: str
    files: int
    tensors: int
    bytes: int
    against: str
    again: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def check_checkpoint(path: Path, meter: Meter, *, again: bool = False) -> Checked:
    """See that a checkpoint is as it was written.

    Parameters
    ----------
    path
        The checkpoint, or the index of its shards.
    meter
        Told of bytes; asked whether to go on.
    again
        Whether to apply the plan of its manifest to the original files once more.

    Raises
    ------
    ExportError
        If anything differs, something is missing, or nobody wrote down what it should be.
    """
    goal = path.parent / path.name.removesuffix(INDEX_SUFFIX)
    if goal.is_dir():
        raise ExportError(f"{goal} is a folder.", "Name the file of a checkpoint.")
    finish_set(index_path(goal))
    finish_set(goal)
    sharded = path.name.endswith(INDEX_SUFFIX) or (not path.exists() and index_path(goal).exists())
    files = shards_of(goal) if sharded else [goal]
    if not files or not all(file.is_file() for file in files):
        missing = next((file for file in files if not file.is_file()), path)
        raise ExportError(f"There is no file {missing}.", "Check the path, or write the checkpoint again.")
    record = read_manifest(manifest_path(goal)) if manifest_path(goal).exists() else None
    if record is not None:
        _check_files(goal.parent, record, meter)
    elif again:
        raise ExportError(f"{goal} has no manifest.", "Write it with --manifest to check its sources too.")
    hashes, size = _hash_all(files, record, meter)
    if again and record is not None:
        _apply_again(record, dict(files_of(goal.parent, record)), hashes, meter)
    meter.finish(goal.name)
    against = "metadata" if record is None else "manifest"
    return Checked(str(index_path(goal) if sharded else goal), len(files), len(hashes), size, against, again)


def files_of(folder: Path, record: Mapping[str, Any]) -> list[tuple[Path, list[str]]]:
    """Return the files of tensors that a manifest names, with their keys."""
    return [(folder / name, list(keys)) for name, keys in record["shards"].items()]


def _check_files(folder: Path, record: Mapping[str, Any], meter: Meter) -> None:
    for told in record["files"]:
        file = folder / told["name"]
        if not file.is_file():
            raise ExportError(f"There is no file {file}.", "Write the checkpoint again.")
        meter.stage(f"Reading {file.name}")
        if file.stat().st_size != told["bytes"] or file_hash(file, meter.check) != told["sha256"]:
            raise _differs(file, "it is not the file its manifest speaks of")


@contextmanager
def _opened(file: Path) -> Iterator[Held]:
    try:
        with opened(file) as held:
            yield held
    except WriteError as error:
        raise _differs(file, "it cannot be read") from error


def _hash_all(
    files: Sequence[Path], record: Mapping[str, Any] | None, meter: Meter
) -> tuple[dict[str, str], int]:
    """Hash every tensor, and hold the hashes against what was written down."""
    found: dict[str, str] = {}
    total, done = sum(file.stat().st_size for file in files), 0
    for file in files:
        with _opened(file) as held:
            if record is None and DIGEST_KEY not in held.metadata:
                raise ExportError(
                    f"Nobody wrote down what {file} should hold.",
                    "Only .safetensors files of this program, and files with a manifest, can be checked.",
                )
            own: dict[str, str] = {}
            for key in held.keys:
                meter.step(done, total, key)
                own[key] = hash_again(held, key, meter.check)
                done += held.size(key)
            if record is not None:
                wrong = [key for key in own if record["tensors"].get(key) != own[key]]
                if wrong:
                    raise _differs(file, f"{wrong[0]} has changed")
            elif held.metadata[DIGEST_KEY] != tensors_digest(own):
                raise _differs(file, "its tensors have changed")
        found |= own
    if record is not None and set(found) != set(record["tensors"]):
        raise _differs(files[0], "it does not hold the tensors its manifest speaks of")
    return found, done


def _apply_again(
    record: Mapping[str, Any], files: Mapping[Path, Sequence[str]], hashes: Mapping[str, str], meter: Meter
) -> None:
    """Apply the plan to the original files, and compare.

    Statistics that were estimated on images are no part of the plan: their hashes alone tell.
    """
    plan = plan_from_json(record["plan"])
    estimated = {row.target for row in plan.rows if row.fresh is FreshReason.CALIBRATED}
    homes = {key: path for path, keys in files.items() for key in keys if key in estimated}
    with _original(record, "source", meter) as source, _original(record, "target", meter) as target:
        meter.stage("Reading the weights")
        with (
            open_source(parse_reference(source), seed=record["seed"]) as read,
            open_target(parse_reference(target), plan, seed=record["seed"]) as own,
        ):
            meter.stage("Applying the plan again")

            def value(key: str) -> "Tensor":
                return _written(homes[key], key) if key in homes else own.own(key)

            verify_written(
                plan_to_json(plan)["rows"], files, hashes, read, value, lambda done, key: meter.check()
            )


def _written(path: Path, key: str) -> "Tensor":
    """Return a tensor as it stands in a written file."""
    with open_weights(path) as weights:
        return weights.read(key).clone()


@contextmanager
def _original(record: Mapping[str, Any], side: str, meter: Meter) -> Iterator[str]:
    """Give the reference of a network once its files are those the manifest speaks of."""
    told = record[side]
    reference = parse_reference(told["reference"])
    for file in told["files"]:
        weights = reference.option(CHECKPOINT_PATH)
        path = reference.path if reference.path is not None else Path(str(weights))
        path = path.with_name(file["name"])  # an index has its shards beside it
        if not path.is_file():
            raise ExportError(f"There is no file {path}.", "Put it back where it was, and try again.")
        meter.stage(f"Reading {path.name}")
        if file_hash(path, meter.check) != file["sha256"]:
            raise ExportError(
                f"{path} is not the file that the {side} was read from.", "Put it back, and try again."
            )
    yield told["reference"]


def _differs(file: Path, what: str) -> WriteError:
    return WriteError(
        f"{file} is not as it was written: {what}.", "Write it again; do not trust what it holds."
    )
