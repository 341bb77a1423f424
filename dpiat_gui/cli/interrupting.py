"""How a command answers Ctrl+C, and the system's wish that it ends."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from dpiat_gui.errors import Cancelled
from dpiat_gui.transfer.values import Progress

Tell = Callable[[Progress], None]
Ask = Callable[[], bool]


@contextmanager
def interruptible(show: Callable[[Progress], None]) -> Iterator[tuple[Tell, Ask]]:
    """Turn Ctrl+C and SIGTERM into the cancellation of a job.

    A job that counts bytes may be writing: it is asked to stop, and tidies up. One that reads or builds
    networks is left at once; and so is every job at the second wish.

    Parameters
    ----------
    show
        Shows progress.

    Yields
    ------
    tuple
        What to tell of progress, and what to ask whether the job is cancelled.

    Raises
    ------
    Cancelled
        If the job was left at once.
    """
    wished = threading.Event()
    counts = False

    def tell(step: Progress) -> None:
        nonlocal counts
        counts = step.total > 0
        show(step)

    def wish(signum: int, frame: FrameType | None) -> None:
        again = wished.is_set()
        wished.set()
        if again or not (counts or _imports(frame)):
            raise KeyboardInterrupt

    before = {number: signal.signal(number, wish) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield tell, wished.is_set
    except KeyboardInterrupt as error:
        raise Cancelled from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _imports(frame: FrameType | None) -> bool:
    """Tell whether an import is under way; an error in the midst of torch's own would abort the process."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False
