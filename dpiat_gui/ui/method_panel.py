"""The panel of the method: matcher, standardization, layer types and their numbers; each acts at once."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.document.state import DocumentState
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.ui import method_texts as texts
from dpiat_gui.ui.widgets import inset, level_labels, muted, set_state

LARGEST_SEED = 2**31 - 1
WIDTH = 400


class MethodPanel(QDialog):
    """Shows how the networks are matched, and says what a person wants of it.

    It stays open beside the canvas, which follows every choice; Esc closes it.

    Signals
    -------
    preset_chosen, matcher_chosen, standardization_chosen : str
        Another preset, matcher or standardization.
    option_chosen : str, object
        Name and value of another option of the matching.
    cancel_requested
        What is under way is not wanted any more.
    """

    preset_chosen = Signal(str)
    matcher_chosen = Signal(str)
    standardization_chosen = Signal(str)
    option_chosen = Signal(str, object)
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Method")
        self.setAccessibleName("Method of the matching")
        self.preset = _choice("Preset", texts.PRESETS)
        self.matcher = _choice("Matcher", {name: (text, "") for name, text in texts.MATCHERS.items()})
        self.standardization = _choice("Standardization", texts.STANDARDIZATIONS)
        self.layer_types = _choice("Layer types", texts.LAYER_TYPES)
        self.exponent = _number("Exponent of the span penalty", 0.05)
        self.skip_factor = _number("Skip factor", 0.1)
        self.seed = inset(QSpinBox())
        self.seed.setRange(0, LARGEST_SEED)
        self.seed.setAccessibleName("Seed of the random matcher")
        self.seed.setKeyboardTracking(False)
        self.about = muted(small=True)
        self.changed = muted(small=True)
        self.problem = QLabel()
        self.problem.setProperty("state", "error")
        self.problem.setAccessibleName("Why a value was refused")
        for label in (self.about, self.changed, self.problem):
            label.setWordWrap(True)
        self.busy = QWidget()
        self.doing = muted()
        self.cancel = QPushButton("Cancel")
        self.cancel.setProperty("link", True)
        self.cancel.setAccessibleName("Cancel what is under way")
        self._lay_out()
        self._connect()
        self.problem.hide()
        self.busy.hide()

    # -- set-up --------------------------------------------------------------------------

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setVerticalSpacing(7)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("&Preset", self.preset)
        form.addRow("", self.changed)
        form.addRow("&Matcher", self.matcher)
        form.addRow("", self.about)
        form.addRow("&Standardization", self.standardization)
        form.addRow("&Layer types", self.layer_types)
        form.addRow("Span &exponent", self.exponent)
        form.addRow("S&kip factor", self.skip_factor)
        form.addRow("See&d of lots", self.seed)
        level_labels(form)
        self.exponent.setToolTip(
            "The scores of a source that serves d targets are added and divided by d to this power"
        )
        self.skip_factor.setToolTip(
            "What a pair of blocks keeps of its score if only one has an identity skip; 1 leaves it whole"
        )
        self.seed.setToolTip("For the matcher Random, which draws lots")
        busy = QHBoxLayout(self.busy)
        busy.setContentsMargins(0, 0, 0, 0)
        busy.addWidget(self.doing, 1)
        busy.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 14)
        column.setSpacing(8)
        column.addLayout(form)
        column.addWidget(self.problem)
        column.addWidget(self.busy)
        self.setFixedWidth(WIDTH)

    def _connect(self) -> None:
        self.preset.activated.connect(self._on_preset)
        self.matcher.activated.connect(self._on_matcher)
        self.standardization.activated.connect(self._on_standardization)
        self.layer_types.activated.connect(self._on_layer_types)
        for name, field in self._numbers().items():
            field.valueChanged.connect(partial(self._on_number, name))
        self.cancel.clicked.connect(self.cancel_requested)

    def _on_preset(self) -> None:
        self.preset_chosen.emit(self.preset.currentData())

    def _on_matcher(self) -> None:
        self.matcher_chosen.emit(self.matcher.currentData())

    def _on_standardization(self) -> None:
        self.standardization_chosen.emit(self.standardization.currentData())

    def _on_layer_types(self) -> None:
        self.option_chosen.emit("layer_types", self.layer_types.currentData())

    def _on_number(self, name: str, value: float) -> None:
        self.option_chosen.emit(name, value)

    def _numbers(self) -> Mapping[str, QSpinBox | QDoubleSpinBox]:
        return {"exponent": self.exponent, "skip_factor": self.skip_factor, "seed": self.seed}

    # -- showing -------------------------------------------------------------------------

    def show_state(self, state: DocumentState, busy: str = "") -> None:
        """Show how `state` is matched; nothing is emitted, and what was refused is forgotten.

        Parameters
        ----------
        state
            The state, or the one that is on its way.
        busy
            What is under way, ``""`` for nothing.
        """
        options = state.options
        for box, value in (
            (self.preset, state.preset),
            (self.matcher, options.method),
            (self.standardization, state.method),
            (self.layer_types, options.layer_types),
        ):
            box.setCurrentIndex(box.findData(value))
        for name, field in self._numbers().items():
            field.blockSignals(True)
            field.setValue(getattr(options, name))
            field.blockSignals(False)
            set_state(field, "invalid", False)
        self.seed.setEnabled(options.method == "random")
        # Layers by themselves have no skips; a factor would decide nothing.
        self.skip_factor.setEnabled(not METHODS[options.method].layerwise and state.method != "flatten")
        self.about.setText(texts.matcher_text(options.method))
        changed = texts.is_changed(state)
        self.changed.setText("Changed since; choose the preset again to go back to it." if changed else "")
        self.changed.setVisible(changed)
        self.problem.hide()
        self.doing.setText(busy)
        self.busy.setVisible(bool(busy))
        self._fit()

    def show_problem(self, name: str, text: str) -> None:
        """Say why a value was refused, beside the field it was typed into; the field keeps it."""
        field = self._numbers().get(name)
        if field is not None:
            set_state(field, "invalid", True)
        self.problem.setText(text)
        self.problem.show()
        self._fit()

    def open_below(self, anchor: QWidget) -> None:
        """Open under a widget, within the screen, with the focus on the matcher."""
        self._fit()
        corner = anchor.mapToGlobal(QPoint(0, anchor.height() + 2))
        screen = anchor.screen() or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        x = min(max(corner.x(), room.left()), room.right() - self.width())
        y = min(max(corner.y(), room.top()), room.bottom() - self.height())
        if not self.isVisible():
            self.move(x, y)
        self.show()
        self.activateWindow()
        self.matcher.setFocus(Qt.FocusReason.PopupFocusReason)

    def _fit(self) -> None:
        """Take the height that all lines need at this width."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        height = layout.heightForWidth(WIDTH) if layout.hasHeightForWidth() else layout.sizeHint().height()
        self.setFixedHeight(height)


def _choice(name: str, offered: Mapping[str, tuple[str, str]]) -> QComboBox:
    box = QComboBox()
    for row, (value, (text, tip)) in enumerate(offered.items()):
        box.addItem(text, value)
        told = tip or texts.matcher_text(value)
        box.setItemData(row, told, Qt.ItemDataRole.ToolTipRole)
        box.setItemData(row, f"{text}: {told}", Qt.ItemDataRole.AccessibleTextRole)
    box.setAccessibleName(name)
    return box


def _number(name: str, step: float) -> QDoubleSpinBox:
    """Return a field that takes 0 to 1; what makes no sense there is for the matching to refuse."""
    field = inset(QDoubleSpinBox())
    field.setDecimals(3)
    field.setRange(0.0, 1.0)
    field.setSingleStep(step)
    field.setStepType(QAbstractSpinBox.StepType.DefaultStepType)
    field.setAccessibleName(name)
    # A number half typed means nothing yet.
    field.setKeyboardTracking(False)
    return field
