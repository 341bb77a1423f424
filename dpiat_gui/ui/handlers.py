"""What each action does: the one place where ids of the table meet the controllers."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from dpiat_gui.ui.action_values import WindowState

if TYPE_CHECKING:
    from dpiat_gui.ui.main_window import MainWindow


def handlers_of(window: "MainWindow") -> Mapping[str, Callable[..., object]]:
    """Return what to call for every action, by its id."""
    document, view = window.document, window.view
    return {
        "open_source": partial(window.opening.ask, "source"),
        "open_target": partial(window.opening.ask, "target"),
        "swap": partial(window.editing.attempt, document.swap),
        "demo": partial(window.projects.when_safe, window.opening.open_demo),
        "new_project": window.projects.new,
        "open_project": window.projects.ask_open,
        "save": window.projects.save,
        "save_as": window.projects.save_as,
        "export_figure": window.figures.ask,
        "settings": window.dialogs.show_settings,
        "quit": window.close,
        "undo": document.undo,
        "redo": document.undo_stack.redo,
        "find": window.start_search,
        "find_next": partial(window.search.step, 1),
        "find_previous": partial(window.search.step, -1),
        "pin": partial(window.editing.on_selection, "pin"),
        "ban": partial(window.editing.on_selection, "ban"),
        "fresh": partial(window.editing.on_selection, "fresh"),
        "clear_override": partial(window.editing.on_selection, "clear"),
        "clear_overrides": partial(window.editing.attempt, document.clear_overrides),
        "method": lambda: window.methods.panel.open_below(window.toolbar.method),
        "rematch": partial(window.editing.attempt, document.rematch),
        "next_problem": partial(window.editing.walk, 1),
        "previous_problem": partial(window.editing.walk, -1),
        "next_pane": partial(window.cycle_panes, 1),
        "previous_pane": partial(window.cycle_panes, -1),
        "zoom_in": view.zoom_in,
        "zoom_out": view.zoom_out,
        "zoom_reset": view.zoom_reset,
        "fit_all": view.fit_all,
        "fit_selection": view.fit_selection,
        "expand_all": view.expand_all,
        "collapse_all": view.collapse_all,
        "only_selection_edges": partial(_set_only_selection_edges, window),
        "linked": lambda apart: view.set_layout_mode("linked" if apart else "aligned"),
        "strips": lambda across: view.set_orientation("strips" if across else "columns"),
        "overview": partial(_set_overview, window),
        "fold_runs": view.set_fold_runs,
        "coupled": view.set_coupled,
        "arcs": view.set_arcs_visible,
        "full_screen": window.set_full_screen,
        "show_transfer": window.show_transfer,
        "run_transfer": window.transferring.run,
        "cancel": window.running.cancel,
        "shortcuts": partial(window.dialogs.show_help, shortcuts=True),
        "about": window.dialogs.show_about,
        **{name: handler for feature in window.features for name, handler in feature.handlers().items()},
    }


def _set_only_selection_edges(window: "MainWindow", only: bool) -> None:
    window.view.set_only_selection_edges(only)
    window.settings.set(only_selection_edges=only)


def _set_overview(window: "MainWindow", shown: bool) -> None:
    window.view.set_overview_visible(shown)
    window.settings.set(overview=shown)


def adopt_switches(window: "MainWindow") -> None:
    """Set the switches as they were left, and let them follow what a project sets."""
    view, commands = window.view, window.commands
    commands["only_selection_edges"].setChecked(window.settings.only_selection_edges)
    commands["arcs"].setChecked(view.arcs_visible)
    # The action begins unchecked and the view with strips, so that one of them must be told.
    view.set_overview_visible(window.settings.overview)
    commands["overview"].setChecked(window.settings.overview)
    view.overview_visible_changed.connect(commands["overview"].setChecked)
    commands["coupled"].setChecked(view.coupled)
    view.coupled_changed.connect(commands["coupled"].setChecked)
    view.fold_runs_changed.connect(commands["fold_runs"].setChecked)
    view.only_selection_edges_changed.connect(commands["only_selection_edges"].setChecked)
    view.arcs_visible_changed.connect(commands["arcs"].setChecked)
    view.layout_mode_changed.connect(lambda mode: commands["linked"].setChecked(mode == "linked"))
    view.orientation_changed.connect(lambda laid: commands["strips"].setChecked(laid == "strips"))


def state_of(window: "MainWindow") -> WindowState:
    """Return what is there at the moment, for the enabled-when predicates."""
    document = window.document
    selection, overrides = document.selection, document.overrides
    target = selection.target
    named = {t for _, t in (*overrides.pins, *overrides.bans)} | set(overrides.fresh)
    return WindowState(
        source=document.source is not None,
        target=document.target is not None,
        matching=document.matching is not None,
        selected=bool(selection),
        selected_target=target is not None,
        selected_pair=selection.source is not None and target is not None,
        overridden=target is not None and target in named,
        overrides=bool(overrides),
        can_undo=document.undo_stack.canUndo() or document.solving,
        can_redo=document.undo_stack.canRedo(),
        problems=document.matching is not None and bool(document.problems()),
        hits=bool(window.search.hits),
        running=window.running.busy,
        transferring=window.transferring.running,
    )
