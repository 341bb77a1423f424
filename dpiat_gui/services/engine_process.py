"""One child process and the lines it exchanges; what they mean is `EngineClient`'s business."""

import logging
from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from dpiat_gui.engine.protocol import Plain, decode, encode
from dpiat_gui.services.line_buffer import LineBuffer, Tail

_log = logging.getLogger(__name__)

_LEAVE_MS = 500
_KILL_MS = 1000


class EngineProcess(QObject):
    """Starts the engine's process, again and again if asked to.

    Parameters
    ----------
    command
        Program and arguments.
    parent
        Owner.
    """

    heard = Signal(object)
    """A message, as a dict."""
    died = Signal(str)
    """The process ended though nobody asked it to leave; says how."""

    def __init__(self, command: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = tuple(command)
        self._process: QProcess | None = None
        self._answers = LineBuffer()
        self._errors = Tail()
        self._listening = False

    @property
    def alive(self) -> bool:
        """Whether there is a process, or one is being started."""
        return self._process is not None

    @property
    def listening(self) -> bool:
        """Whether it has said hello."""
        return self._listening

    @property
    def process_id(self) -> int:
        """Its process id, 0 if there is none."""
        return int(self._process.processId()) if self._process else 0

    @property
    def error_output(self) -> tuple[str, ...]:
        """The last lines that it, and the ones before it, wrote to standard error."""
        return self._errors.lines

    def launch(self) -> None:
        """Start a process, without waiting for it."""
        process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.SeparateChannels)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONIOENCODING", "utf-8:backslashreplace")
        process.setProcessEnvironment(environment)
        process.setProgram(self._command[0])
        process.setArguments(list(self._command[1:]))
        process.readyReadStandardOutput.connect(self._on_output)
        process.readyReadStandardError.connect(self._on_error_output)
        process.errorOccurred.connect(self._on_error)
        process.finished.connect(self._on_finished)
        self._process = process
        self._answers.clear()
        self._listening = False
        process.start()

    def write(self, line: bytes) -> None:
        """Send a line; to a process that is gone, nothing."""
        if self._process is not None:
            self._process.write(line)

    def kill(self) -> None:
        """End the process by force; `died` follows."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """Ask the process to leave, and end it by force if it does not within half a second."""
        process = self._release()
        if process is None:
            return
        if process.state() != QProcess.ProcessState.NotRunning:
            process.write(encode({"shutdown": True}))
            process.closeWriteChannel()
            if not process.waitForFinished(_LEAVE_MS):
                process.kill()
                process.waitForFinished(_KILL_MS)
        process.deleteLater()

    def _release(self) -> QProcess | None:
        process, self._process = self._process, None
        self._listening = False
        if process is not None:
            for signal in (
                process.readyReadStandardOutput,
                process.readyReadStandardError,
                process.errorOccurred,
                process.finished,
            ):
                signal.disconnect()
        return process

    def _on_output(self) -> None:
        if self._process is None:
            return
        for line in self._answers.feed(bytes(self._process.readAllStandardOutput().data())):
            message = self._message(line)
            if message is not None:
                self.heard.emit(message)

    def _message(self, line: bytes) -> Plain | None:
        try:
            message = decode(line)
        except ValueError:
            # Before the hello it is what some start-up hook of this Python printed. Later, an
            # answer may be lost with it, and somebody would wait for that without end.
            self._errors.add_line(line.decode("utf-8", "replace"))
            if self._listening:
                _log.error("The engine sent a line that is no message; it is ended.")
                self.kill()
            return None
        self._listening = self._listening or "hello" in message
        return message

    def _on_error_output(self) -> None:
        if self._process is not None:
            self._errors.feed(bytes(self._process.readAllStandardError().data()))

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._bury(f"could not be started ({self._process.errorString()})")

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        crashed = status == QProcess.ExitStatus.CrashExit
        self._bury(f"died (signal {code})" if crashed else f"ended by itself (exit code {code})")

    def _bury(self, how: str) -> None:
        self._on_output()  # an answer that came before the end counts
        self._on_error_output()
        if (process := self._release()) is not None:
            process.deleteLater()
            self.died.emit(how)
