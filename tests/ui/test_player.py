"""The player: where it goes, what it says, and what it shows of the pairs."""

import numpy as np
import pytest
from made import network
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QLabel

from dpiat_gui.canvas.items import TEXT_SCALE
from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection
from dpiat_gui.matching.examples import examples
from dpiat_gui.matching.explain import entry_table
from dpiat_gui.matching.named_tables import named_entry_table
from dpiat_gui.matching.teaching import StepKind, Steps
from dpiat_gui.services.theme import DARK
from dpiat_gui.ui.player_pane import PlayerPane
from dpiat_gui.ui.player_texts import cards, headline, notes, step_words, what_it_is

C1, C2 = (8, 3, 3, 3), (16, 8, 3, 3)
SOURCE = network("s", [[C1, (8,)], [C2, (16,)], (10, 12), (10, 6)])
TARGET = network("t", [[C1, (8,)], [C2, (12,)], [C2, (16,)], (10, 12), (7, 7, 1, 1)])
EXAMPLES = {example.name: example for example in examples()}


@pytest.fixture
def document(qapp):
    document = Document()
    document.open_networks(SOURCE, TARGET)
    return document


@pytest.fixture
def pane(document, qtbot):
    pane = PlayerPane(document)
    qtbot.addWidget(pane)
    pane.set_theme(DARK)
    pane.resize(1200, 560)
    pane.show()
    qtbot.waitExposed(pane)
    return pane


def stepped(example):
    named = named_entry_table(example.tables, example.overrides)
    return named, Steps(named.table)


def at_cell(name, row, column):
    named, steps = stepped(EXAMPLES[name])
    return steps[steps.step_of(row, column)], named


def test_it_plays_the_document_from_the_start(pane, document):
    assert pane.plays_document
    assert pane.step.kind is StepKind.START
    assert len(pane.steps) == 5 * 4 + 1 + len(pane.steps.way)
    assert pane.where.text() == "start"
    assert pane.controls.slider.maximum() == len(pane.steps) - 1


def test_the_table_it_shows_is_the_prefix_of_d(pane, document):
    whole = entry_table(document.tables, document.overrides).values
    for number in range(len(pane.steps)):
        pane.controls.go(number)
        shown = pane.stage.grid.shown
        prefix = pane.steps.prefix(number)
        for row in range(6):
            for column in range(5):
                assert shown.has(row, column) == (not np.isnan(prefix[row, column]))
                if shown.has(row, column):
                    assert shown.named.table.values[row, column] == prefix[row, column] == whole[row, column]


def test_buttons_and_keys_move_it(pane, qtbot):
    buttons = pane.controls.buttons
    buttons["forward"].click()
    assert pane.controls.at == 1
    qtbot.keyClick(pane, Qt.Key.Key_Period)
    assert pane.controls.at == 2
    qtbot.keyClick(pane, Qt.Key.Key_Comma)
    assert pane.controls.at == 1
    qtbot.keyClick(pane, Qt.Key.Key_W)
    assert pane.step.kind is StepKind.WALK
    assert pane.where.text().startswith("way back, move 1 of")
    buttons["to_end"].click()
    assert pane.step.kind is StepKind.END
    assert not buttons["forward"].isEnabled()
    buttons["back"].click()
    buttons["to_start"].click()
    assert pane.controls.at == 0
    pane.controls.slider.setValue(7)
    assert (pane.step.row, pane.step.column) == pane.steps.cell_of(7)
    # A cell of the table leads to the step that fills it.
    pane.stage.grid.chosen.emit(4, 2)
    assert pane.controls.at == pane.steps.step_of(4, 2)


def test_keys_in_the_table_do_what_the_buttons_say(pane, qtbot):
    grid, last = pane.stage.grid, len(pane.steps) - 1
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    assert (pane.step.row, pane.step.column) == (1, 1)
    qtbot.keyClick(grid, Qt.Key.Key_End)
    assert pane.controls.at == last
    qtbot.keyClick(grid, Qt.Key.Key_Home)
    assert pane.controls.at == 0
    qtbot.keyClick(grid, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert (pane.step.row, pane.step.column) == (5, 4)
    qtbot.keyClick(grid, Qt.Key.Key_Up)
    assert (pane.step.row, pane.step.column) == (4, 4)
    qtbot.keyClick(grid, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    assert pane.controls.at == 0
    assert "End" in pane.controls.buttons["to_end"].toolTip()


def test_it_plays_to_the_end_and_stops(pane, qtbot):
    pane.controls.speed.setCurrentIndex(pane.controls.speed.findData(1000))
    qtbot.keyClick(pane, Qt.Key.Key_Space)
    assert pane.controls.playing
    qtbot.waitUntil(lambda: pane.step.kind is StepKind.END, timeout=10_000)
    assert not pane.controls.playing
    pane.controls.toggle()
    assert pane.controls.at == 0
    assert pane.controls.playing
    pane.hide()
    assert not pane.controls.playing


def test_its_pace_fits_the_table_until_a_person_chooses_one(pane):
    speed = pane.controls.speed
    assert speed.currentData() == 1
    pane.controls.set_steps(1000, 900)
    assert speed.currentData() == 20
    speed.setCurrentIndex(0)
    speed.activated.emit(0)
    pane.controls.set_steps(10, 8)
    assert speed.currentData() == 0.5


def test_it_says_once_why_edges_are_missing(pane, document):
    said = []
    document.message.connect(said.append)
    pane.controls.go(1)
    pane.controls.go(pane.steps.first_walk)
    assert [text for text in said if "read out" in text] == said
    assert len(said) == 1


def test_edges_appear_as_the_way_back_reads_them(pane, document):
    told = []
    pane.revealed.connect(told.append)
    pane.controls.go(3)
    assert told == [frozenset()]
    pane.controls.go(pane.steps.first_walk)
    pane.controls.go(len(pane.steps) - 2)
    entry = document.matching.entry_pairs[-1]
    ends = (SOURCE.entries[entry.source].path, TARGET.entries[entry.target].path)
    assert ends in told[-1]
    every = {(pair.source, pair.target) for pair in document.matching.pairs}
    assert {pair for pair in told[-1] if pair in every} <= every
    pane.controls.go(len(pane.steps) - 1)
    assert told[-1] is None
    pane.controls.go(2)
    assert told[-1] == frozenset()
    pane.hide()
    assert told[-1] is None


def test_the_pair_that_is_read_out_is_selected(pane, document):
    pane.controls.go(5)
    assert not document.selection
    for number in range(pane.steps.first_walk, len(pane.steps) - 1):
        pane.controls.go(number)
        if pane.step.span is not None:
            assert document.selection.target == TARGET.entries[pane.step.span.first].path
            assert document.selection.source == SOURCE.entries[pane.step.span.source].path


def test_a_jump_on_the_way_back_selects_the_last_pair_that_was_read(pane, document, qtbot):
    layers = [C1, None, (8,)]
    document.open_networks(network("s", layers), network("t", layers))
    qtbot.waitUntil(lambda: pane.steps is not None and pane.steps.table.scores.shape == (3, 3))
    pane.controls.go(pane.steps.first_walk + 1)
    assert pane.step.span is None
    assert document.selection == Selection("s2", "t2")
    # Coming back to the tab leaves what a person has chosen meanwhile.
    document.select_target("t0")
    pane.hide()
    pane.show()
    assert document.selection.target == "t0"


def test_inside_blocks_the_edges_of_other_blocks_stay(pane, document):
    told = []
    pane.revealed.connect(told.append)
    pane.play_document((0, 0))
    assert pane.phase.currentText() == "Inside s0 → t0"
    pane.controls.go(1)
    inside = {(pair.source, pair.target) for pair in document.matching.entry_pairs[0].pairs}
    every = {(pair.source, pair.target) for pair in document.matching.pairs}
    assert told[-1] == every - inside
    pane.controls.go(len(pane.steps) - 2)
    assert told[-1] & inside
    # Blocks that are not matched have a table, but no edges.
    pane.play_document((1, 0))
    pane.controls.go(1)
    assert told[-1] is None


def test_an_example_leaves_the_document_alone(pane, document):
    told = []
    pane.revealed.connect(told.append)
    before = document.matching, document.selection
    for name, example in EXAMPLES.items():
        pane.play_example(name)
        assert pane.stage.picture.board.matching == example.matching
        assert pane.stage.picture.isVisible()
        assert example.idea.split(".")[0] in pane.stage.words.text.text()
        assert not pane.stage.picture.board.edges.edges
        for number in range(len(pane.steps)):
            pane.controls.go(number)
        assert len(pane.stage.picture.board.edges.edges) > 0
    assert (document.matching, document.selection) == before
    assert told == []
    assert not document.modified


def test_inside_an_example_the_picture_shows_its_two_blocks(pane, qtbot):
    pane.resize(760, 480)
    pane.play_example("blocks", (2, 3))
    picture = pane.stage.picture
    opened = {side.value: entries for side, entries in picture.board.expanded.items()}
    # The source's other partner opens with it.
    assert opened == {"source": {2}, "target": {2, 3}}
    assert picture.selection == ("b2", "b3")
    qtbot.waitUntil(lambda: picture.zoom > TEXT_SCALE)
    pane.controls.go(1)
    assert picture.selection == ("b2.conv1", "b3.conv1")


def test_in_a_larger_pane_everything_is_larger(pane, qtbot):
    """A lesson is read from the last row of seats."""
    pane.play_example("deeper")
    pane.controls.go(pane.steps.step_of(3, 2))
    grid, words = pane.stage.grid, pane.stage.words
    labels = [*words.findChildren(QLabel)]

    def sizes():
        QApplication.processEvents()
        return [label.fontMetrics().height() for label in labels], grid.cell_height

    pane.resize(754, 470)
    small, low = sizes()
    pane.resize(2000, 1000)
    large, high = sizes()
    assert all(one >= 1.8 * other for one, other in zip(large, small, strict=True))
    assert high > 40 > low
    assert pane.stage.side.verticalScrollBar().maximum() == 0
    bare = grid.geometry_of_cells.left
    grid.setFont(QFont(grid.font().family(), round(1.5 * grid.font().pointSizeF())))
    assert grid.geometry_of_cells.left > bare
    pane.resize(754, 470)
    assert sizes()[0] == small


def test_in_a_narrow_pane_no_card_is_cut(pane, qtbot):
    pane.resize(480, 400)
    pane.play_example("equal")
    pane.controls.go(pane.steps.step_of(3, 3))
    QApplication.processEvents()
    words, seen = pane.stage.words, pane.stage.side.viewport().width()
    for card in words.cards:
        assert card.mapTo(words, card.rect().bottomRight()).x() < seen
        assert card.width() >= card.minimumSizeHint().width()


def test_the_picture_stands_below_a_low_table_and_beside_a_high_one(pane, qtbot):
    pane.resize(1500, 640)
    stage = pane.stage
    pane.play_example("deeper")
    QApplication.processEvents()
    assert stage.picture.y() > stage.grid.geometry().bottom()
    pane.play_example("penalty")
    QApplication.processEvents()
    assert stage.picture.x() > stage.side.geometry().right()
    assert stage.grid.height() == stage.height()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_small_window_shows_the_names_of_every_example(pane, qtbot, name):
    # As large as the stage is in a window of 1280 by 800 pixels.
    pane.resize(pane.size() + QSize(734, 390) - pane.stage.size())
    pane.play_example(name)
    grid, picture = pane.stage.grid, pane.stage.picture
    qtbot.waitUntil(lambda: picture.zoom >= TEXT_SCALE and not grid.verticalScrollBar().maximum())
    assert grid.cell_height >= 17


def test_an_edit_starts_the_documents_play_over(pane, document, qtbot):
    pane.controls.go(9)
    document.pin("s0", "t1")
    qtbot.waitUntil(lambda: pane.controls.at == 0)
    assert pane.steps.table.pinned
    pane.play_example("ties")
    pane.controls.go(2)
    document.undo()
    QApplication.processEvents()
    assert pane.controls.at == 2


def test_without_networks_it_begins_with_an_example(qtbot):
    pane = PlayerPane(Document())
    qtbot.addWidget(pane)
    pane.show()
    assert not pane.plays_document
    assert pane.steps is not None
    pane.play_document(None)
    assert pane.steps is None
    assert "choose an example" in pane.stage.empty.text()
    assert not pane.controls.buttons["forward"].isEnabled()
    pane.play_example("deeper")
    assert pane.stage.grid.isVisible()


def test_a_method_without_a_table_says_so(pane, document, qtbot):
    document.set_options(method="random")
    qtbot.waitUntil(lambda: pane.steps is None)
    assert "fills no table" in pane.stage.empty.text()


def test_where_layers_have_no_table_the_entries_are_played(pane, document, qtbot):
    pane.play_document((0, 0))
    document.set_options(method="bipartite")
    qtbot.waitUntil(lambda: pane.phase.count() == 1)
    assert pane.steps is not None
    assert pane.phase.currentText() == "Entries (outer)"


def test_without_blocks_there_is_one_phase(pane, document, qtbot):
    document.set_options(method="flat")
    qtbot.waitUntil(lambda: pane.phase.count() == 1)
    assert pane.phase.currentText() == "All layers in one row"
    assert not pane.phase.isVisible()
    pane.controls.go(len(pane.steps) - 1)
    read = {(pane._named.sources[s].path, pane._named.targets[t].path) for s, t in pane.step.pairs}
    assert read == {(pair.source, pair.target) for pair in document.matching.pairs}


def test_the_phases_are_the_entries_and_the_matched_blocks(pane):
    names = [pane.phase.itemText(at) for at in range(pane.phase.count())]
    assert names[0] == "Entries (outer)"
    assert pane.phase.isVisible()
    assert "Inside s0 → t0" in names
    pane.phase.setCurrentIndex(1)
    pane.phase.activated.emit(1)
    assert pane.steps.table.scores.shape == (2, 2)


def test_the_screen_reader_hears_the_step(pane):
    pane.controls.go(6)
    said = pane.stage.grid.accessibleDescription()
    assert said.startswith("D[2][2] = ")
    assert "chosen" in said


# -- what it says ------------------------------------------------------------------------------


def test_the_numbers_of_a_span():
    step, named = at_cell("penalty", 3, 1)
    without_target, without_source, match = cards(step, named)
    assert headline(step, named) == "D[3][1] = max(1, 0, 1.155) = 1.155"
    assert (without_target.title, without_target.value) == ("T₃ takes nothing", "1")
    assert (without_source.title, without_source.terms) == ("S₁ gives nothing", ("D[3][0]",))
    assert match.title == "S₁ serves T₁ to T₃"
    assert match.terms == ("D[0][0] + (s(T₁) + s(T₂) + s(T₃)) / √3", "0 + (1 + 0 + 1) / √3")
    assert (match.value, match.chosen) == ("1.155", True)
    assert match.others == ("T₃: 0 + 1 = 1", "T₂ and T₃: 0 + (0 + 1) / √2 = 0.707")
    span, empty = notes(step, named)
    assert span.startswith("3 targets share S₁: their scores are added and divided by √3 = 1.732.")
    assert empty.startswith("1 member scores 0: counted in the length")


def test_a_span_that_does_not_pay():
    step, named = at_cell("penalty", 7, 1)
    assert cards(step, named)[0].chosen
    assert notes(step, named) == (
        "7 targets would share S₁: their scores are divided by √7 = 2.646. 4 members score 0, but count in "
        "the length.",
    )


def test_ties_are_explained():
    step, named = at_cell("ties", 1, 2)
    assert cards(step, named)[1].chosen
    assert "A tie: a match replaces a skip only if it is strictly better" in notes(step, named)[0]
    step, named = at_cell("deeper", 3, 2)
    assert notes(step, named)[-1] == "Two spans are worth the same: the shorter one is taken."


def test_pins_are_explained():
    named, steps = stepped(EXAMPLES["pin"])
    assert "−∞" in what_it_is(steps[0], named)
    step = steps[steps.step_of(2, 2)]
    assert cards(step, named)[0].terms == ("T₂ is pinned",)
    assert cards(step, named)[0].value == "−∞"
    assert any("must not be skipped" in note for note in notes(step, named))


def test_what_cannot_match_says_why():
    said = {
        step.cell and what_it_is(step, named)
        for named, steps in [stepped(EXAMPLES["unmatched"])]
        for step in steps
    }
    joined = " ".join(text for text in said if text)
    assert "a block never matches a single layer" in joined
    assert "act has no weight that is scored" in joined
    assert "another type" in joined


def test_the_way_back_says_what_it_reads():
    named, steps = stepped(EXAMPLES["deeper"])
    said = [what_it_is(step, named) for step in steps[steps.first_walk :]]
    assert said[0] == "S₃ serves T₄. Read out: fc → fc. Go on at D[3][2]."
    assert said[-2].startswith(
        "S₁ serves T₁ and T₂. Read out: conv1 → conv1, conv1 → conv2. Go on at D[0][0]."
    )
    assert said[-1].startswith("The way back has read out 4 pairs, source → target: conv1 → conv1, conv1")
    named, steps = stepped(EXAMPLES["penalty"])
    assert what_it_is(steps[-1], named).endswith("Nothing goes to act1, act2, act3, act4, conv3.")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_value_of_a_step_is_that_of_its_chosen_card(name):
    named, steps = stepped(EXAMPLES[name])
    for step in steps:
        chosen = [card for card in cards(step, named) if card.chosen]
        if step.cell is not None and np.isfinite(step.cell.value):
            assert len(chosen) == 1
            assert headline(step, named).endswith(f"= {chosen[0].value}")
        else:
            assert not chosen
        assert step_words(step, named).endswith(".")
