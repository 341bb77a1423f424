"""The sanity check of a transfer: what is asked for, and what was seen when the networks ran.

One batch goes forward and back through the source, through the target as it was made, and through
the target after the transfer. The paper admits that transferred weights may explode (section 5);
this says whether they do, and where. Values only; `sanity_running.run_check` does it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from dpiat_gui.errors import TransferError
from dpiat_gui.transfer.request import TransferRequest

ROLES = ("source", "before", "after")
"""The source; the target with its own initialisation; the target after the transfer."""
MODES = ("eval", "train")
"""Batch norms by their running statistics, as at inference; by those of the batch, as in training."""
MOST_INPUTS = 256


@dataclass(frozen=True, slots=True)
class SanityRequest:
    """A sanity check of one transfer.

    Parameters
    ----------
    transfer
        The transfer that is checked; its output is not used.
    pairs
        The matched layers, (source, target).
    weights
        A checkpoint of the target to check; None to carry the transfer out into a temporary file.
    images
        A folder of images to run; None for random numbers.
    inputs
        Number of inputs in the batch, 2 to 256.
    seed
        Of random inputs and of the labels.

    Raises
    ------
    TransferError
        If a value has no meaning.
    """

    transfer: TransferRequest
    pairs: tuple[tuple[str, str], ...] = ()
    weights: str | None = None
    images: str | None = None
    inputs: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        # Batch norms in training mode cannot normalize one value.
        if not 2 <= self.inputs <= MOST_INPUTS:
            raise TransferError(
                f"A check of {self.inputs} inputs is not possible.", f"Choose from 2 to {MOST_INPUTS}."
            )

    def to_json(self) -> dict[str, Any]:
        """Return the request as plain JSON."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        return plain | {"transfer": self.transfer.to_json(), "pairs": [list(pair) for pair in self.pairs]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SanityRequest":
        """Read a request.

        Raises
        ------
        TransferError
            If a value is missing, unknown or of the wrong type.
        """
        try:
            values = dict(data)
            values["transfer"] = TransferRequest.from_json(values["transfer"])
            values["pairs"] = tuple((str(s), str(t)) for s, t in values.get("pairs", ()))
            return cls(**values)
        except (KeyError, TypeError, ValueError) as error:
            raise TransferError(
                f"The request for a check makes no sense: {error}.", "Check the field that is named."
            ) from error


@dataclass(frozen=True, slots=True)
class LayerScale:
    """What one layer did with the batch.

    Parameters
    ----------
    path
        Of the layer.
    activation
        Root mean square of its output, not-a-number where it holds one; None if it was not run by
        itself, as bare parameters are not.
    gradient
        Root mean square of the loss's gradient at its output; None where none arrived.
    weight_gradient
        Euclidean norm of the gradient of its parameters; None where it has none.
    not_finite
        Number of elements of output and gradient that are infinite or not a number.
    dead
        Share of its output's channels that are 0 for the whole batch.
    zero
        Whether its weight, or its weight and bias, are all zero: it was made to start as nothing.
    constant
        Whether its weight alone is all zero: it gives its bias whatever comes in, as an open gate does.
    """

    path: str
    activation: float | None = None
    gradient: float | None = None
    weight_gradient: float | None = None
    not_finite: int = 0
    dead: float | None = None
    zero: bool = False
    constant: bool = False


@dataclass(frozen=True)
class Run:
    """One network run forward and back, in one mode.

    Parameters
    ----------
    role
        One of `ROLES`.
    mode
        One of `MODES`.
    loss
        The loss.
    gradient_norm
        Euclidean norm of the gradient of all parameters.
    layers
        In the order of the network's sequence.
    """

    role: str
    mode: str
    loss: float
    gradient_norm: float
    layers: tuple[LayerScale, ...] = field(repr=False)

    @property
    def largest_activation(self) -> float | None:
        """The largest scale of a layer's output, not-a-number where one is; None where none is known."""
        known = [layer.activation for layer in self.layers if layer.activation is not None]
        return math.nan if any(map(math.isnan, known)) else max(known, default=None)

    def scales(self) -> dict[str, LayerScale]:
        """Return the layers by path."""
        return {layer.path: layer for layer in self.layers}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a layer of the transferred target that is not as it should be.

    Parameters
    ----------
    path
        Path of the target layer; ``""`` for the network as a whole.
    kind
        ``not finite``, ``exploding``, ``vanishing`` or ``dead``, the worst first; see
        `sanity_rules` for the rules.
    quantity
        ``activation``, ``gradient`` or ``channels``.
    mode
        The mode it was seen in.
    value
        The quantity after the transfer.
    reference
        What it is compared with; None for a bound.
    text
        The same in words.
    """

    path: str
    kind: str
    quantity: str
    mode: str
    value: float
    reference: float | None
    text: str


@dataclass(frozen=True)
class SanityReport:
    """What a sanity check saw.

    Parameters
    ----------
    source, target
        Names of the networks.
    operator
        Operator of the transfer.
    inputs
        What was run: ``4 random inputs of 3 × 224 × 224, seed 0``.
    loss
        Which loss was taken.
    runs
        One for each network that ran and each mode.
    findings
        What is wrong, in the order of the target's layers; those of the whole network first.
    notes
        What a person should know besides, one sentence each.
    pairs
        The matched layers, (source, target).
    device
        Where it ran.
    seconds
        How long it took.
    buffers
        Whether the transfer copies running statistics.
    calibrated
        Whether it estimates them anew on images.
    """

    source: str
    target: str
    operator: str
    inputs: str
    loss: str
    runs: tuple[Run, ...] = field(repr=False)
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    device: str = "cpu"
    seconds: float = 0.0
    buffers: bool = True
    calibrated: bool = False

    @property
    def verdict(self) -> str:
        """The worst of the findings' kinds, ``sound`` where there are none."""
        found = {finding.kind for finding in self.findings}
        return next((kind for kind in KINDS if kind in found), "sound")

    def run(self, role: str, mode: str) -> Run | None:
        """Return the run of a network in a mode, None if it was not run."""
        return next((run for run in self.runs if (run.role, run.mode) == (role, mode)), None)

    def worst(self) -> dict[str, Finding]:
        """Return the worst finding of each layer, by path."""
        found: dict[str, Finding] = {}
        for finding in sorted(self.findings, key=lambda finding: KINDS.index(finding.kind)):
            found.setdefault(finding.path, finding)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON; numbers that are not finite are strings."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "verdict": self.verdict,
            "seconds": self.seconds,
            "buffers": self.buffers,
            "calibrated": self.calibrated,
            "notes": list(self.notes),
            "findings": [_record(finding) for finding in self.findings],
            "pairs": [list(pair) for pair in self.pairs],
            "runs": [_record(run) | {"layers": [_record(at) for at in run.layers]} for run in self.runs],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SanityReport":
        """Read a report.

        Raises
        ------
        TransferError
            If it is none.
        """
        try:
            return cls(
                **{name: str(data[name]) for name in _PLAIN},
                runs=tuple(_run(run) for run in data["runs"]),
                findings=tuple(Finding(**_numbers(one, _FLOATS[Finding])) for one in data["findings"]),
                notes=tuple(data["notes"]),
                pairs=tuple((str(s), str(t)) for s, t in data["pairs"]),
                seconds=float(data["seconds"]),
                buffers=bool(data["buffers"]),
                calibrated=bool(data["calibrated"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise TransferError(f"This is no report of a check: {error}.", "Run the check again.") from error


KINDS = ("not finite", "exploding", "vanishing", "dead")
"""Kinds of findings, the worst first."""

_PLAIN = ("source", "target", "operator", "inputs", "loss", "device")
_FLOATS: dict[type, tuple[str, ...]] = {
    LayerScale: ("activation", "gradient", "weight_gradient", "dead"),
    Run: ("loss", "gradient_norm"),
    Finding: ("value", "reference"),
}


def _run(data: Mapping[str, Any]) -> Run:
    layers = tuple(LayerScale(**_numbers(layer, _FLOATS[LayerScale])) for layer in data["layers"])
    return Run(**(_numbers(data, _FLOATS[Run]) | {"layers": layers}))


def _record(value: Any) -> dict[str, Any]:
    """Return the fields of a value; JSON knows no infinity."""
    plain = {item.name: getattr(value, item.name) for item in fields(value)}
    for name in _FLOATS[type(value)]:
        number = plain[name]
        plain[name] = str(number) if number is not None and not math.isfinite(number) else number
    return plain


def _numbers(data: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return a copy of `data` with the named values as numbers."""
    return dict(data) | {name: None if data[name] is None else float(data[name]) for name in names}
