"""What the start must not wait for: a window of its own process, up to its first paint and beyond."""

import json
import os
import subprocess
import sys

import pytest

from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection
from dpiat_gui.services.theme import DARK, LIGHT, ThemeKeeper
from dpiat_gui.ui.app import make_window
from dpiat_gui.ui.outline_panel import OutlinePanel

HEAVY = {
    "numpy",
    "scipy",
    "networkx",
    "pyqtgraph",
    "torch",
    "timm",
    "safetensors",
    "rich",
    "typer",
    "difflib",
    "statistics",
    "platform",
    "hashlib",
    "asyncio",
    "multiprocessing",
    "concurrent",
    "http",
    "email",
    "xml",
    "unittest",
    "importlib.metadata",
}
"""None of them is needed to paint an empty window; together they took as long as all the rest."""

OURS = {
    "matching.solving",
    "matching.tables",
    "matching.scores",
    "matching.similarity",
    "matching.explain",
    "networks.sources",
    "networks.tree_cache",
    "networks.standardize",
    "networks.timm_models",
    "networks.checkpoints",
    "networks.tracing",
    "project.project",
    "project.records",
    "transfer.planning",
    "transfer.coverage",
    "transfer.execution",
    "transfer.export",
    "engine.operations",
    "engine.worker",
    "canvas.picker",
    "canvas.render",
    "ui.open_dialog",
    "ui.settings_dialog",
    "ui.help_dialog",
    "cli.commands",
}

PROBE = """
import gc, json, sys
from dpiat_gui.ui import app
make_window = app.make_window
found = {}

def painted(window):
    found["modules"] = sorted(sys.modules)
    found["collecting"] = gc.isenabled()
    found["icons"] = sorted(name for name, action in window.commands.items() if not action.icon().isNull())

def drawn(window):
    found["later"] = sorted(sys.modules)
    found["collecting later"] = gc.isenabled()
    window.jobs.shutdown()
    window.close_now()

def watched(application):
    window = make_window(application)
    window.painted.connect(lambda: painted(window))
    window.document.matching_changed.connect(lambda matching: matching and drawn(window))
    return window

app.make_window = watched
from dpiat_gui.cli import main
code = main(["demo"])
print(json.dumps(found))
sys.exit(code)
"""


@pytest.fixture(scope="module")
def start():
    """What was there at the first paint of the demo's window, and when its matching was drawn."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_nothing_heavy_is_imported_up_to_the_first_paint(start):
    assert HEAVY & set(start["modules"]) == set()


def test_of_the_program_only_what_paints_is_imported_up_to_the_first_paint(start):
    assert {f"dpiat_gui.{name}" for name in OURS} & set(start["modules"]) == set()


def test_the_demo_is_matched_without_what_only_the_engine_needs(start):
    assert "dpiat_gui.matching.solving" in start["later"]
    assert {"torch", "timm", "scipy", "pyqtgraph"} & set(start["later"]) == set()


def test_garbage_is_collected_only_after_the_first_paint(start):
    assert (start["collecting"], start["collecting later"]) == (False, True)


def test_icons_of_closed_menus_are_drawn_after_the_first_paint(start, qapp, qtbot):
    assert "open_source" in start["icons"]
    assert "pin" not in start["icons"]
    window = make_window(qapp)
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    with qtbot.waitSignal(window.painted):
        window.show()
    qtbot.waitUntil(lambda: not window.commands["pin"].icon().isNull())


def test_the_look_waits_until_it_is_told_to_be_applied(qapp):
    keeper = ThemeKeeper(qapp, "light")
    before = qapp.styleSheet()
    late = ThemeKeeper(qapp, "dark", applied=False)
    assert late.theme is DARK
    assert qapp.styleSheet() == before
    late.apply()
    assert qapp.styleSheet() != before
    keeper.set_choice("dark")
    keeper.set_choice("light")
    assert keeper.theme is LIGHT
    assert qapp.styleSheet() == before


def test_the_outline_makes_the_rows_of_the_side_that_is_shown(qtbot):
    from made import network

    document = Document()
    panel = OutlinePanel(document)
    qtbot.addWidget(panel)
    document.open_networks(network("s", [(8, 3, 3, 3)]), network("t", [(8, 3, 3, 3), (4, 8, 1, 1)]))
    qtbot.waitUntil(lambda: panel.tree.model().rowCount() == 1)
    panel.tabs.setCurrentIndex(1)
    assert panel.tree.model().rowCount() == 2
    document.set_target(network("u", [(8, 3, 3, 3), (4, 8, 1, 1), (4, 4, 1, 1)]))
    qtbot.waitUntil(lambda: panel.tree.model().rowCount() == 3)
    panel.tabs.setCurrentIndex(0)
    assert panel.tree.model().rowCount() == 1


def test_the_outline_forgets_a_module_that_is_selected_no_longer(qtbot):
    from made import network

    document = Document()
    panel = OutlinePanel(document)
    qtbot.addWidget(panel)
    panel.show()
    document.open_networks(network("s", [(8, 3, 3, 3)]), network("t", [(8, 3, 3, 3)]))
    qtbot.waitUntil(lambda: panel.tree.model().rowCount() == 1)
    document.select(Selection("s0", None))
    assert panel.tree.selectionModel().hasSelection()
    document.select(Selection(None, None))
    assert not panel.tree.selectionModel().hasSelection()
    assert not panel.tree.currentIndex().isValid()


def test_two_known_networks_come_in_one_change(qapp, qtbot):
    window = make_window(qapp)
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    seen = []
    document = window.document
    document.source_changed.connect(lambda: seen.append((bool(document.source), bool(document.target))))
    with qtbot.waitSignal(document.matching_changed, timeout=60_000, check_params_cb=bool):
        window.opening.open_demo()
    assert (True, False) not in seen
    assert (True, True) in seen
