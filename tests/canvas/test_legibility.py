"""Whatever is written on the canvas can be read: 4.5:1 or more against what it is written on."""

from dataclasses import replace

import pytest
from made import network
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPixmap

from dpiat_gui.canvas.annotations import LayerMark
from dpiat_gui.canvas.block_drawing import draw_block
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.details import describe_plain
from dpiat_gui.canvas.legend import legend
from dpiat_gui.canvas.legend_drawing import draw_legend
from dpiat_gui.canvas.navigation import shown_places
from dpiat_gui.canvas.primitives import Box, Text
from dpiat_gui.canvas.view import MatchView
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import Overrides, match_options
from dpiat_gui.services.palettes import DARK, LIGHT, contrast, mixed
from dpiat_gui.transfer.coverage import coverage
from dpiat_gui.transfer.planning import plan_transfer

S, T = Side.SOURCE, Side.TARGET
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)


def over(ground, color):
    """Return a colour, translucent or not, on an opaque ground."""
    return mixed(ground, QColor(color.rgb()), color.alphaF())


def grounds(drawing, text, ground):
    """Return what a text is written on: the boxes drawn before it that hold its middle."""
    middle = QPointF(text.left.x() + 1, text.left.y() - text.face.size * 0.3)
    for shape in drawing:
        if shape is text:
            return ground
        if isinstance(shape, Box) and shape._brush.style().value and shape.rect.contains(middle):
            ground = over(ground, shape._brush.color())
    raise AssertionError("The text is not part of the drawing.")


def texts_of(view, theme):
    """Yield every text of every block with the grounds it can stand on."""
    for side in Side:
        for item in view._scene.blocks(side):
            if item.isVisible():
                drawing = draw_block(item.view, view._style)
                for text in (shape for shape in drawing if isinstance(shape, Text)):
                    ground = grounds(drawing, text, theme.color("canvas"))
                    yield text, ground
                    plain = not any(
                        isinstance(shape, Box) and shape.rect.contains(text.left) for shape in drawing[2:]
                    )
                    if plain:
                        # What is selected or under the pointer is tinted below its text.
                        yield text, theme.color("selection")
                        yield text, theme.color("hover")


@pytest.fixture
def states(qtbot, source, target):
    """A view in which every state of rows and blocks is drawn."""
    overrides = Overrides(pins=[("s1.0", "t1.0")], bans=[("s2", "t5")], fresh=["t3.0", "t6"])
    matching = match_networks(source, target, None, overrides)
    view = MatchView()
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.set_matching(matching, coverage(plan_transfer(matching)))
    view.set_layer_marks(
        {"t1.0": LayerMark("1", "ok"), "t1.1": LayerMark("2", "warn"), "t2.0": LayerMark("3", "bad")}
    )
    return view


@THEMES
@pytest.mark.parametrize("opened", [True, False])
def test_everything_on_blocks_can_be_read(states, theme, opened):
    states.set_theme(theme)
    (states.expand_all if opened else states.collapse_all)()
    seen = set()
    for text, ground in texts_of(states, theme):
        assert contrast(text._color, ground) >= 4.5, (text.text, text._color.name(), ground.name())
        seen.add(text.text)
    assert {"fresh", "unused"} & seen


@THEMES
def test_the_legend_and_the_scores_can_be_read(states, theme):
    states.set_theme(theme)
    matching = states.board.matching
    drawing, _ = draw_legend(legend(matching.source, matching.target, theme, matching), states._style, 800)
    for text in (shape for shape in drawing if isinstance(shape, Text)):
        for ground in ("surface", "canvas"):
            assert contrast(text._color, theme.color(ground)) >= 4.5
    label = states._scene.drawing.label(0, QPointF())
    assert contrast(label[1]._color, label[0]._brush.color()) >= 4.5


def test_the_score_of_a_pair_stays_between_the_columns(qtbot, monkeypatch):
    layers = [(8, 8, 1, 1), (8,)] * 3
    given = {name: network(name, [layers, (8, 3, 3, 3)]) for name in "st"}
    blocks = {name: replace(given[name].sequence[0], skip=name == "s") for name in "st"}
    made = {name: replace(given[name], sequence=(blocks[name], *given[name].sequence[1:])) for name in "st"}
    overrides = Overrides(pins=[(blocks["s"].layers[0].path, blocks["t"].layers[0].path)])
    view = MatchView()
    qtbot.addWidget(view)
    view.resize(700, 500)
    view.set_matching(match_networks(made["s"], made["t"], match_options(skip_factor=0.5), overrides))
    drawing = view._scene.drawing

    def label(room):
        shapes = drawing.label(0, QPointF(), room)
        return shapes[0].rect.width(), next(shape.text for shape in shapes if isinstance(shape, Text))

    width, text = label(None)
    assert text.endswith("× 6 · skip 0.5")
    assert label(width)[1] == text
    narrow, short = label(width - 1)
    assert "skip" not in short, "the sign says it"
    assert narrow < width
    assert label(narrow - 1)[0] < narrow - 20, "neither sign where both would lie under the rings"
    rooms = []
    monkeypatch.setattr(drawing, "label", lambda edge, middle, room: rooms.append(room) or [])
    ground = QPixmap(9, 9)
    painter = QPainter(ground)
    drawing.paint_labels(painter, (0,), 0.5)
    painter.end()
    assert rooms == [0.5 * (drawing._right - drawing._left)], "what is between the columns"


@THEMES
def test_what_lies_over_the_picture_can_be_read(states, theme):
    states.set_theme(theme)
    for card in (states._card, states._reason, states._outcome):
        assert theme.overlay in card.styleSheet()
        assert theme.text in card.styleSheet()
    assert contrast(theme.color("text"), theme.color("overlay")) >= 4.5
    assert contrast(theme.color("warning"), theme.color("warning_soft")) >= 4.5


# -- for those who do not see it ---------------------------------------------------------------


def test_every_row_block_and_pair_has_a_name_that_says_what_becomes_of_it(states):
    for opened in (False, True):
        (states.expand_all if opened else states.collapse_all)()
        said = {}
        for side in Side:
            for place in shown_places(states.board, side):
                words = describe_plain(states.board, *ends(states.board, place))
                path = states.board.path(place)
                assert path in words
                said.setdefault(words, set()).add((side, path))
        # Nothing is called like something else, but for the two ends of a pair.
        for places in said.values():
            assert len({side for side, _ in places}) == len(places) or len(places) <= 2


def ends(board, place):
    partner = board.partner(place)
    return (place, partner) if place.side is S else (partner, place)


def test_the_keyboard_reaches_every_row_and_every_pair_and_says_them(qtbot, states):
    from PySide6.QtCore import Qt

    states.expand_all()
    reached = {S: set(), T: set()}
    pairs = set()
    for side in Side:
        states.select(shown_places(states.board, side)[0])
        qtbot.keyClick(states, Qt.Key.Key_Home)
        for _ in range(len(shown_places(states.board, side))):
            here = states.current()
            reached[side].add(states.board.path(here))
            assert states.board.path(here) in states.accessibleDescription()
            pairs.add(states.selection)
            qtbot.keyClick(states, Qt.Key.Key_Down)
    for side in Side:
        column = states.board.columns[side]
        assert reached[side] == {column.path(*place) for place in column.places.values()}
    assert {(pair.source, pair.target) for pair in states.board.matching.pairs} <= pairs
    assert states.accessibleName()


def test_folded_runs_say_how_many_they_are(qtbot):
    block = [(8, 8, 1, 1), (8,)]
    view = MatchView()
    qtbot.addWidget(view)
    view.set_matching(match_networks(network("s", [block] * 3), network("t", [block] * 3)))
    view.set_fold_runs(True)
    view.select(Place(T, 0))
    assert "3 equal blocks" in view.accessibleDescription()
    assert QRectF(view._scene.rect_of(Place(T, 0))).height() > 0


def test_a_screen_reader_is_told_what_the_keyboard_is_at(qtbot, states, monkeypatch):
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QAccessible

    said = []
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(QAccessible, "updateAccessibility", lambda event: said.append(event.message()))
    with qtbot.waitExposed(states):
        states.show()
    states.activateWindow()
    states.setFocus()
    qtbot.waitUntil(states.hasFocus)
    qtbot.keyClick(states, Qt.Key.Key_Home)
    qtbot.keyClick(states, Qt.Key.Key_Down)
    assert said
    assert said[-1] == states.accessibleDescription()
