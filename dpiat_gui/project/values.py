"""What a saved project holds, as immutable values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dpiat_gui.matching.values import MatchOptions, Overrides, match_options
from dpiat_gui.networks.values import Network
from dpiat_gui.transfer.options import TransferOptions, Writing, transfer_options

SUFFIX = ".dpiat"
"""Suffix of a project file; its content is JSON."""


@dataclass(frozen=True, slots=True)
class NetworkRecord:
    """One of the two networks of a project: where to find it, and how to know it again.

    Parameters
    ----------
    reference
        The source reference, such as ``timm:efficientnet_b0``.
    name
        Short name, to show before the network is open.
    fingerprint
        `Network.fingerprint` at the time of saving; ``""`` if it never was open.
    """

    reference: str
    name: str = ""
    fingerprint: str = ""

    def differs_from(self, network: Network) -> bool:
        """Tell whether `network` is another structure than the one that was saved."""
        return bool(self.fingerprint) and self.fingerprint != network.fingerprint


@dataclass(frozen=True)
class Project:
    """Everything needed to do the same match and the same transfer again.

    Parameters
    ----------
    source, target
        The two networks, None for a side that is not chosen yet.
    method
        The standardization: ``blocks``, ``flatten`` ...
    preset
        Name of the preset that `options` started from.
    options
        Options of the matching.
    overrides
        Corrections by hand.
    disabled
        Corrections that are kept, and do not count.
    transfer
        Options of the transfer.
    seed
        Seed of the target's own initialisation.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``mps``, ``xpu`` or ``xpu:N``.
    writing
        How the checkpoint is written.
    view
        State of the window, plain JSON; a program without a window hands it on untouched.
    extra
        Keys this version does not know, by the place they stood at (see `records`); they are
        written back where they were. Not to be changed in place, like `view`.
    """

    source: NetworkRecord | None = None
    target: NetworkRecord | None = None
    method: str = "blocks"
    preset: str = "recommended"
    options: MatchOptions = field(default_factory=match_options)
    overrides: Overrides = field(default_factory=Overrides)
    disabled: Overrides = field(default_factory=Overrides)
    transfer: TransferOptions = field(default_factory=transfer_options)
    seed: int = 0
    device: str = "auto"
    writing: Writing = field(default_factory=Writing)
    view: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
