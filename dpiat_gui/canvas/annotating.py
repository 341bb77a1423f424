"""A view that draws what others say of a matching: badges on rows, another matching, some pairs only."""

from collections.abc import Iterable, Mapping

from PySide6.QtWidgets import QWidget

from dpiat_gui.canvas.annotations import ComparisonOverlay, LayerMark, PathPair
from dpiat_gui.canvas.columns import Side
from dpiat_gui.canvas.comparison_key import ComparisonKey
from dpiat_gui.canvas.dropping import DroppingView
from dpiat_gui.canvas.figure import ViewPart
from dpiat_gui.canvas.ghosts import GhostKind


class AnnotatingView(DroppingView):
    """A board with annotations; each setter replaces what it was told before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison: ComparisonOverlay | None = None
        self._key = ComparisonKey(self)
        self._key.set_style(self._style)

    def set_revealed_edges(self, pairs: Iterable[PathPair] | None) -> None:
        """Draw the edges of these pairs alone, for a walk through the matching.

        Parameters
        ----------
        pairs
            Paths of source and target layers, or of whole blocks; None draws all edges. An edge of
            collapsed blocks is drawn once any of the pairs inside is among them.
        """
        self.board.reveal(pairs)
        self._scene.rebuild_edges()

    @property
    def layer_marks(self) -> dict[str, Mapping[str, LayerMark]]:
        """The badges at the ends of rows, by side and path."""
        return {side.value: dict(self.board.notes[side]) for side in Side}

    def set_layer_marks(self, marks: Mapping[str, LayerMark] | None, side: str = "target") -> None:
        """Put a badge at the end of rows; a collapsed block shows the worst of its rows'.

        Parameters
        ----------
        marks
            By path of the layer; None, or nothing, takes all badges of the side away.
        side
            ``target`` or ``source``.
        """
        notes = dict(marks or {})
        if notes != self.board.notes[Side(side)]:
            self.board.notes[Side(side)] = notes
            self._scene.rebuild()

    @property
    def comparison(self) -> ComparisonOverlay | None:
        """The other matching that is drawn over this one."""
        return self._comparison

    def set_comparison(self, overlay: ComparisonOverlay | None) -> None:
        """Draw how another matching differs, with a key; None takes it away.

        What both have is drawn as ever; what only the drawn one has gets a halo and a plus; what only
        the other one has is a dashed line with a minus.
        """
        self._comparison = overlay
        shown = overlay or ComparisonOverlay()
        self._scene.set_ghosts(GhostKind.BEFORE, shown.only_before)
        self._scene.set_ghosts(GhostKind.NOW, shown.only_now)
        self._arrange_overlays()

    def view_part(self) -> ViewPart:
        """Return what the view shows now, to write it as a figure."""
        stage = self._scene.stage
        seen = stage.rect(self.seen())
        return ViewPart(self.board, stage, seen.top(), seen.bottom())

    def _apply_style(self) -> None:
        super()._apply_style()
        if hasattr(self, "_key"):
            self._key.set_style(self._style)
            self._arrange_overlays()

    def _arrange_overlays(self) -> None:
        super()._arrange_overlays()
        # The base classes arrange themselves before there is a key.
        if hasattr(self, "_key"):
            matching = self.board.matching
            both = (
                len(matching.pairs) - len(self._comparison.only_now) if matching and self._comparison else 0
            )
            self._key.stand_in(self.viewport().geometry(), self._comparison if matching else None, both)

    def _forget_places(self) -> None:
        # What was said of other networks says nothing of these.
        for side in Side:
            self.board.notes[side] = {}
        self.board.revealed = None
        self._comparison = None
        for kind in (GhostKind.BEFORE, GhostKind.NOW):
            self._scene.set_ghosts(kind, ())
        super()._forget_places()
