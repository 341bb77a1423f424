"""The public Python interface; `dpiat_gui` hands these names on without importing them early."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dpiat_gui.matching import similarity as similarities
from dpiat_gui.matching.engine import match_networks, prepare
from dpiat_gui.matching.explain import Explanation, explain_pair
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import Matching, MatchOptions, Overrides, Similarity, match_options
from dpiat_gui.networks import sources
from dpiat_gui.networks.values import Network
from dpiat_gui.transfer import planning
from dpiat_gui.transfer.options import transfer_options
from dpiat_gui.transfer.values import TransferPlan

if TYPE_CHECKING:
    from typing import TypeAlias

    from torch import nn

    from dpiat_gui.networks.trust import TrustStore

    ModuleOrNetwork: TypeAlias = nn.Module | Network
    Given: TypeAlias = ModuleOrNetwork | str


def load_network(
    reference: str,
    method: str = "blocks",
    *,
    trust: "TrustStore | None" = None,
    branches: bool = False,
) -> Network:
    """Open a network from a source reference; its weights are not read.

    Parameters
    ----------
    reference
        ``timm:NAME`` with options (``timm:efficientnet_b0?num_classes=10``), a ``.safetensors``,
        ``.pth`` or ``.pt`` file, ``FILE.py:factory`` or ``package.module:factory``.
    method
        Standardization: ``blocks``, ``flatten`` or ``graph``.
    trust
        Which files may run code; those a person has trusted before, if left out.
    branches
        Whether to trace the network for its parallel branches, which ``match(method="dp-branch")``
        aligns. One that cannot be traced is taken to have none.

    Raises
    ------
    SourceError
        If there is no such network, or it cannot be read; the hint says what to do.
    TrustError
        If it would run code that nobody has trusted yet.
    """
    return sources.load_network(reference, method, trust=trust, branches=branches)


def standardize(
    module: "nn.Module", method: str = "blocks", name: str = "", *, branches: bool = False
) -> Network:
    """Standardize a live module.

    Parameters
    ----------
    module
        Any module; it is read, never changed.
    method
        ``blocks``: the paper's blocks (appendix A.1). ``flatten``: every leaf by itself.
        ``graph``: what lies between two cuts of the flow of information; the module is traced.
    name
        Name to show; the module's class if left out.
    branches
        As for `load_network`.

    Raises
    ------
    SourceError
        If it is no module, or one whose parameters have no shape yet.
    StandardizationError
        If there is no such method, or the flow that it goes by cannot be traced.
    """
    return sources.network_of(module, method, name, branches=branches)


def match(
    source: "Given",
    target: "Given",
    preset: str = "recommended",
    overrides: Overrides | None = None,
    **options: Any,
) -> Matching:
    """Match two networks.

    Parameters
    ----------
    source, target
        The network that gives weights and the one that takes them; a module is standardized first, and
        a source reference opened, with their branches where the method aligns them.
    preset
        ``recommended``, or ``paper`` as published.
    overrides
        Corrections by hand, by module path.
    **options
        Any option of `MatchOptions`, in place of the preset's: ``layer_types``, ``exponent``,
        ``method``, ``seed``.

    Raises
    ------
    MatchError
        If an option has no meaning.
    OverrideError
        If an override cannot hold; the message says why.
    """
    chosen = match_options(preset, **options)
    matching = match_networks(_network(source, chosen), _network(target, chosen), chosen, overrides)
    return replace(matching, preset=preset)


def explain(matching: Matching, target: str) -> Explanation:
    """Explain why a target layer has the source it has; the parts of all pairs add up to the score.

    Raises
    ------
    MatchError
        If that layer is not matched.
    """
    tables = prepare(matching.source, matching.target, matching.options)
    return explain_pair(tables, matching, target)


def similarity(source: "Given", target: "Given", preset: str = "paper", **options: Any) -> Similarity:
    """Return how similar two architectures are, in both directions and by their geometric mean.

    Raises
    ------
    MatchError
        If an option has no meaning, or a network has no layer that scores.
    """
    chosen = match_options(preset, **options)
    return similarities.similarity(_network(source, chosen), _network(target, chosen), chosen)


def plan_transfer(matching: Matching, *, source: "nn.Module | None" = None, **options: Any) -> TransferPlan:
    """Plan what is copied where: one row per target tensor.

    Parameters
    ----------
    matching
        The matching to carry out.
    source
        The module that gives weights, for an operator that goes by them (``magnitude``, ``trace``).
        Without it such a plan is provisional: the numbers are right, the indices are not chosen yet.
    **options
        Such as ``operator="clip"`` or ``buffers=True``, in place of what the matching's preset
        says; see `TransferOptions`.

    Raises
    ------
    TransferError
        If there is no such option or operator.
    """
    chosen = transfer_options(matching.preset, **options)
    read = source.state_dict().__getitem__ if source is not None else None
    return planning.plan_transfer(matching, chosen, read=read)


def _network(given: "Given", options: MatchOptions) -> Network:
    if isinstance(given, Network):
        return given
    branches = METHODS[options.method].branches
    if isinstance(given, str):
        return load_network(given, branches=branches)
    return standardize(given, branches=branches)
