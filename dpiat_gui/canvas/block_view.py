"""All that the drawing of a block depends on, as one value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dpiat_gui.canvas.annotations import LayerMark, worst
from dpiat_gui.canvas.columns import Entry, EntryMarks, RowState, Side
from dpiat_gui.canvas.layout import Placed
from dpiat_gui.canvas.marking import combined_marks


@dataclass(frozen=True)
class BlockView:
    """All that the drawing of a block depends on; equal views look the same.

    Parameters
    ----------
    entry, marks, side
        What it shows.
    width, height, header
        Of its box.
    rows
        Top of each row, from the box's top; empty unless expanded.
    row_height
        Of each row.
    port_right
        Whether edges end on the box's own right side.
    run
        The marks of every block it stands for, where it stands for a folded run.
    last
        Path of the last of them.
    notes
        Badges at the ends of its rows; of a collapsed block, the worst one alone.
    """

    entry: Entry
    marks: EntryMarks
    side: Side
    width: float
    height: float
    header: float
    rows: tuple[float, ...] = ()
    row_height: float = 0.0
    port_right: bool = True
    run: tuple[EntryMarks, ...] = ()
    last: str = ""
    notes: tuple[LayerMark | None, ...] = ()

    @classmethod
    def of(
        cls,
        entry: Entry,
        marks: EntryMarks,
        side: Side,
        width: float,
        placed: Placed,
        across: bool = False,
    ) -> "BlockView":
        """Return the view of a placed entry, of a strip if `across`."""
        rows = tuple(row - placed.top for row in placed.rows)
        return cls(
            entry,
            marks,
            side,
            width,
            placed.height,
            placed.header,
            rows,
            placed.row_height,
            (side is Side.SOURCE) != across,
        )

    def as_run(self, last: str, run: tuple[EntryMarks, ...]) -> "BlockView":
        """Return the view of a folded run that begins with this entry."""
        return replace(self, marks=combined_marks(run), run=run, last=last)

    def with_notes(self, notes: Mapping[str, LayerMark], entries: Sequence[Entry]) -> "BlockView":
        """Return the view with badges, by path, on the rows of the entries it stands for."""
        found = [notes.get(row.layer.path) for entry in entries for row in entry.rows]
        if self.rows:
            return replace(self, notes=tuple(found)) if any(found) else self
        shown = worst([note for note in found if note is not None])
        return replace(self, notes=(shown,)) if shown is not None else self

    @property
    def free_rows(self) -> int:
        """Number of rows that could be matched and are not, of the whole run where it is one."""
        return sum(row.state is RowState.FREE for marks in self.run or (self.marks,) for row in marks.rows)

    @property
    def box_height(self) -> float:
        """Height of the box itself, without what shows of the others of a folded run."""
        return self.header if self.run else self.height

    @property
    def times(self) -> str:
        """How many blocks it stands for: ``× 4``; empty for one by itself."""
        return f"×\N{NO-BREAK SPACE}{len(self.run)}" if self.run else ""

    @property
    def title(self) -> str:
        """The entry's title, and how often it stands there."""
        return f"{self.entry.title}  {self.times}".rstrip()

    @property
    def path(self) -> str:
        """The entry's path; of a run, where it begins and ends."""
        return f"{self.entry.path} … {_tail(self.entry.path, self.last)}" if self.run else self.entry.path

    @property
    def free(self) -> bool:
        """True if it could be matched and nothing of it is."""
        return self.marks.whole.state is RowState.FREE


def _tail(first: str, last: str) -> str:
    """Return what of the last path differs from the first: ``blocks.2.1``, ``blocks.2.4`` give ``4``."""
    one, other = first.split("."), last.split(".")
    common = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return ".".join(other[common:])
