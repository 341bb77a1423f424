"""A view of a board that fits it, reveals places of it, and keeps what is looked at where it is."""

from collections.abc import Iterable

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QScrollBar, QWidget

from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.scene import MatchScene
from dpiat_gui.canvas.style import Style
from dpiat_gui.canvas.zoom import LARGEST, ZoomView
from dpiat_gui.services.palettes import LIGHT

_MIDDLE = 0.05
"""Share of the view at its upper and lower end in which nothing selected may hide."""


class AnchoredView(ZoomView):
    """A board in a view."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style = Style(LIGHT, self.font())
        self.board = Board(self._style.metrics)
        self._scene = MatchScene(self.board, self._style)
        self.setScene(self._scene)

    # -- keeping the place --------------------------------------------------------------

    def seen(self) -> QRectF:
        """Return the part of the scene that the view shows."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def _anchor(self) -> tuple[Place, float] | None:
        """Return a place that should not move, and how far along the screen it stands."""
        seen = self.seen()
        chosen = (self._scene.attention.target, self._scene.attention.source)
        for spot in chosen:
            if spot is not None and seen.intersects(self._scene.rect_of(spot)):
                return spot, self._screen_top(spot)
        for side in (Side.TARGET, Side.SOURCE):
            top, _ = self._scene.span(side, seen)
            for entry, placed in enumerate(self.board.placed(side)):
                if placed.bottom > top:
                    spot = Place(side, entry)
                    return spot, self._screen_top(spot)
        return None

    def _screen_top(self, spot: Place) -> float:
        """Return where on the screen a place begins: below the upper end, or right of the left one."""
        corner = self.viewportTransform().map(self._scene.rect_of(spot).topLeft())
        return corner.x() if self._scene.stage.across else corner.y()

    def _bar(self) -> QScrollBar:
        """Return the bar that scrolls along the columns."""
        return self.horizontalScrollBar() if self._scene.stage.across else self.verticalScrollBar()

    def _hold(self, spot: Place, screen_top: float) -> None:
        bar = self._bar()
        bar.setValue(bar.value() + round(self._screen_top(spot) - screen_top))

    def reveal(self, spots: Iterable[Place]) -> None:
        """Scroll if any of the places lies outside the middle of the view; the first counts most."""
        stage = self._scene.stage
        rects = [stage.rect(self._scene.rect_of(spot)) for spot in spots]
        if not rects:
            return
        seen = stage.rect(self.seen())
        margin = seen.height() * _MIDDLE
        wanted = rects[0].united(rects[-1])
        if wanted.height() > seen.height() - 2 * margin:
            wanted = rects[0]
        if wanted.top() < seen.top() + margin or wanted.bottom() > seen.bottom() - margin:
            self._centre_along(min(wanted.center().y(), wanted.top() + seen.height() / 2 - margin))
        if seen.width() < self._scene.columns.total:
            first = rects[0]
            if first.left() < seen.left() or first.right() > seen.right():
                y = stage.rect(self.seen()).center().y()
                self.centerOn(stage.point(first.center().x(), y))

    def _centre_along(self, y: float) -> None:
        """Bring a height to the middle of the view."""
        stage = self._scene.stage
        self.centerOn(stage.point(stage.rect(self.seen()).center().x(), y))

    # -- fitting ------------------------------------------------------------------------

    def zoom_reset(self) -> None:
        """Go back to 100 %, where the columns fill the width of the view."""
        super().zoom_reset()
        stage = self._scene.stage
        self.centerOn(stage.point(self._scene.columns.total / 2, stage.rect(self.seen()).center().y()))

    def fit_all(self, *, largest: float = 1.0) -> None:
        """Show everything, at most at the zoom `largest`."""
        self.fit(self._scene.bounds(), largest)

    def fit_selection(self) -> None:
        """Show the selected pair as large as it gets, or everything if nothing is selected."""
        chosen = [s for s in (self._scene.attention.source, self._scene.attention.target) if s is not None]
        if not chosen:
            self.fit_all()
            return
        blocks = [Place(spot.side, spot.entry) for spot in chosen]
        stage = self._scene.stage
        rect = stage.rect(self._scene.rects_of(blocks))
        # Both columns stay in view: a pair is read across the gap.
        rect.setLeft(0)
        rect.setRight(self._scene.columns.total)
        self.fit(stage.rect(rect.adjusted(0, -24, 0, 24)), LARGEST)
