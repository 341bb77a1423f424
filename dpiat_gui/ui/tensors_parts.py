"""Parts of the Tensors pane: a picture with its title, the scale of colours, the table of statistics."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from dpiat_gui.services.theme import LIGHT, Theme, fixed_font
from dpiat_gui.ui.health_plot import role_colors
from dpiat_gui.ui.tensors_drawings import ValuesPicture
from dpiat_gui.ui.tensors_images import diverging, sampled_text
from dpiat_gui.ui.tensors_values import TITLES, TensorView, Variant, number, statistic_rows
from dpiat_gui.ui.widgets import ElidedLabel, muted

_STOPS = 17


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
    """Statistics of the variants side by side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._view: TensorView | None = None
        self._difference = False
        self._labels: list[QLabel] = []
        self.setAccessibleName("Statistics")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(1)

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        if self._view is not None:
            self.show_view(self._view, difference=self._difference)

    def show_view(self, view: TensorView, *, difference: bool) -> None:
        """Show the statistics of a view; of the difference only where that is wanted."""
        self._view, self._difference = view, difference
        for label in self._labels:
            self._grid.removeWidget(label)
            label.deleteLater()
        self._labels.clear()
        variants = [one for one in view.variants if difference or one.name != "difference"]
        colors = role_colors(self._theme)
        for column, variant in enumerate(variants, 1):
            words = TITLES[variant.name].replace("target ", "")
            head = self._add(words, 0, column)
            color = colors.get(variant.name, self._theme.color("text"))
            head.setStyleSheet(f"color: {color.name()}; font-weight: 600;")
            self._grid.setColumnStretch(column, 1)
        for row, (name, title, tip) in enumerate(statistic_rows(view), 1):
            label = self._add(title, row, 0)
            label.setProperty("muted", True)
            label.setToolTip(tip)
            for column, variant in enumerate(variants, 1):
                value = self._add(number(variant.statistics.get(name)), row, column)
                value.setFont(fixed_font())
                value.setAccessibleName(f"{title}, {TITLES[variant.name]}: {value.text()}")
                value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def text_at(self, statistic: str, name: str) -> str:
        """Return what stands in a cell: of a statistic's title and a variant's name."""
        wanted = f"{statistic}, {TITLES[name]}: "
        return next(
            (one.text() for one in self._labels if one.accessibleName().startswith(wanted)),
            "",
        )

    def _add(self, text: str, row: int, column: int) -> QLabel:
        label = QLabel(text)
        label.setProperty("small", True)
        if column:
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._grid.addWidget(label, row, column)
        self._labels.append(label)
        return label
