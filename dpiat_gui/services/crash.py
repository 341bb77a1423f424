"""Errors that nobody foresaw: written down, and told on the UI thread, while the window lives on."""

import faulthandler
import logging
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO

from PySide6.QtCore import QObject, Qt, Signal, Slot

from dpiat_gui.networks.folders import config_folder

FILE_NAME = "crash.log"
MOST_BYTES = 200_000

_log = logging.getLogger(__name__)

Tell = Callable[[str, str], object]


class CrashHook(QObject):
    """Stands in for `sys.excepthook`: slots and worker threads of Qt end there too.

    Parameters
    ----------
    tell
        Called on the UI thread with one line and the whole trace.
    path
        The log; the one in the config folder if None. Faults of the process itself go there too.
    parent
        Owner.
    """

    _happened = Signal(str, str)

    def __init__(self, tell: Tell, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tell = tell
        self._path = path or config_folder() / FILE_NAME
        self._before = sys.excepthook
        self._busy = False
        self._stream = self._open()
        # A worker thread's error arrives on that thread; the queue brings it here.
        self._happened.connect(self._on_happened, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take the place of the hook that holds now."""
        sys.excepthook = self._hook
        if self._stream is not None:
            faulthandler.enable(self._stream)

    def uninstall(self) -> None:
        """Give the place back."""
        if sys.excepthook == self._hook:
            sys.excepthook = self._before
        if self._stream is not None:
            faulthandler.disable()
            self._stream.close()
            self._stream = None

    def _open(self) -> IO[str] | None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            mode = "w" if self._path.exists() and self._path.stat().st_size > MOST_BYTES else "a"
            return self._path.open(mode, encoding="utf-8")
        except OSError:
            return None

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._before(kind, error, trace)
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        _log.error("Unforeseen error\n%s", text)
        if self._stream is not None:
            self._stream.write(text)
            self._stream.flush()
        self._happened.emit(f"{kind.__name__}: {error}", text)

    @Slot(str, str)
    def _on_happened(self, line: str, text: str) -> None:
        # An error in telling of an error must not go round in circles.
        if self._busy:
            return
        self._busy = True
        try:
            self._tell(line, text)
        finally:
            self._busy = False
