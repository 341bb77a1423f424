import os
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from torch import nn

from dpiat_gui.errors import SourceError, TrustError
from dpiat_gui.networks.factories import code_file, factory_tree, load_factory
from dpiat_gui.networks.sources import build_module, load_cached_tree, load_tree
from dpiat_gui.networks.trust import TrustStore

NET = """
    from torch import nn

    class Net(nn.Module):
        def __init__(self, width=4, *, deep=False):
            super().__init__()
            self.conv = nn.Conv2d(3, width, 3)
            self.more = nn.Linear(width, width) if deep else nn.Identity()

    def make(width=4):
        return Net(width)

    ready = nn.Linear(2, 3)
"""


def _write(path: Path, code: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(code))
    return path


@pytest.fixture
def net(tmp_path: Path, trust: TrustStore) -> Path:
    """Return a trusted file that makes networks."""
    path = _write(tmp_path / "nets.py", NET)
    trust.trust(path)
    return path


@pytest.mark.parametrize(
    ("factory", "shape"),
    [
        ("make", (4, 3, 3, 3)),
        ("make?width=7", (7, 3, 3, 3)),
        ("Net?deep=true&width=2", (2, 3, 3, 3)),
        ("ready", (3, 2)),
    ],
)
def test_functions_classes_and_modules_of_a_file(
    factory: str, shape: tuple[int, ...], net: Path, trust: TrustStore
) -> None:
    tree = load_tree(f"{net}:{factory}", trust=trust)
    assert tree.tensors[0].shape == shape
    assert tree.origin == f"{net}:{factory}"
    module = build_module(f"{net}:{factory}", trust=trust)
    assert tuple(next(module.parameters()).shape) == shape
    assert not next(module.parameters()).is_meta


def test_structure_takes_no_memory_where_the_code_allows(tmp_path: Path, trust: TrustStore) -> None:
    path = _write(
        tmp_path / "big.py", "from torch import nn\ndef make():\n    return nn.Linear(10**6, 10**6)\n"
    )
    trust.trust(path)
    assert load_tree(f"{path}:make", trust=trust).tensors[0].shape == (10**6, 10**6)  # 4 TB as weights


def test_code_that_must_compute_is_run_on_the_cpu(tmp_path: Path, trust: TrustStore) -> None:
    code = "import torch\ndef make():\n    return torch.nn.Linear(int(torch.ones(3).sum().item()), 2)\n"
    path = _write(tmp_path / "values.py", code)
    trust.trust(path)
    assert factory_tree(f"{path}:make", trust).tensors[0].shape == (2, 3)


def test_nothing_runs_without_trust(tmp_path: Path, trust: TrustStore) -> None:
    trace = tmp_path / "it ran"
    path = _write(tmp_path / "evil.py", f"open({str(trace)!r}, 'w')\ndef make(): pass\n")
    for call in (load_tree, build_module):
        with pytest.raises(TrustError, match="not trusted") as caught:
            call(f"{path}:make", trust=trust)  # type: ignore[operator]
        assert "--trust" in caught.value.hint
    assert load_cached_tree(f"{path}:make") is None
    assert not trace.exists()


def test_trust_ends_with_the_content_it_was_given_for(net: Path, trust: TrustStore) -> None:
    assert trust.is_trusted(net)
    original = net.read_bytes()
    net.write_bytes(original + b"\n# changed\n")
    assert not trust.is_trusted(net)
    with pytest.raises(TrustError):
        load_tree(f"{net}:make", trust=trust)
    net.write_bytes(original)
    assert trust.is_trusted(net)
    twin = net.with_name("twin.py")
    twin.write_bytes(original)
    assert not trust.is_trusted(twin)


def test_trust_outlives_the_run_and_a_damaged_list_trusts_nothing(net: Path, trust: TrustStore) -> None:
    assert TrustStore(trust.path).is_trusted(net)
    for damage in (b"", b"[]", b"{}", b'{"version": 9, "trusted": {}}', b'{"version": 1, "trusted": [1]}'):
        trust.path.write_bytes(damage)
        assert not TrustStore(trust.path).is_trusted(net)
    trust.trust(net)
    assert trust.is_trusted(net)


def test_the_list_lies_in_the_config_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DPIAT_GUI_CONFIG", str(tmp_path / "mine"))
    path = _write(tmp_path / "n.py", NET)
    TrustStore().trust(path)
    assert (tmp_path / "mine" / "trusted.json").is_file()
    assert load_tree(f"{path}:make").tensors


def test_a_missing_file_cannot_be_trusted(tmp_path: Path, trust: TrustStore) -> None:
    with pytest.raises(SourceError, match="no file"):
        trust.trust(tmp_path / "none.py")


@pytest.mark.parametrize(
    ("code", "message", "line"),
    [
        ("def make():\n    raise ValueError('bad width')", "ValueError: bad width", 2),
        ("def make():\n    import sys\n    sys.exit(3)", "SystemExit: 3", 3),
        ("1 / 0\ndef make(): pass", "ZeroDivisionError: division by zero", 1),
        ("def make(:\n    pass", "SyntaxError", 1),
        ("import a_module_nobody_has\ndef make(): pass", "ModuleNotFoundError", 1),
        ("from torch import nn\ndef make():\n    return nn.Conv2d(3, 4)", "TypeError", 3),
        ("from torch import nn\ndef make():\n    return nn.Conv2d(3, 4, 3, groups=2)", "ValueError", 3),
        ("def make():\n    return make()", "RecursionError", 2),
    ],
)
def test_failures_of_the_code_say_what_and_where(
    code: str, message: str, line: int, tmp_path: Path, trust: TrustStore
) -> None:
    path = _write(tmp_path / "broken.py", code)
    trust.trust(path)
    with pytest.raises(SourceError) as caught:
        load_tree(f"{path}:make", trust=trust)
    assert message in caught.value.message
    assert f"({path}, line {line})" in caught.value.message


@pytest.mark.parametrize(
    ("factory", "message", "hint"),
    [
        ("nothing", "holds nothing named nothing", "It holds Net, make."),
        ("make?wdth=3", "cannot be called", "name=value"),
        ("Net?strange=1", "cannot be called", "name=value"),
        ("number", "is an int, not a function", "function or class"),
        ("lists", "returned a list, not a network", "torch.nn.Module"),
    ],
)
def test_what_makes_no_network_is_told(
    factory: str, message: str, hint: str, net: Path, trust: TrustStore
) -> None:
    net.write_text(net.read_text() + "\nnumber = 3\n_hidden = lambda: 0\n")
    if factory == "lists":
        net.write_text(net.read_text() + "\ndef lists():\n    return [1]\n")
    trust.trust(net)
    with pytest.raises(SourceError) as caught:
        load_tree(f"{net}:{factory}", trust=trust)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_neighbours_can_be_imported_and_are_read_anew_each_time(tmp_path: Path, trust: TrustStore) -> None:
    code = """
        import neighbour

        def make():
            from later import extra
            return neighbour.nn.Linear(neighbour.SIZE, extra)
    """
    shapes = []
    for folder, size in (("a", 3), ("b", 5), ("a", 7)):
        path = _write(tmp_path / folder / "main.py", code)
        _write(tmp_path / folder / "neighbour.py", f"from torch import nn\nSIZE = {size}\n")
        _write(tmp_path / folder / "later.py", "extra = 2\n")
        # A time of its own, or Python may take the bytecode of the older content for this one.
        os.utime(tmp_path / folder / "neighbour.py", (size, size))
        trust.trust(path)
        before, modules = list(sys.path), set(sys.modules)
        shapes.append(load_tree(f"{path}:make", trust=trust).tensors[0].shape)
        assert sys.path == before
        assert not {"neighbour", "later"} & (set(sys.modules) - modules)
    assert shapes == [(2, 3), (2, 5), (2, 7)]


def test_a_file_shadows_no_module_of_its_name(tmp_path: Path, trust: TrustStore) -> None:
    import json

    path = _write(tmp_path / "json.py", NET)
    trust.trust(path)
    load_tree(f"{path}:make", trust=trust)
    assert sys.modules["json"] is json


def test_dataclasses_and_type_hints_of_a_file_work(tmp_path: Path, trust: TrustStore) -> None:
    code = """
        from __future__ import annotations
        import copy, typing
        from dataclasses import dataclass
        from torch import nn

        @dataclass
        class Config:
            width: int = 3

        def make(config: Config = Config()):
            typing.get_type_hints(make)
            return copy.deepcopy(nn.Linear(config.width, 1))
    """
    path = _write(tmp_path / "typed.py", code)
    trust.trust(path)
    assert load_tree(f"{path}:make", trust=trust).tensors[0].shape == (1, 3)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an importable package whose own code leaves a trace."""
    _write(
        tmp_path / "site" / "dpiat_test_package" / "__init__.py", f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    )
    _write(tmp_path / "site" / "dpiat_test_package" / "nets.py", NET)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    for name in ("dpiat_test_package", "dpiat_test_package.nets"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path / "site" / "dpiat_test_package" / "nets.py"


def test_a_module_is_found_without_running_its_package(
    package: Path, tmp_path: Path, trust: TrustStore
) -> None:
    reference = "dpiat_test_package.nets:make?width=5"
    assert code_file(reference) == package.resolve()
    with pytest.raises(TrustError, match=r"nets\.py"):
        load_tree(reference, trust=trust)
    assert not (tmp_path / "ran").exists()
    trust.trust(package)
    assert load_tree(reference, trust=trust).tensors[0].shape == (5, 3, 3, 3)
    assert (tmp_path / "ran").exists()
    for name in ("dpiat_test_package", "dpiat_test_package.nets"):
        del sys.modules[name]


def test_code_files_of_other_references(net: Path, tmp_path: Path) -> None:
    assert code_file("timm:resnet18") is None
    assert code_file("x.safetensors") is None
    assert code_file(f"{net}:make") == net.resolve()
    for reference, message in [
        ("a_module_nobody_has:make", "no module a_module_nobody_has"),
        ("json.none:make", r"no module json\.none"),
        ("sys:exit", "not made from a file"),
        (f"{tmp_path / 'none.py'}:make", "no file"),
    ]:
        with pytest.raises(SourceError, match=message):
            code_file(reference)


def test_an_installed_package_works(trust: TrustStore) -> None:
    reference = "torchvision.models.resnet:resnet18?num_classes=3"
    file = code_file(reference)
    assert file is not None
    trust.trust(file)
    assert load_tree(reference, trust=trust).tensors[-1].shape == (3,)


def test_load_factory_gives_a_callable(net: Path, trust: TrustStore) -> None:
    make = load_factory(f"{net}:make", trust)
    assert isinstance(make(width=2), nn.Module)
    with pytest.raises(SourceError, match="names no factory"):
        load_factory("timm:resnet18", trust)
