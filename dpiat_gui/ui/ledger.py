"""Coverage in the window: the pane with the ledger, and what can be exported of a transfer."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMenu

from dpiat_gui.errors import DpiatError
from dpiat_gui.ui.action_values import Action, matched
from dpiat_gui.ui.ledger_pane import LedgerPane
from dpiat_gui.ui.tab_values import Tab
from dpiat_gui.ui.texts import bytes_text

if TYPE_CHECKING:
    from dpiat_gui.document.document import Document
    from dpiat_gui.services.theme import Theme
    from dpiat_gui.ui.main_window import MainWindow

EXPORTS = ("export_ledger", "export_plan", "export_script")
"""Actions of the menu in the pane, besides the manifest's."""

ACTIONS = (
    Action(
        "show_coverage",
        "Show co&verage",
        "Transfer",
        ("Ctrl+Alt+C",),
        "",
        "Show what becomes of every element of the target.",
        matched,
    ),
    Action(
        "export_ledger",
        "Export &ledger…",
        "Transfer",
        (),
        "",
        "Write what becomes of every tensor of the target, as CSV or JSON.",
        matched,
    ),
    Action(
        "export_plan",
        "Export &plan…",
        "Transfer",
        (),
        "",
        "Write which elements go where, as JSON that other programs can apply.",
        matched,
    ),
    Action(
        "export_script",
        "Export script in P&ython…",
        "Transfer",
        (),
        "",
        "Write a script that repeats the transfer from the original files, with torch alone.",
        matched,
    ),
    Action(
        "write_manifest",
        "Write a &manifest beside checkpoints",
        "Transfer",
        (),
        "",
        "Let every transfer write a record of what went into it, with hashes: NAME.manifest.json.",
        checkable=True,
    ),
    Action(
        "verify_file",
        "Veri&fy a checkpoint…",
        "Transfer",
        (),
        "",
        "Check that a checkpoint written here is still what it was.",
    ),
)
"""Rows of the table of actions."""

_KINDS: Mapping[str, tuple[str, str, str]] = {
    "export_ledger": ("Export ledger", "CSV (*.csv);;JSON (*.json)", ".csv"),
    "export_plan": ("Export plan", "JSON (*.json)", ".plan.json"),
    "export_script": ("Export Python script", "Python (*.py)", ".py"),
}


class LedgerFeature(QObject):
    """Shows the ledger, and writes it, the plan and scripts.

    Parameters
    ----------
    window
        The window it belongs to.
    """

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._document: Document = window.document
        self._folder = window.export_folder
        self.pane = LedgerPane(self._document)
        self.pane.centre_requested.connect(window.centre)
        self._document.settings_changed.connect(self._show_manifest)
        menu = QMenu(self.pane.exports)
        # The actions are made after the features: they are looked up when the menu opens.
        menu.aboutToShow.connect(partial(self._fill_menu, menu))
        self.pane.exports.setMenu(menu)

    def tabs(self) -> "Sequence[Tab]":
        """Return the pane, below the canvas."""
        return (Tab("coverage", "Coverage", self.pane),)

    def handlers(self) -> Mapping[str, Callable[..., object]]:
        """Return what to call for each action."""
        return {
            "show_coverage": lambda: self._window.pages.show("coverage"),
            **{name: partial(self._ask, name) for name in EXPORTS},
            "write_manifest": lambda on: self._document.set_writing(manifest=on),
            "verify_file": self._ask_what_to_verify,
        }

    def set_theme(self, theme: "Theme") -> None:
        """Draw with the colours of `theme`."""
        self.pane.set_theme(theme)

    def _fill_menu(self, menu: QMenu) -> None:
        if menu.isEmpty():
            menu.addActions([self._window.commands[name] for name in EXPORTS])
            menu.addSeparator()
            menu.addAction(self._window.commands["write_manifest"])

    def _show_manifest(self) -> None:
        self._window.commands["write_manifest"].setChecked(self._document.state.writing.manifest)

    # -- exports -----------------------------------------------------------------------------

    def _ask(self, name: str) -> None:
        """Ask where to, and export."""
        document = self._document
        if document.source is None or document.target is None:
            return
        title, kinds, suffix = _KINDS[name]
        proposed = self._folder.proposed(suffix)
        chosen, kind = QFileDialog.getSaveFileName(self._window, title, proposed, kinds)
        if not chosen:
            return
        path = Path(chosen)
        if path.suffix.lower() not in (".json", ".csv", ".py"):
            path = path.with_name(f"{path.name}{'.json' if 'JSON' in kind else suffix}")
        self._folder.keep(path)
        self.export(name, path)

    def export(self, name: str, path: Path) -> None:
        """Export one of `EXPORTS` to a file.

        The ledger is at hand; a plan may need the source's weights, and is left to the engine.
        """
        if name == "export_ledger":
            self._write_ledger(path)
            return
        try:
            request = self._window.transferring.plan_request(path.with_suffix(".safetensors"))
        except DpiatError as error:
            self._failed_to_write(name, error)
            return
        values: dict[str, Any] = {"do": "plan", "path": str(path), "request": request.to_json()}
        job = self._window.jobs.run_in_engine(values, f"Writing {path.name}")
        job.deliver_to(self, done=self._exported, failed=partial(self._failed_to_write, name))
        self._window.running.follow(job)

    def _write_ledger(self, path: Path) -> None:
        from dpiat_gui.files import write_whole

        found = self.pane.ledger
        if found is None:
            return
        try:
            with write_whole(path) as stream:
                stream.write(found.text(path.name).encode())
        except DpiatError as error:
            self._failed_to_write("export_ledger", error)
            return
        self._exported({"files": [str(path)]})

    def _exported(self, answer: dict[str, Any]) -> None:
        self._window.notices.dismiss_all("export")
        self._document.message.emit(f"Written {' and '.join(answer['files'])}")

    def _failed_to_write(self, name: str, error: DpiatError) -> None:
        again = partial(self._ask, name)
        self._window.notices.show_error(error, actions=(("Choose another file…", again),), key="export")

    def _failed(self, error: DpiatError) -> None:
        self._window.notices.show_error(error, key="export")

    # -- checking a file ---------------------------------------------------------------------

    def _ask_what_to_verify(self) -> None:
        kinds = "Checkpoints (*.safetensors *.pth *.pt *.index.json);;All files (*)"
        folder = str(self._folder.path)
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Verify a checkpoint", folder, kinds)
        if chosen:
            self.verify(Path(chosen))

    def verify(self, path: Path) -> None:
        """Check a written checkpoint in the engine, and say how it is."""
        job = self._window.jobs.run_in_engine({"do": "verify", "path": str(path)}, f"Verifying {path.name}")
        job.deliver_to(self, done=self._verified, failed=self._failed)
        self._window.running.follow(job)

    def _verified(self, answer: dict[str, Any]) -> None:
        self._window.notices.dismiss_all("export")
        size = f"{answer['tensors']:,} tensors, {bytes_text(answer['bytes'])}"
        self._document.message.emit(
            f"{Path(answer['path']).name} is as it was written: {size}, held against its {answer['against']}."
        )
