"""Transfer between two live modules: two lines in a training script."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from dpiat_gui.errors import TransferError
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import MatchOptions, Overrides, match_options
from dpiat_gui.transfer.options import OPTION_NAMES, transfer_options

if TYPE_CHECKING:
    from torch import nn

    from dpiat_gui.transfer.request import TransferReport


def transfer(
    source_module: "nn.Module",
    target_module: "nn.Module",
    preset: str = "recommended",
    overrides: Overrides | None = None,
    **options: Any,
) -> "TransferReport":
    """Match two live modules and copy the weights across, in place.

    Parameters
    ----------
    source_module
        The module that gives weights; it is not changed.
    target_module
        The module that takes them, on any device; what no weight reaches keeps its values.
    preset
        ``recommended``, or ``paper`` as published.
    overrides
        Corrections by hand, by module path.
    **options
        Options of the matching (`MatchOptions`) and of the transfer (`TransferOptions`), in place
        of the preset's.

    Returns
    -------
    TransferReport
        With the coverage: what was copied and what stayed fresh.

    Raises
    ------
    MatchError, TransferError
        If an option has no meaning, or an override cannot hold.
    """
    from dpiat_gui.networks.sources import network_of
    from dpiat_gui.transfer.memory import transfer_between

    own = set(OPTION_NAMES)
    known = own | {field.name for field in fields(MatchOptions)}
    unknown = sorted(set(options) - known)
    if unknown:
        raise TransferError(f"There is no option named {unknown[0]!r}.", f"Use: {', '.join(sorted(known))}.")
    chosen = transfer_options(preset, **{name: value for name, value in options.items() if name in own})
    asked = match_options(preset, **{name: value for name, value in options.items() if name not in own})
    branches = METHODS[asked.method].branches
    source, target = (network_of(module, branches=branches) for module in (source_module, target_module))
    matching = match_networks(source, target, asked, overrides)
    return transfer_between(source_module, target_module, matching, chosen)
