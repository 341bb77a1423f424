"""What the command ``report`` does."""

import contextlib
from dataclasses import replace
from pathlib import Path

from dpiat_gui.cli.asked import match_project
from dpiat_gui.errors import DpiatError, MatchError, TransferError
from dpiat_gui.files import read_json
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.similarity import similarity
from dpiat_gui.matching.values import Overrides
from dpiat_gui.project.values import Project
from dpiat_gui.report.content import ReportInput
from dpiat_gui.report.page import check_report_path, write_report
from dpiat_gui.transfer.coverage import coverage
from dpiat_gui.transfer.planning import plan_transfer
from dpiat_gui.transfer.sanity import SanityReport


def report_project(project: Project, out: Path, *, check: Path | None, expand: bool) -> Path:
    """Write the report of what a project asks for; return the file.

    Parameters
    ----------
    project
        The networks, and how they are matched and transferred.
    out
        The page.
    check
        What ``dpiat-gui check --json`` wrote, None to leave the check out.
    expand
        Whether the figure shows the layers inside the blocks.

    Raises
    ------
    DpiatError
        If a network or the check cannot be read, nothing matches, or the page cannot be written.
    """
    from dpiat_gui.services.display import display_problem

    goal = check_report_path(out)
    # No screen is needed to draw the figure, only what Qt itself is made of.
    problem = display_problem({"QT_QPA_PLATFORM": "offscreen"})
    if problem:
        raise DpiatError(problem)
    sanity = _read_check(check) if check else None
    matching = match_project(project)
    from dpiat_gui.canvas.render import matching_svg

    given = ReportInput(
        matching,
        project.transfer,
        matching_svg(matching, coverage=coverage(plan_transfer(matching, project.transfer)), expanded=expand),
        seed=project.seed,
        device=project.device,
        standardization=project.method,
        sanity=sanity,
    )
    if project.overrides:
        free = match_networks(matching.source, matching.target, project.options, Overrides())
        given = replace(given, automatic_score=free.score)
    # Networks without a scored layer on one side have none; the rest of the report stands.
    with contextlib.suppress(MatchError):
        given = replace(given, similarity=similarity(matching.source, matching.target, project.options))
    return write_report(given, goal)


def _read_check(path: Path) -> SanityReport:
    hint = "Write it with: dpiat-gui check SOURCE TARGET --json FILE."
    try:
        data = read_json(path)
    except OSError as error:
        raise TransferError(f"{path} cannot be read: {error.strerror}.", hint) from error
    except ValueError as error:
        raise TransferError(f"{path} holds no check: it is no JSON.", hint) from error
    return SanityReport.from_json(data)
