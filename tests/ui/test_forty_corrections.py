"""An afternoon's work: forty corrections by mouse and keyboard, and forty through the table alone."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from dpiat_gui.canvas.columns import Side
from dpiat_gui.document.corrections import in_the_way
from dpiat_gui.document.facts import facts_of
from dpiat_gui.document.pinning import partners
from dpiat_gui.document.selection import Selection
from dpiat_gui.matching.engine import match_networks, solve
from dpiat_gui.matching.values import Overrides
from dpiat_gui.ui.app import make_window
from dpiat_gui.ui.correcting import CorrectingFeature
from dpiat_gui.ui.pair_rows import Column

pytestmark = [
    pytest.mark.slow,
    # A menu asks for the keyboard, which a platform without a screen has none to give of.
    pytest.mark.qt_log_ignore("This plugin does not support (grabbing the keyboard|raise)"),
]

LONG = 60_000
LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
S, T = Side.SOURCE, Side.TARGET
FORTY = 40


@pytest.fixture
def window(qtbot):
    window = make_window(QApplication.instance())
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    window.resize(1500, 1300)
    window.show()
    qtbot.waitExposed(window)
    with qtbot.waitSignal(window.document.matching_changed, timeout=LONG, check_params_cb=bool):
        window.opening.open_both("timm:rexnet_100", "timm:efficientnet_b2")
    qtbot.waitUntil(lambda: window.commands["pin_to"].menu() is not None)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


class Script:
    """What the corrections should come to, kept beside what the window makes of them.

    Each step is worked out from the overrides so far, done by events, and compared.
    """

    def __init__(self, window):
        document = window.document
        self.window, self.document = window, document
        self.tables, self.options = document.tables, document.options
        self.expected = Overrides()
        self.done = 0

    @property
    def matching(self):
        """The matching that is expected now."""
        return solve(self.tables, self.expected)

    def partners(self, target):
        """Return the sources a target could be pinned to, the least costly first."""
        matching = self.matching
        facts = facts_of(matching, self.tables, self.document.resolved(Selection(target=target)))
        found = partners(self.tables, matching, facts)
        return [one.source for one in found if not one.reason]

    def expect(self, overrides):
        """Compare with what the window has after a correction."""
        self.expected = overrides
        self.done += 1
        assert self.document.overrides == overrides, f"correction {self.done}"

    def check_end(self):
        """Hold the end against the matching solved from nothing."""
        document = self.document
        wanted = match_networks(document.source, document.target, self.options, self.expected)
        assert self.done == FORTY
        assert document.overrides == self.expected
        assert document.matching == wanted
        assert self.window.view.board.matching == wanted
        assert len(self.window.pairs.model.rows) >= len(wanted.pairs)
        steps = document.undo_stack.index()
        assert steps >= FORTY
        for _ in range(steps):
            document.undo()
        assert not document.overrides
        for _ in range(steps):
            document.undo_stack.redo()
        assert document.matching == wanted


def _point(view, place):
    """Return where on the viewport a block's head or a row is."""
    rect = view._scene.rect_of(view.board.shown(place))
    y = rect.center().y() if place.row is not None else rect.top() + 12
    return view.viewportTransform().map(QPointF(rect.left() + rect.width() * 0.5, y)).toPoint()


def _find(view, side, path):
    spot = view.board.find(side, path)
    assert spot is not None, path
    return spot


def _show(view, *spots):
    view.reveal(list(spots))
    return [_point(view, spot) for spot in spots]


def _drag(qtbot, view, source, target):
    """Pull a curve from a source to a target, by path."""
    begin, end = _show(view, _find(view, S, source), _find(view, T, target))
    assert view.viewport().rect().contains(begin), source
    assert view.viewport().rect().contains(end), target
    qtbot.mousePress(view.viewport(), LEFT, pos=begin)
    qtbot.mouseMove(view.viewport(), begin + QPoint(30, 0))
    qtbot.mouseMove(view.viewport(), end)
    assert view._drag.preview(view._drag._goal(view._to_scene(QPointF(end)))) is not None
    qtbot.mouseRelease(view.viewport(), LEFT, pos=end)


def _press(qtbot, script, widget, command, key, modifiers=Qt.KeyboardModifier.NoModifier):
    """Press a key once the event loop has turned: commands are enabled then, and no person is faster."""
    window = script.window
    qtbot.waitUntil(window.commands[command].isEnabled)
    qtbot.keyClick(widget, key, modifiers)


def _click(qtbot, view, side, path):
    (point,) = _show(view, _find(view, side, path))
    qtbot.mouseClick(view.viewport(), LEFT, pos=point)


def test_forty_corrections_by_mouse_and_keyboard_end_in_the_expected_matching(window, qtbot):
    view, script = window.view, Script(window)
    blocks = [block.path for block in window.document.matching.target_entries if not block.single]
    kinds = ["drag", "ban", "fresh", "accept", "drag row", "keys", "clear", "undo"]
    turn, at = 0, 0
    while script.done < FORTY:
        assert turn < 2 * FORTY, "nothing more could be corrected"
        correct = _CORRECTIONS[kinds[turn % len(kinds)]]
        # Down the column, and once round where this kind of correction fits nowhere further down.
        for step in range(len(blocks)):
            if correct(qtbot, view, script, blocks[(at + step) % len(blocks)]):
                at += step + 1
                break
        turn += 1
    script.check_end()


def _source_block(script, block):
    matching = script.matching
    at = next(i for i, entry in enumerate(matching.target_entries) if entry.path == block)
    pair = next((entry for entry in matching.entry_pairs if entry.target == at), None)
    return matching.source_entries[pair.source].path if pair else None


def _overridden(script, block):
    named = [t for _, t in (*script.expected.pins, *script.expected.bans)] + list(script.expected.fresh)
    return any(path == block or path.startswith(f"{block}.") for path in named)


def _drag_block(qtbot, view, script, block):
    """Pull a source block to a target block it does not serve."""
    others = script.partners(block)
    if _overridden(script, block) or not others:
        return False
    _drag(qtbot, view, others[0], block)
    script.expect(script.expected.with_pin(others[0], block))
    return True


def _ban_block(qtbot, view, script, block):
    """Click on a target block, and press Delete."""
    source = _source_block(script, block)
    if _overridden(script, block) or source is None:
        return False
    _click(qtbot, view, T, block)
    _press(qtbot, script, view, "ban", Qt.Key.Key_Delete)
    script.expect(script.expected.with_ban(source, block))
    return True


def _leave_fresh(qtbot, view, script, block):
    """Click on a target block, and press Ctrl+Delete."""
    if _overridden(script, block):
        return False
    _click(qtbot, view, T, block)
    _press(qtbot, script, view, "fresh", Qt.Key.Key_Delete, CONTROL)
    script.expect(script.expected.with_fresh(block))
    return True


def _accept_block(qtbot, view, script, block):
    """Click on a target block, and press Ctrl+L: what the solver found stays."""
    source = _source_block(script, block)
    if _overridden(script, block) or source is None:
        return False
    _click(qtbot, view, T, block)
    _press(qtbot, script, view, "pin", Qt.Key.Key_L, CONTROL)
    script.expect(script.expected.with_pin(source, block))
    return True


def _drag_row(qtbot, view, script, block):
    """Open a block by a double click, and pull a layer of its partner to another of its layers."""
    source = _source_block(script, block)
    if _overridden(script, block) or source is None:
        return False
    matching = script.matching
    pairs = [pair for pair in matching.pairs if pair.target.startswith(f"{block}.")]
    for pair in pairs:
        for other in script.partners(pair.target):
            if other.startswith(f"{source}.") and other != pair.source:
                (point,) = _show(view, _find(view, T, block))
                if _find(view, T, block).entry not in view.board.expanded[T]:
                    qtbot.mouseDClick(view.viewport(), LEFT, pos=point)
                _drag(qtbot, view, other, pair.target)
                script.expect(script.expected.with_pin(other, pair.target))
                (point,) = _show(view, _find(view, T, block))
                qtbot.mouseDClick(view.viewport(), LEFT, pos=point)
                return True
    return False


def _pin_by_keys(qtbot, view, script, block):
    """Select a target block, press P, choose its neighbour's source by the arrows, and press Enter."""
    if _overridden(script, block):
        return False
    partner = _source_block(script, block)
    others = script.partners(block)
    entries = [entry.path for entry in script.matching.source_entries]
    near = [one for one in others if partner and 0 < abs(entries.index(one) - entries.index(partner)) <= 4]
    if not near:
        return False
    steps = entries.index(near[0]) - entries.index(partner)
    _click(qtbot, view, T, block)
    qtbot.keyClick(view, Qt.Key.Key_P)
    for _ in range(abs(steps)):
        qtbot.keyClick(view, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    script.expect(script.expected.with_pin(near[0], block))
    return True


def _clear(qtbot, view, script, block):
    """Click on a block that is overridden, and press Ctrl+Shift+L."""
    named = {t for _, t in (*script.expected.pins, *script.expected.bans)} | set(script.expected.fresh)
    if block not in named:
        return False
    _click(qtbot, view, T, block)
    _press(qtbot, script, view, "clear_override", Qt.Key.Key_L, CONTROL | SHIFT)
    script.expect(script.expected.without(block))
    return True


def _undo(qtbot, view, script, block):
    """Ban a block's pair by mistake, and take it back with Ctrl+Z."""
    before = script.expected
    if not _ban_block(qtbot, view, script, block):
        return False
    script.done -= 1
    _press(qtbot, script, view, "undo", Qt.Key.Key_Z, CONTROL)
    assert script.document.overrides == before
    _press(qtbot, script, view, "redo", Qt.Key.Key_Z, CONTROL | SHIFT)
    script.expect(script.expected)
    return True


_CORRECTIONS = {
    "drag": _drag_block,
    "ban": _ban_block,
    "fresh": _leave_fresh,
    "accept": _accept_block,
    "drag row": _drag_row,
    "keys": _pin_by_keys,
    "clear": _clear,
    "undo": _undo,
}


# -- through the table alone --------------------------------------------------------------------


def _go_to_row(qtbot, table, target):
    """Walk to the row of a target by the arrow keys, from where the table is."""
    model = table.model()
    rows = [model.index(at, Column.TARGET).data() for at in range(model.rowCount())]
    wanted, here = rows.index(target), table.currentIndex().row()
    if here < 0:
        qtbot.keyClick(table, Qt.Key.Key_Home, CONTROL)
        here = table.currentIndex().row()
    for _ in range(abs(wanted - here)):
        qtbot.keyClick(table, Qt.Key.Key_Down if wanted > here else Qt.Key.Key_Up)
    assert table.currentIndex().row() == wanted


def test_forty_corrections_through_the_table_by_keyboard_alone(window, qtbot):
    panel, script = window.pairs, Script(window)
    table, document = panel.table, window.document
    feature = next(one for one in window.features if isinstance(one, CorrectingFeature))
    qtbot.keyClick(window, Qt.Key.Key_F6)
    panel.filter_line.setFocus()
    qtbot.keyClicks(panel.filter_line, "kind:conv -state:unused")
    qtbot.keyClick(panel.filter_line, Qt.Key.Key_Down)
    assert table.hasFocus()
    kinds = ["ban", "accept", "fresh", "partner", "two", "clear"]
    targets = [pair.target for pair in script.matching.pairs if "conv" in pair.target]
    at = 0
    while script.done < FORTY:
        kind, target = kinds[script.done % len(kinds)], targets[at % len(targets)]
        at += 3
        assert at < 2000, f"no {kind} could be found"
        named = {t for _, t in (*script.expected.pins, *script.expected.bans)} | set(script.expected.fresh)
        pair = script.matching.by_target.get(target)
        if (target in named) != (kind == "clear") or (pair is None and kind in ("ban", "accept", "two")):
            continue
        _by_table(qtbot, window, feature, script, kind, target)
    script.check_end()
    qtbot.keyClick(table, Qt.Key.Key_A, CONTROL)
    qtbot.keyClick(table, Qt.Key.Key_C, CONTROL)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == panel.proxy.rowCount() + 1
    assert document.matching == script.matching


def _by_table(qtbot, window, feature, script, kind, target):
    """Do one correction in the table, unless it cannot be done at this row."""
    table, expected = window.pairs.table, script.expected
    pair = script.matching.by_target.get(target)
    _go_to_row(qtbot, table, target)
    if kind == "ban":
        _press(qtbot, script, table, "ban", Qt.Key.Key_Delete)
        script.expect(expected.with_ban(pair.source, target))
    elif kind == "accept":
        _press(qtbot, script, table, "pin", Qt.Key.Key_L, CONTROL)
        script.expect(expected.with_pin(pair.source, target))
    elif kind == "fresh":
        _press(qtbot, script, table, "fresh", Qt.Key.Key_Delete, CONTROL)
        script.expect(expected.with_fresh(target))
    elif kind == "partner":
        others = script.partners(target)
        if others:
            _press(qtbot, script, table, "pin_to", Qt.Key.Key_P, CONTROL)
            assert feature.partners.isVisible()
            qtbot.keyClick(feature.partners, Qt.Key.Key_Return)
            qtbot.waitUntil(lambda: not feature.partners.isVisible())
            # Without a window manager nobody gives the window the keyboard back.
            window.activateWindow()
            qtbot.waitUntil(window.isActiveWindow)
            table.setFocus()
            script.expect(expected.with_pin(others[0], target))
    elif kind == "two":
        qtbot.keyClick(table, Qt.Key.Key_Down, SHIFT)
        pairs = window.editing.chosen.pairs
        if len(pairs) == 2 and not any(in_the_way(script.tables, expected, *one) for one in pairs):
            modifiers = CONTROL | Qt.KeyboardModifier.AltModifier
            _press(qtbot, script, table, "accept", Qt.Key.Key_L, modifiers)
            for one in pairs:
                expected = expected.with_pin(*one) if one not in expected.pins else expected
            script.expect(expected)
        qtbot.keyClick(table, Qt.Key.Key_Down)
    elif kind == "clear":
        _press(qtbot, script, table, "clear_override", Qt.Key.Key_L, CONTROL | SHIFT)
        script.expect(expected.without(target))
