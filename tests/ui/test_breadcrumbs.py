import pytest
from made import network
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.values import ModuleNode, ModuleTree, TensorSpec
from dpiat_gui.ui.breadcrumbs import Breadcrumbs, Trail, goal_of


def deep():
    def conv(path):
        return ModuleNode(path, "Conv2d", LayerKind.CONV2D, (TensorSpec(f"{path}.weight", (8, 8, 3, 3)),))

    def block(path):
        return ModuleNode(path, "Block", LayerKind.OTHER, children=(conv(f"{path}.a"), conv(f"{path}.b")))

    stage = ModuleNode(
        "blocks.1", "Sequential", LayerKind.OTHER, children=(block("blocks.1.0"), block("blocks.1.1"))
    )
    blocks = ModuleNode("blocks", "Sequential", LayerKind.OTHER, children=(stage,))
    root = ModuleNode("", "Net", LayerKind.OTHER, children=(conv("stem"), blocks))
    return standardize_tree(ModuleTree("deep", root))


@pytest.fixture
def document(qtbot):
    made = Document()
    made.open_networks(deep(), deep())
    return made


@pytest.fixture
def line(qtbot, document):
    made = Breadcrumbs(document)
    qtbot.addWidget(made)
    made.resize(900, 26)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_a_part_leads_to_its_block_or_to_the_first_below():
    made = deep()
    assert goal_of(made, "blocks.1.1") == "blocks.1.1"
    assert goal_of(made, "blocks.1.1.b") == "blocks.1.1.b"
    assert goal_of(made, "blocks") == "blocks.1.0"
    assert goal_of(made, "nowhere") is None


def test_the_parts_of_the_selection_are_shown_and_lead_there(qtbot, document, line):
    assert line._nothing.isVisible()
    document.select(Selection("blocks.1.0.a", "blocks.1.1.b"))
    assert not line._nothing.isVisible()
    trail = line.trails["target"]
    assert trail.parts == ("blocks", "1", "1", "b")
    assert "target blocks.1.1.b" in line.accessibleDescription()
    button = next(
        b for b in trail.findChildren(type(first_button(trail))) if b.accessibleName() == "target: blocks.1.1"
    )
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert document.selection.target == "blocks.1.1"
    document.clear_selection()
    assert line._nothing.isVisible()


def first_button(trail):
    return next(child for child in trail.children() if hasattr(child, "clicked"))


def test_the_middle_is_left_out_where_there_is_no_room(qtbot):
    trail = Trail("target")
    qtbot.addWidget(trail)
    path = "backbone.features.stage2.block7.conv_pw"
    trail.resize(2000, 24)
    trail.show_path(path)
    assert trail.parts == tuple(path.split("."))
    trail.resize(260, 24)
    with qtbot.waitExposed(trail):
        trail.show()
    assert trail.parts[0] == "backbone"
    assert trail.parts[-1] == "conv_pw"
    assert len(trail.parts) < 5


def test_made_networks_have_short_trails(qtbot):
    assert goal_of(network("s", [[(8, 8)], (4, 8)]), "s0") == "s0"
    assert QGuiApplication.clipboard() is not None
