"""What two networks are to each other before any correction, computed when first asked for."""

from functools import cached_property
from typing import TYPE_CHECKING

from dpiat_gui.errors import DpiatError
from dpiat_gui.matching.engine import solve
from dpiat_gui.matching.values import Matching, Overrides, Similarity

if TYPE_CHECKING:
    from dpiat_gui.matching.tables import ScoreTables


class Unconstrained:
    """What two networks are to each other before any override; shared by all snapshots of its tables.

    Parameters
    ----------
    tables
        The scores of the two networks.
    """

    def __init__(self, tables: "ScoreTables") -> None:
        self._tables = tables

    @cached_property
    def similarity(self) -> Similarity | None:
        """Similarity of the architectures, None where it has no meaning."""
        # Here and not above, as with plan and coverage: the window paints before it loads NumPy.
        from dpiat_gui.matching.similarity import similarity

        tables = self._tables
        try:
            return similarity(tables.source, tables.target, tables.options)
        except DpiatError:
            # Networks without a scored layer have none; the matching tells so already.
            return None

    @cached_property
    def score(self) -> float:
        """Total score of the best matching without overrides."""
        return self.matching.score

    @cached_property
    def matching(self) -> Matching:
        """The best matching without overrides."""
        return solve(self._tables, Overrides())
