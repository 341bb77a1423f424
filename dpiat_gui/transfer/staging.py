"""Copies on a device: in batches, overlapped with reading, within a bound of its memory.

The device picks elements, as whole numbers of their size; so it gives the same bits as the CPU.
Values that are scaled or change their dtype are computed on the CPU, and so is whatever has no
room on the device: nothing about a result depends on where its parts were picked.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dpiat_gui.transfer.copying import bits, find_tensor, taken
from dpiat_gui.transfer.values import PlanRow

if TYPE_CHECKING:
    import torch
    from torch import Tensor

USUAL_MEMORY = 256 << 20
"""Bytes of the device's memory that a transfer takes at most, if nobody says otherwise."""

_ALIGNMENT = 16
_AHEAD = 2
"""Batches under way at a time: one is on the device while the next one is read."""

Wait = Callable[[], None]


class Lane:
    """The way to a device and back.

    On CUDA memory is pinned and work is queued on a stream of its own; elsewhere every step is
    finished when it returns.

    Parameters
    ----------
    device
        ``cuda:N``, ``mps``, ``xpu:N``; ``cpu`` is a device like any other here.
    """

    def __init__(self, device: str) -> None:
        import torch

        self._device = torch.device(device)
        self._is_cuda = self._device.type == "cuda"
        self._stream: torch.cuda.Stream | None = None
        if self._is_cuda:
            self._stream = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]  # torch says no types here

    def work(self) -> AbstractContextManager[object]:
        """Return what to put around the work of a batch."""
        import torch

        return nullcontext() if self._stream is None else torch.cuda.stream(self._stream)

    def host(self, size: int) -> "Tensor":
        """Return `size` bytes of the main memory that the device can fetch by itself."""
        import torch

        return torch.empty(size, dtype=torch.uint8, pin_memory=self._is_cuda)

    def send(self, held: "Tensor") -> "Tensor":
        """Return a copy on the device."""
        return held.to(self._device, non_blocking=self._is_cuda)

    def receive(self, found: "Tensor", into: "Tensor") -> None:
        """Copy from the device into the main memory."""
        into.copy_(found, non_blocking=self._is_cuda)

    def mark(self) -> Wait:
        """Return what waits until all the work so far is done."""
        import torch

        if self._stream is None:
            return lambda: None
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]  # torch says no types here
        event.record(self._stream)
        return event.synchronize


@dataclass(frozen=True)
class _Job:
    """One row of a batch, with the part of its source that travels."""

    row: PlanRow
    within: PlanRow
    """The row, for a source that begins where `slab` does."""
    slab: "Tensor"
    dtype: "torch.dtype"

    @property
    def picked(self) -> int:
        """Bytes that come back."""
        return self.row.copied * self.slab.element_size()


@dataclass
class _Batch:
    """Rows that travel together."""

    jobs: deque[_Job]
    found: deque["Tensor"]
    wait: Wait


class Stager:
    """Lets a device pick what rows take of their sources; in the order in which they are asked for.

    Parameters
    ----------
    read
        The source's tensors, in the CPU's memory.
    rows
        The rows in the order they will be asked for; others may be asked for between them.
    lane
        The way to the device.
    most
        Bytes of the device's memory at most.

    Attributes
    ----------
    failed
        Whether the device ran out of memory; from then on all is left to the CPU.
    rows_done
        Rows that the device picked.
    """

    def __init__(
        self,
        read: "Callable[[str], Tensor]",
        rows: Iterable[PlanRow],
        lane: Lane,
        most: int = USUAL_MEMORY,
    ) -> None:
        self._read, self._lane = read, lane
        self._jobs = self._jobs_of(rows)
        self._kept: _Job | None = None
        # What travels, what is picked and what is packed for the way back lie there together.
        self._most = most // _AHEAD
        self._under_way: deque[_Batch] = deque()
        self._current: _Batch | None = None
        self.failed = False
        self.rows_done = 0

    def take(self, row: PlanRow) -> "Tensor | None":
        """Return what a row takes, contiguous and in the source's dtype; None leaves it to the CPU.

        It may be used until the next row is taken.
        """
        if self.failed:
            return None
        try:
            return self._take(row)
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            self.failed = True
            self._under_way.clear()
            self._current = self._kept = None
            return None

    def _take(self, row: PlanRow) -> "Tensor | None":
        if self._current is None or not self._current.jobs:
            while len(self._under_way) < _AHEAD and (batch := self._launch()) is not None:
                self._under_way.append(batch)
            if not self._under_way:
                return None
            self._current = self._under_way.popleft()
            self._current.wait()
        job = self._current.jobs[0]
        if job.row != row:
            return None
        self._current.jobs.popleft()
        self.rows_done += 1
        return self._current.found.popleft().view(job.dtype).view([len(i) for i in row.source_indices])

    def _launch(self) -> _Batch | None:
        """Read the next batch and send it on its way; return None when there is no more."""
        jobs: list[_Job] = []
        size = 0
        while (job := self._kept or next(self._jobs, None)) is not None:
            self._kept = None
            needed = _padded(job.slab.nbytes) + 2 * _padded(job.picked)
            if needed > self._most:
                continue
            if jobs and size + needed > self._most:
                self._kept = job
                break
            jobs.append(job)
            size += needed
        return self._send(jobs) if jobs else None

    def _send(self, jobs: list[_Job]) -> _Batch:
        import torch

        host = self._lane.host(sum(_padded(job.slab.nbytes) for job in jobs))
        at = 0
        for job in jobs:
            held = host[at : at + job.slab.nbytes].view(job.slab.dtype).view(job.slab.shape)
            held.copy_(job.slab)
            at += _padded(job.slab.nbytes)
        back = self._lane.host(sum(_padded(job.picked) for job in jobs))
        with self._lane.work():
            there = self._lane.send(host)
            packed = torch.empty(back.numel(), dtype=torch.uint8, device=there.device)
            places, at, to = [], 0, 0
            for job in jobs:
                held = there[at : at + job.slab.nbytes].view(job.slab.dtype).view(job.slab.shape)
                part = taken(job.within, held)
                packed[to : to + job.picked].view(part.dtype).view(part.shape).copy_(part)
                places.append((to, to + job.picked))
                at += _padded(job.slab.nbytes)
                to += _padded(job.picked)
            self._lane.receive(packed, back)
            wait = self._lane.mark()
        return _Batch(deque(jobs), deque(back[start:stop] for start, stop in places), wait)

    def _jobs_of(self, rows: Iterable[PlanRow]) -> Iterator[_Job]:
        """Cut what travels out of the sources: from the first index taken to the last, in one run."""
        import torch

        for row in rows:
            if row.source is None or not row.source_shape or row.scale != 1.0 or not row.copied:
                continue
            source = find_tensor(self._read, row.source, row.source_shape, "source").detach()
            if source.dtype != getattr(torch, row.target_dtype) or source.element_size() > 8:
                continue
            (start, stop), *others = row.source_slices
            picks = row.source_picks
            if picks and picks[0] is not None:
                picks = (tuple(index - start for index in picks[0]), *picks[1:])
            within = replace(
                row,
                source_shape=(stop - start, *row.source_shape[1:]),
                source_slices=((0, stop - start), *others),
                source_picks=picks,
            )
            yield _Job(row, within, bits(source)[start:stop], source.dtype)


def _padded(size: int) -> int:
    return size + -size % _ALIGNMENT


def _is_out_of_memory(error: RuntimeError) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error).lower()
