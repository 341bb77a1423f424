"""What a tracer writes into: where each value came from, and the steps that joined them."""

from collections.abc import Iterable
from dataclasses import dataclass

from dpiat_gui.networks.flow import FUNCTION, INPUT, LAYER, Flow, Step


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from.

    Parameters
    ----------
    step
        The step whose output it is, None if it comes from parameters alone.
    pending
        Layers whose own parameters went into the value, but into no stream so far.
    """

    step: int | None = None
    pending: tuple[str, ...] = ()


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
            return Origin(None, _union([joined.pending, (path,)]))
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
        it: a scale, a class token, a table of position biases. Any other change of one stream is a
        step too: two that take the same changed stream then take the same.
        """
        known = list(origins)
        pending = _union(origin.pending for origin in known)
        streams = tuple(dict.fromkeys(origin.step for origin in known if origin.step is not None))
        if not streams:
            return Origin(None, pending)
        if len(streams) > 1:
            made = self._add(kind, "", streams)
        elif whole or pending:
            made = Origin(streams[0])
        else:
            made = self._add(FUNCTION, "", streams)
        for path in pending:
            made = self._apply(made, path)
        return made

    def written(self, into: Origin | None, value: Origin, *, whole: bool) -> Origin:
        """Return the origin of a tensor after `value` was written over it, or over a part of it.

        A part that already holds the tensor's own stream (``x[:, :n] += y``) leaves one stream;
        any other part is set beside what there was, as by a concatenation.
        """
        if whole or into is None or into.step is None or into.step == value.step or value.step is None:
            return value
        own = self._stream(into.step)
        if any(self._stream(source) == own for source in self._steps[value.step].inputs):
            return value
        return self.combine("cat", [into, value])

    def part(self, origin: Origin) -> Origin:
        """Return the origin of a part of a value."""
        return self.combine("other", [origin])

    def finish(self, outputs: Iterable[Origin], shapes: tuple[tuple[int, ...], ...], way: str) -> Flow:
        """Return the flow of a network with these outputs."""
        numbers = tuple(dict.fromkeys(origin.step for origin in outputs if origin.step is not None))
        return Flow(tuple(self._steps), numbers, frozenset(self._passes), shapes, way)

    def _stream(self, number: int) -> int:
        """Return the step that a value came from before functions changed it."""
        while self._steps[number].kind == FUNCTION:
            (number,) = self._steps[number].inputs
        return number

    def _apply(self, origin: Origin, path: str) -> Origin:
        return self._add(LAYER, path, () if origin.step is None else (origin.step,))

    def _add(self, kind: str, path: str, inputs: tuple[int, ...]) -> Origin:
        self._steps.append(Step(kind, path, inputs))
        return Origin(len(self._steps) - 1)


def _union(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path for group in groups for path in group))
