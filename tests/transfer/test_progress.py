from itertools import pairwise

import pytest

from dpiat_gui.errors import Cancelled
from dpiat_gui.transfer.progress import INTERVAL, Meter
from dpiat_gui.transfer.values import Progress


def test_a_meter_reports_at_most_so_often_and_always_the_end():
    now = 0.0
    told = []
    meter = Meter(lambda progress: told.append((now, progress)), lambda: False, lambda: now)
    meter.stage("a")
    for step in range(1000):
        now += 0.01
        meter.step(step, 1000, str(step))
    meter.finish("end")
    times = [when for when, _ in told[:-1]]
    # That bytes are counted from now on is told at once, whatever was told before.
    assert [progress for _, progress in told[:2]] == [Progress(0, 0, "a"), Progress(0, 1000, "0")]
    assert all(b - a >= INTERVAL for a, b in pairwise(times[1:]))
    assert 100 < len(told) <= 10 / INTERVAL + 3
    assert told[-1][1] == Progress(1000, 1000, "end")


def test_a_meter_asks_at_every_step_whether_to_go_on():
    asked = []
    meter = Meter(lambda progress: None, lambda: bool(asked.append(1)) or len(asked) > 2, lambda: 0.0)
    meter.stage("a")
    meter.step(0, 10, "b")
    with pytest.raises(Cancelled):
        meter.step(1, 10, "c")
