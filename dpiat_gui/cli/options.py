"""The options that all commands share: which networks, matched how."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from dpiat_gui.cli.asked import make_project
from dpiat_gui.errors import ExportError
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import PRESETS
from dpiat_gui.networks.folders import expanded
from dpiat_gui.networks.kinds import SCORED_KINDS
from dpiat_gui.networks.references import parse_reference
from dpiat_gui.networks.source_files import files_of
from dpiat_gui.networks.standardize import METHODS as STANDARDIZATIONS
from dpiat_gui.project.values import Project
from dpiat_gui.transfer.export import check_unused
from dpiat_gui.transfer.operators import ALIGNMENTS, OPERATORS
from dpiat_gui.transfer.options import CHOICES, with_options

_REFERENCE = "timm:NAME?options, FILE.safetensors, FILE.pth, FILE.py:factory or package.module:factory."

Preset = StrEnum("Preset", {name: name for name in PRESETS})  # type: ignore[misc]  # made of what there is
Matcher = StrEnum("Matcher", {name: name for name in METHODS})  # type: ignore[misc]  # made of what there is
Standardization = StrEnum("Standardization", {name: name for name in STANDARDIZATIONS})  # type: ignore[misc]  # made of what there is
_Head = StrEnum("Head", {name: name for name in CHOICES["head"]})  # type: ignore[misc]  # made of what there is
_Neck = StrEnum("Neck", {name: name for name in CHOICES["neck"]})  # type: ignore[misc]  # made of what there is
OperatorName = StrEnum("OperatorName", {name: name for name in OPERATORS})  # type: ignore[misc]  # made of what there is
AlignmentName = StrEnum("AlignmentName", {name: name for name in ALIGNMENTS})  # type: ignore[misc]  # made of what there is
LayerTypes = StrEnum("LayerTypes", {name: name for name in SCORED_KINDS})  # type: ignore[misc]  # made of what there is

Json = Annotated[
    str | None,
    typer.Option("--json", metavar="[FILE.json]", help="Write JSON to FILE.json, or to standard output."),
]

_TRANSFER: Mapping[str, Any] = {
    "operator": Annotated[
        OperatorName | None, typer.Option(help="How tensors of different size are fitted. [default: clip]")
    ],
    "align": Annotated[
        AlignmentName | None,
        typer.Option(help="What is cut: every tensor, or inside groups, heads and parts. [default: paper]"),
    ],
    "buffers": Annotated[
        bool | None, typer.Option("--buffers/--no-buffers", help="Copy running statistics too.")
    ],
    "repeats": Annotated[
        bool | None,
        typer.Option("--repeats/--no-repeats", help="Let repeated blocks with a skip begin as identity."),
    ],
    "squeeze_excite": Annotated[
        bool | None,
        typer.Option(
            "--squeeze-excite/--no-squeeze-excite",
            help="Let squeeze-excites that the source has not begin open.",
        ),
    ],
    "head": Annotated[
        _Head | None, typer.Option(help="The classifier: auto begins from zero where the classes differ.")
    ],
    "neck": Annotated[
        _Neck | None, typer.Option(help="The last norm before a classifier that begins from zero.")
    ],
    "calibrate": Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Estimate batch norms anew on the images in DIR; '' for none."),
    ],
    "device": Annotated[
        str | None, typer.Option(help="auto, cpu, cuda, cuda:N, mps, xpu or xpu:N. [default: auto]")
    ],
    "seed": Annotated[int | None, typer.Option(help="Of the target's own initialisation. [default: 0]")],
}
"""Options of the transfer, for every command that plans one."""

_SHARED: Mapping[str, Any] = {
    "source": Annotated[str | None, typer.Argument(metavar="SOURCE", help=f"Gives weights: {_REFERENCE}")],
    "target": Annotated[
        str | None, typer.Argument(metavar="TARGET", help="Takes weights; a reference like SOURCE.")
    ],
    "project": Annotated[
        Path | None, typer.Option(help="Take networks, options and overrides from a saved project.")
    ],
    "preset": Annotated[Preset | None, typer.Option()],  # each command has its own default
    "standardization": Annotated[
        Standardization | None,
        typer.Option(help="How networks become sequences. [default: blocks]"),
    ],
    "method": Annotated[
        Matcher | None,
        typer.Option(help="The matcher. [default: dp, the paper's]"),
    ],
    "layer_types": Annotated[
        LayerTypes | None,
        typer.Option(help="Which kinds of layers score."),
    ],
    "exponent": Annotated[
        float | None, typer.Option(help="x of the span penalty d^-x, between 0 and 1. [default: 0.5]")
    ],
    "skip_factor": Annotated[
        float | None, typer.Option(help="What two blocks keep of their score if one skip is lost; 1 for all.")
    ],
    "pin": Annotated[
        list[str] | None, typer.Option(metavar="SOURCE=TARGET", help="Match this pair of layers or blocks.")
    ],
    "ban": Annotated[list[str] | None, typer.Option(metavar="SOURCE=TARGET", help="Never match this pair.")],
    "fresh": Annotated[
        list[str] | None, typer.Option(metavar="TARGET", help="Leave this target to its initialisation.")
    ],
    "overrides": Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Apply the overrides of FILE, as the window exports them, or of a project."
        ),
    ],
    "operator_for": Annotated[
        list[str] | None,
        typer.Option(
            metavar="TARGET=OPERATOR", help="Fit what this layer or block takes by another operator."
        ),
    ],
    "trust": Annotated[
        bool, typer.Option("--trust", help="Run the code that the references name, now and from now on.")
    ],
}
_WRITTEN = ("out", "json", "csv", "ledger")
"""Options that name files to write."""
_WITHOUT_OVERRIDES = ("pin", "ban", "fresh", "overrides", "operator_for")


def takes_project(
    *, preset: str = "recommended", overrides: bool = True, transfer: bool = False
) -> Callable[..., Callable[..., Any]]:
    """Give a command the shared options, and hand it the project they make as its first argument.

    Parameters
    ----------
    preset
        The preset in force where neither an option nor a project names one.
    overrides
        False for a command that overrides have no meaning for.
    transfer
        True for a command that plans a transfer: it takes the transfer's options as well.
    """
    shared = {name: kind for name, kind in _SHARED.items() if overrides or name not in _WITHOUT_OVERRIDES}
    told = f"Options to start from. [default: {preset}, or those of the project]"
    shared["preset"] = Annotated[Preset | None, typer.Option(help=told)]
    planned = _TRANSFER if transfer else {}

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        own = list(inspect.signature(command).parameters.values())[1:]

        def run(**values: Any) -> Any:
            given = {name: values.pop(name) for name in shared}
            named = {name: values.pop(name) for name in planned}
            project = with_transfer(_make(given, preset), **named)
            check_written(project, (given["project"], given.get("overrides")), values)
            return command(project, **values)

        keyword = inspect.Parameter.KEYWORD_ONLY
        common = [
            inspect.Parameter(name, keyword, default=False if name == "trust" else None, annotation=kind)
            for name, kind in (*shared.items(), *planned.items())
        ]
        own = [parameter.replace(kind=keyword) for parameter in own]
        run.__signature__ = inspect.Signature([*common, *own])  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*common, *own)}
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        return run

    return decorate


def _make(given: dict[str, Any], preset: str) -> Project:
    """Put the options together; what is missing there is bad use, not bad input."""
    if not given["preset"] and not given["project"]:
        given["preset"] = preset
    plurals = (("pin", "pins"), ("ban", "bans"), ("fresh", "fresh"), ("operator_for", "operators"))
    for name, plural in plurals:
        given[plural] = given.pop(name, None) or ()
    try:
        return make_project(**{name: _plain(value) for name, value in given.items()})
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def with_transfer(
    project: Project,
    *,
    device: str | None = None,
    seed: int | None = None,
    calibrate: str | None = None,
    **named: Any,
) -> Project:
    """Return the project with the options of its transfer that are named; None leaves one as it is."""
    if calibrate:
        calibrate = str(expanded(calibrate).resolve())
    plain = {name: _plain(value) for name, value in named.items()}
    transfer = with_options(project.transfer, calibrate=calibrate, **plain)
    return replace(
        project,
        transfer=transfer,
        device=project.device if device is None else device,
        seed=project.seed if seed is None else seed,
    )


def check_written(project: Project, read: Iterable[Path | None], values: Mapping[str, Any]) -> None:
    """See that no file a command is asked to write is one that it reads, or one that it writes otherwise.

    Parameters
    ----------
    project
        Names the networks.
    read
        What else is read; None for nothing.
    values
        The command's own options.

    Raises
    ------
    ExportError
        If one is, or one name stands for two of them.
    """
    asked = [expanded(values[name]) for name in _WRITTEN if values.get(name) not in (None, "-")]
    records = [record for record in (project.source, project.target) if record]
    files = [file for record in records for file in files_of(parse_reference(record.reference))]
    check_unused(asked, [*files, *(file for file in read if file)])
    places = [path.absolute() for path in asked]
    twice = next((path for at, path in enumerate(asked) if path.absolute() in places[:at]), None)
    if twice is not None:
        raise ExportError(f"{twice} is named for two things to write.", "Give one of them another name.")


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value
