"""The pane of the table D: what it shows, and how it goes with the document."""

from dataclasses import replace

import numpy as np
import pytest
from made import layer, network
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from dpiat_gui.canvas.columns import Side
from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.values import Block, ModuleNode, ModuleTree, Network
from dpiat_gui.services.theme import DARK, LIGHT, score_color, stylesheet
from dpiat_gui.ui.app import make_window
from dpiat_gui.ui.dp_table import DpTableFeature
from dpiat_gui.ui.dp_table_drawing import Heat
from dpiat_gui.ui.dp_table_geometry import HEIGHTS, Geometry
from dpiat_gui.ui.dp_table_headers import _is_numbered
from dpiat_gui.ui.dp_table_pane import DpTablePane

C1, C2 = (8, 3, 3, 3), (16, 8, 3, 3)
SOURCE = network("s", [[C1, (8,)], [C2, (16,)], (10, 12), (10, 6)])
TARGET = network("t", [[C1, (8,)], [C2, (12,)], [C2, (16,)], (10, 12), (7, 7, 1, 1)])


@pytest.fixture
def document(qapp):
    document = Document()
    document.open_networks(SOURCE, TARGET)
    return document


@pytest.fixture
def pane(document, qtbot):
    pane = DpTablePane(document)
    qtbot.addWidget(pane)
    pane.resize(900, 500)
    pane.show()
    qtbot.waitExposed(pane)
    return pane


def press(qtbot, pane, key, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(pane.grid, key, modifier)
    QApplication.processEvents()


def click(qtbot, pane, row, column):
    point = pane.grid.geometry_of_cells.rect(row, column).center().toPoint()
    qtbot.mouseClick(pane.grid.viewport(), Qt.MouseButton.LeftButton, pos=point)
    QApplication.processEvents()


def test_it_shows_the_table_of_the_matching(pane, document):
    assert pane.named.total == document.matching.score
    assert pane.grid.shown.pairs == {
        (entry.target + 1, entry.source + 1) for entry in document.matching.entry_pairs
    }
    assert pane.where.full_text == "5 × 4 entries"


def test_a_cell_that_is_chosen_selects_its_pair(pane, document, qtbot):
    click(qtbot, pane, 2, 1)
    assert document.selection == Selection("s0", "t1")
    assert "Target T₂ t1, source S₁ s0." in pane.words.text()
    assert pane.grid.accessibleDescription() == pane.words.text()
    assert pane.inside is None


def test_the_selection_of_the_document_chooses_the_cell(pane, document):
    document.select_target("t3")
    assert pane.grid.shown.current == (4, 3)
    # A layer stands for its block.
    document.select(Selection("s1.0", "t2.0"))
    assert pane.grid.shown.current == (3, 2)
    assert document.selection == Selection("s1.0", "t2.0")
    # A target without a source has a row, but no cell.
    document.select_target("t4")
    assert pane.grid.shown.current is None
    assert pane.grid.shown.rows == {5}


def test_the_keyboard_goes_through_the_cells(pane, document, qtbot):
    click(qtbot, pane, 1, 1)
    for key, goal in (
        (Qt.Key.Key_Down, (2, 1)),
        (Qt.Key.Key_Right, (2, 2)),
        (Qt.Key.Key_End, (2, 4)),
        (Qt.Key.Key_Right, (2, 4)),
        (Qt.Key.Key_Up, (1, 4)),
        (Qt.Key.Key_Home, (1, 1)),
        (Qt.Key.Key_PageDown, (5, 1)),
    ):
        press(qtbot, pane, key)
        assert pane.grid.shown.current == goal
    press(qtbot, pane, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert pane.grid.shown.current == (5, 4)
    assert document.selection == Selection("s3", "t4")


def test_enter_opens_the_layers_and_backspace_goes_back(pane, document, qtbot):
    click(qtbot, pane, 2, 2)
    press(qtbot, pane, Qt.Key.Key_Return)
    assert pane.inside == (1, 1)
    assert [name.path for name in pane.named.targets] == ["t1.0", "t1.1"]
    assert pane.where.full_text == "s1 → t1"
    click(qtbot, pane, 2, 2)
    assert document.selection == Selection("s1.1", "t1.1")
    assert "Score 0.75" in pane.words.text()
    press(qtbot, pane, Qt.Key.Key_Backspace)
    assert pane.inside is None
    assert pane.grid.shown.current == (2, 2)
    assert not pane.back.isVisible()


def test_esc_goes_back_only_from_inside(pane, qtbot):
    click(qtbot, pane, 2, 2)
    click(qtbot, pane, 2, 2)
    assert pane.inside == (1, 1)
    press(qtbot, pane, Qt.Key.Key_Escape)
    assert pane.inside is None
    press(qtbot, pane, Qt.Key.Key_Escape)
    assert pane.inside is None


def test_going_back_selects_the_blocks_that_were_open(pane, document, qtbot):
    document.select(Selection("s1", "t1"))
    press(qtbot, pane, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: pane.named.inside == (1, 1))
    press(qtbot, pane, Qt.Key.Key_Down)
    assert document.selection.target.startswith("t1.")
    press(qtbot, pane, Qt.Key.Key_Backspace)
    qtbot.waitUntil(lambda: pane.named.inside is None)
    assert document.selection == Selection("s1", "t1")
    assert pane.grid.shown.current == (2, 2)


def test_inside_it_follows_the_selection_to_other_blocks(pane, document, qtbot):
    pane.open_inside((1, 1))
    qtbot.waitUntil(lambda: pane.named.inside == (1, 1))
    document.select(Selection("s0.0", "t0.0"))
    qtbot.waitUntil(lambda: pane.named.inside == (0, 0))
    assert pane.grid.shown.current == (1, 1)


def test_single_layers_have_no_table_inside(pane, document, qtbot):
    said = []
    document.message.connect(said.append)
    click(qtbot, pane, 4, 3)
    assert not pane.inner.isEnabled()
    press(qtbot, pane, Qt.Key.Key_Return)
    assert pane.inside is None
    assert "no table inside" in said[-1]


def test_overrides_are_marked_and_the_table_follows(pane, document, qtbot):
    document.pin("s0", "t1")
    document.ban("s3", "t3")
    document.set_fresh("t2")
    qtbot.waitUntil(lambda: pane.named.fresh == {2})
    assert pane.named.pins == {(1, 0)}
    assert pane.named.bans == {(3, 3)}
    assert pane.named.total == document.matching.score
    pane.totals.setChecked(True)
    document.select(Selection("s0", "t1"))
    assert "Pinned by hand." in pane.words.text()
    document.select(Selection("s3", "t3"))
    assert "banned by hand" in pane.words.text()


def test_totals_have_a_border_that_selects_nothing(pane, document, qtbot):
    pane.totals.setChecked(True)
    assert pane.grid.geometry_of_cells.first == 0
    click(qtbot, pane, 0, 2)
    assert "D[0][2] = 0" in pane.words.text()
    assert not document.selection
    pane.scores.setChecked(True)
    assert pane.grid.shown.current is None


def test_the_tooltip_says_the_cell(pane):
    grid = pane.grid
    said = grid.tip_at(grid.geometry_of_cells.rect(1, 1).center())
    assert said.startswith("Target T₁ t0, source S₁ s0. Score 2 of 2 at the most. D[1][1] = 2")
    assert grid.tip_at(QPointF(3, 3)) == ""
    place = grid.geometry_of_cells
    assert grid.tip_at(QPointF(5, place.rect(2, 1).center().y())) == "T₂ t1: Conv k3 · 8→16, 2 scored layers"
    assert grid.tip_at(QPointF(place.rect(1, 3).center().x(), 5)) == "S₃ s2: Linear · 12→10"


def test_a_name_selects_its_row_with_its_partner(pane, document, qtbot):
    place = pane.grid.geometry_of_cells
    point = QPoint(5, round(place.rect(4, 1).center().y()))
    qtbot.mouseClick(pane.grid.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert document.selection == Selection("s2", "t3")
    assert pane.grid.shown.current == (4, 3)


@pytest.mark.parametrize("method", ["nested-bipartite", "random"])
def test_methods_without_a_table_say_so(pane, document, qtbot, method):
    document.set_options(method=method)
    qtbot.waitUntil(lambda: pane.named is None)
    assert "fills no table" in pane.empty.text()
    assert pane.empty.isVisible()
    document.set_options(method="dp")
    qtbot.waitUntil(lambda: pane.named is not None)
    assert pane.grid.isVisible()


def test_blocks_matched_by_assignment_cannot_be_opened(pane, document, qtbot):
    document.set_options(method="bipartite")
    qtbot.waitUntil(lambda: not pane.inner.isEnabled())
    said = []
    document.message.connect(said.append)
    click(qtbot, pane, 1, 1)
    click(qtbot, pane, 1, 1)
    assert pane.inside is None
    assert "one to one" in said[-1]


def test_blocks_matched_by_branches_say_so(qtbot):
    def branched(name, widths):
        layers = tuple(layer(f"{name}.{at}", (width, 8, 1, 1)) for at, width in enumerate(widths))
        block = Block(name, layers, single=False, branches=((((0,), (1,))),))
        node = ModuleNode(name, "Block", LayerKind.OTHER)
        return Network(ModuleTree(name, node, f"made:{name}"), (block,))

    document = Document()
    document.open_networks(branched("s", (8, 64)), branched("t", (64, 8)))
    document.set_options(method="dp-branch")
    pane = DpTablePane(document)
    qtbot.addWidget(pane)
    pane.show()
    pane.open_inside((0, 0))
    qtbot.waitUntil(lambda: pane.named.inside == (0, 0))
    assert document.matching.score == 2
    assert pane.named.by_branches
    assert pane.words.text().startswith("These blocks were matched branch by branch, for 2;")


def test_a_lost_skip_is_told_on_both_levels(qtbot):
    def skipping(name, skip):
        made = network(name, [[C1, (8,)]])
        return replace(made, sequence=(replace(made.sequence[0], skip=skip),))

    document = Document()
    document.open_networks(skipping("s", True), skipping("t", False))
    pane = DpTablePane(document)
    qtbot.addWidget(pane)
    pane.show()
    pane.grid.chosen.emit(1, 1)
    assert "Score 1 of 2 at the most, with × 0.5: only one" in pane.words.text()
    pane.open_inside((0, 0))
    qtbot.waitUntil(lambda: pane.named.inside == (0, 0))
    assert pane.named.total == 2
    assert pane.words.text().startswith("Among the blocks this total counts × 0.5")


def test_without_networks_it_says_what_to_do(qtbot):
    pane = DpTablePane(Document())
    qtbot.addWidget(pane)
    pane.show()
    assert "Open a source and a target" in pane.empty.text()
    assert not pane.grid.isVisible()


def test_hidden_it_waits(pane, document, qtbot):
    before = pane.named
    pane.hide()
    document.pin("s0", "t1")
    QApplication.processEvents()
    assert pane.named is before
    pane.show()
    assert pane.named is not before
    pane.hide()
    document.select(Selection("s1", "t2"))
    pane.show()
    assert pane.grid.shown.current == (3, 2)


def test_zoom_keeps_the_cell_and_headers_stay(pane, qtbot):
    click(qtbot, pane, 5, 4)
    heights = [pane.grid.cell_height]
    for _ in HEIGHTS:
        press(qtbot, pane, Qt.Key.Key_Plus)
        heights.append(pane.grid.cell_height)
    assert heights == sorted(heights)
    assert pane.grid.cell_height == HEIGHTS[-1]
    pane.resize(500, 260)
    pane.grid.reveal(5, 4)
    place = pane.grid.geometry_of_cells
    rect = place.rect(5, 4)
    assert place.left <= rect.left()
    assert place.top <= rect.top()
    assert rect.right() <= pane.grid.viewport().width() + 1
    press(qtbot, pane, Qt.Key.Key_0)
    assert pane.grid.verticalScrollBar().maximum() == 0


@pytest.mark.parametrize("size", [(1500, 420), (700, 260)])
def test_the_whole_table_is_as_large_as_its_pane_allows(qtbot, size):
    document = Document()
    shapes = [(4 + at % 9,) for at in range(20)]
    document.open_networks(network("s", shapes), network("t", shapes))
    pane = DpTablePane(document)
    qtbot.addWidget(pane)
    pane.resize(*size)
    pane.show()
    QApplication.processEvents()
    pane.grid.fit()
    grid = pane.grid
    larger = HEIGHTS[HEIGHTS.index(grid.cell_height) + 1]
    # Numbers above the columns will do: one line of them, its bar, and a little air.
    room = grid.viewport().height() - grid.fontMetrics().height() - 12
    assert 20 * larger > room
    assert grid.verticalScrollBar().maximum() == 0


def test_names_of_low_rows_are_smaller_so_that_they_do_not_touch(pane, qtbot):
    click(qtbot, pane, 3, 2)
    grid, inked = pane.grid, {}
    line = grid.fontMetrics().height()
    for height in (line - 3, line + 4):
        grid._resize_cells(height, None)
        picture, place = grid.grab().toImage(), grid.geometry_of_cells
        ground = picture.pixelColor(1, picture.height() - 2).lightness()
        top = round(place.rect(2, 1).top())
        inked[height] = sum(
            any(abs(picture.pixelColor(x, y).lightness() - ground) > 60 for x in range(6, place.left - 14))
            for y in range(top, top + height)
        )
    assert 0 < inked[line - 3] < inked[line + 4]


@pytest.mark.parametrize("width", [478, 900])
def test_no_button_is_cut(document, qtbot, width):
    # A dock can be narrower than its pane wants to be; a window of its own could not.
    dock = QWidget()
    qtbot.addWidget(dock)
    dock.setStyleSheet(stylesheet(LIGHT))
    pane = DpTablePane(document, dock)
    pane.resize(width, 400)
    dock.show()
    QApplication.processEvents()
    buttons = [button for button in pane.findChildren(QAbstractButton) if button.isVisible()]
    assert {button.text() for button in buttons} >= {"Scores", "Totals D", "Step through"}
    for button in buttons:
        assert button.width() >= button.sizeHint().width(), button.text()


def test_a_hundred_by_a_hundred_is_seen_whole_and_read_by_scrolling(qtbot):
    document = Document()
    shapes = [(4 + at % 9,) for at in range(100)]
    document.open_networks(network("s", shapes), network("t", shapes))
    pane = DpTablePane(document)
    qtbot.addWidget(pane)
    pane.resize(1000, 420)
    pane.show()
    assert pane.grid.cell_height >= 17
    assert pane.grid.verticalScrollBar().maximum() > 0
    pane.grid.fit()
    for size in ((1000, 420), (1500, 560), (700, 330)):
        # In a wide pane, names would have room above the columns, and push the last rows out of sight.
        pane.resize(*size)
        assert pane.grid.verticalScrollBar().maximum() == 0
        assert pane.grid.horizontalScrollBar().maximum() == 0
    pane.resize(1000, 420)
    document.select_target("t99")
    pane.grid.natural()
    pane.grid.reveal(100, 100)
    place = pane.grid.geometry_of_cells
    assert place.cell_at(place.rect(100, 100).center()) == (100, 100)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_cells_have_the_colour_of_their_score(pane, theme):
    pane.set_theme(theme)
    heat = Heat(pane.named, False, theme)
    shares = pane.named.shares
    for row, column in ((0, 0), (1, 1), (1, 0)):
        got, wanted = heat.image.pixelColor(column, row), score_color(shares[row, column], theme)
        parts = [
            (got.red(), wanted.red()),
            (got.green(), wanted.green()),
            (got.blue(), wanted.blue()),
        ]
        assert max(abs(one - other) for one, other in parts) <= 3
    assert heat.image.pixelColor(3, 0).alpha() == 0
    assert shares[0, 3] == 0


def test_small_cells_have_some_of_their_numbers():
    numbered = [at for at in range(1, 101) if _is_numbered(at, {34}, 5.0, 16.0)]
    assert numbered == sorted({*range(5, 101, 5), 34} - {35})
    assert all(_is_numbered(at, set(), 30.0, 16.0) for at in range(20))
    assert not _is_numbered(7, set(), 0.001, 16.0)


def test_geometry_finds_its_cells():
    place = Geometry(7, 9, 0, 12, 20, 50, 30, 13, 5)
    for row in range(8):
        for column in range(10):
            centre = place.rect(row, column).center()
            seen = centre.x() >= 50 and centre.y() >= 30
            assert place.cell_at(centre) == ((row, column) if seen else None)
    assert place.cell_at(QPointF(10, 100)) is None
    assert place.cell_at(QPointF(QPoint(1000, 100))) is None


def test_numbers_are_written_where_they_fit(pane):
    from PySide6.QtGui import QFontMetricsF

    heat = Heat(pane.named, True, LIGHT)
    metrics = QFontMetricsF(pane.font())
    assert heat.written(500, metrics) == 3
    assert heat.written(metrics.horizontalAdvance("0"), metrics) == 0
    assert heat.written(1, metrics) is None
    assert not np.isnan(heat.values).any()


# -- in the window -----------------------------------------------------------------------------


@pytest.fixture
def window(qtbot):
    window = make_window(QApplication.instance())
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    return window


def test_the_actions_bring_table_and_player_to_the_front(window, qtbot):
    assert not window.commands["show_dp_table"].isEnabled()
    # The examples need no network.
    assert window.commands["show_player"].isEnabled()
    window.document.open_networks(SOURCE, TARGET)
    qtbot.waitUntil(window.commands["show_dp_table"].isEnabled)
    window.commands["show_dp_table"].trigger()
    feature = next(feature for feature in window.features if isinstance(feature, DpTableFeature))
    qtbot.waitUntil(lambda: feature.table.isVisible() and feature.table.named is not None)
    window.document.select(Selection("s1", "t1"))
    feature.table.inner.click()
    qtbot.waitUntil(lambda: feature.table.inside == (1, 1) and feature.table.named.inside == (1, 1))
    feature.table.grid.chosen.emit(2, 1)
    feature.table.play.click()
    qtbot.waitUntil(feature.player.isVisible)
    assert (feature.player.step.row, feature.player.step.column) == (2, 1)
    assert feature.player.phase.currentText() == "Inside s1 → t1"
    tall = window.docks[2].height()
    window.tabs.setCurrentWidget(window.pairs)
    qtbot.waitUntil(lambda: window.docks[2].height() < tall)
    assert not feature.table.isVisible()


def test_a_table_has_its_height_however_it_comes_to_the_front(window, qtbot):
    window.document.open_networks(SOURCE, TARGET)
    before = window.docks[2].height()
    for name in ("dp-table", "player"):
        window.pages.show(name)
        qtbot.waitUntil(lambda: window.docks[2].height() > 0.5 * window.height())
    window.tabs.setCurrentWidget(window.pairs)
    qtbot.waitUntil(lambda: abs(window.docks[2].height() - before) < 8)


def test_height_that_another_pane_has_borrowed_is_not_taken_away(window, qtbot):
    window.document.open_networks(SOURCE, TARGET)
    before = window.docks[2].height()
    window.pages.show("health")
    window.lower_height.borrow((window.tabs.currentWidget(),), 0.56)
    qtbot.waitUntil(lambda: window.docks[2].height() > 0.5 * window.height())
    window.pages.show("dp-table")
    QApplication.processEvents()
    assert window.docks[2].height() > 0.5 * window.height()
    window.tabs.setCurrentWidget(window.pairs)
    qtbot.waitUntil(lambda: abs(window.docks[2].height() - before) < 8)


def test_without_networks_the_examples_have_more_room(window, qtbot):
    before = window.docks[2].height()
    window.commands["show_player"].trigger()
    qtbot.waitUntil(lambda: window.docks[2].height() > 0.65 * window.height())
    window.tabs.setCurrentWidget(window.pairs)
    qtbot.waitUntil(lambda: abs(window.docks[2].height() - before) < 8)


def test_the_block_whose_layers_are_played_is_in_sight(window, qtbot):
    shapes = [[C1, (8,)] for _ in range(30)]
    window.document.open_networks(network("s", shapes), network("t", shapes))
    feature = next(feature for feature in window.features if isinstance(feature, DpTableFeature))
    window.commands["show_player"].trigger()
    feature.player.play_document((27, 27))
    view = window.view
    place = view.board.find(Side.TARGET, "t27")

    def is_seen():
        rect = view.mapFromScene(view.scene().rect_of(place)).boundingRect()
        return view.viewport().rect().intersects(rect)

    qtbot.waitUntil(is_seen)
    assert view.board.expanded[Side.TARGET] == {27}
    assert not window.document.selection


def test_the_canvas_draws_the_edges_that_are_read_out(window, qtbot):
    window.document.open_networks(SOURCE, TARGET)
    feature = next(feature for feature in window.features if isinstance(feature, DpTableFeature))
    window.commands["show_player"].trigger()
    player, every = feature.player, len(window.view.board.edges.edges)
    player.controls.go(1)
    assert window.view.board.edges.edges == ()
    player.controls.go(player.steps.first_walk)
    shown = [0]
    for _ in player.steps.way[1:-1]:
        player.controls.step(1)
        shown.append(len(window.view.board.edges.edges))
    assert shown == sorted(shown)
    assert shown[-1] > 0
    player.play_document((1, 1))
    assert window.view.board.expanded[Side.TARGET]
    window.show_transfer()
    assert len(window.view.board.edges.edges) >= every
