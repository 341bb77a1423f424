"""The toolbar: the main path from left to right, ending in the main thing to do."""

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QToolBar, QToolButton, QWidget

from dpiat_gui.ui.search_field import SearchField
from dpiat_gui.ui.widgets import primary

TEXT_BUTTONS = {"open_source": "Open source…", "open_target": "Open target…", "swap": "Swap"}
ICON_BUTTONS = (
    "undo",
    "redo",
    "",
    "fit_all",
    "expand_all",
    "collapse_all",
    "only_selection_edges",
)
PRESETS = (
    ("DPIAT · recommended", "recommended", "Every type of layer scores; running statistics are copied"),
    ("DPIAT · as in the paper", "paper", "The paper's types of layers; weights and biases only"),
)


class MainToolBar(QToolBar):
    """Buttons, the choice of preset, the search field and the primary button."""

    preset_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Toolbar", parent)
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setFloatable(False)
        self.setIconSize(QSize(18, 18))
        # Hiding it by a right click would be hard to find the way back from.
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.search = SearchField()
        self.search.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.search.setMinimumWidth(180)
        self.search.setMaximumWidth(400)

    def fill(self, actions: Mapping[str, QAction]) -> None:
        """Put the buttons in, from left to right."""
        for name, text in TEXT_BUTTONS.items():
            self._add_button(actions[name], text)
        self.addSeparator()
        for name in ICON_BUTTONS:
            if name:
                self._add_button(actions[name], "")
            else:
                self.addSeparator()
        self.addSeparator()
        self.preset = self._preset_choice()
        self.addWidget(_stretch())
        self.addWidget(self.search)
        self.addWidget(_stretch())
        self.transfer = primary("Transfer && export…")
        self.transfer.setToolTip(actions["show_transfer"].toolTip())
        self.transfer.clicked.connect(actions["show_transfer"].trigger)
        actions["show_transfer"].enabledChanged.connect(self.transfer.setEnabled)
        self.addWidget(self.transfer)

    def _add_button(self, action: QAction, text: str) -> None:
        button = QToolButton()
        button.setDefaultAction(action)
        button.setAccessibleName(action.text().replace("&", "").rstrip("…"))
        # Reached by Tab, as everything else.
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if text:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            action.setIconText(text)
        else:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.addWidget(button)

    def _preset_choice(self) -> QComboBox:
        label = QLabel("&Method")
        label.setProperty("muted", True)
        box = QComboBox()
        for row, (text, value, tip) in enumerate(PRESETS):
            box.addItem(text, value)
            box.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
        box.activated.connect(lambda: self.preset_chosen.emit(box.currentData()))
        box.setAccessibleName("Method and preset of the matching")
        box.setToolTip("How the networks are matched")
        label.setBuddy(box)
        self.addWidget(label)
        self.addWidget(box)
        return box

    def show_preset(self, preset: str) -> None:
        """Show the preset that holds; nothing is emitted."""
        self.preset.setCurrentIndex(self.preset.findData(preset))


def _stretch() -> QWidget:
    widget = QWidget()
    widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return widget
