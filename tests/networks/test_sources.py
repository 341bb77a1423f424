import random
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from dpiat_gui.errors import SourceError, StandardizationError
from dpiat_gui.networks.sources import build_module, load_cached_tree, load_network, load_tree
from dpiat_gui.networks.trust import TrustStore


def test_every_kind_of_source_gives_the_same_network(tmp_path: Path, trust: TrustStore) -> None:
    import timm

    state = timm.create_model("resnet18", num_classes=5).state_dict()
    torch.save(state, tmp_path / "net.pth")
    save_file(state, tmp_path / "net.safetensors")
    code = tmp_path / "net.py"
    code.write_text("import timm\ndef make():\n    return timm.create_model('resnet18', num_classes=5)\n")
    trust.trust(code)
    references = [
        "timm:resnet18?num_classes=5",
        *(f"{tmp_path}/net.{end}" for end in ("pth", "safetensors", "py:make")),
    ]
    blocks = [
        [block.path for block in load_network(reference, trust=trust).entries if not block.single]
        for reference in references
    ]
    assert all(paths == blocks[0] for paths in blocks)
    assert blocks[0] == [f"layer{stage}.{at}" for stage in (1, 2, 3, 4) for at in (0, 1)]


def test_methods_and_origins() -> None:
    network = load_network("timm:resnet18", "flatten")
    assert network.method == "flatten"
    assert (network.name, network.origin) == ("resnet18", "timm:resnet18")
    with pytest.raises(StandardizationError):
        load_network("timm:resnet18", "nonsense")


def test_a_safetensors_file_opens_without_being_kept(own_cache: Path, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_file(nn.Linear(2, 3).state_dict(), path)
    assert load_cached_tree(str(path)) == load_tree(str(path))
    assert not own_cache.exists()


@pytest.mark.parametrize("name", ["resnet18", "efficientnet_b0", "vit_tiny_patch16_224"])
def test_a_seed_decides_every_weight(name: str) -> None:
    first, again, other = (build_module(f"timm:{name}", seed=seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)
    assert not any(value.is_meta for value in first.values())


def test_a_seed_decides_what_a_persons_code_draws_from_anywhere(tmp_path: Path, trust: TrustStore) -> None:
    code = tmp_path / "net.py"
    code.write_text(
        "import random, numpy, torch\n"
        "def make():\n"
        "    net = torch.nn.Linear(1, 3, bias=False)\n"
        "    net.weight.data[:, 0] = torch.tensor([random.random(), numpy.random.rand(), torch.rand(1)])\n"
        "    return net\n"
    )
    trust.trust(code)
    first, again, other = (build_module(f"{code}:make", seed=seed, trust=trust).weight for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert (first != other).all()


def test_the_callers_random_numbers_go_on_undisturbed() -> None:
    def draw() -> tuple[float, float, float]:
        return torch.rand(1).item(), random.random(), np.random.rand()  # noqa: NPY002

    def seed() -> None:
        torch.manual_seed(7)
        random.seed(7)
        np.random.seed(7)  # noqa: NPY002

    seed()
    expected = draw()
    seed()
    build_module("timm:resnet18", seed=1)
    assert draw() == expected


def test_a_checkpoint_is_no_module_and_says_what_it_is_good_for() -> None:
    with pytest.raises(SourceError, match="holds weights, but not the code") as caught:
        build_module("/anywhere/net.pth")
    assert "source" in caught.value.hint


def test_importing_sources_imports_neither_torch_nor_qt() -> None:
    import subprocess
    import sys

    code = (
        "import sys, pkgutil, importlib, dpiat_gui.networks as package;"
        "names = [module.name for module in pkgutil.iter_modules(package.__path__)];"
        "[importlib.import_module(f'{package.__name__}.{name}') for name in names];"
        "assert not {'torch', 'timm', 'numpy', 'PySide6', 'safetensors'} & set(sys.modules), sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
