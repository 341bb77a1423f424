"""A transfer plan as plain JSON, for other programs to apply.

Applying it takes few lines, with NumPy::

    def indices(row, side):
        boxes = row[f"{side}_slices"]
        picks = row.get(f"{side}_picks") or [None] * len(boxes)
        return np.ix_(*(range(*box) if one is None else one for box, one in zip(boxes, picks)))

    for row in plan["rows"]:
        if "constant" in row:
            target[row["target"]][...] = row["constant"]
        elif "source" in row:
            part = source[row["source"]][indices(row, "source")]
            if "scale" in row:
                part = part.astype(np.float32) * np.float32(row["scale"])
            target[row["target"]][indices(row, "target")] = part

Where a tensor is wider than float32, it is scaled in its own width. Rows with neither say under
``fresh`` why they keep the target's own initialisation. Version 1 had no picks, scales, constants.
"""

import hashlib
import json
from dataclasses import replace
from itertools import pairwise
from math import isfinite
from typing import Any

from dpiat_gui.errors import TransferError
from dpiat_gui.transfer.dtypes import SIZES
from dpiat_gui.transfer.options import OPTION_NAMES, TransferOptions
from dpiat_gui.transfer.values import FreshReason, Picks, PlanRow, Slices, TransferPlan

FORMAT = "dpiat-gui transfer plan"
VERSION = 2

_REASONS = {reason.name.lower(): reason for reason in FreshReason}


def plan_to_json(plan: TransferPlan) -> dict[str, Any]:
    """Return the plan as plain JSON values, every key in a fixed order."""
    return {
        "format": FORMAT,
        "version": VERSION,
        **plan.options.to_json(),
        "provisional": plan.provisional,
        "notes": list(plan.notes),
        "source": {
            "name": plan.source_name,
            "origin": plan.source_origin,
            "fingerprint": plan.source_fingerprint,
            "elements": plan.source_elements,
        },
        "target": {
            "name": plan.target_name,
            "origin": plan.target_origin,
            "fingerprint": plan.target_fingerprint,
        },
        "rows": [_row_to_json(row) for row in plan.rows],
    }


def plan_digest(plan: TransferPlan) -> str:
    """Return the SHA-256 of the plan's JSON: equal for equal plans, on every machine."""
    text = json.dumps(plan_to_json(plan), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def plan_from_json(data: Any) -> TransferPlan:
    """Read a plan, and check that it can be applied.

    Raises
    ------
    TransferError
        If the data is no plan, is of another version, or a row contradicts itself: slices out of
        range or of unequal size, a rank that differs, a target index or a target named twice. The
        message names the row.
    """
    record = _typed(data, dict, "The plan")
    if record.get("format") != FORMAT:
        raise _bad("The data is no transfer plan.")
    version = _member(record, "version", int, "The plan")
    if not 1 <= version <= VERSION:
        raise TransferError(
            f"The transfer plan has version {version}, and this program reads versions 1 to {VERSION}.",
            "Update this program." if version > VERSION else "Make the plan again.",
        )
    source = _member(record, "source", dict, "The plan")
    target = _member(record, "target", dict, "The plan")
    rows = tuple(
        _row_from_json(row, number) for number, row in enumerate(_member(record, "rows", list, "The plan"))
    )
    seen: set[str] = set()
    for row in rows:
        if row.target in seen:
            raise _bad(f"The transfer plan names the target {row.target} twice.")
        seen.add(row.target)
    return TransferPlan(
        source_name=_member(source, "name", str, "The source"),
        source_origin=_member(source, "origin", str, "The source"),
        source_fingerprint=_member(source, "fingerprint", str, "The source"),
        target_name=_member(target, "name", str, "The target"),
        target_origin=_member(target, "origin", str, "The target"),
        target_fingerprint=_member(target, "fingerprint", str, "The target"),
        options=_options(record),
        rows=rows,
        source_elements=_size(_member(source, "elements", int, "The source"), "The source"),
        provisional=_member(record, "provisional", bool, "The plan") if version > 1 else False,
        notes=_notes(record) if version > 1 else (),
    )


def _options(record: dict[str, Any]) -> TransferOptions:
    for name in ("operator", "buffers"):
        _member(record, name, bool if name == "buffers" else str, "The plan")
    return TransferOptions.from_json({name: record[name] for name in OPTION_NAMES if name in record})


def _notes(record: dict[str, Any]) -> tuple[str, ...]:
    notes = _member(record, "notes", list, "The plan")
    return tuple(_typed(note, str, "A note of the plan") for note in notes)


def _row_to_json(row: PlanRow) -> dict[str, Any]:
    common: dict[str, Any] = {
        "target": row.target,
        "target_shape": list(row.target_shape),
        "target_dtype": row.target_dtype,
        "layer": row.layer,
    }
    if row.constant is not None:
        return common | {"constant": row.constant, "step": row.step}
    if row.source is None:
        reason = row.fresh or FreshReason.UNMATCHED
        return common | {"fresh": reason.name.lower()} | ({"step": row.step} if row.step else {})
    copies: dict[str, Any] = {
        "source": row.source,
        "source_shape": list(row.source_shape or ()),
        "source_slices": [list(pair) for pair in row.source_slices],
        "target_slices": [list(pair) for pair in row.target_slices],
    }
    for name, picks in (("source_picks", row.source_picks), ("target_picks", row.target_picks)):
        if picks:
            copies[name] = [None if one is None else list(one) for one in picks]
    if row.scale != 1.0:
        copies["scale"] = row.scale
    return common | copies


def _row_from_json(data: Any, number: int) -> PlanRow:
    where = f"Row {number} of the transfer plan"
    record = _typed(data, dict, where)
    target = _member(record, "target", str, where)
    where = f"{where} ({target})"
    shape = _shape(record, "target_shape", where)
    dtype = _member(record, "target_dtype", str, where)
    if dtype not in SIZES:
        raise _bad(f"{where} has the dtype {dtype!r}, which is unknown here.")
    layer = _member(record, "layer", str, where)
    said = [name for name in ("source", "fresh", "constant") if record.get(name) is not None]
    if len(said) != 1:
        raise _bad(f"{where} must have either a source, a constant, or a reason to stay fresh.")
    if said == ["fresh"]:
        reason = _REASONS.get(_member(record, "fresh", str, where))
        if reason is None:
            raise _bad(f"{where} stays fresh for a reason that is unknown here: {record['fresh']!r}.")
        step = _member(record, "step", str, where) if "step" in record else ""
        return PlanRow(target, shape, dtype, layer, fresh=reason, step=step)
    if said == ["constant"]:
        value, step = _number(record, "constant", where), _member(record, "step", str, where)
        return PlanRow(target, shape, dtype, layer, constant=value, step=step)
    return _copying_from_json(record, where, PlanRow(target, shape, dtype, layer))


def _copying_from_json(record: dict[str, Any], where: str, row: PlanRow) -> PlanRow:
    source_shape = _shape(record, "source_shape", where)
    source_slices = _slices(record, "source_slices", source_shape, where)
    target_slices = _slices(record, "target_slices", row.target_shape, where)
    found = replace(
        row,
        source=_member(record, "source", str, where),
        source_shape=source_shape,
        source_slices=source_slices,
        target_slices=target_slices,
        source_picks=_picks(record, "source_picks", source_slices, where),
        target_picks=_picks(record, "target_picks", target_slices, where),
        scale=_number(record, "scale", where) if "scale" in record else 1.0,
    )
    sizes = [[len(along) for along in side] for side in (found.source_indices, found.target_indices)]
    if sizes[0] != sizes[1]:
        raise _bad(f"{where} takes {sizes[0]} of the source for {sizes[1]}: the sizes differ.")
    for along in found.target_picks:
        if along is not None and not all(one < next_one for one, next_one in pairwise(along)):
            raise _bad(f"{where} has target indices that do not rise.")
    return found


def _shape(record: dict[str, Any], name: str, where: str) -> tuple[int, ...]:
    return tuple(_size(size, where) for size in _member(record, name, list, where))


def _slices(record: dict[str, Any], name: str, shape: tuple[int, ...], where: str) -> Slices:
    pairs = [
        tuple(_size(edge, where) for edge in _typed(pair, list, where))
        for pair in _member(record, name, list, where)
    ]
    if len(pairs) != len(shape):
        raise _bad(f"{where} has {len(pairs)} slices for {len(shape)} dimensions.")
    found: list[tuple[int, int]] = []
    for pair, size in zip(pairs, shape, strict=True):
        if len(pair) != 2 or not pair[0] <= pair[1] <= size:
            raise _bad(f"{where} has the slice {list(pair)} in a dimension of {size}.")
        found.append((pair[0], pair[1]))
    return tuple(found)


def _picks(record: dict[str, Any], name: str, slices: Slices, where: str) -> Picks:
    """Read indices one by one: their box must be the slice they stand in for."""
    if name not in record:
        return ()
    lists = _member(record, name, list, where)
    if len(lists) != len(slices):
        raise _bad(f"{where} has {len(lists)} lists of indices for {len(slices)} dimensions.")
    found: list[tuple[int, ...] | None] = []
    for one, box in zip(lists, slices, strict=True):
        indices = None if one is None else tuple(_size(index, where) for index in _typed(one, list, where))
        if indices is not None and (not indices or (min(indices), max(indices) + 1) != box):
            raise _bad(f"{where} has indices that do not fill the slice {list(box)}.")
        found.append(indices)
    return tuple(found)


def _number(record: dict[str, Any], name: str, where: str) -> float:
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise _bad(f"{where}, {name}, should be a finite number, not {value!r}.")
    return float(value)


def _size(value: Any, where: str) -> int:
    number: int = _typed(value, int, where)
    if number < 0:
        raise _bad(f"{where} holds a negative size: {number}.")
    return number


def _member(record: dict[str, Any], name: str, kind: type, where: str) -> Any:
    if name not in record:
        raise _bad(f"{where} has no {name}.")
    return _typed(record[name], kind, f"{where}, {name},")


def _typed(value: Any, kind: type, where: str) -> Any:
    # In Python true and false are integers; in JSON they are not.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _bad(f"{where} should be of type {_NAMES[kind]}, not {type(value).__name__}.")
    return value


_NAMES = {dict: "object", list: "array", str: "string", int: "integer", bool: "boolean"}


def _bad(message: str) -> TransferError:
    return TransferError(message, "Export the plan again; this one is damaged or was changed by hand.")
