"""The window from Python, on live modules: what `dpiat_gui.inspect` does."""

import sys
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from dpiat_gui import api
from dpiat_gui.errors import DpiatError, MatchError
from dpiat_gui.matching.values import Matching, Overrides
from dpiat_gui.project.values import NetworkRecord, Project
from dpiat_gui.services.display import display_problem
from dpiat_gui.services.inline_engine import InlineEngine
from dpiat_gui.services.jobs import JobRunner
from dpiat_gui.services.settings import Settings
from dpiat_gui.services.theme import ThemeKeeper
from dpiat_gui.transfer.options import transfer_options
from dpiat_gui.ui.main_window import MainWindow

if TYPE_CHECKING:
    from dpiat_gui.api import ModuleOrNetwork


def inspect(
    source_module: "ModuleOrNetwork",
    target_module: "ModuleOrNetwork",
    preset: str = "recommended",
    overrides: Overrides | None = None,
    **options: Any,
) -> Matching:
    """Open the window on two live modules, wait until it is closed, and return the edited matching.

    Parameters
    ----------
    source_module, target_module
        The module that gives weights and the one that takes them, or networks as `standardize` makes
        them. They are not changed: hand the overrides of what comes back to `dpiat_gui.transfer`.
    preset
        ``recommended``, or ``paper`` as published.
    overrides
        Corrections by hand to begin with.
    **options
        Options of the matching, in place of the preset's.

    Returns
    -------
    Matching
        As it stood when the window was closed; its `overrides` are what the person decided.

    Raises
    ------
    DpiatError
        If no window can be opened here.
    MatchError, OverrideError
        As `dpiat_gui.match`.

    Notes
    -----
    Jobs run in threads of this process, where torch is loaded already.
    """
    begun = api.match(source_module, target_module, preset, overrides, **options)
    problem = None if QApplication.instance() else display_problem()
    if problem:
        raise DpiatError(problem)
    application = QApplication.instance() or QApplication([sys.argv[0] or "dpiat-gui"])
    assert isinstance(application, QApplication)
    window = make_inspector(application, begun)
    loop = QEventLoop()
    window.closed.connect(loop.quit)
    window.show()
    loop.exec()
    matching = window.document.matching
    error = window.document.match_error
    window.deleteLater()
    if matching is None:
        raise error or MatchError("No networks were open when the window was closed.", "Open it again.")
    return matching


def make_inspector(application: QApplication, matching: Matching) -> MainWindow:
    """Return a window on a matching of live networks, with nothing to save and no process beside it."""
    settings = Settings()
    themes = ThemeKeeper(application, settings.theme, application, applied=False)
    window = MainWindow(settings, JobRunner(InlineEngine()), themes)
    themes.apply()
    # What is edited goes back to the caller; there is no file that it could be lost from.
    window.autosave.end()
    window.closing.asks_unsaved = False
    source, target = matching.source, matching.target
    project = Project(
        NetworkRecord(source.origin, source.name),
        NetworkRecord(target.origin, target.name),
        method=source.method,
        preset=matching.preset,
        options=matching.options,
        overrides=matching.overrides,
        transfer=transfer_options(matching.preset),
    )
    window.document.open_project(project, source, target)
    QTimer.singleShot(0, window, window.view.setFocus)
    return window
