"""What follows from a snapshot, computed when first asked for."""

from functools import cached_property
from typing import TYPE_CHECKING

from dpiat_gui.matching.values import Matching
from dpiat_gui.transfer.operators import OPERATORS
from dpiat_gui.transfer.options import TransferOptions

if TYPE_CHECKING:
    from dpiat_gui.document.state import Snapshot
    from dpiat_gui.transfer.coverage import Coverage
    from dpiat_gui.transfer.values import TransferPlan


class Derived:
    """Plan and coverage of one matching under one choice of options.

    Parameters
    ----------
    matching
        The matching, None where there is none.
    options
        Of the transfer.
    seed
        Of what its operator draws; of no account where it draws nothing.
    """

    def __init__(self, matching: Matching | None, options: TransferOptions, seed: int = 0) -> None:
        self.matching = matching
        self.options = options
        self.seed = _drawn_by(matching, options, seed)

    @cached_property
    def plan(self) -> "TransferPlan | None":
        """The transfer plan, None where there is no matching."""
        if self.matching is None:
            return None
        # Here and not above: the window paints before there is anything to transfer.
        from dpiat_gui.transfer.planning import plan_transfer

        return plan_transfer(self.matching, self.options, seed=self.seed)

    @cached_property
    def coverage(self) -> "Coverage | None":
        """What of the target is covered, None where there is no plan."""
        if self.plan is None:
            return None
        from dpiat_gui.transfer.coverage import coverage

        return coverage(self.plan)

    def belongs_to(self, snapshot: "Snapshot") -> bool:
        """Tell whether `snapshot` would have the same plan."""
        state = snapshot.state
        seed = _drawn_by(snapshot.matching, state.transfer, state.seed)
        return (snapshot.matching, state.transfer, seed) == (self.matching, self.options, self.seed)


def _drawn_by(matching: Matching | None, options: TransferOptions, seed: int) -> int:
    """Return the seed where an operator draws indices by it, else 0."""
    names = {options.operator, *(name for _, name in (matching.overrides.operators if matching else ()))}
    return seed if any(name in OPERATORS and OPERATORS[name].fills for name in names) else 0
