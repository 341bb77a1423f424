"""Corrections of many pairs at once: one step each, what is in the way, what fits elsewhere."""

import pytest
from made import network
from PySide6.QtCore import QCoreApplication

from dpiat_gui.document.corrections import (
    Misfit,
    Override,
    each_of,
    emptied,
    fitting_overrides,
    near_overrides,
    overrides_of,
    without,
)
from dpiat_gui.document.document import Document
from dpiat_gui.errors import OverrideError
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import Overrides, match_options

C1, C2, C3 = (8, 3, 3, 3), (16, 8, 3, 3), (12, 16, 1, 1)
SOURCE = network("s", [[C1, (8,), None], [C2, (16,)], C3, [C2, (16,), C3], (10, 12)])
TARGET = network("t", [[C1, (8,)], [C1, (9,), None], C3, [C2, (12,), C3], C3, (20, 12)])


@pytest.fixture
def document(qapp: QCoreApplication) -> Document:
    document = Document()
    document.open_networks(SOURCE, TARGET)
    return document


def _steps(document: Document) -> list[str]:
    return [document.undo_stack.text(at) for at in range(document.undo_stack.count())]


def test_swapping_turns_disabled_overrides_too(document: Document) -> None:
    pin, fresh = Override("pin", "s0", "t0"), Override("fresh", None, "t1")
    document.pin("s0", "t0")
    document.set_fresh("t1")
    document.set_enabled([pin, fresh], False)
    document.swap()
    assert document.disabled == Overrides(pins=[("t0", "s0")])
    document.set_enabled([Override("pin", "t0", "s0")], True)
    assert document.overrides == Overrides(pins=[("t0", "s0")])


def test_overrides_are_taken_apart_and_put_together() -> None:
    overrides = Overrides([("a", "b")], [("c", "d")], ["e"], [("f", "full")])
    assert overrides_of(each_of(overrides)) == overrides
    assert without(overrides, [Override("ban", "c", "d")]) == Overrides(
        [("a", "b")], fresh=["e"], operators=[("f", "full")]
    )
    assert [one.text for one in each_of(overrides)] == [
        "the pin a → b",
        "the ban c → d",
        "e left fresh",
        "full for f",
    ]
    with pytest.raises(OverrideError, match="no override named 'pun'"):
        Override("pun", "a", "b")


def test_accepting_pins_what_was_found_in_one_step(document: Document) -> None:
    before = document.matching
    assert before is not None
    assert document.accept() == len(before.pairs)
    assert _steps(document) == [f"Accept {len(before.pairs)} pairs"]
    assert document.matching is not None
    assert [(p.source, p.target) for p in document.matching.pairs] == [
        (p.source, p.target) for p in before.pairs
    ]
    assert all(pair.pinned for pair in document.matching.pairs)
    assert document.matching.score == pytest.approx(before.score)
    assert document.accept() == 0
    document.undo()
    assert not document.overrides


def test_accepting_can_be_limited_to_some_pairs_or_a_score(document: Document) -> None:
    assert document.matching is not None
    pairs = [(pair.source, pair.target) for pair in document.matching.pairs]
    assert document.accept(pairs[:1]) == 1
    assert _steps(document) == [f"Accept {pairs[0][0]} to {pairs[0][1]}"]
    document.undo()
    good = [pair for pair in document.matching.pairs if pair.score >= 0.8]
    assert 0 < len(good) < len(pairs)
    assert document.accept(above=0.8) == len(good)
    assert _steps(document) == [f"Accept {len(good)} pairs that score 0.8 or more"]
    assert set(document.overrides.pins) == {(pair.source, pair.target) for pair in good}


def test_whole_blocks_are_accepted_where_they_are_chosen(document: Document) -> None:
    assert document.accept([("s0", "t0"), ("s0.1", "t0.1"), ("s1", "t0")]) == 2
    assert document.overrides.pins == (("s0.1", "t0.1"), ("s0", "t0"))
    assert document.accept([("s0", "t0")]) == 0


def test_nothing_can_be_accepted_before_there_is_a_matching(qapp: QCoreApplication) -> None:
    with pytest.raises(OverrideError, match="Nothing is matched"):
        Document().accept()


def test_many_are_pinned_banned_left_and_cleared_in_one_step_each(document: Document) -> None:
    document.pin_all([("s0", "t0"), ("s2", "t2")])
    document.ban_all([("s1", "t1"), ("s3", "t3")])
    document.set_fresh_all(["t4", "t5"])
    document.clear_all_of(["t0", "t1"])
    assert _steps(document) == [
        "Pin 2 pairs",
        "Ban 2 pairs",
        "Leave 2 targets fresh",
        "Clear override of 2 targets",
    ]
    assert document.overrides == Overrides([("s2", "t2")], [("s3", "t3")], ["t4", "t5"])


def test_a_pin_of_two_blocks_that_cannot_hold_changes_nothing(document: Document) -> None:
    with pytest.raises(OverrideError):
        document.pin_all([("s3", "t0"), ("s0", "t3")])
    assert not document.overrides
    assert not _steps(document)


def test_what_is_in_the_way_is_named_and_replaced(document: Document) -> None:
    document.pin("s3", "t3")
    document.set_fresh("t5")
    assert document.in_the_way("s4", "t2") == ()
    assert document.in_the_way("s0", "t3") == ()  # its own pin is replaced anyway
    document.pin("s1", "t1")
    assert document.in_the_way("s3", "t0") == (Override("pin", "s1", "t1"),)
    with pytest.raises(OverrideError, match="would cross the pin s1 → t1"):
        document.pin("s3", "t0")
    document.pin_instead("s3", "t0")
    assert set(document.overrides.pins) == {("s3", "t3"), ("s3", "t0")}
    assert document.undo_stack.undoText() == "Pin s3 to t0 in place of the pin s1 → t1"
    document.undo()
    assert set(document.overrides.pins) == {("s3", "t3"), ("s1", "t1")}


def test_bans_and_fresh_blocks_are_in_the_way_of_layers(document: Document) -> None:
    document.ban("s1", "t3")
    assert document.in_the_way("s1.0", "t3.0") == (Override("ban", "s1", "t3"),)
    document.clear_overrides()
    document.set_fresh("t3")
    assert document.in_the_way("s1.0", "t3.0") == (Override("fresh", None, "t3"),)
    document.pin_instead("s1.0", "t3.0")
    assert document.overrides == Overrides([("s1.0", "t3.0")])


def test_what_can_never_be_pinned_has_nothing_in_the_way(document: Document) -> None:
    document.pin("s1", "t1")
    assert document.in_the_way("s0.0", "t0.1") == ()


def test_moving_an_end_is_one_step_and_leaves_the_old_pair(document: Document) -> None:
    document.pin("s1", "t0")
    document.repin(("s1", "t0"), ("s0", "t0"))
    assert document.overrides.pins == (("s0", "t0"),)
    assert document.undo_stack.undoText() == "Move t0 to s0"
    document.repin(("s0", "t0"), ("s0", "t1"))
    assert document.undo_stack.undoText() == "Move s0 from t0 to t1"
    assert document.overrides.pins == (("s0", "t1"),)
    assert document.matching is not None
    ends = {(entry.source, entry.target) for entry in document.matching.entry_pairs}
    assert (0, 1) in ends
    assert (0, 0) not in ends  # the source may serve both, but moved means moved
    assert document.overrides.bans == (("s0", "t0"),)
    before = document.matching
    outcome = document.outcome_of_move(("s0", "t1"), ("s1", "t1"))
    assert document.can_repin(("s0", "t1"), ("s1", "t1")) is None
    document.repin(("s0", "t1"), ("s1", "t1"))
    assert outcome is not None
    assert outcome.change == pytest.approx(document.matching.score - before.score)
    assert document.outcome_of_move(("s1", "t1"), ("s4", "t1")) is None
    assert document.can_repin(("s1", "t1"), ("s4", "t1")) is not None
    document.undo()
    count = document.undo_stack.count()
    document.repin(("s0", "t1"), ("s0", "t1"))
    assert document.undo_stack.count() == count


def test_overrides_are_switched_off_and_on(document: Document) -> None:
    document.pin("s1", "t0")
    document.ban("s2", "t2")
    pin, ban = each_of(document.overrides)
    free = match_networks(SOURCE, TARGET, match_options())
    document.set_enabled([pin, ban], False)
    assert document.matching == free
    assert (document.overrides, document.disabled) == (Overrides(), Overrides([("s1", "t0")], [("s2", "t2")]))
    assert document.undo_stack.undoText() == "Disable 2 overrides"
    document.set_enabled([ban], True)
    assert document.undo_stack.undoText() == "Enable the ban s2 → t2"
    assert (document.overrides, document.disabled) == (
        Overrides(bans=[("s2", "t2")]),
        Overrides([("s1", "t0")]),
    )
    document.undo()
    document.undo()
    assert document.overrides == Overrides([("s1", "t0")], [("s2", "t2")])
    assert not document.disabled


def test_what_is_made_anew_is_no_longer_kept_as_disabled(document: Document) -> None:
    document.pin("s1", "t0")
    document.set_enabled(each_of(document.overrides), False)
    document.pin("s1", "t0")
    assert not document.disabled


def test_one_that_cannot_be_enabled_can_take_the_place_of_others(document: Document) -> None:
    document.pin("s3", "t0")
    one = each_of(document.overrides)[0]
    document.set_enabled([one], False)
    document.pin("s1", "t1")
    document.pin("s0", "t0")
    with pytest.raises(OverrideError):
        document.set_enabled([one], True)
    document.enable_instead(one)
    assert document.overrides == Overrides([("s3", "t0")])
    assert set(document.disabled.pins) == {("s1", "t1"), ("s0", "t0")}


def test_overrides_are_removed_whether_they_count_or_not(document: Document) -> None:
    document.pin("s1", "t0")
    document.set_fresh("t5")
    pin, fresh = each_of(document.overrides)
    document.set_enabled([fresh], False)
    document.remove_overrides([pin, fresh])
    assert document.undo_stack.undoText() == "Remove 2 overrides"
    assert not document.overrides
    assert not document.disabled
    document.undo()
    document.clear_overrides()
    assert not document.disabled


def test_overrides_from_elsewhere_that_do_not_fit_are_kept_disabled_and_reported(document: Document) -> None:
    heard: list[tuple[Misfit, ...]] = []
    document.misfitted.connect(heard.append)
    document.ban("s2", "t2")
    document.apply_overrides(
        Overrides([("s0.0", "t0.0"), ("s0.9", "t0.0")], [("s2", "t2")], ["t5", "t99"]),
        Overrides(fresh=["t4"]),
    )
    assert document.overrides == Overrides([("s0.0", "t0.0")], [("s2", "t2")], ["t5"])
    assert document.disabled == Overrides([("s0.9", "t0.0")], fresh=["t4", "t99"])
    assert [misfit.override for misfit in heard[0]] == [
        Override("pin", "s0.9", "t0.0"),
        Override("fresh", None, "t99"),
    ]
    assert all(misfit.reason for misfit in heard[0])
    assert _steps(document) == ["Ban s2 from t2", "Import overrides"]
    document.undo()
    assert document.overrides == Overrides(bans=[("s2", "t2")])


def test_an_operator_of_a_target_that_is_gone_does_not_fit_even_alone(document: Document) -> None:
    heard: list[tuple[Misfit, ...]] = []
    document.misfitted.connect(heard.append)
    gone = Override("operator", None, "t99", "full")
    document.apply_overrides(Overrides(operators=[("t0", "clip"), ("t99", "full")]))
    assert document.overrides.operators == (("t0", "clip"),)
    assert document.disabled.operators == (("t99", "full"),)
    assert [misfit.override for misfit in heard[0]] == [gone]
    with pytest.raises(OverrideError, match="no layer or block 't99'") as caught:
        document.set_enabled([gone], True)
    assert caught.value.hint
    assert document.disabled.operators == (("t99", "full"),)


def test_near_paths_are_offered_that_would_hold(document: Document) -> None:
    assert document.tables is not None
    found = near_overrides(document.tables, Overrides(), Override("pin", "s3.7", "t3.0"))
    assert Override("pin", "s3.0", "t3.0") in found
    assert all(one.source != "s3.1" for one in found)  # a norm cannot be pinned to a convolution
    beside = near_overrides(document.tables, Overrides(pins=[("s3", "t0")]), Override("pin", "s1.8", "t1.0"))
    assert Override("pin", "s1.0", "t1.0") not in beside  # it would cross
    document.apply_overrides(Overrides(pins=[("s3.7", "t3.0")]))
    document.exchange_overrides({Override("pin", "s3.7", "t3.0"): found[0]})
    assert document.overrides.pins == ((found[0].source, "t3.0"),)
    assert not document.disabled


def test_of_overrides_that_exclude_one_another_the_first_fit(document: Document) -> None:
    assert document.tables is not None
    wanted = Overrides([("s3", "t0"), ("s0", "t3"), ("s1", "t4")], fresh=["t0"])
    kept, misfits = fitting_overrides(document.tables, wanted)
    assert kept == Overrides([("s0", "t3")], fresh=["t0"])
    assert [misfit.override.source for misfit in misfits] == ["s3", "s1"]


def test_blocks_that_a_ban_emptied_are_named(document: Document) -> None:
    before = document.matching
    document.ban("s4", "t5")
    assert before is not None
    assert document.matching is not None
    assert emptied(before, document.matching) == ("t5",)
    assert emptied(document.matching, before) == ()


@pytest.mark.parametrize("method", sorted(METHODS))
def test_what_any_method_found_can_be_accepted_and_stays(qapp: QCoreApplication, method: str) -> None:
    document = Document()
    document.open_networks(SOURCE, TARGET)
    document.set_options(method=method)
    before = document.matching
    assert before is not None
    document.accept()
    assert document.matching is not None
    pairs = [[(pair.source, pair.target) for pair in one.pairs] for one in (before, document.matching)]
    assert pairs[0] == pairs[1]
    assert document.matching.score == pytest.approx(before.score)
