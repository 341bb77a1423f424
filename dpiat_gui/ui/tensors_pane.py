"""The Tensors pane: the values of one tensor in source, target before and target after."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.errors import DpiatError
from dpiat_gui.services.theme import LIGHT, Theme
from dpiat_gui.transfer.values import PlanRow
from dpiat_gui.ui.tensors_drawings import TensorCurves
from dpiat_gui.ui.tensors_images import nearest_shown, original_index
from dpiat_gui.ui.tensors_parts import ColorScale, StatisticsTable, TitledPicture
from dpiat_gui.ui.tensors_values import TITLES, TensorView, Variant, source_channel
from dpiat_gui.ui.widgets import ElidedLabel, monospaced, muted, set_state

WIDE = 560
"""From this width on the pictures stand beside each other."""
_POINT = "Point at a picture to read a value."


class TensorsPane(QWidget):
    """Shows one tensor, and says which one a person wants to see.

    Signals
    -------
    tensor_chosen : str
        Name of a tensor of the selected layers: ``weight``, ``bias`` ...
    """

    tensor_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: TensorView | None = None
        self._row: PlanRow | None = None
        self._theme = LIGHT
        self._make_parts()
        self._lay_out()
        self.names.activated.connect(lambda: self.tensor_chosen.emit(self.names.currentText()))
        self.channel.valueChanged.connect(self._show_pictures)
        self.difference.toggled.connect(self._show_all)
        for picture in self.pictures.values():
            picture.pointed.connect(self._point)
        self.show_message("Select a layer to see the values of its tensors.")

    # -- building --------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.setAccessibleName("Tensors")
        self.path = monospaced(ElidedLabel(mode=Qt.TextElideMode.ElideLeft))
        self.names = QComboBox()
        self.names.setAccessibleName("Tensor of the layer")
        self.names.setToolTip("Which tensor of the layer is shown")
        self.difference = QCheckBox("Difference")
        self.difference.setToolTip("Show what the transfer changes: the target after less the target before")
        self.channel = QSlider(Qt.Orientation.Horizontal)
        self.channel.setAccessibleName("Input channel that is shown")
        self.channel.setToolTip(
            "Which input channel of the filters is shown: of the target, and the source's that goes there"
        )
        self.channel_text = muted(small=True)
        self.pictures = {name: TitledPicture(name) for name in TITLES}
        self.scale = ColorScale()
        self.lines = TensorCurves("Values along the vector")
        self.histogram = TensorCurves("Histogram")
        self.statistics = StatisticsTable()
        self.pointed = muted(small=True)
        self.notes = muted(small=True)
        self.notes.setWordWrap(True)
        self.message = muted()
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.state = muted(small=True)
        self.state.setWordWrap(True)

    def _lay_out(self) -> None:
        chooser = QHBoxLayout()
        chooser.addWidget(self.names, 1)
        chooser.addWidget(self.difference)
        self._channels = QWidget()
        channels = QHBoxLayout(self._channels)
        channels.setContentsMargins(0, 0, 0, 0)
        channels.addWidget(self.channel_text)
        channels.addWidget(self.channel, 1)
        self._beside = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._beside.setSpacing(8)
        for picture in self.pictures.values():
            self._beside.addWidget(picture, 1, Qt.AlignmentFlag.AlignTop)
        self._lines_title = muted("Value by index")
        self._histogram_title = muted("Share of the elements by value")
        self._content = QWidget()
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(chooser)
        column.addWidget(self._channels)
        column.addLayout(self._beside)
        column.addWidget(self.pointed)
        column.addWidget(self.scale)
        column.addWidget(self._lines_title)
        column.addWidget(self.lines)
        column.addWidget(self._histogram_title)
        column.addWidget(self.histogram)
        column.addWidget(self.statistics)
        column.addWidget(self.notes)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(14, 8, 14, 10)
        outer.setSpacing(4)
        outer.addWidget(self.path)
        outer.addWidget(self.state)
        # No stack of pages: a short message would scroll over the height of the tensor before it.
        outer.addWidget(self.message)
        outer.addWidget(self._content)
        outer.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the pictures beside each other where there is room."""
        way = QBoxLayout.Direction
        self._beside.setDirection(way.LeftToRight if self.width() >= WIDE else way.TopToBottom)
        super().resizeEvent(event)

    # -- what it shows ---------------------------------------------------------------------

    @property
    def view(self) -> TensorView | None:
        """What is shown."""
        return self._view

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        for titled in self.pictures.values():
            titled.picture.set_theme(theme)
        for part in (self.scale, self.lines, self.histogram, self.statistics):
            part.set_theme(theme)

    def show_message(self, text: str) -> None:
        """Show a message in place of a tensor."""
        self._view = None
        self.path.hide()
        self.state.hide()
        self.message.setText(text)
        set_state(self.message, "state", "")
        set_state(self.message, "muted", True)
        self._content.hide()
        self.message.show()

    def show_failed(self, error: DpiatError) -> None:
        """Show why a tensor cannot be shown, and what to do."""
        self.show_message(f"{error.message}\n{error.hint}".strip())
        set_state(self.message, "muted", False)
        set_state(self.message, "state", "error")

    def show_reading(self, text: str) -> None:
        """Say that a tensor is being read; the one before stays until it is there."""
        self.state.setText(text)
        self.state.show()
        if self._view is None:
            self.message.clear()

    def show_names(self, path: str, names: Sequence[str], chosen: str) -> None:
        """Show which layers are looked at, and offer their tensors."""
        self.path.set_full_text(path)
        self.path.show()
        if [self.names.itemText(at) for at in range(self.names.count())] != list(names):
            self.names.clear()
            self.names.addItems(list(names))
        self.names.setCurrentText(chosen)
        self.names.setEnabled(len(names) > 1)

    def show_view(self, view: TensorView, row: PlanRow | None) -> None:
        """Show a tensor.

        Parameters
        ----------
        view
            Its values.
        row
            The plan's row of it, which says which channel of the source goes where; None for none.
        """
        self._view, self._row = view, row
        self.state.hide()
        self.message.hide()
        self._content.show()
        led = view.variant("before") or view.variant("source")
        many = led is not None and led.channels > 1
        self._channels.setVisible(many)
        self.channel.setMaximum(led.channels - 1 if led is not None and many else 0)
        self.difference.setVisible(view.variant("difference") is not None)
        self.scale.set_reach(view.reach)
        self.notes.setText("\n".join(view.notes))
        self.notes.setVisible(bool(view.notes))
        self._point("")
        # A single value, such as a count of batches, makes neither a curve nor a histogram.
        several = any(variant.values.size > 1 for variant in view.variants)
        for part in (self._histogram_title, self.histogram):
            part.setVisible(several)
        if several:
            self.histogram.show_histograms(view)
        self._show_all()

    def _show_all(self, _checked: bool = False) -> None:
        view = self._view
        if view is None:
            return
        lines = any(variant.layout == "line" for variant in view.variants)
        drawn = lines and any(variant.values.size > 1 for variant in view.variants)
        for part in (self._lines_title, self.lines):
            part.setVisible(drawn)
        self.scale.setVisible(not lines)
        self.pointed.setVisible(not lines)
        if drawn:
            self.lines.show_values(view, difference=self.difference.isChecked())
        self.statistics.show_view(view, difference=self.difference.isChecked())
        self._show_pictures()

    def _show_pictures(self, _value: int = 0) -> None:
        view = self._view
        if view is None:
            return
        led = view.variant("before") or view.variant("source")
        for name, titled in self.pictures.items():
            variant = view.variant(name)
            wanted = name != "difference" or self.difference.isChecked()
            shown = variant is not None and variant.layout != "line" and wanted
            titled.setVisible(shown)
            if shown and variant is not None:
                titled.show_variant(variant, view.reach, self._channel_of(variant, led))
        if led is not None and led.channels > 1:
            at = original_index(self.channel.value(), led.shown[1], led.of[1])
            self.channel_text.setText(f"channel {at + 1} of {led.of[1]}")

    def _channel_of(self, variant: Variant, led: Variant | None) -> int | None:
        """Return which channel of a variant stands beside the chosen one of the target."""
        at = self.channel.value()
        if variant.name != "source" or led is variant or led is None:
            return min(at, variant.channels - 1)
        if variant.layout != "filters" or led.layout != "filters":
            return 0
        taken = source_channel(original_index(at, led.shown[1], led.of[1]), self._row)
        return None if taken is None else nearest_shown(taken, variant.shown[1], variant.of[1])

    def _point(self, text: str) -> None:
        # A line of its own height, so that nothing moves when it empties.
        self.pointed.setText(text or _POINT)


def heading(source: str | None, target: str | None) -> str:
    """Return which layers are looked at: ``conv1 → stem.conv``."""
    return " → ".join(path for path in (source, target) if path)
