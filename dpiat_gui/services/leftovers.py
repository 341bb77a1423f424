"""Half-written files of a process that was ended before it could tidy up."""

import logging
import sys
from contextlib import suppress
from pathlib import Path

from dpiat_gui.errors import ExportError
from dpiat_gui.file_sets import finish_set
from dpiat_gui.files import remove_leftover
from dpiat_gui.transfer.shards import index_path, is_shard_of

_log = logging.getLogger(__name__)


def remove_parts(output: str, since: float) -> None:
    """Remove the temporary files that were made after `since` for a checkpoint and what goes with it.

    A set whose files were taking their places is completed first.

    Parameters
    ----------
    output
        The file that was to be written, or the name that those of its shards are made of; see
        `dpiat_gui.transfer.writing.write_checkpoint`.
    since
        Unix time; older files are someone else's, and so are those that a living writer holds.
    """
    goal = Path(output)
    for head in (index_path(goal), goal):
        with suppress(ExportError):
            finish_set(head)
    with suppress(OSError):
        for file in goal.parent.iterdir():
            if _is_part_of(file.name, goal) and file.stat().st_mtime >= since - 1:
                _log.info("Removing %s, which was left half-written.", file)
                if sys.platform == "win32":  # there no lock tells whose it is
                    file.unlink(missing_ok=True)
                else:
                    remove_leftover(file)


def _is_part_of(name: str, goal: Path) -> bool:
    """Tell by its name whether a file is one that becomes a checkpoint, a shard of it, or goes with it."""
    if not (name.startswith(".") and name.endswith(".part")):
        return False
    becomes = name[1:].removesuffix(".part").rpartition(".")[0]
    return becomes == goal.name or becomes.startswith(f"{goal.name}.") or is_shard_of(becomes, goal)
