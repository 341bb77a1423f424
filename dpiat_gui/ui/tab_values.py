"""What a tab is that a feature adds to the window."""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Tab:
    """A page that a feature puts beside others.

    Parameters
    ----------
    name
        For `FeaturePages.show`.
    title
        On the tab.
    page
        What it shows.
    dock
        Where it stands: ``details`` below the canvas, ``inspector`` at its right.
    """

    name: str
    title: str
    page: QWidget
    dock: Literal["details", "inspector"] = "details"
