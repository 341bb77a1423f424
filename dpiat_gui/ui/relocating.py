"""A network that a project names and that is gone, or is another one by now: said, and found again."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from dpiat_gui.document.document import Document
from dpiat_gui.errors import DpiatError
from dpiat_gui.networks.references import SourceReference, parse_reference
from dpiat_gui.ui.notifications import Notification, NotificationArea, Severity, error_details
from dpiat_gui.ui.texts import plural

Actions = tuple[tuple[str, Callable[[], object]], ...]
CHECKPOINTS = "Checkpoints (*.safetensors *.pth *.pt *.bin *.ckpt *.json);;All files (*)"
CODE = "Python files (*.py);;All files (*)"


def file_of(reference: str) -> SourceReference | None:
    """Return the parsed reference if it names a file, None for any other."""
    try:
        parsed = parse_reference(reference)
    except DpiatError:
        return None
    return parsed if parsed.path is not None else None


class Relocating(QObject):
    """Says what is wrong with a network of a project, what still fits, and asks where it is now.

    Parameters
    ----------
    document
        Whose networks they are.
    notices
        Where it is said.
    open_
        Opens a reference on a side, as a step that can be undone; overrides that fit are kept.
    ask
        Shows the dialog that opens any network on a side.
    window
        Parent of the dialogs.
    """

    def __init__(
        self,
        document: Document,
        notices: NotificationArea,
        open_: Callable[[str, SourceReference], object],
        ask: Callable[[str], object],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._notices, self._window = document, notices, window
        self._open, self._ask = open_, ask
        document.differing.connect(self._tell_differing)

    def tell_missing(self, side: str, reference: str, error: DpiatError) -> None:
        """Say why a network could not be opened, what waits for it, and offer to find it."""
        waiting = len(self._document.overrides)
        hint = error.hint
        own = self._reference(side) == reference
        if own and waiting:
            verb = "waits" if waiting == 1 else "wait"
            hint = (
                f"{hint} {plural(waiting, 'override')} {verb} for it; nothing of the project is lost.".strip()
            )
        actions = self._actions(side, reference) if own else ((f"Open {side}…", partial(self._ask, side)),)
        self._notices.show_notification(
            Notification(
                Severity.ERROR, error.message, hint, error_details(error), actions, key=f"open {side}"
            )
        )

    def relocate(self, side: str, reference: str) -> None:
        """Ask where the file of a reference is now, and open it there with the same options."""
        parsed = file_of(reference)
        if parsed is None or parsed.path is None:
            self._ask(side)
            return
        kinds = CODE if parsed.kind == "file_factory" else CHECKPOINTS
        folder = next((str(one) for one in parsed.path.parents if one.is_dir()), "")
        title = f"Where is {parsed.path.name} now?"
        name, _ = QFileDialog.getOpenFileName(self._window, title, folder, kinds)
        if name:
            self._open(side, replace(parsed, name=str(Path(name).absolute())))

    def _actions(self, side: str, reference: str) -> Actions:
        other: Actions = ((f"Open {side}…", partial(self._ask, side)),)
        if file_of(reference) is None:
            return other
        return (("Relocate…", partial(self.relocate, side, reference)), *other)

    def _tell_differing(self, sides: tuple[str, ...]) -> None:
        """Say that networks are not what the project was saved with, and what still fits."""
        document = self._document
        for side in sides:
            network = document.source if side == "source" else document.target
            if network is None:
                continue
            fit = len(document.overrides)
            kept = f"{plural(fit, 'override')} of the project still {'fits' if fit == 1 else 'fit'}."
            off = len(document.disabled)
            hint = (
                f"{kept} {plural(off, 'other')} {'is' if off == 1 else 'are'} kept, disabled."
                if off
                else kept
            )
            self._notices.show_notification(
                Notification(
                    Severity.WARNING,
                    f"The {side} {network.name} has changed since the project was saved: another structure.",
                    hint if fit or off else "Options and settings are as they were saved.",
                    actions=self._actions(side, self._reference(side)),
                    key=f"open {side}",
                )
            )

    def _reference(self, side: str) -> str:
        document = self._document
        return document.source_reference if side == "source" else document.target_reference
