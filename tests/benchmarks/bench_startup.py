"""How long the window takes from the command to its first paint, and to the demo's drawn matching.

Run from the repository's root: ``python tests/benchmarks/bench_startup.py [RUNS]``, with a display
or under ``xvfb-run``; without one Qt's offscreen platform is taken. Each run is a process of its
own, that opens the real window on the demo with a real engine and closes it when both are ready.

Figures are the best and the median of the runs. Seconds depend on the machine and on who else
works on it, so they stand beside those of a bare ``import PySide6.QtWidgets``, and stalls are told
in two ways: by the clock, and in processor time of the window's thread, which no other process can
make longer.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

RUNS = 7
AIMS = {
    "first paint s": 0.5,
    "matching drawn s": 1.5,
    "longest stall ms": 50.0,
    "longest stall, own ms": 50.0,
    "peak memory MB": 150.0,
}

CHILD = """
import os, resource, sys, time
from PySide6.QtCore import QEvent, QObject, QTimer, Qt
from dpiat_gui.ui import app

class Probe(QObject):
    # Ticks each millisecond from the first paint on; the longest pause between two is a stall.
    def __init__(self, window):
        super().__init__(window)
        self.window, self.found, self.stalls = window, {}, []
        self.engine = False
        self.timer = QTimer(self)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self.tick)
        window.painted.connect(self.painted)
        QTimer.singleShot(60_000, self, self.give_up)
        window.jobs.engine_state_changed.connect(self.engine_changed)
        window.view.viewport().installEventFilter(self)

    def since(self):
        return time.monotonic() - float(os.environ["BENCH_BEGAN"])

    def painted(self):
        self.found["first paint s"] = self.since()
        times = os.times()
        self.found["first paint, processor s"] = times.user + times.system
        self.last, self.own = time.monotonic(), time.thread_time()
        self.timer.start(1)

    def tick(self):
        now, own = time.monotonic(), time.thread_time()
        self.stalls.append(((now - self.last) * 1000, (own - self.own) * 1000, self.since()))
        self.last, self.own = now, own

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and self.window.document.matching is not None:
            if self.window.view.board.matching is not None and "matching drawn s" not in self.found:
                QTimer.singleShot(0, self, self.drawn)
        return False

    def drawn(self):
        if "matching drawn s" not in self.found:
            self.found["matching drawn s"] = self.since()
            times = os.times()
            self.found["matching drawn, processor s"] = times.user + times.system
            self.end()

    def engine_changed(self, state):
        if state == "ready":
            self.engine = True
            self.found["engine ready s"] = self.since()
            self.end()

    def end(self):
        if self.engine and "matching drawn s" in self.found:
            # A little later, so that what is left to do counts as well.
            QTimer.singleShot(500, self, self.close)

    def give_up(self):
        sys.stderr.write(f"Not ready after a minute: {self.found}, engine {self.window.jobs.engine_state}\\n")
        self.window.close_now()

    def close(self):
        import json
        self.found["longest stall ms"] = max(wall for wall, _, _ in self.stalls)
        self.found["longest stall, own ms"] = max(own for _, own, _ in self.stalls)
        self.found["peak memory MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self.found["stalls"] = sorted(self.stalls, key=lambda s: -s[1])[:6]
        self.found["torch"] = "torch" in sys.modules
        sys.stdout.write(json.dumps(self.found))
        sys.stdout.flush()
        self.window.close_now()

make_window = app.make_window

def make_watched_window(application):
    window = make_window(application)
    Probe(window)
    return window

app.make_window = make_watched_window
from dpiat_gui.cli import main
sys.exit(main(["demo"]))
"""


def run_once(environment: dict[str, str]) -> dict[str, float]:
    """Open the window once; return what it measured."""
    began = {"BENCH_BEGAN": str(time.monotonic())}
    done = subprocess.run(
        [sys.executable, "-c", CHILD], env=environment | began, capture_output=True, text=True, check=False
    )
    if done.returncode or not done.stdout:
        raise SystemExit(f"The window ended with {done.returncode}:\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def import_once(environment: dict[str, str]) -> tuple[float, float]:
    """Import Qt's widgets in a process; return seconds by the clock, and of the processor."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([sys.executable, "-c", "import PySide6.QtWidgets"], env=environment, check=True)
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return ended - began, own


def main() -> None:
    """Print the figures."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with tempfile.TemporaryDirectory() as folder:
        # As a person finds it from the second start on: modules compiled, structures known.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {f"DPIAT_GUI_{name}": str(Path(folder, name)) for name in ("CONFIG", "STATE", "CACHE")}
        environment["PYTHONPYCACHEPREFIX"] = str(Path(folder, "compiled"))
        if not environment.get("DISPLAY") and not environment.get("WAYLAND_DISPLAY"):
            environment["QT_QPA_PLATFORM"] = "offscreen"
        run_once(environment)
        bare, found = [], []
        for _ in range(runs):
            bare.append(import_once(environment))
            found.append(run_once(environment))
    assert not any(one["torch"] for one in found), "torch is in the window's process"
    wall, own = ([one[at] for one in bare] for at in (0, 1))
    print(f"{runs} runs; no torch in the window's process\n")
    print(f"{'':32}{'best':>9}{'median':>9}{'aim':>8}{'by bare import':>18}")
    print(f"{'import PySide6.QtWidgets s':32}{min(wall):9.3f}{median(wall):9.3f}")
    print(f"{'the same, processor s':32}{min(own):9.3f}{median(own):9.3f}")
    for name in found[0]:
        if name in ("stalls", "torch"):
            continue
        values = [one[name] for one in found]
        bases = own if "processor" in name else wall
        ratio = median(value / base for value, base in zip(values, bases, strict=True))
        aim = f"{AIMS[name]:8.1f}" if name in AIMS else f"{'':8}"
        by = f"{ratio:18.2f}" if name.endswith(" s") and "engine" not in name else ""
        print(f"{name:32}{min(values):9.3f}{median(values):9.3f}{aim}{by}")
    print("\nThe longest stalls of the last run, as clock ms, own ms and seconds after the command:")
    for clock, processor, when in found[-1]["stalls"]:
        print(f"  {clock:8.1f}{processor:8.1f}{when:8.2f}")


if __name__ == "__main__":
    main()
