"""An engine that does what it should not, on request; run as a script, in the engine's place."""

import sys

if __name__ == "__main__":
    from dpiat_gui.engine.pipes import take_pipes

    pipes = take_pipes()

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

from dpiat_gui.engine.operations import OPERATIONS
from dpiat_gui.engine.protocol import Progress
from dpiat_gui.errors import SourceError


def echo(values, context):
    return values


def patient(values, context):
    """Work that asks whether to stop, as it should."""
    for step in range(int(values.get("steps", 1000))):
        context.check()
        context.progress(Progress(step, 1000, f"step {step}"))
        time.sleep(0.01)
    return {"steps": "all"}


def deaf(values, context):
    """Work that never asks, and leaves a half-written file behind if it is ended."""
    if output := values.get("output"):
        goal = Path(output)
        goal.with_name(f".{goal.name}.abc.part").write_bytes(b"half")
    context.progress(Progress(1, 2, "deaf"))
    time.sleep(60)
    return {}


def noisy(values, context):
    """A person's code that prints, by every way there is, and reads what it may not."""
    print("from print")  # noqa: T201
    sys.stderr.write("from stderr\n")
    os.write(1, b"from descriptor 1\n")
    ctypes.CDLL(None).puts(b"from C")
    ctypes.CDLL(None).fflush(None)
    subprocess.run(["echo", "from a child"], check=True)
    return {"stdin": sys.stdin.read()}


def flood(values, context):
    for step in range(20_000):
        context.progress(Progress(step, 20_000, "fast"))
    context.progress(Progress(20_000, 20_000, "last"))
    return {}


def stages(values, context):
    """Two stages in one breath, the second one long."""
    context.progress(Progress(0, 2, "short"))
    context.progress(Progress(1, 2, "long"))
    time.sleep(0.5)
    return {}


def die(values, context):
    os.kill(os.getpid(), values.get("signal", signal.SIGKILL))
    time.sleep(60)
    return {}


def leave(values, context):
    os._exit(3)


def fail(values, context):
    kind = values["kind"]
    if kind == "recursion":
        return fail(values, context)
    if kind == "memory":
        raise MemoryError
    if kind == "exit":
        sys.exit("bye")
    if kind == "interrupt":
        raise KeyboardInterrupt
    if kind == "known":
        error = SourceError("No such network.", "Try another.")
        error.near = ["resnet18"]
        raise error from ValueError("why")
    if kind == "not plain":
        return {"value": object()}
    raise ZeroDivisionError("by zero")


STRANGE = {
    **OPERATIONS,
    **{work.__name__: work for work in (echo, patient, deaf, noisy, flood, stages, die, leave, fail)},
}

if __name__ == "__main__":
    from dpiat_gui.engine.warm import Warmth
    from dpiat_gui.engine.worker import serve

    if "early" in sys.argv:
        os._exit(7)
    packages = [name.removeprefix("load=") for name in sys.argv if name.startswith("load=")]
    serve(*pipes, parent=None, operations=STRANGE, warmth=Warmth(packages))
