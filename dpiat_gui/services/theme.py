"""The look of the window: which theme holds now, its palette and its style sheet."""

from importlib import resources
from pathlib import Path
from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QFont, QFontDatabase, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from dpiat_gui.services.palettes import (
    DARK,
    LIGHT,
    Theme,
    as_names,
    role_color,
    role_outline,
    score_color,
)

__all__ = [
    "DARK",
    "LIGHT",
    "Theme",
    "ThemeKeeper",
    "apply_theme",
    "fixed_font",
    "label_sizes",
    "qpalette",
    "role_color",
    "role_outline",
    "score_color",
    "stylesheet",
    "theme_for",
]

_SMALL, _HEADING = 0.9, 1.15
"""Sizes of small text and of headings, beside that of other text."""
_LEAST_FIXED = 0.9
"""Size of text of fixed width, of that of other text, below which it is made larger."""
_SCHEMES = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}


def theme_for(setting: str) -> Theme:
    """Return the theme for ``light``, ``dark`` or ``system`` (what the desktop prefers now)."""
    if setting in _SCHEMES:
        return DARK if setting == "dark" else LIGHT
    return DARK if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT


def qpalette(theme: Theme) -> QPalette:
    """Return the palette of `theme` for Qt's own drawing."""
    role = QPalette.ColorRole
    palette = QPalette()
    names = {
        role.Window: "surface",
        role.WindowText: "text",
        role.Base: "surface",
        role.AlternateBase: "canvas",
        role.Text: "text",
        role.Button: "field",
        role.ButtonText: "text",
        role.BrightText: "error",
        role.Highlight: "accent",
        role.HighlightedText: "on_accent",
        role.Link: "accent_text",
        role.LinkVisited: "accent_text",
        role.ToolTipBase: "overlay",
        role.ToolTipText: "text",
        role.PlaceholderText: "text_muted",
        role.Accent: "accent",
        role.Light: "field",
        role.Midlight: "hover",
        role.Mid: "border",
        role.Dark: "border_strong",
        role.Shadow: "border_strong",
    }
    for where, name in names.items():
        palette.setColor(where, theme.color(name))
    disabled = QPalette.ColorGroup.Disabled
    for where in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText, role.PlaceholderText):
        palette.setColor(disabled, where, theme.color("text_disabled"))
    palette.setColor(disabled, role.Highlight, theme.color("hover"))
    palette.setColor(disabled, role.Accent, theme.color("border_strong"))
    return palette


def fixed_font() -> QFont:
    """Return the system's fixed-width font, for module paths and shapes, hardly smaller than other text.

    Who has chosen a large font for windows has rarely thought of that of terminals too.
    """
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    least = _LEAST_FIXED * QFontInfo(QGuiApplication.font()).pointSizeF()
    if QFontInfo(font).pointSizeF() < least:
        font.setPointSizeF(least)
    return font


def stylesheet(theme: Theme, points: float | None = None) -> str:
    """Return the style sheet of `theme`.

    Parameters
    ----------
    theme
        Its colours.
    points
        Size of the system's font in points; asked of the application if None. Other sizes
        follow from it.
    """
    if points is None or points <= 0:
        points = _system_points()
    shipped = resources.files("dpiat_gui.resources")
    template = Template((shipped / "themes" / "window.qss").read_text("utf-8"))
    return template.substitute(
        as_names(theme),
        icons=Path(str(shipped / "icons")).as_posix(),
        small=f"{points * _SMALL:.2f}pt",
        large=f"{points * _HEADING:.2f}pt",
    )


def label_sizes(scale: float) -> str:
    """Return the style sheet of a pane whose labels are so many times larger than in other panes."""
    points = scale * _system_points()
    return (
        f"QLabel {{ font-size: {points:.2f}pt; }}"
        f'QLabel[small="true"] {{ font-size: {points * _SMALL:.2f}pt; }}'
        f'QLabel[heading="true"] {{ font-size: {points * _HEADING:.2f}pt; }}'
    )


def _system_points() -> float:
    points = QGuiApplication.font().pointSizeF()
    return points if points > 0 else 10.0


def apply_theme(application: QApplication, theme: Theme) -> None:
    """Give the whole application the look of `theme`, on Qt's Fusion style."""
    if application.style().objectName() != "fusion":
        application.setStyle(QStyleFactory.create("Fusion"))
    application.setPalette(qpalette(theme))
    application.setStyleSheet(stylesheet(theme))


class ThemeKeeper(QObject):
    """Keeps the application in the chosen theme, and with the system where that is the choice.

    Parameters
    ----------
    application
        Whose look is kept.
    choice
        ``light``, ``dark`` or ``system``.
    parent
        Owner.
    applied
        Whether the look is applied from the first; else from `apply` on.
    """

    theme_changed = Signal(object)
    """The new `Theme`, after it was applied; drawn scenes repaint with it."""

    def __init__(
        self,
        application: QApplication,
        choice: str = "system",
        parent: QObject | None = None,
        *,
        applied: bool = True,
    ) -> None:
        super().__init__(parent)
        self._application = application
        self._choice = choice
        self._theme: Theme | None = None
        self._applied = applied
        application.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        self.set_choice(choice)

    @property
    def theme(self) -> Theme:
        """The theme that holds now."""
        return self._theme or theme_for(self._choice)

    @property
    def choice(self) -> str:
        """What was chosen: ``light``, ``dark`` or ``system``."""
        return self._choice

    def set_choice(self, choice: str) -> None:
        """Choose ``light``, ``dark`` or ``system``, and apply it."""
        self._choice = choice
        # Frames and title bars that the platform draws follow this, where they can.
        self._application.styleHints().setColorScheme(_SCHEMES.get(choice, Qt.ColorScheme.Unknown))
        self._refresh()

    def apply(self) -> None:
        """Apply the look now, if it is not applied yet."""
        if not self._applied:
            self._applied = True
            apply_theme(self._application, self.theme)

    def _on_scheme_changed(self) -> None:
        if self._choice not in _SCHEMES:
            self._refresh()

    def _refresh(self) -> None:
        theme = theme_for(self._choice)
        if theme is self._theme:
            return
        self._theme = theme
        if self._applied:
            apply_theme(self._application, theme)
        self.theme_changed.emit(theme)
