"""Keeping the garbage collector out of what must be quick."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let no garbage collection begin meanwhile.

    Building the picture of a large network makes many values and no garbage. Each of the
    collections it would set off reads all of them, which takes longer than the building.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
