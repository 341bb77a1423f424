"""What an operation of the engine has of the job it is a part of."""

from collections.abc import Callable
from dataclasses import dataclass

from dpiat_gui.engine.protocol import Progress
from dpiat_gui.errors import Cancelled


@dataclass(frozen=True, slots=True)
class JobContext:
    """What an operation has of its job.

    Parameters
    ----------
    progress
        Takes a `Progress`; may be called as often as one likes.
    cancelled
        Tells whether the job was cancelled.
    need_torch
        Returns once torch and timm can be imported; raises `Cancelled` or `EngineError`.
    """

    progress: Callable[[Progress], None]
    cancelled: Callable[[], bool]
    need_torch: Callable[[], None]

    def check(self) -> None:
        """Raise `Cancelled` if the job was cancelled."""
        if self.cancelled():
            raise Cancelled

    def load_torch(self) -> None:
        """Say that torch is waited for, wait, and raise `Cancelled` if the job was cancelled meanwhile."""
        self.progress(Progress(0, 0, "Loading PyTorch"))
        self.need_torch()
        self.check()
