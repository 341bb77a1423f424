"""Gives the actions their icons, in the colours of the theme."""

from collections.abc import Iterable, Mapping

from PySide6.QtGui import QAction

from dpiat_gui.services.icons import icon
from dpiat_gui.services.theme import Theme
from dpiat_gui.ui.actions import BY_ID


def set_icons(actions: Mapping[str, QAction], theme: Theme, names: Iterable[str]) -> None:
    """Give the named actions of the table their icons."""
    for name in names:
        if BY_ID[name].icon:
            actions[name].setIcon(icon(BY_ID[name].icon, theme))
