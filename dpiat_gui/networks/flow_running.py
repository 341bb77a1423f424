"""Trace a network by running it on tensors without memory, noting where each value comes from."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any

from dpiat_gui.networks.flow import Flow
from dpiat_gui.networks.flow_recorder import FlowRecorder, Origin
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.values import Layer

if TYPE_CHECKING:
    import torch
    from torch import nn

_KIND_OF_FUNCTION = {
    **dict.fromkeys(("add", "sub", "rsub", "sum"), "add"),
    **dict.fromkeys(("mul", "div"), "mul"),
    **dict.fromkeys(("cat", "stack"), "cat"),
    **dict.fromkeys(("mm", "bmm", "addmm", "baddbmm", "matmul", "mv", "dot"), "matmul"),
}
_SHAPE_ONLY = frozenset(
    (
        *("view", "_unsafe_view", "reshape", "permute", "transpose", "t", "squeeze", "unsqueeze", "flatten"),
        *("unflatten", "contiguous", "clone", "alias", "detach", "_to_copy", "lift_fresh", "copy_"),
        *("view_as_real", "view_as_complex"),
    )
)
# What writes its last argument into its first.
_WRITERS = frozenset(("copy_", "index_put_", "scatter_", "index_copy_", "masked_scatter_"))


def kind_of_function(name: str) -> str:
    """Return how a function of this name joins streams: one of `flow.JOINS`."""
    name = name.rstrip("_")
    return "matmul" if "scaled_dot_product" in name else _KIND_OF_FUNCTION.get(name, "other")


def layer_of_parameter(module: "nn.Module", layers: Iterable[Layer]) -> dict[int, str]:
    """Return, by the ``id`` of a parameter, the path of the layer it belongs to."""
    parameters = dict(module.named_parameters(remove_duplicate=False))
    found: dict[int, str] = {}
    for layer in layers:
        for tensor in layer.tensors:
            parameter = parameters.get(tensor.key)
            if parameter is not None:
                found.setdefault(id(parameter), layer.path)
    return found


def modules_of_layers(module: "nn.Module", layers: Iterable[Layer]) -> "dict[nn.Module, Layer]":
    """Return the layers that are modules, by module; one that two parents share by its first path."""
    modules = dict(module.named_modules(remove_duplicate=False))
    found: dict[nn.Module, Layer] = {}
    for layer in layers:
        if not layer.bare and layer.path in modules:
            found.setdefault(modules[layer.path], layer)
    return found


def run_flow(
    module: "nn.Module",
    layers: Sequence[Layer],
    arguments: Sequence["torch.Tensor"],
    named: "Mapping[str, torch.Tensor] | None" = None,
) -> Flow:
    """Run `module` once and return the flow that was seen.

    Parameters
    ----------
    module
        A copy of its own in evaluation mode, its parameters on the meta device.
    layers
        Its leaves as standardization names them.
    arguments, named
        Its inputs, on the meta device.

    Raises
    ------
    Exception
        Whatever the network's own code raises on such inputs.

    Notes
    -----
    All functions are watched below autograd, so that scripted code and custom functions are seen
    too. In inference mode a tensor stays one object from function to function, views included;
    without it, its origin would be lost at every view.
    """
    import torch
    from torch.utils._pytree import tree_leaves

    watch = _Watch(layer_of_parameter(module, layers))
    named = named or {}
    for tensor in (*arguments, *named.values()):
        watch.know(tensor, watch.recorder.input())
    with ExitStack() as stack:
        for part, layer in modules_of_layers(module, layers).items():
            for handle in _hooked(part, layer, watch):
                stack.callback(handle.remove)
        stack.enter_context(torch.inference_mode())
        stack.enter_context(_watching()(watch))
        made = module(*arguments, **named)
    outputs = [watch.origin(tensor) for tensor in _tensors(tree_leaves(made))]
    shapes = tuple(tuple(tensor.shape) for tensor in (*arguments, *named.values()))
    return watch.recorder.finish([origin for origin in outputs if origin], shapes, "run")


class _Watch:
    """Where every tensor seen so far comes from."""

    def __init__(self, parameters: dict[int, str]) -> None:
        self.recorder = FlowRecorder()
        self.inside = 0  # layers being applied now; what happens inside one is its own affair
        self.mutated: set[int] = set()  # storages written to inside the layer being applied
        self._parameters = parameters
        # The tensors are kept, so that no later one gets the same id; they hold no memory.
        self._known: dict[int, tuple[torch.Tensor, Origin]] = {}
        self._sharing: dict[int, list[torch.Tensor]] = {}

    def origin(self, tensor: "torch.Tensor") -> Origin | None:
        """Return where a tensor comes from, None for a constant."""
        known = self._known.get(id(tensor))
        if known:
            return known[1]
        path = self._parameters.get(id(tensor))
        return Origin(None, (path,)) if path else None

    def origins(self, tensors: "Iterable[torch.Tensor]") -> list[Origin]:
        """Return where these tensors come from, constants left out."""
        return [origin for tensor in tensors if (origin := self.origin(tensor))]

    def know(self, tensor: "torch.Tensor", origin: Origin) -> None:
        """Note where a tensor comes from."""
        if id(tensor) not in self._known:
            self._sharing.setdefault(_storage(tensor), []).append(tensor)
        self._known[id(tensor)] = (tensor, origin)

    def overwritten(self, tensor: "torch.Tensor", origin: Origin) -> None:
        """Note that a tensor was written to, and with it whatever shares its memory."""
        for other in self._sharing.get(_storage(tensor), []):
            if other is tensor:
                continue
            if other.numel() > tensor.numel():
                self.know(other, self.recorder.written(self.origin(other), origin, whole=False))
            else:
                self.know(other, origin if other.numel() == tensor.numel() else self.recorder.part(origin))
        self.know(tensor, origin)

    def saw(self, function: Any, tensors: "list[torch.Tensor]", results: "list[torch.Tensor]") -> None:
        """Note what a function made of which tensors, and which of them it wrote to."""
        writes = function._schema.is_mutable and tensors
        name = function.overloadpacket.__name__
        if self.inside:
            if writes:
                self.mutated.add(_storage(tensors[0]))
            return
        sources = tensors[1:] if name in _WRITERS else tensors
        origins = self.origins(sources)
        if not origins:
            return
        made = self.recorder.combine(kind_of_function(name), origins, whole=name in _SHAPE_ONLY)
        if not writes:
            for tensor in results:
                self.know(tensor, made)
        elif name in _WRITERS and name != "copy_":
            self.overwritten(tensors[0], self.recorder.written(self.origin(tensors[0]), made, whole=False))
        else:
            self.overwritten(tensors[0], made)


def _hooked(part: "nn.Module", layer: Layer, watch: _Watch) -> tuple[Any, Any]:
    """Let `watch` know whenever the layer is applied; return the handles of both hooks."""
    calls: list[tuple[bool, list[torch.Tensor], list[Origin]]] = []

    def before(module: Any, args: Any, kwargs: Any) -> None:
        tensors = _tensors((args, kwargs))
        origins = [] if watch.inside else watch.origins(tensors)
        streams = {origin.step for origin in origins if origin.step is not None}
        # A module that is nothing but a function of several streams is looked into: is it a sum?
        open_ = len(streams) > 1 and layer.kind in (LayerKind.OTHER, LayerKind.PARAMETER)
        calls.append((open_, tensors, origins))
        if not open_:
            if not watch.inside:
                watch.mutated.clear()
            watch.inside += 1

    def after(module: Any, args: Any, kwargs: Any, made: Any) -> None:
        open_, tensors, origins = calls.pop()
        results = _tensors(made)
        if open_:
            inner = watch.origins(results)
            if layer.kind is LayerKind.OTHER and inner:
                _know_all(results, watch.recorder.layer(layer.path, inner[:1]), watch)
            return
        watch.inside -= 1
        if watch.inside:
            return
        given = {id(tensor) for tensor in tensors}
        passed = all(id(tensor) in given for tensor in results) and not watch.mutated
        _know_all(results, watch.recorder.layer(layer.path, origins, passed=passed), watch)

    return (
        part.register_forward_pre_hook(before, with_kwargs=True),
        part.register_forward_hook(after, with_kwargs=True),
    )


def _know_all(tensors: "list[torch.Tensor]", origin: Origin, watch: _Watch) -> None:
    for tensor in tensors:
        watch.overwritten(tensor, origin) if _storage(tensor) in watch.mutated else watch.know(tensor, origin)


def _storage(tensor: "torch.Tensor") -> int:
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):  # sparse tensors have none
        return id(tensor)


def _tensors(values: Any) -> "list[torch.Tensor]":
    """Return the tensors among any nested values, in order; views of classes are looked into."""
    import torch
    from torch.utils._pytree import tree_leaves

    return [value for value in tree_leaves(values) if isinstance(value, torch.Tensor)]


@cache
def _watching() -> Callable[[_Watch], Any]:
    """Return the mode that shows every function to a `_Watch`."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_map_only

    def to_meta(tensor: "torch.Tensor") -> "torch.Tensor":
        return tensor if tensor.is_meta else tensor.to("meta")

    class Watching(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch says no types here
        """Values that stay on the CPU (tables of indices) go to the meta device where they meet it."""

        def __init__(self, watch: _Watch) -> None:
            super().__init__()  # type: ignore[no-untyped-call]  # torch says no types here
            self._watch = watch

        def __torch_dispatch__(
            self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
        ) -> Any:
            kwargs = kwargs or {}
            if self._watch.inside and not func._schema.is_mutable:
                try:
                    return func(*args, **kwargs)
                except (RuntimeError, NotImplementedError):
                    pass  # two devices meet inside a layer
            tensors = _tensors((args, kwargs))
            if any(tensor.is_meta for tensor in tensors):
                if not all(tensor.is_meta for tensor in tensors):
                    args, kwargs = tree_map_only(torch.Tensor, to_meta, (args, kwargs))
                if "device" in kwargs:
                    kwargs = {**kwargs, "device": torch.device("meta")}
            made = func(*args, **kwargs)
            self._watch.saw(func, tensors, _tensors(made))
            return made

    return Watching
