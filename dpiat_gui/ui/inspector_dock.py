"""The inspector pane: everything about the selected pair, layer or block."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.document.document import Document
from dpiat_gui.services.theme import Theme


class InspectorPanel(QWidget):
    """Shapes, score, coverage, candidates and corrections of what the document has selected.

    It edits nothing itself: its buttons say what a person wants.

    Signals
    -------
    pin_requested, ban_requested : str, str
        Source and target.
    fresh_requested, clear_requested : str
        Target.
    """

    pin_requested = Signal(str, str)
    ban_requested = Signal(str, str)
    fresh_requested = Signal(str)
    clear_requested = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
