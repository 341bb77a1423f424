"""How long structures take to open, against the plain ways. Run: python tests/benchmarks/bench_sources.py

Ratios within one run are the measure; milliseconds are for orientation. Each figure is the
best of some runs in this process, with torch and timm imported before.
"""

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

MODELS = (
    "efficientnet_b0",
    "mixnet_s",
    "rexnet_100",
    "resnet50",
    "densenet121",
    "convnext_tiny",
    "vit_small_patch16_224",
    "swin_tiny_patch4_window7_224",
    "efficientnet_b7",
)
CHECKPOINT = "efficientnet_b7"
LARGEST = "efficientnet_l2"


def best(*actions: Callable[[], object], runs: int = 7) -> list[float]:
    """Seconds of the fastest run of each action, taken in turn so that all meet the same weather."""
    times: list[list[float]] = [[] for _ in actions]
    for _ in range(runs):
        for action, taken in zip(actions, times, strict=True):
            gc.collect()
            start = time.perf_counter()
            made = action()
            taken.append(time.perf_counter() - start)
            del made
    return [min(taken) for taken in times]


def bench_timm() -> None:
    """Our structure against plain meta and against the real model."""
    import timm
    import torch

    from dpiat_gui.networks.timm_models import create_timm_model, timm_tree

    def plain(name: str) -> object:
        with torch.device("meta"):
            return timm.create_model(name)

    columns = ("build", "+ tree", "meta", "real", "meta/build", "real/build")
    print(f"{'timm':32} " + " ".join(f"{column:>8}" for column in columns))
    ratios = []
    for name in MODELS:
        build, tree, meta = best(
            lambda name=name: create_timm_model(name, {}, structure=True),
            lambda name=name: timm_tree(name),
            lambda name=name: plain(name),
        )
        (real,) = best(lambda name=name: timm.create_model(name), runs=2)
        ratios.append(meta / build)
        print(row(name, build, tree, meta, real, f"{meta / build:9.1f}x {real / build:9.1f}x"))
    print(f"geometric mean, plain meta / build: {statistics.geometric_mean(ratios):.1f}x\n")


def bench_checkpoints() -> None:
    """Header against load for .safetensors, mapped shapes against load for .pth."""
    import timm
    import torch
    from safetensors.torch import load_file, save_file

    from dpiat_gui.networks.checkpoints import read_pickled_shapes, read_safetensors_header
    from dpiat_gui.networks.key_inference import tree_from_tensors

    state = timm.create_model(CHECKPOINT).state_dict()
    with tempfile.TemporaryDirectory() as folder:
        header, pickled = Path(folder) / "net.safetensors", Path(folder) / "net.pth"
        save_file(state, header)
        torch.save(state, pickled)
        megabytes = header.stat().st_size / 1e6
        print(f"{CHECKPOINT} as a file of {megabytes:.0f} MB: {'ours':>8} {'load':>8} {'load/ours':>10}")
        for name, ours, load in (
            (".safetensors, shapes", lambda: read_safetensors_header(header), lambda: load_file(header)),
            (
                ".pth, shapes",
                lambda: read_pickled_shapes(pickled),
                lambda: torch.load(pickled, weights_only=True),
            ),
            (
                ".safetensors, the whole tree",
                lambda: tree_from_tensors(read_safetensors_header(header), "net"),
                lambda: load_file(header),
            ),
        ):
            mine, theirs = best(ours, load)
            print(row(name, mine, theirs, f"{theirs / mine:9.1f}x"))
    print()


def bench_kept() -> None:
    """Structures that are known already."""
    from dpiat_gui.networks.shipped import shipped_references
    from dpiat_gui.networks.sources import load_cached_tree

    for reference in shipped_references():
        print(row(f"kept: {reference.title}", *best(lambda r=reference: load_cached_tree(r))))
    print()


def memory(ways: Sequence[str] = ("ours", "meta", "real")) -> None:
    """Growth of a fresh process while one model is opened, another having been opened before."""
    for name in (CHECKPOINT, LARGEST):
        grown = {}
        for way in ways:
            if name == LARGEST and way == "real":
                continue  # 1.9 GB
            command = [sys.executable, __file__, "--memory", way, name]
            environment = {**os.environ, "MALLOC_TRIM_THRESHOLD_": "0"}
            answer = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
            grown[way] = float(answer.stdout)
        print(f"memory, {name:24} " + "  ".join(f"{way} {value:.1f} MB" for way, value in grown.items()))


def grow(way: str, name: str) -> float:
    """Megabytes by which the peak of this process grows while `name` is opened in that way."""
    import timm
    import torch

    from dpiat_gui.networks.timm_models import timm_tree

    def open_it(model: str) -> object:
        if way == "ours":
            return timm_tree(model)
        if way == "meta":
            with torch.device("meta"):
                return timm.create_model(model)
        return timm.create_model(model)

    open_it("efficientnet_b0")
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far was that of the imports
    before = peak()
    made = open_it(name)
    grown = peak() - before
    del made
    return grown


def peak() -> float:
    """Peak of this process's resident memory in megabytes; Linux only."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def row(name: str, *figures: float | str) -> str:
    """Return a line of a table: seconds as milliseconds, texts as they are."""
    shown = (f"{figure * 1e3:6.1f}ms" if isinstance(figure, float) else figure for figure in figures)
    return f"{name:32} {' '.join(shown)}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        print(grow(*sys.argv[2:4]))
    else:
        bench_timm()
        bench_checkpoints()
        bench_kept()
        memory()
