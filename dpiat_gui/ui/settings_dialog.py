"""The settings: few, and each acts at once."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.services.settings import MAX_SEED, Settings
from dpiat_gui.services.theme import ThemeKeeper
from dpiat_gui.ui.widgets import inset, level_labels, muted

THEME_TEXTS = (("As the system", "system"), ("Light", "light"), ("Dark", "dark"))


class SettingsDialog(QDialog):
    """Theme, wheel and seed."""

    wheel_zooms_changed = Signal(bool)

    def __init__(self, settings: Settings, themes: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings, self._themes = settings, themes
        self.setWindowTitle("Settings")
        self.theme = QComboBox()
        for text, value in THEME_TEXTS:
            self.theme.addItem(text, value)
        self.theme.setCurrentIndex(self.theme.findData(settings.theme))
        self.theme.setAccessibleName("Theme")
        self.wheel = QCheckBox("The wheel &zooms, Ctrl+wheel scrolls")
        self.wheel.setChecked(settings.wheel_zooms)
        self.seed = inset(QSpinBox())
        self.seed.setRange(0, MAX_SEED)
        self.seed.setValue(settings.seed)
        self.seed.setAccessibleName("Seed of new projects")
        form = QFormLayout()
        form.setVerticalSpacing(10)
        form.addRow("&Theme", self.theme)
        form.addRow("", self.wheel)
        form.addRow("&Seed of new projects", self.seed)
        level_labels(form)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(muted("Changes act at once and are kept."))
        column.addWidget(buttons)
        self.theme.activated.connect(self._theme_chosen)
        self.wheel.toggled.connect(self._wheel_chosen)
        self.seed.valueChanged.connect(lambda value: settings.set(seed=value))

    def _theme_chosen(self) -> None:
        self._settings.set(theme=self.theme.currentData())
        self._themes.set_choice(self.theme.currentData())

    def _wheel_chosen(self, zooms: bool) -> None:
        self._settings.set(wheel_zooms=zooms)
        self.wheel_zooms_changed.emit(zooms)
