"""Carry out a sanity check: build the networks, transfer, run, judge."""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dpiat_gui.errors import Cancelled, DpiatError, TransferError
from dpiat_gui.networks.folders import expanded
from dpiat_gui.networks.references import SourceReference, parse_reference
from dpiat_gui.networks.values import Layer
from dpiat_gui.transfer.copying import one_thread
from dpiat_gui.transfer.devices import resolve_device
from dpiat_gui.transfer.progress import Meter
from dpiat_gui.transfer.sanity import MODES, Run, SanityReport, SanityRequest
from dpiat_gui.transfer.sanity_inputs import Batch, cannot_run, make_batch
from dpiat_gui.transfer.sanity_measuring import measure
from dpiat_gui.transfer.sanity_rules import findings_of, notes_of
from dpiat_gui.transfer.values import Progress

if TYPE_CHECKING:
    import torch
    from torch import nn

    from dpiat_gui.networks.factories import TrustStore
    from dpiat_gui.networks.twins import Twin

_TITLES = {"source": "Running the source", "before": "Running the target before", "after": "Running it after"}


def run_check(
    request: SanityRequest,
    *,
    progress: Callable[[Progress], None] = lambda progress: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> SanityReport:
    """Run one batch forward and back through source, target before and target after the transfer.

    Equal requests give equal reports, time aside, on one device.

    Parameters
    ----------
    request
        What to check.
    progress
        Told of stages, then of layers.
    cancelled
        Asked between layers.

    Raises
    ------
    SourceError, MatchError, ExportError
        As of the transfer.
    TransferError
        As of the transfer; or if the target cannot be run, or no image fits.
    Cancelled
        If `cancelled` says so.

    Notes
    -----
    A checkpoint holds no code: it is run as the timm model whose tensors it has, and a note says so.
    Where none has them, the source is left out, with a note. All networks take the same random numbers
    or images, each in the size it takes.
    """
    began = time.perf_counter()
    checker = _Checker(request, Meter(progress, cancelled))
    target = parse_reference(request.transfer.target)
    checker.twin_for(target)  # asked before the work
    # One batch is too little work to share out: on cores that are busy, threads that wait for each
    # other took twelve times as long as one.
    with tempfile.TemporaryDirectory(prefix="dpiat-gui-check-") as folder, one_thread():
        weights = expanded(request.weights) if request.weights else checker.transfer(Path(folder))
        checker.run_source(parse_reference(request.transfer.source))
        checker.run_target(target, weights)
    runs = tuple(checker.runs)
    return SanityReport(
        source=parse_reference(request.transfer.source).title,
        target=target.title,
        operator=request.transfer.transfer.operator,
        inputs=checker.inputs,
        loss=checker.loss,
        runs=runs,
        findings=findings_of(runs, request.pairs),
        notes=(*checker.notes, *notes_of(runs)),
        pairs=request.pairs,
        device=checker.device,
        seconds=time.perf_counter() - began,
        buffers=request.transfer.transfer.buffers,
        calibrated=bool(request.transfer.transfer.calibrate),
    )


@dataclass
class _Network:
    module: "nn.Module"
    layers: tuple[Layer, ...]
    batch: Batch
    twin: "Twin | None" = None
    """The model that a checkpoint is run as."""

    def load(self, state: "Mapping[str, torch.Tensor]") -> None:
        """Take other weights, by the keys of the network's checkpoint.

        Raises
        ------
        KeyError, RuntimeError
            If they are not the network's.
        """
        if self.twin is None:
            self.module.load_state_dict(state)
            return
        given = {own: state[key] for own, key in self.twin.keys.items()}
        self.module.load_state_dict(self.module.state_dict() | given)

    def as_named(self, run: Run) -> Run:
        """Return a run with its layers called as the person's checkpoint calls them."""
        if self.twin is None:
            return run
        names = {layer.path: self.twin.path_of(layer) for layer in self.layers}
        return replace(
            run, layers=tuple(replace(scale, path=names.get(scale.path, scale.path)) for scale in run.layers)
        )


class _Checker:
    """Does the steps of one check and keeps what came of them."""

    def __init__(self, request: SanityRequest, meter: Meter) -> None:
        self._request, self._meter = request, meter
        self.device = resolve_device(request.transfer.device)
        self.runs: list[Run] = []
        self.notes: list[str] = []
        self.inputs = self.loss = ""
        self._twins: dict[str, Twin] = {}

    def twin_for(self, reference: SourceReference) -> "Twin | None":
        """Return what a checkpoint is run as; None for a network that has code of its own.

        Raises
        ------
        SourceError, TransferError
            If a checkpoint cannot be read, or no known model can stand in for it.
        """
        from dpiat_gui.networks.twins import twin_of

        if reference.kind != "checkpoint":
            return None
        if reference.name not in self._twins:
            self._meter.stage(f"Reading {reference.title}")
            twin = twin_of(reference)
            if twin is None:
                raise TransferError(
                    f"{reference.title} cannot be run: a checkpoint holds weights, but not the code of its "
                    "network, and none of timm's models has these tensors.",
                    f"Name the model itself: FILE.py:factory, or timm:NAME?checkpoint_path={reference.name}.",
                )
            self._twins[reference.name] = twin
        return self._twins[reference.name]

    def transfer(self, folder: Path) -> Path:
        """Carry out the transfer into a temporary file: what is checked is what would be written."""
        from dpiat_gui.transfer.execution import run_transfer

        self._meter.stage("Carrying over the weights")
        goal = folder / "after.safetensors"
        request = replace(self._request.transfer, output=str(goal))
        run_transfer(request, cancelled=self._cancelled)
        return goal

    def run_source(self, reference: SourceReference) -> None:
        """Run the source, or note why not."""
        try:
            network = self._build(reference)
            self._run(network, "source")
            self._tell_of_twin(network)
        except Cancelled:
            raise
        except DpiatError as error:
            self.notes.append(f"The source was not run. {error.message}")
            self.runs = [run for run in self.runs if run.role != "source"]

    def run_target(self, reference: SourceReference, weights: Path) -> None:
        """Run the target as it was made, then with the transferred weights."""
        from dpiat_gui.networks.checkpoints import open_weights

        network = self._build(reference)
        self.inputs = network.batch.text
        self._tell_of_twin(network)
        self.notes += network.batch.notes
        self._run(network, "before")
        self._meter.stage("Loading the transferred weights")
        with open_weights(weights) as opened:
            state = {key: opened.read(key) for key in opened.keys()}  # noqa: SIM118 - no mapping
            try:
                network.load(state)
            except (KeyError, RuntimeError) as error:
                raise TransferError(
                    f"{weights.name} is no checkpoint of {reference.title}.",
                    "Choose the file that the transfer wrote.",
                ) from error
        self._run(network, "after")

    def _build(self, reference: SourceReference) -> _Network:
        from dpiat_gui.networks.sources import build_module, load_network
        from dpiat_gui.networks.torch_modules import copied
        from dpiat_gui.networks.twins import build_twin

        self._meter.stage(f"Building {reference.title}")
        request, trust = self._request, self._trust()
        twin = self.twin_for(reference)
        code = twin.model if twin is not None else reference
        layers = load_network(code, request.transfer.method, trust=trust).layers
        if twin is not None:
            module = build_twin(twin)
        else:
            module = build_module(code, seed=request.transfer.seed, trust=trust)
        if code.runs_code:
            # A person's factory may give the same module twice.
            module = copied(module)
        batch = make_batch(module, layers, code, request, self._meter.check)
        return _Network(module.to(self.device), layers, batch, twin)

    def _tell_of_twin(self, network: _Network) -> None:
        """Say once what a checkpoint was run as."""
        if network.twin is not None and network.twin.note not in self.notes:
            self.notes.append(network.twin.note)

    def _run(self, network: _Network, role: str) -> None:
        import torch

        values = network.batch.values.to(self.device)
        for mode in MODES:
            self._meter.stage(f"{_TITLES[role]}, {_words(mode)}")
            step = _Steps(self._meter, network.layers, f"{_TITLES[role]}, {_words(mode)}")
            try:
                run, self.loss = measure(
                    network.module,
                    network.layers,
                    values,
                    role,
                    mode,
                    seed=self._request.seed,
                    step=step,
                )
            except Cancelled:
                raise
            except torch.cuda.OutOfMemoryError as error:
                raise TransferError(
                    "The device has too little memory for the check.",
                    "Choose fewer inputs, or the device cpu.",
                ) from error
            except Exception as error:  # a network's own code may raise anything
                raise cannot_run(role_title(role), error, told=True) from error
            self.runs.append(network.as_named(run))

    def _trust(self) -> "TrustStore | None":
        if self._request.transfer.trust is None:
            return None
        from dpiat_gui.networks.factories import TrustStore

        return TrustStore(Path(self._request.transfer.trust))

    def _cancelled(self) -> bool:
        self._meter.check()
        return False


class _Steps:
    """Tells the meter of every layer, there and back."""

    def __init__(self, meter: Meter, layers: Sequence[Layer], text: str) -> None:
        self._meter, self._total, self._text = meter, 2 * len(layers), text
        self._done = 0

    def __call__(self) -> None:
        self._done = min(self._done + 1, self._total)
        self._meter.step(self._done, self._total, self._text)


def role_title(role: str) -> str:
    """Return what a person calls one of the three networks."""
    return {"source": "The source", "before": "The target", "after": "The target after the transfer"}[role]


def _words(mode: str) -> str:
    return "evaluation mode" if mode == "eval" else "training mode"
