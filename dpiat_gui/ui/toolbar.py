"""The toolbar: the main path from left to right, ending in the main thing to do."""

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
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
    "linked",
    "strips",
)
ON_TOOLBAR = frozenset({*TEXT_BUTTONS, *ICON_BUTTONS}) - {""}
"""The actions whose icons are seen at once."""

OPTIONAL = frozenset({"linked", "strips"})
"""What gives way first where room is scarce; all of it is in the menus too."""

ROOMY = 1360
"""Pixels from which the toolbar has room for all of it."""

LEAST_SEARCH, WHOLE_SEARCH = 120, 330
"""Pixels of the search field: the least, and those at which it can say all that it takes."""

_BETWEEN, _MARGINS = 4, 28
"""Pixels from one part to the next; at both ends of the toolbar, and beside the search field."""

NARROW = 1080
"""Pixels below which opening is done by icons alone."""


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
        self.search.setMinimumWidth(LEAST_SEARCH)
        self.search.setMaximumWidth(400)
        self._buttons: dict[str, QToolButton] = {}
        self._optional: list[QAction] = []
        self._gaps = (_stretch(), _stretch())
        self._summary = ""

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
        self.addWidget(self._gaps[0])
        self.addWidget(self.search)
        self.addWidget(self._gaps[1])
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
        place = self.addWidget(button)
        self._buttons[action.objectName()] = button
        if action.objectName() in OPTIONAL:
            self._optional.append(place)

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
        self._summary = summary
        self.method.setAccessibleName(f"Method: {summary}")
        self._use_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the main thing to do in sight, whatever must be said shorter for it."""
        self._use_room()
        super().resizeEvent(event)

    def _use_room(self) -> None:
        roomy, narrow = self.width() >= ROOMY, self.width() < NARROW
        for place in self._optional:
            place.setVisible(roomy)
        for name, button in self._buttons.items():
            if name in TEXT_BUTTONS:
                bare = narrow or (name == "swap" and not roomy)
                style = Qt.ToolButtonStyle
                button.setToolButtonStyle(
                    style.ToolButtonIconOnly if bare else style.ToolButtonTextBesideIcon
                )
        if self._summary:
            self.method.setText(f"Method: {self._summary} ▾" if roomy else f"{self._summary} ▾")
        # The gaps beside the field take as much as it does, so it must ask for what there is.
        self.search.setMinimumWidth(min(max(self._left_over(), LEAST_SEARCH), WHOLE_SEARCH))

    def _left_over(self) -> int:
        """Return the width that everything but the search field leaves."""
        shown = [self.widgetForAction(action) for action in self.actions() if action.isVisible()]
        others = [widget for widget in shown if widget not in (self.search, *self._gaps)]
        return self.width() - sum(widget.sizeHint().width() + _BETWEEN for widget in others) - _MARGINS


def _stretch() -> QWidget:
    widget = QWidget()
    widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return widget
