"""Half-written files of a process that was ended before it could tidy up."""

import logging
from contextlib import suppress
from pathlib import Path

_log = logging.getLogger(__name__)


def remove_parts(output: str, since: float) -> None:
    """Remove the temporary files beside `output` that were made for it after `since`.

    Parameters
    ----------
    output
        The file that was to be written, see `dpiat_gui.files.write_whole`.
    since
        Unix time; older files are someone else's.
    """
    goal = Path(output)
    start, end = f".{goal.name}.", ".part"
    with suppress(OSError):
        for file in goal.parent.iterdir():
            if file.name.startswith(start) and file.name.endswith(end) and file.stat().st_mtime >= since - 1:
                _log.info("Removing %s, which was left half-written.", file)
                file.unlink(missing_ok=True)
