"""Overrides in and out of files, pairs out as CSV, and a report of what does not fit."""

import csv
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from dpiat_gui.document.corrections import Misfit
from dpiat_gui.document.document import Document
from dpiat_gui.errors import DpiatError
from dpiat_gui.ui.export_folder import ExportFolder
from dpiat_gui.ui.misfits_dialog import MisfitsDialog
from dpiat_gui.ui.notifications import Notification, NotificationArea, Severity
from dpiat_gui.ui.pair_rows import HEADERS, Column
from dpiat_gui.ui.texts import plural

OVERRIDES = "Overrides (*.overrides.json *.dpiat);;All files (*)"
TABLE = "Comma-separated values (*.csv);;All files (*)"
_KEY = "overrides"


class OverrideExchange(QObject):
    """Asks for files, reads and writes them, and says what came of it.

    Parameters
    ----------
    document
        Whose overrides they are.
    notices
        Where the outcome is shown.
    cells
        Gives the header and the rows of the pairs table as they are shown.
    folder
        Where files are looked for and proposed.
    window
        Parent of the dialogs.
    """

    def __init__(
        self,
        document: Document,
        notices: NotificationArea,
        cells: Callable[[], list[list[str]]],
        folder: ExportFolder,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._notices = document, notices
        self._cells, self._folder, self._window = cells, folder, window
        document.misfitted.connect(self._report)
        # A report of other networks says nothing any more; of new ones it comes after this.
        for signal in (document.source_changed, document.target_changed):
            signal.connect(partial(notices.dismiss_all, _KEY))

    def ask_import(self) -> None:
        """Ask for a file of overrides, and apply them."""
        folder = str(self._folder.path)
        name, _ = QFileDialog.getOpenFileName(self._window, "Import overrides", folder, OVERRIDES)
        if name:
            self.import_file(name)

    def ask_export(self) -> None:
        """Ask where to write the overrides."""
        proposed = self._folder.proposed(".overrides.json")
        path, _ = QFileDialog.getSaveFileName(self._window, "Export overrides", proposed, OVERRIDES)
        if path:
            self._folder.keep(path)
            self.export_file(path)

    def ask_pairs(self) -> None:
        """Ask where to write the rows of the pairs table."""
        proposed = self._folder.proposed(".csv")
        path, _ = QFileDialog.getSaveFileName(self._window, "Export pairs", proposed, TABLE)
        if path:
            self._folder.keep(path)
            self.export_pairs(path)

    def import_file(self, path: str) -> None:
        """Apply the overrides of a file to the networks that are open; those that do not fit are reported."""
        # Not before the window is painted: few are read.
        from dpiat_gui.project.override_files import load_overrides

        try:
            listed = load_overrides(path)
        except DpiatError as error:
            self._notices.show_error(error, key=_KEY)
            return
        self._notices.dismiss_all(_KEY)
        count = len(listed.overrides)
        if not count and not listed.disabled:
            self._notices.inform(f"{Path(path).name} holds no overrides.", key=_KEY)
            return
        made_for = f", made for {listed.source} → {listed.target}" if listed.source and listed.target else ""
        if self._document.tables is None:
            self._document.message.emit("The overrides wait until two networks are open that can be matched.")
        else:
            self._document.message.emit(f"Imported {plural(count, 'override')}{made_for}.")
        self._document.apply_overrides(
            listed.overrides, listed.disabled, f"Import overrides from {Path(path).name}"
        )

    def export_file(self, path: str) -> None:
        """Write all overrides to a file."""
        from dpiat_gui.project.override_files import SUFFIX, OverrideList, save_overrides

        document = self._document
        names = [network.name if network else "" for network in (document.source, document.target)]
        goal = path if Path(path).suffix else f"{path}{SUFFIX}"
        self._write(
            partial(save_overrides, OverrideList(document.overrides, document.disabled, *names), goal), goal
        )

    def export_pairs(self, path: str) -> None:
        """Write the rows of the pairs table as CSV, filtered and sorted as they are shown."""
        from dpiat_gui.files import csv_name

        goal = path if Path(path).suffix else f"{path}.csv"
        text = io.StringIO()
        header, *rows = self._cells()
        named = {header.index(HEADERS[column]) for column in (Column.SOURCE, Column.TARGET)}
        safe = [[csv_name(cell) if at in named else cell for at, cell in enumerate(row)] for row in rows]
        csv.writer(text, lineterminator="\n").writerows([header, *safe])
        self._write(partial(_write_text, goal, text.getvalue()), goal)

    def _write(self, write: Callable[[], object], goal: str) -> None:
        try:
            write()
        except DpiatError as error:
            self._notices.show_error(error, key=_KEY)
            return
        self._notices.dismiss_all(_KEY)
        self._document.message.emit(f"Wrote {goal}.")

    def _report(self, misfits: tuple[Misfit, ...]) -> None:
        """Say how many overrides do not fit, and offer the list of them."""
        fit = len(self._document.overrides)
        force = f"{plural(fit, 'other')} {'is' if fit == 1 else 'are'} in force"
        if len(misfits) == 1:
            message = f"An override does not fit: {misfits[0].reason}"
            hint = f"It is kept, disabled; {force}. Another path may be near."
        else:
            message = f"{plural(len(misfits), 'override')} do not fit; {force}."
            hint = "What does not fit is kept, disabled. Other paths may be near."
        actions = (("Look at them…", partial(self._show_report, misfits)),)
        self._notices.show_notification(
            Notification(Severity.WARNING, message, hint, actions=actions, key=_KEY)
        )

    def _show_report(self, misfits: tuple[Misfit, ...]) -> None:
        self._notices.dismiss_all(_KEY)
        dialog = MisfitsDialog(self._document, misfits, self._window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _write_text(path: str, text: str) -> None:
    from dpiat_gui.files import write_whole

    with write_whole(path) as stream:
        # Lone surrogates, of paths that are not UTF-8, become escapes rather than an error.
        stream.write(text.encode("utf-8", "backslashreplace"))
