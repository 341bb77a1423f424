"""The list of all corrections by hand."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.document.document import Document
from dpiat_gui.services.theme import Theme


class OverridesPanel(QWidget):
    """Pins, bans and fresh targets with what they cost; it selects, removes and clears.

    Signals
    -------
    centre_requested : Selection
        Enter or a double click on an override: the canvas should show it.
    """

    centre_requested = Signal(object)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
