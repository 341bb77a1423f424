"""What the Health pane says of a check: pure functions of its report."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from dpiat_gui.canvas.annotations import LayerMark
from dpiat_gui.transfer.sanity import Finding, LayerScale, SanityReport
from dpiat_gui.ui.texts import plural

VERDICTS = {
    "sound": ("ok", "Sound: nothing explodes, vanishes or dies"),
    "dead": ("warning", "Some channels are dead"),
    "vanishing": ("warning", "Some scales vanish"),
    "exploding": ("error", "Some scales explode"),
    "not finite": ("error", "Infinities or not-a-numbers"),
}
"""State of the label, and sentence, by verdict."""

QUANTITIES = {
    "activation": ("Activations", "Root mean square of each layer's output"),
    "gradient": ("Gradients", "Root mean square of the loss's gradient at each layer's output"),
    "weight_gradient": ("Weight gradients", "Norm of the gradient of each layer's own parameters"),
    "dead": ("Dead channels", "Share of each layer's channels that are 0 for the whole batch"),
}
"""What can be plotted: title and meaning, by the field of `LayerScale`."""

AXES = {
    "activation": "RMS of the output",
    "gradient": "RMS of the gradient",
    "weight_gradient": "norm of the gradient",
    "dead": "share of channels",
}
"""What stands at the axis, by quantity."""

MODES = {
    "eval": ("Evaluation", "Batch norms use their running statistics, as at inference"),
    "train": ("Training", "Batch norms use the statistics of the batch; dropout is off"),
}

ROLES = {"source": "source", "before": "target before", "after": "target after"}
SIGNS = {"source": "●", "before": "▲", "after": "■"}
"""What each network's points look like in the plot."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

_ROOM_BETWEEN = 70
"""Pixels from one power of ten to the next from which 2 and 5 are named too."""

INTRODUCTION = (
    "Does the transfer leave a healthy network?\n"
    "One batch goes forward and back through the source, the target before and the target after the "
    "transfer. What explodes, vanishes or dies is shown here, layer by layer, and marked on the canvas."
)


def verdict_line(report: SanityReport) -> tuple[str, str]:
    """Return the state of the verdict's label and what it says."""
    state, text = VERDICTS[report.verdict]
    layers = len({finding.path for finding in report.findings if finding.path})
    if layers:
        text = f"{text}: {plural(layers, 'layer')}"
    return state, text


def finding_row(finding: Finding, *, with_mode: bool = True) -> tuple[str, str, str]:
    """Return layer, kind with mode or without, and value as the table shows them."""
    gradient = finding.quantity == "gradient" and finding.kind != "not finite"
    kind = f"{finding.kind} grad" if gradient else finding.kind
    what = f"{kind} · {finding.mode}" if with_mode else kind
    return finding.path or "whole network", what, _value(finding)


def _value(finding: Finding) -> str:
    if finding.quantity == "channels":
        return share(finding.value)
    if finding.reference and math.isfinite(finding.value):
        # The badge on the canvas has the ratio alone.
        return f"{number(finding.value)} ({_times(finding.value / finding.reference)}×)"
    return number(finding.value)


def marks_of(report: SanityReport) -> Mapping[str, LayerMark]:
    """Return the badges of flagged layers, by path of the target layer."""
    marks = {}
    for path, finding in report.worst().items():
        if path:
            bad = finding.kind in ("not finite", "exploding")
            marks[path] = LayerMark(_badge(finding), "bad" if bad else "warn", finding.text)
    return marks


def _badge(finding: Finding) -> str:
    if finding.kind == "not finite":
        return "NaN"
    if finding.kind == "dead":
        return f"dead {share(finding.value)}"
    if finding.reference:
        return f"{_times(finding.value / finding.reference)}×"
    return number(finding.value)


def _times(ratio: float) -> str:
    """Return a ratio in few letters: ``250``, ``10⁹``."""
    if 0.01 <= ratio < 100_000 or not math.isfinite(ratio) or ratio <= 0:
        return number(ratio)
    return f"10{str(round(math.log10(ratio))).translate(_RAISED)}"


def readout(path: str, scales: Mapping[str, LayerScale | None], quantity: str) -> str:
    """Return what the three networks measured at a layer: ``conv1 · source 0.5 · target after 23``."""
    parts = [path]
    for role, scale in scales.items():
        value = getattr(scale, quantity) if scale is not None else None
        if value is not None:
            parts.append(f"{ROLES[role]} {_told(value, quantity)}")
    return " · ".join(parts)


def key_line(
    path: str,
    roles: Sequence[str],
    scales: Mapping[str, LayerScale | None],
    quantity: str,
    colors: Mapping[str, str],
) -> str:
    """Return the key of the plot as rich text; below it a layer, whose values stand in the key."""
    parts = []
    for role in roles:
        scale = scales.get(role)
        value = getattr(scale, quantity) if scale is not None else None
        told = "" if value is None else f" <b>{_told(value, quantity)}</b>"
        parts.append(f'<span style="color:{colors[role]}">{SIGNS[role]}</span>&nbsp;{ROLES[role]}{told}')
    return f"{' &nbsp; '.join(parts)}<br>{escape(path)}"


def _told(value: float, quantity: str) -> str:
    return share(value) if quantity == "dead" else number(value)


def share(value: float) -> str:
    """Return a share in per cent: ``51 %``."""
    return f"{value:.0%}".replace("%", " %")


def tick_text(logarithm: float, room: float) -> str:
    """Return what stands at a place of a logarithmic axis, "" where there is no room for it.

    Parameters
    ----------
    logarithm
        The place, as a power of ten.
    room
        Pixels from one power of ten to the next.
    """
    power = math.floor(logarithm + 1e-9)
    digit = round(10 ** (logarithm - power))
    if digit != 1 and (digit not in (2, 5) or room < _ROOM_BETWEEN):
        return ""
    if -4 < power < 4:
        return f"{digit * 10.0**power:g}"
    # Beside a 1, the power alone.
    return f"{'' if digit == 1 else f'{digit}·'}10{str(power).translate(_RAISED)}"


def number(value: float) -> str:
    """Return a scale with three digits: ``0.52``, ``1,240``, ``3.1e+07``."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞"
    if value == 0:
        return "0"
    if 1000 <= abs(value) < 100_000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
