import pytest
import torch

from dpiat_gui.errors import TransferError
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import Overrides
from dpiat_gui.networks.shipped import demo_source
from dpiat_gui.networks.sources import load_network
from dpiat_gui.transfer.options import OPTION_NAMES, TITLES, TransferOptions, transfer_options
from dpiat_gui.transfer.plan_json import plan_from_json, plan_to_json
from dpiat_gui.transfer.planning import plan_transfer
from dpiat_gui.transfer.values import FreshReason

ALL = {"repeats": True, "squeeze_excite": True, "head": "auto", "neck": "auto"}


def matched(source, target, overrides=None):
    return match_networks(load_network(source), load_network(target), overrides=overrides)


def changed(matching, **options):
    """Return what the steps change: (constant, reason) by key."""
    plan = plan_transfer(matching, **options)
    return {row.target: (row.constant, row.fresh) for row in plan.rows if row.step}


@pytest.mark.parametrize(
    "name",
    [
        "efficientnet_b0",
        "mobilenetv2_100",
        "mobilenetv3_small_050",
        "mixnet_s",
        "resnet18",
        "seresnet18",
        "regnety_004",
        "convnext_atto",
        "vit_tiny_patch16_224",
        "deit_tiny_distilled_patch16_224",
        "swinv2_tiny_window8_256",
        "levit_128s",
        "ghostnet_100",
    ],
)
def test_a_transfer_into_the_same_architecture_and_classes_is_whole(name):
    plan = plan_transfer(matched(f"timm:{name}", f"timm:{name}"), transfer_options("recommended"))
    assert [row.target for row in plan.rows if row.step] == []
    assert [row.target for row in plan.rows if not row.exact] == []


@pytest.mark.parametrize("name", ["efficientnet_b0", "resnet18", "vit_tiny_patch16_224"])
def test_with_other_classes_the_classifier_alone_changes(name):
    plan = plan_transfer(
        matched(f"timm:{name}", f"timm:{name}?num_classes=10"), transfer_options("recommended")
    )
    assert {row.step for row in plan.rows if not row.exact} == {"head"}


def test_the_presets_hold_the_steps_of_the_recipe():
    assert transfer_options("paper") == TransferOptions(buffers=False)
    assert transfer_options("recommended") == TransferOptions(**ALL)
    assert transfer_options("recommended").calibrate == ""


def test_unknown_choices_are_refused():
    with pytest.raises(TransferError, match="neck cannot be 'zero'"):
        TransferOptions(neck="zero")
    with pytest.raises(TransferError, match="head cannot be 'none'"):
        TransferOptions.from_json({"head": "none"})


# -- repeats -------------------------------------------------------------------------------


def test_a_repeated_block_begins_as_identity_but_the_first():
    matching = matched("timm:resnet18", "timm:resnet34")
    by_entry = {pair.target: pair.source for pair in matching.entry_pairs}
    made = changed(matching, repeats=True)
    seen = set()
    for at, block in enumerate(matching.target_entries):
        if block.single or block.skip is not True:
            seen.add(by_entry.get(at))
            continue
        repeated = by_entry.get(at) in seen or at not in by_entry
        seen.add(by_entry.get(at))
        expected = {f"{block.path}.bn2.weight", f"{block.path}.bn2.bias"} if repeated else set()
        assert {key for key in made if key.startswith(f"{block.path}.")} == expected
    assert set(made.values()) == {(0.0, None)}
    # Every stage of resnet34 has more blocks than that of resnet18.
    assert {key.split(".")[0] for key in made} == {"layer1", "layer2", "layer3", "layer4"}


def test_everything_else_of_a_repeated_block_is_copied():
    plan = plan_transfer(matched("timm:resnet18", "timm:resnet34"), repeats=True)
    rows = [row for row in plan.rows if not row.step]
    assert all(row.source is not None for row in rows)


def test_a_block_with_a_skip_and_without_a_source_begins_as_identity():
    banned = Overrides(bans=[(f"layer{n}.{k}", "layer2.1") for n in range(1, 5) for k in (0, 1)])
    matching = matched("timm:resnet18", "timm:resnet18", banned)
    assert "layer2.1.bn2" not in matching.by_target
    assert set(changed(matching, repeats=True)) == {"layer2.1.bn2.weight", "layer2.1.bn2.bias"}


def test_what_is_left_fresh_or_pinned_by_hand_is_not_touched():
    fresh = matched("timm:resnet18", "timm:resnet34", Overrides(fresh=["layer1.1", "fc"]))
    assert not any(key.startswith(("layer1.1.", "fc.")) for key in changed(fresh, repeats=True, head="zero"))
    free = changed(matched("timm:resnet18", "timm:resnet34"), repeats=True)
    assert "layer1.1.bn2.weight" in free
    pair = next(p for p in matched("timm:resnet18", "timm:resnet34").pairs if p.target == "layer1.1.bn2")
    pinned = matched("timm:resnet18", "timm:resnet34", Overrides(pins=[(pair.source, pair.target)]))
    assert "layer1.1.bn2.weight" not in changed(pinned, repeats=True)


def test_a_block_of_which_nobody_knows_the_skip_is_left_and_told_of(tmp_path):
    # A checkpoint holds no code: nothing says whether a skip leads around the blocks of an unknown one.
    body = {key: value for key, value in torch.load(demo_source()).items() if not key.startswith("_fc")}
    torch.save(body, tmp_path / "body.pth")
    plan = plan_transfer(matched("timm:mnasnet_small", str(tmp_path / "body.pth")), repeats=True)
    assert not any(row.step for row in plan.rows)
    assert any(note.startswith("Repeats: ") and "nobody knows" in note for note in plan.notes)
    # Of one whose model is known they are known.
    known = plan_transfer(matched("timm:mnasnet_small", demo_source()), repeats=True)
    assert not any("nobody knows" in note for note in known.notes)


# -- squeeze-excite ------------------------------------------------------------------------


def test_a_squeeze_excite_that_the_source_has_not_begins_open():
    made = changed(matched(demo_source(), "timm:efficientnet_b0"), squeeze_excite=True)
    assert len(made) == 32
    for key, (constant, _) in made.items():
        assert key.rpartition("se.conv_expand")[1]
        assert constant == (0.0 if key.endswith("weight") else 4.0)


def test_a_squeeze_excite_that_the_source_has_is_copied():
    assert changed(matched("timm:efficientnet_b0", "timm:efficientnet_b2"), squeeze_excite=True) == {}


def test_only_blocks_whose_source_has_none_are_opened():
    matching = matched("timm:mobilenetv3_large_100", "timm:efficientnet_b0")
    opened = {key.rpartition(".conv_expand")[0] for key in changed(matching, squeeze_excite=True)}
    entries, gates = matching.source_entries, {}
    for pair in matching.entry_pairs:
        block = matching.target_entries[pair.target]
        with_gate = any(".se." in layer.path for layer in entries[pair.source].layers)
        gates |= {layer.path.rpartition(".")[0]: with_gate for layer in block.layers if ".se." in layer.path}
    assert set(gates.values()) == {True, False}
    assert opened == {path for path, with_gate in gates.items() if not with_gate}


# -- head and neck -------------------------------------------------------------------------


def test_the_classifier_begins_from_zero_where_the_classes_differ():
    matching = matched("timm:efficientnet_b0", "timm:efficientnet_b2?num_classes=10")
    zero = {"classifier.weight": (0.0, None), "classifier.bias": (0.0, None)}
    assert changed(matching, head="auto") == zero
    assert changed(matching, head="copy") == {}
    same = matched("timm:efficientnet_b0", "timm:efficientnet_b2")
    assert changed(same, head="auto") == {}
    assert changed(same, head="zero") == zero


def test_a_source_without_a_classifier_gives_none():
    matching = matched("timm:resnet18?num_classes=0", "timm:resnet18")
    assert set(changed(matching, head="auto")) == {"fc.weight", "fc.bias"}


def test_a_target_without_a_classifier_is_told_of():
    plan = plan_transfer(matched("timm:resnet18", "timm:resnet18?num_classes=0"), head="auto", neck="auto")
    assert not any(row.step for row in plan.rows)
    assert any(note.startswith("Head:") for note in plan.notes)


def test_the_neck_follows_a_zeroed_classifier_alone():
    matching = matched("timm:efficientnet_b0", "timm:efficientnet_b2?num_classes=10")
    assert changed(matching, neck="auto", head="copy") == {}
    made = changed(matching, neck="auto", head="auto")
    assert made["bn2.bias"] == (0.0, None)
    assert len(made) == 3


def test_the_neck_that_the_source_covers_wholly_is_zeroed_only_by_hand():
    matching = matched(demo_source(), "timm:mobilenetv2_100?num_classes=10")
    assert "bn2.bias" not in changed(matching, neck="auto", head="auto")
    assert changed(matching, neck="zero-bias", head="auto")["bn2.bias"] == (0.0, None)


def test_the_neck_can_be_left_fresh():
    made = changed(matched(demo_source(), "timm:mobilenetv2_100?num_classes=10"), neck="fresh", head="auto")
    fresh = {key for key, (_, reason) in made.items() if reason is FreshReason.NECK}
    assert {key.split(".")[0] for key in fresh} == {"conv_head", "bn2"}
    assert "bn2.running_var" in fresh


# -- calibration, and the plan as a whole ---------------------------------------------------


def test_calibration_takes_the_statistics_out_of_the_plan():
    plan = plan_transfer(matched("timm:resnet18", "timm:resnet18"), calibrate="images")
    marked = {row.target for row in plan.rows if row.fresh is FreshReason.CALIBRATED}
    assert len(marked) == 20 * 3
    assert marked == {
        row.target for row in plan.rows if "running_" in row.target or "num_batches" in row.target
    }


def test_a_plan_with_steps_survives_its_json():
    matching = matched(demo_source(), "timm:mixnet_s?num_classes=10")
    options = TransferOptions(
        repeats=True, squeeze_excite=True, head="auto", neck="fresh", calibrate="images"
    )
    plan = plan_transfer(matching, options)
    assert {row.step for row in plan.rows} == {"", "repeats", "squeeze_excite", "head", "neck", "calibrate"}
    assert plan_from_json(plan_to_json(plan)) == plan


def test_a_tied_parameter_is_not_altered():
    from pairing import network_of

    class Tied(torch.nn.Module):
        def __init__(self, words):
            super().__init__()
            self.embedding = torch.nn.Embedding(words, 8)
            self.norm = torch.nn.LayerNorm(8)
            self.head = torch.nn.Linear(8, words, bias=False)
            self.head.weight = self.embedding.weight

    matching = match_networks(network_of(Tied(12)), network_of(Tied(10)))
    plan = plan_transfer(matching, head="zero", neck="zero-bias")
    assert not any(row.constant == 0.0 and "weight" in row.target for row in plan.rows)


def test_every_option_has_a_title():
    assert set(TITLES) == set(OPTION_NAMES)


def test_a_frozen_parameter_is_not_altered():
    matching = matched("timm:resnet18", "timm:resnet18?num_classes=10")
    plan = plan_transfer(matching, head="zero", frozen={"fc.bias"})
    assert not any(row.step for row in plan.rows)
