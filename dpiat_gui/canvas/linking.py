"""A view whose columns stand aligned, or scroll apart and meet where they are matched."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QVariantAnimation, Signal
from PySide6.QtWidgets import QStyle, QWidget
from shiboken6 import isValid

from dpiat_gui.canvas.apart import blend
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.layout import Layout
from dpiat_gui.canvas.overview_view import OverviewView

LAYOUT_MODES = ("aligned", "linked")
"""Matched rows face each other, with gaps; or columns without gaps that scroll apart."""

if TYPE_CHECKING:
    from dpiat_gui.canvas.linkage import Linkage

_DURATION = 220
_MOST_MOVED = 400
"""Entries up to which a change of the layout is animated."""


class LinkingView(OverviewView):
    """A board whose columns can scroll apart."""

    layout_mode_changed = Signal(str)
    """One of `LAYOUT_MODES`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._linkage: tuple[Layout, Linkage] | None = None
        self._linking = False
        self._change = QVariantAnimation(self)
        self._change.setStartValue(0.0)
        self._change.setEndValue(1.0)
        self._step: Callable[[float], None] | None = None
        self._change.valueChanged.connect(self._show_step)
        self._change.finished.connect(self._end_change)
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.valueChanged.connect(self._link)
            bar.rangeChanged.connect(self._link)
        self._scene.rebuilt.connect(self._link)
        self.zoomed.connect(self._link)

    @property
    def layout_mode(self) -> str:
        """How the columns stand, one of `LAYOUT_MODES`."""
        return LAYOUT_MODES[self.board.apart]

    def set_layout_mode(self, mode: str) -> None:
        """Let matched rows face each other, or let the columns scroll apart.

        Raises
        ------
        ValueError
            If there is no such mode.
        """
        if mode not in LAYOUT_MODES:
            raise ValueError(f"There is no layout {mode!r}, only {', '.join(LAYOUT_MODES)}.")
        apart = mode == "linked"
        if apart == self.board.apart:
            return
        self._change.stop()
        anchor, before = self._anchor(), self.board.layout
        self.board.apart = apart
        self.board.refresh()
        self._begin_change(before, self.board.layout, anchor)
        self.layout_mode_changed.emit(mode)

    # -- the change ---------------------------------------------------------------------

    def _begin_change(self, before: Layout, after: Layout, anchor: tuple[Place, float] | None) -> None:
        def show(share: float) -> None:
            if share < 1:
                self.board.show_layout(blend(before, after, share))
            elif self.board.layout is not after:
                self.board.show_layout(after)
            self._scene.rebuild()
            if anchor is not None:
                self._hold(*anchor)

        self._step = show
        # Zero where the system, or the style, asks for no motion.
        duration = self.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, self)
        small = len(after.source) + len(after.target) <= _MOST_MOVED
        if duration > 0 and small and self.isVisible():
            self._change.setDuration(min(duration, _DURATION))
            self._change.start()
        else:
            self._end_change()

    def _show_step(self, share: float) -> None:
        if self._step is not None and share < 1:
            self._step(share)

    def _end_change(self) -> None:
        """Show the layout that the change leads to."""
        step, self._step = self._step, None
        if step is not None:
            step(1.0)
            self._link()

    def _keeping_place(self, change: Callable[[], bool]) -> None:
        # Another matching has another layout: what is left of a change leads nowhere.
        self._step = None
        self._change.stop()
        super()._keeping_place(change)

    def _keep_while(self, change: Callable[[], bool], held: Place | None = None) -> None:
        self._step = None
        self._change.stop()
        super()._keep_while(change, held)

    # -- scrolling apart ----------------------------------------------------------------

    def _linked(self) -> "Linkage | None":
        """Return how the columns scroll, None while they stand still against each other."""
        if not self.board.apart or self._step is not None:
            return None
        # Not before it is asked for: it needs NumPy.
        from dpiat_gui.canvas.linkage import Linkage

        if self._linkage is None or self._linkage[0] is not self.board.layout:
            self._linkage = (self.board.layout, Linkage.of(self.board.layout, self.board.links))
        return self._linkage[1]

    def _link(self) -> None:
        """Shift the columns against each other, as far as the picture is scrolled."""
        # The bars of a view that is deleted still move, when its scene is gone.
        if self._linking or not isValid(self._scene):
            return
        self._linking = True
        try:
            linkage, stage = self._linked(), self._scene.stage
            if linkage is None:
                self._scene.set_stage(replace(stage, source_shift=0.0, target_shift=0.0))
                return
            bar = self._bar()
            way = bar.maximum() - bar.minimum()
            share = (bar.value() - bar.minimum()) / way if way > 0 else 0.0
            source, target = linkage.shifts(share)
            seen = stage.rect(self.seen())
            moved = replace(stage, source_shift=source, target_shift=target)
            self._scene.set_stage(moved, (seen.top(), seen.bottom()))
        finally:
            self._linking = False
        for strip in self._strips.values():
            strip.update()

    def _hold(self, spot: Place, screen_top: float) -> None:
        linkage = self._linked()
        if linkage is None:
            super()._hold(spot, screen_top)
            return
        bar = self._bar()
        top, _ = self.board.extent(spot)
        way = bar.maximum() - bar.minimum()
        begins = self._bar_offset() - bar.minimum()
        scrolled = linkage.way_to(spot.side, top, screen_top - begins, way, self.zoom)
        bar.setValue(bar.minimum() + scrolled)

    def _bar_offset(self) -> float:
        """Return the pixels between the scene's beginning and the screen's, at the bar's value 0."""
        origin = self.viewportTransform().map(self._scene.stage.point(0.0, 0.0))
        return (origin.x() if self._scene.stage.across else origin.y()) + self._bar().value()

    def reveal(self, spots: Iterable[Place]) -> None:
        """Scroll if any of the places lies outside the middle of the view; the first counts most."""
        spots = list(spots)
        linkage = self._linked()
        if linkage is None or not spots:
            super().reveal(spots)
            return
        seen = self._scene.stage.rect(self.seen())
        margin = seen.height() * 0.05
        rects = [self._scene.stage.rect(self._scene.rect_of(spot)) for spot in spots]
        if any(r.top() < seen.top() + margin or r.bottom() > seen.bottom() - margin for r in rects):
            self._go(spots[0].side, sum(self.board.extent(spots[0])) / 2)

    def _go(self, side: Side, y: float) -> None:
        """Bring a height of a column to the line where the columns meet."""
        linkage = self._linked()
        if linkage is None:
            super()._go(side, y)
            return
        bar = self._bar()
        bar.setValue(bar.minimum() + round(linkage.share_of(side, y) * (bar.maximum() - bar.minimum())))
