"""Whatever happens to a transfer, there is the whole new file or set, or the old one, or none."""

import json
import os
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from plain_files import FORMS, asked, state_of, write_networks
from safetensors.torch import save_file

from dpiat_gui.errors import Cancelled, ExportError
from dpiat_gui.matching.values import match_options
from dpiat_gui.transfer import export, streaming
from dpiat_gui.transfer.execution import run_transfer
from dpiat_gui.transfer.export import CHUNK
from dpiat_gui.transfer.request import TransferRequest

TOOLS = Path(__file__).parents[1] / "support"


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    return write_networks(tmp_path_factory.mktemp("networks"))


def other(request):
    """Return a request whose files differ from another's: without overlap of options."""
    return TransferRequest(**{**_fields(request), "options": match_options("paper")})


def _fields(request):
    return {name: getattr(request, name) for name in request.__slots__}


def interrupted(request, at):
    """Carry out a transfer that is cancelled when it asks for the n-th time; tell whether it was."""
    left = at

    def ask():
        nonlocal left
        left -= 1
        return left < 0

    try:
        run_transfer(request, cancelled=ask)
    except Cancelled:
        return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_cancelling_at_random_points(tmp_path, networks, form):
    # Twenty for each of the five forms: a hundred.
    request = asked(networks, tmp_path, form)
    asks = 0

    def count():
        nonlocal asks
        asks += 1
        return False

    run_transfer(request, cancelled=count)
    new = state_of(tmp_path)
    lots = random.Random(form)
    for number in range(20):
        for path in tmp_path.iterdir():
            path.unlink()
        if number % 2:
            run_transfer(other(request))
        old = state_of(tmp_path)
        was = interrupted(request, lots.randrange(asks))
        assert was
        assert state_of(tmp_path) == old
        assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert not interrupted(request, asks)
    assert state_of(tmp_path) == new


KILLS = """
import json, os, random, signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import torch
torch.set_num_threads(1)
from plain_files import FORMS, asked, state_of
from dpiat_gui.matching.values import match_options
from dpiat_gui.transfer.execution import run_transfer
from dataclasses import replace

folder, networks, times = Path(sys.argv[2]), sys.argv[3:5], int(sys.argv[5])
lots, told = random.Random(0), {"old": 0, "new": 0, "other": []}
for number in range(times):
    form = list(FORMS)[number % len(FORMS)]
    request = asked(networks, folder, form)
    for path in folder.iterdir():
        path.unlink()
    begun = time.perf_counter()
    run_transfer(request)
    taken, new = time.perf_counter() - begun, state_of(folder)
    for path in folder.iterdir():
        path.unlink()
    if number % 2:
        run_transfer(replace(request, options=match_options("paper")))
    old = state_of(folder)
    child = os.fork()
    if not child:
        run_transfer(request)
        os._exit(0)
    time.sleep(lots.uniform(0, 1.15 * taken))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    found = state_of(folder)
    if found == new: told["new"] += 1
    elif found == old: told["old"] += 1
    else: told["other"].append([form, sorted(set(found) ^ set(old)), sorted(set(found) ^ set(new))])
print(json.dumps(told))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killing_at_fifty_random_times(tmp_path, networks):
    done = subprocess.run(
        [sys.executable, "-c", KILLS, str(TOOLS), str(tmp_path), *map(str, networks), "50"],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["other"] == []
    assert told["old"] + told["new"] == 50
    assert told["old"] > 5


@pytest.mark.parametrize("form", FORMS)
def test_a_disk_that_fills_up(small_disk, tmp_path, monkeypatch, form):
    few, many = (write_networks(tmp_path / name, layers) for name, layers in (("few", 3), ("many", 60)))
    run_transfer(asked(few, small_disk, form))
    before = state_of(small_disk)
    with pytest.raises(ExportError, match=r"has .* free"):
        run_transfer(asked(many, small_disk, form))
    assert state_of(small_disk) == before
    for module in (export, streaming):
        monkeypatch.setattr(module, "check_space", lambda goal, needed: None)
    with pytest.raises(ExportError, match="disk is full"):
        run_transfer(asked(many, small_disk, form))
    assert state_of(small_disk) == before
    assert not [path for path in small_disk.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_within_one_huge_tensor_it_asks_again_and_again(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr("dpiat_gui.transfer.progress.INTERVAL", 0)
    for name, rows in (("source", 2500), ("target", 3000)):
        save_file({"fc.weight": torch.ones(rows, 4000)}, tmp_path / f"{name}.safetensors")
    names = [str(tmp_path / f"{name}.safetensors") for name in ("source", "target")]
    told = []
    run_transfer(TransferRequest(*names, str(tmp_path / f"out{suffix}"), device="cpu"), progress=told.append)
    steps = [progress.done for progress in told if progress.total]
    # A .pth file is made in memory first: nobody counts there, but everybody is asked.
    gaps = [after - before for before, after in pairwise(steps)]
    assert max(gaps if suffix == ".safetensors" else sorted(gaps)[:-2]) <= CHUNK
    assert len(steps) > 2 * 48_000_000 / CHUNK
