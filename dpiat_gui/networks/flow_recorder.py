"""What a tracer writes into: where each value came from, and the steps that joined them."""

from collections.abc import Iterable
from dataclasses import dataclass

from dpiat_gui.networks.flow import INPUT, LAYER, Edge, Flow, Step


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from.

    Parameters
    ----------
    step
        The step whose output it is, None if it comes from parameters alone.
    altered
        As on `Edge`.
    pending
        Layers whose own parameters went into the value, but into no stream so far.
    """

    step: int | None = None
    altered: bool = False
    pending: tuple[str, ...] = ()

    def with_alteration(self) -> "Origin":
        """Return the origin of something made of this value by a function without a layer."""
        return self if self.altered or self.step is None else Origin(self.step, True, self.pending)


class FlowRecorder:
    """Collects the steps of a flow while a network is run or read."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._passes: set[str] = set()

    def input(self) -> Origin:
        """Record an input of the network."""
        return self._add(INPUT, "", ())

    def layer(self, path: str, origins: Iterable[Origin], *, passed: bool = False) -> Origin:
        """Record that a layer was applied, and return the origin of its output.

        Several streams into one layer are joined first. A layer without any stream, which makes
        a value of its parameters alone, waits until that value meets one.
        """
        joined = self.combine("other", origins, whole=True)
        if joined.step is None:
            return Origin(None, False, _union([joined.pending, (path,)]))
        if passed:
            self._passes.add(path)
        return self._apply(joined, path)

    def combine(self, kind: str, origins: Iterable[Origin], *, whole: bool = False) -> Origin:
        """Return the origin of what a function made of values of these origins.

        Parameters
        ----------
        kind
            What it is if streams are joined, one of `flow.JOINS`.
        origins
            Of its arguments; those of constants are left out.
        whole
            True for a function that changes nothing but the shape.

        Notes
        -----
        Different streams give a join. Parameters that meet a stream are their layer applied to
        it: a scale, a class token, a table of position biases.
        """
        known = list(origins)
        streams = [origin for origin in known if origin.step is not None]
        pending = _union(origin.pending for origin in known)
        steps = {origin.step for origin in streams}
        if not streams:
            return Origin(None, False, pending)
        if len(steps) == 1:
            altered = all(origin.altered for origin in streams) or not (whole or pending)
            made = Origin(streams[0].step, altered)
        else:
            made = self._add(kind, "", tuple(dict.fromkeys(map(_edge, streams))))
        for path in pending:
            made = self._apply(made, path)
        return made

    def written(self, into: Origin | None, value: Origin, *, whole: bool) -> Origin:
        """Return the origin of a tensor after `value` was written over it, or over a part of it.

        A part that already holds the tensor's own stream (``x[:, :n] += y``) leaves one stream;
        any other part is set beside what there was, as by a concatenation.
        """
        if whole or into is None or into.step is None or value.step is None or into.step == value.step:
            return value
        if any(edge.source == into.step for edge in self._steps[value.step].inputs):
            return value
        return self.combine("cat", [into.with_alteration(), value.with_alteration()])

    def finish(self, outputs: Iterable[Origin], shapes: tuple[tuple[int, ...], ...], way: str) -> Flow:
        """Return the flow of a network with these outputs."""
        numbers = tuple(dict.fromkeys(origin.step for origin in outputs if origin.step is not None))
        return Flow(tuple(self._steps), numbers, frozenset(self._passes), shapes, way)

    def _apply(self, origin: Origin, path: str) -> Origin:
        return self._add(LAYER, path, (_edge(origin),))

    def _add(self, kind: str, path: str, inputs: tuple[Edge, ...]) -> Origin:
        self._steps.append(Step(kind, path, inputs))
        return Origin(len(self._steps) - 1)


def _edge(origin: Origin) -> Edge:
    if origin.step is None:
        raise ValueError("a value without a stream has no edge")
    return Edge(origin.step, origin.altered)


def _union(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path for group in groups for path in group))
