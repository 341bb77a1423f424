"""Of matchers that keep order no two edges cross on the screen, whatever is open, folded or scrolled."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import network

from dpiat_gui.canvas.arranging import ORIENTATIONS
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.linking import LAYOUT_MODES
from dpiat_gui.canvas.view import MatchView
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import match_options

KEEP_ORDER = sorted(name for name, method in METHODS.items() if method.keeps_order)

A = [(8, 8, 1, 1), (8,), None, (8, 8, 3, 3), (8,)]
B = [(16, 8, 1, 1), (16,), (16, 16, 3, 3), None, (6, 6)]
C = [(4, 4), None, (12, 8, 3, 3)]
ENTRIES = st.sampled_from([A, A, A, B, B, C, (8, 3, 3, 3), (8,), (10, 8), None])
NETWORKS = st.lists(ENTRIES, min_size=1, max_size=9)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["expand", "collapse", "expand alone", "unfold", "fold", "look"]),
        st.sampled_from(list(Side)),
        st.integers(0, 8),
    ),
    max_size=8,
)


def crossings(view):
    """Count the pairs of drawn edges that cross."""
    drawing = view._scene.drawing
    ends = [drawing._heights(i) for i in drawing.visible(-1e9, 1e9)]
    return sum((a[0] - b[0]) * (a[1] - b[1]) < -1e-6 for k, a in enumerate(ends) for b in ends[k + 1 :])


def do(view, step):
    kind, side, entry = step
    column = view.board.columns[side]
    spot = Place(side, entry % len(column.entries))
    if kind == "look":
        view.select(spot)
    elif kind in ("unfold", "fold"):
        view._set_folded(spot, kind == "fold")
    else:
        view._set_open([spot], kind != "collapse", partners=kind != "expand alone")


@pytest.fixture
def view(qtbot):
    made = MatchView()
    qtbot.addWidget(made)
    made.resize(800, 420)
    with qtbot.waitExposed(made):
        made.show()
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    NETWORKS,
    NETWORKS,
    st.sampled_from(KEEP_ORDER),
    STEPS,
    st.booleans(),
    st.sampled_from(LAYOUT_MODES),
    st.sampled_from(ORIENTATIONS),
    st.floats(0, 1),
)
def test_no_edges_cross(view, sources, targets, method, steps, fold, mode, orientation, share):
    view.set_networks(None, None)
    matching = match_networks(network("s", sources), network("t", targets), match_options(method=method))
    view.set_matching(matching)
    view.set_fold_runs(fold)
    view.set_orientation(orientation)
    for step in steps:
        do(view, step)
        view.set_layout_mode(mode)
        bar = view._bar()
        bar.setValue(round(bar.minimum() + share * (bar.maximum() - bar.minimum())))
        assert crossings(view) == 0
    view._end_change()
    assert crossings(view) == 0
    # And on the board, where nothing is cut off by the screen.
    for upper, lower in pairwise(sorted(view.board.edges.edges, key=lambda edge: (edge.y0, edge.y1))):
        assert upper.y1 <= lower.y1 + 1e-6
    # Every pair is drawn, or stands behind an edge that is.
    drawn = {link for edge in view.board.edges.edges for link in (edge.link, *edge.others)}
    assert drawn == set(range(len(matching.entry_pairs)))
    view.set_layout_mode("aligned")


def test_there_are_matchers_that_keep_order():
    assert {"dp"} <= set(KEEP_ORDER)
