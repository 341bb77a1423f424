"""The two small drawings of the inspector: dimensions as bars, and what is copied where."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QFontMetricsF, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from dpiat_gui.document.facts import Dimension
from dpiat_gui.services.theme import LIGHT, Theme, fixed_font, score_color
from dpiat_gui.transfer.values import Indices, PlanRow
from dpiat_gui.ui.inspector_plan import copy_text

_BAR = 8
"""Thickness of a bar in pixels."""
_TAP = 8
"""Side of a kernel's tap in pixels, where there is room."""
_MOST_TAPS = 11
"""Kernels with longer sides are not drawn."""
_TAKEN = 0.6
"""How strong the colour is of what is taken."""


class DimensionBars(QWidget):
    """One row for each dimension: name, sizes, a bar of its ratio, and what the ratio means."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dimensions: tuple[Dimension, ...] = ()
        self._theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_dimensions(self, dimensions: Sequence[Dimension]) -> None:
        """Show other dimensions."""
        self._dimensions = tuple(dimensions)
        told = [f"{d.name} {d.source} to {d.target}, {d.ratio:.3f} {d.meaning}" for d in self._dimensions]
        self.setAccessibleName("Dimensions")
        self.setAccessibleDescription("; ".join(told))
        self.setToolTip(
            "kept: the share of the source that fits into the smaller target\n"
            "filled: the share of the larger target that the source fills"
        )
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of all rows."""
        return QSize(220, round(len(self._dimensions) * self._row_height()))

    def minimumSizeHint(self) -> QSize:
        """Return the same height; the bars give way first."""
        return QSize(120, self.sizeHint().height())

    def _row_height(self) -> float:
        return 1.6 * QFontMetricsF(self.font()).height()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the rows; columns are as wide as their widest text, the bar takes the rest."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fixed = fixed_font()
        fixed_metrics, metrics = QFontMetricsF(fixed), QFontMetricsF(self.font())
        space = metrics.horizontalAdvance("n")
        sizes = [f"{d.source} → {d.target}" for d in self._dimensions]
        words = [f"{d.ratio:.3f} {d.meaning}" for d in self._dimensions]
        name_width = max((fixed_metrics.horizontalAdvance(d.name) for d in self._dimensions), default=0)
        size_width = max(map(fixed_metrics.horizontalAdvance, sizes), default=0)
        word_width = max(map(metrics.horizontalAdvance, words), default=0)
        bar_left = name_width + size_width + 3 * space
        bar_width = self.width() - bar_left - word_width - 1.5 * space
        height = self._row_height()
        middle = Qt.AlignmentFlag.AlignVCenter
        for at, dimension in enumerate(self._dimensions):
            top = at * height
            painter.setFont(fixed)
            painter.setPen(self._theme.color("text_muted"))
            painter.drawText(
                QRectF(0, top, name_width, height), middle | Qt.AlignmentFlag.AlignRight, dimension.name
            )
            painter.setPen(self._theme.color("text"))
            painter.drawText(QRectF(name_width + 1.5 * space, top, size_width + 1, height), middle, sizes[at])
            if bar_width > _BAR:
                bar = QRectF(bar_left, top + (height - _BAR) / 2, bar_width, _BAR)
                self._draw_bar(painter, bar, dimension.ratio)
            painter.setFont(self.font())
            painter.setPen(self._theme.color("text_muted"))
            painter.drawText(
                QRectF(self.width() - word_width, top, word_width + 1, height), middle, words[at]
            )
        painter.end()

    def _draw_bar(self, painter: QPainter, bar: QRectF, ratio: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("border"))
        painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
        filled = QRectF(bar)
        filled.setWidth(max(bar.width() * ratio, _BAR / 2))
        painter.setBrush(score_color(ratio, self._theme))
        painter.drawRoundedRect(filled, _BAR / 2, _BAR / 2)


class CopyDrawing(QWidget):
    """The source tensor beside the target tensor: what is taken, and where it comes to lie.

    Both are drawn by their first two dimensions, in one scale along each: the first downward,
    the second to the right. What is cut off the source is hatched, what stays fresh in the
    target lies between its dashed outline and the filled part. Indices that are taken one by one
    are drawn as stripes; a tensor that is set to one value is dotted.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row: PlanRow | None = None
        self._names: tuple[str, ...] = ()
        self._theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_row(self, row: PlanRow | None, names: Sequence[str]) -> None:
        """Show one row of the plan; `names` are those of its dimensions."""
        self._row, self._names = _flat(row) if row is not None else None, tuple(names)
        self.setAccessibleName("What is copied")
        self.setAccessibleDescription(copy_text(row) if row is not None else "nothing")
        self.setToolTip(copy_text(row) if row is not None else "")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of the boxes and the line below."""
        line = QFontMetricsF(self.font()).height()
        box = 3.5 * line if self._row is not None and len(self._row.target_shape) > 1 else 1.8 * line
        return QSize(240, round(box + 1.8 * line))

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw both boxes and what they are."""
        row = self._row
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row is not None and row.constant is not None:
            self._draw_constant(painter, row)
        elif row is not None and row.source_shape is not None and row.target_slices:
            self._draw_copy(painter, row, row.source_shape)
        painter.end()

    def _frame(self, side: str) -> QRectF:
        """Return the room that a side has."""
        line = QFontMetricsF(self.font()).height()
        left = 1.0 if side == "source" else self.width() / 2 + line / 2
        return QRectF(left, 1, self.width() / 2 - line, self.height() - 1.8 * line - 2)

    def side_box(self, side: str) -> QRectF:
        """Return where the tensor of a side is drawn, ``source`` or ``target``; empty for none."""
        row = self._row
        if row is None or row.source_shape is None:
            return QRectF()
        shape = row.source_shape if side == "source" else row.target_shape
        most = [max(pair) for pair in zip(row.source_shape, row.target_shape, strict=True)]
        return _box(self._frame(side), most, [(0, size) for size in shape], shape)

    def _draw_constant(self, painter: QPainter, row: PlanRow) -> None:
        """Draw the target alone, dotted: one value fills it."""
        line = QFontMetricsF(self.font()).height()
        frame = QRectF(1, 1, self.width() - 2, self.height() - 1.8 * line - 2)
        painter.setPen(QPen(self._theme.color("text_muted"), 1.0))
        painter.setBrush(QBrush(self._theme.color("border_strong"), Qt.BrushStyle.Dense6Pattern))
        painter.drawRect(frame)
        where = QRectF(1, self.height() - 1.5 * line, self.width() - 2, 1.4 * line)
        painter.drawText(where, Qt.AlignmentFlag.AlignLeft, f"target: all of it set to {row.constant:g}")

    def _draw_copy(self, painter: QPainter, row: PlanRow, source_shape: tuple[int, ...]) -> None:
        line = QFontMetricsF(self.font()).height()
        height = self.height() - 1.8 * line
        sides = (
            ("source", source_shape, row.source_slices, row.source_indices),
            ("target", row.target_shape, row.target_slices, row.target_indices),
        )
        most = [max(pair) for pair in zip(source_shape, row.target_shape, strict=True)]
        for name, shape, slices, indices in sides:
            frame = self._frame(name)
            left, width = frame.left(), frame.width()
            whole = self.side_box(name)
            part = _box(frame, most, slices, shape)
            if all(isinstance(one, range) for one in indices[:2]):
                self._draw_side(painter, name == "source", whole, part)
            else:
                self._draw_picked(painter, name == "source", whole, indices, shape)
            painter.setPen(self._theme.color("text_muted"))
            where = QRectF(left, height + 0.3 * line, width, 1.4 * line)
            texts = self._captions(name, shape, indices)
            if name == "target" and row.scale != 1.0:
                texts = tuple(f"{text}, × {row.scale:.3g}" for text in texts)
            text = next(
                (text for text in texts if painter.fontMetrics().horizontalAdvance(text) <= width), texts[-1]
            )
            painter.drawText(where, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, text)
            if source_shape[2:] != row.target_shape[2:]:
                self._draw_kernel(painter, frame.center(), shape[2:], slices[2:])
        self._draw_arrow(painter, QPointF(self.width() / 2 - line / 4, height / 2), line)

    def _draw_picked(
        self, painter: QPainter, source: bool, whole: QRectF, indices: Sequence[Indices], shape: Sequence[int]
    ) -> None:
        """Draw a side whose indices are no box: what is taken as stripes, the rest as its ground."""
        style = Qt.BrushStyle.BDiagPattern if source else Qt.BrushStyle.NoBrush
        painter.setBrush(QBrush(self._theme.color("border_strong"), style))
        pen = Qt.PenStyle.SolidLine if source else Qt.PenStyle.DashLine
        painter.setPen(QPen(self._theme.color("text_muted"), 1.0, pen))
        painter.drawRect(whole)
        rows, columns = (range(1), indices[0]) if len(shape) == 1 else indices[:2]
        sizes = (1, shape[0]) if len(shape) == 1 else (shape[0], shape[1])
        pixels = max(round(whole.height()), 1), max(round(whole.width()), 1)
        image = stripes(rows, columns, sizes, pixels)
        colored = QImage(image.size(), QImage.Format.Format_ARGB32_Premultiplied)
        colored.fill(self._theme.color("accent"))
        colored.setAlphaChannel(image)
        painter.drawImage(whole, colored)

    def _draw_side(self, painter: QPainter, source: bool, whole: QRectF, part: QRectF) -> None:
        accent, muted = self._theme.color("accent"), self._theme.color("text_muted")
        if part != whole:
            style = Qt.BrushStyle.BDiagPattern if source else Qt.BrushStyle.NoBrush
            rim = self._theme.color("border_strong")
            painter.setBrush(QBrush(rim, style))
            painter.setPen(QPen(muted, 1.0, Qt.PenStyle.SolidLine if source else Qt.PenStyle.DashLine))
            painter.drawRect(whole)
        painter.setBrush(self._theme.color("accent_soft"))
        painter.drawRect(part)
        fill = self._theme.color("accent")
        fill.setAlphaF(0.28 if source else 0.45)
        painter.setBrush(fill)
        painter.setPen(QPen(accent, 1.0))
        painter.drawRect(part)

    def _draw_arrow(self, painter: QPainter, middle: QPointF, line: float) -> None:
        painter.setPen(QPen(self._theme.color("text_muted"), 1.2))
        half, head = line * 0.45, line * 0.22
        tip = middle + QPointF(half, 0)
        painter.drawLine(middle - QPointF(half, 0), tip)
        painter.drawLine(tip, tip + QPointF(-head, -head))
        painter.drawLine(tip, tip + QPointF(-head, head))

    def _draw_kernel(
        self, painter: QPainter, middle: QPointF, shape: Sequence[int], slices: Sequence[tuple[int, int]]
    ) -> None:
        """Draw the taps of a kernel as cells, those that are copied filled; only where sides differ."""
        rows, columns = (1, shape[0]) if len(shape) == 1 else shape[-2:]
        if max(rows, columns) > _MOST_TAPS:
            return
        row_range = (0, 1) if len(shape) == 1 else slices[-2]
        cell = min(_TAP, self.height() / 2.2 / rows)
        origin = middle - QPointF(columns * cell / 2, rows * cell / 2)
        painter.setPen(QPen(self._theme.color("text_muted"), 1.0))
        for row in range(rows):
            for column in range(columns):
                copied = row_range[0] <= row < row_range[1] and slices[-1][0] <= column < slices[-1][1]
                painter.setBrush(self._theme.color("accent" if copied else "surface"))
                painter.drawRect(QRectF(origin.x() + column * cell, origin.y() + row * cell, cell, cell))

    def _captions(self, side: str, shape: Sequence[int], indices: Sequence[Indices]) -> tuple[str, ...]:
        """Return what becomes of one side, in long and in short."""
        taken = [len({*one}) for one in indices]
        if taken == list(shape):
            turned = any(not isinstance(one, range) for one in indices)
            return (f"{side}: all, in another order" if turned else f"{side}: all of it"), side
        if any(not isinstance(one, range) for one in indices):
            told = " × ".join(f"{n} of {size}" for n, size in zip(taken, shape, strict=True) if n != size)
            return f"{side}: {told}, by index", f"{side}: {told}", f"{side}: by index"
        if side == "source":
            return "source: centre kept, rim cut", "source: rim cut"
        return "target: centre filled, rim fresh", "target: rim fresh"


def _flat(row: PlanRow) -> PlanRow:
    """Return a row of three dimensions without a first one of size 1, as of a position embedding.

    By its first two dimensions such a tensor would be a line, and what is cut off would not be seen.
    """
    if row.source_shape is None or len(row.target_shape) != 3:
        return row
    if row.source_shape[0] != 1 or row.target_shape[0] != 1:
        return row
    return replace(
        row,
        source_shape=row.source_shape[1:],
        target_shape=row.target_shape[1:],
        source_slices=row.source_slices[1:],
        target_slices=row.target_slices[1:],
        source_picks=row.source_picks[1:],
        target_picks=row.target_picks[1:],
    )


def stripes(rows: Indices, columns: Indices, sizes: tuple[int, int], pixels: tuple[int, int]) -> QImage:
    """Return how much of each pixel is taken, as grey values.

    Parameters
    ----------
    rows, columns
        Indices along both dimensions.
    sizes
        Of both dimensions.
    pixels
        Height and width of the picture.
    """
    import numpy as np

    shares = []
    for indices, size, length in zip((rows, columns), sizes, pixels, strict=True):
        taken = np.zeros(size)
        taken[list(indices)] = 1.0
        # The mean over each pixel's part of the dimension, by differences of a running sum.
        total = np.concatenate([[0.0], np.cumsum(taken)])
        edges = np.linspace(0.0, size, length + 1)
        shares.append(np.diff(np.interp(edges, np.arange(size + 1), total)) / (size / length))
    grey = np.rint(np.outer(*shares) * 255 * _TAKEN).astype(np.uint8)
    height, width = grey.shape
    return QImage(grey.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()


def _box(
    frame: QRectF, most: Sequence[int], slices: Sequence[tuple[int, int]], shape: Sequence[int]
) -> QRectF:
    """Return where a range of a tensor lies in `frame`, which holds `most` along each dimension.

    A tensor stands in the middle of the frame, as clipping lays one on the other.
    """

    def along(dimension: int, length: float) -> tuple[float, float]:
        if dimension >= len(shape):
            return 0.0, length
        scale = length / max(most[dimension], 1)
        margin = (length - shape[dimension] * scale) / 2
        start, stop = slices[dimension]
        return margin + start * scale, max((stop - start) * scale, 2.0)

    one_dimensional = len(shape) == 1
    y, height = (0.0, frame.height()) if one_dimensional else along(0, frame.height())
    x, width = along(0 if one_dimensional else 1, frame.width())
    return QRectF(frame.left() + x, frame.top() + y, width, height)
