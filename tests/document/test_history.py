"""The history as a list of steps: going to any of them, and long ones undone and redone exactly."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import network
from PySide6.QtCore import QCoreApplication

from dpiat_gui.document.corrections import each_of
from dpiat_gui.document.document import Document
from dpiat_gui.errors import DpiatError
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import Overrides

C1, C2, C3 = (8, 3, 3, 3), (16, 8, 3, 3), (12, 16, 1, 1)
SOURCE = network("s", [[C1, (8,), None], [C2, (16,)], C3, (10, 12)])
TARGET = network("t", [[C1, (8,)], [C1, (9,), None], C3, (20, 12)])
SOURCES = [path for block in SOURCE.sequence for path in (block.path, block.layers[0].path)]
TARGETS = [path for block in TARGET.sequence for path in (block.path, block.layers[0].path)]


def _toggle(document: Document, at: int) -> None:
    every = (*each_of(document.overrides), *each_of(document.disabled))
    if every:
        one = every[at % len(every)]
        document.set_enabled([one], one not in each_of(document.overrides))


PAIRS = st.tuples(st.sampled_from(SOURCES), st.sampled_from(TARGETS))
ACTIONS: st.SearchStrategy[Callable[[Document], object]] = st.one_of(
    PAIRS.map(lambda pair: lambda document: document.pin(*pair)),
    PAIRS.map(lambda pair: lambda document: document.pin_instead(*pair)),
    PAIRS.map(lambda pair: lambda document: document.ban(*pair)),
    st.lists(PAIRS, min_size=1, max_size=3).map(lambda pairs: lambda document: document.pin_all(pairs)),
    st.lists(PAIRS, min_size=1, max_size=3).map(lambda pairs: lambda document: document.ban_all(pairs)),
    st.tuples(PAIRS, PAIRS).map(lambda two: lambda document: document.repin(*two)),
    st.sampled_from(TARGETS).map(lambda path: lambda document: document.set_fresh(path)),
    st.sampled_from(TARGETS).map(lambda path: lambda document: document.clear_override(path)),
    st.floats(0.3, 0.9).map(lambda above: lambda document: document.accept(above=above)),
    st.integers(0, 9).map(lambda at: lambda document: _toggle(document, at)),
    st.integers(0, 3).map(lambda seed: lambda document: document.set_seed(seed)),
    st.sampled_from([0.4, 0.5, 0.6]).map(lambda x: lambda document: document.set_options(exponent=x)),
    st.sampled_from(["paper", "recommended"]).map(lambda name: lambda document: document.set_preset(name)),
    st.just(lambda document: document.swap()),
    st.just(lambda document: document.undo()),
    st.just(lambda document: document.undo_stack.redo()),
    st.just(lambda document: document.clear_overrides()),
)


@pytest.fixture
def document(qapp: QCoreApplication) -> Document:
    document = Document()
    document.open_networks(SOURCE, TARGET)
    return document


def _values(document: Document) -> tuple[Any, ...]:
    return (document.state, document.matching, document.plan)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(actions=st.lists(ACTIONS, min_size=200, max_size=200))
def test_200_actions_undone_give_back_the_beginning_and_redone_the_end(
    qapp: QCoreApplication, actions: list[Callable[[Document], object]]
) -> None:
    document = Document()
    document.open_networks(SOURCE, TARGET)
    first = _values(document)
    for action in actions:
        with suppress(DpiatError):
            action(document)
    last, state, steps = _values(document), document.state, document.undo_stack.index()
    assert state.source is not None
    assert state.target is not None
    assert document.matching == match_networks(state.source, state.target, state.options, state.overrides)
    while document.undo_stack.canUndo():
        document.undo()
    assert _values(document) == first
    assert not document.modified
    while document.undo_stack.index() < steps:
        document.undo_stack.redo()
    assert _values(document) == last


def test_a_step_is_gone_to_in_one_change(document: Document) -> None:
    states = [document.state]
    for at in range(4):
        document.set_fresh(f"t{at}")
        states.append(document.state)
    heard: list[object] = []
    document.matching_changed.connect(heard.append)
    document.go_to_step(1)
    assert document.state == states[1]
    assert len(heard) == 1
    assert document.undo_stack.index() == 1
    document.go_to_step(4)
    document.go_to_step(4)
    assert document.state == states[4]
    assert len(heard) == 2
    document.go_to_step(0)
    assert document.overrides == Overrides()
    assert not document.modified


def test_every_step_can_be_looked_at_without_going_there(document: Document) -> None:
    assert document.snapshot_at(0).matching is document.matching
    states = [document.state]
    for at in range(3):
        document.set_fresh(f"t{at}")
        states.append(document.state)
    document.go_to_step(1)
    assert [document.snapshot_at(at).state for at in range(4)] == states
    with pytest.raises(IndexError):
        document.snapshot_at(4)
