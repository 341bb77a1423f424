"""Parts of the Tensors pane: a picture with its title, the scale of colours, the table of statistics."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from dpiat_gui.services.theme import LIGHT, Theme, fixed_font
from dpiat_gui.ui.health_plot import role_colors
from dpiat_gui.ui.tensors_drawings import ValuesPicture
from dpiat_gui.ui.tensors_images import diverging, sampled_text
from dpiat_gui.ui.tensors_values import TITLES, TensorView, Variant, number, statistic_rows
from dpiat_gui.ui.widgets import ElidedLabel, muted

_STOPS = 17
_BETWEEN = 8
"""Pixels between two columns of the table, and between two bands of it."""


class TitledPicture(QWidget):
    """A picture below its name and shape, and above a line that says what of it is drawn.

    Signals
    -------
    pointed : str
        Place and value below the pointer.
    """

    pointed = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self.picture = ValuesPicture(name)
        self.picture.pointed.connect(self.pointed)
        self.sampled = muted(small=True)
        self.sampled.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.title)
        column.addWidget(self.picture)
        column.addWidget(self.sampled)
        column.addStretch(1)

    def show_variant(self, variant: Variant, reach: float, channel: int | None) -> None:
        """Show a tensor; see `ValuesPicture.show_variant`."""
        self.title.set_full_text(variant.title)
        self.picture.show_variant(variant, reach, channel)
        self.sampled.setText(sampled_text(variant.shown, variant.of, variant.layout))
        self.sampled.setVisible(bool(self.sampled.text()))


class ColorScale(QWidget):
    """The colours from one end over 0 to the other, with their values."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reach = 1.0
        self._theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Scale of the colours")
        self.setToolTip("99.5 % of all values lie between the ends; what is beyond has the end's colour")

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_reach(self, reach: float) -> None:
        """Show another value at the ends."""
        self._reach = reach
        self.setAccessibleDescription(f"from {-reach:.3g} to {reach:.3g}")
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of one line."""
        return QSize(160, round(1.3 * QFontMetricsF(self.font()).height()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw a band of colours between its two values."""
        painter = QPainter(self)
        low, high = number(-self._reach), number(self._reach)
        metrics = painter.fontMetrics()
        left = metrics.horizontalAdvance(low) + 8
        right = self.width() - metrics.horizontalAdvance(high) - 8
        band = QRectF(left, self.height() / 2 - 4, max(right - left, 10), 8)
        gradient = QLinearGradient(band.topLeft(), band.topRight())
        colors = diverging(self._theme)
        for stop in range(_STOPS):
            at = stop / (_STOPS - 1)
            red, green, blue = (int(part) for part in colors[round(at * (len(colors) - 1))])
            gradient.setColorAt(at, QColor(red, green, blue))
        painter.setPen(self._theme.color("border_strong"))
        painter.setBrush(gradient)
        painter.drawRect(band)
        painter.setPen(self._theme.color("text_muted"))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), middle | Qt.AlignmentFlag.AlignLeft, low)
        painter.drawText(self.rect(), middle | Qt.AlignmentFlag.AlignRight, high)
        painter.end()


class StatisticsTable(QWidget):
    """Statistics of the variants side by side; in several bands where they have no room in one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._view: TensorView | None = None
        self._difference = False
        self._columns: list[list[QLabel]] = []
        self._titles: list[QLabel] = []
        self._in_band = 0
        self.setAccessibleName("Statistics")
        # A wide table must not widen the pane: what is beyond the dock's edge cannot be seen.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(_BETWEEN)
        self._grid.setVerticalSpacing(1)

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        if self._view is not None:
            self.show_view(self._view, difference=self._difference)

    def show_view(self, view: TensorView, *, difference: bool) -> None:
        """Show the statistics of a view; of the difference only where that is wanted."""
        self._view, self._difference = view, difference
        _drop([label for column in self._columns for label in column])
        variants = [one for one in view.variants if difference or one.name != "difference"]
        self._columns = [self._column(variant, view) for variant in variants]
        self._place(self._fitting())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stand in as few bands as the new width has room for."""
        super().resizeEvent(event)
        fitting = self._fitting()
        if fitting != self._in_band:
            self._place(fitting)

    def text_at(self, statistic: str, name: str) -> str:
        """Return what stands in a cell: of a statistic's title and a variant's name."""
        wanted = f"{statistic}, {TITLES[name]}: "
        return next(
            (
                one.text()
                for column in self._columns
                for one in column
                if one.accessibleName().startswith(wanted)
            ),
            "",
        )

    def _column(self, variant: Variant, view: TensorView) -> list[QLabel]:
        """Return the heading and the values of one variant."""
        head = self._label(TITLES[variant.name].replace("target ", ""), Qt.AlignmentFlag.AlignRight)
        color = role_colors(self._theme).get(variant.name, self._theme.color("text"))
        head.setStyleSheet(f"color: {color.name()}; font-weight: 600;")
        column = [head]
        for name, title, _ in statistic_rows(view):
            value = self._label(number(variant.statistics.get(name)), Qt.AlignmentFlag.AlignRight)
            value.setFont(fixed_font())
            value.setAccessibleName(f"{title}, {TITLES[variant.name]}: {value.text()}")
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.append(value)
        return column

    def _fitting(self) -> int:
        """Return how many columns stand beside each other: all, or as many as make even bands."""
        count = len(self._columns)
        if self._view is None or not count:
            return 0
        metrics = self.fontMetrics()
        titles = max(metrics.horizontalAdvance(title) for _, title, _ in statistic_rows(self._view))
        widest = max(label.sizeHint().width() for column in self._columns for label in column) + _BETWEEN
        room = min(max((self.width() - titles) // widest, 1), count)
        bands = -(-count // room)
        return -(-count // bands)

    def _place(self, in_band: int) -> None:
        """Put the columns into the grid, so many beside each other."""
        _drop(self._titles)
        self._titles, self._in_band = [], in_band
        assert self._view is not None
        rows = statistic_rows(self._view)
        for at, column in enumerate(self._columns):
            band, across = divmod(at, in_band)
            top = band * (len(rows) + 2)
            if not across:
                for row, (_, title, tip) in enumerate(rows, top + 1):
                    label = self._label(title, Qt.AlignmentFlag.AlignLeft)
                    label.setProperty("muted", True)
                    label.setToolTip(tip)
                    self._titles.append(label)
                    self._grid.addWidget(label, row, 0)
                if band:
                    self._grid.setRowMinimumHeight(top - 1, _BETWEEN)
            for row, label in enumerate(column, top):
                self._grid.addWidget(label, row, across + 1)
                label.show()
        for across in range(1, self._grid.columnCount()):
            self._grid.setColumnStretch(across, 1 if across <= in_band else 0)
        self.updateGeometry()

    def _label(self, text: str, alignment: Qt.AlignmentFlag) -> QLabel:
        label = QLabel(text, self)
        label.setProperty("small", True)
        label.setAlignment(alignment | Qt.AlignmentFlag.AlignVCenter)
        return label


def _drop(labels: list[QLabel]) -> None:
    """Take labels out of sight at once: until the event loop turns, they would stand below the new ones."""
    for label in labels:
        label.hide()
        label.deleteLater()
