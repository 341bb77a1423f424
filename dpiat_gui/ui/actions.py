"""Everything the window can do, as data: text, keys, icon, and when it makes sense.

The menus, the toolbar, the shortcuts sheet and the tests read the one table `ACTIONS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

StandardKey = QKeySequence.StandardKey


@dataclass(frozen=True, slots=True)
class WindowState:
    """What is there at the moment; the enabled-when predicates read it.

    Parameters
    ----------
    source, target
        Whether each network is open.
    matching
        Whether both are, and are matched.
    selected
        Whether anything is selected.
    selected_target
        Whether a target layer or block is.
    selected_pair
        Whether both a source and a target are selected.
    overridden
        Whether an override names the selected target.
    overrides
        Whether there is any override.
    can_undo, can_redo
        Whether the undo stack has a step that way.
    problems
        Whether the matching has rows worth a look.
    hits
        Whether the search has hits.
    running
        Whether a job is running that can be cancelled.
    transferring
        Whether a transfer is.
    """

    source: bool = False
    target: bool = False
    matching: bool = False
    selected: bool = False
    selected_target: bool = False
    selected_pair: bool = False
    overridden: bool = False
    overrides: bool = False
    can_undo: bool = False
    can_redo: bool = False
    problems: bool = False
    hits: bool = False
    running: bool = False
    transferring: bool = False


Predicate = Callable[[WindowState], bool]


def _always(_: WindowState) -> bool:
    return True


def _any_network(state: WindowState) -> bool:
    return state.source or state.target


def _matched(state: WindowState) -> bool:
    return state.matching


def _pair(state: WindowState) -> bool:
    return state.matching and state.selected_pair


def _target_row(state: WindowState) -> bool:
    return state.matching and state.selected_target


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the window can do.

    Parameters
    ----------
    id
        Name by which menus, the toolbar and the handlers know it.
    text
        What the menu says; ``&`` marks the mnemonic.
    group
        Heading in the shortcuts sheet.
    keys
        Standard keys and sequences; the first one is shown.
    icon
        Name of an icon in resources/icons, or "".
    tip
        One sentence for the tooltip.
    when
        Whether it makes sense in a given state.
    checkable
        Whether it is a switch.
    canvas
        True if its keys act only while the canvas has the focus, because lists and
        fields need them for themselves.
    """

    id: str
    text: str
    group: str
    keys: tuple[StandardKey | str, ...] = ()
    icon: str = ""
    tip: str = ""
    when: Predicate = _always
    checkable: bool = False
    canvas: bool = False

    @property
    def plain_text(self) -> str:
        """Text without the mnemonic's mark and the dots."""
        return self.text.replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")

    def sequences(self) -> list[QKeySequence]:
        """Return the keys of this platform, each once; standard keys give those of the desktop."""
        found: dict[str, QKeySequence] = {}
        for key in self.keys:
            sequences = QKeySequence.keyBindings(key) if isinstance(key, StandardKey) else [QKeySequence(key)]
            for sequence in sequences:
                found.setdefault(sequence.toString(QKeySequence.SequenceFormat.PortableText), sequence)
        return list(found.values())


FILE, EDIT, MATCH, VIEW, GO, TRANSFER, HELP = (
    "File",
    "Edit",
    "Match",
    "View",
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
        _any_network,
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
        _any_network,
    ),
    Action(
        "save_as",
        "Save project &as…",
        FILE,
        (StandardKey.SaveAs, "Ctrl+Shift+S"),
        "",
        "Save the project under another name.",
        _any_network,
    ),
    Action(
        "export_figure",
        "Export &figure…",
        FILE,
        ("Ctrl+Shift+E",),
        "",
        "Write the whole matching as SVG, PDF or PNG.",
        _matched,
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
        _any_network,
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
        _pair,
    ),
    Action(
        "ban",
        "&Ban selected pair",
        MATCH,
        ("Del",),
        "ban",
        "Never match these two, and solve the rest again.",
        _pair,
        canvas=True,
    ),
    Action(
        "fresh",
        "Leave target &fresh",
        MATCH,
        ("Ctrl+Del",),
        "fresh",
        "Let the selected target keep its own initialisation.",
        _target_row,
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
    Action("rematch", "&Match again", MATCH, ("F5",), "", "Solve the matching again.", _matched),
    Action(
        "next_problem",
        "Next &problem",
        GO,
        ("Alt+Down", "F8"),
        "down",
        "Go to the next row that is unmatched, weak or cropped.",
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
    Action("zoom_in", "Zoom &in", VIEW, (StandardKey.ZoomIn, "Ctrl+="), "zoom-in", "Larger.", _any_network),
    Action("zoom_out", "Zoom &out", VIEW, (StandardKey.ZoomOut,), "zoom-out", "Smaller.", _any_network),
    Action("zoom_reset", "Zoom &100 %", VIEW, ("Ctrl+1",), "", "Natural size.", _any_network),
    Action("fit_all", "&Fit all", VIEW, ("Ctrl+0",), "fit", "Show the whole of both columns.", _any_network),
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
        _any_network,
    ),
    Action(
        "collapse_all",
        "&Collapse all",
        VIEW,
        ("Ctrl+[",),
        "collapse",
        "Show blocks only.",
        _any_network,
    ),
    Action(
        "only_selection_edges",
        "Only e&dges of the selection",
        VIEW,
        ("Ctrl+D",),
        "edges",
        "Hide every edge that does not belong to the selection.",
        _matched,
        checkable=True,
    ),
    Action("full_screen", "F&ull screen", VIEW, ("F11",), "", "Use the whole screen.", checkable=True),
    Action(
        "show_transfer",
        "&Export weights…",
        TRANSFER,
        ("Ctrl+E",),
        "transfer",
        "Show what a transfer would carry over, and where it is written.",
        _matched,
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
        "help", "&Help", HELP, (StandardKey.HelpContents, "F1"), "help", "What the program does, and how."
    ),
    Action("shortcuts", "&Keyboard shortcuts", HELP, ("Ctrl+?", "Ctrl+/"), "", "Every key on one sheet."),
    Action("about", "&About", HELP, (), "", "Version and licence."),
)

BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}

GESTURES: tuple[tuple[str, str], ...] = (
    ("Move in a column", "Up, Down, Home, End, PgUp, PgDown"),
    ("Go to the partner", "Left, Right"),
    ("Expand or collapse a block", "+, −, or double-click"),
    ("Details of the selection", "Enter"),
    ("Pin by hand", "drag a row to a row on the other side"),
    ("Scroll · zoom · pan", "wheel · Ctrl+wheel · middle button or Space and drag"),
    ("Clear hover, search or gesture", "Esc"),
)
"""Keys and gestures of the canvas itself, for the shortcuts sheet."""


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
