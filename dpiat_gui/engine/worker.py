"""The engine's loop: requests in, one after the other, and exactly one end for each.

The main thread carries out requests. A second thread reads, so that a wish to cancel is heard at
any time; a third sends progress, at most 20 times a second; a fourth loads torch ahead of the
first request that needs it, and ends.
"""

import faulthandler
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from dpiat_gui.engine.context import JobContext
from dpiat_gui.engine.operations import OPERATIONS, Operation, carry_out
from dpiat_gui.engine.pipes import LineWriter, read_lines
from dpiat_gui.engine.protocol import (
    PROTOCOL_VERSION,
    Plain,
    Progress,
    Request,
    decode,
    encode,
    failure_of,
    failure_to_json,
    progress_to_json,
    request_of,
)
from dpiat_gui.engine.warm import Warmth
from dpiat_gui.errors import Cancelled, EngineError

PROGRESS_INTERVAL = 0.05
_GRACE = 3.0
"""Seconds that the running request has to stop and tidy up once the engine is to leave."""


class Worker:
    """The engine of one process.

    Parameters
    ----------
    requests, answers
        Descriptors of the pipes, see `take_pipes`.
    warmth
        Loads torch in the background.
    operations
        What can be asked for, by name.
    """

    def __init__(
        self,
        requests: int,
        answers: int,
        warmth: Warmth,
        operations: Mapping[str, Operation] = OPERATIONS,
    ) -> None:
        self._requests = requests
        self._writer = LineWriter(answers)
        self._warmth = warmth
        self._operations = operations
        self._waiting: deque[Request] = deque()
        self._unwanted: set[int] = set()
        self._known: set[int] = set()
        self._changed = threading.Condition()
        self._leaving = False
        self._reporter = Reporter(self._send)

    def run(self) -> None:
        """Serve until the other side closes the pipe or asks to leave; never returns."""
        self._send({"hello": {"protocol": PROTOCOL_VERSION, "pid": os.getpid()}})
        threading.Thread(target=self._listen, name="engine-listen", daemon=True).start()
        self._reporter.start()
        self._warmth.start(lambda facts: self._send({"ready": facts}))
        while (request := self._next()) is not None:
            self._answer(request)
        _exit()

    def leave(self, *_signal: Any) -> None:
        """Cancel what runs and end the process: soon if that listens, else when the grace is over."""
        # A signal handler too: it may interrupt a thread that holds the lock, so none is taken here.
        if self._leaving:
            return
        self._leaving = True
        timer = threading.Timer(_GRACE, _exit)
        timer.daemon = True
        timer.start()
        threading.Thread(target=self._wake, daemon=True).start()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _listen(self) -> None:
        with suppress(OSError):
            for line in read_lines(self._requests):
                self._hear(line)
                if self._leaving:
                    return
        self.leave()

    def _hear(self, line: bytes) -> None:
        message: Plain = {}
        try:
            message = decode(line)
            self._take(message)
        except ValueError as error:
            print(f"The engine was sent a line it cannot read: {error}", file=sys.stderr)  # noqa: T201 - for its log
            if isinstance(message.get("id"), int):
                refused = EngineError(f"The request makes no sense: {error}.", "Start the program again.")
                self._send({"id": message["id"], "failed": failure_to_json(failure_of(refused))})

    def _take(self, message: Plain) -> None:
        if message.get("shutdown"):
            self.leave()
        elif "cancel" in message:
            with self._changed:
                if message["cancel"] in self._known:
                    self._unwanted.add(message["cancel"])
        else:
            request = request_of(message)
            with self._changed:
                self._known.add(request.number)
                self._waiting.append(request)
                self._changed.notify_all()

    def _next(self) -> Request | None:
        with self._changed:
            while not self._waiting and not self._leaving:
                # A signal's handler runs only between waits on some systems.
                self._changed.wait(1.0 if os.name == "nt" else None)
            return None if self._leaving else self._waiting.popleft()

    def _answer(self, request: Request) -> None:
        number = request.number

        def cancelled() -> bool:
            return self._leaving or number in self._unwanted

        context = JobContext(
            progress=lambda progress: self._reporter.offer(number, progress),
            cancelled=cancelled,
            need_torch=lambda: self._warmth.wait(cancelled),
        )
        line = answer_line(request, context, self._operations)
        with self._changed:
            self._known.discard(number)
            self._unwanted.discard(number)
        self._reporter.flush()
        self._send_line(line)

    def _send(self, message: Plain) -> None:
        self._send_line(encode(message))

    def _send_line(self, line: bytes) -> None:
        try:
            self._writer.write(line)
        except OSError:  # nobody reads any more
            _exit()


class Reporter:
    """Sends progress from a thread of its own: the latest only, and not too often.

    A stage that was announced is always told, however long it takes: what comes too early waits
    for its turn instead of being dropped.
    """

    def __init__(self, send: Callable[[Plain], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._offered = threading.Event()
        self._latest: tuple[int, Any] | None = None

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._work, name="engine-report", daemon=True).start()

    def offer(self, number: int, progress: Progress) -> None:
        """Have this progress of a request told, unless a newer one comes first."""
        self._latest = (number, progress)
        self._offered.set()

    def flush(self) -> None:
        """Tell now what is still to be told; afterwards nothing comes of it."""
        with self._lock:
            latest, self._latest = self._latest, None
            if latest is not None:
                self._send({"id": latest[0], "progress": progress_to_json(latest[1])})

    def _work(self) -> None:
        pause = threading.Event()
        while True:
            self._offered.wait()
            self._offered.clear()
            self.flush()
            pause.wait(PROGRESS_INTERVAL)


def answer_line(request: Request, context: JobContext, operations: Mapping[str, Operation]) -> bytes:
    """Carry out a request and return the line of its one end; whatever is raised becomes one."""
    try:
        value = carry_out(request.operation, request.values, context, operations)
        return encode({"id": request.number, "done": value})
    except Cancelled:
        return encode({"id": request.number, "cancelled": True})
    except BaseException as error:
        # The frames may hold whole networks, and the next request may need the room.
        failure = failure_of(error)
        error.__traceback__ = None
        return encode({"id": request.number, "failed": failure_to_json(failure)})


def serve(
    requests: int,
    answers: int,
    parent: int | None,
    operations: Mapping[str, Operation] = OPERATIONS,
    warmth: Warmth | None = None,
) -> None:
    """Be the engine of the process `parent`; never returns.

    Parameters
    ----------
    requests, answers
        Descriptors of the pipes.
    parent
        Process id of the window, None if nobody knows.
    operations
        What can be asked for, by name.
    warmth
        What is loaded ahead; torch and timm if None.
    """
    # A crash in native code leaves its trace in standard error, which the window keeps.
    faulthandler.enable()
    # Last, so that nothing in the folder the program was started in hides an installed package;
    # a person's own factories are found there all the same.
    if (here := os.getcwd()) not in sys.path:  # noqa: PTH109 - text, as in sys.path
        sys.path.append(here)
    worker = Worker(requests, answers, warmth or Warmth(), operations)
    # Ctrl+C in the terminal reaches the whole group; the window decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, worker.leave)
    if parent is not None:
        _leave_with(parent)
    worker.run()


def _leave_with(parent: int) -> None:
    """On Linux, have the kernel tell of the parent's death, should the pipe not."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    set_death_signal = 1
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died before that
        _exit()


def _exit() -> None:
    """End the process at once: torch may be half imported in another thread."""
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(0)
