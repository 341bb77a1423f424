"""Opening the window from the command line."""

import gc
import sys
from collections.abc import Sequence
from pathlib import Path

COMMANDS = ("demo", "match", "transfer", "plan", "verify", "check", "similarity", "render", "report")
USAGE = "Usage: dpiat-gui [PROJECT | SOURCE TARGET]"


def open_window(arguments: Sequence[str]) -> int:
    """Open the window on what the arguments name; return the exit code.

    Parameters
    ----------
    arguments
        Nothing, ``demo``, a project file, a source, or a source and a target.
    """
    if len(arguments) > 2:
        from difflib import get_close_matches

        near = get_close_matches(arguments[0], COMMANDS, n=1)
        meant = f" Did you mean the command {near[0]}?" if near else ""
        return _refuse(
            f"{USAGE}\n\n{arguments[0]!r} and {len(arguments) - 1} more names are too many.{meant}"
        )
    demo = list(arguments) == ["demo"]
    # A mistyped command reads like a network: say so before a window opens on it.
    problem = "" if demo else _problem(arguments)
    if problem:
        return _refuse(problem)

    from dpiat_gui.services.display import display_problem

    missing = display_problem()
    if missing:
        return _refuse(f"{missing}\n\n{_headless(arguments)}")

    # Nothing that is made before the first paint goes again: looking for garbage would only delay
    # it. The collector begins with `run`, right after.
    gc.disable()
    from dpiat_gui.ui.app import run

    if demo:
        return run(demo=True)
    if len(arguments) == 1 and arguments[0].endswith(".dpiat"):
        return run(project=arguments[0])
    source, target = [*arguments, None, None][:2]
    return run(source=source, target=target)


def _problem(arguments: Sequence[str]) -> str:
    from dpiat_gui.errors import DpiatError
    from dpiat_gui.networks.references import parse_reference

    if len(arguments) == 1 and arguments[0].endswith(".dpiat"):
        if not Path(arguments[0]).is_file():
            return f"There is no project {arguments[0]}.\nCheck the path, or open it from the window."
        return ""
    try:
        for argument in arguments:
            parse_reference(argument)
    except DpiatError as error:
        return f"{error.message}\n{error.hint}\n\n{USAGE}   (dpiat-gui --help lists the commands)"
    return ""


def _headless(arguments: Sequence[str]) -> str:
    """Say how to do the window's job without one."""
    if list(arguments) == ["demo"]:
        from dpiat_gui.errors import DpiatError
        from dpiat_gui.ui.demo import demo_references

        try:
            names = list(demo_references())
        except DpiatError as error:
            return f"{error.message}\n{error.hint}"
    elif len(arguments) == 2:
        names = list(arguments)
    else:
        names = ["SOURCE", "TARGET"]
    both = " ".join(f"'{name}'" if any(c in name for c in "?& ") else name for name in names)
    return (
        "The same job without a window:\n"
        f"  dpiat-gui match {both}\n"
        f"  dpiat-gui transfer {both} -o transferred.safetensors\n"
        f"  dpiat-gui render {both} -o matching.svg"
    )


def _refuse(text: str) -> int:
    print(text, file=sys.stderr)  # noqa: T201 - the command line speaks on its error stream
    return 2
