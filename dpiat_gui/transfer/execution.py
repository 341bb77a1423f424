"""Carrying out a transfer from two source references to a file."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dpiat_gui.networks.references import CHECKPOINT_PATH, SourceReference, parse_reference
from dpiat_gui.networks.source_files import files_of
from dpiat_gui.transfer.calibrating import calibrate_target, check_calibration
from dpiat_gui.transfer.calibration import Calibration
from dpiat_gui.transfer.copying import one_thread
from dpiat_gui.transfer.coverage import coverage
from dpiat_gui.transfer.devices import resolve_device
from dpiat_gui.transfer.export import check_output
from dpiat_gui.transfer.finishing import Finishing, check_exports, write_ledger
from dpiat_gui.transfer.manifest import manifest_path
from dpiat_gui.transfer.memory import require_something, transfer_between, transfer_modules
from dpiat_gui.transfer.pieces import PIECE
from dpiat_gui.transfer.plan_json import plan_digest
from dpiat_gui.transfer.planning import plan_transfer, resolve_plan
from dpiat_gui.transfer.preparing import match_request, trust_store
from dpiat_gui.transfer.progress import Meter
from dpiat_gui.transfer.request import TransferReport, TransferRequest, options_to_json, overrides_to_json
from dpiat_gui.transfer.shards import safetensors_order, split_specs
from dpiat_gui.transfer.staging import USUAL_MEMORY, Lane, Stager
from dpiat_gui.transfer.steps import tensors_by_step
from dpiat_gui.transfer.streaming import Written
from dpiat_gui.transfer.structure_flows import flows_of_references
from dpiat_gui.transfer.targets import Target, open_target
from dpiat_gui.transfer.values import Progress, TransferPlan
from dpiat_gui.transfer.verification import Verified
from dpiat_gui.transfer.weights import Copier, Read, asking, open_source
from dpiat_gui.transfer.writing import is_streamed, write_checkpoint

__all__ = ["TransferReport", "TransferRequest", "run_transfer", "transfer_between", "transfer_modules"]


def run_transfer(
    request: TransferRequest,
    *,
    progress: Callable[[Progress], None] = lambda progress: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> TransferReport:
    """Carry out a whole transfer: read, match, plan, initialise, copy, write.

    Equal requests give equal bytes, on every device.

    Parameters
    ----------
    request
        What to do.
    progress
        Told of stages (with a total of 0), then of bytes with the name of the tensor; at most
        20 times a second, and always of the end.
    cancelled
        Asked between tensors.

    Raises
    ------
    SourceError
        If a network cannot be opened.
    MatchError
        If they cannot be matched under the overrides.
    TransferError
        If a network is no longer the one that was asked for, nothing matches, or the device is
        missing or too small.
    ExportError
        If the file cannot be written; asked before any work where that can be known.
    Cancelled
        If `cancelled` says so. Nothing is written then, and an old file is as it was.
    """
    import torch

    started = time.perf_counter()
    meter = Meter(progress, cancelled)
    source_reference, target_reference = parse_reference(request.source), parse_reference(request.target)
    read_files = {"source": files_of(source_reference), "target": files_of(target_reference)}
    in_use = [*read_files["source"], *read_files["target"]]
    goal = check_output(request.output, in_use=in_use)
    check_exports(request, goal, in_use)
    check_calibration(request.transfer, target_reference)
    meter.stage("Reading the networks")
    device = resolve_device(request.device)
    trust = trust_store(request)
    matching = match_request(request, source_reference, target_reference, trust)
    flows = flows_of_references(matching, request.transfer, (source_reference, target_reference), trust)
    plan = plan_transfer(matching, request.transfer, seed=request.seed, flows=flows)
    require_something(plan, matching)
    meter.stage("Reading the weights")
    with open_source(source_reference, seed=request.seed, trust=trust) as read:
        plan = resolve_plan(plan, matching, asking(read, meter.check), seed=request.seed, flows=flows)
        digest = plan_digest(plan)
        with open_target(target_reference, plan, seed=request.seed, trust=trust) as target:
            copier = Copier(read, check=meter.check)
            calibration = calibrate_target(
                target, copier, request.transfer, target_reference, meter, seed=request.seed, device=device
            )
            metadata = _metadata(request, plan, digest, source_reference, target_reference, calibration)
            finishing = Finishing(request, plan, goal, read, target, read_files, meter)
            most, passes = request.max_shard_size, finishing.passes
            with torch.no_grad(), one_thread():
                copier.stager = stager_for(device, read, target, goal, request)
                written = write_checkpoint(
                    goal, target, copier, metadata, meter, most=most, passes=passes, check=finishing
                )
    if request.ledger is not None:
        write_ledger(request.ledger, plan, matching.target)
    meter.finish(goal.name)
    notes = (
        *plan.notes,
        *(calibration.notes if calibration else ()),
        *_notes(source_reference, target_reference, goal),
        *copier.loss.notes(),
        *copier.notes(),
    )
    report = _report(plan, written, finishing.verified, manifest_path(goal) if request.manifest else None)
    return replace(
        report,
        device=device,
        seconds=time.perf_counter() - started,
        seed=request.seed if target_reference.kind != "checkpoint" else None,
        score=matching.score,
        notes=notes,
        calibration=calibration,
    )


def _report(
    plan: TransferPlan, written: Written, verified: Verified | None, manifest: Path | None
) -> TransferReport:
    """Report what was planned and written; the rest is for whoever knows it."""
    return TransferReport(
        source=plan.source_name,
        target=plan.target_name,
        coverage=coverage(plan),
        plan_digest=plan_digest(plan),
        device="cpu",
        seconds=0.0,
        path=str(written.head),
        bytes=written.bytes,
        files=tuple(map(str, [*written.files, *([manifest] if manifest else [])])),
        verified_tensors=verified.tensors if verified else None,
        verified_bytes=verified.bytes if verified else None,
        steps=tensors_by_step(plan.rows),
    )


def stager_for(
    device: str, read: Read, target: Target, goal: Path, request: TransferRequest
) -> Stager | None:
    """Return what picks elements on a device; None for the CPU, which needs no help."""
    if device == "cpu":
        return None
    specs = target.specs
    if is_streamed(goal):
        shards = split_specs(specs, request.max_shard_size)
        specs = tuple(spec for shard in shards for spec in safetensors_order(shard))
    rows = target.picked_rows([spec.key for spec in specs], PIECE)
    return Stager(read, rows, Lane(device), request.max_device_memory or USUAL_MEMORY)


def _metadata(
    request: TransferRequest,
    plan: TransferPlan,
    digest: str,
    source: SourceReference,
    target: SourceReference,
    calibration: Calibration | None,
) -> dict[str, str]:
    """Say in the checkpoint where it came from; everything needed to make it again."""
    return {
        "format": "pt",
        "program": "dpiat-gui",
        "version": _program_version(),
        "source": source.text,
        "source_fingerprint": plan.source_fingerprint,
        "target": target.text,
        "target_fingerprint": plan.target_fingerprint,
        "standardization": request.method,
        "options": _as_text(options_to_json(request.options)),
        "overrides": _as_text(overrides_to_json(request.overrides)),
        **{name: _as_text(value) for name, value in plan.options.to_json().items()},
        "seed": str(request.seed),
        "plan": digest,
        **({"calibrated": _as_text(calibration.to_json())} if calibration else {}),
    }


def _as_text(value: object) -> str:
    """Return a plain value as it stands in a checkpoint's metadata: text as it is, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))


def _program_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("dpiat-gui")
    except PackageNotFoundError:  # run from its folder, without an installation
        return "unknown"


def _notes(source: SourceReference, target: SourceReference, goal: Path) -> tuple[str, ...]:
    """Say what a person should know besides."""
    notes = []
    if source.kind == "timm" and not (source.option("pretrained") or source.option(CHECKPOINT_PATH)):
        notes.append(
            f"{source.text} was not asked for trained weights: its own initialisation was transferred."
        )
    if target.kind == "checkpoint":
        notes.append(
            "What the source does not cover keeps the target checkpoint's values; no seed plays a part."
        )
    if not is_streamed(goal):
        notes.append("A .pth file holds tensors alone; these settings are not in it.")
    return tuple(notes)
