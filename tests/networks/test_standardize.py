import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpiat_gui.errors import StandardizationError
from dpiat_gui.networks.kinds import DIMENSIONAL, LayerKind
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.values import ModuleNode, ModuleTree, TensorSpec

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "matchings.json").read_text())
Tree = str | Sequence["Tree"]
# One letter a layer: convolution, linear, batch norm, layer norm, activation, bare parameter.
_KINDS = {
    "c": LayerKind.CONV2D,
    "l": LayerKind.LINEAR,
    "b": LayerKind.BATCH_NORM2D,
    "n": LayerKind.LAYER_NORM,
    "a": LayerKind.ACTIVATION,
}


def _node(shape: Tree, path: str = "") -> ModuleNode:
    prefix = f"{path}." if path else ""
    if isinstance(shape, str):
        weight = (TensorSpec(f"{prefix}weight", (2,)),) if shape != "a" else ()
        return ModuleNode(path, shape, _KINDS[shape], weight)
    bare = tuple(TensorSpec(f"{prefix}p{at}", (2,)) for at, part in enumerate(shape) if part == "p")
    children = tuple(_node(part, f"{prefix}{at}") for at, part in enumerate(shape) if part != "p")
    return ModuleNode(path, "Module", LayerKind.OTHER, bare, (), children)


def _sequence(shape: Tree, method: str = "blocks") -> list[str]:
    """Standardize and write each entry as the letters of its layers, blocks in brackets."""
    network = standardize_tree(ModuleTree("made", _node(shape)), method)
    written = []
    for block in network.sequence:
        letters = "".join("p" if layer.bare else layer.class_name for layer in block.layers)
        written.append(letters if block.single else f"[{letters}]")
    return written


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        # Layers at the root stay loose, however many there are.
        (["c", "b", "a", "l"], ["c", "b", "a", "l"]),
        # A child with two conv or linear layers becomes a block, one with fewer is spliced.
        (["c", ["c", "b", "c", "b"], "l"], ["c", "[cbcb]", "l"]),
        (["c", ["c", "b", "a"], "l"], ["c", "c", "b", "a", "l"]),
        # A child of two blocks has depth 2: its blocks come up.
        (["c", [["c", "c"], ["c", "c"]], "l"], ["c", "[cc]", "[cc]", "l"]),
        # As many single layers as blocks: not dissolved; one more: dissolved into one block.
        (["c", ["b", ["c", "c"]], "l"], ["c", "b", "[cc]", "l"]),
        (["c", ["b", ["c", "c"], "a"], "l"], ["c", "[bcca]", "l"]),
        # Two blocks outweigh two loose layers.
        (["c", [["c", "c"], "b", "a", ["c", "c"]], "l"], ["c", "[cc]", "b", "a", "[cc]", "l"]),
        # A result of one entry is unwrapped, once and again.
        (["c", [[["c", "c"]]], "l"], ["c", "[cc]", "l"]),
        (["c", [["b"]], "l"], ["c", "b", "l"]),
        # A module without children is a leaf, and so is one without entries.
        (["c", [], "l"], ["c", "Module", "l"]),
        # Wrappers of one child share the root's level, so that nothing is dissolved below them.
        ([[["b", ["c", "c"], "a"]]], ["b", "[cc]", "a"]),
        # A network that is one block altogether is its layers.
        ([[["c", "c"], []]], ["[cc]", "Module"]),
        ([[["c", "c"]]], ["c", "c"]),
        ("c", ["c"]),
        ("a", ["a"]),
    ],
)
def test_the_rules_of_the_papers_appendix(shape: Tree, expected: list[str]) -> None:
    assert _sequence(shape) == expected


def test_a_scored_module_is_a_leaf_even_with_children() -> None:
    inner = ModuleNode("0.drop", "Identity", LayerKind.IDENTITY, (TensorSpec("0.drop.x", (1,), buffer=True),))
    norm = ModuleNode("0", "NormAct", LayerKind.BATCH_NORM2D, (TensorSpec("0.weight", (2,)),), (), (inner,))
    tree = ModuleTree("made", ModuleNode("", "Net", LayerKind.OTHER, (), (), (norm, _node("c", "1"))))
    layers = standardize_tree(tree).layers
    assert [layer.path for layer in layers] == ["0", "1"]
    assert [tensor.key for tensor in layers[0].tensors] == ["0.weight", "0.drop.x"]


def test_a_repeated_child_is_no_layer() -> None:
    first = _node("c", "0")
    again = ModuleNode("1", "c", LayerKind.CONV2D, (TensorSpec("1.weight", (2,)),), repeats="0")
    tree = ModuleTree("made", ModuleNode("", "Net", LayerKind.OTHER, (), (), (first, again)))
    for method in ("blocks", "flatten"):
        assert [layer.path for layer in standardize_tree(tree, method).layers] == ["0"]


def test_bare_parameters_come_along_and_the_paper_does_not_see_them() -> None:
    assert _sequence(["p", "c", ["p", "c", "c"], "l"]) == ["p", "c", "[pcc]", "l"]
    network = standardize_tree(ModuleTree("made", _node(["p", "c", ["p", "c", "c"], "l"])))
    assert [block.path for block in network.entries] == ["1", "2", "3"]
    assert network.entries_for("all") == network.sequence
    assert [layer.path for layer in network.entries[1].layers] == ["2.1", "2.2"]


def test_an_input_projection_is_one_layer() -> None:
    import torch  # noqa: F401 - the tree of a live module
    from torch import nn

    from dpiat_gui.networks.torch_modules import tree_of

    network = standardize_tree(tree_of(nn.Sequential(nn.MultiheadAttention(8, 2), nn.Linear(8, 8))))
    layers = {layer.path: layer for layer in network.layers}
    assert layers["0.in_proj"].kind is LayerKind.IN_PROJECTION
    assert layers["0.in_proj"].shape == (24, 8)
    assert [layer.path for layer in network.layers if not layer.bare] == ["0.out_proj", "1"]


def test_flatten_gives_every_leaf_by_itself() -> None:
    shape: Tree = ["c", ["b", ["c", "a"], []], "l"]
    assert _sequence(shape, "flatten") == ["c", "b", "c", "a", "Module", "l"]


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(StandardizationError, match="no standardization named 'blokcs'") as caught:
        standardize_tree(ModuleTree("made", _node("c")), "blokcs")
    assert "flatten" in caught.value.hint


_trees = st.recursive(st.sampled_from(list(_KINDS)), lambda parts: st.lists(parts, max_size=4), max_leaves=25)


def _reference(shape: Tree, level: int = 0) -> tuple[int, int, list[object] | str]:
    """Standardize by the words of the appendix, on the plain lists of `_trees`; for comparison."""
    if isinstance(shape, str):
        return 0, int(_KINDS[shape] in DIMENSIONAL), shape
    entries: list[object] = []
    total = 0
    for part in shape:
        depth, dimensional, result = _reference(part, level if len(shape) == 1 else level + 1)
        total += dimensional
        if depth > 1 or (isinstance(result, list) and dimensional < 2):
            entries += result
        else:
            entries.append(result)
    blocks = sum(isinstance(entry, list) for entry in entries)
    if not entries:
        return 0, total, "Module"
    depth = 2
    if len(entries) - blocks > blocks and level > 0:
        entries = [x for entry in entries for x in (entry if isinstance(entry, list) else [entry])]
        depth = 1
    if len(entries) == 1:
        only = entries[0]
        return 1, total, only if isinstance(only, list) else str(only)
    return depth, total, entries


@given(_trees)
def test_any_tree_is_standardized_by_the_words_of_the_appendix(shape: Tree) -> None:
    _, _, result = _reference(shape)
    entries = result if isinstance(result, list) else [result]
    written = [f"[{''.join(map(str, x))}]" if isinstance(x, list) else str(x) for x in entries]
    assert _sequence(shape) == written


@given(_trees)
def test_no_layer_is_lost_or_moved(shape: Tree) -> None:
    tree = ModuleTree("made", _node(shape))
    flat = [layer.path for layer in standardize_tree(tree, "flatten").layers]
    assert [layer.path for layer in standardize_tree(tree).layers] == flat
    assert flat == [node.path for node in tree.root.walk() if not node.children]


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: f"{case['source']}-{case['target']}")
def test_the_golden_blocks_of_timms_models(case: dict[str, object], timm_structure: object) -> None:
    for side in ("source", "target"):
        network = standardize_tree(timm_structure(case[side]))  # type: ignore[operator]
        entries = [
            block.path if block.single else [layer.path for layer in block.layers]
            for block in network.entries
        ]
        assert entries == case[f"{side}_blocks"]


@pytest.mark.parametrize(("name", "entries"), [("b0", 23), ("b1", 30), ("b2", 30), ("b3", 33)])
def test_entries_of_the_efficientnets(name: str, entries: int, timm_structure: object) -> None:
    assert len(standardize_tree(timm_structure(f"efficientnet_{name}")).entries) == entries  # type: ignore[operator]


def test_the_order_is_that_of_torchs_modules() -> None:
    import timm

    from dpiat_gui.networks.meta_build import build_structure
    from dpiat_gui.networks.torch_modules import tree_of

    module = build_structure(lambda: timm.create_model("mixnet_s"))
    places = {name: place for place, (name, _) in enumerate(module.named_modules())}
    for method in ("blocks", "flatten"):
        layers = [layer for layer in standardize_tree(tree_of(module), method).layers if not layer.bare]
        assert [places[layer.path] for layer in layers] == sorted(places[layer.path] for layer in layers)
