"""Calibration: the statistics of every batch norm, estimated anew on unlabeled images.

After a transfer a network computes other activations than those its running statistics were made of;
until they are made again it is evaluated on wrong ones. Nothing is trained.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dpiat_gui.errors import Cancelled, TransferError
from dpiat_gui.networks.folders import expanded
from dpiat_gui.networks.input_shapes import Shape
from dpiat_gui.transfer.images import ImageBatches, find_images, preparation
from dpiat_gui.transfer.values import Progress

if TYPE_CHECKING:
    from torch import Tensor, nn

IMAGES = 200
"""How many images are used where the folder holds as many."""
FEW = 50
"""With fewer images than this the statistics are rough."""
_NAMED = 5
"""Unreadable files that a note names; the report has all."""


@dataclass(frozen=True)
class Calibration:
    """What a calibration did.

    Parameters
    ----------
    images
        Number of images the statistics were estimated on.
    norms
        Number of batch norms that were given new statistics.
    unreached
        Number of batch norms that no image reached; they keep their statistics.
    folder
        Where the images are; empty where the caller gave them.
    size
        Channels, height and width they were brought to.
    unreadable
        Files and folders that could not be read, each with the reason.
    notes
        What a person should know, one sentence each.
    """

    images: int
    norms: int
    unreached: int = 0
    folder: str = ""
    size: Shape = ()
    unreadable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "images": self.images,
            "norms": self.norms,
            "unreached": self.unreached,
            "folder": self.folder,
            "size": list(self.size),
            "unreadable": list(self.unreadable),
        }


def calibrate(
    module: "nn.Module",
    batches: Iterable["Tensor"],
    *,
    progress: Callable[[int], None] = lambda images: None,
    check: Callable[[], None] = lambda: None,
) -> Calibration:
    """Estimate the statistics of every batch norm anew, in place.

    Every batch norm normalizes each batch by the batch's own mean and variance, as in training;
    everything else, dropout included, is as in use. A norm's statistics become the mean and the variance
    of all that reached it (pooled: the spread between batches counts). No weight changes, and the
    module's training mode is as before.

    Parameters
    ----------
    module
        The network, on any device.
    batches
        Its inputs, batch first, of two or more each; at the module's device.
    progress
        Told of the number of images after each batch.
    check
        Called at every norm; what it raises ends the work, and the old statistics come back.

    Raises
    ------
    TransferError
        If the module fails on a batch, or a statistic is not finite. The old statistics come back.
    """
    import torch

    norms = [norm for norm in module.modules() if _is_calibrated(norm)]
    pools = {norm: _Pool() for norm in norms}
    images = 0
    with _in_use_but(module, norms) as before, torch.no_grad(), _watching(pools, check):
        try:
            for batch in batches:
                check()
                _run(module, batch)
                images += len(batch)
                progress(images)
            reached = [norm for norm in norms if pools[norm].weight]
            for norm in reached:
                pools[norm].store(norm)
            if not all(_is_finite(norm) for norm in reached):
                raise TransferError(
                    "The statistics estimated on the images are not finite: activations explode.",
                    "Transfer without calibration, and check the result's scales.",
                )
        except BaseException:
            for norm, old in before.items():
                _restore(norm, old)
            raise
        for norm in set(norms) - set(reached):
            _restore(norm, before[norm])
    return Calibration(images, len(reached), len(norms) - len(reached))


def calibrate_on_folder(
    module: "nn.Module",
    folder: str | Path,
    *,
    images: int = IMAGES,
    seed: int = 0,
    device: str = "cpu",
    told: Shape = (),
    progress: Callable[[Progress], None] = lambda progress: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Calibration:
    """Estimate the statistics of every batch norm anew on images of a folder, in place.

    Equal folders, seeds and devices give equal statistics. The work is done in float32.

    Parameters
    ----------
    module
        The network, on any device.
    folder
        Of images, which are looked for in the folders below it, too.
    images
        How many are used at the most, drawn by lot.
    seed
        Of the lots.
    device
        Where the network runs meanwhile.
    told
        Input size that a person named; otherwise what the network says of itself.
    progress
        Told of images.
    cancelled
        Asked at every norm and every folder.

    Raises
    ------
    TransferError
        If the folder holds fewer than two readable images, the network takes none, or a statistic
        is not finite. The statistics are as before then.
    Cancelled
        If `cancelled` says so; likewise.
    """
    import torch

    def check() -> None:
        if cancelled():
            raise Cancelled

    where = expanded(folder)
    progress(Progress(0, 0, f"Looking for images in {where}"))
    files, closed = find_images(where, check)
    training = {part: part.training for part in module.modules()}
    try:
        worker = _worker(module, device)
        prepared = preparation(worker, told, check, device)
        batches = ImageBatches(files, prepared, images, seed)
        total = len(batches)
        text = f"Calibrating on {where.name or where}"
        progress(Progress(0, total, text))
        with _deterministic():
            done = calibrate(
                worker,
                (batch.to(device) for batch in batches),
                progress=lambda count: progress(Progress(count, total, text)),
                check=check,
            )
    except torch.OutOfMemoryError as error:
        raise TransferError(
            f"The device {device} has too little memory for the calibration.", "Choose the device cpu."
        ) from error
    finally:
        for part, was in training.items():
            part.training = was
    if worker is not module:
        _bring_back(worker, module)
    unreadable = (*closed, *batches.unreadable)
    return Calibration(
        done.images,
        done.norms,
        done.unreached,
        str(where),
        prepared.size,
        unreadable,
        _notes(done, prepared.text, unreadable, known=prepared.known),
    )


def _notes(done: Calibration, size: str, unreadable: tuple[str, ...], *, known: bool) -> tuple[str, ...]:
    notes = [
        f"Statistics of {done.norms} batch norms were estimated anew on {done.images} images of {size}."
        if done.norms
        else "Calibration changed nothing: the target has no batch norm with running statistics."
    ]
    if done.norms and done.images < FEW:
        notes.append(f"{done.images} images are few: about {IMAGES} give better statistics.")
    if done.unreached:
        notes.append(f"{done.unreached} batch norms were reached by no image and keep their statistics.")
    if not known:
        notes.append(
            "The target does not say how its images are normalized: ImageNet's mean and spread were used."
        )
    if unreadable:
        more = f" and {len(unreadable) - _NAMED} more" if len(unreadable) > _NAMED else ""
        notes.append(f"Could not be read and were left out: {'; '.join(unreadable[:_NAMED])}{more}.")
    return tuple(notes)


class _Pool:
    """Mean and mean square of all that reached a norm, by weight of its images."""

    def __init__(self) -> None:
        self.weight = 0
        self._mean: Any = 0.0
        self._square: Any = 0.0

    def add(self, norm: Any, images: int) -> None:
        """Take what the norm estimated on a batch of so many images."""
        mean, var = norm.running_mean.double(), norm.running_var.double()
        self.weight += images
        self._mean = self._mean + images * mean
        self._square = self._square + images * (var + mean * mean)

    def store(self, norm: Any) -> None:
        """Give the norm the pooled statistics."""
        mean = self._mean / self.weight
        square = self._square / self.weight
        norm.running_mean.copy_(mean)
        norm.running_var.copy_((square - mean * mean).clamp_(min=0.0))


def _is_calibrated(module: "nn.Module") -> bool:
    from torch.nn.modules.batchnorm import _BatchNorm

    return (
        isinstance(module, _BatchNorm) and module.running_mean is not None and module.running_var is not None
    )


@contextmanager
def _in_use_but(module: "nn.Module", norms: list["nn.Module"]) -> Iterator[dict["nn.Module", Any]]:
    """Use the module as it is used, its batch norms as in training; give their old statistics."""
    training = {part: part.training for part in module.modules()}
    momentum = {norm: norm.momentum for norm in norms}
    before = {norm: {name: value.clone() for name, value in _statistics(norm).items()} for norm in norms}
    module.eval()
    try:
        for norm in norms:
            norm.training = True
            # A batch's statistics whole: what was there, infinite perhaps, must not shine through.
            norm.momentum = 1.0  # type: ignore[assignment]  # nn.Module knows no momentum
            norm.reset_running_stats()  # type: ignore[operator]  # likewise
        yield before
    finally:
        for part, was in training.items():
            part.training = was
        for norm, old in momentum.items():
            norm.momentum = old


def _statistics(norm: "nn.Module") -> dict[str, "Tensor"]:
    named: Any = norm
    found = {name: getattr(named, name) for name in ("running_mean", "running_var", "num_batches_tracked")}
    return {name: value for name, value in found.items() if value is not None}


def _restore(norm: "nn.Module", old: dict[str, "Tensor"]) -> None:
    for name, value in _statistics(norm).items():
        value.copy_(old[name])


@contextmanager
def _watching(pools: dict["nn.Module", _Pool], check: Callable[[], None]) -> Iterator[None]:
    """Let every norm report what it saw; shared ones report each time they are used."""

    def seen(norm: Any, inputs: Any, output: Any) -> None:
        check()
        pools[norm].add(norm, len(inputs[0]))

    handles = [norm.register_forward_hook(seen) for norm in pools]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _run(module: "nn.Module", batch: "Tensor") -> None:
    import torch

    try:
        module(batch)
    except (Cancelled, TransferError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # a network's own code may raise anything
        raise TransferError(
            f"The target does not run on the images: {str(error).partition(chr(10))[0]}",
            "Name the size of its input in its reference: ?input_size=3x224x224.",
        ) from error


def _is_finite(norm: Any) -> bool:
    import torch

    return bool(torch.isfinite(norm.running_mean).all() and torch.isfinite(norm.running_var).all())


def _worker(module: "nn.Module", device: str) -> "nn.Module":
    """Return the module that is run: a copy where the numbers or the device are others."""
    import torch

    from dpiat_gui.networks.torch_modules import copied

    plain = {torch.float32}
    kinds = {value.dtype for value in module.state_dict().values() if isinstance(value, torch.Tensor)}
    if device == "cpu" and {kind for kind in kinds if kind.is_floating_point} <= plain:
        return module
    return copied(module).float().to(device)


def _bring_back(worker: "nn.Module", module: "nn.Module") -> None:
    for done, norm in zip(worker.modules(), module.modules(), strict=True):
        if _is_calibrated(norm):
            _restore(norm, _statistics(done))


@contextmanager
def _deterministic() -> Iterator[None]:
    """Let a CUDA card compute the same each time, in float32."""
    import torch

    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield
