import os
import shutil
import subprocess

import pytest
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
