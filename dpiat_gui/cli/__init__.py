"""The command line: the window, and a headless twin of what it does.

Exit codes: 0 done, 1 a job that failed or was cancelled, 2 bad use or bad input.
"""

import sys
from collections.abc import Sequence

COMMANDS = ("demo", "match", "transfer", "similarity", "render")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; the exit code is returned, for the console script to pass on.

    Parameters
    ----------
    arguments
        Command-line arguments; those of the process if left out.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if _is_window(arguments):
        # The window must paint at once: what the headless commands need is not imported for it.
        from dpiat_gui.cli.window import open_window

        return open_window(arguments)
    from dpiat_gui.cli.commands import run

    return run(arguments)


def _is_window(arguments: Sequence[str]) -> bool:
    if not arguments or arguments == ["demo"]:
        return True
    return arguments[0] not in COMMANDS and not arguments[0].startswith("-")
