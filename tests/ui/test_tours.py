"""Tours: completed by clicking only what they point at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from dpiat_gui.ui.app import make_window
from dpiat_gui.ui.health import HealthFeature
from dpiat_gui.ui.tour_callout import callout_place
from dpiat_gui.ui.tour_places import matched_block, rect_in, tab
from dpiat_gui.ui.tour_steps import CORRECT, DECIDES, FIRST, TOURS, TRANSFER
from dpiat_gui.ui.tours import TourFeature

LONG = 90_000


@pytest.fixture
def window(qtbot, tmp_path):
    window = make_window(QApplication.instance())
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    window.settings.set(output_folder=str(tmp_path))
    window.resize(1440, 900)
    window.show()
    qtbot.waitExposed(window)
    return window


def tours_of(window):
    return next(feature for feature in window.features if isinstance(feature, TourFeature))


def click_at(window, rect):
    """Click the middle of a rectangle of the window, on whatever is there."""
    point = rect.center()
    under = window.childAt(point)
    QTest.mouseClick(under, Qt.MouseButton.LeftButton, pos=under.mapFrom(window, point))


def follow(window, qtbot, tour):
    """Do what each step asks for, by clicks on what it points at alone; return the steps seen."""
    tours, seen = tours_of(window), []
    window.commands[tour.id].trigger()
    while tours.step is not None:
        step = tours.step
        seen.append(step)
        assert len(seen) <= len(tour.steps), [one.title for one in seen]
        if step.asks:
            qtbot.waitUntil(lambda step=step: step.at(window) is not None, timeout=LONG)
            rect = step.at(window)
            assert not tours.callout.geometry().intersects(rect), step.title
            click_at(window, rect)
            qtbot.waitUntil(lambda step=step: tours.step is not step, timeout=LONG)
        else:
            assert step.at(window) is not None, step.title
            click_at(window, QRect(tours.callout.next.mapTo(window, QPoint()), tours.callout.next.size()))
            qtbot.waitUntil(lambda step=step: tours.step is not step, timeout=LONG)
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("tour", [FIRST, CORRECT, DECIDES, TRANSFER], ids=lambda tour: tour.id)
def test_a_tour_is_completed_by_clicking_only_what_it_points_at(window, qtbot, tour, tmp_path):
    health = next(feature for feature in window.features if isinstance(feature, HealthFeature))
    health.pane.count.setValue(2)
    seen = follow(window, qtbot, tour)
    assert [step.title for step in seen] == [step.title for step in tour.steps]
    assert tours_of(window).callout is None
    if tour is CORRECT:
        assert not window.document.overrides
    if tour is TRANSFER:
        assert len(list(tmp_path.glob("*.safetensors"))) == 1


@pytest.mark.slow
def test_tours_can_follow_each_other(window, qtbot):
    # The first one leaves every block open and one chosen, the last one the player at its second step.
    window.resize(1280, 800)
    pinned = []
    window.document.overrides_changed.connect(lambda: pinned.extend(window.document.overrides.pins))
    for tour in (FIRST, CORRECT, DECIDES, DECIDES):
        matching = window.document.matching
        seen = follow(window, qtbot, tour)
        assert "Choose a block" in [step.title for step in seen]
        if tour is CORRECT:
            entries = matching.source_entries, matching.target_entries
            pairs = {(entries[0][e.source].path, entries[1][e.target].path) for e in matching.entry_pairs}
            # It is another partner that was pinned, as the words say.
            assert pinned
            assert not pairs & set(pinned)


def test_the_marked_block_is_brought_into_sight(window, qtbot):
    with qtbot.waitSignal(window.document.matching_changed, timeout=LONG, check_params_cb=bool):
        window.opening.open_demo()
    window.view.expand_all()
    window.commands["show_player"].trigger()
    last = window.document.matching.entry_pairs[-1]
    window.document.select_target(window.document.matching.target_entries[last.target].path)
    qtbot.waitUntil(lambda: matched_block(window) is None)
    tours = tours_of(window)
    window.commands["tour_decides"].trigger()
    assert tours.step.title == "Choose a block"
    qtbot.waitUntil(lambda: tours.step.at(window) is not None)
    assert tours.step.at(window).height() < 80
    assert not window.document.selection
    tours.end()


def test_a_tab_that_has_no_room_is_reached_by_the_arrow(window, qtbot):
    window.resize(1024, 720)
    place = tab("player")
    for _ in range(10):
        rect = place(window)
        assert rect_in(window, window.tabs.tabBar()).contains(rect)
        if rect == window.pages.tab_rect("player"):
            break
        assert rect.width() < 40
        click_at(window, rect)
        QApplication.processEvents()
    click_at(window, place(window))
    assert window.pages.is_shown("player")


def test_a_callout_leaves_in_sight_what_its_words_are_about():
    room, size, hole = QRect(0, 0, 1440, 900), QSize(320, 180), QRect(400, 400, 40, 40)
    below, right = QRect(0, 440, 1440, 460), QRect(440, 0, 1000, 900)
    for aside in (below, right):
        assert not QRect(callout_place(hole, size, room, aside), size).intersects(aside)
    assert callout_place(hole, size, room, room) == callout_place(hole, size, room)


def test_a_callout_goes_further_away_where_that_keeps_its_words_in_sight():
    room, size, pane = QRect(0, 0, 1024, 720), QSize(320, 150), QRect(210, 250, 490, 430)
    button = QRect(480, 310, 40, 30)
    stood = QRect(callout_place(button, size, room, pane), size)
    assert not stood.intersects(pane)
    assert room.contains(stood)


def test_in_a_small_window_what_the_transfer_needs_comes_into_sight(window, qtbot):
    window.resize(1024, 720)
    with qtbot.waitSignal(window.document.matching_changed, timeout=LONG, check_params_cb=bool):
        window.opening.open_demo()
    tours = tours_of(window)
    window.commands["tour_transfer"].trigger()
    assert tours.step.title == "To the transfer"
    qtbot.waitUntil(window.toolbar.transfer.isEnabled)
    QApplication.processEvents()
    click_at(window, tours.step.at(window))
    qtbot.waitUntil(lambda: tours.step.title == "Where to, and how")
    qtbot.waitUntil(lambda: not window.transfer.output.visibleRegion().isEmpty())
    tours.go(1)
    assert tours.step.title == "Carry the weights over"
    qtbot.waitUntil(lambda: not window.transfer.run.visibleRegion().isEmpty())
    tours.end()


def test_a_tour_can_be_left_gone_back_and_skipped(window, qtbot):
    tours = tours_of(window)
    window.commands["tour_first"].trigger()
    assert tours.step is FIRST.steps[0]
    assert tours.callout.next.text() == "Skip"
    assert not tours.callout.back.isEnabled()
    tours.callout.next.click()
    assert tours.step is FIRST.steps[1]
    tours.callout.back.click()
    assert tours.step is FIRST.steps[0]
    QTest.keyClick(tours.callout, Qt.Key.Key_Escape)
    assert tours.step is None
    assert tours.callout is None
    # Another one begins where one has ended, and takes the place of one that has not.
    window.commands["tour_decides"].trigger()
    window.commands["tour_correct"].trigger()
    assert tours.step is CORRECT.steps[0]
    tours.end()


def test_what_later_steps_build_on_is_done_where_it_is_skipped(window, qtbot):
    with qtbot.waitSignal(window.document.matching_changed, timeout=LONG, check_params_cb=bool):
        window.opening.open_demo()
    tours = tours_of(window)
    window.commands["tour_first"].trigger()
    while tours.step.title != "Choose a block":
        tours.callout.next.click()
    assert not window.document.selection.target
    tours.callout.next.click()
    assert tours.step.title == "Why these two?"
    assert window.document.selection.target
    assert window.document.selection.source
    tours.end()


def test_a_tour_says_each_step_to_a_screen_reader(window):
    tours = tours_of(window)
    window.commands["tour_transfer"].trigger()
    assert tours.callout.accessibleName() == "Tour, step 1 of 7: Open two networks"
    assert tours.callout.accessibleDescription() == TRANSFER.steps[0].text
    tours.end()


def test_tours_stand_in_the_help_menu_with_what_one_learns(window):
    for tour in TOURS:
        assert tour.summary in window.commands[tour.id].toolTip()
        assert window.commands[tour.id].isEnabled()


sizes = st.integers(1, 900)


@given(st.integers(0, 1300), st.integers(0, 800), sizes, sizes)
def test_a_callout_stands_in_the_window_and_beside_what_it_points_at(x, y, width, height):
    room, size = QRect(0, 0, 1440, 900), QSize(320, 180)
    hole = QRect(x, y, width, height).intersected(room)
    stood = QRect(callout_place(hole, size, room), size)
    free = max(hole.left(), room.right() - hole.right()) > 360
    free = free or max(hole.top(), room.bottom() - hole.bottom()) > 220
    if free:
        assert room.contains(stood)
        assert not stood.intersects(hole)
