"""Hand-over between threads: calls posted to the UI thread, and lanes of worker threads.

Only `dpiat_gui.services.jobs` and the runner without a process make threads, and both do it
through `ThreadLane`.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from PySide6.QtCore import QObject, Qt, Signal, Slot


class _Box:
    """The part of a mailbox that outlives its C++ object."""

    def __init__(self) -> None:
        self.calls: deque[Callable[[], None]] = deque()
        self.lock = threading.Lock()
        self.closed = False

    def close(self) -> None:
        with self.lock:
            self.closed = True
            self.calls.clear()


class Mailbox(QObject):
    """Carries calls from any thread to the thread it lives in.

    A call posted after `close`, or after the C++ object went, is dropped.
    """

    _posted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        box = self._box = _Box()
        self._posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        # Emitting while the C++ object is torn down in another thread would crash. `destroyed`
        # comes before the tearing, and waits for the lock that `post` holds while it emits.
        self.destroyed.connect(lambda: box.close())

    def post(self, call: Callable[[], None]) -> None:
        """Have `call` called in this mailbox's thread, after what was posted before it."""
        with self._box.lock:
            if self._box.closed:
                return
            self._box.calls.append(call)
            # Python may know of the end a little earlier than `destroyed` tells.
            with suppress(RuntimeError):
                self._posted.emit()

    def close(self) -> None:
        """Drop what is still to be delivered and whatever comes later."""
        self._box.close()

    @Slot()
    def _deliver(self) -> None:
        # One call a signal, so that a flood of them leaves room for painting in between.
        try:
            call = self._box.calls.popleft()
        except IndexError:  # closed in the meantime
            return
        call()


class ThreadLane:
    """Runs pieces of work in threads of its own, at most `limit` of them at once, in order.

    A thread ends as soon as there is nothing left to do, so an idle lane holds none. The
    threads are daemons: work that never looks at its token cannot keep the program open.

    Parameters
    ----------
    name
        Start of the threads' names.
    limit
        How many may run at the same time.
    """

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._waiting: deque[Callable[[], None]] = deque()
        self._threads: set[threading.Thread] = set()
        self._leaving: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._count = 0

    def run(self, work: Callable[[], None]) -> None:
        """Queue a piece of work, which must not raise."""
        with self._lock:
            self._waiting.append(work)
            if len(self._threads) >= self._limit:
                return
            self._leaving = {thread for thread in self._leaving if thread.is_alive()}
            self._count += 1
            thread = threading.Thread(target=self._work, name=f"{self._name}-{self._count}", daemon=True)
            self._threads.add(thread)
        thread.start()

    @property
    def active(self) -> int:
        """Number of threads alive."""
        return len(self._threads)

    def wait(self, seconds: float) -> bool:
        """Wait until every thread is gone; return whether that came true within the time."""
        end = time.monotonic() + seconds
        with self._lock:
            threads = self._threads | self._leaving
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._threads.discard(threading.current_thread())
                    self._leaving.add(threading.current_thread())
                    return
                work = self._waiting.popleft()
            work()
            del work  # a closure may hold much; let it go while this thread waits for the next
