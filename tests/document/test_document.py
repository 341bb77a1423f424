"""The document's edits: values before and after, one signal for each change, exact undo."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import network
from PySide6.QtCore import QCoreApplication

from dpiat_gui.document.corrections import Override, each_of
from dpiat_gui.document.document import Document, Selection
from dpiat_gui.document.solving import overrides_cost
from dpiat_gui.errors import DpiatError, MatchError, OverrideError, StandardizationError
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import Overrides, match_options

C1, C2, C3 = (8, 3, 3, 3), (16, 8, 3, 3), (12, 16, 1, 1)
SOURCE = network("s", [[C1, (8,), None], [C2, (16,)], C3, [C2, (16,), C3], (10, 12)])
TARGET = network("t", [[C1, (8,)], [C1, (9,), None], C3, [C2, (12,), C3], C3, (20, 12)])

SIGNALS = (
    "source_changed",
    "target_changed",
    "matching_changed",
    "plan_changed",
    "options_changed",
    "overrides_changed",
    "settings_changed",
    "selection_changed",
    "modified_changed",
    "message",
    "project_path_changed",
)


class Heard:
    """Names of the signals a document has sent, in order, with what they carried."""

    def __init__(self, document: Document) -> None:
        self.all: list[tuple[str, tuple[Any, ...]]] = []
        for name in SIGNALS:
            getattr(document, name).connect(self._slot(name))

    def _slot(self, name: str) -> Callable[..., None]:
        return lambda *values: self.all.append((name, values))

    def taken(self) -> list[str]:
        """Return the names heard since the last time."""
        names = [name for name, _ in self.all]
        self.all.clear()
        return names


@pytest.fixture
def document(qapp: QCoreApplication) -> Document:
    document = Document()
    document.open_networks(SOURCE, TARGET)
    return document


@pytest.fixture
def heard(document: Document) -> Heard:
    return Heard(document)


def test_a_new_document_is_empty(qapp: QCoreApplication) -> None:
    document = Document()
    assert (document.source, document.matching, document.plan, document.coverage) == (None, None, None, None)
    assert (document.similarity, document.problems(), document.override_cost) == (None, (), 0.0)
    assert not document.modified
    assert document.next_problem() is None
    assert document.can_pin("a", "b") is not None


def test_two_networks_are_matched_as_soon_as_both_are_open(qapp: QCoreApplication) -> None:
    document = Document()
    heard = Heard(document)
    document.set_source(SOURCE)
    assert heard.taken() == ["source_changed", "modified_changed"]
    assert document.matching is None
    document.set_target(TARGET, "timm:t")
    assert heard.taken() == ["target_changed", "matching_changed", "plan_changed"]
    assert document.matching == match_networks(SOURCE, TARGET, match_options())
    assert (document.source_reference, document.target_reference) == ("made:s", "timm:t")


def test_plan_coverage_and_similarity_follow_the_matching(document: Document) -> None:
    plan, coverage, similarity = document.plan, document.coverage, document.similarity
    assert plan is not None
    assert coverage is not None
    assert similarity is not None
    assert document.plan is plan
    document.ban("s0", "t0")
    assert document.plan is not plan
    assert document.coverage is not None
    assert document.coverage.copied < coverage.copied
    assert document.similarity is similarity


def test_a_pin_is_one_step_with_a_text_and_one_signal_each(document: Document, heard: Heard) -> None:
    document.pin("s1", "t0")
    assert document.overrides.pins == (("s1", "t0"),)
    assert heard.taken() == [
        "overrides_changed",
        "matching_changed",
        "plan_changed",
        "selection_changed",
        "modified_changed",
    ]
    assert document.undo_stack.count() == 1
    assert document.undo_stack.undoText() == "Pin s1 to t0"
    assert document.matching is not None
    assert {(pair.source, pair.target) for pair in document.matching.entry_pairs} >= {(1, 0)}


def test_undo_and_redo_bring_back_the_very_same_values(document: Document, heard: Heard) -> None:
    before = document.matching
    document.pin("s1", "t0")
    after = document.matching
    heard.taken()
    document.undo_stack.undo()
    assert document.matching is before
    assert heard.taken().count("matching_changed") == 1
    document.undo_stack.redo()
    assert document.matching is after


def test_an_edit_that_changes_nothing_is_no_step_and_no_signal(document: Document, heard: Heard) -> None:
    document.pin("s1", "t0")
    document.set_seed(5)
    count = document.undo_stack.count()
    heard.taken()
    document.pin("s1", "t0")
    document.set_seed(5)
    document.set_transfer(buffers=True)
    document.set_options(exponent=0.5)
    document.set_method("blocks")
    document.set_source(SOURCE)
    document.clear_override("t5")
    document.remove_overrides([Override("ban", "s0", "t0")])
    document.select(document.selection)
    assert heard.taken() == []
    assert document.undo_stack.count() == count


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda d: d.pin("s0.0", "t0.1"), "one is a Conv2d, the other a BatchNorm2d"),
        (lambda d: d.pin("s9", "t0"), "no layer or block 's9'"),
        (lambda d: d.pin("s0", "t0.0"), "one is a block, the other a layer"),
        (lambda d: d.pin("s3", "t0"), "would cross the pin s1 → t3"),
        (lambda d: d.ban("s0", "t9"), "no layer or block 't9'"),
        (lambda d: d.set_fresh("nothing"), "no layer or block 'nothing'"),
        (lambda d: d.set_options(exponent=2), "between 0 and 1"),
        (lambda d: d.set_preset("best"), "no preset named 'best'"),
        (lambda d: d.set_method("magic"), "no standardization named 'magic'"),
    ],
)
def test_what_cannot_be_done_raises_and_changes_nothing(
    document: Document, edit: Callable[[Document], None], said: str
) -> None:
    document.pin("s1", "t3")
    state, count, heard = document.state, document.undo_stack.count(), Heard(document)
    with pytest.raises((OverrideError, MatchError, StandardizationError), match=said):
        edit(document)
    assert document.state is state
    assert document.undo_stack.count() == count
    assert heard.taken() == []


def test_can_pin_says_what_pin_would_say(document: Document) -> None:
    document.pin("s1", "t3")
    assert document.can_pin("s1", "t1") is None
    assert "would cross the pin s1 → t3" in str(document.can_pin("s3", "t0"))
    assert document.can_pin("", "t0") is not None


def test_an_override_needs_two_networks(qapp: QCoreApplication) -> None:
    document = Document()
    for edit in (
        lambda: document.pin("a", "b"),
        lambda: document.ban("a", "b"),
        lambda: document.set_fresh("b"),
    ):
        with pytest.raises(OverrideError, match="before two networks are matched"):
            edit()


def test_leaving_a_block_fresh_drops_the_pins_inside(document: Document) -> None:
    document.pin("s1.0", "t0.0")
    document.set_fresh("t0")
    assert document.overrides == Overrides(fresh=["t0"])


def test_a_ban_on_two_blocks_drops_the_pins_inside_both_alone(document: Document) -> None:
    document.pin("s1.0", "t1.0")
    document.pin("s3.0", "t3.0")
    document.ban("s1", "t1")
    assert document.overrides == Overrides(pins=[("s3.0", "t3.0")], bans=[("s1", "t1")])


def test_clearing_a_block_clears_its_layers_too(document: Document) -> None:
    document.pin("s1.0", "t1.0")
    document.set_fresh("t1.1")
    document.ban("s0", "t1")
    document.set_fresh("t4")
    document.clear_override("t1")
    assert document.overrides == Overrides(fresh=["t4"])


def test_one_override_is_removed_at_a_time(document: Document) -> None:
    document.ban("s0", "t0")
    document.ban("s1", "t0")
    document.set_fresh("t1.1")
    document.remove_overrides([Override("ban", "s0", "t0")])
    assert document.overrides == Overrides(bans=[("s1", "t0")], fresh=["t1.1"])
    document.remove_overrides([Override("fresh", None, "t1.1")])
    document.clear_overrides()
    assert document.overrides == Overrides()


def test_costs_are_differences_of_the_total_score(document: Document) -> None:
    free = match_networks(SOURCE, TARGET, match_options()).score
    pinned = match_networks(SOURCE, TARGET, match_options(), overrides=Overrides([("s1", "t0")])).score

    def cost(overrides: Overrides) -> float | None:
        assert document.tables is not None
        assert document.matching is not None
        return overrides_cost(document.tables, document.matching, overrides)

    assert cost(Overrides([("s1", "t0")])) == pytest.approx(pinned - free)
    assert cost(Overrides([("s0.0", "t0.1")])) is None
    document.pin("s1", "t0")
    assert document.override_cost == pytest.approx(pinned - free)
    assert cost(Overrides()) == pytest.approx(free - pinned)


def test_the_same_setting_in_a_row_is_one_step(document: Document) -> None:
    for seed in (1, 2, 3):
        document.set_seed(seed)
    assert document.undo_stack.count() == 1
    assert document.undo_stack.undoText() == "Set seed to 3"
    document.set_options(exponent=0.4)
    document.set_options(exponent=0.3)
    document.set_device("cpu")
    assert document.undo_stack.count() == 3
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert (document.options.exponent, document.seed) == (0.5, 3)


def test_a_setting_that_comes_back_to_where_it_was_is_no_step(document: Document) -> None:
    document.set_seed(1)
    document.set_seed(0)
    assert document.undo_stack.count() == 0
    assert not document.modified


def test_a_preset_brings_its_options_and_its_buffers_in_one_step(document: Document, heard: Heard) -> None:
    document.set_preset("paper")
    assert document.options.layer_types == "paper"
    assert document.transfer.buffers is False
    assert document.matching is not None
    assert document.matching.preset == "paper"
    assert document.undo_stack.count() == 1
    assert heard.taken().count("options_changed") == 1
    document.undo_stack.undo()
    assert (document.transfer.buffers, document.state.preset) == (True, "recommended")


def test_operator_and_buffers_change_the_plan_and_seed_does_not(document: Document, heard: Heard) -> None:
    document.set_transfer(buffers=False)
    assert heard.taken() == ["settings_changed", "plan_changed", "modified_changed"]
    document.set_seed(9)
    assert heard.taken() == ["settings_changed"]


def test_opening_another_network_keeps_the_overrides_that_fit_and_reports_the_others(
    document: Document,
) -> None:
    document.ban("s0", "t0")
    document.pin("s3.1", "t3.1")
    document.set_fresh("t5")
    heard = Heard(document)
    other = network("t", [[C1, (8,)], [C1, (9,), None], C3, [C2]])
    document.set_target(other)
    assert document.overrides == Overrides(bans=[("s0", "t0")])
    assert document.disabled == Overrides(pins=[("s3.1", "t3.1")], fresh=["t5"])
    assert "2 overrides no longer fit" in str(heard.all[-1][1][0])
    assert heard.all[-1][0] == "message"
    document.undo_stack.undo()
    assert len(document.overrides) == 3
    assert document.target is TARGET


def test_swapping_turns_pins_and_bans_round(document: Document) -> None:
    document.pin("s1", "t0")
    document.ban("s2", "t2")
    document.set_fresh("t5")
    document.swap()
    assert (document.source, document.target) == (TARGET, SOURCE)
    assert document.overrides == Overrides(pins=[("t0", "s1")], bans=[("t2", "s2")])
    document.undo_stack.undo()
    assert document.source is SOURCE
    assert document.overrides.fresh == ("t5",)


def test_another_method_standardizes_both_networks(document: Document) -> None:
    document.set_method("flatten")
    assert document.source is not None
    assert document.target is not None
    assert (document.source.method, document.target.method) == ("flatten", "flatten")
    assert all(block.single for block in document.target.sequence)
    document.undo_stack.undo()
    assert document.source is SOURCE


def test_networks_with_nothing_in_common_are_open_all_the_same(qapp: QCoreApplication) -> None:
    document = Document()
    document.open_networks(network("a", [(8,)]), network("b", [(4, 4)]))
    assert document.matching is not None
    assert document.matching.pairs == ()
    assert document.plan is not None
    assert document.problems()


def test_rematching_is_no_step_and_says_how_it_came_out(document: Document, heard: Heard) -> None:
    document.rematch()
    assert heard.taken() == ["message"]
    assert document.undo_stack.count() == 0


# -- selection ---------------------------------------------------------------------------------


def test_one_side_brings_its_partner(document: Document) -> None:
    assert document.matching is not None
    pair = document.matching.pairs[0]
    document.select_target(pair.target)
    assert document.selection == Selection(pair.source, pair.target)
    document.select_source(pair.source)
    assert document.selection == Selection(pair.source, pair.target)
    document.select_target("t0")
    assert document.selection == Selection("s0", "t0")
    document.clear_selection()
    assert not document.selection


def test_two_sides_are_taken_as_they_are_and_unknown_paths_are_dropped(document: Document) -> None:
    document.select(Selection("s3", "t0"))
    assert document.selection == Selection("s3", "t0")
    assert document.selection_note == ""
    document.select(Selection("nowhere", None))
    assert document.selection == Selection()


def test_the_selection_keeps_its_partner_up_to_date(document: Document) -> None:
    document.select_target("t0")
    document.pin("s1", "t0")
    assert document.selection == Selection("s1", "t0")
    document.undo_stack.undo()
    assert document.selection == Selection("s0", "t0")
    document.set_target(network("u", [C1]))
    assert document.selection == Selection()


def _without(document: Document, target: str) -> str:
    document.select_target(target)
    assert document.selection.source is None
    return document.selection_note


def test_a_row_without_partner_says_why(document: Document, heard: Heard) -> None:
    assert _without(document, "t1.2") == "t1.2 is not scored: ReLU has no weight to carry over."
    assert heard.all[-1] == ("message", (document.selection_note,))
    document.set_fresh("t0")
    assert _without(document, "t0") == "t0 is left fresh by hand."
    assert "its block t0 is left fresh by hand" in _without(document, "t0.0")
    for source in ("s0", "s1", "s3"):
        document.ban(source, "t1")
    assert "the source's s0 and 2 more are banned from it by hand" in _without(document, "t1")
    lonely = network("l", [[(3, 3), (5, 5, 1, 1)]])
    document.set_target(lonely)
    assert "no source layer of the same type" in _without(document, "l0.0")


def test_an_unused_source_says_why(document: Document) -> None:
    document.set_target(network("u", [C3]))
    document.select_source("s4")
    assert document.selection == Selection("s4", None)
    assert "no target layer of the same type (Linear, by itself)" in document.selection_note


def test_a_row_of_a_network_alone_can_be_selected(qapp: QCoreApplication) -> None:
    document = Document()
    document.set_source(SOURCE)
    document.select_source("s0")
    assert document.selection == Selection("s0", None)
    assert "No target is open yet" in document.selection_note


# -- any sequence of edits ---------------------------------------------------------------------

SOURCES = st.sampled_from([path for block in SOURCE.sequence for path in (block.path, block.layers[0].path)])
TARGETS = st.sampled_from([path for block in TARGET.sequence for path in (block.path, block.layers[0].path)])
EDITS = st.one_of(
    st.tuples(st.just("pin"), SOURCES, TARGETS),
    st.tuples(st.just("pin"), SOURCES, TARGETS),
    st.tuples(st.just("ban"), SOURCES, TARGETS),
    st.tuples(st.just("set_fresh"), TARGETS),
    st.tuples(st.just("clear_override"), TARGETS),
    st.tuples(st.just("clear_overrides")),
    st.tuples(st.just("set_seed"), st.integers(0, 3)),
    st.tuples(st.just("set_buffers"), st.booleans()),
    st.tuples(st.just("set_preset"), st.sampled_from(["paper", "recommended"])),
    st.tuples(st.just("set_method"), st.sampled_from(["blocks", "flatten"])),
    st.tuples(st.just("swap")),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(EDITS, max_size=14))
def test_any_edits_undone_and_redone_return_to_exact_states(qapp: QCoreApplication, edits: list[Any]) -> None:
    document = Document()
    document.open_networks(SOURCE, TARGET)
    for name, *arguments in edits:
        heard, before = Heard(document), _values(document)
        if name in ("undo", "redo"):
            getattr(document.undo_stack, name)()
        else:
            edit = (
                (lambda on: document.set_transfer(buffers=on))
                if name == "set_buffers"
                else getattr(document, name)
            )
            _attempt(edit, arguments)
        _assert_told(heard, before, _values(document))
        _assert_sound(document)
    top = document.undo_stack.count()
    document.undo_stack.setIndex(top)
    states = [_values(document)]
    while document.undo_stack.canUndo():
        document.undo_stack.undo()
        states.append(_values(document))
    assert document.state.overrides == Overrides()
    assert not document.modified
    for expected in list(reversed(states))[1:]:
        document.undo_stack.redo()
        assert _values(document) == expected


GESTURES = st.one_of(
    EDITS,
    st.tuples(st.just("pin"), SOURCES, TARGETS),
    st.tuples(st.just("accept")),
    st.tuples(st.just("pin_all"), st.lists(st.tuples(SOURCES, TARGETS), max_size=3)),
    st.tuples(st.just("ban_all"), st.lists(st.tuples(SOURCES, TARGETS), min_size=1, max_size=3)),
    st.tuples(st.just("pin_instead"), SOURCES, TARGETS),
    st.tuples(st.just("repin"), st.tuples(SOURCES, TARGETS), st.tuples(SOURCES, TARGETS)),
    st.tuples(st.just("set_operator"), TARGETS, st.sampled_from(["full", "clip", None])),
    st.tuples(st.just("switch"), st.booleans()),
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_200_random_actions_undone_and_redone_return_to_the_ends(
    qapp: QCoreApplication, data: st.DataObject
) -> None:
    document = Document()
    document.open_networks(SOURCE, TARGET)
    first = _values(document)
    for _ in range(200):
        name, *arguments = data.draw(GESTURES)
        if name in ("undo", "redo"):
            getattr(document.undo_stack, name)()
        elif name == "set_buffers":
            document.set_transfer(buffers=arguments[0])
        elif name == "switch":
            there = document.disabled if arguments[0] else document.overrides
            _attempt(document.set_enabled, [each_of(there), arguments[0]])
        else:
            _attempt(getattr(document, name), arguments)
    last, done = _values(document), document.undo_stack.index()
    document.undo_stack.setIndex(0)
    assert _values(document)[:3] == first[:3]
    assert not document.modified
    document.undo_stack.setIndex(done)
    assert _values(document)[:3] == last[:3]


def _attempt(edit: Callable[..., None], arguments: list[Any]) -> None:
    with suppress(DpiatError):
        edit(*arguments)


def _values(document: Document) -> tuple[Any, ...]:
    return (document.state, document.matching, document.plan, document.selection)


def _assert_told(heard: Heard, before: tuple[Any, ...], after: tuple[Any, ...]) -> None:
    names = [name for name, _ in heard.all]
    assert len([name for name in names if name != "message"]) == len(set(names) - {"message"})
    old, new = before[0], after[0]
    assert ("overrides_changed" in names) == ((old.overrides, old.disabled) != (new.overrides, new.disabled))
    assert ("matching_changed" in names) == (before[1] != after[1])
    assert ("source_changed" in names) == (old.source != new.source)
    assert ("selection_changed" in names) == (before[3] != after[3])
    if before[2] != after[2]:
        assert "plan_changed" in names


def _assert_sound(document: Document) -> None:
    """What is derived belongs to the state: solving it from nothing gives the same."""
    state = document.state
    assert state.source is not None
    assert state.target is not None
    assert document.matching == match_networks(state.source, state.target, state.options, state.overrides)


def test_networks_of_the_tests_match(document: Document) -> None:
    assert document.matching is not None
    assert document.options == match_options()
    assert len(document.matching.pairs) > 5


def test_the_seed_changes_the_plan_of_an_operator_that_draws(document: Document) -> None:
    document.set_transfer(operator="full")
    before = document.plan
    document.set_seed(7)
    assert document.plan is not before
    assert document.coverage.padded_tensors == 0


def test_an_operator_of_its_own_for_a_target_is_one_step_that_can_be_undone(document: Document) -> None:
    row = next(row for row in document.plan.rows if row.cropped)
    document.set_operator(row.layer, "magnitude")
    assert document.overrides.operators == ((row.layer, "magnitude"),)
    assert document.plan.provisional
    document.set_operator(row.layer, "clip")
    document.set_operator(row.layer, None)
    assert not document.overrides.operators
    for _ in range(3):
        document.undo_stack.undo()
    assert not document.overrides.operators
    assert not document.plan.provisional
    with pytest.raises(OverrideError, match="no layer"):
        document.set_operator("nowhere", "clip")
    with pytest.raises(OverrideError, match="crop"):
        document.set_operator(row.layer, "crop")
