"""The report of the window: asks for a file, draws the figure, and lets a thread write the page."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from dpiat_gui.errors import DpiatError
from dpiat_gui.ui.action_values import Action, matched

if TYPE_CHECKING:
    from dpiat_gui.report.content import ReportInput
    from dpiat_gui.services.theme import Theme
    from dpiat_gui.transfer.sanity import SanityReport
    from dpiat_gui.ui.main_window import MainWindow
    from dpiat_gui.ui.tab_values import Tab

ACTIONS: tuple[Action, ...] = (
    Action(
        "export_report",
        "Export &report…",
        "File",
        ("Ctrl+Alt+E",),
        "",
        "Write one HTML page with the figure, all pairs, overrides, coverage and options.",
        matched,
    ),
)
FILTER = "Web page (*.html)"


class ReportFeature(QObject):
    """Writes reports.

    Parameters
    ----------
    window
        Whose matching is reported.
    last_check
        Gives the sanity check that holds for it, None where there is none.
    """

    def __init__(self, window: "MainWindow", last_check: "Callable[[], SanityReport | None]") -> None:
        super().__init__(window)
        self._window, self._last_check = window, last_check

    def tabs(self) -> "Sequence[Tab]":
        """Return nothing: a report is a file."""
        return ()

    def handlers(self) -> Mapping[str, Callable[..., object]]:
        """Return what the action does."""
        return {"export_report": self.ask}

    def set_theme(self, theme: "Theme") -> None:
        """Do nothing: a report is light, for paper."""

    def ask(self) -> None:
        """Ask where the report goes, and write it."""
        document = self._window.document
        if document.source is None or document.target is None:
            return
        folder = self._window.export_folder
        name, _ = QFileDialog.getSaveFileName(self._window, "Export report", folder.proposed(".html"), FILTER)
        if name:
            folder.keep(name)
            path = Path(name)
            self.write(path if path.suffix else path.with_suffix(".html"))

    def write(self, path: Path) -> None:
        """Write the report; a thread does all but the drawing."""
        given = self._input()
        if given is None:
            return

        def work(_token: object) -> Path:
            from dpiat_gui.report.page import write_report

            return write_report(given, path)

        job = self._window.jobs.run_in_thread(work, f"Writing {path.name}")
        job.deliver_to(self, done=self._written, failed=self._failed)

    def _input(self) -> "ReportInput | None":
        document = self._window.document
        if document.matching is None:
            return None
        from dpiat_gui.canvas.render import matching_svg
        from dpiat_gui.report.content import ReportInput

        state = document.state
        return ReportInput(
            document.matching,
            state.transfer,
            # Only the UI thread may measure text.
            matching_svg(document.matching, coverage=document.coverage),
            seed=state.seed,
            device=state.device,
            standardization=state.method,
            similarity=document.similarity,
            automatic_score=document.matching.score - document.override_cost,
            sanity=self._last_check(),
        )

    def _written(self, path: Path) -> None:
        opened = partial(QDesktopServices.openUrl, QUrl.fromLocalFile(str(path)))
        self._window.notices.inform(
            f"The report was written to {path}.", actions=(("Open it", opened),), key="report"
        )

    def _failed(self, error: DpiatError) -> None:
        self._window.notices.show_error(error, actions=(("Choose another file…", self.ask),), key="report")
