"""Features of the window that stand on their own: each brings its tabs, its actions and its wiring.

A feature is built once, after the panels and before the actions. It listens to the document and
asks the window's controllers for what it needs; the window knows none of them by name. To add one:
write a module with a class like `Feature`, list its class in `features`, and put the rows of its
actions among `FEATURE_ACTIONS`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from dpiat_gui.services.theme import Theme
from dpiat_gui.ui import (
    breadcrumbs,
    correcting,
    dp_table,
    explaining,
    health,
    ledger,
    operator_menu,
    reports,
    tensors,
    tours,
)
from dpiat_gui.ui.action_values import Action
from dpiat_gui.ui.tab_values import Tab

if TYPE_CHECKING:
    from dpiat_gui.ui.main_window import MainWindow


class Feature(Protocol):
    """What the window asks of every feature."""

    def tabs(self) -> Sequence[Tab]:
        """Return the pages it adds; none for a feature without one."""
        ...

    def handlers(self) -> Mapping[str, Callable[..., object]]:
        """Return what to call for each of its actions, by the action's id."""
        ...

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        ...


FEATURE_ACTIONS: tuple[Action, ...] = (
    *breadcrumbs.ACTIONS,
    *correcting.ACTIONS,
    *operator_menu.ACTIONS,
    *health.ACTIONS,
    *ledger.ACTIONS,
    *tensors.ACTIONS,
    *dp_table.ACTIONS,
    *reports.ACTIONS,
    *tours.ACTIONS,
)
"""Rows of the table of actions that belong to features."""


def features(window: "MainWindow") -> tuple[Feature, ...]:
    """Build all features, in the order their tabs stand in."""
    checks = health.HealthFeature(window)
    return (
        breadcrumbs.BreadcrumbsFeature(window),
        correcting.CorrectingFeature(window),
        operator_menu.OperatorMenuFeature(window),
        ledger.LedgerFeature(window),
        checks,
        tensors.TensorsFeature(window),
        dp_table.DpTableFeature(window),
        reports.ReportFeature(window, lambda: checks.current_report),
        tours.TourFeature(window),
        explaining.ExplainingFeature(window),
    )
