"""The flow of information through a network: which layer's output reaches which layer, and by what.

A `Flow` is a plain value, made by `dpiat_gui.networks.tracing` and kept with a module tree;
nothing here imports torch.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dpiat_gui.errors import SourceError

if TYPE_CHECKING:
    import networkx

LAYER = "layer"
INPUT = "input"
FUNCTION = "function"
"""A function of one stream that has no layer and changes more than its shape, or takes a part of it."""
JOINS = ("add", "mul", "cat", "matmul", "other")
"""What several streams can be joined by: sums and differences; products, as in gates; concatenation;
matrix products, as in attention; anything else."""

_VERSION = 1
_CODES = {kind: -1 - at for at, kind in enumerate((INPUT, *JOINS, FUNCTION))}
_KINDS = {code: kind for kind, code in _CODES.items()}
_HINT = "It was made by another version or is damaged; open the source again."


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the flow: a layer or function is applied, streams are joined, or an input comes in.

    Parameters
    ----------
    kind
        ``layer``, ``input``, ``function`` or one of `JOINS`.
    path
        Path of the layer as standardization names it; empty otherwise.
    inputs
        Numbers of the steps whose outputs it takes, in order; a layer that makes something of
        nothing takes nothing.
    """

    kind: str
    path: str = ""
    inputs: tuple[int, ...] = ()


@dataclass(frozen=True)
class Flow:
    """The flow of information through a network between its leaf layers.

    Parameters
    ----------
    steps
        In the order of execution; each takes from earlier ones only. A layer that is applied
        several times appears as often. What splits a stream shows as several steps that take
        from one.
    outputs
        Numbers of the steps whose outputs the network returns.
    passes
        Paths of layers that were seen to return the very tensor they were given.
    input_shapes
        Shapes of the inputs it was traced with, empty where none was needed.
    way
        How it was traced: ``run`` (on tensors without memory) or ``fx`` (symbolically).
    """

    steps: tuple[Step, ...]
    outputs: tuple[int, ...]
    passes: frozenset[str] = frozenset()
    input_shapes: tuple[tuple[int, ...], ...] = ()
    way: str = "run"

    @property
    def layers(self) -> tuple[str, ...]:
        """Paths of the layers that were applied, in the order of their first application."""
        return tuple(dict.fromkeys(step.path for step in self.steps if step.kind == LAYER))

    def graph(self) -> "networkx.DiGraph":
        """Return the flow as a graph.

        Returns
        -------
        networkx.DiGraph
            One node a step, its number, with ``kind`` and ``path``; one edge from each step to
            every one that takes from it. Imports networkx, no torch.
        """
        import networkx

        graph = networkx.DiGraph(outputs=self.outputs)
        for number, step in enumerate(self.steps):
            graph.add_node(number, kind=step.kind, path=step.path)
            graph.add_edges_from((source, number) for source in step.inputs)
        return graph


def flow_to_json(flow: Flow) -> dict[str, Any]:
    """Return `flow` as plain values that `flow_from_json` reads back into an equal flow.

    A step is a list: the number of its layer, or a negative number for what is none, then the
    steps it takes from.
    """
    layers = {path: at for at, path in enumerate(flow.layers)}
    steps = [
        [layers[step.path] if step.kind == LAYER else _CODES[step.kind], *step.inputs] for step in flow.steps
    ]
    return {
        "version": _VERSION,
        "layers": list(layers),
        "steps": steps,
        "outputs": list(flow.outputs),
        "passes": sorted(flow.passes),
        "inputs": [list(shape) for shape in flow.input_shapes],
        "way": flow.way,
    }


def flow_from_json(data: Any) -> Flow:
    """Read a flow that `flow_to_json` wrote.

    Raises
    ------
    SourceError
        If the data is not of that form.
    """
    try:
        if data["version"] != _VERSION:
            raise SourceError(f"The flow has version {data['version']!r}, not {_VERSION}.", _HINT)
        layers = [_text(path) for path in data["layers"]]
        steps = tuple(_read_step(at, step, layers) for at, step in enumerate(data["steps"]))
        return Flow(
            steps,
            tuple(_number(number, len(steps)) for number in data["outputs"]),
            frozenset(_text(path) for path in data["passes"]),
            tuple(tuple(_number(size, None) for size in shape) for shape in data["inputs"]),
            _text(data["way"]),
        )
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise SourceError("A stored flow of information is damaged.", _HINT) from error


def _read_step(at: int, data: list[Any], layers: list[str]) -> Step:
    code, *inputs = data
    sources = tuple(_number(value, at) for value in inputs)
    if code < 0:
        return Step(_KINDS[code], "", sources)
    return Step(LAYER, layers[_number(code, len(layers))], sources)


def _number(value: Any, limit: int | None) -> int:
    if type(value) is not int or value < 0 or (limit is not None and value >= limit):
        raise ValueError(f"{value!r} is no number below {limit}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
