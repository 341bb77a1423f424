"""The table of pairs as a widget."""

from dpiat_gui.ui.pair_rows import Column
from dpiat_gui.ui.rows_table import RowsTable

_PATHS = {Column.SOURCE: 19, Column.TARGET: 19, Column.SHAPES: 16}
"""Columns that share the width that is left, and in what proportion."""
_BEFORE = {Column.BEFORE: 19}
"""One more of them, while another matching is compared."""
_LEAST = {Column.SOURCE: 15, Column.TARGET: 15, Column.SHAPES: 10, Column.BEFORE: 15}
"""Their least widths, in characters."""
_FIXED = {Column.KIND: 16, Column.SCORE: 12, Column.STATE: 17, Column.COVERED: 12}
"""Columns that need the same width always, in characters."""


class PairsTable(RowsTable):
    """The table of pairs: paths and shapes share what the rest leaves."""

    def _set_widths(self, width: int, character: int) -> None:
        left = width - sum(_FIXED.values()) * character
        paths = _PATHS if self.isColumnHidden(Column.BEFORE) else _PATHS | _BEFORE
        for column, characters in _FIXED.items():
            self.setColumnWidth(column, characters * character)
        for column, characters in paths.items():
            share = left * characters // sum(paths.values())
            self.setColumnWidth(column, max(share, _LEAST[column] * character))
