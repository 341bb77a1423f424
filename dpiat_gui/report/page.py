"""The page: one HTML file that needs nothing else, on the screen and on paper."""

import os
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from dpiat_gui.errors import ExportError
from dpiat_gui.files import write_whole
from dpiat_gui.networks.folders import expanded
from dpiat_gui.report.content import ReportInput, content_of

if TYPE_CHECKING:
    from jinja2 import Template

SUFFIXES = (".html", ".htm")
_PROLOGUE = re.compile(r"^\s*<\?xml[^>]*\?>\s*")
_NAMESPACE = re.compile(r"\s+xmlns(:\w+)?=\"[^\"]*\"")


def report_html(given: ReportInput) -> str:
    """Return the report as an HTML page without any external address.

    Raises
    ------
    TransferError
        If the transfer cannot be planned.
    """
    content = content_of(given)
    return _template().render(content=content, figure=_inline(content.figure))


def write_report(given: ReportInput, path: str | os.PathLike[str]) -> Path:
    """Write the report, whole or not at all; return the file.

    Raises
    ------
    ExportError
        If the name has another ending than ``.html``, or the file cannot be written.
    TransferError
        As `report_html`.
    """
    goal = check_report_path(path)
    text = report_html(given)
    with write_whole(goal) as stream:
        stream.write(text.encode())
    return goal


def check_report_path(path: str | os.PathLike[str]) -> Path:
    """Return where a report would be written.

    Raises
    ------
    ExportError
        If the name has another ending than ``.html``.
    """
    goal = expanded(path)
    if goal.suffix.lower() not in SUFFIXES:
        raise ExportError(
            f"A report cannot be written as {goal.suffix or 'a file without a suffix'}.",
            "End the name in .html.",
        )
    return goal


def _inline(svg: str) -> str:
    """Return an SVG as it stands inside a page: without prologue and names of namespaces."""
    head, tag, rest = _PROLOGUE.sub("", svg).partition(">")
    return _NAMESPACE.sub("", head) + tag + rest


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    text = resources.files("dpiat_gui.resources").joinpath("report", "report.html.jinja").read_text("utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["count"] = lambda number: f"{number:,}"
    environment.filters["percent"] = lambda share: f"{share:.1%}"
    return environment.from_string(text)
