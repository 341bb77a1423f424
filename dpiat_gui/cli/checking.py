"""What the command ``check`` does and prints."""

from collections.abc import Callable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dpiat_gui.cli.asked import match_project
from dpiat_gui.project.request import transfer_request
from dpiat_gui.project.values import Project
from dpiat_gui.transfer.sanity import MODES, ROLES, SanityReport, SanityRequest
from dpiat_gui.transfer.sanity_rules import advice_of
from dpiat_gui.transfer.values import Progress

MOST_FINDINGS = 20
_ROLES = {"source": "source", "before": "target before", "after": "target after"}
_MODES = {"eval": "evaluation", "train": "training"}
_COLORS = {"sound": "green", "dead": "yellow", "vanishing": "yellow", "exploding": "red", "not finite": "red"}


def check_project(
    project: Project,
    *,
    weights: str | None,
    images: str | None,
    inputs: int,
    seed: int,
    progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
) -> SanityReport:
    """Check the transfer that a project asks for.

    Parameters
    ----------
    project
        The networks, and how they are matched and transferred.
    weights, images, inputs, seed
        As of `SanityRequest`.
    progress, cancelled
        As of `run_check`.

    Raises
    ------
    DpiatError
        As `run_check`.
    """
    from dpiat_gui.transfer.sanity_running import run_check

    matching = match_project(project)
    pairs = tuple((pair.source, pair.target) for pair in matching.pairs)
    transfer = transfer_request(project, weights or "unused.safetensors")
    request = SanityRequest(transfer, pairs, weights, images, inputs, seed)

    def staged(step: Progress) -> None:
        # The bar counts bytes, and these are layers: the stage's name says enough.
        progress(Progress(0, 0, step.text))

    return run_check(request, progress=staged, cancelled=cancelled)


def print_check(report: SanityReport) -> None:
    """Print the verdict, the three networks side by side, and the layers with findings."""
    console = Console(highlight=False, emoji=False)
    color = _COLORS[report.verdict]
    console.print(
        f"{escape(report.source)} → {escape(report.target)}: [bold {color}]{report.verdict}[/]",
        soft_wrap=True,
    )
    console.print(f"{report.inputs}; loss: {report.loss}", soft_wrap=True)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("Network", "Mode", "Loss", "Gradient norm", "Largest activation"):
        table.add_column(name, justify="left" if name in ("Network", "Mode") else "right")
    for role in ROLES:
        for mode in MODES:
            run = report.run(role, mode)
            if run is not None:
                values = (run.loss, run.gradient_norm, run.largest_activation)
                numbers = ["–" if value is None else f"{value:.4g}" for value in values]
                table.add_row(_ROLES[role], _MODES[mode], *numbers)
    console.print(table)
    for finding in report.findings[:MOST_FINDINGS]:
        where = escape(finding.path) or "the whole network"
        console.print(
            f"[{_COLORS[finding.kind]}]{finding.kind}[/] {where}: {escape(finding.text)}", soft_wrap=True
        )
    if len(report.findings) > MOST_FINDINGS:
        console.print(f"... and {len(report.findings) - MOST_FINDINGS} more; --json lists all.")
    for note in report.notes:
        console.print(f"[yellow]Note:[/] {escape(note)}", soft_wrap=True)
    for advice in advice_of(report):
        console.print(f"[bold]Try:[/] {escape(advice)}", soft_wrap=True)
