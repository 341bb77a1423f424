"""What a sanity check runs: random numbers, or images of a person's folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dpiat_gui.errors import Cancelled, TransferError
from dpiat_gui.networks.folders import expanded
from dpiat_gui.networks.input_shapes import input_shapes, parse_input_size, takes_numbers
from dpiat_gui.networks.references import SourceReference
from dpiat_gui.networks.values import Layer
from dpiat_gui.transfer.images import ImageBatches, find_images, prepared_for
from dpiat_gui.transfer.sanity import SanityRequest

if TYPE_CHECKING:
    import torch
    from torch import nn


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
        return _images(module, shape, request, check)
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


def _images(
    module: "nn.Module", shape: tuple[int, ...], request: SanityRequest, check: Callable[[], None]
) -> Batch:
    import torch

    if len(shape) != 4 or shape[1] not in (1, 3):
        raise TransferError(
            f"The network takes {' × '.join(map(str, shape[1:]))}, which is no image.",
            "Check it with random inputs.",
        )
    folder = expanded(str(request.images))
    files, closed = find_images(folder, check)
    prepared = prepared_for(module, (shape[1], shape[2], shape[3]))
    batches = ImageBatches(files, prepared, request.inputs, request.seed)
    values = []
    for batch in batches:
        check()
        values.append(batch)
    made = torch.cat(values)
    left_out = len(closed) + len(batches.unreadable)
    notes = [f"{left_out} images could not be read and were left out."] if left_out else []
    text = f"{len(made)} images from {folder}, {shape[2]} × {shape[3]}, seed {request.seed}"
    return Batch(made, text, tuple(notes))
