"""Drawings of the Tensors pane: a picture of values, curves and histograms."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from dpiat_gui.services.theme import LIGHT, Theme
from dpiat_gui.ui.health_plot import role_colors
from dpiat_gui.ui.tensors_images import (
    Grid,
    colored,
    diverging,
    filters_image,
    grid_for,
    original_index,
)
from dpiat_gui.ui.tensors_values import TITLES, TensorView, Variant

if TYPE_CHECKING:
    import numpy as np

HEIGHT = 104
"""Pixels of a plot."""
_LEAST, _MOST = 28, 168
"""Pixels of a picture's height."""
_ASPECT = 2.0
"""Width of a grid of filters by its height, about."""


class ValuesPicture(QWidget):
    """One tensor as a picture: its filters at one channel, or the matrix it is.

    Signals
    -------
    pointed : str
        Place and value below the pointer; ``""`` once it has left.
    """

    pointed = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._variant: Variant | None = None
        self._reach = 1.0
        self._channel: int | None = 0
        self._theme = LIGHT
        self._image: QImage | None = None
        self._grid = Grid(0, (1, 1))
        self.setMouseTracking(True)
        self.setMinimumWidth(60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the height that the picture takes at this width."""
        height, width = self._grid.size
        if self._image is None or not height or not width:
            return QSize(200, HEIGHT // 2)
        return QSize(200, min(max(round(self.width() * height / width), _LEAST), _MOST))

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(60, self.sizeHint().height())

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        self._make_image()

    def show_variant(self, variant: Variant | None, reach: float, channel: int | None) -> None:
        """Show a tensor.

        Parameters
        ----------
        variant
            The tensor, None for none.
        reach
            Value at the end of the colours.
        channel
            Which of the channels that are drawn; None for one that is not there.
        """
        self._variant, self._reach, self._channel = variant, reach, channel
        self.setAccessibleName(f"Values of {variant.title}" if variant else TITLES[self._name])
        self._make_image()

    @property
    def image(self) -> QImage | None:
        """What is drawn, a pixel for each value; None for nothing."""
        return self._image

    def _plane(self) -> "np.ndarray[Any, Any] | None":
        """Return the values that are drawn: (filters, height, width), or (rows, columns)."""
        variant = self._variant
        if variant is None or variant.values.size == 0 or variant.layout == "line":
            return None
        if variant.layout == "matrix":
            return variant.values
        if self._channel is None or self._channel >= variant.channels:
            return None
        plane: np.ndarray[Any, Any] = variant.values[:, self._channel]
        return plane

    def _make_image(self) -> None:
        plane = self._plane()
        self._image = None
        if plane is not None:
            colors = diverging(self._theme)
            if plane.ndim == 2:
                self._grid = Grid(1, (plane.shape[0], plane.shape[1]))
                pixels = colored(plane, self._reach, colors)
            else:
                self._grid = grid_for(plane.shape[0], (plane.shape[1], plane.shape[2]), _ASPECT)
                ground = self._theme.color("border")
                pixels = filters_image(plane, self._grid, self._reach, colors, ground)
            height, width = pixels.shape[:2]
            data = pixels.tobytes()
            # The copy owns its bytes; the image made from them does not.
            self._image = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        self.updateGeometry()
        self.update()

    def _place(self) -> QRectF:
        """Return where the image is drawn: as large as it fits, values square where they may be."""
        height, width = self._grid.size
        room = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if not height or not width:
            return room
        scale = min(room.width() / width, room.height() / height)
        place = QRectF(room.left(), room.top(), width * scale, height * scale)
        narrow = 2 * place.width() < room.width() or 2 * place.height() < room.height()
        # A matrix whose squares would leave most of the room empty is stretched.
        return room if self._grid.cells == 1 and narrow else place

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the image, or say why there is none."""
        painter = QPainter(self)
        if self._image is None:
            painter.setPen(self._theme.color("text_muted"))
            text = "" if self._variant is None else "This channel takes nothing from the source."
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, text)
        else:
            place = self._place()
            # Large tensors are averaged, small ones keep their edges.
            small = place.width() < self._image.width() or place.height() < self._image.height()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, small)
            painter.drawImage(place, self._image)
            painter.setPen(self._theme.color("border_strong"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(place)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for the height that goes with the new width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the value below the pointer."""
        self.pointed.emit(self.value_at(event.position().x(), event.position().y()))

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the pointer has left."""
        super().leaveEvent(event)
        self.pointed.emit("")

    def value_at(self, x: float, y: float) -> str:
        """Return place and value at a point of the widget: ``[12, 3, 0, 1] = 0.0312``."""
        variant, plane, place = self._variant, self._plane(), self._place()
        if variant is None or plane is None or not place.contains(x, y):
            return ""
        height, width = self._grid.size
        pixel_y = min(int((y - place.top()) / place.height() * height), height - 1)
        pixel_x = min(int((x - place.left()) / place.width() * width), width - 1)
        found = self._grid.find(pixel_y, pixel_x)
        if found is None:
            return ""
        number, inner_y, inner_x = found
        if plane.ndim == 2:
            value = float(plane[inner_y, inner_x])
            shown = (inner_y, inner_x)
            where = [original_index(*three) for three in zip(shown, variant.shown, variant.of, strict=True)]
        else:
            value = float(plane[number, inner_y, inner_x])
            shown = (number, self._channel or 0)
            where = [original_index(*three) for three in zip(shown, variant.shown, variant.of, strict=True)]
            where += [inner_y, inner_x]
        return f"{TITLES[variant.name]} [{', '.join(map(str, where))}] = {value:.5g}"


class TensorCurves(QWidget):
    """Curves of the variants on one scale: values along a vector, or histograms.

    pyqtgraph is imported when the first curves are shown.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._plot: Any = None
        self._items: list[Any] = []
        self._curves: Sequence[tuple[str, Any, Any, bool]] = ()
        self.setAccessibleName(name)
        self.setFixedHeight(HEIGHT + 16)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._column = column

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        if self._plot is not None:
            self._color_axes()
            self._draw(self._curves)

    def show_values(self, view: TensorView, *, difference: bool) -> None:
        """Show the values of vectors along their indices; the difference only where that is wanted."""
        curves = []
        for variant in view.variants:
            if variant.layout == "line" and (difference or variant.name != "difference"):
                count = len(variant.values)
                places = [original_index(at, count, variant.of[0]) for at in range(count)]
                curves.append((variant.name, places, variant.values, False))
        self._draw(curves)

    def show_histograms(self, view: TensorView) -> None:
        """Show the share of elements by value, of all variants over one range."""
        low, high = view.range
        curves = []
        for variant in view.variants:
            if variant.histogram is not None:
                bins, total = len(variant.histogram), max(sum(variant.histogram), 1)
                edges = [low + (high - low) * at / bins for at in range(bins + 1)]
                curves.append((variant.name, edges, [count / total for count in variant.histogram], True))
        self._draw(curves)

    def _draw(self, curves: Sequence[tuple[str, Any, Any, bool]]) -> None:
        from pyqtgraph import PlotDataItem, mkBrush, mkPen

        self._curves = curves
        if self._plot is None:
            self._make_plot()
        for item in self._items:
            self._plot.removeItem(item)
        self._items.clear()
        colors = role_colors(self._theme) | {"difference": self._theme.color("text")}
        for name, places, heights, steps in curves:
            pen = mkPen(colors[name], width=1.6 if name == "after" else 1.1)
            if name == "difference":
                pen.setStyle(Qt.PenStyle.DotLine)
            more: dict[str, Any] = {"stepMode": "center"} if steps else {}
            if steps and name == "after":
                fill = colors[name]
                fill.setAlphaF(0.15)
                more |= {"fillLevel": 0, "brush": mkBrush(fill)}
            item = PlotDataItem(places, heights, pen=pen, **more)
            self._plot.addItem(item)
            self._items.append(item)
        self._plot.autoRange(padding=0.03)

    def _make_plot(self) -> None:
        import pyqtgraph

        plot = pyqtgraph.PlotWidget(self)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(x=False, y=False)
        # Half of the topmost number of the axis stands above the plot.
        plot.getPlotItem().layout.setContentsMargins(0, 7, 0, 0)
        plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # The pane scrolls; the wheel is not for the plot.
        plot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._plot = plot
        self._column.addWidget(plot)
        self._color_axes()

    def _color_axes(self) -> None:
        from pyqtgraph import mkPen

        self._plot.setBackground(self._theme.color("surface"))
        for name in ("left", "bottom"):
            axis = self._plot.getAxis(name)
            axis.setPen(mkPen(self._theme.color("border_strong")))
            axis.setTextPen(mkPen(self._theme.color("text_muted")))
            axis.setStyle(tickFont=self.font(), tickTextOffset=3)
