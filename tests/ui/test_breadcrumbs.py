import pytest
from made import network
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.values import ModuleNode, ModuleTree, TensorSpec
from dpiat_gui.ui.app import make_window
from dpiat_gui.ui.breadcrumbs import Breadcrumbs, Trail, goal_of
from dpiat_gui.ui.figure_dialog import CONTENTS, FigureWish


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


@pytest.fixture
def window(qtbot):
    made = make_window(QApplication.instance())
    qtbot.addWidget(made, before_close_func=lambda window: setattr(window, "_closing", True))
    made.resize(1180, 760)
    made.show()
    made.document.open_networks(deep(), deep())
    qtbot.waitUntil(lambda: made.document.matching is not None)
    return made


def test_names_and_rows_are_copied_and_the_line_follows(qtbot, window):
    clipboard = QGuiApplication.clipboard()
    window.document.select(Selection("blocks.1.0.a", "blocks.1.0.a"))
    qtbot.waitUntil(window.commands["copy_name"].isEnabled)
    window.commands["copy_name"].trigger()
    assert clipboard.text() == "blocks.1.0.a"
    window.commands["copy_row"].trigger()
    assert clipboard.text() == "blocks.1.0.a\t8×8×3×3\tblocks.1.0.a\t8×8×3×3\t1.0000"
    window.view.set_multi_selection([("stem", "stem"), ("blocks.1.0.a", "blocks.1.0.a")])
    window.commands["copy_name"].trigger()
    assert clipboard.text() == "stem\nblocks.1.0.a"
    line = window.findChild(Breadcrumbs)
    assert line.trails["target"].path == "blocks.1.0.a"
    # Below the canvas, and never wider than it.
    assert line.y() >= window.view.geometry().bottom()
    assert line.width() == window.view.width()


def test_the_canvas_needs_no_bar_to_the_side_at_a_usual_width(window):
    assert window.view.horizontalScrollBar().maximum() == 0


def test_the_switches_of_the_canvas_are_kept_with_the_project(window):
    window.commands["fold_runs"].trigger()
    window.commands["coupled"].trigger()
    assert window.view.fold_runs
    assert not window.view.coupled
    state = window.link.view_state()["canvas"]
    assert state["fold_runs"] is True
    assert state["coupled"] is False
    window.view.restore_view_state(state | {"fold_runs": False, "coupled": True})
    assert not window.commands["fold_runs"].isChecked()
    assert window.commands["coupled"].isChecked()


def test_a_figure_is_written_as_it_was_wished(window, tmp_path):
    for content, _ in enumerate(CONTENTS):
        window.figures.wish = FigureWish(CONTENTS[content][1], legend=False, width_mm=84.0)
        path = tmp_path / f"figure{content}.svg"
        window.figures.write(path)
        assert 'width="84mm"' in path.read_text()
        assert path.read_text().count("<path") >= 1
