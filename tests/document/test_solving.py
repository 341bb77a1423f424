"""Matchings that take long: solved by a job, applied only if still wanted."""

import pytest
from made import chain, network

from dpiat_gui.document import solving
from dpiat_gui.document.document import Document
from dpiat_gui.document.solving import estimated_ms, is_slow
from dpiat_gui.document.state import DocumentState
from dpiat_gui.errors import OverrideError
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import MatchOptions, Overrides, match_options
from dpiat_gui.project.project import load_project
from dpiat_gui.services.engine_client import EngineClient
from dpiat_gui.services.jobs import JobRunner

C1, C2, C3 = (8, 3, 3, 3), (16, 8, 3, 3), (12, 16, 1, 1)
SOURCE = network("s", [[C1, (8,), None], [C2, (16,)], C3, [C2, (16,), C3], (10, 12)])
TARGET = network("t", [[C1, (8,)], [C1, (9,), None], C3, [C2, (12,), C3], C3, (20, 12)])


@pytest.fixture
def jobs(qapp):
    jobs = JobRunner(EngineClient())
    yield jobs
    assert jobs.shutdown()


@pytest.fixture
def document(qtbot, jobs):
    document = Document(jobs=jobs)
    document.open_networks(SOURCE, TARGET)
    return document


@pytest.fixture
def slow(document, monkeypatch):
    monkeypatch.setattr(solving, "SLOW_MS", -1.0)
    return document


def ended(document, qtbot):
    qtbot.waitUntil(lambda: not document.solving)


def test_small_networks_are_solved_at_once(document):
    document.set_options(exponent=0.3)
    assert not document.solving
    assert document.matching.options.exponent == 0.3


def test_size_and_method_tell_what_takes_long():
    large = chain("l", [C2] * 400)
    state = DocumentState(large, large, options=match_options())
    assert is_slow(state)
    assert not is_slow(DocumentState(SOURCE, TARGET))
    assert not is_slow(DocumentState(SOURCE))
    blocks = network("b", [[C2, (16,), C2, (16,)]] * 30)
    by_block = estimated_ms(blocks, blocks, MatchOptions())
    assert estimated_ms(blocks, blocks, MatchOptions("flat")) == pytest.approx(16 * by_block)


def test_the_old_matching_stays_until_the_new_one_is_there(slow, qtbot):
    old, heard = slow.matching, []
    slow.solving_changed.connect(heard.append)
    slow.set_options(method="flat")
    assert slow.solving
    assert slow.matching is old
    assert slow.options.method == "dp"
    assert slow.wanted.options.method == "flat"
    assert not slow.modified
    ended(slow, qtbot)
    assert heard == [True, False]
    assert slow.matching == match_networks(SOURCE, TARGET, MatchOptions("flat", skip_factor=0.5))
    assert slow.undo_stack.count() == 1
    assert "flat" in slow.undo_stack.undoText()


def test_what_the_window_reads_is_computed_by_the_job(slow, qtbot, monkeypatch):
    slow.set_options(method="flat")
    ended(slow, qtbot)
    monkeypatch.setattr("dpiat_gui.matching.similarity.similarity", lambda *_: pytest.fail("computed again"))
    monkeypatch.setattr("dpiat_gui.transfer.coverage.coverage", lambda *_: pytest.fail("computed again"))
    assert slow.similarity is not None
    assert slow.coverage is not None


def test_cancel_leaves_everything_as_it_was(slow, qtbot):
    old, said = slow.matching, []
    slow.message.connect(said.append)
    slow.set_options(method="flat")
    slow.cancel_solving()
    ended(slow, qtbot)
    assert slow.matching is old
    assert slow.options.method == "dp"
    assert slow.undo_stack.count() == 0
    assert said == ["Matching was cancelled."]


def test_undo_gives_up_what_is_under_way(slow, qtbot):
    slow.set_options(method="flat")
    slow.undo()
    ended(slow, qtbot)
    assert slow.options.method == "dp"
    assert slow.undo_stack.count() == 0


def test_a_later_edit_takes_the_place_of_an_earlier_one_and_keeps_it(slow, qtbot):
    slow.set_options(method="flat")
    slow.set_options(exponent=0.3)
    ended(slow, qtbot)
    assert (slow.options.method, slow.options.exponent) == ("flat", 0.3)
    assert slow.undo_stack.count() == 1
    slow.undo()
    assert slow.options == match_options()


def test_going_back_while_it_runs_is_no_step(slow, qtbot):
    slow.set_options(method="flat")
    slow.set_options(method="dp")
    assert not slow.solving
    assert slow.undo_stack.count() == 0


def test_a_step_taken_back_meanwhile_drops_the_job(slow, qtbot):
    slow.set_options(method="flat")
    ended(slow, qtbot)
    slow.set_options(exponent=0.3)
    slow.undo_stack.undo()
    assert not slow.solving
    assert slow.options == match_options()


def test_pins_are_solved_by_a_job_too(slow, qtbot):
    pair = slow.matching.pairs[0]
    slow.pin(pair.source, pair.target)
    assert slow.solving
    ended(slow, qtbot)
    assert slow.matching.by_target[pair.target].pinned
    assert slow.selection.pair == (pair.source, pair.target)


def test_an_override_that_cannot_hold_is_refused_later(slow, qtbot):
    with qtbot.waitSignal(slow.refused) as refused:
        slow.pin("s0.0", "t5")
    assert isinstance(refused.args[0], OverrideError)
    assert not slow.overrides
    assert not slow.solving


def test_no_override_while_other_scores_are_on_their_way(slow, qtbot):
    slow.set_options(layer_types="paper")
    with pytest.raises(OverrideError, match="being solved"):
        slow.set_fresh("t5")
    ended(slow, qtbot)


def test_opening_shows_the_networks_first(slow, qtbot):
    slow.open_networks(TARGET, SOURCE)
    assert slow.source is TARGET
    assert slow.matching is None
    ended(slow, qtbot)
    assert slow.matching is not None
    assert slow.undo_stack.count() == 0
    assert not slow.modified


def test_opening_cancelled_can_be_matched_later(slow, qtbot):
    slow.open_networks(TARGET, SOURCE)
    slow.cancel_solving()
    ended(slow, qtbot)
    assert slow.matching is None
    assert "F5" in str(slow.match_error)
    slow.rematch()
    ended(slow, qtbot)
    assert slow.matching is not None


def test_undo_to_networks_never_matched_solves_them(slow, qtbot):
    slow.open_networks(TARGET, SOURCE)
    slow.set_options(method="flat")
    ended(slow, qtbot)
    slow.undo()
    ended(slow, qtbot)
    assert slow.options.method == "dp"
    assert slow.matching is not None


def test_work_is_answered_at_once_or_by_a_job(document, qtbot, monkeypatch):
    answers = []
    document.work_out(document, lambda: 1, answers.append)
    assert answers == [1]
    monkeypatch.setattr(solving, "SLOW_MS", -1.0)
    document.work_out(document, lambda: 2, answers.append)
    assert answers == [1]
    qtbot.waitUntil(lambda: answers == [1, 2])


def test_without_a_runner_everything_is_solved_at_once(qapp, monkeypatch):
    monkeypatch.setattr(solving, "SLOW_MS", -1.0)
    document = Document()
    document.open_networks(SOURCE, TARGET)
    assert document.matching.overrides == Overrides()


def test_a_thread_never_holds_the_document(slow, monkeypatch):
    # Held there alone it would be destroyed in that thread, and the process with it.
    seen = []
    monkeypatch.setattr("dpiat_gui.document.history.solve_whole", lambda wish, _: seen.append(wish) or 1 / 0)
    slow.set_options(method="flat")
    assert slow._wish.told is not None
    slow.cancel_solving()
    slow._jobs.shutdown()
    assert all(wish.told is None for wish in seen)


def test_saving_keeps_the_edit_that_is_still_being_solved(slow, qtbot, tmp_path):
    slow.set_options(method="flat")
    assert slow.at_risk
    slow.save_as(tmp_path / "a.dpiat")
    assert load_project(tmp_path / "a.dpiat").options.method == "flat"
    assert slow.solving
    assert not slow.at_risk
    ended(slow, qtbot)
    assert slow.options.method == "flat"
    assert not slow.modified
    slow.undo()
    ended(slow, qtbot)
    assert slow.modified


@pytest.mark.parametrize("end", ["cancel_solving", "undo", "further", "back", "refused"])
def test_a_file_with_an_edit_that_came_to_nothing_counts_as_not_saved(slow, qtbot, tmp_path, end):
    if end == "refused":
        slow.pin("s0.0", "t5")
    else:
        slow.set_options(method="flat")
    slow.save_as(tmp_path / "a.dpiat")
    assert not slow.modified
    if end == "further":
        slow.set_options(exponent=0.3)
    elif end == "back":
        slow.set_options(method="dp")
    elif end != "refused":
        getattr(slow, end)()
    ended(slow, qtbot)
    assert slow.modified
    assert slow.undo_stack.count() == (end == "further")
