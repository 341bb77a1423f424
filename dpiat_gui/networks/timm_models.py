"""timm's models: their names without torch, their structure without weights."""

import difflib
import re
from collections.abc import Mapping
from contextlib import nullcontext
from functools import cache
from importlib import metadata, resources
from typing import TYPE_CHECKING, Any

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.folders import expanded
from dpiat_gui.networks.hub import impatient_hub
from dpiat_gui.networks.meta_build import build_structure, collector_off, is_bad_call
from dpiat_gui.networks.references import CHECKPOINT_PATH, OptionValue, SourceReference
from dpiat_gui.networks.values import ModuleTree

if TYPE_CHECKING:
    from torch import nn

WEIGHT_OPTIONS = frozenset({"pretrained", CHECKPOINT_PATH})
"""Options that choose weights and leave the structure as it is."""

INPUT_SIZE = "input_size"
"""The option that names the size of the input to trace with; no model is told of it."""

COMMON_OPTIONS = (
    "num_classes",
    "in_chans",
    "drop_rate",
    "drop_path_rate",
    "global_pool",
    "img_size",
    "features_only",
    "pretrained",
    CHECKPOINT_PATH,
)
_REFUSED = {
    "device": "The device is chosen for the transfer, not for the network.",
    "dtype": "Weights keep the dtype that timm gives them.",
    "cache_dir": "Set HF_HOME to choose where downloaded weights are kept.",
}
_WHOLE_NUMBERS = {"num_classes": 0, "in_chans": 1}
_NAME_LIST = ("catalogue", "timm_names.txt")


@cache
def timm_names() -> tuple[str, ...]:
    """Names of timm's models, sorted, as of the version the program was built with.

    Neither timm nor torch is imported.
    """
    file = resources.files("dpiat_gui.resources").joinpath(*_NAME_LIST)
    return tuple(file.read_text("utf-8").split())


def near_names(name: str, limit: int = 5) -> tuple[str, ...]:
    """Return up to `limit` of timm's names that someone who wrote `name` may have meant, best first."""
    wanted = name.lower().partition(".")[0].replace("-", "_")
    names = timm_names()
    near = difflib.get_close_matches(wanted, names, n=limit, cutoff=0.6)
    squeezed = wanted.replace("_", "")
    same = [known for known in names if known.replace("_", "") == squeezed]
    starting = [known for known in names if known.startswith(wanted)] if len(wanted) > 2 else []
    return tuple(dict.fromkeys([*same, *near, *starting]))[:limit]


@cache
def timm_version() -> str:
    """Version of the installed timm, empty if there is none; timm is not imported."""
    try:
        return metadata.version("timm")
    except metadata.PackageNotFoundError:
        return ""


def structure_options(reference: SourceReference) -> dict[str, OptionValue]:
    """Return the reference's options without those that only choose weights or an input to trace with."""
    left_out = WEIGHT_OPTIONS | {INPUT_SIZE}
    return {name: value for name, value in reference.options if name not in left_out}


def timm_tree(
    name: str, options: Mapping[str, OptionValue] | None = None, *, flow: bool = False
) -> ModuleTree:
    """Return the structure of one of timm's models; no weights are made, read or downloaded.

    Parameters
    ----------
    name
        As timm names it, with or without a tag of weights: ``resnet50``, ``resnet50.a1_in1k``.
    options
        Keyword arguments for ``timm.create_model``; those that only choose weights do nothing.
        ``input_size`` is the size to trace with.
    flow
        Whether to trace the flow of information as well.

    Raises
    ------
    SourceError
        If timm has no such model or the model no such option, or it cannot be built with them.
    StandardizationError
        If the flow is wanted and cannot be traced.
    """
    from dpiat_gui.networks.torch_modules import tree_of
    from dpiat_gui.networks.tracing import with_flow

    given = dict(options or {})
    _check_options(given)
    chosen = {key: value for key, value in given.items() if key not in WEIGHT_OPTIONS}
    reference = SourceReference("timm", name, options=tuple(sorted(given.items())))
    with collector_off():
        module = create_timm_model(name, chosen, structure=True)
        tree = tree_of(module, reference.title, reference.text)
    tree = ModuleTree(tree.name, tree.root, tree.origin, (("timm", timm_version()),))
    return with_flow(tree, module, given.get(INPUT_SIZE), owned=True) if flow else tree


def create_timm_model(
    name: str, options: Mapping[str, OptionValue], *, structure: bool = False
) -> "nn.Module":
    """Call ``timm.create_model``, with its complaints put into words.

    Parameters
    ----------
    name, options
        As for `timm_tree`; here ``pretrained`` and ``checkpoint_path`` do count.
    structure
        True to make a module without weights.

    Raises
    ------
    SourceError
        As `timm_tree`, and if weights cannot be had.
    """
    _check_options(options)
    timm = _checked_timm(name)
    given = {key: value for key, value in options.items() if key not in (CHECKPOINT_PATH, INPUT_SIZE)}

    def create() -> "nn.Module":
        module: nn.Module = timm.create_model(name, **given)
        return module

    try:
        if structure:
            return build_structure(create)
        with impatient_hub() if given.get("pretrained") else nullcontext():
            module = create()
    except Exception as error:  # foreign code, called with a person's options
        raise _explained(name, options, error) from error
    if path := options.get(CHECKPOINT_PATH):
        _load_checkpoint(module, name, str(path))
    return module


def _load_checkpoint(module: "nn.Module", name: str, path: str) -> None:
    """Load a checkpoint into the module as it is, whole; never by a pickle that runs code."""
    from dpiat_gui.networks.checkpoints import open_weights

    with open_weights(expanded(path)) as weights:
        state = {spec.key: weights.read(spec.key) for spec in weights.specs}
        try:
            module.load_state_dict(state)
        except RuntimeError as error:
            raise SourceError(
                f"The weights in {path} are not those of timm's {name} with these options.",
                "Open the file itself as the source: the transfer fits it to any target.",
            ) from error


def _checked_timm(name: str) -> Any:
    """Import timm and see that it has the model."""
    if name.startswith(("hf-hub:", "hf_hub:", "local-dir:")):
        raise SourceError(
            f"{name} is described outside timm, where its structure cannot be read.",
            "Give the plain name of timm's model and the weights as a checkpoint file.",
        )
    try:
        import timm
    except ImportError as error:
        raise SourceError(f"timm cannot be imported: {error}.", "Install it: pip install timm.") from error
    model, _, tag = name.partition(".")
    if not timm.is_model(model):
        near = near_names(name)
        raise SourceError(
            f"timm has no model named {model!r}.",
            f"Did you mean {' or '.join(near)}?" if near else "Names are listed by timm.list_models().",
        )
    # Listing them costs as much as building a model.
    listed = timm.list_models(f"{model}.*", pretrained=True) if tag else []
    tags = [known.partition(".")[2] for known in listed]
    if tag and tag not in tags:
        near_tags = difflib.get_close_matches(tag, tags, cutoff=0.3) or tags[:5]
        raise SourceError(
            f"timm's {model} has no weights tagged {tag!r}.",
            f"Leave the tag out or use one of: {', '.join(near_tags)}."
            if near_tags
            else "Leave the tag out.",
        )
    return timm


def _check_options(options: Mapping[str, OptionValue]) -> None:
    for name, value in options.items():
        if name in _REFUSED:
            raise SourceError(f"The option {name} cannot be given here.", _REFUSED[name])
        least = _WHOLE_NUMBERS.get(name)
        if least is not None and (type(value) is not int or value < least):
            raise SourceError(
                f"{name} must be a whole number of at least {least}, not {value!r}.",
                f"Write for example {name}=10.",
            )
        if name in ("pretrained", "features_only") and not isinstance(value, bool):
            raise SourceError(f"{name} must be true or false, not {value!r}.", f"Write {name}=true.")


def _explained(name: str, options: Mapping[str, OptionValue], error: Exception) -> SourceError:
    if is_bad_call(error):
        unknown = re.search(r"argument(?:\(s\):)? \[?'(\w+)'", str(error))
        option = unknown.group(1) if unknown else ""
        if option in options:
            near = difflib.get_close_matches(option, COMMON_OPTIONS, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Most have: {', '.join(COMMON_OPTIONS[:6])}."
            return SourceError(f"timm's {name} has no option named {option!r}.", hint)
    if options.get("pretrained"):
        return SourceError(
            f"The pretrained weights of timm's {name} cannot be had: {_first_line(error)}",
            "Without a network give a checkpoint file as the source, add checkpoint_path=FILE to the "
            "reference, or set HF_HOME to a folder that holds the weights.",
        )
    given = ", ".join(f"{key}={value}" for key, value in options.items())
    return SourceError(
        f"timm cannot build {name}{f' with {given}' if given else ''}: {_first_line(error)}",
        "Leave options out one by one to find the one it does not take."
        if given
        else "Try another version of timm.",
    )


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
