"""The toolbar: the main path from left to right, ending in the main thing to do."""

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSizePolicy, QToolBar, QToolButton, QWidget

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
ON_TOOLBAR = frozenset({*TEXT_BUTTONS, *ICON_BUTTONS}) - {""}
"""The actions whose icons are seen at once."""


class MainToolBar(QToolBar):
    """Buttons, the method, the search field and the primary button."""

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
        self.method = self._method_button(actions["method"])
        self.addWidget(self.method)
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

    def _method_button(self, action: QAction) -> QToolButton:
        button = QToolButton()
        button.setText("Method…")
        button.setToolTip(action.toolTip())
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.clicked.connect(action.trigger)
        return button

    def show_method(self, summary: str) -> None:
        """Show in a few words how the networks are matched."""
        self.method.setText(f"Method: {summary} ▾")
        self.method.setAccessibleName(f"Method: {summary}")


def _stretch() -> QWidget:
    widget = QWidget()
    widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return widget
