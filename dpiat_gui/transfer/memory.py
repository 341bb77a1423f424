"""Carrying out a transfer in memory, between two modules."""

import time
from typing import TYPE_CHECKING

from dpiat_gui.errors import TransferError
from dpiat_gui.matching.values import Matching
from dpiat_gui.transfer.calibrating import calibrate_module, check_folder
from dpiat_gui.transfer.copying import apply_plan
from dpiat_gui.transfer.coverage import coverage
from dpiat_gui.transfer.dtypes import ConversionLoss
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.planning import LEFT_ALONE, plan_transfer, resolve_plan
from dpiat_gui.transfer.request import TransferReport
from dpiat_gui.transfer.steps import tensors_by_step
from dpiat_gui.transfer.structure_flows import flows_of_modules
from dpiat_gui.transfer.values import TransferPlan

if TYPE_CHECKING:
    from torch import nn


def transfer_modules(
    source_module: "nn.Module", target_module: "nn.Module", plan: TransferPlan, *, score: float | None = None
) -> TransferReport:
    """Carry out a plan between two modules, in place.

    Parameters
    ----------
    source_module, target_module
        The modules that were planned for, on any devices, of any dtypes; the target's own stay,
        and so do its training mode and what requires gradients.
    plan
        What goes where.
    score
        Of the matching, for the report.

    Raises
    ------
    TransferError
        If a module is not the one that was planned for, or the folder to calibrate on is missing.
        Nothing has been changed then. If the calibration fails later, the weights are carried over.
    """
    started = time.perf_counter()
    check_folder(plan.options)
    source, target = source_module.state_dict(), target_module.state_dict()
    loss = ConversionLoss()
    copied = apply_plan(plan, source.__getitem__, target, loss)
    calibration = calibrate_module(target_module, plan.options)
    return TransferReport(
        source=plan.source_name,
        target=plan.target_name,
        coverage=coverage(plan),
        plan_digest=None,
        device=", ".join(sorted({str(tensor.device) for tensor in target_module.parameters()})) or "cpu",
        seconds=time.perf_counter() - started,
        path=None,
        bytes=copied,
        score=score,
        notes=(*plan.notes, *(calibration.notes if calibration else ()), *loss.notes()),
        steps=tensors_by_step(plan.rows),
        calibration=calibration,
    )


def transfer_between(
    source_module: "nn.Module",
    target_module: "nn.Module",
    matching: Matching,
    options: TransferOptions | None = None,
) -> TransferReport:
    """Transfer weights between two matched modules, in place.

    Parameters
    ----------
    source_module, target_module
        The modules that were matched.
    matching
        Their matching.
    options
        How; the defaults of `TransferOptions` if left out.

    Raises
    ------
    TransferError
        If nothing matches, or a module is not the one that was matched. Nothing has been
        changed then.
    """
    plan = plan_modules(source_module, target_module, matching, options)
    require_something(plan, matching)
    return transfer_modules(source_module, target_module, plan, score=matching.score)


def plan_modules(
    source_module: "nn.Module",
    target_module: "nn.Module",
    matching: Matching,
    options: TransferOptions | None = None,
) -> TransferPlan:
    """Return the final plan for two matched modules: their weights and flows are at hand.

    Parameters
    ----------
    source_module, target_module, matching, options
        As for `transfer_between`.

    Raises
    ------
    TransferError
        If an option has no meaning, or the source is not the one that was matched.

    Notes
    -----
    A parameter of the target that requires no gradient, where others do, was frozen on purpose: it is
    left alone, and the plan says so. Where none requires one, nothing is frozen: the module is one
    for inference.
    """
    options = options or TransferOptions()
    parameters = dict(target_module.named_parameters(remove_duplicate=False))
    frozen = {key for key, parameter in parameters.items() if not parameter.requires_grad}
    if len(frozen) == len(parameters):
        frozen = set()
    flows = flows_of_modules(matching, options, (source_module, target_module))
    read = source_module.state_dict().__getitem__
    plan = plan_transfer(matching, options, flows=flows, frozen=frozen)
    return resolve_plan(plan, matching, read, flows=flows, frozen=frozen)


def require_something(plan: TransferPlan, matching: Matching) -> None:
    """Raise `TransferError` if the plan copies nothing at all."""
    if any(row.copied for row in plan.rows):
        return
    why, hint = "no layers match", "Choose networks with layers of the same kinds, or clear overrides."
    kept = [row.fresh.value for row in plan.rows if row.fresh in LEFT_ALONE]
    if matching.pairs and any(row.set for row in plan.rows):
        why = "all that matches is set to a value by the steps of the recipe"
        hint = "Let the classifier be copied, switch the steps off, or choose the preset paper."
    elif kept:
        why, hint = f"of all that matches, {kept[0]}", "Change the network so that its tensors can be copied."
    raise TransferError(
        f"Nothing would be transferred from {plan.source_name} to {plan.target_name}: {why}.", hint
    )
