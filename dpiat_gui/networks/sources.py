"""Open a network: its structure from any source reference, its weights where they are wanted."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dpiat_gui.errors import SourceError, StandardizationError
from dpiat_gui.networks.adopting import adopt, annotate
from dpiat_gui.networks.checkpoints import is_safetensors, read_specs
from dpiat_gui.networks.key_inference import tree_from_tensors
from dpiat_gui.networks.known_models import known_by_order, known_model
from dpiat_gui.networks.references import SourceReference, parse_reference
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.tree_cache import cache_key, keep, load_kept
from dpiat_gui.networks.trust import TrustStore
from dpiat_gui.networks.values import ModuleTree, Network

if TYPE_CHECKING:
    from torch import nn


def load_tree(
    reference: str | SourceReference,
    *,
    trust: TrustStore | None = None,
    cache: bool = True,
    flow: bool = False,
) -> ModuleTree:
    """Read the structure of a network; imports torch and timm unless it is known already.

    Parameters
    ----------
    reference
        Where it comes from, see `parse_reference`.
    trust
        Files of code that may be run; those the person has trusted before if None.
    cache
        Whether a structure kept from an earlier run will do, and this one is kept.
    flow
        Whether to trace the flow of information as well; the option ``input_size`` of the reference
        names the input to trace with. A checkpoint has none, unless its tensors tell that it is of one of
        timm's models.

    Raises
    ------
    SourceError
        If it cannot be opened; the message says why.
    TrustError
        If it would run code that is not trusted.
    StandardizationError
        If the flow is wanted and cannot be traced.
    """
    reference = parse_reference(reference)
    key = cache_key(reference, flow=flow) if cache else None
    kept = load_kept(key, reference) if key else None
    if kept is not None:
        return kept
    if reference.kind == "checkpoint":
        tree = _read_checkpoint(reference, lambda model: load_tree(model, cache=cache, flow=flow))
    else:
        tree = _read_tree(reference, trust, flow=flow)
    if key:
        keep(key, tree)
    return tree


def load_cached_tree(reference: str | SourceReference, *, flow: bool = False) -> ModuleTree | None:
    """Read the structure of a network if that takes milliseconds and no torch, else None.

    With `flow`, a structure that holds its flow of information.

    That is so for structures kept from an earlier run, those shipped with the program, and
    .safetensors files, unless they hold one of timm's models that was never read. Code is never run.

    Notes
    -----
    What is wrong with a source is for `load_tree` to say: here it gives None.
    """
    try:
        reference = parse_reference(reference)
        if reference.kind == "checkpoint" and is_safetensors(reference.name):
            return _read_checkpoint(reference, lambda model: _cached_or_leave(model, flow=flow))
    except (SourceError, _NotCachedError):
        return None
    key = cache_key(reference, flow=flow)
    return load_kept(key, reference) if key else None


def load_network(
    reference: str | SourceReference,
    method: str = "blocks",
    *,
    trust: TrustStore | None = None,
    cache: bool = True,
    branches: bool = False,
) -> Network:
    """Read and standardize a network; no weights are read.

    Parameters
    ----------
    reference, trust, cache
        As for `load_tree`.
    method
        The standardization, see `standardize_tree`. ``graph`` traces the network: some tenths of a
        second, once.
    branches
        Whether to trace it for its parallel branches as well, which the matcher ``dp-branch`` aligns.
        A network that cannot be traced, such as a checkpoint, is then taken to have none.

    Raises
    ------
    SourceError, TrustError, StandardizationError
        As `load_tree` and `standardize_tree`.
    """
    flow = method == "graph" or branches
    try:
        tree = load_tree(reference, trust=trust, cache=cache, flow=flow)
    except StandardizationError:
        if method == "graph":
            raise
        tree = load_tree(reference, trust=trust, cache=cache)
    return standardize_tree(tree, method)


def network_of(
    module: "nn.Module", method: str = "blocks", name: str = "", *, branches: bool = False
) -> Network:
    """Standardize a live module; it is read, never changed.

    Parameters
    ----------
    module
        Any module.
    method, branches
        As for `load_network`.
    name
        Name to show; the module's class if left out.

    Raises
    ------
    SourceError, StandardizationError
        As `tree_of` and `standardize_tree`.
    """
    from dpiat_gui.networks.torch_modules import tree_of
    from dpiat_gui.networks.tracing import with_flow

    tree = tree_of(module, name)
    if method == "graph" or branches:
        try:
            tree = with_flow(tree, module)
        except StandardizationError:
            if method == "graph":
                raise
    return standardize_tree(tree, method)


def build_module(
    reference: str | SourceReference, *, seed: int = 0, trust: TrustStore | None = None
) -> "nn.Module":
    """Build a network with weights, on the CPU.

    Parameters
    ----------
    reference
        A timm model or a factory. With ``pretrained=true`` timm's weights, which it may
        download; with ``checkpoint_path=FILE`` those of a file.
    seed
        Its own initialisation is that of this seed, in any process; the caller's random
        numbers go on as if nothing had been drawn.
    trust
        As for `load_tree`.

    Raises
    ------
    SourceError
        If it cannot be built, weights cannot be had, or the reference is a checkpoint, which
        is no module: read its tensors by `open_weights`.
    TrustError
        As `load_tree`.
    """
    reference = parse_reference(reference)
    if reference.kind == "checkpoint":
        raise SourceError(
            f"{reference.name} holds weights, but not the code that makes the network.",
            "Take it as the source; as the target name the model: timm:NAME or FILE.py:factory.",
        )
    with _seeded(seed):
        if reference.kind == "timm":
            from dpiat_gui.networks.timm_models import create_timm_model

            return create_timm_model(reference.name, dict(reference.options))
        from dpiat_gui.networks.factories import load_factory

        return load_factory(reference, trust)(**dict(reference.options))


def _read_tree(reference: SourceReference, trust: TrustStore | None, *, flow: bool) -> ModuleTree:
    if reference.kind == "timm":
        from dpiat_gui.networks.timm_models import timm_tree

        tree = timm_tree(reference.name, dict(reference.options), flow=flow)
    else:
        from dpiat_gui.networks.factories import factory_tree

        tree = factory_tree(reference, trust, flow=flow)
    return replace(tree, name=reference.title, origin=reference.text)


class _NotCachedError(Exception):
    """The structure of a model is not known yet, and may not be built now."""


def _cached_or_leave(model: SourceReference, *, flow: bool) -> ModuleTree:
    tree = load_cached_tree(model, flow=flow)
    if tree is None:
        raise _NotCachedError
    return tree


def _read_checkpoint(
    reference: SourceReference, read_model: Callable[[SourceReference], ModuleTree]
) -> ModuleTree:
    """Read a checkpoint's structure: that of the timm model whose tensors it has, else from its keys.

    What a model with the same shapes in the same order says of its modules is taken over to the keys.
    """
    specs = read_specs(Path(reference.name))
    model = known_model(specs)
    found = _of_model(model, read_model, lambda structure: adopt(structure, specs))
    if model is None or found is None:
        tree = tree_from_tensors(specs, reference.title, reference.text)
        model = known_by_order(tree.tensors)
        found = _of_model(model, read_model, lambda structure: annotate(tree, structure))
        if model is None or found is None:
            return tree
    details = (*found.details, ("model", model.text))
    return replace(found, name=reference.title, origin=reference.text, details=details)


def _of_model(
    model: SourceReference | None,
    read: Callable[[SourceReference], ModuleTree],
    take: Callable[[ModuleTree], ModuleTree | None],
) -> ModuleTree | None:
    """Read a model's structure and take what is wanted of it; None where that cannot be."""
    if model is None:
        return None
    try:
        return take(read(model))
    except (SourceError, StandardizationError):
        # Another version of timm, or a model that cannot be traced: the keys are still there.
        return None


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Within this block every common source of random numbers starts from `seed`."""
    import numpy as np
    import torch

    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - what others draw from
    with torch.random.fork_rng(devices=[]):
        try:
            # The CPU's generator alone: weights are made there, and others keep their state.
            torch.default_generator.manual_seed(seed)
            random.seed(seed)
            np.random.seed(seed % 2**32)  # noqa: NPY002 - likewise
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002 - likewise
