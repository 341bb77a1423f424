"""A view whose picture can be arranged: as columns or strips, aligned or apart, with arcs or without."""

from collections.abc import Mapping
from dataclasses import replace
from math import isclose
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.canvas.linking import LAYOUT_MODES, LinkingView

ORIENTATIONS = ("columns", "strips")
"""Two columns, source left; or two strips, source on top, as in the paper's figure."""

_LEAST_ZOOM = 0.6
"""The smallest zoom that strips are shown at to fit a low view: text can still be read."""

_TOP = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class ArrangingView(LinkingView):
    """A board in a view that a person can arrange."""

    arcs_visible_changed = Signal(bool)

    orientation_changed = Signal(str)
    """One of `ORIENTATIONS`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shrunk_to: float | None = None

    @property
    def arcs_visible(self) -> bool:
        """Whether skips and branches are drawn outside the columns, where they are known."""
        return self._scene.arcs_visible

    def set_arcs_visible(self, visible: bool) -> None:
        """Draw skips and branches outside the columns, or leave them out."""
        if visible != self._scene.arcs_visible:
            self._scene.set_arcs_visible(visible)
            self.arcs_visible_changed.emit(visible)

    @property
    def orientation(self) -> str:
        """How the networks stand, one of `ORIENTATIONS`."""
        return ORIENTATIONS[self._scene.stage.across]

    def set_orientation(self, orientation: str) -> None:
        """Stand the networks side by side, or lay them one above the other.

        Raises
        ------
        ValueError
            If there is no such orientation.
        """
        if orientation not in ORIENTATIONS:
            raise ValueError(f"There is no orientation {orientation!r}, only {', '.join(ORIENTATIONS)}.")
        across = orientation == "strips"
        if across == self._scene.stage.across:
            return
        anchor = self._anchor()
        self._wheel_turned = across
        self.setAlignment(_LEFT if across else _TOP)
        self._scene.set_stage(replace(self._scene.stage, across=across))
        self._show_words()
        self._arrange_overlays()
        self._fit_columns()
        self._fit_breadth(across)
        if anchor is not None:
            spot = anchor[0]
            self._go(spot.side, self.board.placed(spot.side)[spot.entry].port)
        self.orientation_changed.emit(orientation)

    def _fit_breadth(self, across: bool) -> None:
        """Show both strips of a low view at once, as far as they can be read; undo that for columns."""
        if across and isclose(self.zoom, 1.0):
            fitting = self.viewport().height() / max(self._scene.columns.total, 1.0)
            if fitting < 1.0:
                self.set_zoom(max(fitting, _LEAST_ZOOM))
                self._shrunk_to = self.zoom
        elif not across and self._shrunk_to is not None and isclose(self.zoom, self._shrunk_to):
            self.set_zoom(1.0)

    def view_state(self) -> dict[str, Any]:
        """Return how the picture is arranged and what of it is seen, as plain values."""
        arranged = {"orientation": self.orientation, "layout": self.layout_mode, "arcs": self.arcs_visible}
        return super().view_state() | arranged

    def restore_view_state(self, state: Mapping[str, Any]) -> None:
        """Go back to what `view_state` returned; what is missing or makes no sense is left as it is."""
        if state.get("orientation") in ORIENTATIONS:
            self.set_orientation(state["orientation"])
        if state.get("layout") in LAYOUT_MODES:
            self.set_layout_mode(state["layout"])
        if isinstance(state.get("arcs"), bool):
            self.set_arcs_visible(state["arcs"])
        super().restore_view_state(state)
