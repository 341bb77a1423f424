"""What goes into a matching and what comes out of it, as immutable values."""

from bisect import bisect_right
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from math import sqrt
from typing import Any, NamedTuple

from dpiat_gui.errors import MatchError
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.networks.kinds import SCORED_KINDS
from dpiat_gui.networks.values import Block, Network


@dataclass(frozen=True, slots=True)
class MatchOptions:
    """Options of a matching.

    Parameters
    ----------
    method
        The matcher, one of `dpiat_gui.matching.methods.METHODS`; ``dp`` is the paper's.
    layer_types
        Which kinds score: ``paper`` or ``all`` (see `dpiat_gui.networks.kinds.SCORED_KINDS`).
    exponent
        x of the span penalty ``d ** -x`` for a source that serves d targets, 0 < x < 1.
    seed
        For the matcher ``random``, which draws lots.
    skip_factor
        What a pair of blocks keeps of its score if exactly one of the two has an identity skip,
        0 < factor <= 1; 1 is the paper's.

    Raises
    ------
    MatchError
        If a value has no meaning.
    """

    method: str = "dp"
    layer_types: str = "all"
    exponent: float = 0.5
    seed: int = 0
    skip_factor: float = 1.0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise MatchError(
                f"There is no matcher named {self.method!r}.", f"Use one of: {', '.join(METHODS)}."
            )
        if self.layer_types not in SCORED_KINDS:
            raise MatchError(
                f"There is no set of layer types named {self.layer_types!r}.", "Use paper or all."
            )
        if not 0 < self.exponent < 1:
            raise MatchError(
                f"The exponent must lie between 0 and 1, not {self.exponent}.",
                "The paper's choice is 0.5; only then does a longer span cost per layer and still add up.",
            )
        if not 0 < self.skip_factor <= 1:
            raise MatchError(
                f"The skip factor must lie above 0 and be 1 at the most, not {self.skip_factor}.",
                "1 leaves skips out of the matching; 0.5 is recommended.",
            )
        if not 0 <= self.seed < 2**63:
            raise MatchError(f"The seed {self.seed} is out of range.", "Choose a whole number from 0.")


PRESETS: dict[str, dict[str, Any]] = {
    "paper": {"method": "dp", "layer_types": "paper", "exponent": 0.5, "skip_factor": 1.0},
    "recommended": {"method": "dp", "layer_types": "all", "exponent": 0.5, "skip_factor": 0.5},
}
"""Options of a matching by preset."""


def match_options(preset: str = "recommended", **overrides: Any) -> MatchOptions:
    """Return the options of `preset`, with any named option put in its place.

    Raises
    ------
    MatchError
        If there is no such preset or option.
    """
    if preset not in PRESETS:
        raise MatchError(f"There is no preset named {preset!r}.", f"Use one of: {', '.join(PRESETS)}.")
    unknown = set(overrides) - {option.name for option in fields(MatchOptions)}
    if unknown:
        raise MatchError(
            f"There is no matching option named {sorted(unknown)[0]!r}.",
            f"Use: {', '.join(option.name for option in fields(MatchOptions))}.",
        )
    return MatchOptions(**(PRESETS[preset] | overrides))


@dataclass(frozen=True)
class Overrides:
    """Corrections by hand, by module path; any iterables are accepted.

    Parameters
    ----------
    pins
        Pairs (source, target) that must be matched.
    bans
        Pairs (source, target) that must not be matched.
    fresh
        Targets that keep their own initialisation.
    operators
        Pairs (target, operator): how the transfer cuts what these targets take, in place of the operator
        of its options. The matching only sees that the targets are there.

    Notes
    -----
    A path names a layer or a whole block.
    """

    pins: tuple[tuple[str, str], ...] = ()
    bans: tuple[tuple[str, str], ...] = ()
    fresh: tuple[str, ...] = ()
    operators: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for name in ("pins", "bans"):
            pairs = dict.fromkeys((str(s), str(t)) for s, t in getattr(self, name))
            object.__setattr__(self, name, tuple(pairs))
        object.__setattr__(self, "fresh", tuple(dict.fromkeys(map(str, self.fresh))))
        operators = {str(target): str(operator) for target, operator in self.operators}
        object.__setattr__(self, "operators", tuple(operators.items()))

    def __bool__(self) -> bool:
        return bool(self.pins or self.bans or self.fresh or self.operators)

    def __len__(self) -> int:
        return len(self.pins) + len(self.bans) + len(self.fresh) + len(self.operators)

    def with_pin(self, source: str, target: str) -> "Overrides":
        """Return these overrides with the pair pinned; what contradicts it directly is dropped."""
        pins = tuple(pin for pin in self.pins if pin[1] != target)
        bans = tuple(ban for ban in self.bans if ban != (source, target))
        fresh = tuple(path for path in self.fresh if path != target)
        return replace(self, pins=(*pins, (source, target)), bans=bans, fresh=fresh)

    def with_ban(self, source: str, target: str) -> "Overrides":
        """Return these overrides with the pair banned, and no longer pinned."""
        pins = tuple(pin for pin in self.pins if pin != (source, target))
        return replace(self, pins=pins, bans=(*self.bans, (source, target)))

    def with_fresh(self, target: str) -> "Overrides":
        """Return these overrides with the target left fresh, and no longer pinned."""
        pins = tuple(pin for pin in self.pins if pin[1] != target)
        return replace(self, pins=pins, fresh=(*self.fresh, target))

    def with_operator(self, target: str, operator: str | None) -> "Overrides":
        """Return these overrides with an operator for what the target takes; None for that of the options."""
        others = tuple(pair for pair in self.operators if pair[0] != target)
        return replace(self, operators=others if operator is None else (*others, (target, operator)))

    def without(self, target: str) -> "Overrides":
        """Return these overrides without any that says what the target is matched with.

        How it is cut, if an operator was named for it, is another matter and stays.
        """
        return replace(
            self,
            pins=tuple(pin for pin in self.pins if pin[1] != target),
            bans=tuple(ban for ban in self.bans if ban[1] != target),
            fresh=tuple(path for path in self.fresh if path != target),
        )


class Pair(NamedTuple):
    """Two matched layers.

    A named tuple, unlike the other values: a matching makes hundreds of them, and they are made
    five times as fast.

    Parameters
    ----------
    source, target
        Module paths.
    score
        Score of the two layers, 0 < score <= 1, before any span penalty.
    pinned
        True if an override asks for this very pair.
    span
        Number of targets in the inner span the source layer serves here, zero-score members
        included; the pair's share of its block's score is ``score * span ** -exponent``.
    """

    source: str
    target: str
    score: float
    pinned: bool = False
    span: int = 1


@dataclass(frozen=True, slots=True)
class EntryPair:
    """Two matched entries: two blocks, or two single layers.

    Parameters
    ----------
    source, target
        Positions among `Matching.source_entries` and `Matching.target_entries`.
    score
        The inner score: of the two blocks' layers times `factor`, or of the two layers.
    span
        Number of target entries in the span the source serves, zero-score members included.
    pairs
        The matched layers inside, in target order.
    pinned
        True if an override asks for it: a pin on the blocks, or on layers inside.
    factor
        The skip factor where it applies: exactly one of the two has an identity skip.
    """

    source: int
    target: int
    score: float
    span: int
    pairs: tuple[Pair, ...]
    pinned: bool = False
    factor: float = 1.0


@dataclass(frozen=True)
class Matching:
    """The matching of a source and a target network.

    Parameters
    ----------
    source, target
        The two networks.
    options, overrides
        What was asked for.
    entry_pairs
        Matched entries in target order. Where the method keeps order, sources never decrease, so
        edges never cross; with `flat`, a target block may take from several source blocks.
    score
        Total score, D(S, T) for the dynamic programs: the sum over `entry_pairs` of
        ``score * span ** -exponent``.
    preset
        The preset the options came from: what a transfer of this matching takes its own from.
    """

    source: Network = field(repr=False)
    target: Network = field(repr=False)
    options: MatchOptions
    overrides: Overrides
    entry_pairs: tuple[EntryPair, ...] = field(repr=False)
    score: float
    preset: str = field(default="recommended", compare=False)

    @cached_property
    def source_entries(self) -> tuple[Block, ...]:
        """The source's entries that were matched."""
        return self.source.entries_for(self.options.layer_types)

    @cached_property
    def target_entries(self) -> tuple[Block, ...]:
        """The target's entries that were matched."""
        return self.target.entries_for(self.options.layer_types)

    @property
    def keeps_order(self) -> bool:
        """Whether the method promises that no two pairs cross."""
        return METHODS[self.options.method].keeps_order

    @cached_property
    def crossings(self) -> int:
        """Number of pairs of matched layers that cross each other.

        Layers of the same two blocks cross by their places inside; layers of different blocks
        cross if the blocks do. That one source block serves several targets is no crossing.
        """
        # Here and not above: the window paints before it loads NumPy.
        import numpy as np

        entries = np.array([(entry.source, entry.target, len(entry.pairs)) for entry in self.entry_pairs])
        if not len(entries):
            return 0
        source, target, count = entries.T
        crossed = np.subtract.outer(source, source) * np.subtract.outer(target, target) < 0
        between = int((crossed * np.multiply.outer(count, count)).sum()) // 2
        return between + sum(self._crossings_inside(entry) for entry in self.entry_pairs)

    def _crossings_inside(self, entry: EntryPair) -> int:
        places = [
            {layer.path: place for place, layer in enumerate(entries[at].layers)}
            for entries, at in ((self.source_entries, entry.source), (self.target_entries, entry.target))
        ]
        ordered = sorted(entry.pairs, key=lambda pair: places[1][pair.target])
        return _inversions([places[0][pair.source] for pair in ordered])

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Every matched pair of layers, in target order."""
        return tuple(pair for entry in self.entry_pairs for pair in entry.pairs)

    @cached_property
    def by_target(self) -> dict[str, Pair]:
        """The pair of each matched target layer, by its path."""
        return {pair.target: pair for pair in self.pairs}

    @cached_property
    def by_source(self) -> dict[str, tuple[Pair, ...]]:
        """The pairs of each source layer that gives anything, by its path."""
        found: dict[str, tuple[Pair, ...]] = {}
        for pair in self.pairs:
            found[pair.source] = (*found.get(pair.source, ()), pair)
        return found


@dataclass(frozen=True, slots=True)
class Similarity:
    """Similarity of two architectures (paper, section on the similarity score).

    Parameters
    ----------
    forward
        ``D(S, T) / D(T, T)``.
    backward
        ``D(T, S) / D(S, S)``.
    """

    forward: float
    backward: float

    @property
    def symmetric(self) -> float:
        """Geometric mean of both directions."""
        return sqrt(self.forward * self.backward)


def _inversions(values: list[int]) -> int:
    """Count the pairs that stand in falling order."""
    seen: list[int] = []
    count = 0
    for value in values:
        at = bisect_right(seen, value)
        count += len(seen) - at
        seen.insert(at, value)
    return count
