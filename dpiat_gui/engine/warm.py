"""Loading torch ahead of the first request that needs it."""

import importlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from dpiat_gui.engine.protocol import failure_of, failure_to_json
from dpiat_gui.errors import Cancelled, EngineError

_NICENESS = 5
"""How far the loading thread steps back: the window paints first."""


class Warmth:
    """Imports heavy packages once, in a thread of low priority.

    Parameters
    ----------
    packages
        What to import, in order.
    """

    def __init__(self, packages: Sequence[str] = ("torch", "timm", "safetensors.torch")) -> None:
        self._packages = tuple(packages)
        self._over = threading.Event()
        self._error: BaseException | None = None

    def start(self, tell: Callable[[dict[str, Any]], None]) -> None:
        """Start loading; call `tell` in the loading thread with facts when it is over."""
        threading.Thread(target=self._load, args=(tell,), name="engine-warm", daemon=True).start()

    def wait(self, cancelled: Callable[[], bool]) -> None:
        """Wait until the packages are there.

        Two threads that import one package at the same time may find it half made, so
        whoever needs torch waits here first.

        Raises
        ------
        Cancelled
            If `cancelled` comes true in the meantime.
        EngineError
            If a package cannot be imported.
        """
        while not self._over.wait(0.05):
            if cancelled():
                raise Cancelled
        if self._error is not None:
            raise _cannot_load(self._error)

    def _load(self, tell: Callable[[dict[str, Any]], None]) -> None:
        _step_back()
        try:
            for package in self._packages:
                importlib.import_module(package)
        except BaseException as error:
            self._error = error
        self._over.set()
        facts: dict[str, Any] = {
            name: str(getattr(sys.modules.get(name), "__version__", "")) for name in ("torch", "timm")
        }
        if self._error is not None:
            facts["failed"] = failure_to_json(failure_of(_cannot_load(self._error)))
        tell(facts)


def _cannot_load(cause: BaseException) -> EngineError:
    error = EngineError(
        f"PyTorch or timm cannot be imported: {cause}.",
        "Install them again, for example with `pip install --force-reinstall torch timm`.",
    )
    error.__cause__ = cause
    return error


def _step_back() -> None:
    """Lower the priority of this thread alone; only Linux can."""
    if sys.platform.startswith("linux"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
