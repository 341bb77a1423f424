"""The named colours of the window, light and dark, and the maps from roles and scores to colours."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from PySide6.QtGui import QColor


@dataclass(frozen=True)
class Theme:
    """Named colours as ``#rrggbb``; whatever is drawn takes its colours from here.

    Parameters
    ----------
    name
        ``light`` or ``dark``.
    dark
        Whether the surfaces are dark.
    surface
        Ground of docks, tables, menus, and of the blocks on the canvas.
    canvas
        Ground of the canvas.
    field, hover
        Ground of inputs; of what the pointer is over.
    border, border_strong
        Hairlines between regions; outlines of controls.
    text, text_muted, text_disabled
        Text that matters; text beside it; text of what cannot be used now.
    accent, accent_hover, accent_pressed, on_accent
        Fill of the primary button and of selected things; the text on such a fill.
    accent_text
        The accent as text on any ground.
    accent_soft, selection, focus
        Ground of what is chosen; ground of selected rows; the ring around what has the focus.
    error, warning, ok, error_soft, warning_soft, ok_soft
        Text and mark of a state, and the quiet ground of a notice about it.
    unmatched, unmatched_soft, fresh, fresh_soft
        Source rows that give nothing; target rows that take nothing. As removals and
        additions in a diff, so never by colour alone.
    pin, ban
        Marks of overrides.
    edge_dim
        An edge that is not the one looked at.
    overlay
        Ground of tooltips and hover cards.
    scores
        Colours of scores from 0 to 1, evenly spaced to the eye.
    """

    name: str
    dark: bool
    surface: str
    canvas: str
    field: str
    hover: str
    border: str
    border_strong: str
    text: str
    text_muted: str
    text_disabled: str
    accent: str
    accent_hover: str
    accent_pressed: str
    on_accent: str
    accent_text: str
    accent_soft: str
    selection: str
    focus: str
    error: str
    warning: str
    ok: str
    error_soft: str
    warning_soft: str
    ok_soft: str
    unmatched: str
    unmatched_soft: str
    fresh: str
    fresh_soft: str
    pin: str
    ban: str
    edge_dim: str
    overlay: str
    scores: tuple[str, ...]

    def color(self, name: str) -> QColor:
        """Return the named colour as a new `QColor`."""
        return QColor(str(getattr(self, name)))


# Viridis with its ends cut: lightness squeezed in OKLab until every step stands out from the
# ground by 3:1 or more, then spaced evenly. Dark to bright as the score grows, in both themes.
_SCORES_ON_LIGHT = (
    "#511261 #4f1b68 #4c226f #4a2976 #462f7b #42367d #3c3d7e #36447f #2f4a7f #294f7d #21557b "
    "#165a78 #066076 #036471 #00696d #016d69 #027165 #017660 #017a5b #047e54 #03824d #018544 "
    "#028839 #088b2b #298d17 #418e01 #538d04 #618e01 #6d8e03 #7a8e02 #868e06 #928f04 #9d8f03"
)
_SCORES_ON_DARK = (
    "#9456a6 #915eaf #8f65b7 #8b6cbf #8773c6 #837ac8 #7e82c9 #7889cb #7290cb #6e97c9 #6a9dc7 "
    "#65a4c5 #61aac3 #5eb0bf #5bb6bc #58bcb8 #57c2b3 #57c7ae #56cca8 #56d2a2 #5fd699 #67da90 "
    "#6fde87 #77e27c #87e472 #98e667 #a7e85a #b6ea4b #c5ea41 #d5ea3d #e4ea37 #f3ea31 #ffe934"
)

LIGHT = Theme(
    name="light",
    dark=False,
    surface="#ffffff",
    canvas="#f6f7f9",
    field="#eef1f5",
    hover="#eceef2",
    border="#e7eaef",
    border_strong="#808b9d",
    text="#1d2430",
    text_muted="#566072",
    text_disabled="#8f98a6",
    accent="#1f6feb",
    accent_hover="#1a63d8",
    accent_pressed="#1554b8",
    on_accent="#ffffff",
    accent_text="#1a5fd0",
    accent_soft="#deeafc",
    selection="#caddfa",
    focus="#1f6feb",
    error="#b42318",
    warning="#8a5200",
    ok="#1a6b30",
    error_soft="#fdecea",
    warning_soft="#fdf3df",
    ok_soft="#e5f4e8",
    unmatched="#a53631",
    unmatched_soft="#fbeceb",
    fresh="#196a4e",
    fresh_soft="#e4f3ec",
    pin="#1f6feb",
    ban="#b42318",
    edge_dim="#d5dae2",
    overlay="#ffffff",
    scores=tuple(_SCORES_ON_LIGHT.split()),
)

DARK = Theme(
    name="dark",
    dark=True,
    surface="#20242c",
    canvas="#16181d",
    field="#2b313c",
    hover="#2a2f39",
    border="#2f3540",
    border_strong="#7a8496",
    text="#e8eaf0",
    text_muted="#a3acbd",
    text_disabled="#727b8b",
    accent="#5aa9ff",
    accent_hover="#79baff",
    accent_pressed="#4292ea",
    on_accent="#10141b",
    accent_text="#6fb4ff",
    accent_soft="#203048",
    selection="#1f3659",
    focus="#5aa9ff",
    error="#ff8f86",
    warning="#f0b849",
    ok="#74d38a",
    error_soft="#3d2527",
    warning_soft="#39301d",
    ok_soft="#1f3527",
    unmatched="#ff9d95",
    unmatched_soft="#382628",
    fresh="#73d3ab",
    fresh_soft="#1e342d",
    pin="#5aa9ff",
    ban="#ff8f86",
    edge_dim="#343a46",
    overlay="#2b313c",
    scores=tuple(_SCORES_ON_DARK.split()),
)

_GROUNDS = ("surface", "canvas", "field", "hover", "accent_soft", "selection", "overlay")
TEXT_PAIRS: tuple[tuple[str, str], ...] = (
    *((text, ground) for text in ("text", "text_muted") for ground in _GROUNDS),
    *(("accent_text", ground) for ground in ("surface", "canvas", "field", "hover", "accent_soft")),
    *(("on_accent", fill) for fill in ("accent", "accent_hover", "accent_pressed")),
    *((state, ground) for state in ("error", "warning", "ok") for ground in ("surface", "canvas", "overlay")),
    *((state, f"{state}_soft") for state in ("error", "warning", "ok", "unmatched", "fresh")),
    *(("text", f"{state}_soft") for state in ("error", "warning", "ok", "unmatched", "fresh")),
    *(("text_muted", f"{state}_soft") for state in ("unmatched", "fresh")),
    *(
        (mark, ground)
        for mark in ("unmatched", "fresh")
        for ground in ("surface", "canvas", "hover", "selection")
    ),
)
"""Every (text, ground) combination that is drawn; each has a contrast of 4.5:1 or more."""

ROLE_COLORS: dict[str, str] = {
    "CONV": "#4c78a8",
    "BATCH_NORM": "#9ecae9",
    "MBCONV1": "#f2cf5b",
    "MBCONV6": "#f58518",
    "ACTIVATION": "#9aa5b1",
    "POOL": "#3bb04f",
    "LINEAR": "#b07cc0",
    "IDENTITY": "#d3d4ca",
    "NORM": "#6fc8ab",
    "BASIC": "#cf2e74",
    "BOTTLENECK": "#974d26",
    "MIXER": "#226f6c",
    "ATTENTION": "#7349ad",
    "HEAD": "#4d2f6e",
    "BLOCK": "#fb9b81",
    "DROPOUT": "#ebebe8",
    "PARAMETER": "#b5763a",
    "OTHER": "#6d7480",
}
"""Fill of a role of blocks or layers, by the role's name; told apart by colour-blind eyes too."""


def role_color(role: Enum, theme: Theme) -> QColor:
    """Return the fill of a role (of `BlockRole` or `LayerRole`); a role not known is *other*."""
    color = QColor(ROLE_COLORS.get(role.name, ROLE_COLORS["OTHER"]))
    # The darkest fills would sink into the dark ground.
    if theme.dark and relative_luminance(color) < 0.12:
        color = mixed(color, QColor("#ffffff"), 0.22)
    return color


def role_outline(role: Enum, theme: Theme) -> QColor:
    """Return a rim for the role's fill that stands out from the theme's surface by 3:1."""
    color = role_color(role, theme)
    surface, edge = theme.color("surface"), theme.color("text")
    share = 0.0
    while contrast(mixed(color, edge, share), surface) < 3.0 and share < 1.0:
        share += 0.05
    return mixed(color, edge, share)


def score_color(score: float, theme: Theme) -> QColor:
    """Return the colour of a score; values outside 0 to 1 take the colour of the nearer end."""
    place = min(max(score, 0.0), 1.0) * (len(theme.scores) - 1)
    low = min(int(place), len(theme.scores) - 2)
    return mixed(QColor(theme.scores[low]), QColor(theme.scores[low + 1]), place - low)


def mixed(first: QColor, second: QColor, share: float) -> QColor:
    """Return `first` with `share` (0 to 1) of `second` in it."""
    keep = 1.0 - share
    return QColor.fromRgbF(
        min(1.0, first.redF() * keep + second.redF() * share),
        min(1.0, first.greenF() * keep + second.greenF() * share),
        min(1.0, first.blueF() * keep + second.blueF() * share),
    )


def relative_luminance(color: QColor) -> float:
    """Return the WCAG relative luminance of a colour, 0 (black) to 1 (white)."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF())


def contrast(first: QColor, second: QColor) -> float:
    """Return the WCAG contrast of two opaque colours, 1 to 21."""
    bright, dim = sorted((relative_luminance(first), relative_luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def as_names(theme: Theme) -> dict[str, Any]:
    """Return the theme's single colours by name, for templates."""
    return {name: value for name, value in vars(theme).items() if name != "scores"}
