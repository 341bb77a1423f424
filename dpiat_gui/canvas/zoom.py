"""A graphics view that zooms at the pointer and pans, within limits."""

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

SMALLEST, LARGEST = 0.1, 4.0
STEP = 1.25
"""Factor of one zoom step."""


class ZoomView(QGraphicsView):
    """Scrolls by the wheel, zooms at the pointer by Ctrl+wheel, pans by the middle button or Space."""

    zoomed = Signal(float)
    """The zoom, 1 for 100 %, after it changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self._wheel_zooms = False
        self._wheel_turned = False
        self._pan_from: QPoint | None = None
        self._space = False

    @property
    def zoom(self) -> float:
        """The zoom, 1 for 100 %."""
        return self.transform().m22()

    @property
    def panning(self) -> bool:
        """True while the view is dragged."""
        return self._pan_from is not None

    def set_wheel_zooms(self, zooms: bool) -> None:
        """Let the plain wheel zoom and Ctrl+wheel scroll, or the other way round."""
        self._wheel_zooms = zooms

    # -- zooming ------------------------------------------------------------------------

    def zoom_in(self) -> None:
        """Zoom in one step."""
        self.set_zoom(self.zoom * STEP)

    def zoom_out(self) -> None:
        """Zoom out one step."""
        self.set_zoom(self.zoom / STEP)

    def zoom_reset(self) -> None:
        """Go back to 100 %."""
        self.set_zoom(1.0)

    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom, within the limits.

        Parameters
        ----------
        zoom
            1 for 100 %.
        at
            The point of the viewport that stays where it is; its middle if None.
        """
        zoom = min(max(zoom, self.smallest_zoom()), LARGEST)
        if abs(zoom - self.zoom) < 1e-9:
            return
        middle = at or QPointF(self.viewport().rect().center())
        inverse, _ = self.viewportTransform().inverted()
        fixed = inverse.map(middle)
        factor = zoom / self.zoom
        self.scale(factor, factor)
        moved = self.viewportTransform().map(fixed) - middle
        self._scroll(QPoint(round(moved.x()), round(moved.y())))
        self._zoom_changed()

    def smallest_zoom(self) -> float:
        """Return the lower limit: 10 %, or what shows everything."""
        return min(SMALLEST, self._fitting(self.sceneRect()))

    def fit(self, rect: QRectF, largest: float = 1.0) -> None:
        """Zoom and scroll so that a rectangle fills the view, at most at the zoom `largest`."""
        if rect.isEmpty():
            return
        zoom = min(max(self._fitting(rect), self.smallest_zoom()), largest)
        self.resetTransform()
        self.scale(zoom, zoom)
        self.centerOn(rect.center())
        self._zoom_changed()

    def _fitting(self, rect: QRectF) -> float:
        if rect.isEmpty():
            return SMALLEST
        size = self.viewport().size()
        return max(min(size.width() / rect.width(), size.height() / rect.height()), 0.005)

    def _zoom_changed(self) -> None:
        self.zoomed.emit(self.zoom)

    def _scroll(self, by: QPoint) -> None:
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() + by.x())
        down.setValue(down.value() + by.y())

    # -- events -------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll, or zoom at the pointer."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if control == self._wheel_zooms:
            # Qt's own scrolling would zoom or page with Ctrl held.
            delta = event.pixelDelta()
            if delta.isNull():
                delta = event.angleDelta() / 2
            shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if shifted != self._wheel_turned and not delta.x():
                delta = delta.transposed()
            self._scroll(-delta)
        elif event.angleDelta().y():
            self.set_zoom(self.zoom * STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to pan with the middle button, or the left one while Space is held."""
        middle = event.button() is Qt.MouseButton.MiddleButton
        if middle or (self._space and event.button() is Qt.MouseButton.LeftButton):
            self._pan_from = event.position().toPoint()
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
            event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan."""
        if self._pan_from is not None:
            now = event.position().toPoint()
            self._scroll(self._pan_from - now)
            self._pan_from = now

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Stop panning."""
        if self._pan_from is not None:
            self._pan_from = None
            self._show_pan_cursor()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hold the view by Space; every other key is left to others."""
        if event.key() == Qt.Key.Key_Space:
            self._space = True
            self._show_pan_cursor()
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Let go of the view."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._show_pan_cursor()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say that what the lower limit of the zoom depends on has changed."""
        super().resizeEvent(event)
        self._zoom_changed()

    def _show_pan_cursor(self) -> None:
        if self._space:
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.viewport().unsetCursor()
