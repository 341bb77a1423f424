"""A menu of operators for the selected target alone: how what it takes is fitted to its size."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from dpiat_gui.ui.action_values import Action, target_row

if TYPE_CHECKING:
    from dpiat_gui.services.theme import Theme
    from dpiat_gui.ui.main_window import MainWindow
    from dpiat_gui.ui.tab_values import Tab

ACTIONS: tuple[Action, ...] = (
    Action(
        "fit_by",
        "Fit b&y",
        "Match",
        ("Ctrl+Shift+I",),
        "",
        "Fit what the selected target takes by an operator of its own.",
        target_row,
    ),
)


class OperatorMenuFeature(QObject):
    """The command that gives a target layer or block an operator of its own.

    Parameters
    ----------
    window
        Whose selection it is about.
    """

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self.menu = QMenu("Fit b&y", window)
        self.menu.setToolTipsVisible(True)
        self.menu.setAccessibleName("Operators for the selected target")
        self.menu.aboutToShow.connect(self.fill)
        # The actions are built after the features.
        QTimer.singleShot(0, self, lambda: window.commands["fit_by"].setMenu(self.menu))

    def tabs(self) -> "Sequence[Tab]":
        """Return nothing: it is a menu."""
        return ()

    def handlers(self) -> Mapping[str, Callable[..., object]]:
        """Return what the key does: open the menu beside the pointer's place on the columns."""
        return {"fit_by": self.show}

    def set_theme(self, theme: "Theme") -> None:
        """Do nothing: menus follow the application's palette."""

    def show(self) -> None:
        """Open the menu over the columns."""
        view = self._window.view
        self.menu.popup(view.mapToGlobal(view.rect().center()))

    def fill(self) -> None:
        """List the operators, the present one checked."""
        # Here and not above: the window paints before anybody asks for this.
        from dpiat_gui.transfer.operators import OPERATORS

        document = self._window.document
        self.menu.clear()
        target = document.selection.target
        if target is None:
            self.menu.addAction("Select a target first.").setEnabled(False)
            return
        own = dict(document.overrides.operators).get(target)
        group = QActionGroup(self.menu)
        every = OPERATORS[document.transfer.operator].title
        names: list[tuple[str | None, str, str]] = [
            (None, f"As the whole transfer ({every.lower()})", "Fit it as all other targets"),
            *((one.name, one.title, one.text) for one in OPERATORS.values()),
        ]
        for name, title, tip in names:
            action = self.menu.addAction(title)
            action.setToolTip(tip)
            action.setCheckable(True)
            action.setChecked(name == own)
            action.setActionGroup(group)
            action.triggered.connect(partial(self._choose, target, name))
            if name is None:
                self.menu.addSeparator()

    def _choose(self, target: str, operator: str | None, _checked: bool = False) -> None:
        self._window.editing.attempt(self._window.document.set_operator, target, operator)
