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
