"""Overrides by path become constraints by position; what cannot hold is refused with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property

from dpiat_gui.errors import OverrideError
from dpiat_gui.matching.layer_scores import layer_score, layer_type
from dpiat_gui.matching.methods import METHODS, Method, Rule
from dpiat_gui.matching.values import MatchOptions, Overrides
from dpiat_gui.networks.values import Block, Layer

_BAN_HINT = "Clear the ban first."

Matched = tuple[float, tuple[tuple[int, int, float, int], ...]]
"""Score of two entries and their matched layers: source, target, score, span length."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path stands in a sequence: an entry, and a layer inside it unless it names the whole entry."""

    entry: int
    layer: int | None


@dataclass(frozen=True)
class Side:
    """One network's sequence, with every path's place in it."""

    name: str
    entries: Sequence[Block]

    @cached_property
    def places(self) -> dict[str, Place]:
        """The place of every path; a layer's path goes before a block's of the same name."""
        places: dict[str, Place] = {}
        for position, block in enumerate(self.entries):
            if block.single:
                places[block.layers[0].path] = Place(position, None)
            else:
                for index, layer in enumerate(block.layers):
                    places[layer.path] = Place(position, index)
        for position, block in enumerate(self.entries):
            places.setdefault(block.path, Place(position, None))
        return places

    def place(self, path: str) -> Place:
        """Return the place of a path.

        Raises
        ------
        OverrideError
            If the sequence has no such path.
        """
        found = self.places.get(path)
        if found is None:
            near = get_close_matches(path, self.places, n=3)
            hint = f"Did you mean {' or '.join(near)}?" if near else "Use the path of a layer or a block."
            raise OverrideError(f"{self.name} has no layer or block {path!r}.", hint)
        return found

    def layer(self, place: Place) -> Layer:
        """Return the layer at a place; of a single entry, its one layer."""
        return self.entries[place.entry].layers[place.layer or 0]

    def is_block(self, place: Place) -> bool:
        """Whether the place is a whole block rather than a layer."""
        return place.layer is None and not self.entries[place.entry].single


@dataclass
class InnerConstraints:
    """Constraints inside one pair of blocks, by layer position."""

    pins: dict[int, int] = field(default_factory=dict)
    bans: set[tuple[int, int]] = field(default_factory=set)


@dataclass
class Constraints:
    """What a set of overrides means for the two phases of the matching.

    Parameters
    ----------
    pins
        Target entry -> source entry.
    bans
        (source entry, target entry) that score 0.
    fresh
        Target entries that score 0.
    inner
        By (source entry, target entry), constraints on their layers.
    fresh_layers
        By target entry, layers that score 0 with every source.
    solved
        Pairs of entries that were matched under these constraints, for whoever asks again.
    """

    pins: dict[int, int] = field(default_factory=dict)
    bans: set[tuple[int, int]] = field(default_factory=set)
    fresh: set[int] = field(default_factory=set)
    inner: dict[tuple[int, int], InnerConstraints] = field(default_factory=dict)
    fresh_layers: dict[int, set[int]] = field(default_factory=dict)
    solved: dict[tuple[int, int], Matched] = field(default_factory=dict, repr=False, compare=False)

    def __bool__(self) -> bool:
        return bool(self.pins or self.bans or self.fresh or self.inner or self.fresh_layers)

    def inside(self, source: int, target: int) -> InnerConstraints:
        """Return the constraints inside a pair of blocks, made on first use."""
        return self.inner.setdefault((source, target), InnerConstraints())


def resolve(source: Side, target: Side, overrides: Overrides, options: MatchOptions) -> Constraints:
    """Translate overrides into constraints, pins last and in their order.

    Raises
    ------
    OverrideError
        If a path is unknown, a pinned pair scores 0, or two overrides cannot both hold; the
        message names the override in the way.
    """
    constraints = Constraints()
    for path, _ in overrides.operators:
        target.place(path)  # nothing is matched by them, but one for a target that is not there is a mistake
    for path in overrides.fresh:
        place = target.place(path)
        if place.layer is None:
            constraints.fresh.add(place.entry)
        else:
            constraints.fresh_layers.setdefault(place.entry, set()).add(place.layer)
    for pair in overrides.bans:
        _add_ban(constraints, source, target, *pair)
    placed: list[tuple[str, str]] = []
    for pair in overrides.pins:
        reason = pin_problem(constraints, source, target, placed, *pair, options)
        if reason:
            raise reason
        _add_pin(constraints, source.place(pair[0]), target.place(pair[1]))
        placed.append(pair)
    return constraints


def _add_ban(
    constraints: Constraints, source: Side, target: Side, source_path: str, target_path: str
) -> None:
    s, t = source.place(source_path), target.place(target_path)
    if s.layer is None and t.layer is None:
        constraints.bans.add((s.entry, t.entry))
    elif s.layer is not None and t.layer is not None:
        constraints.inside(s.entry, t.entry).bans.add((s.layer, t.layer))
    elif source.is_block(s) != target.is_block(t):
        raise OverrideError(
            f"{source_path} → {target_path} cannot be banned: one is a block, the other a layer.",
            "Ban two blocks, or two layers.",
        )
    # What is left is a layer inside a block and one by itself: they never match anyway.


def _add_pin(constraints: Constraints, s: Place, t: Place) -> None:
    constraints.pins[t.entry] = s.entry
    if s.layer is not None and t.layer is not None:
        constraints.inside(s.entry, t.entry).pins[t.layer] = s.layer


def pin_problem(
    constraints: Constraints,
    source: Side,
    target: Side,
    placed: Sequence[tuple[str, str]],
    source_path: str,
    target_path: str,
    options: MatchOptions,
    *,
    scored: bool = False,
) -> OverrideError | None:
    """Return why a pin cannot hold beside the constraints there are, None if it can.

    Parameters
    ----------
    constraints
        Everything that holds already.
    source, target
        The two sequences.
    placed
        The pins among the constraints, by path, to name the one in the way.
    source_path, target_path
        The pair to pin.
    options
        Of the matching: which kinds score, and what pairs may do.
    scored
        True if the pair is known to score by itself, so that nobody need find out.
    """
    try:
        s, t = source.place(source_path), target.place(target_path)
    except OverrideError as error:
        return error
    return (
        (None if scored else _score_problem(source, target, s, t, options.layer_types))
        or _ban_problem(constraints, source, target, s, t)
        or _conflict(source, target, placed, (source_path, target_path), METHODS[options.method])
    )


def _score_problem(source: Side, target: Side, s: Place, t: Place, layer_types: str) -> OverrideError | None:
    what = f"{_called(source, s)} cannot be matched to {_called(target, t)}"
    if source.is_block(s) != target.is_block(t):
        return OverrideError(f"{what}: one is a block, the other a layer.", "Pin two blocks, or two layers.")
    if source.is_block(s):
        layers = source.entries[s.entry].layers, target.entries[t.entry].layers
        types = [{layer_type(layer, layer_types) for layer in side} - {None} for side in layers]
        if types[0] & types[1] and any(layer_score(a, b, layer_types) for a in layers[0] for b in layers[1]):
            return None
        return OverrideError(f"{what}: they have no layers of the same type.", "Choose another block.")
    inside_block = source.entries[s.entry].single, target.entries[t.entry].single
    if inside_block[0] != inside_block[1]:
        return OverrideError(
            f"{what}: only one of them stands inside a block, and a block never matches a single layer.",
            "Standardize with the method flatten to match them.",
        )
    a, b = source.layer(s), target.layer(t)
    if layer_score(a, b, layer_types) > 0:
        return None
    for layer in (a, b):
        if layer_type(layer, layer_types) is None:
            known = (
                "it has no weight"
                if layer.weight is None
                else f"the layer types {layer_types!r} do not score it"
            )
            return OverrideError(
                f"{what}: {layer.path} is of kind {layer.kind.value}, and {known}.", "Choose another layer."
            )
    if layer_type(a, layer_types) != layer_type(b, layer_types):
        reason = f"one is a {a.kind.value}, the other a {b.kind.value}"
    else:
        reason = f"their weights have {len(a.shape or ())} and {len(b.shape or ())} dimensions"
    return OverrideError(f"{what}: {reason}.", "Choose a layer of the same type.")


def _called(side: Side, place: Place) -> str:
    return side.entries[place.entry].path if place.layer is None else side.layer(place).path


def _ban_problem(
    constraints: Constraints, source: Side, target: Side, s: Place, t: Place
) -> OverrideError | None:
    pair = f"{_called(source, s)} → {_called(target, t)}"
    if t.entry in constraints.fresh:
        return OverrideError(
            f"{pair} cannot be pinned: {target.entries[t.entry].path} is left fresh by hand.",
            "Clear that override first.",
        )
    if t.layer is not None and t.layer in constraints.fresh_layers.get(t.entry, ()):
        return OverrideError(
            f"{pair} cannot be pinned: {target.layer(t).path} is left fresh by hand.",
            "Clear that override first.",
        )
    if (s.entry, t.entry) in constraints.bans:
        blocks = f"{source.entries[s.entry].path} → {target.entries[t.entry].path}"
        return OverrideError(f"{pair} cannot be pinned: {blocks} is banned.", _BAN_HINT)
    inner = constraints.inner.get((s.entry, t.entry))
    if inner and s.layer is not None and (s.layer, t.layer) in inner.bans:
        return OverrideError(f"{pair} cannot be pinned: it is banned.", _BAN_HINT)
    return None


def _conflict(
    source: Side, target: Side, placed: Sequence[tuple[str, str]], pair: tuple[str, str], method: Method
) -> OverrideError | None:
    s, t = source.place(pair[0]), target.place(pair[1])
    ordered = method.entries is Rule.ORDERED
    for other in placed:
        other_s, other_t = source.place(other[0]), target.place(other[1])
        # Most pins stand apart and in order. Of n pins n * n pairs are looked at, so that is told first.
        step = t.entry - other_t.entry
        if step and ((s.entry - other_s.entry) * step >= 0 if ordered else s.entry != other_s.entry):
            continue
        problem = _clash(s, t, other_s, other_t, method)
        if problem:
            return OverrideError(
                f"{pair[0]} → {pair[1]} cannot be pinned: it {problem} the pin {other[0]} → {other[1]}.",
                "Remove that pin first.",
            )
    return None


def _clash(s: Place, t: Place, other_s: Place, other_t: Place, method: Method) -> str:
    """Say how two pins exclude each other; empty if both can hold."""
    if t.entry != other_t.entry:
        return _apart(s.entry - other_s.entry, t.entry - other_t.entry, method.entries)
    if s.entry != other_s.entry:
        return (
            "contradicts" if t.layer == other_t.layer else "asks another source block for the same target as"
        )
    if s.layer is None or t.layer is None or other_s.layer is None or other_t.layer is None:
        return ""
    if t.layer == other_t.layer:
        return "" if s.layer == other_s.layer else "contradicts"
    return _apart(s.layer - other_s.layer, t.layer - other_t.layer, method.layers)


def _apart(source_step: int, target_step: int, rule: Rule) -> str:
    """Say how two pins of different targets exclude each other, by the rule of their sequences."""
    if rule is Rule.ORDERED:
        return "would cross" if source_step * target_step < 0 else ""
    return "asks the same source for another target than" if source_step == 0 else ""
