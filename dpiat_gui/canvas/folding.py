"""A view of a board that fits, expands and collapses, and keeps its place meanwhile."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from PySide6.QtCore import QRectF, Signal
from PySide6.QtWidgets import QScrollBar, QWidget

from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.collector import collector_paused
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.scene import MatchScene
from dpiat_gui.canvas.style import Style
from dpiat_gui.canvas.zoom import LARGEST, ZoomView
from dpiat_gui.services.palettes import LIGHT

_MIDDLE = 0.05
"""Share of the view at its upper and lower end in which nothing selected may hide."""


class FoldingView(ZoomView):
    """A board in a view, whose blocks open and close where they stand."""

    expansion_changed = Signal()

    fold_runs_changed = Signal(bool)
    """Whether runs of equal blocks are drawn as one box."""

    coupled_changed = Signal(bool)
    """Whether the partners of a block open and close with it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._coupled = True
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

    # -- fitting and expanding ----------------------------------------------------------

    def zoom_reset(self) -> None:
        """Go back to 100 %, where the columns fill the width of the view."""
        super().zoom_reset()
        stage = self._scene.stage
        self.centerOn(stage.point(self._scene.columns.total / 2, stage.rect(self.seen()).center().y()))

    def fit_all(self) -> None:
        """Show everything."""
        self.fit(self._scene.bounds())

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

    def expand(self, path: str, side: str | None = None) -> None:
        """Show the rows of a block and of its partners; of either side if none is named."""
        self._set_open(self._blocks_named(path, side), True)

    def collapse(self, path: str, side: str | None = None) -> None:
        """Hide the rows of a block and of its partners."""
        self._set_open(self._blocks_named(path, side), False)

    def expand_all(self) -> None:
        """Show the rows of every block."""
        self._set_open(self.board.everything(), True)

    def collapse_all(self) -> None:
        """Hide the rows of every block, and fold runs again where they are folded."""
        everything = self.board.everything()
        self._keep_while(lambda: self.board.expand(everything, False) | self.board.fold(everything))

    @property
    def coupled(self) -> bool:
        """Whether the partners of a block open and close with it."""
        return self._coupled

    def set_coupled(self, coupled: bool) -> None:
        """Let the partners of a block open and close with it, or each block by itself."""
        if coupled != self._coupled:
            self._coupled = coupled
            self.coupled_changed.emit(coupled)

    # -- runs of equal blocks -----------------------------------------------------------

    @property
    def fold_runs(self) -> bool:
        """Whether runs of equal blocks are drawn as one box, but for those opened by hand."""
        return self.board.expansion.folding

    def set_fold_runs(self, fold: bool) -> None:
        """Draw every run of equal blocks as one box (``MBConv6 × 4``), or every block by itself."""
        if fold != self.fold_runs:
            self._keep_while(lambda: self.board.set_folding(fold))
            self.fold_runs_changed.emit(fold)

    def unfold_at(self, spots: Iterable[Place]) -> None:
        """Show the blocks of the folded runs that places are in, and of their partners'."""
        folded = [spot for spot in spots if self.board.is_folded(spot)]
        if folded:
            self._keep_while(lambda: self.board.unfold(folded, self._coupled))

    def _set_folded(self, spot: Place, fold: bool) -> None:
        """Fold the run a place is in, or unfold it; the place stays where it is on the screen."""
        change = self.board.fold if fold else self.board.unfold
        self._keep_while(lambda: change([spot], self._coupled), held=spot)

    def _keep_while(self, change: Callable[[], bool], held: Place | None = None) -> None:
        """Change what is open; a held place, or what is looked at, stays where it is on the screen."""
        anchor = (held, self._screen_top(held)) if held else self._anchor()
        with collector_paused():
            if not change():
                return
            self._scene.rebuild()
        if anchor is not None:
            self._hold(*anchor)
        self.expansion_changed.emit()

    def expanded_paths(self) -> dict[str, tuple[str, ...]]:
        """Return the paths of the expanded blocks by side."""
        return {side: tuple(paths) for side, paths in self._paths_of(self.board.expanded).items()}

    def _paths_of(self, opened: Mapping[Side, set[int]]) -> dict[str, list[str]]:
        found = {}
        for side, column in self.board.columns.items():
            entries = sorted(opened[side])
            found[side.value] = [column.entries[i].path for i in entries] if column else []
        return found

    def view_state(self) -> dict[str, Any]:
        """Return zoom, scroll position and what is expanded, as plain values to keep or go back to."""
        return {
            "zoom": self.zoom,
            "across": self.horizontalScrollBar().value(),
            "down": self.verticalScrollBar().value(),
            "expanded": {side: list(paths) for side, paths in self.expanded_paths().items()},
            "fold_runs": self.fold_runs,
            "coupled": self._coupled,
            "unfolded": self._paths_of(self.board.expansion.unfolded),
        }

    def restore_view_state(self, state: Mapping[str, Any]) -> None:
        """Go back to what `view_state` returned; what is missing or makes no sense is left as it is."""
        if isinstance(state.get("coupled"), bool):
            self.set_coupled(state["coupled"])
        if isinstance(state.get("fold_runs"), bool):
            self.set_fold_runs(state["fold_runs"])
        expanded, unfolded = state.get("expanded"), state.get("unfolded")
        if isinstance(expanded, Mapping):
            everything = self.board.everything()
            self.board.expand(everything, open_them=False)
            self.board.fold(everything)
            for spots in self._named_in(unfolded):
                self.board.unfold(spots, partners=False)
            for spots in self._named_in(expanded):
                self.board.expand(spots, partners=False)
            self._scene.rebuild()
            self.expansion_changed.emit()
        if isinstance(state.get("zoom"), int | float):
            self.set_zoom(float(state["zoom"]))
        for name, bar in (("across", self.horizontalScrollBar()), ("down", self.verticalScrollBar())):
            if isinstance(state.get(name), int):
                bar.setValue(state[name])

    def _named_in(self, paths: object) -> Iterator[list[Place]]:
        """Yield for each side the places of the paths that a saved state names."""
        for side in Side:
            named = paths.get(side.value) if isinstance(paths, Mapping) else None
            texts = [path for path in named if isinstance(path, str)] if isinstance(named, list) else []
            yield [spot for path in texts if (spot := self.board.find(side, path)) is not None]

    def _blocks_named(self, path: str, side: str | None) -> list[Place]:
        sides = [Side(side)] if side else list(Side)
        return [spot for one in sides if (spot := self.board.find(one, path)) is not None]

    def _set_open(
        self, spots: Iterable[Place], open_them: bool, held: Place | None = None, partners: bool | None = None
    ) -> None:
        """Expand or collapse blocks; a held place stays where it is on the screen."""
        coupled = self._coupled if partners is None else partners
        self._keep_while(lambda: self.board.expand(spots, open_them, coupled), held)
