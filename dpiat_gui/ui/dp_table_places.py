"""Which cell of a table the document's selection is, and which cells have a table inside."""

from typing import TYPE_CHECKING

from dpiat_gui.document.document import Document
from dpiat_gui.document.places import Place, places_of
from dpiat_gui.document.selection import Selection
from dpiat_gui.matching.methods import METHODS, Rule

if TYPE_CHECKING:
    from dpiat_gui.matching.named_tables import NamedTable

Inside = tuple[int, int]
"""Positions of the source's and the target's entry whose layers are shown."""


def cell_of(document: Document, named: "NamedTable", selection: Selection) -> tuple[int, int]:
    """Return row and column of what is selected in a table, 0 for a side that is not in it.

    In the table of entries a layer stands for its block.
    """
    source, target = _places(document, selection)
    sides = (named.targets, selection.target, target), (named.sources, selection.source, source)
    found = []
    for names, path, place in sides:
        at = next((at for at, name in enumerate(names, 1) if name.path == path), 0)
        if not at and place is not None and named.inside is None and place.entry < len(names):
            at = place.entry + 1
        found.append(at)
    return found[0], found[1]


def blocks_of(document: Document, selection: Selection) -> Inside | None:
    """Return the two blocks that what is selected stands in; None without one on each side."""
    source, target = _places(document, selection)
    if source is None or target is None or source.block.single or target.block.single:
        return None
    return source.entry, target.entry


def ends_of(document: Document, inside: Inside | None) -> Selection:
    """Return the two blocks of a table of layers, as a selection; nothing for the table of entries."""
    tables = document.tables
    if tables is None or inside is None:
        return Selection()
    source, target = inside
    return Selection(tables.source_side.entries[source].path, tables.target_side.entries[target].path)


def why_closed(document: Document, named: "NamedTable", row: int, column: int) -> str:
    """Say why a cell of the table of entries has no table inside, nothing where it has one."""
    one, other = named.targets[row - 1], named.sources[column - 1]
    if named.inside is not None or not (one.block and other.block):
        return "There is no table inside: one of the two is a single layer."
    if METHODS[document.options.method].layers is not Rule.ORDERED:
        return "This matcher assigns the layers of two blocks one to one: there is no table inside."
    return ""


def _places(document: Document, selection: Selection) -> tuple[Place | None, Place | None]:
    """Return where the selected source and target stand among the entries, None where nothing is."""
    if METHODS[document.options.method].layerwise:
        return None, None
    found = []
    for network, path in ((document.source, selection.source), (document.target, selection.target)):
        known = places_of(network, document.options.layer_types) if network is not None else {}
        found.append(known.get(path or ""))
    return found[0], found[1]
