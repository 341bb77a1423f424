"""Who the partner of a row is, and why there is none: pure functions of a snapshot."""

from dpiat_gui.document.places import Place, could_match, is_scored, places_of
from dpiat_gui.document.selection import Selection
from dpiat_gui.document.state import Snapshot
from dpiat_gui.matching.values import Matching, Overrides


def resolve(asked: Selection, snapshot: Snapshot) -> tuple[Selection, str]:
    """Return the selection that `asked` means now, and why a single side has no partner.

    A path that no network has any more is dropped. Two sides are taken as they are, matched or
    not; one side brings its partner.
    """
    source = asked.source if _place(snapshot, asked.source, source=True) else None
    target = asked.target if _place(snapshot, asked.target, source=False) else None
    if target is not None and source is None:
        partner = source_of(snapshot, target)
        return Selection(partner, target), "" if partner else why_target_alone(snapshot, target)
    if source is not None and target is None:
        partner = target_of(snapshot, source)
        return Selection(source, partner), "" if partner else why_source_alone(snapshot, source)
    return Selection(source, target), ""


def source_of(snapshot: Snapshot, target: str) -> str | None:
    """Return the source that serves a target layer or block, None if it is fresh."""
    matching = snapshot.matching
    place = _place(snapshot, target, source=False)
    if matching is None or place is None:
        return None
    if place.layer is not None:
        pair = matching.by_target.get(target)
        return pair.source if pair else None
    for entry in matching.entry_pairs:
        if entry.target == place.entry:
            return matching.source_entries[entry.source].path
    return None


def target_of(snapshot: Snapshot, source: str) -> str | None:
    """Return the first target that a source layer or block serves, None if it is unused."""
    matching = snapshot.matching
    place = _place(snapshot, source, source=True)
    if matching is None or place is None:
        return None
    if place.layer is not None:
        pairs = matching.by_source.get(source)
        return pairs[0].target if pairs else None
    for entry in matching.entry_pairs:
        if entry.source == place.entry:
            return matching.target_entries[entry.target].path
    return None


def why_target_alone(snapshot: Snapshot, target: str) -> str:
    """Say why a target layer or block takes nothing from the source."""
    state, matching = snapshot.state, snapshot.matching
    place = _place(snapshot, target, source=False)
    if place is None:
        return f"There is no {target} in the target."
    if matching is None:
        return _no_matching(snapshot, "source")
    return f"{target} {_target_reason(matching, place, state.overrides)}."


def why_source_alone(snapshot: Snapshot, source: str) -> str:
    """Say why a source layer or block gives nothing to the target."""
    matching = snapshot.matching
    place = _place(snapshot, source, source=True)
    if place is None:
        return f"There is no {source} in the source."
    if matching is None:
        return _no_matching(snapshot, "target")
    return f"{source} {_source_reason(matching, place)}."


def _place(snapshot: Snapshot, path: str | None, *, source: bool) -> Place | None:
    network = snapshot.state.source if source else snapshot.state.target
    if path is None or network is None:
        return None
    return places_of(network, snapshot.state.options.layer_types).get(path)


def _no_matching(snapshot: Snapshot, missing: str) -> str:
    if snapshot.error is not None:
        return str(snapshot.error)
    return f"No {missing} is open yet, so nothing is matched."


def _target_reason(matching: Matching, place: Place, overrides: Overrides) -> str:
    layer_types = matching.options.layer_types
    if place.path in overrides.fresh:
        return "is left fresh by hand"
    if place.block.path in overrides.fresh:
        return f"is fresh: its block {place.block.path} is left fresh by hand"
    banned = [source for source, target in overrides.bans if target in (place.path, place.block.path)]
    if place.layer is None:
        if banned:
            return f"is fresh: the source's {_joined(banned)} {_is(banned)} banned from it by hand"
        return "is fresh: no source block is left that adds to the score without crossing others"
    if not is_scored(place.layer, layer_types):
        return f"is not scored: {_unscored(place)}"
    sources = places_of(matching.source, layer_types).values()
    able = [source.path for source in sources if could_match(source, place, matching.options)]
    if not able:
        return f"is fresh: no source layer of the same type ({_type(place)}) scores above zero"
    if banned:
        return f"is fresh: the source's {_joined(banned)} {_is(banned)} banned from it by hand"
    if not place.block.single and not any(pair.target == place.entry for pair in matching.entry_pairs):
        return f"is fresh: its block {place.block.path} has no source block"
    return "is fresh: every source layer that fits serves better elsewhere, or would cross another pair"


def _source_reason(matching: Matching, place: Place) -> str:
    layer_types = matching.options.layer_types
    if place.layer is None:
        return "is unused: no target block is left that it would serve better"
    if not is_scored(place.layer, layer_types):
        return f"is not scored: {_unscored(place)}"
    targets = places_of(matching.target, layer_types).values()
    if not any(could_match(place, target, matching.options) for target in targets):
        return f"is unused: no target layer of the same type ({_type(place)}) scores above zero"
    if any(source in (place.path, place.block.path) for source, _ in matching.overrides.bans):
        return "is unused: it is banned by hand, and serves no other target better"
    if not place.block.single and not any(pair.source == place.entry for pair in matching.entry_pairs):
        return f"is unused: its block {place.block.path} serves no target block"
    return "is unused: every target that fits is served better, or would cross another pair"


def _unscored(place: Place) -> str:
    layer = place.layer
    assert layer is not None
    if layer.parameters == 0:
        return f"{layer.class_name} has no weight to carry over"
    return f"{layer.class_name} does not count with these layer types"


def _type(place: Place) -> str:
    layer = place.layer
    assert layer is not None
    if place.block.single:
        return f"{layer.kind.value}, by itself"
    return f"{layer.kind.value}, in a block"


def _joined(paths: list[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"


def _is(paths: list[str]) -> str:
    return "is" if len(paths) == 1 else "are"
