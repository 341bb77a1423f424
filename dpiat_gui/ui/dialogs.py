"""Help, settings and what this program is; made when they are asked for."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.services.theme import ThemeKeeper

if TYPE_CHECKING:
    from dpiat_gui.services.settings import Settings


class Dialogs(QObject):
    """Shows the dialogs that edit nothing of the document."""

    wheel_zooms_changed = Signal(bool)

    def __init__(self, settings: "Settings", themes: ThemeKeeper, window: QWidget) -> None:
        super().__init__(window)
        self._settings, self._themes, self._window = settings, themes, window

    def show_help(self, *, shortcuts: bool = False) -> None:
        """Show the help, or the sheet of keys."""
        from dpiat_gui.ui.help_dialog import HelpDialog

        dialog = HelpDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if shortcuts:
            dialog.show_shortcuts()
        dialog.show()

    def show_about(self) -> None:
        """Say what this program is."""
        from dpiat_gui.ui.help_dialog import show_about

        show_about(self._window)

    def show_settings(self) -> None:
        """Show the settings; they act at once."""
        from dpiat_gui.ui.settings_dialog import SettingsDialog

        dialog = SettingsDialog(self._settings, self._themes, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.wheel_zooms_changed.connect(self.wheel_zooms_changed)
        dialog.open()
