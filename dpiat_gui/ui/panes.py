"""Docks round the canvas, and moving the focus from one to the next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QWidget

Area = Qt.DockWidgetArea


@dataclass(frozen=True, slots=True)
class Pane:
    """One pane that F6 stops at.

    Parameters
    ----------
    name
        For the screen reader.
    root
        The widget that holds all of it.
    focus
        The widget that takes the focus.
    """

    name: str
    root: QWidget
    focus: Callable[[], QWidget]


def add_dock(window: QMainWindow, name: str, title: str, content: QWidget, area: Area) -> QDockWidget:
    """Put `content` into a dock that can be closed, moved and floated."""
    dock = QDockWidget(title, window)
    dock.setObjectName(name)
    dock.setWidget(content)
    content.setAccessibleName(content.accessibleName() or title)
    window.addDockWidget(area, dock)
    return dock


def next_pane(panes: Sequence[Pane], step: int) -> Pane | None:
    """Move the focus to the next pane that is visible; `step` -1 for the one before.

    Returns
    -------
    Pane or None
        Where the focus went.
    """
    visible = [pane for pane in panes if pane.root.isVisible()]
    if not visible:
        return None
    here = QApplication.focusWidget()
    at = next(
        (
            i
            for i, pane in enumerate(visible)
            if here is not None and (pane.root is here or pane.root.isAncestorOf(here))
        ),
        -1 if step > 0 else 0,
    )
    pane = visible[(at + step) % len(visible)]
    pane.focus().setFocus(Qt.FocusReason.ShortcutFocusReason)
    return pane


def first_focus(widget: QWidget) -> QWidget:
    """Return the first widget inside that takes the focus by Tab, or the widget itself."""
    for child in widget.findChildren(QWidget):
        if child.focusPolicy() & Qt.FocusPolicy.TabFocus and child.isVisible() and child.isEnabled():
            return child
    return widget
