"""Twins: the timm model that a checkpoint can be run as.

A checkpoint holds weights and no code. One whose tensors are those of a timm model, under timm's
keys or those of another author, can be put into that model and run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.adopting import keys_in_order
from dpiat_gui.networks.checkpoints import open_weights, read_specs
from dpiat_gui.networks.key_inference import tree_from_tensors
from dpiat_gui.networks.known_models import known_by_order, known_model, without_counters
from dpiat_gui.networks.references import SourceReference
from dpiat_gui.networks.sources import build_module, load_tree
from dpiat_gui.networks.values import Layer

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Twin:
    """A timm model with the tensors of a checkpoint.

    Parameters
    ----------
    checkpoint
        Reference of the checkpoint.
    model
        Reference of the model.
    keys
        The checkpoint's key of each of the model's tensors; counters that it lacks are not there.
    """

    checkpoint: SourceReference
    model: SourceReference
    keys: Mapping[str, str]

    @property
    def renamed(self) -> bool:
        """Whether the checkpoint has other keys than the model: only the order of shapes tells, then."""
        return any(own != key for own, key in self.keys.items())

    @property
    def note(self) -> str:
        """What a person should know of it, in one sentence."""
        told = f"{self.checkpoint.title} holds no code: it was run as timm's {self.model.name}, whose"
        if self.renamed:
            return f"{told} tensors have the same shapes in the same order under other names."
        return f"{told} tensors it has."

    def path_of(self, layer: Layer) -> str:
        """Return what the checkpoint calls a layer of the model; the model's own name where nothing tells."""
        for tensor in layer.tensors:
            key, rest = self.keys.get(tensor.key), tensor.key.removeprefix(layer.path)
            if key is not None and key.endswith(rest):
                return key.removesuffix(rest)
        return layer.path


def twin_of(checkpoint: SourceReference) -> Twin | None:
    """Return the timm model that a checkpoint can be run as, None if none is known.

    Raises
    ------
    SourceError
        If the checkpoint cannot be read.
    """
    specs = read_specs(Path(checkpoint.name))
    ordered = tree_from_tensors(specs, checkpoint.title).tensors
    model = known_model(specs) or known_by_order(ordered)
    if model is None:
        return None
    try:
        own = load_tree(model).tensors
    except SourceError:  # another version of timm
        return None
    given = {spec.key: spec.shape for spec in specs}
    same = {spec.key: spec.key for spec in own if given.get(spec.key) == spec.shape}
    keys = same if all(spec.key in same for spec in without_counters(own)) else keys_in_order(own, ordered)
    return None if keys is None else Twin(checkpoint, model, keys)


def build_twin(twin: Twin) -> "nn.Module":
    """Build the model with the weights of its checkpoint, on the CPU.

    Raises
    ------
    SourceError
        If the model cannot be built, or the checkpoint not be read.
    """
    import torch

    module = build_module(twin.model)
    state = module.state_dict()
    with torch.no_grad(), open_weights(twin.checkpoint.name) as opened:
        for own, key in twin.keys.items():
            state[own].copy_(opened.read(key))
    return module
