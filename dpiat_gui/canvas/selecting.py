"""Selecting rows and pairs, one or several, and telling a screen reader."""

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from dpiat_gui.canvas.annotating import AnnotatingView
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.details import describe_plain
from dpiat_gui.canvas.navigation import shown_places

PathChoice = tuple[str | None, str | None]
"""Paths of a source and a target; None for a side where nothing is."""


class SelectingView(AnnotatingView):
    """A board whose rows, blocks and pairs can be selected."""

    selected = Signal(object, object)
    """Paths of source and target, None for a side without one, after a person chose them."""

    multi_selected = Signal(object)
    """The pairs of a selection of several rows, after a person changed it with Ctrl or Shift: a tuple
    of (source, target) paths, None for a side without a partner. Empty once a single one is selected."""

    only_selection_edges_changed = Signal(bool)
    """Whether only the edges of the selection are drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Matching of two networks")
        self._paths: PathChoice = (None, None)
        self._several: tuple[PathChoice, ...] = ()
        self._side = Side.TARGET

    @property
    def selection(self) -> tuple[str | None, str | None]:
        """The selected paths of source and target."""
        return self._paths

    @property
    def current_side(self) -> str:
        """The side the keyboard moves in: ``source`` or ``target``."""
        return self._side.value

    def set_selection(self, source_path: str | None, target_path: str | None) -> None:
        """Select a pair, or one place, by path; scroll only if it cannot be seen well."""
        if (source_path, target_path) == self._paths:
            return
        self._paths = (source_path, target_path)
        self.set_multi_selection(())
        # Who goes somewhere wants to see it.
        self.unfold_at(self._selected_places())
        self._show_selection(scroll=True)

    @property
    def multi_selection(self) -> tuple[PathChoice, ...]:
        """The pairs of a selection of several rows; empty where a single one, or nothing, is selected."""
        return self._several

    def set_multi_selection(self, pairs: Iterable[PathChoice]) -> None:
        """Draw several pairs of paths as selected, beside the one that the keyboard is at."""
        self._several = tuple(pairs)
        self._show_several()

    def _show_several(self) -> None:
        spots = (
            self.board.find(side, path)
            for pair in self._several
            for side, path in zip(Side, pair, strict=True)
        )
        self._scene.attend(extra=frozenset(spot for spot in spots if spot is not None))

    @property
    def only_selection_edges(self) -> bool:
        """Whether only the edges of the selection are drawn."""
        return self._scene.attention.only_selection

    def set_only_selection_edges(self, only: bool) -> None:
        """Hide every edge that does not belong to the selection; with nothing selected all are shown."""
        if only != self.only_selection_edges:
            self._scene.attend(only_selection=only)
            self.only_selection_edges_changed.emit(only)

    def select(self, spot: Place | None, partner: Place | None = None) -> None:
        """Select a place with a partner, its own if None is given, and tell the window.

        Parameters
        ----------
        spot
            The place; None clears the selection.
        partner
            What it is paired with.
        """
        self._forget_several()
        if spot is None:
            self._choose((None, None))
            return
        self._side = spot.side
        self._choose(self._paths_at(spot, partner))

    def _paths_at(self, spot: Place, partner: Place | None = None) -> PathChoice:
        """Return the paths of a place and of what it is paired with."""
        partner = partner or self.board.partner(spot)
        ends = {spot.side: self.board.path(spot)}
        if partner is not None:
            ends[partner.side] = self.board.path(partner)
        return ends.get(Side.SOURCE), ends.get(Side.TARGET)

    def _forget_several(self) -> None:
        if self._several:
            self.set_multi_selection(())
            self.multi_selected.emit(())

    def select_further(self, spot: Place, through: bool = False) -> None:
        """Add a place with its partner to the selection, or take it out.

        Parameters
        ----------
        spot
            The place.
        through
            Add all that is shown between where the keyboard is and the place, rather than one.
        """
        here = self.current()
        if here is None or (through and here.side is not spot.side):
            self.select(spot)
            return
        several = list(self._several or ([self._paths] if here is not None else []))
        if through:
            shown = shown_places(self.board, spot.side)
            ends = sorted((shown.index(self.board.shown(here)), shown.index(self.board.shown(spot))))
            between = shown[ends[0] : ends[1] + 1]
            rows = [one for one in between if one.row is not None or not self._shows_rows(one)]
            several = list(dict.fromkeys([*several, *map(self._paths_at, rows)]))
        else:
            pair = self._paths_at(spot)
            several = [one for one in several if one != pair] if pair in several else [*several, pair]
        self._side = spot.side
        self._choose(self._paths_at(spot))
        self.set_multi_selection(several)
        self.multi_selected.emit(self._several)

    def _shows_rows(self, spot: Place) -> bool:
        return self.board.placed(spot.side)[spot.entry].expanded

    def _choose(self, paths: PathChoice) -> None:
        changed = paths != self._paths
        self._paths = paths
        self._show_selection(scroll=True)
        if changed:
            self.selected.emit(*paths)

    def _selected_places(self) -> list[Place]:
        found = (self.board.find(side, path) for side, path in zip(Side, self._paths, strict=True))
        return [spot for spot in found if spot is not None]

    def _show_selection(self, scroll: bool) -> None:
        source, target = (self.board.find(side, path) for side, path in zip(Side, self._paths, strict=True))
        if (source if self._side is Side.SOURCE else target) is None and (source or target):
            self._side = Side.SOURCE if source else Side.TARGET
        self._scene.attend(source=source, target=target, focus=self._focused_side())
        ordered = (source, target) if self._side is Side.SOURCE else (target, source)
        if scroll:
            self.reveal([self.board.shown(spot) for spot in ordered if spot is not None])
        self._say(describe_plain(self.board, source, target))

    def _say(self, words: str) -> None:
        """Let a screen reader say what the keyboard is at: the picture has no widgets of its own."""
        changed = words != self.accessibleDescription()
        self.setAccessibleDescription(words)
        if changed and words and self.hasFocus() and QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def _focused_side(self) -> Side | None:
        return self._side if self.hasFocus() else None

    def _forget_places(self) -> None:
        super()._forget_places()
        # The columns are new, but the paths may still mean something in them.
        self._show_selection(scroll=False)
        self._show_several()

    def current(self) -> Place | None:
        """Return the place the keyboard is at."""
        return self._scene.attention.spot(self._side)
