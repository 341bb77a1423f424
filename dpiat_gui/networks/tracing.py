"""Trace the flow of information through a network: no weight is read, nothing is computed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dpiat_gui.errors import StandardizationError
from dpiat_gui.networks.flow import LAYER, Flow
from dpiat_gui.networks.input_shapes import Shape, input_shapes, parse_input_size, takes_numbers
from dpiat_gui.networks.module_blocks import leaf_layers
from dpiat_gui.networks.references import OptionValue
from dpiat_gui.networks.values import Layer, ModuleTree

if TYPE_CHECKING:
    import torch
    from torch import nn


def trace_flow(
    module: "nn.Module", shapes: Sequence[Shape] | None = None, *, size: Shape = (), owned: bool = False
) -> Flow:
    """Return the flow of information through `module` between its leaf layers.

    Parameters
    ----------
    module
        Any network; it is left as it is.
    shapes
        Shapes of its inputs, batch included; guessed if left out.
    size
        What a person said of its one input, see `input_shapes.parse_input_size`.
    owned
        True if the caller has no further use for `module`: it need not be copied then.

    Raises
    ------
    StandardizationError
        If it cannot be traced; the message says why, the hint what to do instead.

    Notes
    -----
    The network is run once, on the meta device and in evaluation mode, with every function
    watched. That sees what torch.fx and torch.export see, and goes on where they stop: at control
    flow by shapes, at scripted code, at asserts. It needs an input that fits; where none does,
    torch.fx is asked, which needs none.
    """
    from dpiat_gui.networks.flow_running import run_flow
    from dpiat_gui.networks.flow_symbolic import symbolic_flow
    from dpiat_gui.networks.torch_modules import tree_of

    layers = leaf_layers(tree_of(module).root)
    name = type(module).__name__
    bare = _without_memory(module, name, owned=owned)
    if shapes is not None:
        tries = [tuple(shapes)]
    else:
        tries = [(shape,) for shape in input_shapes(bare, layers, size)]
    failures: list[Exception] = []
    for chosen in tries:
        try:
            flow = run_flow(bare, layers, _inputs(chosen, layers))
        except Exception as error:  # a network's own code may raise anything
            failures.append(error)
            continue
        if _leads_through(flow):
            return flow
    try:
        flow = symbolic_flow(bare, layers)
    except Exception as error:  # as above
        failures.append(error)
    else:
        if _leads_through(flow):
            return flow
    raise _untraceable(name, failures, told=bool(shapes or size))


def with_flow(
    tree: ModuleTree, module: "nn.Module", input_size: OptionValue | None = None, *, owned: bool = False
) -> ModuleTree:
    """Return the tree of `module` with its flow of information.

    Parameters
    ----------
    tree, module
        The network and its structure.
    input_size
        The option of that name, see `input_shapes.parse_input_size`.
    owned
        As for `trace_flow`.

    Raises
    ------
    StandardizationError
        As `trace_flow`.
    SourceError
        If `input_size` is no size.
    """
    size = () if input_size is None else parse_input_size(input_size)
    return replace(tree, flow=trace_flow(module, size=size, owned=owned))


def _without_memory(module: "nn.Module", name: str, *, owned: bool) -> "nn.Module":
    """Return the module in evaluation mode with its parameters on the meta device.

    Buffers of whole numbers keep their values: networks look things up by them.
    """
    import torch
    from torch import nn

    from dpiat_gui.networks.torch_modules import copied

    if owned:
        return module.eval()
    known: dict[int, object] = {}
    for parameter in module.parameters():
        known[id(parameter)] = nn.Parameter(parameter.detach().to("meta"), requires_grad=False)
    for buffer in module.buffers():
        known[id(buffer)] = buffer.to("meta") if buffer.is_floating_point() else buffer
    try:
        with torch.no_grad():
            made = copied(module, known)
    except Exception as error:  # whatever a person's module holds may refuse to be copied
        raise _untraceable(name, [error], told=False) from error
    return made.eval()


def _inputs(shapes: Sequence[Shape], layers: Sequence[Layer]) -> "list[torch.Tensor]":
    import torch

    dtype = torch.long if takes_numbers(layers) else torch.float32
    return [torch.empty(shape, dtype=dtype, device="meta") for shape in shapes]


def _leads_through(flow: Flow) -> bool:
    """Tell whether layers lead from an input to an output: else something was not seen."""
    reached: set[int] = set()
    for number, step in enumerate(flow.steps):
        sources = set(step.inputs)
        starts = step.kind == LAYER and any(flow.steps[source].kind != LAYER for source in sources)
        if starts or sources & reached:
            reached.add(number)
    return any(number in reached for number in flow.outputs)


def _untraceable(name: str, failures: Sequence[Exception], *, told: bool) -> StandardizationError:
    reason = _words(failures[0]) if failures else "no layer leads from its input to its output"
    hint = "Use the standardization 'blocks', which needs no run of the network"
    if not told:
        hint += ", or name the size of its input: ?input_size=3x224x224"
    error = StandardizationError(f"The flow of information in {name} cannot be traced: {reason}.", f"{hint}.")
    error.__cause__ = failures[0] if failures else None
    return error


def _words(error: Exception) -> str:
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return text[:200].rstrip(".")
