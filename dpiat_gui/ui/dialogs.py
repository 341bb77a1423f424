"""Help, settings and what this program is; made when they are asked for."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from dpiat_gui.services.theme import ThemeKeeper

if TYPE_CHECKING:
    from dpiat_gui.services.settings import Settings
    from dpiat_gui.ui.help_dialog import HelpDialog


class Dialogs(QObject):
    """Shows the dialogs that edit nothing of the document."""

    wheel_zooms_changed = Signal(bool)

    def __init__(self, settings: "Settings", themes: ThemeKeeper, window: QWidget) -> None:
        super().__init__(window)
        self._settings, self._themes, self._window = settings, themes, window
        self._help: HelpDialog | None = None

    def show_help(self, *, page: str = "", shortcuts: bool = False) -> None:
        """Show the help: at a page by the name of its file, at the sheet of keys, or from the beginning."""
        from dpiat_gui.ui.help_dialog import HelpDialog

        if self._help is None:
            self._help = HelpDialog(self._window)
            self._help.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self._help.destroyed.connect(self._forget_help)
        if shortcuts:
            self._help.show_shortcuts()
        elif page:
            self._help.show_page(page)
        self._help.show()
        self._help.activateWindow()

    def _forget_help(self) -> None:
        self._help = None

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
