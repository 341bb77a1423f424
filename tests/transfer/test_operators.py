import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from by_hand import by_hand
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_zoo import INPUTS, MAKERS, filled
from pairing import network_of, paired
from torch import nn

from dpiat_gui.errors import TransferError
from dpiat_gui.networks.tracing import trace_flow
from dpiat_gui.transfer.copying import apply_plan
from dpiat_gui.transfer.coverage import coverage
from dpiat_gui.transfer.operators import OPERATORS
from dpiat_gui.transfer.operators_norms import Magnitudes
from dpiat_gui.transfer.plan_json import plan_from_json, plan_to_json
from dpiat_gui.transfer.planning import plan_transfer, resolve_plan

WIDTHS = st.sampled_from([4, 8, 12, 16])
ALIGNMENTS = ("paper", "structure")


def flow_of(module, name):
    shape = INPUTS.get(name)
    return trace_flow(module, [shape]) if shape else None


def planned(source, target, *, flows=(None, None), seed=None, pairs=None, **options):
    """Plan with the source's weights at hand; return the provisional and the final plan."""
    matching = paired(network_of(source), network_of(target), pairs)
    plan = plan_transfer(matching, flows=flows, seed=seed, **options)
    read = source.state_dict().__getitem__
    return plan, resolve_plan(plan, matching, read, flows=flows, seed=seed)


def arrays(module):
    return {key: value.numpy().copy() for key, value in module.state_dict().items()}


@pytest.mark.parametrize("align", ALIGNMENTS)
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("kind", MAKERS)
def test_every_operator_grows_and_shrinks_every_kind_of_layer(kind, operator, align):
    for widths in ((4, 8), (8, 4), (12, 8), (8, 8)):
        source, target = filled(MAKERS[kind](widths[0]), 1), filled(MAKERS[kind](widths[1]), 2)
        flows = flow_of(source, kind), flow_of(target, kind)
        first, plan = planned(source, target, flows=flows, operator=operator, align=align)
        counts = coverage(plan)
        assert counts.copied + counts.fresh == counts.elements
        assert coverage(first).copied == counts.copied
        if operator == "full":
            assert counts.fresh == 0
        plain = json.loads(json.dumps(plan_to_json(plan)))
        assert plan_from_json(plain) == plan
        expected = by_hand(plain, arrays(source), arrays(target))
        state = target.state_dict()
        apply_plan(plan, source.state_dict().__getitem__, state)
        for key, value in expected.items():
            assert np.array_equal(state[key].numpy(), value), (key, widths)
        if widths == (8, 8):
            assert all(torch.equal(state[key], value) for key, value in source.state_dict().items())


@pytest.mark.parametrize("operator", OPERATORS)
@given(
    st.tuples(WIDTHS, WIDTHS), st.sampled_from(["conv", "depthwise", "transposed", "linear", "group norm"])
)
@settings(deadline=None, max_examples=25)
def test_bias_statistics_and_norm_take_the_channels_of_their_weight(operator, widths, kind):
    source, target = filled(MAKERS[kind](widths[0]), 1), filled(MAKERS[kind](widths[1]), 2)
    rows = planned(source, target, operator=operator)[1].by_target
    out = 1 if kind == "transposed" else 0
    weight, bias = rows["0.weight"], rows["0.bias"]
    channels = dict(zip(weight.target_indices[out], weight.source_indices[out], strict=True))
    assert channels == dict(zip(bias.target_indices[0], bias.source_indices[0], strict=True))
    if kind in ("conv", "transposed", "linear", "group norm"):
        for name in ("weight", "bias", "running_mean", "running_var"):
            norm = rows.get(f"1.{name}")
            if norm is not None:
                found = zip(norm.target_indices[0], norm.source_indices[0], strict=True)
                assert dict(found) == channels, name


@given(
    st.tuples(st.integers(2, 9), st.integers(2, 9)),
    st.sampled_from(["conv 1-d", "conv 3-d", "depthwise", "linear", "transposed 1-d and 3-d", "embedding"]),
    st.sampled_from(list(OPERATORS)),
    st.sampled_from(ALIGNMENTS),
    st.integers(0, 3),
)
@settings(deadline=None, max_examples=60)
def test_a_plan_by_hand_does_the_same_at_any_width(widths, kind, operator, align, seed):
    source, target = (filled(MAKERS[kind](width), number) for number, width in enumerate(widths))
    plan = planned(source, target, operator=operator, align=align, seed=seed)[1]
    expected = by_hand(json.loads(json.dumps(plan_to_json(plan))), arrays(source), arrays(target))
    state = target.state_dict()
    apply_plan(plan, source.state_dict().__getitem__, state)
    assert all(np.array_equal(state[key].numpy(), value) for key, value in expected.items())


@pytest.mark.parametrize("way", ["grow", "shrink"])
@pytest.mark.parametrize("kind", MAKERS)
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
    st.sampled_from(list(OPERATORS)),
    st.sampled_from(ALIGNMENTS),
    st.integers(0, 3),
)
@settings(deadline=None, max_examples=6)
def test_each_kind_of_layer_at_random_widths(kind, way, widths, operator, align, seed):
    small, large = 4 * widths[0], 4 * sum(widths)
    source, target = (
        filled(MAKERS[kind](width), number)
        for number, width in enumerate((small, large) if way == "grow" else (large, small))
    )
    flows = flow_of(source, kind), flow_of(target, kind)
    plan = planned(source, target, flows=flows, operator=operator, align=align, seed=seed)[1]
    expected = by_hand(json.loads(json.dumps(plan_to_json(plan))), arrays(source), arrays(target))
    state = target.state_dict()
    before = {key: value.clone() for key, value in state.items()}
    apply_plan(plan, source.state_dict().__getitem__, state)
    assert all(np.array_equal(state[key].numpy(), value) for key, value in expected.items())
    counts = coverage(plan)
    assert counts.elements == sum(value.numel() for value in state.values())
    assert counts.copied + counts.set_elements + counts.fresh == counts.elements
    for row in plan.rows:
        if row.source is None:
            assert torch.equal(state[row.target], before[row.target])
        elif operator == "clip" and align == "paper":
            smaller = [min(sizes) for sizes in zip(row.source_shape, row.target_shape, strict=True)]
            assert row.copied == np.prod(smaller, dtype=int)
        elif operator == "full":
            assert row.copied == row.elements


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_magnitudes_are_sums_of_absolute_values(kernel):
    up = nn.ConvTranspose2d(6, 8, kernel, groups=2)
    module = filled(nn.ModuleDict({"conv": nn.Conv2d(6, 4, kernel), "up": up}), 1)
    layers = {layer.path: layer for layer in network_of(module).layers}
    found = Magnitudes(module.state_dict().__getitem__, layers)
    weight = module["conv"].weight.detach().double().abs()
    assert np.allclose(found.matrix("conv"), weight.sum((2, 3)))
    sums = up.weight.detach().double().abs().sum((2, 3))
    expected = np.zeros((8, 6))
    expected[:4, :3], expected[4:, 3:] = sums[:3].T, sums[3:].T
    assert np.allclose(found.matrix("up"), expected)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_dtypes_are_chosen_from_by_the_same_rule(dtype):
    source, target = filled(MAKERS["conv"](12), 1).to(dtype), MAKERS["conv"](8)
    plan = planned(source, target, operator="magnitude")[1]
    kept = list(plan.by_target["0.weight"].source_indices[0])
    sums = source[0].weight.detach().double().abs().sum((1, 2, 3))
    assert set(kept) == set(sums.topk(8).indices.tolist())
    apply_plan(plan, source.state_dict().__getitem__, target.state_dict())
    assert torch.equal(target[0].weight, source[0].weight.detach()[kept].float())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("align", ALIGNMENTS)
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("dtypes", [(torch.float32, torch.float32), (torch.float32, torch.float16)])
def test_cuda_makes_the_same_bytes(operator, align, dtypes):
    for kind in ("grouped", "transposed", "attention", "embedding"):
        source = filled(MAKERS[kind](12), 1).to(dtypes[0])
        states = []
        for device in ("cpu", "cuda"):
            target = filled(MAKERS[kind](8), 2).to(device, dtypes[1])
            plan = planned(source, target, operator=operator, align=align)[1]
            given = {key: value.to(device) for key, value in source.state_dict().items()}
            apply_plan(plan, given.__getitem__, target.state_dict())
            states.append({key: value.cpu() for key, value in target.state_dict().items()})
        assert all(torch.equal(states[1][key], value) for key, value in states[0].items())


def test_odd_sizes_are_cut_where_the_paper_cuts_them():
    # floor((x - y) / 2), as the paper says; only where the difference is odd can it be missed.
    for one, other in ((9, 4), (4, 9), (8, 5), (5, 8), (7, 7)):
        source, target = filled(nn.Linear(one, one), 1), filled(nn.Linear(other, other), 2)
        _, plain = planned(source, target)
        first, size = abs(one - other) // 2, min(one, other)
        larger = range(first, first + size)
        row = plain.by_target["weight"]
        assert row.source_indices == ((larger if one > other else range(size)),) * 2
        assert row.target_indices == ((larger if other > one else range(size)),) * 2
        for operator in ("clip", "clip-normalized"):
            _, plan = planned(source, target, operator=operator, align="structure")
            for key, row in plain.by_target.items():
                assert plan.by_target[key].source_indices == row.source_indices
                assert plan.by_target[key].target_indices == row.target_indices


def test_full_repeats_by_the_seed_and_nothing_else():
    source, target = MAKERS["conv"](4), MAKERS["conv"](16)
    plans = [planned(source, target, operator="full", seed=seed)[1] for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]
    row = plans[0].by_target["0.weight"]
    assert row.source_indices[0][6:10] == (0, 1, 2, 3)
    assert sorted(row.source_indices[0]) == sorted([0, 1, 2, 3] * 4)
    # The next layer takes the repeated channels as they were repeated.
    assert plans[0].by_target["3.weight"].source_indices[1] == row.source_indices[0]


@pytest.mark.parametrize(("before", "after"), [(2, 4), (4, 2), (3, 6)])
def test_full_repeats_whole_groups_by_structure(before, after):
    def grouped(groups, width):
        first = nn.Conv2d(3, groups * 4, 1)
        return filled(nn.Sequential(first, nn.Conv2d(groups * 4, groups * width, 3, groups=groups)), groups)

    source, target = grouped(before, 2), grouped(after, 2)
    flows = trace_flow(source, [(1, 3, 5, 5)]), trace_flow(target, [(1, 3, 5, 5)])
    _, plan = planned(source, target, flows=flows, operator="full", align="structure")
    assert coverage(plan).fresh == 0
    taken = plan.by_target["1.weight"].source_indices[0]
    groups = [taken[at : at + 2] for at in range(0, len(taken), 2)]
    assert all(tuple(group) == (group[0], group[0] + 1) and group[0] % 2 == 0 for group in groups)
    # What the grouped layer takes in is what the one before it gives, group by group.
    given = plan.by_target["0.weight"].source_indices[0]
    assert [index // 4 for index in given[::4]] == [group[0] // 2 for group in groups]


def test_full_repeats_the_border_of_a_kernel():
    row = planned(nn.Conv1d(1, 1, 3), nn.Conv1d(1, 1, 7), operator="full")[1].by_target["weight"]
    assert row.source_indices[2] == (0, 0, 0, 1, 2, 2, 2)


def test_magnitude_keeps_the_channels_of_largest_weight_in_their_order():
    source, target = nn.Conv2d(1, 6, 1), nn.Conv2d(1, 3, 1)
    with torch.no_grad():
        source.weight.copy_(torch.tensor([0.1, -5.0, 0.2, 3.0, 0.3, -4.0]).view(6, 1, 1, 1))
    first, plan = planned(source, target, operator="magnitude")
    assert first.provisional
    assert not plan.provisional
    assert any("at the transfer" in note for note in first.notes)
    assert plan.by_target["weight"].source_indices[0] == (1, 3, 5)
    assert plan.by_target["bias"].source_indices[0] == (1, 3, 5)


def test_magnitude_of_equal_channels_is_the_centre_crop():
    source, target = nn.Conv2d(2, 7, 1), nn.Conv2d(2, 4, 1)
    nn.init.ones_(source.weight)
    rows = planned(source, target, operator="magnitude")[1].rows
    assert rows == planned(source, target, operator="clip")[1].rows


def test_magnitude_of_a_norm_by_itself_goes_by_absolute_values():
    source, target = nn.BatchNorm2d(4), nn.BatchNorm2d(2)
    with torch.no_grad():
        source.weight.copy_(torch.tensor([-9.0, 0.1, 0.2, -8.0]))
    assert planned(source, target, operator="magnitude")[1].by_target["running_var"].source_indices[0] == (
        0,
        3,
    )


def test_a_plan_that_needs_no_weights_is_final():
    for operator in ("magnitude", "trace"):
        first, plan = planned(MAKERS["conv"](4), MAKERS["conv"](8), operator=operator)
        assert not first.provisional
        assert first is plan
    assert not planned(MAKERS["conv"](8), MAKERS["conv"](4), operator="full")[0].provisional


def test_weights_that_are_no_numbers_are_kept_last():
    source, target = nn.Linear(1, 3), nn.Linear(1, 2)
    with torch.no_grad():
        source.weight.copy_(torch.tensor([[float("nan")], [1.0], [2.0]]))
    assert planned(source, target, operator="magnitude")[1].by_target["weight"].source_indices[0] == range(
        1, 3
    )


def test_clip_normalized_keeps_the_variance_of_outputs():
    torch.manual_seed(0)
    data = torch.randn(512, 4096)
    for inputs, width in ((256, 64), (64, 256), (1000, 10), (7, 7)):
        source, target = nn.Linear(inputs, 200, bias=False), nn.Linear(width, 200, bias=False)
        nn.init.normal_(source.weight, std=inputs**-0.5)
        nn.init.normal_(target.weight, std=width**-0.5)
        before = source(data[:, :inputs]).var()
        plan = planned(source, target, operator="clip-normalized")[1]
        apply_plan(plan, source.state_dict().__getitem__, target.state_dict())
        assert 0.85 < target(data[:, :width]).var() / before < 1.15


def test_clip_normalized_leaves_biases_norms_and_equal_widths_alone():
    source, target = filled(MAKERS["conv"](8), 1), MAKERS["conv"](4)
    nn.init.zeros_(source[0].bias)
    plan = planned(source, target, operator="clip-normalized")[1]
    assert {row.target for row in plan.rows if row.scale != 1.0} == {"3.weight"}
    assert plan.by_target["3.weight"].scale == 2**0.5
    apply_plan(plan, source.state_dict().__getitem__, target.state_dict())
    assert not target[0].bias.any()
    assert all(row.scale == 1.0 for row in planned(source, source, operator="clip-normalized")[1].rows)


def test_clip_normalized_counts_the_inputs_of_one_group():
    source, target = nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(4, 4, 5, groups=4)
    assert planned(source, target, operator="clip-normalized")[1].by_target["weight"].scale == 0.6
    source, target = nn.ConvTranspose2d(8, 6, 3, groups=2), nn.ConvTranspose2d(2, 6, 3, groups=2)
    assert planned(source, target, operator="clip-normalized")[1].by_target["weight"].scale == 2.0


def test_an_operator_of_single_layers_and_blocks():
    source, target = MAKERS["conv"](8), MAKERS["conv"](4)
    matching = paired(network_of(source), network_of(target))
    overrides = replace(matching.overrides, operators=(("0", "full"), ("3", "clip-normalized")))
    plan = plan_transfer(replace(matching, overrides=overrides), operator="clip")
    assert plan.by_target["3.weight"].scale == 2**0.5
    bad = replace(matching.overrides, operators=(("0", "crop"),))
    with pytest.raises(TransferError, match="crop"):
        plan_transfer(replace(matching, overrides=bad))


def test_tables_of_whole_numbers_are_copied_whole_or_not_at_all():

    class Net(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.norm = nn.BatchNorm1d(2)
            self.norm.register_buffer("table", torch.arange(size))

    rows = planned(Net(4), Net(6))[1].by_target
    assert "whole numbers" in rows["norm.table"].fresh.value
    assert rows["norm.num_batches_tracked"].source is not None
    assert planned(Net(4), Net(4))[1].by_target["norm.table"].exact
    assert any("norm.table" in note for note in planned(Net(4), Net(6))[1].notes)
