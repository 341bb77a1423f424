"""What counts as exploding, vanishing or dead: pure functions of what was measured.

The rules, layer by layer, for the target after the transfer (after), before it (before) and the
source layer it takes from (source):

- *not finite*: its output or its gradient holds an infinity or a not-a-number.
- *exploding*: the root mean square of its output or of the gradient there is more than `RATIO`
  times the larger of before and source; or that of its output is beyond `BOUND`, whatever it was. An
  output is compared with no less than `LEAST`: a network as it is made, with running statistics that
  fit nothing, fades from layer to layer, and what does not is sound.
- *vanishing*: one of the two is less than 1 / `RATIO` ** 2 of the smaller of before and source.
- *dead*: half or more of its output's channels are 0 for the whole batch, and at least a quarter
  of all more than before and than in the source: what was silent there is silent here with reason.

For the whole network: the norm of the gradient of all parameters is more than `NORM_RATIO` times
the larger of before and source. A layer whose weights are all zero starts as nothing on purpose (the
head, the last norm of a block that starts as identity): it is left out, and so is what that does
to the gradients below a zeroed head. Where the weights alone are zero, as in a gate that starts open,
the output is the bias: what it was before says nothing about it, and only `BOUND` holds for it.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

from dpiat_gui.transfer.sanity import Finding, LayerScale, Run, SanityReport

RATIO = 100.0
BOUND = 1e4
LEAST = 0.1
NORM_RATIO = 30.0
DEAD = 0.5
MORE_DEAD = 0.25

_WORDS = {
    "eval": "with running statistics (evaluation mode)",
    "train": "with the batch's statistics (training mode)",
}


def findings_of(runs: Sequence[Run], pairs: Iterable[tuple[str, str]]) -> tuple[Finding, ...]:
    """Return what is wrong with the target after the transfer.

    Parameters
    ----------
    runs
        What was measured; ``source`` and ``before`` may be missing.
    pairs
        The matched layers, (source, target).
    """
    source_of = {target: source for source, target in pairs}
    found: list[Finding] = []
    for after in (run for run in runs if run.role == "after"):
        others = {run.role: run for run in runs if run.mode == after.mode}
        found += _of_network(after, [others[role] for role in ("before", "source") if role in others])
        before = others["before"].scales() if "before" in others else {}
        source = others["source"].scales() if "source" in others else {}
        silent = _is_silent(after)
        for layer in after.layers:
            partners = [before.get(layer.path), source.get(source_of.get(layer.path, ""))]
            known = [partner for partner in partners if partner is not None]
            found += _of_layer(layer, known, after.mode, silent=silent)
    order = {layer.path: at for run in runs if run.role == "after" for at, layer in enumerate(run.layers)}
    return tuple(sorted(found, key=lambda finding: order.get(finding.path, -1)))


def zeroed(run: Run) -> tuple[str, ...]:
    """Return the layers whose weights are all zero."""
    return tuple(layer.path for layer in run.layers if layer.zero)


def notes_of(runs: Sequence[Run]) -> tuple[str, ...]:
    """Say what would otherwise look like a fault."""
    after = next((run for run in runs if run.role == "after"), None)
    if after is None:
        return ()
    notes = []
    names = zeroed(after)
    if names:
        which = names[0] if len(names) == 1 else f"{len(names)} layers ({names[0]} ...)"
        notes.append(f"The weights of {which} are zero: what starts as nothing is no fault.")
    gates = [layer.path for layer in after.layers if layer.constant]
    if gates:
        single = len(gates) == 1
        which = f"{gates[0]} gives its" if single else f"{len(gates)} layers ({gates[0]} ...) give their"
        notes.append(f"{which} bias whatever comes in: that is how open gates begin, and no fault.")
    if _is_silent(after):
        notes.append(
            "No gradient passes the zeroed head in the first step; from the second on it does, "
            "so that gradients below it say nothing yet."
        )
    return tuple(notes)


def advice_of(report: SanityReport) -> tuple[str, ...]:
    """Say what to try, one sentence each; nothing for a sound result."""
    findings = report.findings
    if report.verdict not in ("not finite", "exploding"):
        if report.verdict == "sound":
            return ()
        return ("Train a few steps and check again: small and dead channels often recover.",)
    bad = [finding for finding in findings if finding.kind in ("not finite", "exploding")]
    advice = []
    stale = {finding.mode for finding in bad} == {"eval"}
    if stale:
        first = "Re-estimate them" if report.buffers else "Copy them too, re-estimate them"
        first = "Re-estimate them on more images" if report.calibrated else f"{first} on a few images"
        advice.append(
            "Only evaluation explodes: the running statistics do not fit the new weights. "
            f"{first}, or train some batches before you evaluate."
        )
    if report.operator != "clip-normalized":
        # Measured: where statistics are stale it changes nothing, for it scales weights.
        aside = " It mends weights, not statistics." if stale else ""
        advice.append(
            f"Try the operator clip-normalized, which scales what is copied to the new width.{aside}"
        )
    if any(finding.quantity == "gradient" for finding in bad):
        zero = any(run.role == "after" and _is_silent(run) for run in report.runs)
        start = "" if zero else "Start the head at zero, or "
        advice.append(f"{start}clip gradients in the first steps.".capitalize())
    return tuple(advice)


def _is_silent(run: Run) -> bool:
    """Tell whether a zeroed layer keeps all gradients from what lies below it."""
    gradients = [layer.gradient for layer in run.layers if layer.gradient is not None]
    return bool(zeroed(run)) and sum(1 for gradient in gradients if gradient == 0) > len(gradients) / 2


def _of_network(after: Run, others: Sequence[Run]) -> Iterator[Finding]:
    norm, words = after.gradient_norm, _WORDS[after.mode]
    if not (math.isfinite(norm) and math.isfinite(after.loss)):
        text = f"The loss is {after.loss:g} and the norm of the gradient {norm:g} {words}."
        yield Finding("", "not finite", "gradient", after.mode, norm, None, text)
        return
    reference = _largest(run.gradient_norm for run in others)
    if reference and norm > NORM_RATIO * reference:
        text = (
            f"The norm of the whole gradient is {norm:.3g}, {norm / reference:,.0f} times "
            f"the {reference:.3g} that it is compared with, {words}."
        )
        yield Finding("", "exploding", "gradient", after.mode, norm, reference, text)


def _of_layer(
    layer: LayerScale, others: Sequence[LayerScale], mode: str, *, silent: bool
) -> Iterator[Finding]:
    words = _WORDS[mode]
    if layer.not_finite:
        text = f"{layer.not_finite:,} elements are infinite or not a number {words}."
        yield Finding(layer.path, "not finite", "activation", mode, math.nan, None, text)
        return
    if layer.activation is not None and not layer.zero:
        compared = () if layer.constant else others
        partners = [other.activation for other in compared if other.activation is not None]
        yield from _scale(layer.path, "activation", mode, layer.activation, partners)
    if layer.gradient is not None and not silent:
        partners = [other.gradient for other in others if other.gradient is not None]
        yield from _scale(layer.path, "gradient", mode, layer.gradient, partners)
    if layer.dead is not None and layer.dead >= DEAD and not layer.zero:
        was = max((other.dead for other in others if other.dead is not None), default=0.0)
        if layer.dead >= was + MORE_DEAD:
            text = (
                f"{layer.dead:.0%} of its channels are zero for the whole batch, "
                f"{was:.0%} in what it is compared with, {words}."
            )
            yield Finding(layer.path, "dead", "channels", mode, layer.dead, was, text)


def _scale(path: str, quantity: str, mode: str, value: float, partners: Sequence[float]) -> Iterator[Finding]:
    """Compare one scale with those of the others; a reference of 0 says nothing."""
    known = [partner for partner in partners if math.isfinite(partner) and partner > 0]
    largest, smallest = max(known, default=None), min(known, default=None)
    words = _WORDS[mode]
    floor = LEAST if quantity == "activation" else 0.0
    if largest is not None and value > RATIO * max(largest, floor):
        text = (
            f"Its {quantity} is {value:.3g}, {value / largest:,.0f} times the {largest:.3g} "
            f"that it is compared with, {words}."
        )
        yield Finding(path, "exploding", quantity, mode, value, largest, text)
    elif quantity == "activation" and value > BOUND:
        text = f"Its activation is {value:.3g}, beyond {BOUND:,.0f}, {words}."
        yield Finding(path, "exploding", quantity, mode, value, None, text)
    elif smallest is not None and 0 < value * RATIO**2 < smallest:
        text = f"Its {quantity} is {value:.3g}, where {smallest:.3g} was expected, {words}."
        yield Finding(path, "vanishing", quantity, mode, value, smallest, text)


def _largest(values: Iterable[float]) -> float | None:
    return max((value for value in values if math.isfinite(value)), default=None)
