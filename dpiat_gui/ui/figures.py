"""Writing the whole matching as a figure."""

from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from dpiat_gui.document.document import Document
from dpiat_gui.errors import DpiatError
from dpiat_gui.services.theme import LIGHT, Theme
from dpiat_gui.ui.notifications import NotificationArea

FILTER = "SVG (*.svg);;PDF (*.pdf);;PNG (*.png)"
SUFFIXES = (".svg", ".pdf", ".png")


class Figures(QObject):
    """Asks for a file and draws the matching into it, in the theme that holds."""

    def __init__(self, document: Document, notices: NotificationArea, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._notices, self._window = document, notices, window
        self._theme = LIGHT

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme

    def ask(self) -> None:
        """Ask where the figure goes, and write it."""
        document = self._document
        if document.source is None or document.target is None:
            return
        proposed = Path.cwd() / f"{document.source.name}-to-{document.target.name}.svg"
        name, kind = QFileDialog.getSaveFileName(self._window, "Export figure", str(proposed), FILTER)
        if not name:
            return
        path = Path(name)
        if path.suffix.lower() not in SUFFIXES:
            path = path.with_name(f"{path.name}.{kind[:3].lower() or 'svg'}")
        self.write(path)

    def write(self, path: Path) -> None:
        """Write the figure; its ending says the format."""
        from dpiat_gui.canvas.render import render_matching

        if self._document.matching is None:
            return
        QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            render_matching(self._document.matching, path, self._theme, coverage=self._document.coverage)
        except DpiatError as error:
            self._notices.show_error(error, actions=(("Choose another file…", self.ask),), key="figure")
        else:
            self._notices.inform(f"The figure was written to {path}.", key="figure")
        finally:
            QGuiApplication.restoreOverrideCursor()
