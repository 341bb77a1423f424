"""Where the next figure, report or list is proposed to go: beside the last one."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dpiat_gui.document.document import Document
    from dpiat_gui.services.settings import Settings


class ExportFolder:
    """One folder for all exports, so that nobody looks for it again in each of their dialogs.

    Parameters
    ----------
    document
        Whose networks the files are named after, and whose project they may stand beside.
    settings
        Knows where the last checkpoint was written.
    """

    def __init__(self, document: "Document", settings: "Settings") -> None:
        self._document, self._settings = document, settings
        self._last: Path | None = None

    @property
    def path(self) -> Path:
        """Where the last file went; before there is one, where the project is, or the last checkpoint."""
        if self._last is not None:
            return self._last
        project = self._document.project_path
        return Path(project).parent if project else Path(self._settings.output_folder or Path.cwd())

    def proposed(self, suffix: str) -> str:
        """Return a file there that is named after both networks."""
        networks = (self._document.source, self._document.target)
        name = "-to-".join(network.name for network in networks if network) or "matching"
        return str(self.path / f"{name}{suffix}")

    def keep(self, file: str | Path) -> None:
        """Propose the folder of `file` from now on."""
        self._last = Path(file).parent
