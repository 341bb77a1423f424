"""The plot of a check: the scale of every layer in the three networks, on a logarithmic axis."""

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from dpiat_gui.services.theme import LIGHT, Theme
from dpiat_gui.ui.health_curves import Curves

TICK_WIDTH = 84
"""Pixels that the name of a block takes below the plot."""
SYMBOLS = {"source": "o", "before": "t1", "after": "s"}
_LOWEST = 1e-12


class ScalesPlot(QWidget):
    """Three curves over the layers of the target; a click or the arrow keys choose a layer.

    pyqtgraph is imported when the first curves are shown.

    Signals
    -------
    layer_chosen : str
        A layer was clicked.
    layer_hovered : str
        The pointer is nearest to this layer; ``""`` once it has left.
    """

    layer_chosen = Signal(str)
    layer_hovered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._curves = Curves()
        self._plot: Any = None
        self._items: list[Any] = []
        self._line: Any = None
        self._chosen = self._meaning = ""
        self.setMinimumSize(200, 90)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Scale of every layer")
        self.setToolTip("Click a layer to select it; the arrow keys go from layer to layer")
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)

    def sizeHint(self) -> QSize:
        """Return a size at which the curves can be told apart."""
        return QSize(460, 150)

    @property
    def curves(self) -> Curves:
        """What is plotted."""
        return self._curves

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        if self._plot is not None:
            self._color_axes()
            self.set_curves(self._curves, self._meaning)

    def set_curves(self, curves: Curves, meaning: str = "") -> None:
        """Plot something else; `meaning` stands at the axis."""
        self._curves, self._meaning = curves, meaning
        if self._plot is None:
            self._make_plot()
        for item in self._items:
            self._plot.removeItem(item)
        self._items.clear()
        self._plot.setLogMode(x=False, y=not curves.linear)
        for role, values in curves.values.items():
            self._add_curve(role, values)
        self._add_marks()
        self._plot.setXRange(-0.5, max(len(curves.paths) - 0.5, 1), padding=0.01)
        if curves.linear:
            self._plot.setYRange(0, 1, padding=0.04)
        else:
            self._plot.enableAutoRange(axis="y")
        self._plot.getAxis("left").setLabel(meaning)
        self._set_ticks()
        self.choose(self._chosen)
        told = f"{len(curves.paths)} layers, {len(curves.flagged)} flagged"
        self.setAccessibleDescription(told)

    def choose(self, path: str) -> None:
        """Mark a layer with a line; none for a path that is not plotted."""
        self._chosen = path
        if self._line is None:
            return
        known = path in self._curves.paths
        self._line.setVisible(known)
        if known:
            self._line.setValue(self._curves.paths.index(path))

    # -- drawing ---------------------------------------------------------------------------

    def _make_plot(self) -> None:
        import pyqtgraph

        from dpiat_gui.ui.health_axis import ScaleAxis

        plot = pyqtgraph.PlotWidget(self, axisItems={"left": ScaleAxis("left")})
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(x=True, y=False)
        plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        plot.scene().sigMouseClicked.connect(self._on_clicked)
        plot.scene().sigMouseMoved.connect(self._on_moved)
        self._plot = plot
        self._line = pyqtgraph.InfiniteLine(angle=90)
        plot.addItem(self._line)
        self._column.addWidget(plot)
        self._color_axes()

    def _color_axes(self) -> None:
        from pyqtgraph import mkPen

        theme = self._theme
        self._plot.setBackground(theme.color("surface"))
        for name in ("left", "bottom"):
            axis = self._plot.getAxis(name)
            axis.setPen(mkPen(theme.color("border_strong")))
            axis.setTextPen(mkPen(theme.color("text_muted")))
            axis.setStyle(tickFont=self.font(), tickTextOffset=4)
        self._plot.getAxis("left").setGrid(40)
        self._line.setPen(mkPen(theme.color("focus"), width=1.5, style=Qt.PenStyle.DashLine))

    def _add_curve(self, role: str, values: Sequence[float | None]) -> None:
        from pyqtgraph import PlotDataItem, mkBrush, mkPen

        places = [at for at, value in enumerate(values) if self._drawn(value)]
        heights = [values[at] for at in places]
        color = role_colors(self._theme)[role]
        size = 7 if role == "after" else 6
        item = PlotDataItem(
            places,
            heights,
            pen=mkPen(color, width=1.6 if role == "after" else 1.0),
            symbol=SYMBOLS[role],
            symbolSize=size if len(self._curves.paths) < 120 else size - 2,
            symbolBrush=mkBrush(color),
            symbolPen=mkPen(self._theme.color("surface"), width=0.5),
        )
        self._plot.addItem(item)
        self._items.append(item)

    def _add_marks(self) -> None:
        """Ring what is flagged; what is not finite has no height, and stands at the top."""
        from pyqtgraph import PlotDataItem, mkPen

        after = self._curves.values.get("after", ())
        drawn = [value for value in after if self._drawn(value)]
        top = max((value for value in drawn if value is not None), default=1.0)
        for symbol, finite in (("o", True), ("x", False)):
            places, heights = [], []
            for at in sorted(self._curves.flagged):
                value = after[at] if at < len(after) else None
                if self._drawn(value) == finite:
                    places.append(at)
                    heights.append(value if finite else top)
            item = PlotDataItem(
                places,
                heights,
                pen=None,
                symbol=symbol,
                symbolSize=13,
                symbolBrush=None,
                symbolPen=mkPen(self._theme.color("error"), width=1.8),
            )
            self._plot.addItem(item)
            self._items.append(item)

    def _drawn(self, value: float | None) -> bool:
        """Tell whether a value has a place on the axis."""
        if value is None or not math.isfinite(value):
            return False
        return self._curves.linear or value > _LOWEST

    def _set_ticks(self) -> None:
        """Name as many blocks as there is room for."""
        most = max(2, self.width() // TICK_WIDTH)
        ticks = self._curves.ticks
        gap = max(1, math.ceil(len(self._curves.paths) / most))
        kept: list[tuple[int, str]] = []
        for place, name in ticks:
            if not kept or place - kept[-1][0] >= gap:
                kept.append((place, name))
        self._plot.getAxis("bottom").setTicks([kept])

    # -- what a person does ----------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Name what fits the new width."""
        super().resizeEvent(event)
        if self._plot is not None:
            self._set_ticks()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from layer to layer."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        paths = self._curves.paths
        step = steps.get(Qt.Key(event.key()))
        if step is None or not paths:
            super().keyPressEvent(event)
            return
        at = paths.index(self._chosen) + step if self._chosen in paths else 0
        self.layer_chosen.emit(paths[min(max(at, 0), len(paths) - 1)])

    def _on_clicked(self, event: Any) -> None:
        path = self._layer_at(event.scenePos())
        if path:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.layer_chosen.emit(path)

    def _on_moved(self, position: QPointF) -> None:
        self.layer_hovered.emit(self._layer_at(position))

    def _layer_at(self, position: QPointF) -> str:
        """Return the layer nearest to a place in the scene, none outside the axes."""
        box = self._plot.getViewBox()
        if not box.sceneBoundingRect().contains(position) or not self._curves.paths:
            return ""
        at = round(float(box.mapSceneToView(position).x()))
        return self._curves.paths[min(max(at, 0), len(self._curves.paths) - 1)]


def role_colors(theme: Theme) -> dict[str, QColor]:
    """Return the colours of the three networks; symbols tell them apart as well."""
    return {
        "source": theme.color("text_muted"),
        "before": theme.color("fresh"),
        "after": theme.color("accent"),
    }
