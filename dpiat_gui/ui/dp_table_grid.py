"""The table by pointer and by keyboard: going from cell to cell, opening one, going back."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

from dpiat_gui.ui.dp_table_drawing import CellPlace
from dpiat_gui.ui.dp_table_texts import name_words, source, target
from dpiat_gui.ui.dp_table_view import TableView

_STEPS = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
}


class TableGrid(TableView):
    """A table whose cells can be gone to and opened.

    Signals
    -------
    chosen : int, int
        Row and column of a cell that a person went to.
    opened : int, int
        Row and column of a cell that a person wants to look into.
    named : int, int
        Row or column whose name a person chose; 0 for the other.
    left
        A person wants to go back to where the table was opened from.
    menu_requested : QPoint
        A menu is wanted for the current cell, at a place on the screen.
    """

    chosen = Signal(int, int)
    opened = Signal(int, int)
    named = Signal(int, int)
    left = Signal()
    menu_requested = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._was_current = False
        self.has_way_back = False
        self.has_ends = True
        """Whether Home and End lead to the ends of a row."""

    def viewportEvent(self, event: QEvent) -> bool:
        """Say the cell under the pointer in a tooltip; look at nothing when the pointer leaves."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            words = self.tip_at(QPointF(event.pos()))
            if words:
                QToolTip.showText(event.globalPos(), words, self)
            else:
                QToolTip.hideText()
            return True
        if event.type() == QEvent.Type.Leave and self._hovered is not None:
            self._hovered = None
            self.viewport().update()
        return super().viewportEvent(event)

    def tip_at(self, point: QPointF) -> str:
        """Return the cell, or the name, at a point of the viewport in words; nothing where none is."""
        if self._shown is None:
            return ""
        at = self.geometry_of_cells.cell_at(point)
        if at is not None:
            return self._words(*at) if self._shown.has(*at) else ""
        row, column = self.header_at(point)
        if row:
            return name_words(target(row), self._shown.named.targets[row - 1])
        return name_words(source(column), self._shown.named.sources[column - 1]) if column else ""

    def header_at(self, point: QPointF) -> CellPlace:
        """Return the row or the column whose name is at a point of the viewport; 0 for the other, or none."""
        place = self.geometry_of_cells
        row, column = place.row_at(point.y()), place.column_at(point.x())
        if point.x() < place.left and point.y() >= place.top and 1 <= row <= place.rows:
            return row, 0
        if point.y() < place.top and point.x() >= place.left and 1 <= column <= place.columns:
            return 0, column
        return 0, 0

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Let the names of the cell under the pointer stand out."""
        at = self.geometry_of_cells.cell_at(event.position()) if self._shown else None
        if at != self._hovered:
            self._hovered = at
            self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the cell that is pressed."""
        at = self.geometry_of_cells.cell_at(event.position()) if self._shown else None
        if event.button() is Qt.MouseButton.MiddleButton or self._shown is None:
            return
        if at is None:
            self._was_current = False
            row, column = self.header_at(event.position())
            if row or column:
                self.named.emit(row, column)
            return
        self._was_current = self._shown is not None and at == self._shown.current
        self.chosen.emit(*at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the cell that was the current one already."""
        at = self.geometry_of_cells.cell_at(event.position()) if self._shown else None
        if self._was_current and at is not None and event.button() is Qt.MouseButton.LeftButton:
            self._was_current = False
            self.opened.emit(*at)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer with Ctrl, scroll without."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            turned = event.angleDelta().y()
            if turned:
                self.zoom(1 if turned > 0 else -1, event.position())
            event.accept()
        else:
            super().wheelEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for a menu of the cell."""
        self.menu_requested.emit(event.globalPos())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Keep Esc and Backspace for the way back, before the window's shortcuts take them."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self.has_way_back
            and event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Backspace)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from cell to cell, open one, go back, zoom."""
        key, shown = Qt.Key(event.key()), self._shown
        if shown is None:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and shown.current is not None:
            self.opened.emit(*shown.current)
        elif key in (Qt.Key.Key_Backspace, Qt.Key.Key_Escape) and self.has_way_back:
            self.left.emit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(-1 if key is Qt.Key.Key_Minus else 1)
        elif key is Qt.Key.Key_0:
            self.fit()
        else:
            goal = self._goal(key, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
            if goal is None:
                super().keyPressEvent(event)
            else:
                self.chosen.emit(*goal)

    def _goal(self, key: Qt.Key, far: bool) -> CellPlace | None:
        """Return where a key leads, None for one that leads nowhere."""
        assert self._shown is not None
        place = self.geometry_of_cells
        row, column = self._shown.current or (
            min(self._shown.rows, default=place.first),
            min(self._shown.columns, default=place.first),
        )
        page = max((self.viewport().height() - place.top) // place.height - 1, 1)
        if key in _STEPS:
            down, across = _STEPS[key]
            if self._shown.current is not None:
                row, column = row + down, column + across
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and not (far or self.has_ends):
            return None
        elif key is Qt.Key.Key_Home:
            row, column = (place.first if far else row), place.first
        elif key is Qt.Key.Key_End:
            row, column = (place.rows if far else row), place.columns
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            row += -page if key is Qt.Key.Key_PageUp else page
        else:
            return None
        return min(max(row, place.first), place.rows), min(max(column, place.first), place.columns)
