"""Pickled checkpoints: loaded without running anything, and what is found in them."""

import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.file_checks import check_file, cut_off, damaged, first_bytes, readable

if TYPE_CHECKING:
    import torch

# What training scripts put their weights under, the averaged ones first, as timm prefers them.
_WRAPPERS = (
    "state_dict_ema",
    "model_ema",
    "ema",
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "module",
    "weights",
    "params_ema",
    "params",
    "teacher",
    "student",
)
_NOT_WEIGHTS = ("optim", "sched", "scaler", "loss", "args", "config", "hyper", "rng", "amp")
# What wrappers of modules put into the keys of the module they wrap.
_OUTER = ("module.", "_orig_mod.", "_fsdp_wrapped_module.")
_INNER = re.compile(r"(?<=\.)(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")
_SAVE_HINT = (
    'Load it where it was made and save its state dict: torch.save(model.state_dict(), "weights.pth").'
)


def load_pickled(path: Path) -> Any:
    """Load a pickled checkpoint by torch's weights-only loader, mapped where the format allows.

    Raises
    ------
    SourceError
        If it is missing, a folder, empty, cut off or damaged, or holds code.
    """
    import pickle

    import torch

    check_file(path)
    with readable(path):
        zipped = first_bytes(path).startswith(b"PK\x03\x04")
        if zipped:
            _check_archive(path)
        try:
            with torch.serialization.safe_globals(_harmless()):
                return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
        except (EOFError, pickle.UnpicklingError, RuntimeError, ValueError, TypeError) as error:
            raise _unreadable(path, error) from error
        except (AttributeError, ImportError, IndexError, KeyError, UnicodeDecodeError) as error:
            raise damaged(path) from error


def _check_archive(path: Path) -> None:
    """See that a zip file is whole and holds no TorchScript program, before torch opens it."""
    if not zipfile.is_zipfile(path):
        raise cut_off(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise damaged(path) from error
    if any(name.endswith("/constants.pkl") for name in names):
        raise SourceError(f"{path} holds a TorchScript program: code, which was not run.", _SAVE_HINT)


def _harmless() -> list[Any]:
    """Classes that training scripts save beside their weights and that run nothing when read."""
    import argparse
    import collections
    import pathlib

    import numpy as np

    dtypes = [type(np.dtype(name)) for name in ("float16", "float32", "float64", "int32", "int64", "bool")]
    scalar = (np.float64(0).__reduce__()[0], "numpy.core.multiarray.scalar")
    harmless = [argparse.Namespace, collections.defaultdict, dict, pathlib.PosixPath, pathlib.PurePosixPath]
    return [*harmless, np.dtype, scalar, scalar[0], *dtypes]


def _unreadable(path: Path, error: Exception) -> SourceError:
    text = str(error)
    held = re.search(r"(?:GLOBAL|class|global:?) `?([A-Za-z_][\w.]*\.\w+)", text)
    if "Weights only load failed" in text and held:
        return SourceError(f"{path} holds code ({held.group(1)}), which was not run.", _SAVE_HINT)
    if isinstance(error, EOFError) or re.search(
        r"truncated|unexpected EOF|central directory|ran out of", text
    ):
        return cut_off(path)
    return damaged(path)


def unwrap_state_dict(loaded: Any, name: str = "The file") -> "dict[str, torch.Tensor]":
    """Find the state dict in what a checkpoint holds.

    Parameters
    ----------
    loaded
        A state dict, or training state with one under ``state_dict``, ``model``,
        ``model_state_dict``, ``model_ema`` and the like, to any depth.
    name
        What to call it in messages.

    Returns
    -------
    dict
        Tensors by key, in order; ``module.`` and ``_orig_mod.`` before every key are removed.

    Raises
    ------
    SourceError
        If it holds no tensors.
    """
    state = _state_dict(loaded, 0)
    if not state:
        raise SourceError(
            f"{name} holds no weights.", "Choose a file that holds a state dict: tensors by name."
        )
    keys = clean_keys(list(state))
    return {clean: state[key] for key, clean in keys.items()}


def _state_dict(loaded: Any, depth: int) -> "dict[str, torch.Tensor]":
    from torch import Tensor

    if not isinstance(loaded, Mapping) or depth > 5:
        return {}
    own = {key: value for key, value in loaded.items() if isinstance(key, str) and isinstance(value, Tensor)}
    if own and not any(isinstance(loaded.get(key), Mapping) for key in _WRAPPERS):
        return own
    for key in _WRAPPERS:
        if found := _state_dict(loaded.get(key), depth + 1):
            return found
    others = [
        _state_dict(value, depth + 1)
        for key, value in loaded.items()
        if not any(word in str(key).lower() for word in _NOT_WEIGHTS)
    ]
    # Several networks in one file (a GAN's two, say): the largest is the one most likely meant.
    return own or max(others, key=lambda state: sum(t.numel() for t in state.values()), default={})


def clean_keys(keys: Sequence[str]) -> dict[str, str]:
    """Return for each key the key without what wrappers of modules put before it.

    A key that only counts averaged models is dropped; where names would collide, they stay.
    """
    kept = {key: key for key in keys if key != "n_averaged"}
    while kept and (outer := next((p for p in _OUTER if all(k.startswith(p) for k in kept.values())), "")):
        kept = {key: clean.removeprefix(outer) for key, clean in kept.items()}
    inner = {key: _INNER.sub("", clean) for key, clean in kept.items()}
    return inner if len(set(inner.values())) == len(inner) else kept
