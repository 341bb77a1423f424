"""What the engine can be asked for: plain values in, plain values out.

The same functions serve the engine process and the runner without one.
"""

import gc
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dpiat_gui.engine.context import JobContext
from dpiat_gui.engine.protocol import Plain, Progress
from dpiat_gui.engine.tensors import tensor
from dpiat_gui.errors import EngineError, SourceError
from dpiat_gui.networks.folders import cache_folder
from dpiat_gui.networks.tree_json import tree_from_json, tree_to_json
from dpiat_gui.networks.values import ModuleTree

INLINE_LIMIT = 1 << 20
"""Structures of more characters than this travel as a file, not in the answer."""


Operation = Callable[[Plain, JobContext], Plain]


def carry_out(
    operation: str,
    values: Plain,
    context: JobContext,
    operations: "Mapping[str, Operation] | None" = None,
) -> Plain:
    """Carry out the named operation.

    Raises
    ------
    EngineError
        If there is no such operation, or a value it needs is missing.
    DpiatError
        What the operation raises.
    """
    known = OPERATIONS if operations is None else operations
    if operation not in known:
        raise EngineError(
            f"The engine knows no operation named {operation!r}.", f"Known are: {', '.join(known)}."
        )
    context.check()
    return known[operation](values, context)


def ping(values: Plain, context: JobContext) -> Plain:
    """Answer with the process id and whether torch is loaded, or on its way: the engine is alive."""
    return {"pid": os.getpid(), "torch": "torch" in sys.modules}


def describe(values: Plain, context: JobContext) -> Plain:
    """Read the structure of a network; needs ``reference``, takes ``trust``, ``cache`` and ``flow``.

    With ``flow`` true the flow of information is traced as well, which the standardization ``graph``
    needs; it costs some tenths of a second.

    Answers with ``name``, ``fingerprint`` and the structure as JSON text: ``structure``, or
    ``structure_file`` where it is large. `read_structure` makes a tree of it.
    """
    from dpiat_gui.networks.sources import load_cached_tree, load_tree
    from dpiat_gui.networks.trust import TrustStore

    reference = _text(values, "reference")
    cache = bool(values.get("cache", True))
    flow = bool(values.get("flow", False))
    tree = load_cached_tree(reference, flow=flow) if cache else None
    if tree is None:
        context.load_torch()
        context.progress(Progress(0, 0, f"Reading {reference}"))
        trust = values.get("trust")
        tree = load_tree(reference, trust=TrustStore(trust) if trust else None, cache=cache, flow=flow)
    return {"name": tree.name, "fingerprint": tree.fingerprint, **_structure_answer(tree)}


def read_structure(answer: Plain) -> ModuleTree:
    """Return the tree of an answer to ``describe``; for a thread, large ones take some time.

    Raises
    ------
    SourceError
        If the answer holds none, or its file is gone or damaged.
    """
    hint = "Open the source again."
    try:
        if "structure_file" in answer:
            file = Path(answer["structure_file"])
            text = file.read_text("utf-8")
            file.unlink(missing_ok=True)
        else:
            text = answer["structure"]
        return tree_from_json(json.loads(text))
    except OSError as error:
        raise SourceError(f"The structure could not be read: {error.strerror or error}.", hint) from error
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError("The engine answered without a structure.", hint) from error


def names(values: Plain, context: JobContext) -> Plain:
    """Answer with the names of the installed timm's models, and its version."""
    context.progress(Progress(0, 0, "Loading timm"))
    context.need_torch()
    import timm

    return {"names": list(timm.list_models()), "version": timm.__version__}


def devices(values: Plain, context: JobContext) -> Plain:
    """Answer with the devices a transfer can run on: ``name``, ``title``, ``memory`` in bytes or None."""
    context.progress(Progress(0, 0, "Looking for devices"))
    context.need_torch()
    from dpiat_gui.transfer.devices import available_devices

    return {"devices": [_device(name) for name in available_devices()]}


def transfer(values: Plain, context: JobContext) -> Plain:
    """Carry out a transfer; takes the plain values of a `TransferRequest`, answers with its report's."""
    from dpiat_gui.transfer.request import TransferRequest

    request = TransferRequest.from_json(values)
    context.load_torch()
    from dpiat_gui.transfer.execution import run_transfer

    try:
        report = run_transfer(request, progress=context.progress, cancelled=context.cancelled)
    finally:
        _let_go()
    return report.to_json()


def check(values: Plain, context: JobContext) -> Plain:
    """Check what a transfer gives; takes the plain values of a `SanityRequest`, answers with its report's."""
    from dpiat_gui.transfer.sanity import SanityRequest

    request = SanityRequest.from_json(values)
    context.load_torch()
    from dpiat_gui.transfer.sanity_running import run_check

    try:
        report = run_check(request, progress=context.progress, cancelled=context.cancelled)
    finally:
        _let_go()
    return report.to_json()


def plan(values: Plain, context: JobContext) -> Plain:
    """Export what a transfer would do; takes ``request``, that of the transfer, and ``path``.

    The path's ending says what is written, see `dpiat_gui.transfer.preparing.export_plan`. Answers
    with ``files`` and the plan's ``notes``.
    """
    from dpiat_gui.transfer.request import TransferRequest

    request = TransferRequest.from_json(values.get("request"))
    context.load_torch()
    from dpiat_gui.transfer.preparing import export_plan
    from dpiat_gui.transfer.progress import Meter

    try:
        made = export_plan(request, Path(_text(values, "path")), Meter(context.progress, context.cancelled))
    finally:
        _let_go()
    return {"files": [str(file) for file in made.files], "notes": list(made.plan.notes)}


def verify(values: Plain, context: JobContext) -> Plain:
    """Check a written checkpoint; takes ``path``, and ``again`` to apply its plan once more.

    Answers with what `dpiat_gui.transfer.checking.Checked` holds.
    """
    context.load_torch()
    from dpiat_gui.transfer.checking import check_checkpoint
    from dpiat_gui.transfer.progress import Meter

    meter = Meter(context.progress, context.cancelled)
    try:
        return check_checkpoint(
            Path(_text(values, "path")), meter, again=bool(values.get("again", False))
        ).to_json()
    finally:
        _let_go()


OPERATIONS: Mapping[str, Operation] = {
    "ping": ping,
    "describe": describe,
    "names": names,
    "devices": devices,
    "transfer": transfer,
    "plan": plan,
    "verify": verify,
    "check": check,
    "tensor": tensor,
}
"""What can be asked for, by name."""


def _text(values: Plain, name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise EngineError(f"The request lacks {name!r}.", "Update the program: its parts do not fit.")
    return value


def _structure_answer(tree: ModuleTree) -> Plain:
    text = json.dumps(tree_to_json(tree), separators=(",", ":"))
    if len(text) <= INLINE_LIMIT:
        return {"structure": text}
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        handle, file = tempfile.mkstemp(prefix="answer-", suffix=".json", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError:  # no room for a file: the pipe takes longer, but does it
        return {"structure": text}
    return {"structure_file": file}


def _device(name: str) -> dict[str, Any]:
    import torch

    if name.startswith("cuda"):
        facts = torch.cuda.get_device_properties(torch.device(name))
        return {"name": name, "title": facts.name, "memory": int(facts.total_memory)}
    if name.startswith("xpu"):
        found = torch.xpu.get_device_properties(torch.device(name))
        return {"name": name, "title": str(found.name), "memory": int(found.total_memory)}
    if name == "mps":
        return {"name": name, "title": "Apple GPU", "memory": int(torch.mps.recommended_max_memory())}
    return {"name": name, "title": f"CPU, {torch.get_num_threads()} threads", "memory": _main_memory()}


def _main_memory() -> int | None:
    """Return the size of the machine's memory in bytes, None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _let_go() -> None:
    """Give back what a transfer held: networks live in cycles, and GPU memory in torch's pool."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
