"""The two-phase matching of DPIAT, and its variants: blocks first, then the sequences of entries."""

from collections.abc import Sequence

from dpiat_gui.errors import OverrideError
from dpiat_gui.matching.assignment import assign, draw, total_of
from dpiat_gui.matching.constraints import Constraints, Side, pin_problem, resolve
from dpiat_gui.matching.methods import METHODS, Rule
from dpiat_gui.matching.recurrence import match_cells
from dpiat_gui.matching.scores import Scores
from dpiat_gui.matching.tables import ScoreTables, constrained_cells, constrained_scores, inner_pairs
from dpiat_gui.matching.values import EntryPair, Matching, Overrides


def solve(tables: ScoreTables, overrides: Overrides) -> Matching:
    """Run the outer phase under the overrides, and read the pairs out.

    Only the inner tables that an override touches are made anew.

    Raises
    ------
    OverrideError
        If an override cannot hold; the message says why.
    """
    constraints = constraints_of(tables, overrides)
    scores = constrained_scores(tables, constraints)
    served, total = _outer(tables, constraints, scores)
    pinned = frozenset(overrides.pins)
    found = []
    for source, target, span in served:
        pairs = inner_pairs(tables, constraints, source, target, pinned)
        factor = tables.factor(source, target)
        if METHODS[tables.options.method].layers is Rule.ONE_TO_ONE:
            score = sum(pair.score for pair in pairs) * factor
        else:
            score = float(scores[target, source])
        is_pinned = constraints.pins.get(target) == source
        found.append(EntryPair(source, target, score, span, pairs, is_pinned, factor))
    if tables.groups is not None:
        found = _regroup(found, *tables.groups, tables.options.exponent)
    if METHODS[tables.options.method].layers is Rule.ONE_TO_ONE:
        total = sum(entry.score / entry.span**tables.options.exponent for entry in found)
    return Matching(tables.source, tables.target, tables.options, overrides, tuple(found), float(total))


def check_pin(tables: ScoreTables, overrides: Overrides, source_path: str, target_path: str) -> str | None:
    """Return why the pair cannot be pinned beside the overrides there are, None if it can.

    A pin that the target has already would be replaced, so it stands in nobody's way.
    """
    rest = overrides.without(target_path)
    try:
        constraints = constraints_of(tables, rest)
    except OverrideError as error:
        return str(error)
    sides = tables.source_side, tables.target_side
    problem = pin_problem(constraints, *sides, rest.pins, source_path, target_path, tables.options)
    return str(problem) if problem else None


def entry_constraints(tables: ScoreTables, overrides: Overrides) -> tuple[Scores, dict[int, int]]:
    """Return the entries' scores, shape (targets, sources), and pins (target -> source) under overrides."""
    constraints = constraints_of(tables, overrides)
    return constrained_scores(tables, constraints), constraints.pins


def inner_constraints(
    tables: ScoreTables, overrides: Overrides, source: int, target: int
) -> tuple[Scores, dict[int, int]]:
    """Return the layers' scores and pins inside two entries under overrides."""
    constraints = constraints_of(tables, overrides)
    inner = constraints.inner.get((source, target))
    return constrained_cells(tables, constraints, source, target), inner.pins if inner else {}


def constraints_of(tables: ScoreTables, overrides: Overrides) -> Constraints:
    """Return what overrides mean by position, layer by layer where the method knows no blocks.

    Raises
    ------
    OverrideError
        If an override cannot hold.
    """
    if tables.groups is not None:
        overrides = _by_layers(tables, overrides)
    return resolve(tables.source_side, tables.target_side, overrides, tables.options)


def _by_layers(tables: ScoreTables, overrides: Overrides) -> Overrides:
    """Say overrides of blocks, but pins, layer by layer, for methods that know no blocks.

    Raises
    ------
    OverrideError
        If a pin names a block.
    """
    layer_types = tables.options.layer_types
    inside = [
        {block.path: [layer.path for layer in block.layers] for block in network.entries_for(layer_types)}
        for network in (tables.source, tables.target)
    ]

    def layers(side: Side, blocks: dict[str, list[str]], path: str) -> Sequence[str]:
        return [path] if path in side.places else blocks.get(path, [path])

    for source, target in overrides.pins:
        for side, blocks, path in (
            (tables.source_side, inside[0], source),
            (tables.target_side, inside[1], target),
        ):
            if path in blocks and path not in side.places:
                raise OverrideError(
                    f"{source} → {target} cannot be pinned: {tables.options.method!r} knows no blocks.",
                    "Pin layers, or choose another method.",
                )
    bans = [
        (s, t)
        for source, target in overrides.bans
        for s in layers(tables.source_side, inside[0], source)
        for t in layers(tables.target_side, inside[1], target)
    ]
    fresh = [layer for path in overrides.fresh for layer in layers(tables.target_side, inside[1], path)]
    operators = [
        (layer, operator)
        for path, operator in overrides.operators
        for layer in layers(tables.target_side, inside[1], path)
    ]
    return Overrides(overrides.pins, tuple(bans), tuple(fresh), tuple(operators))


def _outer(
    tables: ScoreTables, constraints: Constraints, scores: Scores
) -> tuple[list[tuple[int, int, int]], float]:
    """Match the entries: source, target and span length in target order, and the total score."""
    method = tables.options.method
    if METHODS[method].entries is Rule.ONE_TO_ONE:
        if method == "random":
            pairs = draw(scores, constraints.pins, tables.options.seed)
        else:
            pairs = assign(scores, constraints.pins)
        return [(source, target, 1) for source, target in pairs], total_of(scores, pairs)
    total, members = match_cells(scores, tables.options.exponent, constraints.pins)
    return [(source, target, span) for source, target, _, span in members], total


def _regroup(
    found: Sequence[EntryPair], sources: Sequence[int], targets: Sequence[int], exponent: float
) -> list[EntryPair]:
    """Gather pairs of layers by the blocks they stand in; a layer's span moves into its pair."""
    groups: dict[tuple[int, int], list[EntryPair]] = {}
    for entry in found:
        groups.setdefault((sources[entry.source], targets[entry.target]), []).append(entry)
    return [
        EntryPair(
            source,
            target,
            sum(entry.score / entry.span**exponent for entry in group),
            1,
            tuple(pair._replace(span=entry.span) for entry in group for pair in entry.pairs),
            any(entry.pinned for entry in group),
        )
        for (source, target), group in groups.items()
    ]
