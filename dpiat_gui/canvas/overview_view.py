"""A view of a board with strips beside it that show all of it."""

from functools import partial

from PySide6.QtCore import QRect, QSize, Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.canvas.board_view import BoardView
from dpiat_gui.canvas.columns import Side
from dpiat_gui.canvas.overview import WIDTH, OverviewStrip, strip_rects


class OverviewView(BoardView):
    """A board with an overview of either column beside it."""

    overview_visible_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strips = {side: OverviewStrip(self.board, side, self._seen_of, self) for side in Side}
        self._overview_visible = True
        for side, strip in self._strips.items():
            strip.jumped.connect(partial(self._go, side))
            strip.set_style(self._style)
            self._scene.rebuilt.connect(strip.forget)
            for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
                bar.valueChanged.connect(strip.update)
                bar.rangeChanged.connect(strip.update)
        self._arrange_overlays()

    @property
    def overview_visible(self) -> bool:
        """Whether the strips are shown, where there is anything to show."""
        return self._overview_visible

    def set_overview_visible(self, visible: bool) -> None:
        """Show the strips beside the columns, or hide them."""
        if visible != self._overview_visible:
            self._overview_visible = visible
            self._arrange_overlays()
            self.overview_visible_changed.emit(visible)

    def _seen_of(self, side: Side) -> tuple[float, float]:
        """Return the part of a column that is seen, as heights of the layout."""
        return self._scene.span(side, self.seen())

    def _go(self, side: Side, y: float) -> None:
        """Bring a height of a column to the middle of the view."""
        self._centre_along(y)

    def _strip_room(self) -> int:
        # The base class arranges itself before there are strips.
        shown = hasattr(self, "_strips") and self._overview_visible and self.board.layout.height > 0
        return round(WIDTH * self._style.unit) if shown else 0

    def _apply_style(self) -> None:
        super()._apply_style()
        if hasattr(self, "_strips"):
            for strip in self._strips.values():
                strip.set_style(self._style)

    def _arrange_overlays(self) -> None:
        super()._arrange_overlays()
        if not hasattr(self, "_strips"):
            return
        room = self._strip_room()
        inside = QRect(self.viewport().pos(), QSize(self.viewport().size()))
        rects = strip_rects(inside, room, self._scene.stage.across)
        for side, strip in self._strips.items():
            strip.setVisible(room > 0 and self.board.columns[side] is not None)
            strip.set_across(self._scene.stage.across)
            strip.setGeometry(rects[side])
