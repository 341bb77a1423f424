"""Open a network: its structure from any source reference, its weights where they are wanted."""

from typing import TYPE_CHECKING

from dpiat_gui.networks.references import SourceReference, parse_reference
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.values import ModuleTree, Network

if TYPE_CHECKING:
    from torch import nn

    from dpiat_gui.networks.factories import TrustStore


def load_tree(
    reference: str | SourceReference, *, trust: "TrustStore | None" = None, cache: bool = True
) -> ModuleTree:
    """Read the structure of a network; may import torch and timm."""
    raise NotImplementedError


def load_cached_tree(reference: str | SourceReference) -> ModuleTree | None:
    """Read the structure of a network if that takes neither torch nor a person's code, else None."""
    raise NotImplementedError


def load_network(
    reference: str | SourceReference,
    method: str = "blocks",
    *,
    trust: "TrustStore | None" = None,
    cache: bool = True,
) -> Network:
    """Read and standardize a network."""
    return standardize_tree(load_tree(parse_reference(reference), trust=trust, cache=cache), method)


def build_module(
    reference: str | SourceReference, *, seed: int = 0, trust: "TrustStore | None" = None
) -> "nn.Module":
    """Build a network with real weights."""
    raise NotImplementedError
