import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pairing import naive_clip, network_of, paired
from torch import nn

from dpiat_gui.errors import TransferError
from dpiat_gui.matching.values import Overrides
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.values import ModuleNode, ModuleTree, TensorSpec
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.planning import clip_slices, plan_transfer
from dpiat_gui.transfer.values import FreshReason

SIZES = st.integers(0, 7)
SHAPE_PAIRS = st.lists(st.tuples(SIZES, SIZES), max_size=4).map(
    lambda sizes: (tuple(s for s, _ in sizes), tuple(t for _, t in sizes))
)


def indices(slices):
    from itertools import product

    return list(product(*(range(start, stop) for start, stop in slices)))


@given(SHAPE_PAIRS)
def test_clip_is_the_papers_formula_index_by_index(shapes):
    source, target = shapes
    source_slices, target_slices = clip_slices(source, target)
    found = dict(zip(indices(target_slices), indices(source_slices), strict=True))
    assert found == naive_clip(source, target)


@given(SHAPE_PAIRS)
def test_clip_backwards_swaps_the_sides(shapes):
    source, target = shapes
    assert clip_slices(target, source) == clip_slices(source, target)[::-1]


def test_clip_centres_odd_differences_to_the_left():
    assert clip_slices((3,), (8,)) == (((0, 3),), ((2, 5),))
    assert clip_slices((8,), (3,)) == (((2, 5),), ((0, 3),))
    assert clip_slices((), ()) == ((), ())


def test_clip_refuses_different_ranks():
    with pytest.raises(ValueError, match="zip"):
        clip_slices((3, 3), (3,))


class Small(nn.Module):
    """A convolution, a norm, an activation and a classifier."""

    def __init__(self, width=4, classes=3, bias=False):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, bias=bias)
        self.bn = nn.BatchNorm2d(width)
        self.act = nn.ReLU()
        self.fc = nn.Linear(width, classes)


def plan_of(source, target, *, pairs=None, **options):
    layer_types = options.pop("layer_types", "all")
    overrides = options.pop("overrides", None)
    return plan_transfer(
        paired(network_of(source), network_of(target), pairs, layer_types, overrides), **options
    )


def test_one_row_for_each_state_dict_entry_in_order():
    target = Small(8)
    plan = plan_of(Small(), target)
    assert [row.target for row in plan.rows] == list(target.state_dict())
    assert [row.target_shape for row in plan.rows] == [tuple(v.shape) for v in target.state_dict().values()]
    assert list(plan.by_target) == list(target.state_dict())


def test_names_and_fingerprints_are_those_of_the_networks():
    source, target = network_of(Small()), network_of(Small(8))
    plan = plan_transfer(paired(source, target))
    assert (plan.source_name, plan.target_name) == (source.name, target.name)
    assert (plan.source_fingerprint, plan.target_fingerprint) == (source.fingerprint, target.fingerprint)
    assert plan.source_elements == sum(value.numel() for value in Small().state_dict().values())
    assert plan.options == TransferOptions("clip", True)


def test_weight_bias_and_buffers_correspond_by_name():
    plan = plan_of(Small(), Small(8))
    taken = {row.target: row.source for row in plan.rows}
    assert taken == {key: key for key in Small().state_dict()}
    assert plan.by_target["conv.weight"].target_slices == ((2, 6), (0, 3), (0, 3), (0, 3))
    assert plan.by_target["bn.running_var"].source_slices == ((0, 4),)
    assert plan.by_target["bn.num_batches_tracked"].target_slices == ()
    assert plan.by_target["bn.num_batches_tracked"].copied == 1


def test_buffers_stay_fresh_when_they_are_off():
    plan = plan_of(Small(), Small(), buffers=False)
    fresh = {row.target: row.fresh for row in plan.rows if row.source is None}
    names = ("running_mean", "running_var", "num_batches_tracked")
    assert fresh == {f"bn.{name}": FreshReason.BUFFERS_OFF for name in names}


def test_a_bias_the_source_lacks_stays_fresh():
    plan = plan_of(Small(bias=False), Small(bias=True))
    assert plan.by_target["conv.bias"].fresh is FreshReason.NOT_IN_SOURCE
    assert plan.by_target["conv.weight"].source == "conv.weight"


def test_unmatched_and_overridden_layers_say_so():
    pairs = [("conv", "conv")]
    plan = plan_of(Small(), Small(), pairs=pairs, overrides=Overrides(fresh=["fc"]))
    assert plan.by_target["bn.weight"].fresh is FreshReason.UNMATCHED
    assert plan.by_target["fc.weight"].fresh is FreshReason.OVERRIDE
    assert plan.by_target["fc.bias"].layer == "fc"


def test_a_fresh_block_leaves_all_its_layers_by_hand():
    module = nn.ModuleDict(
        {"stage": nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)), "fc": nn.Linear(4, 2)}
    )
    network = network_of(module)
    block = next(block for block in network.sequence if not block.single)
    matching = paired(network, network, [("fc", "fc")], overrides=Overrides(fresh=[block.path]))
    reasons = {row.target: row.fresh for row in plan_transfer(matching).rows}
    assert reasons["stage.0.weight"] is FreshReason.OVERRIDE
    assert reasons["stage.1.bias"] is FreshReason.OVERRIDE
    assert reasons["fc.weight"] is None


class WithToken(nn.Module):
    """Parameters that a module with children holds itself."""

    def __init__(self, width=4, token="cls_token"):
        super().__init__()
        self.register_parameter(token, nn.Parameter(torch.zeros(1, 1, width)))
        self.fc = nn.Linear(width, width)


def test_bare_parameters_correspond_whatever_their_names():
    plan = plan_of(WithToken(4), WithToken(6, "pos_embed"), pairs=[("cls_token", "pos_embed")])
    row = plan.by_target["pos_embed"]
    assert (row.source, row.target_slices) == ("cls_token", ((0, 1), (0, 1), (1, 5)))


def test_bare_parameters_are_outside_the_papers_sequence():
    plan = plan_of(WithToken(), WithToken(), pairs=[("fc", "fc")], layer_types="paper")
    assert plan.by_target["cls_token"].fresh is FreshReason.NOT_A_LAYER
    assert plan.by_target["cls_token"].layer == ""


def test_input_projections_correspond_part_by_part():
    attention = nn.MultiheadAttention(4, 2)
    plan = plan_of(attention, nn.MultiheadAttention(8, 2), pairs=[("in_proj", "in_proj")])
    assert plan.by_target["in_proj_weight"].source == "in_proj_weight"
    assert plan.by_target["in_proj_bias"].source == "in_proj_bias"
    assert plan.by_target["in_proj_weight"].target_slices == ((6, 18), (2, 6))


def made(*children):
    root = ModuleNode("", "Net", LayerKind.OTHER, children=children)
    return standardize_tree(ModuleTree("made", root))


def norm(path, *, act="", shape=(4,)):
    """A norm that carries its activation, with a slope of its own, as a child."""
    own = (TensorSpec(f"{path}.weight", shape), TensorSpec(f"{path}.running_mean", shape, buffer=True))
    slope = (TensorSpec(f"{path}.{act}.weight", (1,)),) if act else ()
    children = (ModuleNode(f"{path}.{act}", "PReLU", LayerKind.PRELU, slope),) if act else ()
    return ModuleNode(path, "BatchNormAct2d", LayerKind.BATCH_NORM2D, own, children=children)


def test_tensors_of_a_scored_modules_children_correspond_by_their_inner_names():
    source, target = made(norm("a", act="act")), made(norm("b.bn", act="act"), norm("c", act="relu"))
    plan = plan_transfer(paired(source, target, [("a", "b.bn"), ("a", "c")]))
    taken = {row.target: row.source for row in plan.rows}
    assert taken["b.bn.weight"] == "a.weight"
    assert taken["b.bn.act.weight"] == "a.act.weight"
    assert plan.by_target["c.relu.weight"].fresh is FreshReason.NOT_IN_SOURCE


def test_ranks_that_differ_and_empty_tensors_stay_fresh():
    source = made(norm("a", shape=(4,)), norm("e", shape=(0,)))
    target = made(norm("a", shape=(4, 1)), norm("b", shape=(0,)), norm("c", shape=(3,)))
    plan = plan_transfer(paired(source, target, [("a", "a"), ("a", "b"), ("e", "c")]))
    assert plan.by_target["a.weight"].fresh is FreshReason.RANK_DIFFERS
    assert plan.by_target["a.running_mean"].fresh is FreshReason.RANK_DIFFERS
    assert plan.by_target["b.weight"].fresh is FreshReason.EMPTY
    assert plan.by_target["c.weight"].fresh is FreshReason.EMPTY


class Tied(nn.Module):
    """A classifier that shares its weight with an earlier layer."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.last = nn.Linear(4, 4)
        self.last.weight = self.first.weight


@pytest.mark.parametrize(
    "pairs", [[("first", "first")], [("first", "last")], [("first", "first"), ("last", "last")]]
)
def test_keys_of_a_tied_tensor_agree(pairs):
    plan = plan_of(Small(), Small())  # a network without ties keeps its rows
    assert plan.by_target["fc.weight"].source == "fc.weight"
    plan = plan_of(Tied(), Tied(), pairs=pairs)
    assert plan.by_target["first.weight"].source == "first.weight"
    assert plan.by_target["last.weight"].source == "first.weight"
    assert plan.by_target["last.weight"].layer == "last"


def test_a_module_registered_twice_is_copied_under_both_names():
    module = nn.Module()
    module.a = nn.Linear(3, 3)
    module.b = nn.Linear(3, 3)
    module.again = module.a
    plan = plan_of(module, module, pairs=[("a", "a")])
    assert list(plan.by_target) == list(module.state_dict())
    assert plan.by_target["again.weight"].source == "a.weight"
    assert plan.by_target["again.weight"].layer == "a"
    assert plan.by_target["b.weight"].fresh is FreshReason.UNMATCHED


def test_an_unknown_operator_is_refused_with_those_there_are():
    with pytest.raises(TransferError, match="clip"):
        plan_of(Small(), Small(), operator="crop")
