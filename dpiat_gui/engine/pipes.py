"""Private pipes for the protocol, out of reach of whatever a network's code prints or reads."""

import os
import sys
import threading
from collections.abc import Iterator


def take_pipes() -> "tuple[int, int]":
    """Take standard input and output for the protocol; give other code harmless ones instead.

    To be called before anything else is imported. Whatever is printed from then on goes to standard
    error, from C code and child processes too; whoever reads standard input finds it empty.

    Returns
    -------
    tuple of int
        Descriptors to read requests from and to write answers to. Neither is inherited by
        child processes.
    """
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    return requests, answers


class LineWriter:
    """Writes whole lines to a descriptor, from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def write(self, line: bytes) -> None:
        """Write one line.

        Raises
        ------
        OSError
            If nobody reads any more.
        """
        with self._lock:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]


def read_lines(descriptor: int) -> Iterator[bytes]:
    """Yield the lines that arrive, until the other side closes the pipe."""
    with os.fdopen(descriptor, "rb", closefd=False) as stream:
        yield from stream
