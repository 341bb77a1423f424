import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pairing import naive_clip, network_of, paired
from torch import nn

from dpiat_gui.errors import TransferError
from dpiat_gui.transfer.copying import one_thread
from dpiat_gui.transfer.memory import transfer_between, transfer_modules
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.planning import plan_transfer

SIZES = st.integers(1, 5)
WIDTHS = st.lists(SIZES, min_size=4, max_size=4)


def network(widths, dtype=torch.float32, seed=0):
    """Make conv, norm, classifier with random values everywhere, buffers included."""
    a, b, kernel, classes = widths
    module = nn.Sequential(nn.Conv2d(a, b, kernel), nn.BatchNorm2d(b), nn.ReLU(), nn.Linear(b, classes))
    generator = torch.Generator().manual_seed(seed)
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.randn(tensor.shape, generator=generator))
        else:
            tensor.fill_(seed + 7)
    return module.to(dtype)


def between(source, target, pairs=None, **options):
    return transfer_between(
        source, target, paired(network_of(source), network_of(target), pairs), TransferOptions(**options)
    )


def bits(module):
    return {key: value.clone() for key, value in module.state_dict().items()}


def assert_equal_states(found, expected):
    assert list(found) == list(expected)
    for key, value in expected.items():
        assert found[key].dtype == value.dtype
        assert torch.equal(found[key].view(-1), value.view(-1)), key


@settings(deadline=None)
@given(WIDTHS, WIDTHS, st.sampled_from([torch.float32, torch.float64, torch.bfloat16, torch.float16]))
def test_clip_grows_and_shrinks_as_a_naive_loop_does(source_widths, target_widths, dtype):
    source, target = network(source_widths, seed=1), network(target_widths, dtype, seed=2)
    expected = bits(target)
    given = bits(source)
    for key, value in expected.items():
        for to, index in naive_clip(tuple(given[key].shape), tuple(value.shape)).items():
            value[to] = given[key][index].to(value.dtype)
    report = between(source, target)
    assert_equal_states(bits(target), expected)
    assert report.coverage.elements == sum(value.numel() for value in expected.values())


def test_the_source_and_what_is_not_covered_stay_as_they_are():
    source, target = network([3, 4, 3, 2], seed=1), network([3, 4, 3, 2], seed=2)
    before, source_before = bits(target), bits(source)
    between(source, target, pairs=[("0", "0")])
    assert_equal_states(bits(source), source_before)
    changed = {key for key, value in bits(target).items() if not torch.equal(value, before[key])}
    assert changed == {"0.weight", "0.bias"}


def test_running_statistics_stay_without_buffers():
    source, target = network([3, 4, 3, 2], seed=1), network([3, 4, 3, 2], seed=2)
    before = bits(target)
    between(source, target, buffers=False)
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        assert torch.equal(target.state_dict()[f"1.{name}"], before[f"1.{name}"])
    assert torch.equal(target[1].weight, source[1].weight)


def test_training_mode_and_gradients_are_left_alone():
    source, target = network([3, 4, 3, 2], seed=1), network([3, 4, 3, 2], seed=2)
    target.eval()
    target[1].train()
    target[0].weight.requires_grad_(False)
    target[3].weight.grad = torch.ones_like(target[3].weight)
    identities = [id(parameter) for parameter in target.parameters()]
    between(source, target)
    assert [module.training for module in target] == [False, True, False, False]
    assert [p.requires_grad for p in target.parameters()] == [False, True, True, True, True, True]
    assert [id(parameter) for parameter in target.parameters()] == identities
    assert torch.equal(target[3].weight.grad, torch.ones_like(target[3].weight))
    assert all(p.grad_fn is None and p.is_leaf for p in target.parameters())


def test_a_backward_pass_through_replaced_weights_is_refused_by_torch():
    # torch must notice that the weights were changed, or it would give wrong gradients silently.
    source, target = network([3, 4, 3, 2], seed=1), network([3, 4, 3, 2], seed=2)
    loss = target[3](target[3].weight[:, :4].new_ones(1, 4).requires_grad_()).square().sum()
    between(source, target)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_a_network_may_be_transferred_into_itself():
    module = nn.Sequential(nn.Linear(6, 6), nn.Linear(4, 4))
    expected = copy.deepcopy(module)
    between(module, expected, pairs=[("0", "1")])
    between(module, module, pairs=[("0", "1")])
    assert_equal_states(bits(module), bits(expected))


def test_two_layers_of_a_network_may_change_places():
    module = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    before = bits(module)
    between(module, module, pairs=[("0", "1"), ("1", "0")])
    assert torch.equal(module[0].weight, before["1.weight"])
    assert torch.equal(module[1].weight, before["0.weight"])


def test_overlapping_memory_is_read_before_it_is_written():
    class Window(nn.Module):
        def __init__(self, memory, start):
            super().__init__()
            self.fc = nn.Linear(4, 1, bias=False)
            self.fc.weight = nn.Parameter(memory[start : start + 4].view(1, 4))

    memory = torch.arange(8.0)
    between(Window(memory, 0), Window(memory, 1))
    assert memory.tolist() == [0, 0, 1, 2, 3, 5, 6, 7]


def test_tied_weights_are_copied_once_and_stay_tied():
    source, target = (nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)) for _ in range(2))
    target[1].weight = target[0].weight
    between(source, target, pairs=[("0", "0"), ("1", "1")])
    assert torch.equal(target[1].weight, source[0].weight)
    assert target[1].weight is target[0].weight


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_what_a_change_of_dtype_loses_is_told(dtype):
    source, target = network([3, 4, 3, 2], seed=1), network([3, 4, 3, 2], dtype, seed=2)
    with torch.no_grad():
        source[0].weight[0, 0, 0, 0] = 1e38
    notes = " ".join(between(source, target).notes)
    assert "converted" in notes
    assert ("rounded" in notes) == (dtype is not torch.float64)
    assert ("infinite" in notes) == (dtype is torch.float16)
    assert target[0].weight.dtype == dtype


def test_channels_last_tensors_keep_their_layout():
    source, target = network([3, 8, 3, 2], seed=1), network([3, 8, 3, 2], seed=2)
    target.to(memory_format=torch.channels_last)
    strides = target[0].weight.stride()
    between(source, target)
    assert torch.equal(target[0].weight, source[0].weight)
    assert target[0].weight.stride() == strides != source[0].weight.stride()


@pytest.mark.parametrize("side", ["source", "target"])
def test_another_network_than_planned_is_refused_and_nothing_changes(side):
    source, target = network([3, 4, 3, 2], seed=1), network([3, 4, 3, 2], seed=2)
    plan = plan_transfer(paired(network_of(source), network_of(target)))
    other = network([3, 4, 3, 5], seed=3)
    used = (other, target) if side == "source" else (source, other)
    before = bits(used[1])
    with pytest.raises(TransferError, match=f"{side} network has the shape") as caught:
        transfer_modules(*used, plan)
    assert "match the two again" in caught.value.hint
    assert_equal_states(bits(used[1]), before)


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_missing_tensor_is_named(side):
    source, target = network([3, 4, 3, 2], seed=1), network([3, 4, 3, 2], seed=2)
    plan = plan_transfer(paired(network_of(source), network_of(target)))
    if side == "source":
        source[3].bias = None
    else:
        target[3].bias = None
    before = bits(target)
    with pytest.raises(TransferError, match=r"no tensor 3\.bias"):
        transfer_modules(source, target, plan)
    assert_equal_states(bits(target), before)


def test_a_module_without_values_is_refused():
    source, target = network([3, 4, 3, 2]), network([3, 4, 3, 2])
    matching = paired(network_of(source), network_of(target))
    with pytest.raises(TransferError, match="meta device"):
        transfer_between(source, target.to("meta"), matching)
    with pytest.raises(TransferError, match="meta device"):
        transfer_between(source.to("meta"), network([3, 4, 3, 2]), matching)


def test_nothing_in_common_is_refused():
    source, target = network([3, 4, 3, 2]), network([3, 4, 3, 2])
    with pytest.raises(TransferError, match="Nothing would be transferred"):
        between(source, target, pairs=[])


def test_the_report_counts_bytes_and_elements():
    source, target = network([3, 4, 3, 2], seed=1), network([3, 8, 3, 2], torch.float16, seed=2)
    report = between(source, target)
    assert report.path is None
    assert report.device == "cpu"
    assert report.score == 3.0
    assert 0 < report.coverage.fraction < 1
    assert report.bytes == 2 * (report.coverage.copied - 1) + 8  # one counter is of 64 bits
    assert report.to_json()["coverage"]["copied"] == report.coverage.copied


def test_torchs_threads_are_given_back():
    before = torch.get_num_threads()

    def fail():
        with one_thread():
            assert torch.get_num_threads() == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert torch.get_num_threads() == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("places", [("cpu", "cuda"), ("cuda", "cpu"), ("cuda", "cuda")])
def test_devices_may_differ(places, dtype):
    source, target = network([3, 4, 3, 2], seed=1), network([3, 8, 5, 2], dtype, seed=2)
    expected = copy.deepcopy(target)
    between(source, expected)
    source, target = source.to(places[0]), target.to(places[1])
    between(source, target)
    assert {parameter.device.type for parameter in target.parameters()} == {places[1]}
    assert_equal_states(bits(target.cpu()), bits(expected))


def test_what_would_copy_nothing_says_why():
    frozen = nn.Sequential(nn.Linear(4, 4, bias=False), nn.PReLU())
    frozen[0].weight.requires_grad_(False)
    cases = (
        (nn.Linear(5, 5), nn.Linear(5, 8), {"head": "zero"}, "set to a value by the steps of the recipe"),
        (nn.Linear(4, 4, bias=False), frozen, {}, "a frozen parameter is left alone"),
        (nn.ReLU(), nn.Linear(5, 8), {}, "no layers match"),
    )
    for source, target, options, said in cases:
        source = nn.Sequential(source)
        target = target if target is frozen else nn.Sequential(target)
        pairs = [("0", "0")] if list(source.parameters()) else []
        with pytest.raises(TransferError, match=said):
            between(source, target, pairs, **options)


def test_complex_numbers_do_not_lose_their_half_to_real_ones():
    source = nn.Sequential(nn.Linear(4, 4, dtype=torch.complex64), nn.Linear(4, 4))
    target = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4, dtype=torch.complex128))
    before = bits(target)
    report = between(source, target)
    said = "complex numbers, and hold real ones, are left alone: 0.weight, 0.bias."
    assert any(said in note for note in report.notes)
    assert torch.equal(target[0].weight, before["0.weight"])
    assert torch.equal(target[1].weight, source[1].weight.to(torch.complex128))


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize("way", [torch.Tensor.conj, torch.Tensor.to_sparse])
def test_tensors_that_are_not_plain_are_refused_before_anything_changes(side, way):
    modules = {name: nn.Sequential(nn.Linear(4, 4, dtype=torch.complex64)) for name in ("source", "target")}
    modules[side][0].weight = nn.Parameter(way(modules[side][0].weight.detach()))
    before = modules["target"][0].bias.clone()
    with pytest.raises(TransferError, match=f"0.weight of the {side} network is no plain tensor"):
        between(modules["source"], modules["target"])
    assert torch.equal(modules["target"][0].bias, before)
