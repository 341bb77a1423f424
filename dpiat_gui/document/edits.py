"""What the edits do to the values: pure functions, without Qt or history."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dpiat_gui.document.corrections import Misfit
from dpiat_gui.document.places import places_of
from dpiat_gui.document.state import DocumentState
from dpiat_gui.matching.values import Overrides, match_options
from dpiat_gui.networks.values import ModuleTree, Network
from dpiat_gui.transfer.options import transfer_options

if TYPE_CHECKING:
    from dpiat_gui.matching.tables import ScoreTables


def with_network(state: DocumentState, network: Network, reference: str, *, source: bool) -> DocumentState:
    """Return the state with a network opened on one side, made by the method of the other."""
    other = state.target if source else state.source
    method = state.method
    if other is None:
        method = network.method
    elif network.method != method:
        network = _standardized(network, method)
    reference = reference or network.origin
    if source:
        return replace(state, source=network, source_reference=reference, method=method)
    return replace(state, target=network, target_reference=reference, method=method)


def swapped(state: DocumentState) -> DocumentState:
    """Return the state with source and target exchanged."""
    return replace(
        state,
        source=state.target,
        target=state.source,
        source_reference=state.target_reference,
        target_reference=state.source_reference,
        overrides=_turned(state.overrides),
        disabled=_turned(state.disabled),
    )


def _turned(overrides: Overrides) -> Overrides:
    """Return pins and bans from target to source; what names a target alone has no other side."""
    pins, bans = (
        tuple((target, source) for source, target in pairs) for pairs in (overrides.pins, overrides.bans)
    )
    return Overrides(pins, bans)


def with_method(state: DocumentState, method: str) -> DocumentState:
    """Return the state with both networks standardized by `method`."""

    def again(network: Network | None) -> Network | None:
        if network is None or network.method == method:
            return network
        return _standardized(network, method)

    return replace(state, source=again(state.source), target=again(state.target), method=method)


def with_trees(state: DocumentState, trees: Mapping[str, ModuleTree], method: str) -> DocumentState:
    """Return the state with other trees of its networks, by side, standardized by `method`."""
    from dpiat_gui.networks.standardize import standardize_tree

    networks: dict[str, Any] = {
        side: standardize_tree(tree, method)
        for side, tree in trees.items()
        if getattr(state, side) is not None
    }
    return with_method(replace(state, **networks), method)


def with_preset(state: DocumentState, preset: str) -> DocumentState:
    """Return the state with all options of a preset, the transfer's included."""
    options = match_options(preset, seed=state.options.seed)
    return replace(state, preset=preset, options=options, transfer=transfer_options(preset))


def without_pins_inside(
    overrides: Overrides, tables: "ScoreTables", target: str, source: str | None = None
) -> Overrides:
    """Return the overrides without pins that lie in a target block, and in a source block if given.

    A target or source that is a layer itself holds no others; the overrides are returned whole.
    """
    inside_target = paths_inside(tables.target, tables.options.layer_types, target)
    inside_source = (
        None if source is None else paths_inside(tables.source, tables.options.layer_types, source)
    )
    pins = tuple(
        (s, t)
        for s, t in overrides.pins
        if not (t in inside_target and (inside_source is None or s in inside_source))
    )
    return replace(overrides, pins=pins)


def without_target(overrides: Overrides, tables: "ScoreTables | None", target: str) -> Overrides:
    """Return the overrides without any on the target, or on a layer of it if it is a block."""
    kept = overrides.without(target)
    if tables is not None:
        for path in paths_inside(tables.target, tables.options.layer_types, target):
            kept = kept.without(path)
    return kept


def paths_inside(network: Network, layer_types: str, path: str) -> frozenset[str]:
    """Return the paths of the layers of a block; empty for a layer, and for a path that is unknown."""
    place = places_of(network, layer_types).get(path)
    if place is None or place.layer is not None:
        return frozenset()
    return frozenset(layer.path for layer in place.block.layers)


def misfits_text(misfits: tuple[Misfit, ...]) -> str:
    """Say which overrides were disabled, for the status bar."""
    if len(misfits) == 1:
        return f"An override no longer fits and is disabled: {misfits[0].reason}"
    return f"{len(misfits)} overrides no longer fit and are disabled; the first: {misfits[0].reason}"


def _standardized(network: Network, method: str) -> Network:
    # Here and not above: the window paints before it needs to standardize anything.
    from dpiat_gui.networks.standardize import standardize_tree

    return standardize_tree(network.tree, method)
