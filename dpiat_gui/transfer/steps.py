"""The recommended steps beside the copying: what they change in a plan, tensor by tensor.

Each step is an option of its own (`dpiat_gui.transfer.options.TransferOptions`) and a pure function of
the matching and the plan's rows. All of them obey one rule: a tensor that the source covers wholly and
equally is not altered, so that a transfer into the same architecture with the same classes stays
bit-equal. A source tensor counts for the first target that takes it: a copy of a copy may be altered.
What a person has decided by hand, no step on weights touches: targets left fresh, layers pinned,
parameters frozen.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dpiat_gui.matching.values import Matching
from dpiat_gui.networks.kinds import BATCH_NORMS, LayerKind
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.steps_structure import (
    Gate,
    bias_key,
    called_gates,
    closing_norm,
    find_gates,
    find_heads,
    find_neck,
    is_within,
    weight_key,
)
from dpiat_gui.transfer.values import FreshReason, PlanRow

REPEATS = "repeats"
SQUEEZE_EXCITE = "squeeze_excite"
HEAD = "head"
NECK = "neck"
CALIBRATE = "calibrate"
STEPS = (REPEATS, SQUEEZE_EXCITE, HEAD, NECK, CALIBRATE)
"""Names of the steps in their order; each is the name of its option, too."""

_TITLES = ("Repeats: ", "Squeeze-excite: ", "Head: ", "Neck: ", "Calibrate: ")
"""What the notes of each step begin with."""

OPEN_GATE = 4.0
"""Bias of a gate that lets nearly everything through: the sigmoid of 4 is 0.98."""

STATISTICS = frozenset({"running_mean", "running_var", "num_batches_tracked"})
"""Names of the buffers that calibration estimates anew."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a step makes of one target tensor.

    Parameters
    ----------
    key
        The tensor's key in the target's state dict.
    step
        The step, one of `STEPS`.
    constant
        The value of all its elements; None to leave it to the target's own initialisation, or, for
        calibration, to the images.
    """

    key: str
    step: str
    constant: float | None = None


_LEFT = {NECK: FreshReason.NECK, CALIBRATE: FreshReason.CALIBRATED}
"""Why a tensor is fresh that a step leaves to its initialisation, or to the images."""


class _Changes:
    """Collects changes, and keeps from every step what it must not touch."""

    def __init__(self, matching: Matching, rows: Iterable[PlanRow], frozen: Collection[str]) -> None:
        self.rows: dict[str, PlanRow] = {}
        self._made: dict[str, Change] = {}
        self.notes: list[str] = []
        self._whole: set[str] = set()
        taken: set[str] = set()
        for row in rows:
            self.rows[row.target] = row
            if row.source is None:
                continue
            if row.exact and row.source not in taken:
                self._whole.add(row.target)
            taken.add(row.source)
        pinned = {pair.target for pair in matching.pairs if pair.pinned}
        tied = {tensor.tied_to for tensor in matching.target.tree.tensors if tensor.tied_to}
        tied |= {tensor.key for tensor in matching.target.tree.tensors if tensor.tied_to}
        by_hand = {
            row.target
            for row in self.rows.values()
            if row.layer in pinned or row.fresh is FreshReason.OVERRIDE
        }
        self._kept = by_hand | tied | set(frozen)

    def make(self, step: str, constants: Mapping[str, float | None], *, asked: bool = False) -> Sequence[str]:
        """Change these tensors together, or none of them; return the keys that were changed.

        With `asked`, a person named this very change: then what the source covers is no obstacle.
        """
        keys = [key for key in constants if key in self.rows]
        kept = self._kept if asked else self._kept | self._whole
        if not keys or any(key in kept for key in keys):
            return ()
        new = [key for key in keys if key not in self._made or self._made[key].constant != constants[key]]
        self._made.update((key, Change(key, step, constants[key])) for key in new)
        return keys

    def leave_to_images(self, keys: Iterable[str]) -> None:
        """Mark statistics for calibration, whatever else was said of them."""
        self._made.update((key, Change(key, CALIBRATE)) for key in keys)

    def result(self) -> tuple[PlanRow, ...]:
        """Return the rows, changed."""
        return tuple([_changed(row, self._made.get(row.target)) for row in self.rows.values()])


def _changed(row: PlanRow, change: Change | None) -> PlanRow:
    if change is None:
        return row
    reason = _LEFT[change.step] if change.constant is None else None
    return PlanRow(
        row.target,
        row.target_shape,
        row.target_dtype,
        row.layer,
        fresh=reason,
        constant=change.constant,
        step=change.step,
    )


def apply_steps(
    matching: Matching,
    rows: tuple[PlanRow, ...],
    options: TransferOptions,
    frozen: Collection[str] = (),
) -> tuple[tuple[PlanRow, ...], tuple[str, ...]]:
    """Carry out, on a plan's rows, the steps that are on.

    Parameters
    ----------
    matching
        What the plan was made of.
    rows
        The plan's rows, as the operator made them.
    options
        Which steps are on.
    frozen
        Keys of target parameters that are left alone.

    Returns
    -------
    tuple
        The rows, those that a step changed with its name; and what a step left undone and why, one
        sentence each. Where all steps are off, the rows as they were.
    """
    if not (options.repeats or options.squeeze_excite or options.head != "copy" or options.calibrate):
        return rows, ()
    changes = _Changes(matching, rows, frozen)
    gates = find_gates(matching.target.tree.root)
    if options.repeats:
        _start_repeats_as_identity(matching, changes, gates)
    if options.squeeze_excite:
        _open_gates(matching, changes, gates)
    if _zero_head(matching, changes, options.head):
        _treat_neck(matching, changes, options.neck, gates)
    if options.calibrate:
        _leave_statistics_to_images(matching, changes)
    return changes.result(), tuple(changes.notes)


def tensors_by_step(rows: Iterable[PlanRow]) -> dict[str, int]:
    """Count the tensors that each step changed, in the order of the steps, those aside that changed none."""
    counts = Counter(row.step for row in rows if row.step)
    return {step: counts[step] for step in STEPS if counts[step]}


def step_notes(notes: Iterable[str]) -> tuple[str, ...]:
    """Return those of a plan's notes that tell what a step left undone."""
    return tuple(note for note in notes if note.startswith(_TITLES))


def _start_repeats_as_identity(matching: Matching, changes: _Changes, gates: Sequence[Gate]) -> None:
    """Let repeated blocks with an identity skip, and those without a source, begin as identity."""
    gated = {gate.path for gate in gates}
    given: dict[int, set[int]] = {}
    for pair in matching.entry_pairs:
        given.setdefault(pair.target, set()).add(pair.source)
    used: set[int] = set()
    unknown = unended = 0
    for at, block in enumerate(matching.target_entries):
        sources = given.get(at, set())
        first = bool(sources - used)
        used |= sources
        if block.single or first or block.skip is False:
            continue
        if block.skip is None:
            unknown += bool(sources)
            continue
        norm = closing_norm(block, gated)
        if norm is None:
            unended += 1
        else:
            changes.make(REPEATS, {weight_key(norm): 0.0, bias_key(norm): 0.0})
    if unknown:
        changes.notes.append(
            f"Repeats: {_blocks(unknown)} kept the copy, since nobody knows whether a skip leads around."
        )
    if unended:
        changes.notes.append(f"Repeats: {_blocks(unended)} kept as planned, since no norm ends them.")


def _open_gates(matching: Matching, changes: _Changes, gates: Sequence[Gate]) -> None:
    """Open the squeeze-excites of target blocks whose source block has none."""
    if not gates:
        if called_gates(matching.target.tree.root):
            changes.notes.append(
                "Squeeze-excite: those of the target are of a kind unknown here; they stay as planned."
            )
        return
    other = frozenset(called_gates(matching.source.tree.root))
    # Of each source layer: whether its block has a gate; those that stand by themselves tell nothing.
    gated: dict[str, bool] = {}
    for block in matching.source_entries:
        if not block.single:
            has = any(is_within(layer.path, other) for layer in block.layers)
            gated.update((layer.path, has) for layer in block.layers)
    inside = {
        layer.path: [other.path for other in block.layers]
        for block in matching.target_entries
        if not block.single
        for layer in block.layers
    }
    loose = [block.path for block in matching.target_entries if block.single]
    unknown = 0
    for gate in gates:
        near = inside.get(gate.second) or [path for path in loose if path.startswith(f"{gate.parent}.")]
        own = f"{gate.path}."
        around = [path for path in near if not path.startswith(own)]
        givers = [matching.by_target[path].source for path in around if path in matching.by_target]
        if not givers:
            continue
        if other:
            has_own = [gated.get(path) for path in givers]
            if None in has_own:
                unknown += 1
                continue
            if any(has_own):
                continue
        changes.make(SQUEEZE_EXCITE, {gate.weight: 0.0, gate.bias: OPEN_GATE})
    if unknown:
        changes.notes.append(
            f"Squeeze-excite: {unknown} stay as planned: does the source have its own there? Nobody knows."
        )


def _zero_head(matching: Matching, changes: _Changes, how: str) -> bool:
    """Zero the classifier where the classes differ; return whether that was done."""
    if how == "copy":
        return False
    heads, given = find_heads(matching.target), find_heads(matching.source)
    if not heads:
        changes.notes.append("Head: the target has no layer that is plainly its classifier.")
        return False
    classes = [(layers[-1].shape or (0,))[0] for layers in (heads, given) if layers]
    if how == "auto" and len(classes) == 2 and classes[0] == classes[1]:
        return False
    made = [
        key
        for head in heads
        for key in changes.make(
            HEAD, {key: 0.0 for key in (weight_key(head), bias_key(head)) if key}, asked=how == "zero"
        )
    ]
    return bool(made)


def _treat_neck(matching: Matching, changes: _Changes, how: str, gates: Sequence[Gate]) -> None:
    """Zero the bias of the last norm before a zeroed classifier, or leave it and its convolution fresh."""
    if how == "keep":
        return
    conv, norm = find_neck(matching.target, find_heads(matching.target), {gate.path for gate in gates})
    if norm is None:
        changes.notes.append("Neck: no norm stands plainly at the end of what the classifier reads.")
    elif how != "fresh":
        changes.make(NECK, {bias_key(norm): 0.0}, asked=how == "zero-bias")
    elif conv is None:
        changes.notes.append(
            "Neck: no convolution of its own stands before the last norm; both stay as planned."
        )
    else:
        keys = [tensor.key for layer in (conv, norm) for tensor in layer.tensors]
        changes.make(NECK, dict.fromkeys(keys), asked=True)


def _leave_statistics_to_images(matching: Matching, changes: _Changes) -> None:
    """Mark the running statistics of every batch norm of the target."""
    kinds = BATCH_NORMS | {LayerKind.SYNC_BATCH_NORM}
    keys = [
        tensor.key
        for layer in matching.target.layers
        if layer.kind in kinds
        for tensor in layer.tensors
        if tensor.buffer and tensor.name in STATISTICS
    ]
    changes.leave_to_images(keys)
    if not keys:
        changes.notes.append("Calibrate: the target has no batch norm with running statistics.")


def _blocks(count: int) -> str:
    return "1 block" if count == 1 else f"{count} blocks"
