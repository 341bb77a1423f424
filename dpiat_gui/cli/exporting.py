"""What the commands ``plan`` and ``verify`` do, and what ``transfer`` writes besides the checkpoint."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dpiat_gui.networks.folders import expanded
from dpiat_gui.project.values import Project
from dpiat_gui.transfer.values import Progress


def wanted(
    *,
    max_shard_size: str | None,
    max_device_memory: str | None,
    verify: bool,
    manifest: bool | None,
    ledger: Path | None,
) -> dict[str, Any]:
    """Return the fields of a transfer request that these options stand for; the project has the others.

    Raises
    ------
    ExportError
        If a size is none.
    """
    from dpiat_gui.transfer.shards import parse_size

    named = {
        "max_shard_size": parse_size(max_shard_size) if max_shard_size else None,
        "max_device_memory": parse_size(max_device_memory) if max_device_memory else None,
        "manifest": manifest,
    }
    chosen = {name: value for name, value in named.items() if value is not None}
    return {**chosen, "verify": verify, "ledger": str(ledger) if ledger else None}


def export_plan(
    project: Project,
    out: Path,
    *,
    progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
) -> str:
    """Write the plan of a transfer, its ledger or a script that repeats it, without carrying it out.

    Returns
    -------
    str
        What was written, in a few lines.

    Raises
    ------
    ExportError
        If the file cannot be written.
    """
    from dpiat_gui.project.request import transfer_request
    from dpiat_gui.transfer import preparing
    from dpiat_gui.transfer.progress import Meter

    request = transfer_request(project, out.parent / f"{out.stem}.safetensors")
    made = preparing.export_plan(request, expanded(out), Meter(progress, cancelled))
    total = made.ledger.total
    counts = (
        f"{total.elements:,} elements: {total.copied:,} copied, {total.set:,} set by a step, "
        f"{total.kept:,} kept around copied parts, {total.fresh:,} fresh"
    )
    written = [f"Written {file}" for file in made.files]
    return "\n".join([*written, counts, *(f"Note: {note}" for note in made.plan.notes)])


def verify_file(
    path: Path,
    *,
    again: bool,
    progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
) -> dict[str, Any]:
    """Check a written checkpoint; return what was found to be right, as plain JSON.

    Raises
    ------
    ExportError
        If anything differs.
    """
    from dpiat_gui.transfer.checking import check_checkpoint
    from dpiat_gui.transfer.progress import Meter

    return check_checkpoint(expanded(path), Meter(progress, cancelled), again=again).to_json()


def verified_text(found: dict[str, Any]) -> str:
    """Say what was found to be right."""
    again = ", and the plan gives the same from the original files" if found["again"] else ""
    files = f" in {found['files']} files" if found["files"] > 1 else ""
    size = f"{found['tensors']:,} tensors, {found['bytes']:,} bytes{files}"
    return f"{found['path']} is as it was written: {size}, held against its {found['against']}{again}."
