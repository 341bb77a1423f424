"""What a sanity check runs: random numbers, or images of a person's folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dpiat_gui.errors import Cancelled, TransferError
from dpiat_gui.networks.input_shapes import input_shapes, parse_input_size, takes_numbers
from dpiat_gui.networks.references import SourceReference
from dpiat_gui.networks.values import Layer
from dpiat_gui.transfer.sanity import SanityRequest

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import nn

IMAGE_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".ppm"))
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's images, by channel; what a network of timm says of itself goes before."""


@dataclass(frozen=True)
class Batch:
    """A batch and what it is.

    Parameters
    ----------
    values
        The input, batch first.
    text
        ``8 random inputs of 3 × 224 × 224, seed 0``.
    notes
        What a person should know of it.
    """

    values: "torch.Tensor"
    text: str
    notes: tuple[str, ...] = ()


def make_batch(
    module: "nn.Module",
    layers: Sequence[Layer],
    reference: SourceReference,
    request: SanityRequest,
    check: Callable[[], None] = lambda: None,
) -> Batch:
    """Return a batch that the network takes.

    Parameters
    ----------
    module, layers
        The network, in the CPU's memory, and its layers.
    reference
        Where it comes from; its option ``input_size`` says what it takes.
    request
        What to run.
    check
        Called between tries; what it raises ends them.

    Raises
    ------
    TransferError
        If no input fits the network, or the folder holds no images that do.
    """
    import torch

    shape = _fitting_shape(module, layers, reference, check)
    if request.images is not None:
        return _images(module, shape, Path(request.images), request.inputs)
    generator = torch.Generator().manual_seed(request.seed)
    full = (request.inputs, *shape[1:])
    size = " × ".join(map(str, shape[1:]))
    text = f"{request.inputs} random inputs of {size}, seed {request.seed}"
    if takes_numbers(layers):
        return Batch(torch.randint(_words(layers), full, generator=generator), text)
    return Batch(torch.randn(full, generator=generator), text)


def _fitting_shape(
    module: "nn.Module", layers: Sequence[Layer], reference: SourceReference, check: Callable[[], None]
) -> tuple[int, ...]:
    """Return the first likely shape, with a batch of one, that the network runs on."""
    import torch

    told = reference.option("input_size")
    shapes = input_shapes(module, layers, () if told is None else parse_input_size(told))
    failure: Exception | None = None
    module.eval()
    numbers = takes_numbers(layers)
    for shape in shapes:
        check()
        try:
            with torch.no_grad():
                module(torch.zeros(shape, dtype=torch.long if numbers else torch.float32))
        except Cancelled:
            raise
        except Exception as error:  # a network's own code may raise anything
            failure = failure or error
        else:
            return shape
    raise cannot_run(reference.title, failure, told=told is not None)


def cannot_run(name: str, cause: Exception | None, *, told: bool = False) -> TransferError:
    """Say that a network cannot be run, and what to do."""
    lines = [line.strip() for line in str(cause or "").splitlines() if line.strip()]
    reason = (lines[0] if lines else type(cause).__name__)[:200].rstrip(".")
    hint = (
        "Check the input_size in its reference."
        if told
        else "Name the size of its input in its reference: ?input_size=3x224x224."
    )
    error = TransferError(f"{name} cannot be run: {reason}.", hint)
    error.__cause__ = cause
    return error


def _words(layers: Sequence[Layer]) -> int:
    """Return how many rows the table has that the input is looked up in."""
    first = next(layer for layer in layers if layer.weight and not layer.bare)
    return (first.shape or (1,))[0]


def image_files(folder: Path) -> list[Path]:
    """Return the images in a folder and those below it, by name.

    Raises
    ------
    TransferError
        If there are none.
    """
    if not folder.is_dir():
        raise TransferError(f"There is no folder {folder}.", "Choose a folder of images.")
    found = sorted(file for file in folder.rglob("*") if file.suffix.lower() in IMAGE_SUFFIXES)
    if not found:
        raise TransferError(
            f"{folder} holds no images.", f"Images end in {', '.join(sorted(IMAGE_SUFFIXES))}."
        )
    return found


def _images(module: "nn.Module", shape: tuple[int, ...], folder: Path, most: int) -> Batch:
    import torch

    if len(shape) != 4 or shape[1] not in (1, 3):
        raise TransferError(
            f"The network takes {' × '.join(map(str, shape[1:]))}, which is no image.",
            "Check it with random inputs.",
        )
    files = image_files(folder)
    mean, std = (_normalization(module, name, shape[1]) for name in ("mean", "std"))
    values: list[torch.Tensor] = []
    unreadable = 0
    for file in files:
        if len(values) == most:
            break
        image = _read_image(file, shape[1], shape[2], shape[3])
        if image is None:
            unreadable += 1
        else:
            values.append((torch.from_numpy(image).permute(2, 0, 1) - mean) / std)
    if len(values) < 2:
        raise TransferError(
            f"{folder} holds {len(values)} readable images, and a check needs two.", "Choose another folder."
        )
    notes = [f"{unreadable} images could not be read and were left out."] if unreadable else []
    text = f"{len(values)} images from {folder}, {shape[2]} × {shape[3]}"
    return Batch(torch.stack(values), text, tuple(notes))


def _normalization(module: "nn.Module", name: str, channels: int) -> "torch.Tensor":
    """Return mean or spread of each channel, shape (channels, 1, 1)."""
    import torch

    config: Any = getattr(module, "pretrained_cfg", None) or getattr(module, "default_cfg", None)
    known = config.get(name) if isinstance(config, dict) else getattr(config, name, None)
    values = known if isinstance(known, tuple | list) else _MEAN if name == "mean" else _STD
    if len(values) != channels:
        values = [sum(values) / len(values)] * channels
    return torch.tensor([float(value) for value in values]).view(-1, 1, 1)


def _read_image(file: Path, channels: int, height: int, width: int) -> "np.ndarray[Any, Any] | None":
    """Return an image cut to size, (height, width, channels) from 0 to 1; None if unreadable."""
    import numpy as np

    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise TransferError(
            "Images cannot be read: Pillow is not installed.", "Install it: pip install pillow."
        ) from error
    try:
        with Image.open(file) as opened:
            image = ImageOps.fit(opened.convert("RGB" if channels == 3 else "L"), (width, height))
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    return np.asarray(image, dtype=np.float32).reshape(height, width, channels) / 255.0
