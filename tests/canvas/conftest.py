import pytest
from made import network

from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.view import MatchView
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.transfer.coverage import coverage
from dpiat_gui.transfer.planning import plan_transfer

BLOCK = [(8, 8, 1, 1), (8,), None, (8, 8, 3, 3), (8,)]
WIDE = [(16, 8, 1, 1), (16,), None, (16, 8, 3, 3), (16,)]


@pytest.fixture
def source():
    # A conv, two blocks of which the second ends in an unused row, an activation, a linear layer.
    return network("s", [(8, 3, 3, 3), BLOCK, [*WIDE, (6, 6)], None, (10, 8)])


@pytest.fixture
def target():
    # t1 and t2 are a span that s1 serves; t3 ends in a fresh row, t5 is fresh altogether.
    t3 = [*WIDE, (5, 5, 5, 5)]
    return network("t", [(8, 3, 3, 3), BLOCK, BLOCK, t3, None, [(5, 5), (5, 5)], (10, 8)])


@pytest.fixture
def matching(source, target):
    return match_networks(source, target)


@pytest.fixture
def shares(target):
    return {layer.path: 0.5 for layer in target.layers}


@pytest.fixture
def board(matching, shares):
    made = Board()
    made.set_matching(matching, shares)
    return made


@pytest.fixture
def view(qtbot, matching):
    made = MatchView()
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.set_matching(matching, coverage(plan_transfer(matching)))
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def long_view(qtbot):
    block = [(8, 8, 1, 1), (8,), None, (8, 8, 3, 3), (8,)]
    networks = network("s", [block] * 40), network("t", [block] * 40)
    made = MatchView()
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.set_matching(match_networks(*networks))
    with qtbot.waitExposed(made):
        made.show()
    return made
