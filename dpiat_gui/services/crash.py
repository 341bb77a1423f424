"""Errors that nobody foresaw: written down, and told on the UI thread, while the window lives on."""

import faulthandler
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, qInstallMessageHandler, qVersion

from dpiat_gui.networks.folders import state_folder
from dpiat_gui.services.threads import Mailbox

FILE_NAME = "crash.log"
MOST_BYTES = 200_000

_log = logging.getLogger(__name__)
_qt_log = logging.getLogger("qt")
_QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}

Tell = Callable[[str, str], object]


class CrashHook(QObject):
    """Stands in for `sys.excepthook` and its like: slots and worker threads of Qt end there too.

    Errors are written to the log and told; warnings of Qt itself are written only. Faults of the
    process (a segmentation fault ...) leave their trace in the log as well.

    Parameters
    ----------
    tell
        Called on the UI thread with one line and the whole trace.
    path
        The log; the one in the state folder if None. It is begun anew when it grows large.
    parent
        Owner.
    """

    def __init__(self, tell: Tell, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tell = tell
        self._path = path or state_folder() / FILE_NAME
        self._mailbox = Mailbox(self)
        self._inside = threading.local()
        self._telling = False
        self._stream = _opened(self._path)
        self._installed = False
        self._before: tuple[Any, Any, Any, bool] = (None, None, None, False)

    @property
    def path(self) -> Path:
        """The log."""
        return self._path

    def install(self) -> None:
        """Take the place of the hooks that hold now."""
        if self._installed:
            return
        self._installed = True
        qt_before = qInstallMessageHandler(self._on_qt_message)
        self._before = (sys.excepthook, threading.excepthook, qt_before, faulthandler.is_enabled())
        sys.excepthook = self._on_error
        threading.excepthook = self._on_thread_error
        if self._stream is not None:
            faulthandler.enable(self._stream)

    def uninstall(self) -> None:
        """Give the places back."""
        if not self._installed:
            return
        self._installed = False
        python_before, threads_before, qt_before, faults_before = self._before
        if sys.excepthook == self._on_error:
            sys.excepthook = python_before
        if threading.excepthook == self._on_thread_error:
            threading.excepthook = threads_before
        qInstallMessageHandler(qt_before)
        faulthandler.disable()
        if faults_before and sys.__stderr__ is not None:
            faulthandler.enable(sys.__stderr__)
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _on_error(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            self._before[0](kind, error, trace)
            return
        # An error while an error is written down must not go round in circles.
        if getattr(self._inside, "busy", False):
            return
        self._inside.busy = True
        try:
            text = "".join(traceback.format_exception(kind, error, trace))
            self._write("error", text)
            print(text, file=sys.stderr, end="")  # noqa: T201 - as Python's own hook does
            line = f"{kind.__name__}: {error}".strip().removesuffix(":")
            # It may have happened in a worker thread; the mailbox brings it here.
            self._mailbox.post(lambda: self._tell_once(line, text))
        finally:
            self._inside.busy = False

    def _on_thread_error(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self._on_error(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    def _on_qt_message(self, kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        level = _QT_LEVELS.get(kind, logging.WARNING)
        _qt_log.log(level, "%s", message)
        if level >= logging.WARNING:
            self._write("Qt", message)
        if (before := self._before[2]) is not None:
            before(kind, context, message)

    def _write(self, what: str, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {what}: {text.rstrip()}\n")
            self._stream.flush()
        except (OSError, ValueError) as error:  # a full disk must not hide the error itself
            _log.warning("The crash log cannot be written: %s", error)

    def _tell_once(self, line: str, text: str) -> None:
        # Telling may fail too; if that were told as well, it would go on without end.
        if self._telling:
            return
        self._telling = True
        try:
            self._tell(line, text)
        except Exception:
            self._write("error while telling of an error", traceback.format_exc())
        finally:
            self._telling = False


def _opened(path: Path) -> IO[str] | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = "w" if path.exists() and path.stat().st_size > MOST_BYTES else "a"
        stream = path.open(mode, encoding="utf-8", errors="backslashreplace")
        stream.write(
            f"{time.strftime('%Y-%m-%d %H:%M:%S')} started: Python {sys.version.split()[0]}, "
            f"Qt {qVersion()}, {sys.platform}\n"
        )
        stream.flush()
    except OSError:
        return None
    return stream
