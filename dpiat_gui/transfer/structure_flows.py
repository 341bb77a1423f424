"""The flows of information that a plan goes by, where it goes by any."""

from typing import TYPE_CHECKING

from dpiat_gui.errors import StandardizationError
from dpiat_gui.matching.values import Matching
from dpiat_gui.networks.flow import Flow
from dpiat_gui.networks.references import SourceReference
from dpiat_gui.transfer.operators import OPERATORS
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.planning import Flows

if TYPE_CHECKING:
    from torch import nn

    from dpiat_gui.networks.trust import TrustStore


def needs_flow(matching: Matching, options: TransferOptions) -> bool:
    """Tell whether a plan goes by the flow of information: it traces channels, or aligns by structure."""
    names = {options.operator, *dict(matching.overrides.operators).values()}
    return options.align == "structure" or any(name in OPERATORS and OPERATORS[name].traces for name in names)


def flows_of_references(
    matching: Matching,
    options: TransferOptions,
    references: tuple[SourceReference, SourceReference],
    trust: "TrustStore | None" = None,
) -> Flows:
    """Return the flows of both networks of a matching, traced anew where they are needed and not known.

    Parameters
    ----------
    matching, options
        What is planned; its networks are matched as they are, whatever their flows would add.
    references
        Where the networks come from.
    trust
        Which files may run code.

    Returns
    -------
    Flows
        None for a network that cannot be traced, such as a checkpoint, or if no flow is needed.
    """
    from dpiat_gui.networks.sources import load_tree

    if not needs_flow(matching, options):
        return None, None

    def found(known: Flow | None, reference: SourceReference) -> Flow | None:
        if known is not None:
            return known
        try:
            return load_tree(reference, trust=trust, flow=True).flow
        except StandardizationError:
            return None

    source, target = matching.source.tree.flow, matching.target.tree.flow
    return found(source, references[0]), found(target, references[1])


def flows_of_modules(
    matching: Matching, options: TransferOptions, modules: "tuple[nn.Module, nn.Module]"
) -> Flows:
    """Return the flows of both live modules of a matching, as `flows_of_references` does."""
    from dpiat_gui.networks.tracing import trace_flow

    if not needs_flow(matching, options):
        return None, None

    def found(known: Flow | None, module: "nn.Module") -> Flow | None:
        if known is not None:
            return known
        try:
            return trace_flow(module)
        except StandardizationError:
            return None

    source, target = matching.source.tree.flow, matching.target.tree.flow
    return found(source, modules[0]), found(target, modules[1])
