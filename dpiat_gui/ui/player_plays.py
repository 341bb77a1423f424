"""What can be played: the phases of the document's matching, and those of the examples."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dpiat_gui.matching.methods import METHODS, Rule

if TYPE_CHECKING:
    from dpiat_gui.matching.examples import Example
    from dpiat_gui.matching.named_tables import NamedTable
    from dpiat_gui.matching.tables import ScoreTables
    from dpiat_gui.matching.values import Matching, Overrides

Inside = tuple[int, int]
Revealed = frozenset[tuple[str, str]] | None
"""Pairs of paths whose edges are drawn, None for all."""


@dataclass(frozen=True)
class Play:
    """Two networks matched, of which one phase can be played.

    Parameters
    ----------
    tables, overrides, matching
        What was matched, and how.
    example
        The example it is, None for the document's.
    """

    tables: "ScoreTables" = field(repr=False)
    overrides: "Overrides" = field(repr=False)
    matching: "Matching" = field(repr=False)
    example: "Example | None" = field(default=None, repr=False)

    @property
    def has_table(self) -> bool:
        """Whether the matcher fills a table of the entries."""
        return METHODS[self.tables.options.method].entries is Rule.ORDERED

    @property
    def has_inner_tables(self) -> bool:
        """Whether the matcher fills a table of the layers of two blocks too."""
        return self.tables.groups is None and METHODS[self.tables.options.method].layers is Rule.ORDERED

    def phases(self, more: Inside | None = None) -> list[tuple[str, Inside | None]]:
        """Return what can be played: the entries, then the layers inside every matched pair of blocks.

        Parameters
        ----------
        more
            A pair of blocks that is offered too, matched or not.
        """
        if self.tables.groups is not None:
            return [("All layers in one row", None)]
        found: list[tuple[str, Inside | None]] = [("Entries (outer)", None)]
        if not self.has_inner_tables:
            return found
        inside = [(entry.source, entry.target) for entry in self.matching.entry_pairs]
        if more is not None and more not in inside:
            inside.insert(0, more)
        for source, target in inside:
            one, other = self.tables.source_side.entries[source], self.tables.target_side.entries[target]
            if not (one.single or other.single):
                found.append((f"Inside {one.path} → {other.path}", (source, target)))
        return found

    def blocks(self, inside: Inside | None) -> tuple[str | None, str | None]:
        """Return the paths of the two blocks whose layers are played; None for the entries."""
        if inside is None:
            return None, None
        sides = self.tables.source_side, self.tables.target_side
        return sides[0].entries[inside[0]].path, sides[1].entries[inside[1]].path

    def named(self, inside: Inside | None) -> "NamedTable":
        """Return the table of a phase.

        Raises
        ------
        MatchError
            If the matcher fills no such table.
        """
        from dpiat_gui.matching.named_tables import named_entry_table, named_inner_table

        if inside is None:
            return named_entry_table(self.tables, self.overrides)
        return named_inner_table(self.tables, self.overrides, *inside)

    def revealed(self, named: "NamedTable", pairs: Iterable[tuple[int, int]]) -> Revealed:
        """Return which edges are drawn when `pairs` of a table have been read, None for all.

        While the layers of two blocks are read, the edges of all other blocks stay.
        """
        read = {(named.sources[s].path, named.targets[t].path) for s, t in pairs}
        entries = self.matching.entry_pairs
        if named.inside is not None:
            if named.inside not in {(entry.source, entry.target) for entry in entries}:
                return None
            others = [entry for entry in entries if (entry.source, entry.target) != named.inside]
            return frozenset(read | {(pair.source, pair.target) for one in others for pair in one.pairs})
        sources, targets = self.matching.source_entries, self.matching.target_entries
        for entry in entries:
            ends = (sources[entry.source].path, targets[entry.target].path)
            if ends in read:
                read |= {(pair.source, pair.target) for pair in entry.pairs}
        return frozenset(read)
