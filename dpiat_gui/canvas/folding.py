"""A view of a board whose blocks open, close and fold, and that keeps its place meanwhile."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.canvas.anchored import AnchoredView
from dpiat_gui.canvas.collector import collector_paused
from dpiat_gui.canvas.columns import Place, Side


class FoldingView(AnchoredView):
    """A board in a view, whose blocks open and close where they stand."""

    expansion_changed = Signal()

    fold_runs_changed = Signal(bool)
    """Whether runs of equal blocks are drawn as one box."""

    coupled_changed = Signal(bool)
    """Whether the partners of a block open and close with it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._coupled = True

    # -- expanding ----------------------------------------------------------------------

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
