"""Reading one tensor of the source and the target, for a look at its values."""

import json
import os
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dpiat_gui.engine.protocol import Plain
from dpiat_gui.errors import EngineError, SourceError
from dpiat_gui.files import write_whole
from dpiat_gui.networks.references import CHECKPOINT_PATH, SourceReference, parse_reference
from dpiat_gui.networks.source_files import files_of
from dpiat_gui.networks.trust import TrustStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from dpiat_gui.engine.context import JobContext
    from dpiat_gui.transfer.values import TransferPlan


def tensor(values: Plain, context: "JobContext") -> Plain:
    """Read one tensor of the source and one of the target, and say what is in them.

    Takes ``source`` and ``target`` (references), ``source_key`` and ``target_key`` (either side may
    be missing), ``seed``, ``trust``, ``folder`` (where pictures are written) and ``plan`` (the JSON
    of a transfer plan with the one row of the target's tensor; without it there is no *after*).

    Answers with ``variants``, a record for each of source, before, after and difference that there
    is: ``name``, ``shape``, ``dtype``, ``statistics``, ``histogram`` (none for the difference),
    ``file`` (.npy, float32), ``layout``, ``shown``, ``of``; and with ``range`` of the histograms,
    ``reach`` of the colours, ``notes``.
    """
    from dpiat_gui.engine.protocol import Progress

    context.load_torch()
    context.progress(Progress(0, 0, "Reading the tensor"))
    found, notes = _read(values)
    context.check()
    return _described(found, Path(str(values["folder"])), context) | {"notes": notes}


def _read(values: Plain) -> "tuple[dict[str, torch.Tensor], list[str]]":
    """Return the tensors by the name of their variant, in order."""
    seed, trust = int(values.get("seed", 0)), values.get("trust")
    found: dict[str, torch.Tensor] = {}
    notes: list[str] = []
    for side, variant in (("source", "source"), ("target", "before")):
        key = values.get(f"{side}_key")
        if key:
            reference = parse_reference(str(values[side]))
            found[variant] = _one(reference, str(key), seed, trust)
            notes += _notes(reference, side, seed)
    if values.get("plan") and "before" in found:
        from dpiat_gui.transfer.plan_json import plan_from_json

        plan = plan_from_json(values["plan"])
        found["after"] = _after(plan, found)
        if found["before"].is_floating_point():
            found["difference"] = found["after"].double().sub_(found["before"])
    return found, notes


def _after(plan: "TransferPlan", found: "Mapping[str, torch.Tensor]") -> "torch.Tensor":
    """Carry the one row of a plan out, on a copy."""
    from dpiat_gui.transfer.copying import apply_plan

    (row,) = plan.rows
    made = found["before"].clone()

    def read(key: str) -> "torch.Tensor":
        if key != row.source or "source" not in found:
            raise KeyError(key)
        return found["source"]

    apply_plan(replace(plan, rows=(row,)), read, {row.target: made})
    return made


def _one(reference: SourceReference, key: str, seed: int, trust: str | None) -> "torch.Tensor":
    """Return one tensor of a network, on the CPU; of a checkpoint, no other is read."""
    if reference.kind == "checkpoint":
        from dpiat_gui.networks.checkpoints import open_weights

        with open_weights(reference.name) as weights:
            # A copy: it may lie in the file, which is closed now.
            return weights.read(key).clone()
    state = _state(reference.text, seed, trust, _stamp(reference))
    if key not in state:
        raise SourceError(f"{reference.title} holds no tensor named {key!r}.", "Open the network again.")
    return state[key]


@lru_cache(maxsize=2)
def _state(text: str, seed: int, trust: str | None, stamp: str) -> "dict[str, torch.Tensor]":
    """Build a network and keep its tensors: a person looks at many of the same two."""
    from dpiat_gui.networks.sources import build_module

    module = build_module(text, seed=seed, trust=TrustStore(Path(trust)) if trust else None)
    return {key: value.detach().cpu() for key, value in module.state_dict().items()}


def _stamp(reference: SourceReference) -> str:
    """Return what changes with the files that a network is made from."""
    stamps = []
    for file in files_of(reference):
        with suppress(OSError):
            told = file.stat()
            stamps.append((str(file), told.st_size, told.st_mtime_ns))
    return json.dumps(stamps)


def _notes(reference: SourceReference, side: str, seed: int) -> list[str]:
    trained = reference.option("pretrained") or reference.option(CHECKPOINT_PATH)
    if reference.kind == "timm" and not trained:
        return [f"The {side} has no trained weights: its own initialisation (seed {seed}) is shown."]
    return []


def _described(found: "Mapping[str, torch.Tensor]", folder: Path, context: "JobContext") -> Plain:
    from dpiat_gui.transfer.copying import one_thread
    from dpiat_gui.transfer.tensor_statistics import (
        common_range,
        histogram_of,
        picture_of,
        reach_of,
        statistics_of,
    )

    if not folder.is_dir():
        raise EngineError("There is no folder for the picture of the tensor.", "Select the layer again.")
    with one_thread():
        statistics = {name: statistics_of(values) for name, values in found.items()}
        context.check()
        low, high = common_range([one for name, one in statistics.items() if name != "difference"])
        records = []
        reaches = []
        for name, values in found.items():
            picture = picture_of(values)
            if name != "difference":
                reaches.append(reach_of(picture.values))
            record: dict[str, Any] = {
                "name": name,
                "shape": list(values.shape),
                "dtype": str(values.dtype).removeprefix("torch."),
                "statistics": statistics[name].to_json(),
                "histogram": histogram_of(values, low, high) if name != "difference" else None,
                "file": _written(folder / f"{name}.npy", picture.values),
                "layout": picture.layout,
                "shown": list(picture.shown),
                "of": list(picture.of),
            }
            records.append(record)
            context.check()
    known = [reach for reach in reaches if isfinite(reach)]
    return {"variants": records, "range": [low, high], "reach": max(known, default=0.0)}


def _written(path: Path, values: "torch.Tensor") -> str:
    import numpy as np

    with write_whole(path) as stream:
        np.save(stream, values.numpy(), allow_pickle=False)
    return os.fspath(path)
