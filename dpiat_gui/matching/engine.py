"""The door to the matching of DPIAT: score two networks, solve, correct, solve again.

What stands behind it is imported when it is first asked for: NumPy and the tables take a tenth of
a second, which the window's first paint must not wait for.
"""

from typing import TYPE_CHECKING

from dpiat_gui.matching.values import Matching, MatchOptions, Overrides
from dpiat_gui.networks.values import Network

if TYPE_CHECKING:
    from dpiat_gui.matching.tables import ScoreTables

__all__ = ["check_pin", "match_networks", "prepare", "solve"]


def match_networks(
    source: Network, target: Network, options: MatchOptions | None = None, overrides: Overrides | None = None
) -> Matching:
    """Match two networks.

    Parameters
    ----------
    source, target
        The network that gives weights, and the one that takes them.
    options
        Those of `MatchOptions` if left out.
    overrides
        Corrections by hand.

    Raises
    ------
    OverrideError
        If an override cannot hold; the message says why.
    """
    return solve(prepare(source, target, options or MatchOptions()), overrides or Overrides())


def prepare(source: Network, target: Network, options: MatchOptions) -> "ScoreTables":
    """Run the inner phase: score every pair of entries."""
    from dpiat_gui.matching import tables

    return tables.prepare(source, target, options)


def solve(tables: "ScoreTables", overrides: Overrides) -> Matching:
    """Run the outer phase under the overrides, and read the pairs out.

    Only the inner tables that an override touches are made anew.

    Raises
    ------
    OverrideError
        If an override cannot hold; the message says why.
    """
    from dpiat_gui.matching import solving

    return solving.solve(tables, overrides)


def check_pin(tables: "ScoreTables", overrides: Overrides, source_path: str, target_path: str) -> str | None:
    """Return why the pair cannot be pinned beside the overrides there are, None if it can.

    A pin that the target has already would be replaced, so it stands in nobody's way.
    """
    from dpiat_gui.matching import solving

    return solving.check_pin(tables, overrides, source_path, target_path)
