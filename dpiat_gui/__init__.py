"""DPIAT matching inspector: match two networks, correct the match, carry the weights across.

>>> import dpiat_gui as dg
>>> matching = dg.match(dg.load_network("timm:resnet18"), dg.load_network("timm:resnet50"))
>>> matching.score, matching.pairs[0].source  # doctest: +SKIP

Importing the package imports neither Qt nor torch; each name is fetched on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dpiat_gui.api import (
        explain,
        load_network,
        match,
        plan_transfer,
        similarity,
        standardize,
    )
    from dpiat_gui.errors import (
        Cancelled,
        DpiatError,
        EngineError,
        ExportError,
        MatchError,
        OverrideError,
        ProjectError,
        SourceError,
        StandardizationError,
        TransferError,
        TrustError,
        WriteError,
    )
    from dpiat_gui.matching.compare import compare
    from dpiat_gui.matching.values import Matching, MatchOptions, Overrides, Similarity
    from dpiat_gui.networks.values import Network
    from dpiat_gui.transfer.live import transfer
    from dpiat_gui.transfer.values import TransferPlan
    from dpiat_gui.ui.inspecting import inspect

__version__ = "0.1.0"

__all__ = [
    "Cancelled",
    "DpiatError",
    "EngineError",
    "ExportError",
    "MatchError",
    "MatchOptions",
    "Matching",
    "Network",
    "OverrideError",
    "Overrides",
    "ProjectError",
    "Similarity",
    "SourceError",
    "StandardizationError",
    "TransferError",
    "TransferPlan",
    "TrustError",
    "WriteError",
    "compare",
    "explain",
    "inspect",
    "load_network",
    "match",
    "plan_transfer",
    "similarity",
    "standardize",
    "transfer",
]

_HOMES = {
    **dict.fromkeys(
        ["explain", "load_network", "match", "plan_transfer", "similarity", "standardize"], "api"
    ),
    **dict.fromkeys(["Matching", "MatchOptions", "Overrides", "Similarity"], "matching.values"),
    "Network": "networks.values",
    "compare": "matching.compare",
    "inspect": "ui.inspecting",
    "TransferPlan": "transfer.values",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "transfer":
        return import_module(f"{__name__}.transfer")
    value = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
