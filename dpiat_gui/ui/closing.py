"""Closing the window without losing anything unasked."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox

from dpiat_gui.ui.projects import Projects
from dpiat_gui.ui.running import Running

if TYPE_CHECKING:
    from dpiat_gui.ui.main_window import MainWindow


class Closing(QObject):
    """Asks about a running job, then about unsaved changes, then closes."""

    def __init__(self, projects: Projects, running: Running, window: "MainWindow") -> None:
        super().__init__(window)
        self._projects, self._running, self._window = projects, running, window
        self.asks_unsaved = True
        """Whether changes that are in no file are asked about."""

    def begin(self) -> None:
        """Close the window as soon as nothing speaks against it."""
        if self._running.busy:
            self._ask_running()
        else:
            self._ask_unsaved()

    def _ask_running(self) -> None:
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("A job is running")
        box.setText("Stop the running job and close?")
        box.setInformativeText("Nothing half-written is left behind.")
        stop = box.addButton("Stop and close", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton("Keep it running", QMessageBox.ButtonRole.RejectRole))
        stop.clicked.connect(self._stop_and_ask)
        box.finished.connect(box.deleteLater)
        box.open()

    def _stop_and_ask(self) -> None:
        self._running.cancel()
        self._ask_unsaved()

    def _ask_unsaved(self) -> None:
        close = partial(_close, self._window)
        if self.asks_unsaved:
            self._projects.when_safe(close)
        else:
            close()


def _close(window: "MainWindow") -> None:
    window.close_now()
