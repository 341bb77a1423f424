"""Calibration as a part of a transfer: of a target that is written, or of a live module."""

from typing import TYPE_CHECKING

from dpiat_gui.errors import Cancelled, TransferError
from dpiat_gui.networks.folders import expanded
from dpiat_gui.networks.input_shapes import parse_input_size
from dpiat_gui.networks.references import SourceReference
from dpiat_gui.transfer.calibration import Calibration, calibrate_on_folder
from dpiat_gui.transfer.copying import one_thread
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.progress import Meter
from dpiat_gui.transfer.targets import ModuleTarget, Target
from dpiat_gui.transfer.weights import Copier

if TYPE_CHECKING:
    from torch import nn


def check_calibration(options: TransferOptions, target: SourceReference) -> None:
    """Check, before any work, that a transfer can be followed by the calibration it asks for.

    Raises
    ------
    TransferError
        If the target is a checkpoint, which cannot be run, or there is no such folder.
    """
    if not options.calibrate:
        return
    if target.kind == "checkpoint":
        raise TransferError(
            f"{target.title} cannot be calibrated: a checkpoint holds no code that could be run on images.",
            "Name the model as the target (timm:NAME or FILE.py:factory), or leave calibration off.",
        )
    check_folder(options)


def check_folder(options: TransferOptions) -> None:
    """Check, before any work, that the folder to calibrate on is there, if one is named.

    Raises
    ------
    TransferError
        If it is not.
    """
    if options.calibrate and not expanded(options.calibrate).is_dir():
        raise TransferError(
            f"There is no folder {options.calibrate} to calibrate on.",
            "Choose a folder of images, or leave calibration off.",
        )


def calibrate_target(
    target: Target,
    copier: Copier,
    options: TransferOptions,
    reference: SourceReference,
    meter: Meter,
    *,
    seed: int,
    device: str,
) -> Calibration | None:
    """Finish a target in place and estimate the statistics of its batch norms anew.

    What is written afterwards takes them for the target's own values, as the plan says.

    Parameters
    ----------
    target
        The target; it is changed.
    copier
        Brings the source's tensors.
    options
        Of the transfer: which folder, if any.
    reference
        Where the target comes from; its option ``input_size`` says what it takes.
    meter
        Told of images.
    seed
        Of the lots that choose among the images.
    device
        Where the network is run.

    Returns
    -------
    Calibration or None
        None where none is asked for.

    Raises
    ------
    TransferError, Cancelled
        As `dpiat_gui.transfer.calibration.calibrate_on_folder`.
    """
    if not options.calibrate:
        return None
    if not isinstance(target, ModuleTarget):
        raise TransferError(f"{reference.title} cannot be run on images.", "Transfer without calibration.")
    import torch

    with torch.no_grad(), one_thread():
        target.finish(copier, meter.check)
    told = reference.option("input_size")
    return calibrate_on_folder(
        target.module,
        options.calibrate,
        seed=seed,
        device=device,
        told=() if told is None else parse_input_size(told),
        # Progress counts bytes everywhere else: images stand in the text of a stage.
        progress=lambda found: meter.stage(
            f"{found.text}: {found.done} of {found.total} images" if found.total else found.text
        ),
        cancelled=lambda: _is_cancelled(meter),
    )


def calibrate_module(module: "nn.Module", options: TransferOptions) -> Calibration | None:
    """Estimate the statistics of a live module's batch norms anew, where the options ask for it.

    Raises
    ------
    TransferError
        As `dpiat_gui.transfer.calibration.calibrate_on_folder`.
    """
    if not options.calibrate:
        return None
    devices = {str(tensor.device) for tensor in module.parameters()}
    return calibrate_on_folder(
        module, options.calibrate, device=devices.pop() if len(devices) == 1 else "cpu"
    )


def _is_cancelled(meter: Meter) -> bool:
    try:
        meter.check()
    except Cancelled:
        return True
    return False
