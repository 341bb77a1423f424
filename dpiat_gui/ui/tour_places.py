"""Where in the window the things are that tours point at."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QAbstractButton, QScrollArea, QTableView, QToolButton, QWidget

from dpiat_gui.canvas.columns import Side
from dpiat_gui.ui.tour_values import Place

if TYPE_CHECKING:
    from dpiat_gui.canvas.scene import MatchScene
    from dpiat_gui.ui.main_window import MainWindow


def widget(found: Callable[["MainWindow"], QWidget | None]) -> Place:
    """Point at a widget."""

    def at(window: "MainWindow") -> QRect | None:
        one = found(window)
        return rect_in(window, one) if one is not None and one.isVisible() else None

    return at


def button(text: str) -> Place:
    """Point at the first button that can be pressed now, by its text or its accessible name."""

    def at(window: "MainWindow") -> QRect | None:
        for one in window.findChildren(QAbstractButton):
            named = text in (one.text().replace("&", ""), one.accessibleName())
            if named and one.isEnabled() and one.isVisible() and not one.visibleRegion().isEmpty():
                return rect_in(window, one)
        return None

    return at


def candidate_pin(window: "MainWindow") -> QRect | None:
    """Point at the button that pins the first of the other partners, scrolled into sight."""
    inspector = window.inspector
    for one in inspector.candidates.findChildren(QAbstractButton):
        if one.isEnabled() and one.isVisible():
            if one.visibleRegion().isEmpty():
                holder = window.side_tabs.currentWidget()
                if isinstance(holder, QScrollArea):
                    holder.ensureWidgetVisible(inspector.candidates)
            return rect_in(window, one) if not one.visibleRegion().isEmpty() else None
    return None


def tab(name: str) -> Place:
    """Point at the tab of a feature's page; at the arrow that leads to it where the tabs have no room."""

    def at(window: "MainWindow") -> QRect | None:
        rect, bar = window.pages.tab_rect(name), window.tabs.tabBar()
        arrows = [one for one in bar.findChildren(QToolButton) if one.isVisible()]
        if rect is None or not arrows:
            return rect
        places = sorted((rect_in(window, one) for one in arrows), key=QRect.left)
        room = rect_in(window, bar)
        room.setRight(places[0].left() - 1)
        if room.contains(rect):
            return rect
        return places[-1 if rect.right() > room.right() else 0]

    return at


def canvas(window: "MainWindow") -> QRect | None:
    """Point at the whole drawing."""
    return rect_in(window, window.view.viewport())


def block_of_target(window: "MainWindow") -> QRect | None:
    """Point at the block of the target that `matched_block` names."""
    path = matched_block(window)
    return row_rect(window, Side.TARGET, path) if path else None


def matched_block(window: "MainWindow") -> str | None:
    """Return the first block of the target that is matched and wholly in sight."""
    matching = window.document.matching
    if matching is None:
        return None
    for pair in matching.entry_pairs:
        block = matching.target_entries[pair.target]
        if not block.single and row_rect(window, Side.TARGET, block.path) is not None:
            return block.path
    return None


def show_a_block(window: "MainWindow") -> None:
    """Bring a matched block of the target into sight, closed and not chosen: a click on it counts."""
    document, view = window.document, window.view
    document.clear_selection()
    path = matched_block(window)
    if path is not None:
        view.collapse(path, Side.TARGET.value)
        return
    matching = document.matching
    blocks = [matching.target_entries[pair.target] for pair in matching.entry_pairs] if matching else []
    first = next((block.path for block in blocks if not block.single), None)
    if first is not None:
        # The pairs need less height than the panes that borrow it.
        window.tabs.setCurrentWidget(window.pairs)
        view.collapse_all()
        document.select_target(first)
        document.clear_selection()


def row_rect(window: "MainWindow", side: Side, path: str) -> QRect | None:
    """Return where a row of the canvas is, None if it is not wholly in sight."""
    view = window.view
    place = view.board.find(side, path)
    if place is None:
        return None
    rect = view.mapFromScene(cast("MatchScene", view.scene()).rect_of(place)).boundingRect()
    if not view.viewport().rect().adjusted(0, 4, 0, -4).contains(rect):
        return None
    return QRect(view.viewport().mapTo(window, rect.topLeft()), rect.size())


def other_row(found: Callable[["MainWindow"], QTableView]) -> Place:
    """Point at the first row of a table that is in sight and not chosen."""

    def at(window: "MainWindow") -> QRect | None:
        table = found(window)
        room = table.viewport().rect()
        row = max(table.rowAt(0), 0)
        while table.isVisible() and row < table.model().rowCount():
            rect = table.visualRect(table.model().index(row, 0))
            if rect.bottom() > room.bottom():
                break
            if rect.top() >= 0 and not table.selectionModel().isRowSelected(row):
                line = QRect(0, rect.top(), room.width(), rect.height())
                return QRect(table.viewport().mapTo(window, line.topLeft()), line.size())
            row += 1
        return None

    return at


def rect_in(window: "MainWindow", one: QWidget) -> QRect:
    """Return the visible part of a widget in the window's pixels."""
    shown = one.visibleRegion().boundingRect()
    rect = shown if not shown.isEmpty() else one.rect()
    return QRect(one.mapTo(window, rect.topLeft()), rect.size()).intersected(
        QRect(QPoint(0, 0), window.size())
    )
