"""Trace a network by torch.fx: symbolically, without any input."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dpiat_gui.networks.flow import Flow
from dpiat_gui.networks.flow_recorder import FlowRecorder, Origin
from dpiat_gui.networks.flow_running import kind_of_function, layer_of_parameter, modules_of_layers
from dpiat_gui.networks.values import Layer

if TYPE_CHECKING:
    from torch import fx, nn

_OPERATORS = {
    "iadd": "add",
    "isub": "sub",
    "imul": "mul",
    "truediv": "div",
    "itruediv": "div",
    "concat": "cat",
}
_FACTS = frozenset(("size", "dim", "numel", "shape", "device", "dtype", "ndim", "new_zeros", "new_ones"))
_SHAPE_ONLY = frozenset(
    (
        *("view", "reshape", "permute", "transpose", "t", "squeeze", "unsqueeze", "flatten", "unflatten"),
        *("contiguous", "clone", "detach", "to", "float", "half", "type_as", "movedim", "swapaxes"),
    )
)


def symbolic_flow(module: "nn.Module", layers: Sequence[Layer]) -> Flow:
    """Return the flow of `module` as torch.fx reads it.

    Parameters
    ----------
    module
        A copy of its own in evaluation mode.
    layers
        Its leaves as standardization names them.

    Raises
    ------
    Exception
        Whatever torch.fx, or the network's own code under it, raises; control flow that depends
        on values or shapes cannot be read so.
    """
    from torch import fx

    paths = modules_of_layers(module, layers)

    class Tracer(fx.Tracer):
        def is_leaf_module(self, m: "nn.Module", module_qualified_name: str) -> bool:
            return m in paths

    graph = Tracer().trace(module)
    parameters = layer_of_parameter(module, layers)
    tensors = dict(module.named_parameters(remove_duplicate=False))
    modules = dict(module.named_modules(remove_duplicate=False))
    recorder = FlowRecorder()
    known: dict[fx.Node, Origin] = {}
    outputs: list[Origin] = []
    for node in graph.nodes:
        origins = [known[part] for part in node.all_input_nodes if part in known]
        if node.op == "placeholder":
            if not node.args:  # an input with a default value is an option
                known[node] = recorder.input()
        elif node.op == "call_module":
            known[node] = recorder.layer(paths[modules[str(node.target)]].path, origins)
        elif node.op == "get_attr":
            path = parameters.get(id(tensors.get(str(node.target))))
            if path:
                known[node] = Origin(None, (path,))
        elif node.op == "output":
            outputs = origins
        elif origins and not _is_fact(node):
            name = _name(node.target)
            known[node] = recorder.combine(kind_of_function(name), origins, whole=name in _SHAPE_ONLY)
    return recorder.finish(outputs, (), "fx")


def _name(target: Any) -> str:
    name = target if isinstance(target, str) else getattr(target, "__name__", "")
    return _OPERATORS.get(name, name)


def _is_fact(node: "fx.Node") -> bool:
    """Tell a size or a device from a value that flows."""
    if _name(node.target) == "getattr":
        return str(node.args[1]) in _FACTS
    return _name(node.target) in _FACTS
