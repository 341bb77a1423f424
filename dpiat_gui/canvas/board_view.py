"""The view of a board: shows networks and matchings, fits, expands, and keeps its place meanwhile."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStyle, QWidget

from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.invitation import Invitation
from dpiat_gui.canvas.layout import Columns
from dpiat_gui.canvas.overlays import HeadingBar, Notice
from dpiat_gui.canvas.scene import MatchScene
from dpiat_gui.canvas.style import Style
from dpiat_gui.canvas.zoom import LARGEST, ZoomView
from dpiat_gui.matching.values import Matching, Similarity
from dpiat_gui.networks.values import Network
from dpiat_gui.services.palettes import LIGHT, Theme
from dpiat_gui.transfer.coverage import Coverage

_NOTHING_IN_COMMON = "These networks have no layer types in common: nothing can be matched."
_MIDDLE = 0.05
"""Share of the view at its upper and lower end in which nothing selected may hide."""


class BoardView(ZoomView):
    """Two columns and the matching between them.

    Notes
    -----
    It draws the values it is handed and keeps zoom, scroll position and expansion when they
    change; it asks for nothing and edits nothing.
    """

    open_requested = Signal(str)
    """The side, ``source`` or ``target``, that a person wants to open a network for."""

    demo_requested = Signal()

    expansion_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style = Style(LIGHT, self.font())
        self.board = Board(self._style.metrics)
        self._scene = MatchScene(self.board, self._style)
        self.setScene(self._scene)
        self._headings = HeadingBar(self._column_span, self)
        self._notice = Notice(self)
        self._invitations = {side: Invitation(side, self) for side in Side}
        self._similarity: Similarity | None = None
        self._loading: dict[Side, str] = dict.fromkeys(Side, "")
        for invitation in self._invitations.values():
            invitation.open_requested.connect(self.open_requested)
            invitation.demo_requested.connect(self.demo_requested)
        self.horizontalScrollBar().valueChanged.connect(self._headings.update)
        self.zoomed.connect(self._on_zoomed)
        self._apply_style()

    # -- what is shown ------------------------------------------------------------------

    def set_networks(self, source: Network | None, target: Network | None, layer_types: str = "all") -> None:
        """Show two networks that are not matched, or one of them, or none."""
        self._keeping_place(lambda: self.board.set_networks(source, target, layer_types))

    def set_matching(
        self,
        matching: Matching | None,
        coverage: Coverage | None = None,
        similarity: Similarity | None = None,
    ) -> None:
        """Show a matching.

        Parameters
        ----------
        matching
            What to show; None keeps the two networks and takes the edges away.
        coverage
            How much of each target layer comes from the source, for the bars of its rows.
        similarity
            Of the two architectures; named between the headings where there is room.
        """
        board = self.board
        if matching is None:
            networks = [column.network if column else None for column in board.columns.values()]
            layer_types = next((c.layer_types for c in board.columns.values() if c), "all")
            self.set_networks(networks[0], networks[1], layer_types)
            return
        self._similarity = similarity
        shares = coverage.by_layer if coverage is not None else None
        self._keeping_place(lambda: board.set_matching(matching, shares))

    def set_loading(self, side: str, name: str | None) -> None:
        """Say on a side which network is being opened; None when it is no longer."""
        self._loading[Side(side)] = name or ""
        self._invitations[Side(side)].set_loading(name or "")
        self._arrange_overlays()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of a theme."""
        if theme is not self._style.theme:
            self._style = Style(theme, self.font())
            self._apply_style()

    def _apply_style(self) -> None:
        self.setBackgroundBrush(self._style.color("canvas"))
        self.board.metrics = self._style.metrics
        self._notice.set_style(self._style)
        for invitation in self._invitations.values():
            invitation.set_style(self._style)
        self.board.refresh()
        self._scene.set_style(self._style)
        self._show_words()
        self._arrange_overlays()

    def _keeping_place(self, change: Callable[[], bool]) -> None:
        """Change the board so that what is looked at stays where it is on the screen."""
        anchor = self._anchor()
        columns_changed = change()
        self._scene.rebuild()
        if columns_changed:
            self._forget_places()
        if anchor is not None and not columns_changed:
            self._hold(*anchor)
        elif columns_changed:
            self.verticalScrollBar().setValue(0)
        self._show_words()
        self._arrange_overlays()

    def _forget_places(self) -> None:
        """Drop what was looked at in columns that are no more."""
        self._scene.attend(source=None, target=None, hover_source=None, hover_target=None, glow=frozenset())

    def _show_words(self) -> None:
        board = self.board
        between: list[str] = []
        if board.matching is not None:
            count = len(board.matching.pairs)
            between = [f"{count} pair{'' if count == 1 else 's'}", f"score {board.matching.score:.1f}"]
            if self._similarity is not None:
                between.append(f"similarity {self._similarity.symmetric:.2f}")
        self._headings.show_columns(board.columns, between, self._style)

    # -- keeping the place --------------------------------------------------------------

    def seen(self) -> QRectF:
        """Return the part of the scene that the view shows."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def _anchor(self) -> tuple[Place, float] | None:
        """Return a place that should not move, and its height on the screen."""
        seen = self.seen()
        chosen = (self._scene.attention.target, self._scene.attention.source)
        for spot in chosen:
            if spot is not None and seen.intersects(self._scene.rect_of(spot)):
                return spot, self._screen_top(spot)
        for side in (Side.TARGET, Side.SOURCE):
            for entry, placed in enumerate(self.board.placed(side)):
                if placed.bottom > seen.top():
                    spot = Place(side, entry)
                    return spot, self._screen_top(spot)
        return None

    def _screen_top(self, spot: Place) -> float:
        return self.viewportTransform().map(self._scene.rect_of(spot).topLeft()).y()

    def _hold(self, spot: Place, screen_top: float) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + round(self._screen_top(spot) - screen_top))

    def reveal(self, spots: Iterable[Place]) -> None:
        """Scroll if any of the places lies outside the middle of the view; the first counts most."""
        rects = [self._scene.rect_of(spot) for spot in spots]
        if not rects:
            return
        seen = self.seen()
        margin = seen.height() * _MIDDLE
        wanted = rects[0].united(rects[-1])
        if wanted.height() > seen.height() - 2 * margin:
            wanted = rects[0]
        if wanted.top() < seen.top() + margin or wanted.bottom() > seen.bottom() - margin:
            x = seen.center().x()
            y = min(wanted.center().y(), wanted.top() + seen.height() / 2 - margin)
            self.centerOn(QPointF(x, y))
        if seen.width() < self._scene.bounds().width():
            first = rects[0]
            if first.left() < seen.left() or first.right() > seen.right():
                self.centerOn(QPointF(first.center().x(), self.seen().center().y()))

    # -- fitting and expanding ----------------------------------------------------------

    def zoom_reset(self) -> None:
        """Go back to 100 %, where the columns fill the width of the view."""
        super().zoom_reset()
        self.centerOn(QPointF(self._scene.bounds().center().x(), self.seen().center().y()))

    def fit_all(self) -> None:
        """Show everything."""
        self.fit(self._scene.bounds())

    def fit_selection(self) -> None:
        """Show the selected pair as large as it gets, or everything if nothing is selected."""
        chosen = [s for s in (self._scene.attention.source, self._scene.attention.target) if s is not None]
        if not chosen:
            self.fit_all()
            return
        blocks = [Place(spot.side, spot.entry) for spot in chosen]
        rect = self._scene.rects_of(blocks)
        # Both columns stay in view: a pair is read across the gap.
        rect.setLeft(0)
        rect.setRight(self._scene.bounds().right())
        self.fit(rect.adjusted(0, -24, 0, 24), LARGEST)

    def expand(self, path: str, side: str | None = None) -> None:
        """Show the rows of a block and of its partners; of either side if none is named."""
        self._set_open(self._blocks_named(path, side), True)

    def collapse(self, path: str, side: str | None = None) -> None:
        """Hide the rows of a block and of its partners."""
        self._set_open(self._blocks_named(path, side), False)

    def expand_all(self) -> None:
        """Show the rows of every block."""
        self._set_open(self.board.everything(), True)

    def collapse_all(self) -> None:
        """Hide the rows of every block."""
        self._set_open(self.board.everything(), False)

    def expanded_paths(self) -> dict[str, tuple[str, ...]]:
        """Return the paths of the expanded blocks by side."""
        found = {}
        for side, column in self.board.columns.items():
            entries = sorted(self.board.expanded[side])
            found[side.value] = tuple(column.entries[i].path for i in entries) if column else ()
        return found

    def view_state(self) -> dict[str, Any]:
        """Return zoom, scroll position and what is expanded, as plain values to keep or go back to."""
        return {
            "zoom": self.zoom,
            "across": self.horizontalScrollBar().value(),
            "down": self.verticalScrollBar().value(),
            "expanded": {side: list(paths) for side, paths in self.expanded_paths().items()},
        }

    def restore_view_state(self, state: Mapping[str, Any]) -> None:
        """Go back to what `view_state` returned; what is missing or makes no sense is left as it is."""
        expanded = state.get("expanded")
        if isinstance(expanded, Mapping):
            self.board.expand(self.board.everything(), open_them=False)
            for side in Side:
                paths = expanded.get(side.value)
                named = [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []
                spots = [spot for path in named if (spot := self.board.find(side, path)) is not None]
                self.board.expand(spots, partners=False)
            self._scene.rebuild()
            self.expansion_changed.emit()
        if isinstance(state.get("zoom"), int | float):
            self.set_zoom(float(state["zoom"]))
        for name, bar in (("across", self.horizontalScrollBar()), ("down", self.verticalScrollBar())):
            if isinstance(state.get(name), int):
                bar.setValue(state[name])

    def _blocks_named(self, path: str, side: str | None) -> list[Place]:
        sides = [Side(side)] if side else list(Side)
        return [spot for one in sides if (spot := self.board.find(one, path)) is not None]

    def _set_open(self, spots: Iterable[Place], open_them: bool, held: Place | None = None) -> None:
        """Expand or collapse blocks; a held place stays where it is on the screen."""
        anchor = (held, self._screen_top(held)) if held else self._anchor()
        if not self.board.expand(spots, open_them):
            return
        self._scene.rebuild()
        if anchor is not None:
            self._hold(*anchor)
        self.expansion_changed.emit()

    # -- overlays -----------------------------------------------------------------------

    def _column_span(self, side: Side) -> tuple[float, float]:
        """Return left side and width of a column on the screen."""
        left = self._scene.left(side)
        first, last = (
            self.viewportTransform().map(QPointF(x, 0)).x() for x in (left, left + self._scene.columns.width)
        )
        return first, last - first

    def _arrange_overlays(self) -> None:
        """Put headings, invitations and notices where they belong."""
        nothing = self.board.matching is not None and not self.board.links
        self._notice.say(_NOTHING_IN_COMMON if nothing else "")
        heading = round(40 * self._style.unit) if any(self.board.columns.values()) else 0
        notice = round(30 * self._style.unit) if nothing else 0
        if self.viewportMargins().top() != heading + notice:
            self.setViewportMargins(0, heading + notice, 0, 0)
        self._headings.setVisible(heading > 0)
        self._headings.setGeometry(0, 0, self.width(), heading)
        self._notice.setGeometry(0, heading, self.width(), notice)
        columns = self.board.columns
        room = QRectF(self.viewport().geometry())
        for side, invitation in self._invitations.items():
            empty = columns[side] is None or bool(self._loading[side])
            invitation.setVisible(empty)
            if not empty:
                continue
            half = QRectF(room)
            if columns[side.other] is not None and columns[side] is not None:
                half.setLeft(self._column_span(side)[0])
                half.setWidth(self._column_span(side)[1])
            elif side is Side.SOURCE:
                half.setRight(room.center().x())
            else:
                half.setLeft(room.center().x())
            invitation.stand_in(half.adjusted(12, 12, -12, -12))
            invitation.raise_()

    def _on_zoomed(self, zoom: float) -> None:
        self._scene.set_scale(zoom)
        self._headings.update()
        self._arrange_overlays()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the columns fill the width at 100 %."""
        anchor = self._anchor()
        # As Qt reckons it, whether the bar shows or not: columns must not jump as it comes and goes.
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self)
        room = self.maximumViewportSize().width() - bar
        if self._scene.set_columns(Columns.fitting(room, self._style.unit)) and anchor:
            self._hold(*anchor)
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the system's font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and hasattr(self, "_notice"):
            self._style = Style(self._style.theme, self.font())
            self._apply_style()
            self.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
