"""Gives the actions their icons, in the colours of the theme."""

from collections.abc import Mapping

from PySide6.QtGui import QAction

from dpiat_gui.services.theme import Theme
from dpiat_gui.ui.actions import BY_ID


def set_icons(actions: Mapping[str, QAction], theme: Theme) -> None:
    """Give every action of the table its icon."""
    from dpiat_gui.services.icons import icon

    for name, action in actions.items():
        if BY_ID[name].icon:
            action.setIcon(icon(BY_ID[name].icon, theme))
