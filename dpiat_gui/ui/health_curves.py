"""What the plot of a check shows: pure functions of its report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from dpiat_gui.transfer.sanity import MODES, ROLES, LayerScale, SanityReport


@dataclass(frozen=True)
class Curves:
    """What is plotted.

    Parameters
    ----------
    paths
        Layers of the target, in order: places along the axis.
    values
        By network, one for each path; None where nothing was measured.
    flagged
        Places that are marked.
    ticks
        Places and names of blocks.
    linear
        Whether the axis is linear from 0 to 1, for shares.
    """

    paths: tuple[str, ...] = ()
    values: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    flagged: frozenset[int] = frozenset()
    ticks: tuple[tuple[int, str], ...] = ()
    linear: bool = False


def curves_of(
    report: SanityReport, mode: str, quantity: str, blocks: Sequence[tuple[str, str]] = ()
) -> Curves:
    """Return what is plotted of a report: the source's layers stand where their targets do."""
    after = report.run("after", mode)
    if after is None:
        return Curves()
    paths = tuple(layer.path for layer in after.layers if getattr(layer, quantity) is not None)
    places = {path: at for at, path in enumerate(paths)}
    values = {}
    for role in ROLES:
        run = report.run(role, mode)
        if run is not None:
            scales = run.scales()
            partner = _partner(report, role)
            found = [scales.get(partner(path)) for path in paths]
            values[role] = [None if one is None else getattr(one, quantity) for one in found]
    wanted = {"activation": ("activation",), "dead": ("channels",)}.get(quantity, ("gradient",))
    flagged = {
        places[finding.path]
        for finding in report.findings
        if finding.path in places and finding.mode == mode
        if finding.quantity in wanted or finding.kind == "not finite"
    }
    ticks = tuple((places[first], name) for first, name in blocks if first in places)
    return Curves(paths, values, frozenset(flagged), ticks, linear=quantity == "dead")


def scales_at(report: SanityReport, mode: str, path: str) -> Mapping[str, LayerScale | None]:
    """Return what each network measured at a target layer, the source at its partner."""
    found: dict[str, LayerScale | None] = {}
    for role in ROLES:
        run = report.run(role, mode)
        if run is not None:
            found[role] = run.scales().get(_partner(report, role)(path))
    return found


def _partner(report: SanityReport, role: str) -> Callable[[str], str]:
    """Return the layer of a network that stands for a layer of the target."""
    if role != "source":
        return lambda path: path
    source_of = {target: source for source, target in report.pairs}
    return lambda path: source_of.get(path, "")


def place_of(report: SanityReport, path: str) -> int:
    """Return where a layer stands in the target, -1 for the network as a whole."""
    after = next((run for run in report.runs if run.role == "after"), None)
    order = [layer.path for layer in after.layers] if after else []
    return order.index(path) if path in order else -1


def ran(report: SanityReport | None) -> tuple[str, ...]:
    """Return the networks that were run; all of them where nothing was yet."""
    if report is None:
        return ROLES
    return tuple(role for role in ROLES if any(report.run(role, mode) for mode in MODES))
