"""The table of pairs as a widget."""

from dpiat_gui.ui.pair_rows import Column
from dpiat_gui.ui.rows_table import RowsTable

_PATHS = {Column.SOURCE: 19, Column.TARGET: 19, Column.SHAPES: 16}
"""Columns that share the width that is left, with their least widths in characters."""
_FIXED = {Column.KIND: 16, Column.SCORE: 12, Column.STATE: 11, Column.COVERED: 13}
"""Columns that need the same width always, in characters."""
_BEFORE = {Column.BEFORE: 19}
"""One more of the first kind, while another matching is compared."""


class PairsTable(RowsTable):
    """The table of pairs: paths and shapes share what the rest leaves."""

    def _set_widths(self, width: int, character: int) -> None:
        left = width - sum(_FIXED.values()) * character
        paths = _PATHS if self.isColumnHidden(Column.BEFORE) else _PATHS | _BEFORE
        for column, characters in _FIXED.items():
            self.setColumnWidth(column, characters * character)
        for column, characters in paths.items():
            share = left * characters // sum(paths.values())
            self.setColumnWidth(column, max(share, characters * character))
