"""Modules as far as the keys of a checkpoint tell of them."""

from dataclasses import dataclass, field

from dpiat_gui.networks.values import TensorSpec


@dataclass
class KeyNode:
    """A module as far as keys tell: its own tensors, and the modules below it.

    Parameters
    ----------
    path
        Dotted path from the root.
    tensors
        Its own, by the last part of their keys.
    children
        By name, in order.
    """

    path: str
    tensors: dict[str, TensorSpec] = field(default_factory=dict)
    children: dict[str, "KeyNode"] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rpartition(".")[2]
