from itertools import product

from hypothesis import given
from pairing import network_of, paired
from plans import count, plans
from torch import nn

from dpiat_gui.transfer.coverage import PADDING, LayerState, coverage
from dpiat_gui.transfer.planning import plan_transfer
from dpiat_gui.transfer.values import FreshReason


def elements(indices):
    return set(product(*indices))


@given(plans())
def test_sums_add_up_to_the_number_of_elements(plan):
    found = coverage(plan)
    assert found.elements == sum(count(row.target_shape) for row in plan.rows)
    assert found.copied == sum(len(elements(row.target_indices)) for row in plan.rows if row.source)
    assert found.set_elements == sum(row.elements for row in plan.rows if row.constant is not None)
    assert found.copied + found.set_elements + found.fresh == found.elements
    assert found.fresh == sum(found.fresh_elements.values())
    outside = [row for row in plan.rows if row.fresh is FreshReason.NOT_A_LAYER]
    inside = found.layers.values()
    assert sum(layer.elements for layer in inside) + sum(row.elements for row in outside) == found.elements
    assert sum(layer.copied for layer in inside) == found.copied
    assert sum(layer.set_elements for layer in inside) == found.set_elements
    assert found.copied_tensors + found.set_tensors + found.fresh_tensors == found.tensors == len(plan.rows)


@given(plans())
def test_every_layer_is_in_one_state(plan):
    found = coverage(plan)
    counts = [found.exact_layers, found.cropped_layers, found.set_layers]
    counts += [found.padded_layers, found.fresh_layers]
    assert sum(counts) == len(found.layers) == len(found.by_layer)
    for layer in found.layers.values():
        assert 0 <= layer.copied <= layer.copied + layer.set_elements <= layer.elements
        if layer.copied + layer.set_elements:
            assert layer.state is not LayerState.FRESH


@given(plans())
def test_source_elements_that_arrive_several_times_count_once(plan):
    arrived = {
        (row.source, index) for row in plan.rows if row.source for index in elements(row.source_indices)
    }
    assert coverage(plan).source_used == len(arrived) <= plan.source_elements


@given(plans())
def test_fractions_are_of_elements(plan):
    found = coverage(plan)
    for row in plan.rows:
        assert found.by_tensor[row.target] == (row.copied / row.elements if row.elements else 0.0)
    assert found.fraction == (found.copied / found.elements if found.elements else 0.0)


def states(source, target, **options):
    matching = paired(network_of(source), network_of(target))
    found = coverage(plan_transfer(matching, **options))
    return {path: layer.state for path, layer in found.layers.items()}, found


def net(width, bias=True):
    return nn.Sequential(nn.Conv2d(3, width, 1, bias=bias), nn.BatchNorm2d(width))


def test_exact_cropped_padded_and_fresh_layers():
    assert set(states(net(4), net(4))[0].values()) == {LayerState.EXACT}
    assert set(states(net(6), net(4))[0].values()) == {LayerState.CROPPED}
    assert set(states(net(4), net(6))[0].values()) == {LayerState.PADDED}
    assert states(net(4, bias=False), net(4))[0]["0"] is LayerState.PADDED
    nothing = coverage(plan_transfer(paired(network_of(net(4)), network_of(net(4)), [])))
    assert {nothing.layers[path].state for path in ("0", "1")} == {LayerState.FRESH}
    assert nothing.fraction == 0.0


def test_buffers_that_are_off_leave_a_layer_exact():
    found, counted = states(net(4), net(4), buffers=False)
    assert found["1"] is LayerState.EXACT
    assert counted.fresh_elements == {FreshReason.BUFFERS_OFF.value: 9}


def test_what_a_smaller_source_cannot_fill_is_named():
    assert states(net(4), net(6))[1].fresh_elements == {PADDING: 2 * 3 + 2 + 4 * 2}


def test_a_network_of_one_module_has_a_layer():
    found = states(nn.Linear(2, 2), nn.Linear(2, 2))[1]
    assert found.elements == found.copied == 6
    assert [layer.elements for layer in found.layers.values()] == [6]


def test_json_holds_the_totals():
    found = states(net(4), net(6))[1]
    plain = found.to_json()
    assert plain["copied"] + plain["fresh"] == plain["elements"]
    assert plain["layers"]["0"] == {"elements": 24, "copied": 16, "set": 0, "state": "padded"}
    assert sum(plain["layer_counts"].values()) == len(plain["layers"])
