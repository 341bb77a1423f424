"""What is looked at on the canvas."""

from dataclasses import dataclass

from dpiat_gui.canvas.columns import Place, Side


@dataclass(frozen=True)
class Attention:
    """What is looked at.

    Parameters
    ----------
    source, target
        The selected pair; either may be missing.
    hover_source, hover_target
        The pair under the pointer.
    focus
        The side the keyboard moves in, None without the keyboard's focus.
    glow
        Places to drop on.
    only_selection
        Whether edges that are not looked at are hidden, once something is selected.
    pulling
        Whether a curve is being pulled, while every edge stands back.
    extra
        Further selected places, of a selection of several rows.
    """

    source: Place | None = None
    target: Place | None = None
    hover_source: Place | None = None
    hover_target: Place | None = None
    focus: Side | None = None
    glow: frozenset[Place] = frozenset()
    only_selection: bool = False
    pulling: bool = False
    extra: frozenset[Place] = frozenset()

    def spot(self, side: Side) -> Place | None:
        """Return the selected place of a side."""
        return self.source if side is Side.SOURCE else self.target

    def hovered(self, side: Side) -> Place | None:
        """Return the place under the pointer of a side."""
        return self.hover_source if side is Side.SOURCE else self.hover_target
