"""The switches that arrange the picture, as rows of the table of actions."""

from dpiat_gui.ui.action_values import Action, any_network

VIEW = "View"
"""Heading in the shortcuts sheet."""

SWITCHES: tuple[Action, ...] = (
    Action(
        "fold_runs",
        "Fold e&qual blocks",
        VIEW,
        ("F4",),
        "",
        "Draw a run of equal blocks as one box that says how many there are; a double-click opens it.",
        any_network,
        checkable=True,
    ),
    Action(
        "coupled",
        "Open part&ners too",
        VIEW,
        ("Shift+F4",),
        "",
        "Let a block's partners open, close and fold with it; otherwise each block by itself.",
        any_network,
        checkable=True,
    ),
    Action(
        "linked",
        "Columns scroll a&part",
        VIEW,
        ("F7",),
        "linked",
        "Linked layout: no gaps, and matched rows meet in the middle of the window.",
        any_network,
        checkable=True,
    ),
    Action(
        "strips",
        "As s&trips",
        VIEW,
        ("Shift+F7",),
        "strips",
        "Lay the networks as two strips, the source above the target, as in the paper's figure.",
        any_network,
        checkable=True,
    ),
    Action(
        "overview",
        "O&verview strips",
        VIEW,
        ("F9",),
        "",
        "Show all of either network beside its column; click there to jump.",
        checkable=True,
    ),
    Action(
        "arcs",
        "S&kips and branches",
        VIEW,
        ("Shift+F9",),
        "",
        "Draw skips and branches outside the columns, where they are known.",
        checkable=True,
    ),
)
"""Each is set as the view stands and follows it."""
