"""The pairs pane: every pair in a table that can be sorted, filtered and reached by keyboard."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.document.document import Document
from dpiat_gui.services.theme import Theme


class PairsPanel(QWidget):
    """The pairs table with its filter line, in step with the document's selection.

    Signals
    -------
    centre_requested : Selection
        Enter or a double click on a row: the canvas should show it.
    context_menu_requested : QPoint
        Where on the screen the menu of the selected row should open; the row is selected first.
    count_changed : int
        Number of matched pairs, for the tab's text.
    """

    centre_requested = Signal(object)
    context_menu_requested = Signal(object)
    count_changed = Signal(int)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
