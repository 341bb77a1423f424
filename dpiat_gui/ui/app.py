"""Starts the window: it paints first, and only then does what takes long."""

import gc
import sys
from collections.abc import Sequence

from PySide6.QtWidgets import QApplication

from dpiat_gui.services.crash import CrashHook
from dpiat_gui.services.engine_client import EngineClient
from dpiat_gui.services.icons import app_icon
from dpiat_gui.services.jobs import JobRunner
from dpiat_gui.services.settings import Settings
from dpiat_gui.services.theme import ThemeKeeper
from dpiat_gui.ui.main_window import MainWindow

NAME = "dpiat-gui"
DISPLAY_NAME = "DPIAT matching inspector"


def run(
    source: str | None = None,
    target: str | None = None,
    project: str | None = None,
    demo: bool = False,
    arguments: Sequence[str] = (),
) -> int:
    """Show the window until it is closed.

    Parameters
    ----------
    source, target
        References of networks to open at the start.
    project
        A project file to open instead.
    demo
        Whether to open the built-in demo instead.
    arguments
        Further arguments, for Qt.

    Returns
    -------
    int
        Exit code of the program.
    """
    application = QApplication.instance() or QApplication([sys.argv[0], *arguments])
    assert isinstance(application, QApplication)
    application.setApplicationName(NAME)
    application.setApplicationDisplayName(DISPLAY_NAME)
    application.setDesktopFileName(NAME)
    application.setWindowIcon(app_icon())
    # Painting takes the interpreter's lock many times over, and each time waits for a thread that
    # computes or imports to let go of it: 5 ms if nothing is said.
    sys.setswitchinterval(0.0005)
    window = make_window(application)
    hook = CrashHook(window.notices.show_crash)
    hook.install()

    def begin() -> None:
        # What is loaded by now stays to the end. Left out of the garbage collector's rounds,
        # it no longer stops the window for 50 ms and more some seconds after the start.
        gc.freeze()
        gc.enable()
        window.jobs.start_engine()
        if demo:
            window.opening.open_demo()
        elif project:
            window.projects.open(project)
        elif source or target:
            window.opening.open_both(source or "", target or "")
        window.transferring.ask_devices()
        window.recovery.offer()

    window.painted.connect(begin)
    window.show()
    try:
        return application.exec()
    finally:
        hook.uninstall()


def make_window(application: QApplication) -> MainWindow:
    """Return the main window with what it needs: settings, theme and a runner of jobs."""
    settings = Settings()
    # Under a style sheet every step of building takes longer; at the end it is applied just once.
    themes = ThemeKeeper(application, settings.theme, application, applied=False)
    jobs = JobRunner(EngineClient())
    window = MainWindow(settings, jobs, themes)
    themes.apply()
    return window
