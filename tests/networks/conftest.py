"""What the tests of sources share: files made for them, and timm's structures read once."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from dpiat_gui.networks.trust import TrustStore
from dpiat_gui.networks.values import ModuleTree

TreeOf = Callable[[str], ModuleTree]


@cache
def _timm_tree(name: str) -> ModuleTree:
    from dpiat_gui.networks.timm_models import timm_tree

    return timm_tree(name)


@pytest.fixture
def timm_structure() -> TreeOf:
    """Read the structure of one of timm's models; equal calls give the same tree."""
    return _timm_tree


@pytest.fixture
def trust(tmp_path: Path) -> TrustStore:
    """Return a list of trusted files that is empty."""
    return TrustStore(tmp_path / "trusted.json")


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a cache of structures of its own, and return where they lie."""
    monkeypatch.setenv("DPIAT_GUI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "structures"
