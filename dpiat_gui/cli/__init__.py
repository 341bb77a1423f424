"""The command line: the window, and a headless twin of what it does.

Exit codes: 0 done, 1 a job that failed or was cancelled, 2 bad use or bad input.
"""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; the exit code is returned, for the console script to pass on.

    Parameters
    ----------
    arguments
        Command-line arguments; those of the process if left out.
    """
    from dpiat_gui.cli.window import COMMANDS, open_window

    arguments = list(sys.argv[1:] if arguments is None else arguments)
    first = arguments[0] if arguments else ""
    if not arguments or arguments == ["demo"] or not (first in COMMANDS or first.startswith("-")):
        # The window must paint at once: what the headless commands need is not imported for it.
        return open_window(arguments)
    from dpiat_gui.cli.commands import run

    return run(arguments)
