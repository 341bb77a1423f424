"""What the common options of a command ask for: two networks, options, overrides."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dpiat_gui.errors import MatchError, ProjectError
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import Matching, MatchOptions, Overrides, match_options
from dpiat_gui.networks.factories import code_file
from dpiat_gui.networks.sources import load_network
from dpiat_gui.networks.trust import TrustStore
from dpiat_gui.networks.values import Network
from dpiat_gui.project.project import load_project
from dpiat_gui.transfer.presets import transfer_options


@dataclass(frozen=True)
class Task:
    """A match, and perhaps a transfer, to be carried out.

    Parameters
    ----------
    source, target
        Source references.
    standardization, preset, options, overrides
        Of the matching.
    operator, buffers, seed, device
        Of the transfer.
    fingerprints
        What source and target were in the project, ``""`` where there is nothing to hold them to.
    """

    source: str
    target: str
    standardization: str = "blocks"
    preset: str = "recommended"
    options: MatchOptions = field(default_factory=MatchOptions)
    overrides: Overrides = field(default_factory=Overrides)
    operator: str = "clip"
    buffers: bool = True
    seed: int = 0
    device: str = "auto"
    fingerprints: tuple[str, str] = ("", "")

    def networks(self) -> tuple[Network, Network]:
        """Open both networks; refuse those that are no longer what the project was made with."""
        branches = METHODS[self.options.method].branches
        networks = (
            load_network(self.source, self.standardization, branches=branches),
            load_network(self.target, self.standardization, branches=branches),
        )
        for network, fingerprint in zip(networks, self.fingerprints, strict=True):
            if fingerprint and fingerprint != network.fingerprint:
                raise ProjectError(
                    f"{network.name} is no longer the network the project was made with.",
                    "Open the project in the window to see which overrides still fit, and save it again.",
                )
        return networks

    def matching(self) -> Matching:
        """Match both networks; a match of nothing is an error here."""
        source, target = self.networks()
        matching = match_networks(source, target, self.options, self.overrides)
        if not matching.pairs:
            raise MatchError(
                f"{source.name} and {target.name} have nothing in common: no layer of one matches a layer "
                "of the other.",
                "Choose other networks, or try --layer-types all or --standardization flatten.",
            )
        return replace(matching, preset=self.preset)

    def with_method(self, method: str) -> "Task":
        """Return the task with another matcher."""
        return replace(self, options=replace(self.options, method=method))


def make_task(
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
    trust: bool = False,
) -> Task:
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
    trust
        Whether the code that the references name may run from now on.

    Raises
    ------
    ValueError
        If something is missing or a pair cannot be read; the message says what.
    DpiatError
        If an option has no meaning, or the project cannot be read.
    """
    task = _from_project(project, source, target) if project else _from_references(source, target)
    if preset:
        chosen = transfer_options(preset)
        task = replace(
            task,
            preset=preset,
            options=match_options(preset),
            operator=chosen.operator,
            buffers=chosen.buffers,
        )
    named: dict[str, Any] = {
        "method": method,
        "layer_types": layer_types,
        "exponent": exponent,
        "skip_factor": skip_factor,
    }
    options = replace(task.options, **{name: value for name, value in named.items() if value is not None})
    overrides = Overrides(
        (*task.overrides.pins, *(_pair("--pin", text) for text in pins)),
        (*task.overrides.bans, *(_pair("--ban", text) for text in bans)),
        (*task.overrides.fresh, *fresh),
    )
    task = replace(
        task, options=options, overrides=overrides, standardization=standardization or task.standardization
    )
    if trust:
        for reference in (task.source, task.target):
            file = code_file(reference)
            if file:
                TrustStore().trust(file)
    return task


def _pair(option: str, text: str) -> tuple[str, str]:
    source, equals, target = text.partition("=")
    if not (source and equals and target):
        raise ValueError(f"{option} takes SOURCE=TARGET, two module paths, not {text!r}.")
    return source, target


def _from_references(source: str | None, target: str | None) -> Task:
    if not source or not target:
        raise ValueError("Give SOURCE and TARGET, or --project FILE.")
    return Task(source, target)


def _from_project(path: Path, source: str | None, target: str | None) -> Task:
    project = load_project(path)
    named, fingerprints = [], []
    for given, record, side in ((source, project.source, "source"), (target, project.target, "target")):
        if not given and record is None:
            raise ProjectError(f"{path} names no {side}.", "Choose one in the window, or name both here.")
        named.append(given or (record.reference if record else ""))
        fingerprints.append(record.fingerprint if record and not given else "")
    return Task(
        source=named[0],
        target=named[1],
        standardization=project.method,
        preset=project.preset,
        options=project.options,
        overrides=project.overrides,
        operator=project.operator,
        buffers=project.buffers,
        seed=project.seed,
        device=project.device,
        fingerprints=(fingerprints[0], fingerprints[1]),
    )
