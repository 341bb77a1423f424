import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.tree_json import tree_from_json, tree_to_json
from dpiat_gui.networks.values import ModuleNode, ModuleTree, TensorSpec

_names = st.text("abc_0", min_size=1, max_size=4)
_values = st.one_of(
    st.integers(-5, 99),
    st.booleans(),
    _names,
    st.floats(0, 1),
    st.tuples(st.integers(0, 9), st.integers(0, 9)),
)


@st.composite
def _nodes(draw: st.DrawFn, path: str = "", depth: int = 3) -> ModuleNode:
    prefix = f"{path}." if path else ""
    tensors = tuple(
        TensorSpec(
            prefix + name,
            tuple(draw(st.lists(st.integers(0, 7), max_size=3))),
            draw(st.sampled_from(["float32", "int64"])),
            draw(st.booleans()),
            draw(st.sampled_from(["", "other.weight"])),
        )
        for name in draw(st.lists(_names, unique=True, max_size=2))
    )
    names = draw(st.lists(_names, unique=True, max_size=3 if depth else 0))
    return ModuleNode(
        path,
        draw(_names),
        draw(st.sampled_from(LayerKind)),
        tensors,
        tuple(draw(st.dictionaries(_names, _values, max_size=2)).items()),
        tuple(draw(_nodes(prefix + name, depth - 1)) for name in names),
        draw(st.sampled_from(["", "x.y"])),
    )


@given(_nodes(), st.text(max_size=5))
def test_any_tree_survives_json(root: ModuleNode, name: str) -> None:
    tree = ModuleTree(name, root, "live", (("timm", "1.0"),))
    again = tree_from_json(json.loads(json.dumps(tree_to_json(tree))))
    assert again == tree
    assert again.fingerprint == tree.fingerprint


def _tree() -> dict[str, Any]:
    leaf = ModuleNode(
        "a", "Conv2d", LayerKind.CONV2D, (TensorSpec("a.weight", (1, 2, 3, 3)),), (("k", (3, 3)),)
    )
    return tree_to_json(ModuleTree("n", ModuleNode("", "Net", LayerKind.OTHER, children=(leaf,))))


@pytest.mark.parametrize(
    "damage",
    [
        lambda tree: tree.pop("root"),
        lambda tree: tree.update(version=2),
        lambda tree: tree.update(name=3),
        lambda tree: tree["root"].update(kind="Conv9d"),
        lambda tree: tree["root"]["children"][0].update(path=None),
        lambda tree: tree["root"]["children"][0]["tensors"][0].__setitem__(1, [-1]),
        lambda tree: tree["root"]["children"][0]["tensors"][0].__setitem__(1, [1.5]),
        lambda tree: tree["root"]["children"][0]["tensors"].append([]),
        lambda tree: tree["root"]["children"][0].update(attributes={"k": {"nested": 1}}),
        lambda tree: tree["root"].update(children=5),
    ],
)
def test_damaged_data_is_refused(damage: Any) -> None:
    data = _tree()
    tree_from_json(json.loads(json.dumps(data)))
    damage(data)
    with pytest.raises(SourceError):
        tree_from_json(data)


@pytest.mark.parametrize("data", [None, [], "x", 3, {}])
def test_what_is_no_tree_is_refused(data: object) -> None:
    with pytest.raises(SourceError):
        tree_from_json(data)


def test_nesting_without_end_is_refused() -> None:
    node: dict[str, Any] = {"path": "a", "class": "M", "kind": "other"}
    for _ in range(400):
        node = {"path": "a", "class": "M", "kind": "other", "children": [node]}
    with pytest.raises(SourceError):
        tree_from_json({**_tree(), "root": node})
