"""Everything the window can do, as data: text, keys, icon, and when it makes sense.

The menus, the toolbar, the shortcuts sheet and the tests read the one table `ACTIONS`.
"""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from dpiat_gui.ui.action_values import (
    Action,
    StandardKey,
    WindowState,
    any_network,
    both_open,
    matched,
    pair,
    target_row,
)
from dpiat_gui.ui.features import FEATURE_ACTIONS
from dpiat_gui.ui.view_switches import SWITCHES, VIEW

FILE, EDIT, MATCH, GO, TRANSFER, HELP = (
    "File",
    "Edit",
    "Match",
    "Go",
    "Transfer",
    "Help",
)

ACTIONS: tuple[Action, ...] = (
    Action(
        "open_source",
        "Open &source…",
        FILE,
        (StandardKey.Open,),
        "open-source",
        "Choose the network whose weights are carried over.",
    ),
    Action(
        "open_target",
        "Open &target…",
        FILE,
        ("Ctrl+Shift+O",),
        "open-target",
        "Choose the network that receives the weights.",
    ),
    Action(
        "swap",
        "S&wap source and target",
        FILE,
        ("Alt+\\",),
        "swap",
        "Let the target be the source, and the source the target.",
        any_network,
    ),
    Action(
        "demo", "Open the &demo", FILE, (), "", "EfficientNet-Lite0 with ImageNet weights into MobileNetV2."
    ),
    Action(
        "new_project", "&New project", FILE, (StandardKey.New,), "", "Close both networks and start afresh."
    ),
    Action(
        "open_project",
        "Open &project…",
        FILE,
        ("Ctrl+Alt+O",),
        "",
        "Open a saved project: networks, options and overrides.",
    ),
    Action(
        "save",
        "Sa&ve project",
        FILE,
        (StandardKey.Save,),
        "save",
        "Save networks, options and overrides as a project.",
        any_network,
    ),
    Action(
        "save_as",
        "Save project &as…",
        FILE,
        (StandardKey.SaveAs, "Ctrl+Shift+S"),
        "",
        "Save the project under another name.",
        any_network,
    ),
    Action(
        "export_figure",
        "Export &figure…",
        FILE,
        ("Ctrl+Shift+E",),
        "",
        "Write the whole matching as SVG, PDF or PNG.",
        matched,
    ),
    Action(
        "settings",
        "Settin&gs…",
        FILE,
        (StandardKey.Preferences, "Ctrl+,"),
        "settings",
        "Theme, wheel and seed.",
    ),
    Action("quit", "&Quit", FILE, (StandardKey.Quit, "Ctrl+Q"), "", "Close the window."),
    Action(
        "undo",
        "&Undo",
        EDIT,
        (StandardKey.Undo,),
        "undo",
        "Take back the last change.",
        lambda state: state.can_undo,
    ),
    Action(
        "redo",
        "&Redo",
        EDIT,
        ("Ctrl+Shift+Z", "Ctrl+Y", StandardKey.Redo),
        "redo",
        "Make the change again.",
        lambda state: state.can_redo,
    ),
    Action(
        "find",
        "&Find…",
        EDIT,
        (StandardKey.Find,),
        "search",
        "Search both columns by name, kind or shape.",
        any_network,
    ),
    Action(
        "find_next",
        "Find &next",
        EDIT,
        (StandardKey.FindNext, "F3"),
        "",
        "Go to the next hit.",
        lambda state: state.hits,
    ),
    Action(
        "find_previous",
        "Find pre&vious",
        EDIT,
        (StandardKey.FindPrevious, "Shift+F3"),
        "",
        "Go to the hit before.",
        lambda state: state.hits,
    ),
    Action(
        "pin",
        "&Pin selected pair",
        MATCH,
        ("Ctrl+L",),
        "pin",
        "Keep this pair whatever the matching says, and solve the rest again.",
        pair,
    ),
    Action(
        "ban",
        "&Ban selected pair",
        MATCH,
        ("Del",),
        "ban",
        "Never match these two, and solve the rest again.",
        pair,
        canvas=True,
    ),
    Action(
        "fresh",
        "Leave target &fresh",
        MATCH,
        ("Ctrl+Del",),
        "fresh",
        "Let the selected target keep its own initialisation.",
        target_row,
        canvas=True,
    ),
    Action(
        "clear_override",
        "&Clear this override",
        MATCH,
        ("Ctrl+Shift+L",),
        "",
        "Forget every override of the selected target.",
        lambda state: state.overridden,
    ),
    Action(
        "clear_overrides",
        "Clear &all overrides",
        MATCH,
        (),
        "",
        "Go back to the automatic matching.",
        lambda state: state.overrides,
    ),
    Action(
        "method",
        "Met&hod…",
        MATCH,
        ("Ctrl+M",),
        "",
        "Choose how the networks are matched: matcher, standardization, layer types, numbers.",
    ),
    Action(
        "compare",
        "C&ompare…",
        MATCH,
        ("Ctrl+K",),
        "",
        "Compare the matching with the automatic one, or with that of another method.",
        matched,
    ),
    Action("rematch", "&Match again", MATCH, ("F5",), "", "Solve the matching again.", both_open),
    Action(
        "next_problem",
        "Next &problem",
        GO,
        ("Alt+Down", "F8"),
        "down",
        "Go to the next row that is unmatched, weak, cropped or reused.",
        lambda state: state.problems,
    ),
    Action(
        "previous_problem",
        "Previous pro&blem",
        GO,
        ("Alt+Up", "Shift+F8"),
        "up",
        "Go to the problem before.",
        lambda state: state.problems,
    ),
    Action("next_pane", "Next p&ane", GO, ("F6",), "", "Move the focus to the next pane."),
    Action("previous_pane", "Previous pan&e", GO, ("Shift+F6",), "", "Move the focus to the pane before."),
    Action("zoom_in", "Zoom &in", VIEW, (StandardKey.ZoomIn, "Ctrl+="), "zoom-in", "Larger.", any_network),
    Action("zoom_out", "Zoom &out", VIEW, (StandardKey.ZoomOut,), "zoom-out", "Smaller.", any_network),
    Action("zoom_reset", "Zoom &100 %", VIEW, ("Ctrl+1",), "", "Natural size.", any_network),
    Action("fit_all", "&Fit all", VIEW, ("Ctrl+0",), "fit", "Show the whole of both columns.", any_network),
    Action(
        "fit_selection",
        "Fit &selection",
        VIEW,
        ("Ctrl+2",),
        "",
        "Show the selected rows as large as they can be.",
        lambda state: state.selected,
    ),
    Action(
        "expand_all",
        "E&xpand all",
        VIEW,
        ("Ctrl+]",),
        "expand",
        "Show the layers of every block.",
        any_network,
    ),
    Action(
        "collapse_all",
        "&Collapse all",
        VIEW,
        ("Ctrl+[",),
        "collapse",
        "Show blocks only.",
        any_network,
    ),
    Action(
        "only_selection_edges",
        "Only e&dges of the selection",
        VIEW,
        ("Ctrl+D",),
        "edges",
        "Hide every edge that does not belong to the selection.",
        matched,
        checkable=True,
    ),
    *SWITCHES,
    *FEATURE_ACTIONS,
    Action("full_screen", "F&ull screen", VIEW, ("F11",), "", "Use the whole screen.", checkable=True),
    Action(
        "show_transfer",
        "&Export weights…",
        TRANSFER,
        ("Ctrl+E",),
        "transfer",
        "Show what a transfer would carry over, and where it is written.",
        matched,
    ),
    Action(
        "run_transfer",
        "&Run transfer",
        TRANSFER,
        ("Ctrl+Return", "Ctrl+Enter"),
        "transfer",
        "Carry the weights over and write the checkpoint.",
        lambda state: state.matching and not state.transferring,
    ),
    Action(
        "cancel",
        "&Cancel running job",
        TRANSFER,
        ("Esc",),
        "cancel",
        "Stop the job that is running; nothing is written.",
        lambda state: state.running,
    ),
    Action(
        "help",
        "&Help",
        HELP,
        (StandardKey.HelpContents, "F1"),
        "help",
        "Read about the pane you are in.",
    ),
    Action("shortcuts", "&Keyboard shortcuts", HELP, ("Ctrl+?", "Ctrl+/"), "", "Every key on one sheet."),
    Action("about", "&About", HELP, (), "", "Version and licence."),
)

BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}

GESTURES: tuple[tuple[str, str], ...] = (
    ("Move in a column", "Up, Down, Home, End, PgUp, PgDown"),
    ("Go to the partner", "Left, Right"),
    ("Expand, collapse, fold or unfold a block", "+, −, or double-click"),
    ("Details of the selection", "Enter"),
    ("Pin by hand", "drag a row to a row on the other side; or P, arrows, Enter"),
    ("Move a pair to another row", "drag an end of the selected edge"),
    ("Select several rows", "Ctrl+click, Shift+click"),
    ("Scroll · zoom · pan", "wheel · Ctrl+wheel · middle button or Space and drag"),
    ("Clear hover, search or gesture", "Esc"),
    ("DP table: move, look inside, go back", "arrows, Home, End · Enter · Backspace"),
    ("DP table: larger, smaller, whole", "+ · − · 0"),
    ("Player: play, step on, step back, way back", "Space · . · , · W"),
    ("Player: start, end", "Home · End"),
)
"""Keys and gestures of the canvas, the DP table and the player, for the shortcuts sheet."""


def build_action(spec: Action, parent: QObject) -> QAction:
    """Make the Qt action of one row of the table."""
    action = QAction(spec.text, parent)
    action.setObjectName(spec.id)
    action.setCheckable(spec.checkable)
    sequences = spec.sequences()
    action.setShortcuts(sequences)
    keys = sequences[0].toString(QKeySequence.SequenceFormat.NativeText) if sequences else ""
    action.setToolTip(f"{spec.plain_text} ({keys})\n{spec.tip}" if keys else f"{spec.plain_text}\n{spec.tip}")
    if spec.canvas:
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    return action


def build_actions(parent: QObject, handlers: Mapping[str, Callable[..., object]]) -> dict[str, QAction]:
    """Make the actions of the whole table, each joined to its handler.

    Parameters
    ----------
    parent
        Owner of the actions.
    handlers
        What to call, by id; a switch is handed its state, every other action nothing.

    Raises
    ------
    KeyError
        If an action has no handler.
    """
    built: dict[str, QAction] = {}
    for spec in ACTIONS:
        action = build_action(spec, parent)
        handler = handlers[spec.id]
        if spec.checkable:
            action.toggled.connect(handler)
        else:
            action.triggered.connect(_without_checked(handler))
        built[spec.id] = action
    return built


def _without_checked(handler: Callable[..., object]) -> Callable[[bool], None]:
    def call(_checked: bool = False) -> None:
        handler()

    return call


def update_enabled(actions: Mapping[str, QAction], state: WindowState) -> None:
    """Enable what makes sense in `state` and disable the rest."""
    for spec in ACTIONS:
        actions[spec.id].setEnabled(spec.when(state))
