"""Levels of detail: blocks drawn in full, sketched, or as specks, whichever the zoom shows."""

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QGraphicsScene

from dpiat_gui.canvas.block_view import BlockView
from dpiat_gui.canvas.columns import Side
from dpiat_gui.canvas.items import FAR_SCALE, TEXT_SCALE, ArcItem, FarItem
from dpiat_gui.canvas.sketch import SketchItem, TintItem
from dpiat_gui.canvas.stage import Stage
from dpiat_gui.canvas.style import Style


class Level(Enum):
    """How finely blocks are drawn."""

    FULL = "every block by an item of its own"
    SKETCH = "bars stand for text"
    FAR = "plain rectangles"


class Blocks(Protocol):
    """What the levels draw."""

    def drawn_views(self, side: Side) -> Sequence[tuple[float, BlockView]]:
        """Return what is drawn of a column: the height of each box, and its view."""


class Levels:
    """The items of a scene that draw blocks at some zooms only.

    Parameters
    ----------
    scene
        Where they are drawn.
    blocks
        What is drawn.
    """

    def __init__(self, scene: QGraphicsScene, blocks: Blocks) -> None:
        self._blocks = blocks
        self.level = Level.FULL
        # One parent for the blocks of a side: hiding or moving all of them takes one call.
        self.near = {side: QGraphicsRectItem() for side in Side}
        self.sketches = {side: SketchItem() for side in Side}
        self.specks = {side: FarItem() for side in Side}
        self.arcs = {side: ArcItem() for side in Side}
        self.tints = TintItem()
        self._stale = True
        for group in self.near.values():
            group.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
            scene.addItem(group)
        for arcs in self.arcs.values():
            scene.addItem(arcs)
        for item in (*self.sketches.values(), *self.specks.values(), self.tints):
            item.setVisible(False)
            scene.addItem(item)

    def set_scale(self, scale: float, stage: Stage, style: Style, bounds: QRectF) -> bool:
        """Draw as finely as a zoom shows; return whether the level changed."""
        level = Level.FAR if scale < FAR_SCALE else Level.SKETCH if scale < TEXT_SCALE else Level.FULL
        if level is self.level:
            return False
        self.level = level
        for side in Side:
            self.near[side].setVisible(level is Level.FULL)
            self.sketches[side].setVisible(level is Level.SKETCH)
            self.specks[side].setVisible(level is Level.FAR)
            self.arcs[side].setVisible(level is not Level.FAR)
        self.tints.setVisible(level is not Level.FULL)
        self._refresh(stage, style, bounds)
        return True

    def rebuild(self, stage: Stage, style: Style, bounds: QRectF) -> None:
        """Follow blocks that have changed, or stand elsewhere."""
        self._stale = True
        self._refresh(stage, style, bounds)

    def move(self, stage: Stage) -> None:
        """Follow columns that have scrolled apart."""
        for side in Side:
            at = stage.point(0.0, stage.shift(side))
            for item in (self.near[side], self.sketches[side], self.specks[side], self.arcs[side]):
                item.setPos(at)

    def show_tints(self, tints: Sequence[tuple[QRectF, QColor]], style: Style, bounds: QRectF) -> None:
        """Draw what is looked at over sketches and specks."""
        self.tints.show_tints(tints, style.color("accent"), bounds)

    def _refresh(self, stage: Stage, style: Style, bounds: QRectF) -> None:
        if self.level is Level.FULL or not self._stale:
            return
        for side in Side:
            views = self._blocks.drawn_views(side)
            self.sketches[side].show_views(views, style, side, stage, bounds)
            corners = [(_corner(stage, side, top), view) for top, view in views]
            self.specks[side].show_views(corners, style, bounds, stage.across)
        self._stale = False


def _corner(stage: Stage, side: Side, top: float) -> QPointF:
    """Return the scene's point of a box's own upper left corner; strips turn boxes to the left."""
    x = stage.left(side) + (stage.columns.width if stage.across else 0.0)
    return stage.point(x, top)
