"""The ledger accounts for every element, and its sums are sums."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
from hypothesis import given
from plans import plans

from dpiat_gui.matching.engine import match_networks
from dpiat_gui.networks.sources import load_network
from dpiat_gui.transfer.coverage import coverage
from dpiat_gui.transfer.ledger import PARTS, STATES, Amounts, block_of_layers, ledger, tsv
from dpiat_gui.transfer.plan_json import plan_to_json
from dpiat_gui.transfer.planning import plan_transfer


def counted_by_hand(row):
    """Count the elements of a row of a plan's JSON one by one; (copied, set, neither)."""
    marks = np.zeros(row["target_shape"], dtype=int)
    if "constant" in row:
        marks[...] = 2
    elif "source" in row:
        picks = row.get("target_picks") or [None] * marks.ndim
        sides = [
            range(*box) if one is None else one for box, one in zip(row["target_slices"], picks, strict=True)
        ]
        marks[np.ix_(*sides)] = 1
    return int((marks == 1).sum()), int((marks == 2).sum()), int((marks == 0).sum())


@given(plans())
def test_every_element_is_accounted_for(plan):
    found = ledger(plan)
    for row, told in zip(found.rows, plan_to_json(plan)["rows"], strict=True):
        amounts = row.amounts
        copied, by_step, rest = counted_by_hand(told)
        assert (amounts.copied, amounts.set, amounts.kept + amounts.fresh) == (copied, by_step, rest)
        assert amounts.elements == copied + by_step + rest == np.prod(row.shape, dtype=int)
        assert row.state in STATES
        assert bool(row.why) == (row.state in ("fresh", "set"))
    for totals in (found.by_layer, found.by_block):
        assert sum(totals.values(), Amounts()) == found.total
    assert found.total.elements == sum(getattr(found.total, part) for part in PARTS)
    assert found.total.tensors == len(plan.rows)


@given(plans())
def test_the_ledger_and_the_coverage_agree(plan):
    found, covered = ledger(plan), coverage(plan)
    assert found.total.elements == covered.elements
    assert found.total.copied == covered.copied


def real():
    source, target = (load_network(f"timm:mobilenetv3_small_{size}") for size in ("050", "075"))
    return target, ledger(plan_transfer(match_networks(source, target)), target)


def test_blocks_are_those_of_the_target():
    target, found = real()
    assert set(found.by_block) <= {block.path for block in target.sequence} | {""}
    assert set(found.by_layer) - {""} <= set(block_of_layers(target))
    assert found.by_block["blocks.2.0"].tensors > 10
    assert [row.target for row in found.rows] == [tensor.key for tensor in target.tree.tensors]


def test_json_and_csv_say_the_same():
    _, found = real()
    told = json.loads(json.dumps(found.to_json()))
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert len(rows) == len(told["tensors"]) == told["total"]["tensors"]
    for line, row in zip(rows, told["tensors"], strict=True):
        for name in ("elements", *PARTS, "cut"):
            assert int(line[name]) == row[name]
        assert line["source"] == (row["source"] or "")
        assert line["shape"] == "x".join(map(str, row["shape"]))
    assert found.text("x.csv") == found.to_csv()
    assert json.loads(found.text("x.json")) == told


def test_no_name_in_the_csv_is_a_formula_to_a_spreadsheet():
    _, found = real()
    row = replace(found.rows[0], target="=1+1", layer="@a", block="-b", source="+c")
    line = next(csv.DictReader(io.StringIO(replace(found, rows=(row,)).to_csv())))
    assert [line[name] for name in ("target", "layer", "block", "source")] == ["'=1+1", "'@a", "'-b", "'+c"]
    assert tsv(found.rows[:1]).count("\n") == 2
