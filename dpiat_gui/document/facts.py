"""What there is to know of a selection: dimensions, score, penalty, candidates. Pure functions."""

from dataclasses import dataclass
from math import prod
from operator import itemgetter
from typing import TYPE_CHECKING

from dpiat_gui.document.places import Place, pair_score, places_of
from dpiat_gui.document.selection import Selection
from dpiat_gui.errors import OverrideError
from dpiat_gui.matching.layer_scores import shape_ratios
from dpiat_gui.matching.values import EntryPair, Matching, Overrides, Pair
from dpiat_gui.networks.kinds import CONVOLUTIONS, NORMS, LayerKind
from dpiat_gui.networks.values import Layer

if TYPE_CHECKING:
    from dpiat_gui.matching.tables import ScoreTables

_TRANSPOSED = (LayerKind.CONV_TRANSPOSE1D, LayerKind.CONV_TRANSPOSE2D, LayerKind.CONV_TRANSPOSE3D)
_NEARNESS = 0.05
_KERNEL = {1: ("k",), 2: ("kH", "kW"), 3: ("kD", "kH", "kW")}


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension of two weights.

    Parameters
    ----------
    name
        ``out``, ``in``, ``kH`` ...
    source, target
        Sizes.
    """

    name: str
    source: int
    target: int

    @property
    def ratio(self) -> float:
        """Smaller size by the larger: this dimension's factor of the score."""
        return shape_ratios((self.source,), (self.target,))[0]

    @property
    def meaning(self) -> str:
        """What the ratio is a share of: of the source that is kept, or of the target that is filled."""
        if self.source == self.target:
            return "same"
        return "kept" if self.source > self.target else "filled"


@dataclass(frozen=True)
class Facts:
    """What a selection is.

    Parameters
    ----------
    source, target
        Where both sides stand, None for a side that is not selected.
    pair
        The pair of the two layers, None unless they are matched to each other.
    entry
        The pair of the two entries, None unless they are matched to each other.
    dimensions
        Of two layers that can be compared, by the target's names.
    score
        Score of the two layers or blocks by themselves, matched or not; None for one alone.
    alone
        Of two blocks that are not matched to each other: what their score is made of.
    """

    source: Place | None
    target: Place | None
    pair: Pair | None
    entry: EntryPair | None
    dimensions: tuple[Dimension, ...]
    score: float | None
    alone: EntryPair | None = None

    @property
    def matched(self) -> bool:
        """Whether both sides are matched to each other."""
        return self.pair is not None or (
            self.entry is not None and self.target is not None and self.target.layer is None
        )

    @property
    def is_block(self) -> bool:
        """Whether what is selected is a whole block."""
        place = self.target or self.source
        return place is not None and place.layer is None


@dataclass(frozen=True, slots=True)
class Candidate:
    """Another partner for a row.

    Parameters
    ----------
    source, target
        The pair it would make.
    score
        Score of the pair by itself.
    change
        What pinning it would change in the total score; None where it cannot be, or where nobody has
        worked it out yet.
    reason
        Why it cannot be, else empty.
    """

    source: str
    target: str
    score: float
    change: float | None = None
    reason: str = ""


def dimension_names(layer: Layer) -> tuple[str, ...]:
    """Return what the dimensions of a layer's weight are called."""
    shape = layer.shape or ()
    rank, kind = len(shape), layer.kind
    if kind in CONVOLUTIONS and rank - 2 in _KERNEL:
        channels = ("in", "out") if kind in _TRANSPOSED else ("out", "in")
        groups = layer.attribute("groups")
        if isinstance(groups, int) and groups > 1:
            channels = (channels[0], f"{channels[1]}/g")
        return channels + _KERNEL[rank - 2]
    if kind in (LayerKind.LINEAR, LayerKind.IN_PROJECTION) and rank == 2:
        return ("out", "in")
    if kind is LayerKind.EMBEDDING and rank == 2:
        return ("rows", "size")
    if (kind in NORMS or kind is LayerKind.PRELU) and rank == 1:
        return ("size",) if kind in (LayerKind.LAYER_NORM, LayerKind.RMS_NORM) else ("channels",)
    return tuple(f"dim {at}" for at in range(rank))


def facts_of(matching: Matching, tables: "ScoreTables", selection: Selection) -> Facts:
    """Return the facts of a selection in a matching."""
    layer_types = matching.options.layer_types
    source = places_of(matching.source, layer_types).get(selection.source or "")
    target = places_of(matching.target, layer_types).get(selection.target or "")
    if source is None or target is None:
        return Facts(source, target, None, None, (), None)
    entry = next(
        (pair for pair in matching.entry_pairs if (pair.source, pair.target) == (source.entry, target.entry)),
        None,
    )
    if source.layer is None or target.layer is None:
        both = source.layer is None and target.layer is None
        score = entry.score if entry else block_score(tables, source, target)
        alone = _alone(tables, source, target, score) if both and entry is None and score > 0 else None
        return Facts(source, target, None, entry if both else None, (), score if both else None, alone)
    pair = matching.by_target.get(target.layer.path)
    if pair is not None and pair.source != source.layer.path:
        pair = None
    score = pair_score(source, target, matching.options)
    dimensions = _dimensions(source.layer, target.layer) if score > 0 else ()
    return Facts(source, target, pair, entry, dimensions, score)


def _alone(tables: "ScoreTables", source: Place, target: Place, score: float) -> EntryPair:
    """Return two blocks as they would be matched by themselves."""
    from dpiat_gui.matching.constraints import Constraints
    from dpiat_gui.matching.tables import inner_pairs

    s, t = source.entry, target.entry
    pairs = inner_pairs(tables, Constraints(), s, t, frozenset())
    return EntryPair(s, t, score, 1, pairs, factor=tables.factor(s, t))


def _dimensions(source: Layer, target: Layer) -> tuple[Dimension, ...]:
    names = dimension_names(target)
    shapes = zip(names, source.shape or (), target.shape or (), strict=True)
    return tuple(Dimension(name, s, t) for name, s, t in shapes)


def candidates(
    tables: "ScoreTables", facts: Facts, most: int = 6, overrides: Overrides | None = None
) -> tuple[Candidate, ...]:
    """Return other partners for what is selected, the best first.

    Where the cost of pinning each is known at once, they are ranked by it. Where it would take too
    long they are ranked by score, and by nearness: a good score far up or down the column would
    cost every pair in between, so each entry further away counts as a twentieth of the best score.

    Parameters
    ----------
    tables
        The scores.
    facts
        What is selected. Partners are sources for its target; without one, targets for its
        source.
    most
        How many to return at most.
    overrides
        Those that hold; none if left out.
    """
    at = facts.target or facts.source
    if at is None:
        return ()
    for_target = facts.target is not None
    partner = facts.source if for_target else None
    layer_types = tables.options.layer_types
    networks = (tables.source, tables.target) if for_target else (tables.target, tables.source)
    others, sizes = (
        places_of(networks[0], layer_types),
        [len(net.entries_for(layer_types)) for net in networks],
    )
    # Without a partner, the nearest row is the one as far down its column.
    middle = partner.entry if partner is not None else at.entry * sizes[0] / max(sizes[1], 1)
    found = _weighed(tables, overrides or Overrides(), at.path, for_target=for_target)
    places = [others[one.source if for_target else one.target] for one in found]
    if not found:
        places = [place for place in others.values() if (place.layer is None) == (at.layer is None)]
        pairs = [(place, at) if for_target else (at, place) for place in places]
        found = [Candidate(s.path, t.path, _score(tables, s, t)) for s, t in pairs]
    best = max((one.score for one in found), default=0.0) or 1.0
    ranked = [
        ((one.change is None, -round(one.change or 0.0, 9), _NEARNESS * away - one.score / best), one)
        for one, place in zip(found, places, strict=True)
        if place is not partner and one.score > 0
        for away in (abs(place.entry - middle),)
    ]
    ranked.sort(key=itemgetter(0))
    return tuple(one for _, one in ranked[:most])


def _weighed(tables: "ScoreTables", overrides: Overrides, path: str, *, for_target: bool) -> list[Candidate]:
    """Return all partners of a row with the cost of each, none where to weigh them takes long."""
    # Here and not above: the window paints before it loads NumPy.
    from dpiat_gui.matching.costs import has_quick_costs, pin_costs

    if not has_quick_costs(tables):
        return []
    try:
        if for_target:
            costs = pin_costs(tables, overrides, target=path)
        else:
            costs = pin_costs(tables, overrides, source=path)
    except OverrideError:
        # A method without blocks has no pins of blocks, and overrides that cannot hold no costs.
        return []
    return [Candidate(cost.source, cost.target, cost.score, cost.change, cost.reason) for cost in costs]


def _score(tables: "ScoreTables", source: Place, target: Place) -> float:
    if source.layer is None or target.layer is None:
        return block_score(tables, source, target)
    return pair_score(source, target, tables.options)


def block_score(tables: "ScoreTables", source: Place, target: Place) -> float:
    """Return the score of two blocks by themselves; 0 for a method that knows no blocks."""
    if tables.groups is not None:
        return 0.0
    return float(tables.entries[target.entry, source.entry])


def formula(dimensions: tuple[Dimension, ...]) -> str:
    """Return the score as the product it is: ``88/95 × 504/528 × 1 × 1 = 0.8842``."""
    factors = " × ".join(
        "1" if d.source == d.target else f"{min(d.source, d.target)}/{max(d.source, d.target)}"
        for d in dimensions
    )
    return f"{factors} = {score_text(prod(dimension.ratio for dimension in dimensions))}"


def score_text(score: float) -> str:
    """Return a score with four digits after the point; a smaller one is not called 0."""
    return f"{score:.4f}" if score >= 0.00005 or not score else f"{score:.2g}"
