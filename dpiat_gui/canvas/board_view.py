"""The view of a board: networks and matchings as they are handed over, headings, invitations."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMargins, QPointF, QRectF, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStyle, QWidget

from dpiat_gui.canvas.collector import collector_paused
from dpiat_gui.canvas.columns import Side
from dpiat_gui.canvas.folding import FoldingView
from dpiat_gui.canvas.invitation import Invitation
from dpiat_gui.canvas.layout import Columns
from dpiat_gui.canvas.overlays import HeadingBar, Notice
from dpiat_gui.canvas.style import Style
from dpiat_gui.matching.values import Matching, Similarity
from dpiat_gui.networks.values import Network
from dpiat_gui.services.palettes import Theme

if TYPE_CHECKING:
    from dpiat_gui.transfer.coverage import Coverage

_NOTHING_IN_COMMON = "These networks have no layer types in common: nothing can be matched."


class BoardView(FoldingView):
    """Two columns and the matching between them.

    Notes
    -----
    It draws the values it is handed and keeps zoom, scroll position and expansion when they
    change; it asks for nothing and edits nothing.
    """

    open_requested = Signal(str)
    """The side, ``source`` or ``target``, that a person wants to open a network for."""

    demo_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._headings = HeadingBar(self._column_span, self)
        self._footing = HeadingBar(self._footing_span, self, below=True)
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
        coverage: "Coverage | None" = None,
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
        with collector_paused():
            columns_changed = change()
            self._scene.rebuild()
        if columns_changed:
            self._forget_places()
        if anchor is not None and not columns_changed:
            self._hold(*anchor)
        elif columns_changed:
            self._bar().setValue(0)
        self._show_words()
        self._arrange_overlays()

    def _forget_places(self) -> None:
        """Drop what was looked at in columns that are no more."""
        self._scene.attend(source=None, target=None, hover_source=None, hover_target=None, glow=frozenset())

    def _show_words(self) -> None:
        board = self.board
        between: list[str] = []
        if board.matching is not None:
            between = [board.counts, f"score {board.matching.score:.1f}"]
            if self._similarity is not None:
                between.append(f"similarity {self._similarity.symmetric:.2f}")
        columns = dict(board.columns)
        if self._scene.stage.across:
            self._footing.show_columns({Side.TARGET: columns.pop(Side.TARGET)}, (), self._style)
        self._headings.show_columns(columns, between, self._style)

    # -- overlays -----------------------------------------------------------------------

    def _column_span(self, side: Side) -> tuple[float, float]:
        """Return left side and width of what a heading stands above, on this view."""
        if self._scene.stage.across:
            # The one heading of strips has half of the line, the other half is for words.
            return (
                (14 * self._style.unit, self.width() * 0.45) if side is Side.SOURCE else (self.width(), 0.0)
            )
        left = self._scene.stage.left(side)
        first, last = (
            self.viewportTransform().map(QPointF(x, 0)).x() for x in (left, left + self._scene.columns.width)
        )
        return first + self.viewport().x(), last - first

    def _footing_span(self, side: Side) -> tuple[float, float]:
        return (14 * self._style.unit, self.width() * 0.9) if side is Side.TARGET else (0.0, 0.0)

    def _strip_room(self) -> int:
        """Return the room that is kept outside the columns, in pixels."""
        return 0

    def _arrange_overlays(self) -> None:
        """Put headings, invitations and notices where they belong."""
        nothing = self.board.matching is not None and not self.board.links
        across = self._scene.stage.across
        self._notice.say(_NOTHING_IN_COMMON if nothing else "")
        heading = round(40 * self._style.unit) if any(self.board.columns.values()) else 0
        footing = heading if across else 0
        notice = round(30 * self._style.unit) if nothing else 0
        room = self._strip_room()
        beside, above = (0, room) if across else (room, 0)
        margins = QMargins(beside, heading + notice + above, beside, footing + above)
        if self.viewportMargins() != margins:
            self.setViewportMargins(margins)
        self._headings.setVisible(heading > 0)
        self._headings.setGeometry(0, 0, self.width(), heading)
        self._footing.setVisible(footing > 0)
        self._footing.setGeometry(0, self._foot(), self.width(), footing)
        self._notice.setGeometry(0, heading, self.width(), notice)
        self._arrange_invitations()

    def _foot(self) -> int:
        """Return where what stands below the strips begins."""
        return self.viewport().geometry().bottom() + 1 + self._strip_room()

    def _arrange_invitations(self) -> None:
        columns, across = self.board.columns, self._scene.stage.across
        room = QRectF(self.viewport().geometry())
        for side, invitation in self._invitations.items():
            empty = columns[side] is None or bool(self._loading[side])
            invitation.setVisible(empty)
            if not empty:
                continue
            half = QRectF(room)
            if across:
                half.setHeight(room.height() / 2)
                half.moveTop(room.top() if side is Side.SOURCE else room.center().y())
            elif columns[side.other] is not None and columns[side] is not None:
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
        self._fit_columns()
        super().resizeEvent(event)

    def _fit_columns(self) -> None:
        anchor = self._anchor()
        # As Qt reckons it, whether the bar shows or not: columns must not jump as it comes and goes.
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self)
        room, stage = self.maximumViewportSize(), self._scene.stage
        if stage.across:
            columns = Columns.stacked(room.height() - bar, self._style.unit)
        else:
            columns = Columns.fitting(room.width() - bar, self._style.unit)
        if self._scene.set_stage(replace(stage, columns=columns)) and anchor:
            self._hold(*anchor)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the system's font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and hasattr(self, "_notice"):
            self._style = Style(self._style.theme, self.font())
            self._apply_style()
