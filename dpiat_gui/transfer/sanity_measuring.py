"""Run one network forward and back, and measure every layer on the way."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dpiat_gui.networks.kinds import CONVOLUTIONS, NORMS, LayerKind
from dpiat_gui.networks.values import Layer
from dpiat_gui.transfer.sanity import LayerScale, Run

if TYPE_CHECKING:
    import torch
    from torch import nn

_CHANNELS_LAST = (LayerKind.LINEAR, LayerKind.LAYER_NORM, LayerKind.RMS_NORM, LayerKind.EMBEDDING)
# What only passes on what it is given cannot die by itself.
_PASSIVE = (LayerKind.IDENTITY, LayerKind.DROPOUT, LayerKind.POOL, LayerKind.OTHER)


@dataclass
class _Tally:
    """What was seen of one layer so far; one that is applied twice adds up."""

    squares: float = 0.0
    elements: int = 0
    gradient_squares: float = 0.0
    gradient_elements: int = 0
    not_finite: int = 0
    dead: float | None = None


def measure(
    module: "nn.Module",
    layers: Sequence[Layer],
    batch: "torch.Tensor",
    role: str,
    mode: str,
    *,
    seed: int,
    step: Callable[[], None] = lambda: None,
) -> "tuple[Run, str]":
    """Run `module` forward and back on `batch`.

    Parameters
    ----------
    module
        The network; its running statistics move in training mode, its gradients are overwritten.
    layers
        Its layers, in the order of its sequence.
    batch
        Its input, on the module's device.
    role, mode
        As of the `Run`. Dropout is off in both modes.
    seed
        Of the labels, and of whatever the network draws.
    step
        Called for every layer on the way there and back; what it raises ends the run.

    Returns
    -------
    Run
        What was measured.
    str
        Which loss was taken.

    Raises
    ------
    Exception
        Whatever the network's own code raises on such an input.
    """
    import torch

    tallies: dict[str, _Tally] = {}
    module.zero_grad(set_to_none=True)
    _set_mode(module, mode)
    devices = [batch.device] if batch.device.type == "cuda" else []
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=devices))
        torch.manual_seed(seed)
        stack.enter_context(torch.enable_grad())
        stack.enter_context(_watching(module, layers, tallies, step))
        loss, name = loss_of(module(batch), seed)
        if loss.requires_grad:
            loss.backward()  # type: ignore[no-untyped-call]  # torch says no types here
    gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
    norm = math.sqrt(sum(_squares(gradient) for gradient in gradients))
    parameters = dict(module.named_parameters(remove_duplicate=False))
    scales = tuple(_scale(parameters, layer, tallies.get(layer.path)) for layer in layers)
    module.zero_grad(set_to_none=True)
    return Run(role, mode, float(loss.detach()), norm, scales), name


def loss_of(made: Any, seed: int) -> "tuple[torch.Tensor, str]":
    """Return the loss of a network's output, and what it is.

    Cross entropy against random labels for one row of scores an input; the mean of the first
    tensor for anything else.
    """
    import torch

    first = next(_tensors(made))
    if first.ndim == 2 and first.shape[1] > 1:
        generator = torch.Generator().manual_seed(seed)
        labels = torch.randint(first.shape[1], (first.shape[0],), generator=generator)
        return torch.nn.functional.cross_entropy(
            first.float(), labels.to(first.device)
        ), "cross entropy against random labels"
    return first.float().mean(), "mean of the output"


def _set_mode(module: "nn.Module", mode: str) -> None:
    module.train(mode == "train")
    for part in module.modules():
        if "drop" in type(part).__name__.lower():
            part.eval()
    for parameter in module.parameters():
        if parameter.is_floating_point():
            parameter.requires_grad_(True)


@contextmanager
def _watching(
    module: "nn.Module", layers: Sequence[Layer], tallies: dict[str, _Tally], step: Callable[[], None]
) -> Iterator[None]:
    """Measure the output of every layer, and the gradient that comes back to it."""
    modules = dict(module.named_modules(remove_duplicate=False))
    with ExitStack() as stack:
        for layer in layers:
            part = modules.get(layer.path)
            if part is None or layer.bare:
                continue

            def after(_part: Any, _inputs: Any, made: Any, layer: Layer = layer) -> None:
                step()
                output = next(_tensors(made), None)
                if output is not None:
                    _see(output, layer, tallies.setdefault(layer.path, _Tally()), step)

            stack.callback(part.register_forward_hook(after).remove)
        yield


def _see(output: "torch.Tensor", layer: Layer, tally: _Tally, step: Callable[[], None]) -> None:
    squares = _squares(output)
    tally.squares += squares
    tally.elements += output.numel()
    # A finite norm needs no second look at every element.
    tally.not_finite += 0 if math.isfinite(squares) else _not_finite(output)
    dead = _dead(output, layer)
    if dead is not None:
        tally.dead = dead if tally.dead is None else min(tally.dead, dead)

    def back(gradient: "torch.Tensor") -> None:
        step()
        squares = _squares(gradient)
        tally.gradient_squares += squares
        tally.gradient_elements += gradient.numel()
        tally.not_finite += 0 if math.isfinite(squares) else _not_finite(gradient)

    if output.requires_grad:
        # A hook of the tensor, not of the module: those do not bear functions that write in place.
        output.register_hook(back)  # type: ignore[no-untyped-call]  # torch says no types here


def _scale(parameters: "Mapping[str, nn.Parameter]", layer: Layer, tally: _Tally | None) -> LayerScale:
    own = [parameters[tensor.key] for tensor in layer.tensors if tensor.key in parameters]
    gradients = [parameter.grad for parameter in own if parameter.grad is not None]
    tally = tally or _Tally()
    zeros = [not bool(parameter.detach().any()) for parameter in own]
    weights = [zero for zero, parameter in zip(zeros, own, strict=True) if parameter.ndim > 1]
    return LayerScale(
        path=layer.path,
        activation=_root(tally.squares, tally.elements),
        gradient=_root(tally.gradient_squares, tally.gradient_elements),
        weight_gradient=math.sqrt(sum(map(_squares, gradients))) if gradients else None,
        not_finite=tally.not_finite,
        dead=tally.dead,
        zero=bool(own) and all(zeros),
        constant=bool(weights) and all(weights) and not all(zeros),
    )


def _root(squares: float, elements: int) -> float | None:
    return math.sqrt(squares / elements) if elements else None


def _squares(tensor: "torch.Tensor") -> float:
    """Return the sum of squares, in double precision: a float's square may be beyond a float."""
    import torch

    double = torch.float32 if tensor.device.type == "mps" else torch.float64
    norm = float(torch.linalg.vector_norm(tensor.detach(), dtype=double))
    return norm * norm if math.isfinite(norm) else math.nan


def _not_finite(tensor: "torch.Tensor") -> int:
    return int(tensor.numel() - tensor.detach().isfinite().sum())


def _dead(output: "torch.Tensor", layer: Layer) -> float | None:
    """Return the share of channels that are 0 throughout; None where nothing is a channel."""
    if output.ndim < 2 or output.numel() == 0:
        return None
    tokens = output.ndim == 3 and layer.kind not in CONVOLUTIONS | NORMS
    if layer.kind in _PASSIVE:
        return None
    channel = output.ndim - 1 if layer.kind in _CHANNELS_LAST or tokens else 1
    others = [at for at in range(output.ndim) if at != channel]
    values = output.detach()
    silent = (values.amax(others) == 0) & (values.amin(others) == 0)
    return float(silent.float().mean())


def _tensors(made: Any) -> "Iterator[torch.Tensor]":
    """Yield the tensors of real numbers among any nested values."""
    import torch
    from torch.utils._pytree import tree_leaves

    for value in tree_leaves(made):
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            yield value
