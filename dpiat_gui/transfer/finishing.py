"""What happens to a written checkpoint before it takes its place: it is verified and described."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from dpiat_gui.errors import ExportError, WriteError
from dpiat_gui.file_sets import FileSet
from dpiat_gui.files import write_whole
from dpiat_gui.networks.folders import expanded
from dpiat_gui.networks.values import Network
from dpiat_gui.transfer.export import check_output, check_unused
from dpiat_gui.transfer.ledger import ledger
from dpiat_gui.transfer.manifest import make_manifest, manifest_bytes, manifest_path
from dpiat_gui.transfer.plan_json import plan_to_json
from dpiat_gui.transfer.progress import Meter
from dpiat_gui.transfer.request import TransferRequest
from dpiat_gui.transfer.shards import index_path, shard_paths, split_specs, tensor_bytes
from dpiat_gui.transfer.streaming import Written
from dpiat_gui.transfer.targets import Target
from dpiat_gui.transfer.values import TransferPlan
from dpiat_gui.transfer.verification import Verified, verify_written
from dpiat_gui.transfer.weights import Read
from dpiat_gui.transfer.writing import is_streamed

REJECTED = ".rejected"
"""What is added to the name of a written file that is not what it should be."""


class Finishing:
    """Verifies a written checkpoint, and writes its manifest; see `dpiat_gui.transfer.writing.Check`.

    Parameters
    ----------
    request, plan, goal
        What was asked for, what was planned, and where it goes.
    read
        The source's tensors.
    target
        The target's own, and what the file holds.
    read_files
        The files that ``source`` and ``target`` were read from.
    meter
        Told of bytes.

    Attributes
    ----------
    verified
        What was found to be right; None before, and where nobody asked for it.
    passes
        How often all of the target's bytes are gone through, the writing among them.
    """

    def __init__(
        self,
        request: TransferRequest,
        plan: TransferPlan,
        goal: Path,
        read: Read,
        target: Target,
        read_files: Mapping[str, Iterable[Path]],
        meter: Meter,
    ) -> None:
        self._request, self._plan, self._goal = request, plan, goal
        self._read, self._target = read, target
        self._read_files, self._meter = read_files, meter
        self.verified: Verified | None = None
        self.passes = 2 if request.verify else 1
        shards = shard_paths(goal, len(split_specs(target.specs, request.max_shard_size)))
        read_before = [file for files in read_files.values() for file in files]
        check_unused([*shards, index_path(goal), manifest_path(goal)], read_before)

    def __call__(self, written: Written, files: FileSet) -> None:
        """Verify what was written, then describe it.

        Raises
        ------
        ExportError
            If it is not what it should be. The faulty files stay, under names that say so.
        """
        if self._request.verify:
            self._verify(written, files)
        if self._request.manifest:
            self._meter.check()
            manifest = make_manifest(
                self._request,
                self._plan,
                written,
                read_files=self._read_files,
                place_of=files.part,
                check=self._meter.check,
            )
            with files.file(manifest_path(self._goal)) as stream:
                stream.write(manifest_bytes(manifest))

    def _verify(self, written: Written, files: FileSet) -> None:
        size = sum(tensor_bytes(spec) for spec in self._target.specs)
        before = size if is_streamed(self._goal) else 2 * size
        try:
            self.verified = verify_written(
                plan_to_json(self._plan)["rows"],
                {files.part(path): keys for path, keys in written.shards.items()},
                written.hashes,
                self._read,
                self._target.own,
                lambda done, key: self._meter.step(before + done, before + size, f"Verifying {key}"),
            )
        except ExportError as error:
            kept = [path.with_name(f"{path.name}{REJECTED}") for path in written.shards]
            for path, rejected in zip(written.shards, kept, strict=True):
                files.part(path).replace(rejected)
            raise WriteError(
                error.message, f"{error.hint} It is kept as {kept[0].name} for a look."
            ) from error


def check_exports(request: TransferRequest, goal: Path, in_use: Iterable[Path] = ()) -> None:
    """Check, before any work, what was asked for besides the checkpoint.

    Raises
    ------
    ExportError
        If the format knows no shards, or the ledger cannot be written, or would take the place of a
        file that is read (`in_use`) or written beside it.
    """
    if request.max_shard_size is not None and not is_streamed(goal):
        raise ExportError(
            "Only .safetensors files can be written in shards.", "Choose another ending, or one file."
        )
    if request.ledger is not None:
        found = check_output(request.ledger, in_use=in_use, suffixes=(".json", ".csv"))
        if found.resolve() in (index_path(goal).resolve(), manifest_path(goal).resolve()):
            raise ExportError(f"{found} is written beside the checkpoint already.", "Choose another name.")


def write_ledger(path: str, plan: TransferPlan, target: Network) -> None:
    """Write the account of every element: CSV for ``.csv``, JSON for ``.json``.

    Raises
    ------
    ExportError
        If it cannot be written.
    """
    goal = expanded(path)
    with write_whole(goal) as stream:
        stream.write(ledger(plan, target).text(goal.name).encode())
