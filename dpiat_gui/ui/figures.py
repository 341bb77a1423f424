"""Writing the matching as a figure."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QDialog, QFileDialog

from dpiat_gui.canvas.view import MatchView
from dpiat_gui.document.document import Document
from dpiat_gui.errors import DpiatError
from dpiat_gui.services.theme import Theme
from dpiat_gui.ui.export_folder import ExportFolder
from dpiat_gui.ui.figure_dialog import FigureDialog, FigureWish
from dpiat_gui.ui.notifications import NotificationArea

FILTER = "SVG (*.svg);;PDF (*.pdf);;PNG (*.png)"
SUFFIXES = (".svg", ".pdf", ".png")


class Figures(QObject):
    """Asks what a figure should show and where it goes, and draws the matching into it."""

    def __init__(
        self, document: Document, notices: NotificationArea, view: MatchView, folder: ExportFolder
    ) -> None:
        super().__init__(view)
        self._document, self._notices, self._view, self._folder = document, notices, view, folder
        self.wish = FigureWish()

    def set_theme(self, theme: Theme) -> None:
        """Propose the colours of `theme`."""
        self.wish = replace(self.wish, theme=theme)

    def ask(self) -> None:
        """Ask what the figure shows and where it goes, and write it."""
        if self._document.matching is None:
            return
        dialog = FigureDialog(self.wish, self._view.window())
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.wish = dialog.wish
            self.ask_file()
        dialog.deleteLater()

    def ask_file(self) -> None:
        """Ask where the figure goes, and write it."""
        proposed = self._folder.proposed(".svg")
        name, kind = QFileDialog.getSaveFileName(self._view.window(), "Export figure", proposed, FILTER)
        if not name:
            return
        self._folder.keep(name)
        path = Path(name)
        if path.suffix.lower() not in SUFFIXES:
            path = path.with_name(f"{path.name}.{kind[:3].lower() or 'svg'}")
        self.write(path)

    def write(self, path: Path) -> None:
        """Write the figure; its ending says the format."""
        if self._document.matching is None:
            return
        QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            self._render(path)
        except DpiatError as error:
            self._notices.show_error(error, actions=(("Choose another file…", self.ask_file),), key="figure")
        else:
            opened = partial(QDesktopServices.openUrl, QUrl.fromLocalFile(str(path)))
            self._notices.inform(
                f"The figure was written to {path}.", actions=(("Open it", opened),), key="figure"
            )
        finally:
            QGuiApplication.restoreOverrideCursor()

    def _render(self, path: Path) -> None:
        from dpiat_gui.canvas.render import render_matching, render_view

        wish, view, matching = self.wish, self._view, self._document.matching
        assert matching is not None
        if wish.content == "view":
            render_view(
                view.view_part(),
                path,
                wish.theme,
                scale=wish.scale,
                legend=wish.legend,
                title=wish.title,
                width_mm=wish.width_mm,
            )
            return
        opened: bool | set[str] = wish.content == "expanded"
        if wish.content == "as_seen":
            opened = {path for paths in view.expanded_paths().values() for path in paths}
        render_matching(
            matching,
            path,
            wish.theme,
            coverage=self._document.coverage,
            expanded=opened,
            scale=wish.scale,
            legend=wish.legend,
            title=wish.title,
            orientation=view.orientation,
            fold_runs=view.fold_runs and wish.content == "as_seen",
            width_mm=wish.width_mm,
        )
