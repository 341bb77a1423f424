"""Transfers against plain copies of the same bytes, as ratios within one run.

    python tests/benchmarks/bench_transfer.py [--quick] [--folder FOLDER]

In memory: carrying out a plan, by every operator, against one memcpy of the bytes it moves, and
against the bare copies, tensor by tensor, once every view of them is made. To disk: a transfer from
one checkpoint into another, against writing and syncing a file of that size, and against loading all
into a module and saving it; with the peak of anonymous memory as a multiple of the largest tensor.
One checkpoint of few huge tensors shows memory and how long a wish to cancel waits. Where there is a
CUDA card, the same transfers on it: their bytes must equal the CPU's. The reference is compared with
where it is installed (``pip install --no-deps iatransfer inflection``).
"""

import argparse
import contextlib
import gc
import hashlib
import importlib.util
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from dpiat_gui.files import write_whole
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.networks.sources import build_module, load_network
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.torch_modules import tree_of
from dpiat_gui.networks.tracing import with_flow
from dpiat_gui.transfer.copying import apply_plan, one_thread, region
from dpiat_gui.transfer.coverage import coverage
from dpiat_gui.transfer.execution import run_transfer
from dpiat_gui.transfer.memory import transfer_modules
from dpiat_gui.transfer.operators import ALIGNMENTS, OPERATORS
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.planning import plan_transfer
from dpiat_gui.transfer.request import TransferRequest

PAIRS = [
    ("efficientnet_b0", "efficientnet_b2"),
    ("resnet18", "resnet50"),
    ("resnet50", "resnet50"),
    ("efficientnet_b2", "efficientnet_b7"),
    ("vit_small_patch16_224", "vit_base_patch16_224"),
]
CACHE = 256 * 2**20
"""Bytes that are walked through to push everything else out of the processor's caches."""


def timed(work: Callable[[], object], before: Callable[[], object] = lambda: None, times: int = 11) -> float:
    """Return the median seconds of `work`, each run after `before`."""
    taken = []
    for _ in range(times):
        before()
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def in_memory(source_name: str, target_name: str) -> None:
    """Compare a plan carried out in memory with a memcpy, caches warm and cold."""
    source, target = build_module(f"timm:{source_name}"), build_module(f"timm:{target_name}")
    matching = match_networks(standardize_tree(tree_of(source)), standardize_tree(tree_of(target)))
    plan = plan_transfer(matching)
    given, taken = source.state_dict(), target.state_dict()
    size = apply_plan(plan, given.__getitem__, taken)
    here, there = np.random.default_rng(0).integers(0, 255, size, np.uint8), np.ones(size, np.uint8)
    flood = np.ones(CACHE, np.uint8)

    def chill() -> None:
        flood[::64] += 1

    gc.collect()
    gc.disable()
    warm = timed(lambda: np.copyto(there, here))
    cold = timed(lambda: np.copyto(there, here), chill)
    apply_warm = timed(lambda: apply_plan(plan, given.__getitem__, taken))
    apply_cold = timed(lambda: apply_plan(plan, given.__getitem__, taken), chill)
    rows = [row for row in plan.rows if row.source]
    into = [region(taken[row.target], row.target_slices) for row in rows]
    parts = [region(given[str(row.source)], row.source_slices) for row in rows]
    with torch.no_grad(), one_thread():
        bare_warm = timed(lambda: torch._foreach_copy_(into, parts))
        bare_cold = timed(lambda: torch._foreach_copy_(into, parts), chill)
    whole = timed(lambda: transfer_modules(source, target, plan))
    planning = timed(lambda: plan_transfer(matching))
    counting = timed(lambda: coverage(plan))
    gc.enable()
    print(
        f"{source_name} -> {target_name}: {size / 1e6:.0f} MB in {len(plan.rows)} tensors, "
        f"{coverage(plan).fraction:.1%} covered\n"
        f"  memcpy {warm * 1e3:.2f} ms warm, {cold * 1e3:.2f} cold; "
        f"plan carried out {apply_warm / warm:.2f} x warm, {apply_cold / cold:.2f} x cold "
        f"(the bare copies {bare_warm / warm:.2f} x and {bare_cold / cold:.2f} x); "
        f"with state dicts, checks and report {whole / warm:.2f} x\n"
        f"  planning {planning * 1e3:.1f} ms, coverage {counting * 1e3:.1f} ms"
    )


def by_operator(source_name: str, target_name: str) -> None:
    """Compare every operator with a memcpy of the bytes it moves, and its planning with clip's."""
    source, target = build_module(f"timm:{source_name}"), build_module(f"timm:{target_name}")
    networks = [standardize_tree(with_flow(tree_of(module), module)) for module in (source, target)]
    matching = match_networks(*networks)
    given, taken = source.state_dict(), target.state_dict()
    print(f"{source_name} -> {target_name}, by operator")
    for name in OPERATORS:
        for align in ALIGNMENTS:
            options = TransferOptions(operator=name, align=align)
            first = timed(lambda options=options: plan_transfer(matching, options), times=3)
            began = time.perf_counter()
            plan = plan_transfer(matching, options, read=given.__getitem__)
            final = time.perf_counter() - began
            size = apply_plan(plan, given.__getitem__, taken)
            here, there = np.ones(size, np.uint8), np.ones(size, np.uint8)
            floor = timed(lambda there=there, here=here: np.copyto(there, here))
            seconds = timed(lambda plan=plan: apply_plan(plan, given.__getitem__, taken))
            print(
                f"  {name:16} {align:10} {coverage(plan).fraction:6.1%} covered, planned in "
                f"{first * 1e3:4.0f} ms, with weights {final * 1e3:5.0f} ms, "
                f"carried out in {seconds / floor:4.1f} x a memcpy"
            )


def peak_of_anonymous_memory(request: TransferRequest) -> int:
    """Return by how many bytes anonymous memory grows at most, in a process of its own; Linux only."""
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import bench_transfer;"
        "bench_transfer.print_peak(bench_transfer.TransferRequest.from_json(json.loads(sys.argv[2])))"
    )
    arguments = [str(Path(__file__).parent), json.dumps(request.to_json())]
    done = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)
    return int(done.stdout)


def print_peak(request: TransferRequest) -> None:
    """Print by how much this process' anonymous memory grows while it carries out `request`."""
    # What torch sets up once, however small the transfer, is no part of it.
    with tempfile.TemporaryDirectory() as folder:
        for name in "ab":
            save_file({"fc.weight": torch.zeros(2, 2)}, Path(folder) / f"{name}.safetensors")
        run_transfer(
            TransferRequest(f"{folder}/a.safetensors", f"{folder}/b.safetensors", f"{folder}/c.safetensors")
        )
    gc.collect()
    start = highest = anonymous_memory()
    stop = threading.Event()

    def watch() -> None:
        nonlocal highest
        while not stop.wait(0.0002):
            highest = max(highest, anonymous_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    run_transfer(request)
    stop.set()
    watcher.join()
    print(highest - start)


def anonymous_memory() -> int:
    """Return the bytes of this process' anonymous memory, 0 where nobody tells."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return next(
        (int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon")), 0
    )


def to_disk(folder: Path, source_name: str, target_name: str, times: int) -> None:
    """Compare a transfer from file to file with a plain write of the same size."""
    source, target = folder / f"{source_name}.safetensors", folder / f"own_{target_name}.safetensors"
    for name, path in ((source_name, source), (target_name, target)):
        save_file(build_module(f"timm:{name}").state_dict(), path)
    largest = max(tensor.elements * 4 for tensor in load_network(str(target)).tree.tensors)
    plain, out = folder / "plain", folder / "out.safetensors"
    request = TransferRequest(str(source), str(target), str(out), device="cpu")
    copied = replace(request, verify=False)
    size = run_transfer(request).bytes
    data = np.random.default_rng(0).bytes(size)

    def write() -> None:
        with write_whole(plain) as stream:
            stream.write(data)

    pickled = folder / "source.pth"
    torch.save(load_file(source), pickled)
    module = build_module(f"timm:{target_name}")
    own = load_file(target)

    def load_all_save_all() -> None:
        torch.load(pickled, weights_only=True)
        module.load_state_dict(own)
        torch.save(module.state_dict(), plain)

    # In turns, so that whatever else the machine does meets all of them alike.
    works: dict[str, Callable[[], object]] = {
        "plain": write,
        "naive": load_all_save_all,
        "copied": lambda: run_transfer(copied),
        "shards": lambda: run_transfer(replace(copied, max_shard_size=size // 4)),
        "verified": lambda: run_transfer(request),
        "prepared": lambda: prepare(request),
    }
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(times):
        for name, work in works.items():
            taken[name].append(timed(work, times=1))
    least = {name: min(seconds) for name, seconds in taken.items()}
    ratio = {name: seconds / least["plain"] for name, seconds in least.items()}
    prepared = least["prepared"] / least["plain"]
    peak = peak_of_anonymous_memory(request)
    print(
        f"{source_name} -> {target_name}, file to file: {size / 1e6:.0f} MB\n"
        f"  plain write {least['plain'] * 1e3:.0f} ms; torch.load, load_state_dict, torch.save "
        f"{ratio['naive']:.2f} x\n"
        f"  transfer {ratio['copied'] - prepared:.2f} x, in four shards {ratio['shards'] - prepared:.2f} x, "
        f"verified {ratio['verified'] - prepared:.2f} x;\n"
        f"  both structures read, matched and planned: {prepared:.2f} x more "
        f"({least['prepared'] * 1e3:.0f} ms)\n"
        f"  anonymous memory grows by {peak / 1e6:.1f} MB, {peak / largest:.2f} x the largest tensor"
    )
    on_cuda(request, times)
    for path in (source, target, plain, pickled, *folder.glob("out*")):
        path.unlink()


def huge(folder: Path, rows: int) -> None:
    """Transfer few tensors of many bytes: memory, and how long a wish to cancel may wait."""
    for name, more in (("source", 0), ("target", rows // 10)):
        tensors = {f"fc{number}.weight": torch.ones(rows + more, 4096) for number in range(4)}
        save_file(tensors, folder / f"{name}.safetensors")
        del tensors
    names = [str(folder / f"{name}.safetensors") for name in ("source", "target", "out")]
    request = TransferRequest(*names, device="cpu")
    asked: list[float] = []

    def ask() -> bool:
        asked.append(time.perf_counter())
        return False

    size = run_transfer(request, cancelled=ask).bytes
    waits = sorted(after - before for before, after in pairwise(asked))
    largest = (rows + rows // 10) * 4096 * 4
    peak = peak_of_anonymous_memory(request)
    print(
        f"four tensors of {largest / 1e6:.0f} MB: {size / 1e6:.0f} MB\n"
        f"  anonymous memory grows by {peak / 1e6:.1f} MB, {peak / largest:.2f} x the largest tensor\n"
        f"  a wish to cancel waits {waits[-1] * 1e3:.0f} ms at most, "
        f"{waits[len(waits) // 2] * 1e3:.1f} ms as a rule"
    )
    for name in names:
        Path(name).unlink()


def against_reference(source_name: str, target_name: str) -> None:
    """Compare match and transfer in memory with the reference implementation, where it is installed."""
    if importlib.util.find_spec("iatransfer") is None:
        print("the reference is not installed: not compared")
        return
    from bench_matching import Unneeded

    sys.meta_path.append(Unneeded())
    from iatransfer.toolkit import IAT

    import dpiat_gui as dg

    source, target = build_module(f"timm:{source_name}"), build_module(f"timm:{target_name}")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        theirs = timed(lambda: IAT()(source, target), times=3)
    ours = timed(lambda: dg.transfer(source, target, preset="paper"), times=3)
    print(
        f"{source_name} -> {target_name}, matched and transferred in memory: {ours * 1e3:.0f} ms; "
        f"the reference {theirs * 1e3:.0f} ms, {theirs / ours:.1f} x"
    )


def prepare(request: TransferRequest) -> None:
    """Do what a transfer does before it moves a byte."""
    matching = match_networks(load_network(request.source), load_network(request.target), request.options)
    plan_transfer(matching, request.transfer)


def on_cuda(request: TransferRequest, times: int) -> None:
    """Repeat a transfer on a CUDA card, and compare the bytes."""
    if not torch.cuda.is_available():
        print("  no CUDA card here: not compared")
        return
    expected = hashlib.sha256(Path(request.output).read_bytes()).digest()
    cpu = timed(lambda: run_transfer(request), times=times)
    there = replace(request, device="cuda")
    cuda = timed(lambda: run_transfer(there), times=times)
    if hashlib.sha256(Path(request.output).read_bytes()).digest() != expected:
        sys.exit("FAILED: CUDA and CPU differ")
    print(f"  on {torch.cuda.get_device_name()}: the same bytes in {cuda / cpu:.2f} x the CPU's time")


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the two smallest pairs only")
    parser.add_argument("--folder", type=Path, help="where to write; a temporary folder by default")
    arguments = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    pairs = PAIRS[:2] if arguments.quick else PAIRS
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, kept to one while copying")
    for pair in pairs:
        in_memory(*pair)
    for source, target in pairs[:2] if arguments.quick else pairs[:4]:
        by_operator(target, source)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        for pair in pairs:
            to_disk(Path(folder), *pair, times=3 if arguments.quick else 7)
        huge(Path(folder), rows=4_000 if arguments.quick else 16_000)
    against_reference(*pairs[0])


if __name__ == "__main__":
    main()
