"""Lines out of the pieces in which a pipe hands them over."""

import codecs
from collections import deque

_TAIL_LINES = 200
_LINE_LIMIT = 2000


class LineBuffer:
    """Collects bytes and gives back whole lines."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> list[bytes]:
        """Take what arrived; return the lines that are whole now, without their ends."""
        # A long line arrives in many pieces; joining once keeps that linear.
        if b"\n" not in data:
            self._parts.append(data)
            return []
        *lines, rest = data.split(b"\n")
        lines[0] = b"".join([*self._parts, lines[0]])
        self._parts = [rest] if rest else []
        return [line for line in lines if line.strip()]

    def clear(self) -> None:
        """Forget what is not a whole line yet."""
        self._parts.clear()


class Tail:
    """Keeps the last lines of an output, however much of it there is."""

    def __init__(self, limit: int = _TAIL_LINES) -> None:
        self._lines: deque[str] = deque(maxlen=limit)
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def lines(self) -> tuple[str, ...]:
        """The last lines, the unfinished one included."""
        return (*self._lines, _shown(self._rest)) if self._rest else tuple(self._lines)

    def feed(self, data: bytes) -> None:
        """Take what arrived. A carriage return begins a line anew, as a progress bar does."""
        *lines, rest = (self._rest + self._decoder.decode(data)).split("\n")
        for line in lines:
            self.add_line(line)
        # Whether a return at the end begins the line anew, or belongs to the line's end, is for
        # the next piece to say.
        self._rest = _shown(rest) + ("\r" if rest.endswith("\r") else "")

    def add_line(self, line: str) -> None:
        """Take one whole line."""
        self._lines.append(_shown(line))


def _shown(line: str) -> str:
    """Return what a terminal would show of a line, up to a limit."""
    return line.rstrip("\r").rpartition("\r")[2][:_LINE_LIMIT]
