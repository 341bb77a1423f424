"""Opening and closing networks leaves nothing behind: no items, no widgets, no memory."""

import gc
import tracemalloc

import pytest
from made import network
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from dpiat_gui.canvas.annotations import ComparisonOverlay, LayerMark
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.view import MatchView
from dpiat_gui.matching.engine import match_networks

BLOCK = [(8, 8, 1, 1), (8,), None, (8, 8, 3, 3), (8,)]
WIDE = [(16, 8, 1, 1), (16,), None, (16, 8, 3, 3), (16,)]
PAIRS = 50
BOUND = 100_000
"""Bytes of Python that may be left in all: caches of strings and the like, not pictures of networks."""


def open_and_close(view, number):
    blocks = 4 + number % 5
    source = network("s", [(8, 3, 3, 3), *[BLOCK] * blocks, *[WIDE] * 3, (10, 8)])
    target = network("t", [(8, 3, 3, 3), *[WIDE] * blocks, *[BLOCK] * 3, (10, 8)])
    matching = match_networks(source, target)
    view.set_matching(matching)
    view.expand_all()
    view.set_fold_runs(number % 2 == 0)
    view.set_orientation("strips" if number % 3 == 0 else "columns")
    view.set_layout_mode("linked" if number % 4 == 0 else "aligned")
    view.select(Place(Side.TARGET, 2))
    view.begin_pin()
    view.set_comparison(ComparisonOverlay((("s0", "t1"),)))
    view.set_layer_marks({"t0": LayerMark("x")})
    for zoom in (1.0, 0.3, 0.1):
        view.set_zoom(zoom)
        view.viewport().repaint()
    QApplication.processEvents()
    view.set_networks(None, None)
    QApplication.processEvents()


def left(view):
    return len(view._scene.items()), len(view.findChildren(QObject))


@pytest.mark.slow
def test_fifty_pairs_of_networks_leave_nothing(qtbot):
    view = MatchView()
    qtbot.addWidget(view)
    view.resize(480, 320)
    with qtbot.waitExposed(view):
        view.show()
    tracemalloc.start()
    try:
        # Until every kind of state has been there, and the pools of the bindings are full.
        for number in range(24):
            open_and_close(view, number)
        before = left(view)
        gc.collect()
        used, _ = tracemalloc.get_traced_memory()
        for number in range(PAIRS):
            open_and_close(view, number)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - used
    finally:
        tracemalloc.stop()
    assert left(view) == before
    assert grown < BOUND
