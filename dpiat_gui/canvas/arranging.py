"""A view whose picture can be arranged: arcs shown or not."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.canvas.overview_view import OverviewView


class ArrangingView(OverviewView):
    """A board in a view that a person can arrange."""

    arcs_visible_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    @property
    def arcs_visible(self) -> bool:
        """Whether skips and branches are drawn outside the columns, where they are known."""
        return self._scene.arcs_visible

    def set_arcs_visible(self, visible: bool) -> None:
        """Draw skips and branches outside the columns, or leave them out."""
        if visible != self._scene.arcs_visible:
            self._scene.set_arcs_visible(visible)
            self.arcs_visible_changed.emit(visible)
