"""Checkpoints of timm's models, known again by their tensors alone.

A state dict says nothing of activations, pools, strides or the order of registration. Where its
keys and shapes are exactly those of one of timm's models, the model's own structure says it all.
The catalogue holds one number for each model: a sum of hashes of its tensors, the classifier's left
out, so that another number of classes makes no difference. Nothing here imports torch.

Run ``python -m dpiat_gui.networks.known_models`` after timm has changed, to write it afresh.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path

from dpiat_gui.files import write_whole
from dpiat_gui.networks.references import SourceReference
from dpiat_gui.networks.values import ModuleNode, ModuleTree, TensorSpec

_FILE = ("catalogue", "timm_tensors.txt")
_MODULUS = 2**64
_COUNTER = ".num_batches_tracked"  # what some programs leave out of their files


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
        With ``num_classes`` as the checkpoint has it. `adopt` makes sure.
    """
    hashes = {spec.key: _hash(spec) for spec in specs if not spec.key.endswith(_COUNTER)}
    shapes = {spec.key: spec.shape for spec in specs}
    total = sum(hashes.values())
    for classifiers, models in _catalogue().items():
        own = [key for key in hashes if _belongs(key, classifiers)]
        name = models.get((total - sum(hashes[key] for key in own)) % _MODULUS)
        if name is None:
            continue
        weight = shapes.get(f"{classifiers[0]}.weight") if classifiers else None
        options = (("num_classes", weight[0]),) if weight else ()
        return SourceReference("timm", name, options=options)
    return None


def adopt(tree: ModuleTree, specs: Sequence[TensorSpec]) -> ModuleTree | None:
    """Return the structure of a model with the tensors of a checkpoint in it.

    Parameters
    ----------
    tree
        The structure of the model that `known_model` named.
    specs
        The checkpoint's tensors; their dtypes count, and counters of batches that they lack go.

    Returns
    -------
    ModuleTree or None
        None where keys or shapes differ after all.
    """
    given = {spec.key: spec for spec in specs}
    own = {spec.key: spec.shape for spec in tree.tensors if spec.key in given or not _is_counter(spec.key)}
    if own != {spec.key: spec.shape for spec in specs}:
        return None
    return replace(tree, root=_adopted(tree.root, given))


def _adopted(node: ModuleNode, given: Mapping[str, TensorSpec]) -> ModuleNode:
    return replace(
        node,
        tensors=tuple(
            replace(spec, dtype=given[spec.key].dtype) for spec in node.tensors if spec.key in given
        ),
        children=tuple(_adopted(child, given) for child in node.children),
    )


def _is_counter(key: str) -> bool:
    return key.endswith(_COUNTER)


def _hash(spec: TensorSpec) -> int:
    text = f"{spec.key}\t{spec.shape}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def _belongs(key: str, modules: Iterable[str]) -> bool:
    return any(key.startswith(f"{module}.") for module in modules)


def _body_sum(specs: Iterable[TensorSpec], classifiers: Sequence[str]) -> int:
    """Return the sum of the hashes of all tensors but the classifiers'; their order plays no part."""
    body = (spec for spec in specs if not _is_counter(spec.key) and not _belongs(spec.key, classifiers))
    return sum(_hash(spec) for spec in body) % _MODULUS


@cache
def _catalogue() -> dict[tuple[str, ...], dict[int, str]]:
    """Read the catalogue: names by sum, by the classifiers that the sum leaves out."""
    found: dict[tuple[str, ...], dict[int, str]] = {}
    file = resources.files("dpiat_gui.resources").joinpath(*_FILE)
    for line in file.read_text("utf-8").splitlines():
        total, name, *classifiers = line.split(" ")
        found.setdefault(tuple(classifiers), {})[int(total, 16)] = name
    return found


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
    names: dict[tuple[int, tuple[str, ...]], str] = {}
    for model, specs in sorted(models, key=lambda one: (len(one[0].name), one[0].name)):
        names.setdefault((_body_sum(specs, model.classifiers), model.classifiers), model.name)
    lines = sorted(f"{name} {' '.join(classifiers)}".rstrip() for (_, classifiers), name in names.items())
    sums = {(name, *classifiers): total for (total, classifiers), name in names.items()}
    with write_whole(path) as stream:
        for line in lines:
            stream.write(f"{sums[tuple(line.split(' '))]:016x} {line}\n".encode())
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
