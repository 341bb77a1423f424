"""What a command is asked for becomes a project, and a project is carried out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dpiat_gui.errors import MatchError, ProjectError
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import Matching, Overrides, match_options
from dpiat_gui.networks.factories import code_file
from dpiat_gui.networks.references import parse_reference
from dpiat_gui.networks.sources import load_network
from dpiat_gui.networks.trust import TrustStore
from dpiat_gui.networks.values import Network
from dpiat_gui.project.override_files import load_overrides
from dpiat_gui.project.project import load_project
from dpiat_gui.project.values import NetworkRecord, Project
from dpiat_gui.transfer.operators import OPERATORS
from dpiat_gui.transfer.options import transfer_options


def open_networks(project: Project) -> tuple[Network, Network]:
    """Open both networks; refuse those that are no longer what the project was made with."""
    return _open(project, project.source, "source"), _open(project, project.target, "target")


def _open(project: Project, record: NetworkRecord | None, side: str) -> Network:
    if record is None:
        raise ProjectError(f"The project names no {side}.", "Choose one in the window, or name both here.")
    branches = METHODS[project.options.method].branches
    network = load_network(record.reference, project.method, branches=branches)
    if record.differs_from(network):
        raise ProjectError(
            f"{network.name} is no longer the network the project was made with.",
            "Open the project in the window to see which overrides still fit, and save it again.",
        )
    return network


def match_project(project: Project) -> Matching:
    """Match both networks; a match of nothing is an error here."""
    source, target = open_networks(project)
    matching = match_networks(source, target, project.options, project.overrides)
    if not matching.pairs:
        raise MatchError(
            f"{source.name} and {target.name} have nothing in common: no layer of one matches a layer "
            "of the other.",
            "Choose other networks, or try --layer-types all or --standardization flatten.",
        )
    return replace(matching, preset=project.preset)


def make_project(
    source: str | None,
    target: str | None,
    project: Path | None,
    *,
    preset: str | None = None,
    standardization: str | None = None,
    method: str | None = None,
    layer_types: str | None = None,
    exponent: float | None = None,
    skip_factor: float | None = None,
    pins: Sequence[str] = (),
    bans: Sequence[str] = (),
    fresh: Sequence[str] = (),
    operators: Sequence[str] = (),
    overrides: Path | None = None,
    trust: bool = False,
) -> Project:
    """Put together what a command is asked for; an option that is named goes before the project's.

    Parameters
    ----------
    source, target
        References; those of the project if left out.
    project
        A saved project to start from.
    preset, standardization, method, layer_types, exponent, skip_factor
        Options, None for those of the project or the preset.
    pins, bans
        Pairs as ``SOURCE=TARGET``, besides the project's.
    fresh
        Targets, besides the project's.
    operators
        Operators of single targets as ``TARGET=OPERATOR``, besides the project's.
    overrides
        A file of overrides, besides the project's; those that are disabled there do not count.
    trust
        Whether the code that the references name may run from now on.

    Raises
    ------
    ValueError
        If something is missing or a pair cannot be read; the message says what.
    DpiatError
        If an option has no meaning, or the project cannot be read.
    """
    if not project and not (source and target):
        raise ValueError("Give SOURCE and TARGET, or --project FILE.")
    asked = load_project(project) if project else Project()
    if source:
        asked = replace(asked, source=NetworkRecord(parse_reference(source).text))
    if target:
        asked = replace(asked, target=NetworkRecord(parse_reference(target).text))
    if preset:
        asked = replace(
            asked, preset=preset, options=match_options(preset), transfer=transfer_options(preset)
        )
    named: dict[str, Any] = {
        "method": method,
        "layer_types": layer_types,
        "exponent": exponent,
        "skip_factor": skip_factor,
    }
    options = replace(asked.options, **{name: value for name, value in named.items() if value is not None})
    listed = load_overrides(overrides).overrides if overrides else Overrides()
    wanted = Overrides(
        (*asked.overrides.pins, *listed.pins, *(_pair("--pin", text) for text in pins)),
        (*asked.overrides.bans, *listed.bans, *(_pair("--ban", text) for text in bans)),
        (*asked.overrides.fresh, *listed.fresh, *fresh),
        (*asked.overrides.operators, *listed.operators, *(_operator(text) for text in operators)),
    )
    if trust:
        for record in (asked.source, asked.target):
            file = code_file(record.reference) if record else None
            if file:
                TrustStore().trust(file)
    return replace(asked, options=options, overrides=wanted, method=standardization or asked.method)


def _pair(option: str, text: str) -> tuple[str, str]:
    source, equals, target = text.partition("=")
    if not (source and equals and target):
        raise ValueError(f"{option} takes SOURCE=TARGET, two module paths, not {text!r}.")
    return source, target


def _operator(text: str) -> tuple[str, str]:
    target, equals, operator = text.rpartition("=")
    if not (target and equals and operator in OPERATORS):
        raise ValueError(
            f"--operator-for takes TARGET=OPERATOR, the operator one of {', '.join(OPERATORS)}, not {text!r}."
        )
    return target, operator
