import copy
import json

import pytest
from hypothesis import given
from pairing import network_of, paired
from plans import plans
from torch import nn

from dpiat_gui.errors import TransferError
from dpiat_gui.transfer.plan_json import plan_digest, plan_from_json, plan_to_json
from dpiat_gui.transfer.planning import plan_transfer


@given(plans())
def test_a_plan_survives_the_way_through_json(plan):
    assert plan_from_json(json.loads(json.dumps(plan_to_json(plan)))) == plan


@given(plans(), plans())
def test_digests_are_equal_just_for_equal_plans(one, other):
    assert (plan_digest(one) == plan_digest(other)) == (one == other)


def small_plan():
    source, target = nn.Sequential(nn.Linear(3, 4)), nn.Sequential(nn.Linear(5, 2), nn.BatchNorm1d(2))
    pairs = [("0", "0")]
    return plan_to_json(plan_transfer(paired(network_of(source), network_of(target), pairs)))


def changed(*path, to):
    """Return the small plan as JSON with one place changed; a place is removed by `to=None`."""
    data = copy.deepcopy(small_plan())
    place = data
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return data


FRESH = {"target": "0.weight", "target_shape": [2, 5], "target_dtype": "float32", "layer": "0"}
BAD = {
    "no object": ([], "object"),
    "another format": (changed("format", to="something"), "no transfer plan"),
    "newer": (changed("version", to=3), "version 3"),
    "older": (changed("version", to=0), "version 0"),
    "version is no number": (changed("version", to="1"), "version"),
    "true is no number": (changed("version", to=True), "boolean|bool"),
    "no rows": (changed("rows", to=None), "rows"),
    "rows are no list": (changed("rows", to={}), "array"),
    "a row is no object": (changed("rows", 0, to=7), "Row 0"),
    "no target": (changed("rows", 0, "target", to=None), "Row 0"),
    "target twice": (changed("rows", 1, "target", to="0.weight"), "twice"),
    "negative size": (changed("rows", 0, "target_shape", to=[-2, 5]), "negative"),
    "size is no number": (changed("rows", 0, "target_shape", to=["2", 5]), "integer"),
    "unknown dtype": (changed("rows", 0, "target_dtype", to="float31"), "float31"),
    "neither source nor reason": (changed("rows", 0, "source", to=None), "either"),
    "source and reason": (changed("rows", 0, "fresh", to="unmatched"), "either"),
    "unknown reason": (changed("rows", 2, "fresh", to="whim"), "whim"),
    "slice out of range": (changed("rows", 0, "source_slices", to=[[1, 5], [0, 3]]), r"\[1, 5\]"),
    "slice backwards": (changed("rows", 0, "source_slices", to=[[3, 1], [0, 3]]), r"\[3, 1\]"),
    "negative start": (changed("rows", 0, "source_slices", to=[[-1, 1], [0, 3]]), "negative"),
    "slice of three": (changed("rows", 0, "source_slices", to=[[0, 2, 1], [0, 3]]), r"\[0, 2, 1\]"),
    "too few slices": (changed("rows", 0, "source_slices", to=[[0, 2]]), "1 slices for 2"),
    "unequal sizes": (changed("rows", 0, "source_slices", to=[[0, 1], [0, 3]]), "sizes differ"),
    "no source name": (changed("source", "name", to=None), "name"),
    "buffers are no boolean": (changed("buffers", to=1), "boolean"),
}


def with_picks():
    data = copy.deepcopy(small_plan())
    data["rows"][0] |= {
        "source_slices": [[0, 3], [0, 2]],
        "source_picks": [[2, 0], None],
        "target_slices": [[0, 2], [0, 5]],
        "target_picks": [None, [0, 4]],
    }
    return data


def repicked(**row):
    data = with_picks()
    data["rows"][0] |= row
    return data


BAD |= {
    "picks of too few dimensions": (repicked(source_picks=[[2, 0]]), "1 lists of indices for 2"),
    "picks beside their slice": (repicked(source_picks=[[1, 0], None]), "do not fill"),
    "no picks": (repicked(source_picks=[[], None]), "do not fill"),
    "picks of unequal size": (repicked(source_picks=[[2, 0, 1], None]), "sizes differ"),
    "target picks that fall": (repicked(target_picks=[[1, 0], [0, 4]]), "do not rise"),
    "target picks twice": (
        repicked(source_picks=[[0, 2, 1], None], target_picks=[[0, 1, 1], [0, 4]]),
        "rise",
    ),
    "a scale that is no number": (repicked(scale="1"), "finite"),
    "an infinite scale": (repicked(scale=float("inf")), "finite"),
    "constant and source": (repicked(constant=0.0), "either"),
    "constant without step": (changed("rows", 0, to={**FRESH, "constant": 0.0}), "step"),
    "constant that is no number": (changed("rows", 0, to={**FRESH, "constant": True, "step": "x"}), "finite"),
}


def test_picks_say_index_by_index_what_is_taken():
    row = plan_from_json(with_picks()).rows[0]
    assert row.source_indices == ((2, 0), range(2))
    assert row.target_indices == (range(2), (0, 4))
    assert row.copied == 4
    assert row.cropped
    assert row.padded


def test_a_plan_of_version_1_is_still_read():
    data = small_plan()
    old = {name: value for name, value in data.items() if name not in ("provisional", "notes")}
    assert plan_to_json(plan_from_json(old | {"version": 1})) == data


@pytest.mark.parametrize("name", BAD)
def test_bad_data_is_refused_with_a_hint(name):
    data, message = BAD[name]
    with pytest.raises(TransferError, match=message) as caught:
        plan_from_json(data)
    assert caught.value.hint


def test_unknown_keys_do_no_harm():
    data = small_plan()
    data["comment"] = "by hand"
    assert plan_to_json(plan_from_json(data)) == small_plan()
