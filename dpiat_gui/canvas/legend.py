"""What the colours and lines of the picture mean; only what is present is listed."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from PySide6.QtGui import QColor

from dpiat_gui.canvas.columns import Column, make_column
from dpiat_gui.canvas.marking import WEAK
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import Matching
from dpiat_gui.networks.titles import BlockRole, LayerRole
from dpiat_gui.networks.values import Network
from dpiat_gui.services.palettes import Theme, role_color, score_color

_RAMP_STEPS = 32


class EdgeState(Enum):
    """A way an edge or a row can look; the value is its text in the legend."""

    AUTO = "auto"
    WEAK = "weak, under 0.5"
    SPAN = "one source for several targets"
    CROSSING = "pairs that cross"
    SKIP = "skip on one side only"
    ARC = "skip or branch around layers"
    CROPPED = "cropped: source is larger"
    PADDED = "partly filled"
    PINNED = "pinned by hand"
    BANNED = "banned by hand"
    LEFT_FRESH = "left fresh by hand"
    UNUSED = "unused: gives nothing"
    FRESH = "fresh: takes nothing"


@dataclass(frozen=True)
class Legend:
    """Everything a legend lists.

    Parameters
    ----------
    roles
        Name and colour of every role that is present, layers before blocks.
    ramp
        Colours of scores from 0 to 1; empty if nothing is matched.
    states
        What edges and rows look like, as far as present.
    """

    roles: tuple[tuple[str, QColor], ...]
    ramp: tuple[QColor, ...]
    states: tuple[EdgeState, ...]


def legend(
    source: Network | None, target: Network | None, theme: Theme, matching: Matching | None = None
) -> Legend:
    """Return the legend of two networks, and of their matching if there is one."""
    layer_types = matching.options.layer_types if matching else "all"
    columns = [make_column(network, layer_types) for network in (source, target) if network is not None]
    return legend_of(columns, theme, matching)


def legend_of(columns: Iterable[Column], theme: Theme, matching: Matching | None = None) -> Legend:
    """Return the legend of columns that are drawn."""
    columns = tuple(columns)
    ramp: tuple[QColor, ...] = ()
    if matching is not None and matching.entry_pairs:
        ramp = tuple(score_color(step / (_RAMP_STEPS - 1), theme) for step in range(_RAMP_STEPS))
    states = _states(columns, matching) if matching else ()
    if any(column.network.arcs or any(entry.block.skip for entry in column.entries) for column in columns):
        states = (*states, EdgeState.ARC)
    return Legend(_roles(columns, theme), ramp, states)


def _roles(columns: tuple[Column, ...], theme: Theme) -> tuple[tuple[str, QColor], ...]:
    entries = [entry for column in columns for entry in column.entries]
    present: set[Enum] = {row.role for entry in entries for row in entry.rows}
    blocks = {entry.role for entry in entries if not entry.single}
    ordered = [role for role in LayerRole if role in present]
    named = {role.name for role in ordered}
    # A block of a layer's role, such as a head of one Linear, needs no second line.
    extra = [role for role in BlockRole if role in blocks and role.name not in named]
    return tuple((str(role.value), role_color(role, theme)) for role in (*ordered, *extra))


def _states(columns: tuple[Column, ...], matching: Matching) -> tuple[EdgeState, ...]:
    overrides = matching.overrides
    pairs = matching.pairs
    layerwise = METHODS[matching.options.method].layerwise
    spans = not layerwise and len({entry.source for entry in matching.entry_pairs}) < len(
        matching.entry_pairs
    )
    scored = [{r.layer.path for e in column.entries for r in e.rows if r.scored} for column in columns]
    present = {
        EdgeState.AUTO: any(not pair.pinned for pair in pairs),
        EdgeState.WEAK: any(pair.score < WEAK for pair in pairs),
        EdgeState.SPAN: spans or any(pair.span > 1 for pair in pairs),
        EdgeState.CROSSING: not matching.keeps_order and matching.crossings > 0,
        EdgeState.SKIP: any(entry.factor < 1 for entry in matching.entry_pairs),
        EdgeState.CROPPED: _sizes_differ(matching, 1),
        EdgeState.PADDED: _sizes_differ(matching, -1),
        EdgeState.PINNED: bool(overrides.pins),
        EdgeState.BANNED: bool(overrides.bans),
        EdgeState.LEFT_FRESH: bool(overrides.fresh),
        EdgeState.UNUSED: bool(scored) and bool(scored[0] - matching.by_source.keys()),
        EdgeState.FRESH: len(scored) > 1 and bool(scored[1] - matching.by_target.keys()),
    }
    return tuple(state for state, there in present.items() if there)


def _sizes_differ(matching: Matching, sign: int) -> bool:
    """Tell whether of any pair the source is larger (1), or smaller (-1), in some dimension."""
    for entry in matching.entry_pairs:
        blocks = matching.source_entries[entry.source], matching.target_entries[entry.target]
        shapes = [{layer.path: layer.shape for layer in block.layers} for block in blocks]
        for pair in entry.pairs:
            source, target = shapes[0][pair.source] or (), shapes[1][pair.target] or ()
            if source != target and any(sign * (s - t) > 0 for s, t in zip(source, target, strict=False)):
                return True
    return False
