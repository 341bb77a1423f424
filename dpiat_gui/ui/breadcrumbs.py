"""A quiet line below the canvas: where in the module trees the selection is; copying its names."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from dpiat_gui.canvas.columns import Side
from dpiat_gui.canvas.copying import names_text, rows_text
from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection
from dpiat_gui.networks.values import Network
from dpiat_gui.services.theme import Theme
from dpiat_gui.ui.action_values import Action, StandardKey, WindowState
from dpiat_gui.ui.widgets import ElidedLabel

if TYPE_CHECKING:
    from dpiat_gui.ui.main_window import MainWindow
    from dpiat_gui.ui.tab_values import Tab

NOTHING = "Nothing is selected: click a row to see where in its network it is."
_SEPARATOR = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
_LEFT_OUT = "…"

EDIT = "Edit"
"""Heading in the shortcuts sheet."""


def _selected(state: WindowState) -> bool:
    return state.selected


ACTIONS: tuple[Action, ...] = (
    Action(
        "copy_row",
        "Cop&y row",
        EDIT,
        (StandardKey.Copy,),
        "",
        "Copy the selected pairs as text: paths, shapes and scores, separated by tabs.",
        _selected,
        canvas=True,
    ),
    Action(
        "copy_name",
        "Copy na&me",
        EDIT,
        ("Ctrl+Shift+C",),
        "",
        "Copy the module path of what is selected.",
        _selected,
        canvas=True,
    ),
)


def goal_of(network: Network, prefix: str) -> str | None:
    """Return what a part of a path leads to: the block or layer of that path, else the first one below."""
    below = f"{prefix}."
    for block in network.sequence:
        if block.path == prefix:
            return prefix
        for layer in block.layers:
            if layer.path == prefix:
                return prefix
        if block.path.startswith(below):
            return block.path
        first = next((layer.path for layer in block.layers if layer.path.startswith(below)), None)
        if first is not None:
            return first
    return None


class Trail(QWidget):
    """The parts of one path as buttons, the middle ones left out where there is no room."""

    chosen = Signal(str)
    """The path of the part that was pressed."""

    def __init__(self, side: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self._path = ""
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.setDirection(QBoxLayout.Direction.LeftToRight)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def path(self) -> str:
        """The path that is shown."""
        return self._path

    @property
    def parts(self) -> tuple[str, ...]:
        """What is written, from the outermost module inwards."""
        return tuple(button.text() for button in self.findChildren(QToolButton) if button.parent() is self)

    def show_path(self, path: str) -> None:
        """Show a module path; an empty one shows nothing."""
        if path != self._path:
            self._path = path
            self._fill()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many parts as there is room for."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fill()

    def minimumSizeHint(self) -> QSize:
        """Return the height of a line; any width will do."""
        return QSize(40, self.fontMetrics().height() + 6)

    def sizeHint(self) -> QSize:
        """Return the height of a line."""
        return QSize(300, self.fontMetrics().height() + 6)

    def _fill(self) -> None:
        while self._row.count():
            item = self._row.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                # Hidden first: its layout may yet mean to show it, and without a parent it would be
                # shown as a window of its own, which takes the keyboard away.
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        if not self._path:
            return
        self._add_words(f"{self._side.capitalize()}:", "")
        parts = self._path.split(".")
        shown = self._fitting(parts)
        for position, part in enumerate(shown):
            if position:
                self._add_words(_SEPARATOR, "")
            if part is None:
                self._add_words(_LEFT_OUT, self._path)
            else:
                self._add_part(parts[part], ".".join(parts[: part + 1]), last=part == len(parts) - 1)
        self._row.addStretch(1)

    def _fitting(self, parts: Sequence[str]) -> list[int | None]:
        """Return the positions of the parts to show, None for those left out."""
        measure = self.fontMetrics().horizontalAdvance
        room = self.width() - measure(f"{self._side}: ") - 30
        widths = [measure(part) + measure(_SEPARATOR) + 16 for part in parts]
        shown: list[int | None] = list(range(len(parts)))
        first_out = 1
        while sum(widths[i] if i is not None else 24 for i in shown) > room and len(shown) > 2:
            # The innermost part says most, then the outermost.
            shown = [0, None, *range(first_out + 1, len(parts))]
            first_out += 1
        return shown

    def _add_words(self, text: str, tip: str) -> None:
        label = QLabel(text, self)
        label.setProperty("muted", True)
        label.setToolTip(tip)
        self._row.addWidget(label)

    def _add_part(self, text: str, prefix: str, last: bool) -> None:
        button = QToolButton(self)
        button.setText(text)
        button.setProperty("crumb", True)
        button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        button.setToolTip(f"{prefix} is selected" if last else f"Select {prefix}")
        button.setAccessibleName(f"{self._side}: {prefix}")
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(partial(self.chosen.emit, prefix))
        self._row.addWidget(button)


class Breadcrumbs(QWidget):
    """Where the selected source and target are in their networks.

    Parameters
    ----------
    document
        What is selected; a part that is pressed becomes the selection.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.setProperty("breadcrumbs", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Where the selection is")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 1, 10, 1)
        row.setSpacing(12)
        self._nothing = ElidedLabel(NOTHING, mode=Qt.TextElideMode.ElideRight)
        self._nothing.setProperty("muted", True)
        row.addWidget(self._nothing, 1)
        self.trails = {side: Trail(side) for side in ("source", "target")}
        for side, trail in self.trails.items():
            row.addWidget(trail, 1)
            trail.chosen.connect(partial(self._go, side))
        document.selection_changed.connect(self._show)
        self._show(document.selection)

    def _show(self, selection: Selection) -> None:
        paths = {"source": selection.source or "", "target": selection.target or ""}
        for side, trail in self.trails.items():
            trail.setVisible(bool(paths[side]))
            trail.show_path(paths[side])
        self._nothing.setVisible(not any(paths.values()))
        said = [f"{side} {path}" for side, path in paths.items() if path]
        self.setAccessibleDescription(", ".join(said) or NOTHING)

    def _go(self, side: str, prefix: str) -> None:
        document = self._document
        network = document.source if side == "source" else document.target
        goal = goal_of(network, prefix) if network is not None else None
        if goal is not None:
            (document.select_source if side == "source" else document.select_target)(goal)


class BreadcrumbsFeature:
    """The line below the canvas, and the actions that copy what is selected."""

    def __init__(self, window: "MainWindow") -> None:
        self._window = window
        self.line = Breadcrumbs(window.document)
        centre = window.view.parentWidget()
        column = centre.layout() if centre is not None else None
        assert column is not None
        column.addWidget(self.line)
        window.view.copy_requested.connect(self.copy_row)

    def tabs(self) -> "Sequence[Tab]":
        """Return no pages: the line stands below the canvas."""
        return ()

    def handlers(self) -> Mapping[str, Callable[..., object]]:
        """Return what the two actions do."""
        return {"copy_row": self.copy_row, "copy_name": self.copy_name}

    def set_theme(self, theme: Theme) -> None:
        """Draw nothing itself: the style sheet has its colours."""

    def _chosen(self) -> tuple[tuple[str | None, str | None], ...]:
        return self._window.view.multi_selection or (self._window.document.selection.pair,)

    def copy_row(self) -> None:
        """Put the selected pairs on the clipboard, with shapes and scores."""
        self._copy(rows_text(self._window.view.board, self._chosen()), "Copied {} as text.")

    def copy_name(self) -> None:
        """Put the paths of what is selected on the clipboard."""
        self._copy(names_text(self._chosen(), Side(self._window.view.current_side)), "Copied {}.")

    def _copy(self, text: str, words: str) -> None:
        if not text:
            return
        QGuiApplication.clipboard().setText(text)
        lines = text.count("\n") + 1
        self._window.status.say(words.format(text.split("\t")[0] if lines == 1 else f"{lines} rows"))
