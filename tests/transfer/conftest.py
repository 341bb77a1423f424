import os
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import save_file
from transfers import SMALL, moved

from dpiat_gui.networks.sources import build_module


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Write a checkpoint of the small network whose running statistics have moved."""
    module = build_module(SMALL, seed=5)
    moved(module)
    path = tmp_path_factory.mktemp("trained") / "trained.safetensors"
    save_file(module.state_dict(), path)
    return path


@pytest.fixture
def folder(tmp_path):
    """Write 20 images of two classes, each in a folder of its own, and what is no image."""
    random = np.random.default_rng(0)
    for at in range(20):
        place = tmp_path / ("dark" if at < 10 else "light")
        place.mkdir(exist_ok=True)
        shade = random.integers(0, 100, (40 + at, 32, 3)) + (0 if at < 10 else 150)
        Image.fromarray(shade.astype(np.uint8)).save(place / f"{at:02}.png")
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    whole = (tmp_path / "dark" / "00.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "notes.txt").write_text("no image either")
    (tmp_path / ".hidden.png").write_bytes(b"")
    return tmp_path


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
