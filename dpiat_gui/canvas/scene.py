"""The scene: a board drawn as items, and what of it is looked at."""

from dataclasses import dataclass, replace

from dpiat_gui.canvas.attention import Attention
from dpiat_gui.canvas.board import Board
from dpiat_gui.canvas.board_scene import BoardScene
from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.items import WHOLE
from dpiat_gui.canvas.levels import Level
from dpiat_gui.canvas.style import Style

_MOST_LABELS = 24


class MatchScene(BoardScene):
    """Draws a board, and what is selected and pointed at.

    Parameters
    ----------
    board, style
        As for `BoardScene`.
    """

    def __init__(self, board: Board, style: Style) -> None:
        super().__init__(board, style)
        self.attention = Attention()

    def attend(self, **changes: object) -> None:
        """Change what is looked at, by the names of `Attention`."""
        before, now = self.attention, replace(self.attention, **changes)  # type: ignore[arg-type]  # any field
        if now == before:
            return
        self.attention = now
        target = now.target or now.hover_target
        if target is not None and self.board.set_focus(target.entry):
            self.rebuild_edges()
        for side in Side:
            self._show_attention_of_blocks(side, before, now)
        self._show_attention_of_edges()
        self._show_tints()

    def _show_attention_of_blocks(self, side: Side, before: Attention, now: Attention) -> None:
        count = len(self._blocks[side])
        states = [
            _States(self._boxed(state.spot(side)), self._boxed(state.hovered(side)))
            for state in (before, now)
        ]
        touched = {spot.entry for state in states for spot in (state.selected, state.hovered) if spot}
        touched |= {
            self.board.head(side, spot.entry)
            for spot in (before.glow ^ now.glow) | (before.extra ^ now.extra)
            if spot.side is side and spot.entry < count
        }
        glow, extra = self._by_box(side, now.glow), self._by_box(side, now.extra)
        selected, hovered = states[1].selected, states[1].hovered
        for entry in touched:
            self._blocks[side][entry].set_state(
                selected=_row(selected) if selected and selected.entry == entry else None,
                hovered=_row(hovered) if hovered and hovered.entry == entry else None,
                focused=now.focus is side,
                glowing=frozenset(glow.get(entry, ())),
                extra=frozenset(extra.get(entry, ())),
            )

    def _boxed(self, spot: Place | None) -> Place | None:
        """Return the box or row that shows a place; None for one that is no more."""
        if spot is None or spot.entry >= len(self._blocks[spot.side]):
            return None
        head = self.board.head(spot.side, spot.entry)
        return spot if head == spot.entry else Place(spot.side, head)

    def _by_box(self, side: Side, spots: frozenset[Place]) -> dict[int, set[int]]:
        """Return the rows among some places by the entry whose box shows them."""
        found: dict[int, set[int]] = {}
        for spot in spots:
            shown = self._boxed(spot) if spot.side is side else None
            if shown is not None:
                found.setdefault(shown.entry, set()).add(_row(shown))
        return found

    def _show_attention_of_edges(self) -> None:
        state = self.attention
        selected = self._edges_between(state.source, state.target) | self._edges_of_extra()
        hovered = self._edges_between(state.hover_source, state.hover_target)
        rest = 0.28 if hovered else 0.55 if selected else 1.0
        if state.only_selection and (state.source or state.target):
            rest = 0.0
        if state.pulling:
            selected = hovered = frozenset()
            rest = min(rest, 0.35)
        self._edges.lift(selected | hovered, rest)
        labelled = tuple(sorted(hovered or selected))
        shown = labelled if len(labelled) <= _MOST_LABELS else ()
        # One edge alone can be taken by its ends.
        held = tuple(selected) if len(selected) == 1 and not state.extra else ()
        self._labels.show_labels(self._drawing, shown, self._edges.rect(), held)

    def _edges_of_extra(self) -> frozenset[int]:
        """Return the drawn edges of all selected places, where there are several."""
        found: set[int] = set()
        for spot in self.attention.extra:
            partner = self.board.partner(spot) if spot.side is Side.TARGET else None
            if partner is not None:
                found |= self.board.edges_of(partner, spot)
        return frozenset(found)

    def _edges_between(self, source: Place | None, target: Place | None) -> frozenset[int]:
        """Return the drawn edges of a pair, none if a side is missing."""
        return self.board.edges_of(source, target) if source and target else frozenset()

    def _show_tints(self) -> None:
        """Draw what is looked at where blocks do not draw it themselves."""
        if self._levels.level is Level.FULL:
            return
        state, style = self.attention, self.style_
        spots = dict.fromkeys(state.extra, "selection")
        spots |= {spot: "hover" for spot in (state.hover_source, state.hover_target) if spot}
        spots |= {spot: "selection" for spot in (state.source, state.target) if spot}
        colors = [(spot, style.color(name, 0.7)) for spot, name in spots.items()]
        colors += [(spot, style.color("accent", 0.16)) for spot in state.glow]
        # What is looked at may be left from columns that are no more.
        shown = [(self._boxed(spot), color) for spot, color in colors]
        tints = [(self.rect_of(spot), color) for spot, color in shown if spot is not None]
        self._levels.show_tints(tints, style, self.bounds())


@dataclass(frozen=True, slots=True)
class _States:
    """What of one column is looked at, as boxes and rows that are drawn."""

    selected: Place | None
    hovered: Place | None


def _row(spot: Place) -> int:
    return WHOLE if spot.row is None else spot.row
