"""A table of scores or of D as one painted widget that scrolls and zooms."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFont,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QSizePolicy, QWidget

from dpiat_gui.services.theme import LIGHT, Theme
from dpiat_gui.ui.dp_table_drawing import CellPlace, Heat, Shown, paint_cells, paint_marks
from dpiat_gui.ui.dp_table_geometry import (
    HEIGHTS,
    Geometry,
    fitting_height,
    fitting_width,
    least_width,
    text_scale,
)
from dpiat_gui.ui.dp_table_headers import NameWidths, paint_headers
from dpiat_gui.ui.dp_table_texts import cell_words

if TYPE_CHECKING:
    from collections.abc import Callable

_NATURAL = 20


class TableView(QAbstractScrollArea):
    """A table of a hundred by a hundred cells, or of a thousand; its headers stay in sight."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._shown: Shown | None = None
        self._heat: Heat | None = None
        self._height = _NATURAL
        self._fit, self._whole = True, False
        self._hovered: CellPlace | None = None
        self._names: dict[float, NameWidths] = {}
        self._place = Geometry(0, 0)
        self.largest = 28
        self.smallest = 17
        self.words: Callable[[int, int], str] | None = None
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Table of pairs of targets and sources")
        self.viewport().setMouseTracking(True)

    # -- what is shown ---------------------------------------------------------------------

    @property
    def shown(self) -> Shown | None:
        """What is shown, None for an empty table."""
        return self._shown

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme, self._heat = theme, None
        self.viewport().update()

    def show_table(self, shown: Shown | None) -> None:
        """Show a table, or another state of the same one."""
        before, self._shown = self._shown, shown
        same = before is not None and shown is not None and before.named is shown.named
        if not same or (before is not None and shown is not None and before.totals != shown.totals):
            self._heat = self._hovered = None
            same = False
        if before is None or shown is None or before.named.inside != shown.named.inside:
            self._fit, self._whole = True, False
        if not same:
            self._names.clear()
            self._arrange()
        if (
            shown is not None
            and shown.current is not None
            and (before is None or before.current != shown.current)
        ):
            self.reveal(*shown.current)
        self._describe()
        self.viewport().update()

    def _describe(self) -> None:
        """Say the current cell in words to a screen reader."""
        shown = self._shown
        words = ""
        if shown is not None and shown.current is not None and shown.has(*shown.current):
            words = (self.words or self._words)(*shown.current)
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)
            if words and self.hasFocus() and QAccessible.isActive():
                QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def _words(self, row: int, column: int) -> str:
        assert self._shown is not None
        return cell_words(self._shown.named, row, column)

    def sizeHint(self) -> QSize:
        """Return room for a small table."""
        return QSize(420, 220)

    def minimumSizeHint(self) -> QSize:
        """Return room for a few cells; the rest scrolls."""
        return QSize(160, 90)

    # -- geometry --------------------------------------------------------------------------

    @property
    def geometry_of_cells(self) -> Geometry:
        """Where the cells stand now."""
        x, y = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        return replace(self._place, x=x, y=y)

    def _font_at(self, height: int) -> QFont:
        """Return the font of cells of a height."""
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * text_scale(height))
        return font

    def _names_at(self, shown: Shown, height: int) -> NameWidths:
        """Return how much room the names take beside cells of a height."""
        scale = text_scale(height)
        if scale not in self._names:
            self._names[scale] = NameWidths.of(shown.named, self._font_at(height), scale)
        return self._names[scale]

    def _placed(self, shown: Shown) -> Geometry:
        """Return where the cells of the present size stand, not scrolled."""
        names = self._names_at(shown, self._height)
        size = self.viewport().size()
        rows, columns = len(shown.named.targets), len(shown.named.sources)
        cells, width = columns + 1 - shown.first, least_width(self._height)
        left = top = 0
        # How wide the cells are depends on the room beside the names, and that on how wide they are.
        for _ in range(2):
            left, top = names.sizes(size.width(), size.height(), (width, self._height))
            width = fitting_width(cells, size.width() - left, self._height)
        if self._whole and (rows + 1 - shown.first) * self._height > size.height() - top:
            # Names that stand above cells this wide would push the last rows out of sight.
            left, top = names.sizes(size.width(), size.height(), (width, self._height), standing=False)
        return Geometry(rows, columns, shown.first, self._height, width, left, top)

    def _arrange(self) -> None:
        """Choose the size of cells where the whole table is wanted, and set the scroll bars."""
        if self._shown is None:
            self._place = Geometry(0, 0)
            for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
                bar.setRange(0, 0)
            return
        if self._fit:
            # Unasked for, a table is not made so small that its names cannot be read.
            self._height = max(self._fitting(self._shown), HEIGHTS[0] if self._whole else self.smallest)
        self._place = place = self._placed(self._shown)
        size, content = self.viewport().size(), place.content
        for bar, whole, room, step in (
            (self.horizontalScrollBar(), content[0], size.width() - place.left, place.width),
            (self.verticalScrollBar(), content[1], size.height() - place.top, place.height),
        ):
            bar.setRange(0, max(whole - room, 0))
            bar.setPageStep(max(room, 1))
            bar.setSingleStep(step)

    def _fitting(self, shown: Shown) -> int:
        """Return the size of cells at which the whole table is seen, as large as is wanted at the most."""
        size, extra = self.maximumViewportSize(), 1 - shown.first
        rows, columns = len(shown.named.targets) + extra, len(shown.named.sources) + extra
        best = HEIGHTS[0]
        for height in HEIGHTS:
            if height > self.largest or rows * height > size.height():
                break
            # Numbers above the columns will do where their names have no room.
            cell = least_width(height), height
            names = self._names_at(shown, height)
            left, top = names.sizes(size.width(), size.height(), cell, standing=not self._whole)
            if fitting_height(rows, columns, size.width() - left, size.height() - top) >= height:
                best = height
        return best

    def reveal(self, row: int, column: int) -> None:
        """Scroll so that a cell is seen."""
        place, size = self.geometry_of_cells, self.viewport().size()
        rect = place.rect(row, column)
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        if rect.left() < place.left:
            across.setValue(across.value() - round(place.left - rect.left()))
        elif rect.right() > size.width():
            across.setValue(across.value() + round(rect.right() - size.width()) + 1)
        if rect.top() < place.top:
            down.setValue(down.value() - round(place.top - rect.top()))
        elif rect.bottom() > size.height():
            down.setValue(down.value() + round(rect.bottom() - size.height()) + 1)

    def _is_seen(self, cell: tuple[int, int], width: int, height: int) -> bool:
        """Whether a cell is in sight with a viewport of this size, or there was no size yet."""
        place = self.geometry_of_cells
        rect = place.rect(*cell)
        if min(width, height) <= 0 or not self.isVisible():
            return True
        return rect.left() >= place.left and rect.right() <= width + 1 and place.top <= rect.top() <= height

    # -- zoom ------------------------------------------------------------------------------

    @property
    def cell_height(self) -> int:
        """Height of a cell in pixels."""
        return self._height

    def zoom(self, step: int, at: QPointF | None = None) -> None:
        """Make the cells larger (1) or smaller (-1), the cell at `at` held where it is."""
        level = min(range(len(HEIGHTS)), key=lambda i: abs(HEIGHTS[i] - self._height)) + step
        self._resize_cells(HEIGHTS[min(max(level, 0), len(HEIGHTS) - 1)], at)

    def fit(self) -> None:
        """Show the whole table."""
        self._fit = self._whole = True
        self._arrange()
        self.viewport().update()

    def natural(self) -> None:
        """Show cells large enough to read."""
        self._resize_cells(_NATURAL, None)

    def _resize_cells(self, height: int, at: QPointF | None) -> None:
        before = self.geometry_of_cells
        if at is None:
            shown = self._shown
            centre = QRectF(self.viewport().rect()).center()
            at = before.rect(*shown.current).center() if shown is not None and shown.current else centre
        across = (at.x() - before.left + before.x) / before.width
        down = (at.y() - before.top + before.y) / before.height
        self._height, self._fit = height, False
        self._arrange()
        after = self.geometry_of_cells
        self.horizontalScrollBar().setValue(round(across * after.width - (at.x() - after.left)))
        self.verticalScrollBar().setValue(round(down * after.height - (at.y() - after.top)))
        self.viewport().update()

    # -- Qt's events -----------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the whole table in sight where that is wanted, else the current cell if it was."""
        super().resizeEvent(event)
        old = event.oldSize()
        # The first size of a pane that is just shown is a guess, and what was revealed in it stays behind.
        current = None if self._shown is None else self._shown.current
        seen = current is not None and self._is_seen(current, old.width(), old.height())
        self._arrange()
        if current is not None and seen:
            self.reveal(*current)

    def changeEvent(self, event: QEvent) -> None:
        """Measure the names anew in another font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self._shown is not None:
            self._names.clear()
            self._arrange()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """Paint anew: headers stay where they are."""
        self.viewport().update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw what is seen of the table, and the headers over it."""
        painter = QPainter(self.viewport())
        size = QRectF(self.viewport().rect())
        painter.fillRect(size, self._theme.color("surface"))
        shown = self._shown
        if shown is None:
            painter.end()
            return
        if self._heat is None:
            self._heat = Heat(shown.named, shown.totals, self._theme)
        place = self.geometry_of_cells
        seen = QRectF(place.left, place.top, size.width() - place.left, size.height() - place.top)
        font = self._font_at(self._height)
        numbers = QFont(font)
        if self._height < QFontMetricsF(font).height() + 2:
            numbers.setPointSizeF(font.pointSizeF() * 0.85)
        paint_cells(painter, shown, self._heat, place, seen, self._theme, numbers)
        paint_marks(painter, shown, place, seen, self._theme)
        flat = self._names_at(shown, self._height).lie_flat(place.width)
        paint_headers(painter, shown, place, size, self._theme, font, self._hovered, flat)
        if self.hasFocus():
            painter.setClipRect(size)
            painter.setPen(self._theme.color("focus"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(size.adjusted(0, 0, -1, -1))
        painter.end()
