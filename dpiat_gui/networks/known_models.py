"""Checkpoints of timm's models, known again by their tensors alone.

A state dict says nothing of activations, pools, strides or the order of registration. Where its
keys and shapes are exactly those of one of timm's models, the model's own structure says it all.
Where its shapes are those of a model, one after another, another author named the same tensors.
The catalogue holds two numbers for each model: a sum of hashes of its tensors, and a hash of their
shapes in order. The classifier is left out of both, so that another number of classes makes no
difference. Nothing here imports torch.

Run ``python -m dpiat_gui.networks.known_models`` after timm has changed, to write it afresh.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from dpiat_gui.files import write_whole
from dpiat_gui.networks.references import SourceReference
from dpiat_gui.networks.values import TensorSpec

_FILE = ("catalogue", "timm_tensors.txt")
_MODULUS = 2**64
_COUNTER = ".num_batches_tracked"  # what some programs leave out of their files
_NO_ORDER = "-"
_FEWEST = 20  # tensors; networks of fewer are too easily alike


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One of timm's models, by what its state dict holds.

    Parameters
    ----------
    name
        As timm names it; of several with the same tensors the shortest.
    classifiers
        Paths of the modules whose size is the number of classes.
    """

    name: str
    classifiers: tuple[str, ...]


def known_model(specs: Sequence[TensorSpec]) -> SourceReference | None:
    """Return the timm model that has exactly these tensors, as far as the catalogue tells.

    Parameters
    ----------
    specs
        Every tensor of a checkpoint, in any order.

    Returns
    -------
    SourceReference or None
        With ``num_classes`` as the checkpoint has it. `dpiat_gui.networks.adopting.adopt` makes sure.
    """
    hashes = {spec.key: _hash(spec) for spec in specs if not spec.key.endswith(_COUNTER)}
    shapes = {spec.key: spec.shape for spec in specs}
    total = sum(hashes.values())
    for classifiers, models in _catalogue().sums.items():
        own = [key for key in hashes if _belongs(key, classifiers)]
        name = models.get((total - sum(hashes[key] for key in own)) % _MODULUS)
        if name is None:
            continue
        weight = shapes.get(f"{classifiers[0]}.weight") if classifiers else None
        options = (("num_classes", weight[0]),) if weight else ()
        return SourceReference("timm", name, options=options)
    return None


def known_by_order(specs: Sequence[TensorSpec]) -> SourceReference | None:
    """Return the timm model whose tensors have these shapes, one after another, whatever their keys.

    Parameters
    ----------
    specs
        Every tensor of a checkpoint, in registration order.

    Returns
    -------
    SourceReference or None
        With ``num_classes`` as the checkpoint has it. A guess: models that differ in nothing but
        activations, strides or padding have the same shapes.
    """
    shapes = [spec.shape for spec in without_counters(specs)]
    if len(shapes) < _FEWEST:
        return None
    orders = _catalogue().orders
    if shapes[-1] == shapes[-2][:1]:
        name = orders.get(_order_hash(shapes[:-2]))
        if name is not None:
            return SourceReference("timm", name, options=(("num_classes", shapes[-2][0]),))
    return None


def without_counters(specs: Iterable[TensorSpec]) -> list[TensorSpec]:
    """Return tensors without the counters of batches, which some programs leave out of their files."""
    return [spec for spec in specs if not is_counter(spec.key)]


def is_counter(key: str) -> bool:
    """Tell whether a key is that of a batch norm's counter of batches."""
    return key.endswith(_COUNTER)


def _hash(spec: TensorSpec) -> int:
    text = f"{spec.key}\t{spec.shape}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def _belongs(key: str, modules: Iterable[str]) -> bool:
    return any(key.startswith(f"{module}.") for module in modules)


def _body_sum(specs: Iterable[TensorSpec], classifiers: Sequence[str]) -> int:
    """Return the sum of the hashes of all tensors but the classifiers'; their order plays no part."""
    body = (spec for spec in specs if not is_counter(spec.key) and not _belongs(spec.key, classifiers))
    return sum(_hash(spec) for spec in body) % _MODULUS


def _order_hash(shapes: Sequence[tuple[int, ...]]) -> str:
    return hashlib.blake2b(repr(shapes).encode(), digest_size=8).hexdigest()


def _order_of(specs: Sequence[TensorSpec], classifiers: Sequence[str]) -> str:
    """Return the hash of a model's shapes in order, if a weight and a bias of its classifier end it."""
    kept = without_counters(specs)
    own = [_belongs(spec.key, classifiers) for spec in kept]
    ends = len(kept) >= _FEWEST and own[-2:] == [True, True] and sum(own) == 2
    return _order_hash([spec.shape for spec in kept[:-2]]) if ends else _NO_ORDER


@dataclass(frozen=True, slots=True)
class _Catalogue:
    sums: Mapping[tuple[str, ...], Mapping[int, str]]
    """Names by the sum of their tensors, by the classifiers that it leaves out."""
    orders: Mapping[str, str]
    """Names by the hash of their shapes in order."""


@cache
def _catalogue() -> _Catalogue:
    """Read the catalogue."""
    sums: dict[tuple[str, ...], dict[int, str]] = {}
    orders: dict[str, str] = {}
    file = resources.files("dpiat_gui.resources").joinpath(*_FILE)
    for line in file.read_text("utf-8").splitlines():
        total, order, name, *classifiers = line.split(" ")
        sums.setdefault(tuple(classifiers), {})[int(total, 16)] = name
        # The shortest name is the plainest of those that differ in what shapes do not tell.
        orders[order] = min(orders.get(order, name), name, key=lambda one: (len(one), one))
    orders.pop(_NO_ORDER, None)
    return _Catalogue(sums, orders)


def write_catalogue(path: Path, models: Iterable[tuple[KnownModel, Sequence[TensorSpec]]]) -> int:
    """Write the catalogue; of models with the same tensors the shortest name stays.

    Returns
    -------
    int
        How many it holds.

    Raises
    ------
    ExportError
        If the file cannot be written.
    """
    lines: dict[tuple[int, tuple[str, ...]], tuple[str, str]] = {}
    for model, specs in sorted(models, key=lambda one: (len(one[0].name), one[0].name)):
        total, order = _body_sum(specs, model.classifiers), _order_of(specs, model.classifiers)
        named = f"{model.name} {' '.join(model.classifiers)}".rstrip()
        lines.setdefault((total, model.classifiers), (named, f"{total:016x} {order}"))
    with write_whole(path) as stream:
        for named, numbers in sorted(lines.values()):
            stream.write(f"{numbers} {named}\n".encode())
    return len(lines)


def _all_models() -> Iterable[tuple[KnownModel, Sequence[TensorSpec]]]:
    """Build every model of timm without weights."""
    from dpiat_gui.errors import DpiatError
    from dpiat_gui.networks.timm_models import create_timm_model, timm_names
    from dpiat_gui.networks.torch_modules import tree_of

    for name in timm_names():
        try:
            module = create_timm_model(name, {}, structure=True)
        except DpiatError:
            continue
        classifier = getattr(module, "default_cfg", {}).get("classifier") or ()
        classifiers = (classifier,) if isinstance(classifier, str) else tuple(classifier)
        yield KnownModel(name, classifiers), tree_of(module).tensors


if __name__ == "__main__":
    target = Path(str(resources.files("dpiat_gui.resources").joinpath(*_FILE)))
    write_catalogue(target, list(_all_models()))
