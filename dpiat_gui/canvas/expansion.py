"""Which blocks show their rows, and which runs of equal blocks are folded into one."""

from dpiat_gui.canvas.columns import Column, Side


class Expansion:
    """What is open in two columns.

    Attributes
    ----------
    expanded
        The entries that show their rows, by side.
    folding
        Whether runs of equal blocks are folded, but for those opened by hand.
    unfolded
        The first entries of runs that were opened by hand, by side.
    """

    def __init__(self) -> None:
        self.expanded: dict[Side, set[int]] = {side: set() for side in Side}
        self.unfolded: dict[Side, set[int]] = {side: set() for side in Side}
        self.folding = False

    def adopt(self, side: Side, old: Column | None, new: Column | None) -> None:
        """Keep open, by path, what was open in the column that was there before."""
        for opened in (self.expanded, self.unfolded):
            paths = {old.entries[i].path for i in opened[side]} if old else set()
            entries = new.entries if new else ()
            opened[side] = {i for i, e in enumerate(entries) if e.path in paths and not e.single}

    def folds(self, side: Side, column: Column | None) -> dict[int, range]:
        """Return the folded runs of a column by their first entry."""
        if column is None or not self.folding:
            return {}
        opened, expanded = self.unfolded[side], self.expanded[side]
        return {run.start: run for run in column.runs if run.start not in opened and expanded.isdisjoint(run)}

    def state(self) -> tuple[object, ...]:
        """Return what can be compared to tell whether anything has changed."""
        return self.folding, *(frozenset(of[side]) for of in (self.expanded, self.unfolded) for side in Side)
