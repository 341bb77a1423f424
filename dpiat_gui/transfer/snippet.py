"""A Python script that repeats a transfer from the original files, without this program."""

from pprint import pformat
from string import Template
from typing import Any

from dpiat_gui.errors import ExportError
from dpiat_gui.networks.references import CHECKPOINT_PATH, SourceReference, parse_reference

_HEAD = '''"""{title}

Repeats a weight transfer from the original files. Needs {needs}, and the plan
beside this file. Every tensor gets the same bytes as in the checkpoint it was planned for{proviso}.
"""

import json
from pathlib import Path

{imports}

PLAN = Path(__file__).with_name({plan})
OUTPUT = {output}
'''

_READ = '''
def read(path):
    """Read a checkpoint; wrappers around the weights are left out."""
    if path.endswith(".safetensors"):
        return load_file(path)
    if path.endswith(".index.json"):
        names = set(json.loads(Path(path).read_text("utf-8"))["weight_map"].values())
        shards = [load_file(Path(path).with_name(name)) for name in names]
        return {key: value for shard in shards for key, value in shard.items()}
    found = torch.load(path, map_location="cpu", weights_only=True)
    for name in ("state_dict", "model", "model_state_dict"):
        found = found[name] if isinstance(found.get(name), dict) else found
    return {key: value for key, value in found.items() if isinstance(value, torch.Tensor)}

'''

_BUILD_TIMM = '''
def build(name, options, weights=None):
    """Build a timm model from the seed."""
    random.seed(SEED)
    numpy.random.seed(SEED % 2**32)
    torch.default_generator.manual_seed(SEED)
    model = timm.create_model(name, **options)
    if weights:
        model.load_state_dict(read(weights))
    return model.state_dict()

'''

_BUILD_FACTORY = '''
def build_by(place, factory, options):
    """Build a network by a function of one's own, from the seed."""
    random.seed(SEED)
    numpy.random.seed(SEED % 2**32)
    torch.default_generator.manual_seed(SEED)
    if place.endswith(".py"):
        sys.path.insert(0, str(Path(place).parent))
        spec = importlib.util.spec_from_file_location("network", place)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(place)
    found = operator.attrgetter(factory)(module)
    return (found if isinstance(found, torch.nn.Module) else found(**options)).state_dict()

'''

_APPLY = '''
def find(tensors, key):
    """Return a tensor by the plan's name for it, which leaves out prefixes such as module."""
    if key in tensors:
        return tensors[key]
    return tensors[min((name for name in tensors if name.endswith("." + key)), key=len)]


def bits(tensor):
    """View a tensor as whole numbers of the same size: those can be indexed whatever they are."""
    kinds = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    kind = kinds.get(tensor.element_size())
    return tensor if kind is None else tensor.view(kind)


def indices(row, side):
    """Return the indices that a row takes along each dimension."""
    slices = row[side + "_slices"]
    picks = row.get(side + "_picks") or [None] * len(slices)
    return [torch.arange(*box) if one is None else torch.tensor(one) for box, one in zip(slices, picks)]


def carry_out(row, source, own):
    """Return what becomes of one tensor of the target."""
    if "fresh" in row:
        return own
    made = own.clone()
    if "constant" in row:
        return made.fill_(row["constant"])
    given = find(source, row["source"])
    part = bits(given.contiguous())
    for axis, along in enumerate(indices(row, "source")):
        part = part.index_select(axis, along)
    part = part.contiguous().view(given.dtype)
    if "scale" in row:
        wide = torch.float64 if torch.float64 in (part.dtype, made.dtype) else torch.float32
        part = part.to(wide) * row["scale"]
    part = part.to(made.dtype)
    places = indices(row, "target")
    if not places:
        return part.clone()
    rank = len(places)
    shaped = [along.view([-1 if k == axis else 1 for k in range(rank)]) for axis, along in enumerate(places)]
    bits(made)[tuple(shaped)] = bits(part)
    return made


def main():
    """Repeat the transfer."""
    plan = json.loads(PLAN.read_text("utf-8"))
    source = $source
    own = $target
    made = {row["target"]: carry_out(row, source, find(own, row["target"])) for row in plan["rows"]}
    made = {key: value.detach().contiguous().clone() for key, value in made.items()}
    if OUTPUT.endswith(".safetensors"):
        save_file(made, OUTPUT)
    else:
        torch.save(made, OUTPUT)


if __name__ == "__main__":
    with torch.no_grad():
        main()
'''


def make_snippet(
    source: str, target: str, *, seed: int, plan: str, output: str, calibrated: bool = False
) -> str:
    """Return a script that repeats a transfer.

    Parameters
    ----------
    source, target
        References of the networks.
    seed
        Of the target's own initialisation.
    plan
        Name of the plan's JSON file, beside the script.
    output
        The checkpoint it writes.
    calibrated
        Whether the transfer was followed by a calibration, which the script leaves out.

    Raises
    ------
    ExportError
        If a network has no reference that a script could open.
    """
    references = [parse_reference(source), parse_reference(target)]
    timm = any(reference.kind == "timm" for reference in references)
    built = any(reference.kind != "checkpoint" for reference in references)
    imports = ["import torch", "from safetensors.torch import load_file, save_file"]
    standard: list[str] = []
    if built:
        standard = ["import random"]
        imports.insert(0, "import numpy")
    if any(reference.kind not in ("checkpoint", "timm") for reference in references):
        standard = ["import importlib.util", "import operator", *standard, "import sys"]
    if timm:
        imports.insert(0, "import timm")
    parts = [
        _HEAD.format(
            title=_quoted(f"From {references[0].title} to {references[1].title}."),
            needs="torch, safetensors and timm" if timm else "torch and safetensors",
            proviso=(
                ",\nexcept for the statistics of batch norms: those were estimated on images afterwards"
                if calibrated
                else ""
            ),
            imports="\n".join([*standard, *imports]),
            plan=repr(plan),
            output=repr(output),
        )
    ]
    if built:
        parts.append(f"SEED = {seed}\n")
    parts.append("\n" + _READ.lstrip("\n"))
    if timm:
        parts.append(_BUILD_TIMM)
    if any(reference.kind not in ("checkpoint", "timm") for reference in references):
        parts.append(_BUILD_FACTORY)
    # Both at once: a path that holds a placeholder must not take what stands for the other network.
    body = Template(_APPLY).substitute(source=_expression(references[0]), target=_expression(references[1]))
    return "".join([*parts, body])


def _quoted(text: str) -> str:
    """Return `text` as it stands between three quotes, which a file's name may hold as well."""
    return repr(text)[1:-1].replace('"', '\\"')


def _expression(reference: SourceReference) -> str:
    """Return the Python that gives a network's tensors; names stand in it as Python's own literals."""
    options: dict[str, Any] = dict(reference.options)
    if reference.kind == "checkpoint":
        return f"read({str(reference.path or reference.name)!r})"
    options.pop("input_size", None)
    if reference.kind == "timm":
        weights = options.pop(CHECKPOINT_PATH, None)
        more = f", {str(weights)!r}" if weights else ""
        return f"build({reference.name!r}, {pformat(options)}{more})"
    if not reference.attribute:
        raise ExportError(
            f"{reference.title} cannot be opened by a script.",
            "Open it by a file or a name, not as a live module.",
        )
    return f"build_by({reference.name!r}, {reference.attribute!r}, {pformat(options)})"
