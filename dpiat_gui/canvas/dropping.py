"""Dropping a file on the half of the view it should be opened on."""

from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from dpiat_gui.canvas.arranging import ArrangingView
from dpiat_gui.canvas.columns import Side
from dpiat_gui.canvas.gestures import drop_side, dropped_file


class DroppingView(ArrangingView):
    """A board that takes files."""

    files_dropped = Signal(str, str)
    """Side and path of a file that was dropped."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)

    def _drop_side(self, point: QPointF) -> Side:
        """Return the side whose half of the view a point lies in."""
        if self._scene.stage.across:
            return drop_side(point.y(), self.viewport().height())
        return drop_side(point.x(), self.viewport().width())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take one local file."""
        if dropped_file(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show the side a file would be opened on."""
        if dropped_file(event.mimeData()):
            self._show_drop(self._drop_side(event.position()))
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Show that nothing would be opened any more."""
        self._show_drop(None)

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand over the file."""
        self._show_drop(None)
        path = dropped_file(event.mimeData())
        if path:
            event.acceptProposedAction()
            self.files_dropped.emit(self._drop_side(event.position()).value, path)

    def _show_drop(self, side: Side | None) -> None:
        for each, invitation in self._invitations.items():
            invitation.set_drop(each is side)
